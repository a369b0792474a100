//! `callgauge query`: the metrics of organisations.

use std::io::Write;

use super::connect::{Reached, ServerArgs, reach};
use super::output::{Asked, Format, Layout, metrics, metrics_table};
use super::paging::{Rows, follow};
use super::stretch::StretchArgs;
use super::words::{Breakdown, Granularity, Hours, Level, Profile};
use super::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::metrics_service_client::MetricsServiceClient;

/// The set that is asked for where none is named.
const DEFAULT_SET: &str = "nhs-cbt-2025-06";

/// Ask for the call metrics of practices, PCNs, sub-ICB locations, ICBs, regions or England
///
/// A row for each organisation and bucket of time. All pages are followed; standard output carries the answer only, everything else goes to
/// standard error. docs/csv.md lists the columns of CSV and JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(super) struct QueryArgs {
    /// Code of an organisation, or ENGLAND; give several as --org A81001 --org A81002 or A81001,A81002
    #[arg(long, value_name = "CODE", required = true, num_args = 1.., value_delimiter = ',')]
    org: Vec<String>,

    /// A row for each organisation of this level below --org, instead of one for each --org
    #[arg(long, value_name = "LEVEL", hide_possible_values = true, long_help = BY)]
    by: Option<Level>,

    #[command(flatten)]
    stretch: StretchArgs,

    /// Length of the buckets of time
    #[arg(long, value_name = "LENGTH", default_value = "total")]
    granularity: Granularity,

    /// Fold the buckets by weekday, by time of day, or by both ("weekday,time_of_day")
    #[arg(long, value_name = "FOLD", value_delimiter = ',')]
    profile: Vec<Profile>,

    /// Only calls that started in these hours, Europe/London
    #[arg(long, value_name = "HOURS", default_value = "all")]
    hours: Hours,

    /// Split each row; the parts add up to it
    #[arg(long, value_name = "PART")]
    breakdown: Option<Breakdown>,

    /// Only this metric of the set; may be given several times. `callgauge definitions` lists them [default: the eight]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    metric: Vec<String>,

    /// Definition set: what the metrics mean
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SET)]
    set: String,

    /// Percentile of the durations, in percent; may be given several times [default: 50 and 90]
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', value_parser = percent)]
    percentile: Vec<f64>,

    /// Share of calls at or under so many seconds; may be given several times
    #[arg(long, value_name = "SECS", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(0..=86_400))]
    threshold: Vec<u32>,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

const USAGE: &str =
    "callgauge query --org <CODE>... (--month <YYYY-MM> | --from <DATE> --to <DATE>) [OPTIONS]";

const BY: &str = "A row for each organisation of this level below --org, instead of one for each --org: practice, pcn, sub_icb, icb or \
    region. Calls that cannot be told apart that far down come in a row Unassigned, practices without a membership at that level in a \
    row Unmapped, so that rows add up";

const EXAMPLES: &str = "Examples:\n  \
    callgauge query --org A81001 --month 2026-02\n  \
    callgauge query --org QHG --by practice --month 2026-02 --hours core --format csv > february.csv\n  \
    callgauge query --org A81001 --from 2026-02-02 --to 2026-02-09 --granularity day\n  \
    callgauge query --org ENGLAND --month 2026-02 --granularity hour --profile weekday,time_of_day";

impl QueryArgs {
    fn request(&self) -> v1::QueryMetricsRequest {
        let (start_date, end_date) = self.stretch.dates_text();
        let seconds = |&secs: &u32| prost_types::Duration { seconds: secs.into(), nanos: 0 };
        v1::QueryMetricsRequest {
            organisation_codes: self.org.clone(),
            group_by: self.by.map_or(v1::Level::Unspecified, Into::into).into(),
            month: self.stretch.month_text(),
            start_date,
            end_date,
            granularity: v1::Granularity::from(self.granularity).into(),
            profile: self.profile.iter().map(|&profile| v1::Profile::from(profile).into()).collect(),
            hours: v1::Hours::from(self.hours).into(),
            breakdown: self.breakdown.map_or(v1::Breakdown::Unspecified, Into::into).into(),
            metrics: self.metric.clone(),
            definition_set: self.set.clone(),
            percentiles: self.percentile.clone(),
            thresholds: self.threshold.iter().map(seconds).collect(),
            abandon_threshold: None,
            service_level_threshold: None,
            page_size: 5_000,
            page_token: String::new(),
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            named: !self.metric.is_empty(),
            percentiles: self.percentile.clone(),
            thresholds: self.threshold.iter().map(|&secs| secs.into()).collect(),
            grouped: self.by.is_some(),
            weekdays: self.profile.contains(&Profile::Weekday),
            breakdown: self.breakdown.is_some(),
        }
    }

    /// The columns of the answer: the metrics asked for, or those that the set means where none is named.
    fn layout(&self, set: &v1::DefinitionSet) -> Layout {
        let metrics = if self.metric.is_empty() { &set.standard_metrics } else { &self.metric };
        Layout::new(set, metrics, self.asked())
    }
}

/// Asks and writes the answer.
pub(super) async fn run(args: QueryArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let mut client = MetricsServiceClient::new(server.channel.clone());
    let set = definition_set(&mut client, &server, &args.set).await?;
    let first = args.request();
    let ask = async |page_token: String| {
        let request = v1::QueryMetricsRequest { page_token, ..first.clone() };
        let answer = client.query_metrics(request).await.map_err(server.refusal("query"))?;
        Ok(answer.into_inner())
    };

    if args.format == Format::Table {
        let mut pages: Vec<v1::QueryMetricsResponse> = Vec::new();
        follow(args.format, "rows", ask, |page| {
            pages.push(page);
            Ok(())
        })
        .await?;
        let layout = args.layout(&set);
        out.write_all(metrics_table::render(&layout, &pages).as_bytes())?;
        return Ok(());
    }

    let mut begun: Option<(Layout, String, Rows<'_>)> = None;
    let mut waiting = Some(out);
    follow(args.format, "rows", ask, |page| {
        if let Some(out) = waiting.take() {
            say(&page);
            let layout = args.layout(&set);
            let rows = Rows::begin(out, args.format, layout.columns())?;
            begun = Some((layout, page.definition_set.clone(), rows));
        }
        if let Some((layout, name, rows)) = &mut begun {
            for row in &page.rows {
                rows.write(&metrics::cells(layout, name, row))?;
            }
        }
        Ok(())
    })
    .await
}

/// Which days the answer covers and what to know beside it, where standard output has no place for it.
fn say(page: &v1::QueryMetricsResponse) {
    eprintln!(
        "callgauge: {} to {}, both included; definition set {}",
        page.first_day, page.last_day, page.definition_set
    );
    for note in &page.notes {
        eprintln!("callgauge: {note}");
    }
}

async fn definition_set(
    client: &mut MetricsServiceClient<tonic::transport::Channel>,
    server: &Reached,
    name: &str,
) -> Result<v1::DefinitionSet, Failure> {
    let request = v1::ListMetricDefinitionsRequest { definition_set: name.to_owned() };
    let answer = client.list_metric_definitions(request).await.map_err(server.refusal("query"))?;
    let found = answer.into_inner().sets.into_iter().find(|set| set.name == name);
    found.ok_or_else(|| {
        Failure::Refused(format!("there is no definition set {name}: see `callgauge definitions`"))
    })
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok().filter(|percent| *percent > 0.0 && *percent <= 100.0);
    percent.ok_or_else(|| "must be a number over 0 and at most 100".to_owned())
}
