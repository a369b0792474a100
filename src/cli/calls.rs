//! `callgauge calls`: single call records.

use std::io::Write;

use super::connect::{ServerArgs, reach};
use super::output::{Format, calls};
use super::paging::{Rows, follow};
use super::stretch::StretchArgs;
use super::words::{Direction, Outcome, OutcomeReason};
use super::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::call_record_service_client::CallRecordServiceClient;

/// List the call records of a practice or a shared account, oldest first
///
/// Retracted records are not listed. All pages are followed. docs/csv.md lists the columns of CSV and JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct CallsArgs {
    /// Code of a practice, or "account:ID" of a shared account
    #[arg(long, value_name = "CODE")]
    org: String,

    #[command(flatten)]
    stretch: StretchArgs,

    /// Only this direction
    #[arg(long, value_name = "WAY")]
    direction: Option<Direction>,

    /// Only this outcome; may be given several times
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<Outcome>,

    /// Only this reason; may be given several times
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    reason: Vec<OutcomeReason>,

    /// Only this line; may be given several times
    #[arg(long, value_name = "LABEL")]
    line: Vec<String>,

    /// Only calls known to have waited at least so many seconds
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    min_wait: Option<u32>,

    /// Only calls known to have waited at most so many seconds
    #[arg(long, value_name = "SECS", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    max_wait: Option<u32>,

    /// Only calls that this source submitted
    #[arg(long, value_name = "ID")]
    source: Option<String>,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

const USAGE: &str = "callgauge calls --org <CODE> (--month <YYYY-MM> | --from <DATE> --to <DATE>) [OPTIONS]";

const EXAMPLES: &str = "Examples:\n  \
    callgauge calls --org A81001 --from 2026-02-02 --to 2026-02-03 --outcome missed\n  \
    callgauge calls --org A81001 --month 2026-02 --min-wait 600 --format csv > long-waits.csv";

impl CallsArgs {
    fn request(&self) -> v1::ListCallRecordsRequest {
        let (start_date, end_date) = self.stretch.days_text();
        let seconds = |secs: u32| prost_types::Duration { seconds: secs.into(), nanos: 0 };
        v1::ListCallRecordsRequest {
            organisation_code: self.org.clone(),
            start_date,
            end_date,
            start_time: None,
            end_time: None,
            direction: self.direction.map_or(v1::Direction::Unspecified, Into::into).into(),
            outcomes: self.outcome.iter().map(|&outcome| v1::Outcome::from(outcome).into()).collect(),
            outcome_reasons: self
                .reason
                .iter()
                .map(|&reason| v1::OutcomeReason::from(reason).into())
                .collect(),
            lines: self.line.clone(),
            min_wait: self.min_wait.map(seconds),
            max_wait: self.max_wait.map(seconds),
            source_id: self.source.clone().unwrap_or_default(),
            page_size: 5_000,
            page_token: String::new(),
        }
    }
}

/// Asks and writes the answer.
pub(super) async fn run(args: CallsArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let mut client = CallRecordServiceClient::new(server.channel.clone());
    let first = args.request();
    let ask = async |page_token: String| {
        let request = v1::ListCallRecordsRequest { page_token, ..first.clone() };
        let answer = client.list_call_records(request).await.map_err(server.refusal("listing calls"))?;
        Ok(answer.into_inner())
    };
    if args.format == Format::Table {
        let mut records = Vec::new();
        follow(args.format, "calls", ask, |page: v1::ListCallRecordsResponse| {
            records.extend(page.records);
            Ok(())
        })
        .await?;
        let heading = format!("{}, from {} to before {}", args.org, first.start_date, first.end_date);
        out.write_all(calls::table(&heading, &records).as_bytes())?;
        return Ok(());
    }
    // Nothing is written before the server has agreed to answer.
    let mut waiting = Some(out);
    let mut rows: Option<Rows<'_>> = None;
    follow(args.format, "calls", ask, |page: v1::ListCallRecordsResponse| {
        if let Some(out) = waiting.take() {
            rows = Some(Rows::begin(out, args.format, calls::columns())?);
        }
        if let Some(rows) = &mut rows {
            for record in &page.records {
                rows.write(&calls::cells(record))?;
            }
        }
        Ok(())
    })
    .await
}
