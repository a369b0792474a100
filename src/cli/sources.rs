//! `callgauge source`: how the vendor accounts that are read are doing, and what an operator does about them.

use std::io::Write;

use jiff::Timestamp;

use super::connect::{Reached, ServerArgs, reach};
use super::output::table::{Column, Table};
use super::output::{Cell, Format, csv, grouped, json};
use super::{Failure, Surroundings};
use crate::proto::v1;
use crate::proto::v1::source_service_client::SourceServiceClient;

/// The vendor accounts that callgauge reads: how they are doing, and what to do about them
#[derive(Debug, clap::Args)]
pub(super) struct SourceArgs {
    #[command(subcommand)]
    command: SourceCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SourceCommand {
    /// List sources: what they are doing, how far behind they are, what is wrong
    List(ListArgs),
    /// Try a source's credentials and permissions, and show calls that would come; stores nothing
    Check(OneArgs),
    /// Read a source now and follow it to the end
    Sync(SyncArgs),
    /// List records and rows that were refused and are kept
    Rejects(RejectsArgs),
    /// Send kept records through again, after reading the mappings of the service's settings file again
    Redrive(RedriveArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct OneArgs {
    /// Id of the source in the settings file
    source: String,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct SyncArgs {
    /// Id of the source in the settings file
    source: String,
    /// Read again from this instant on, for example 2026-02-01T00:00:00Z
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct RejectsArgs {
    /// Only of this source
    source: Option<String>,
    /// Only with this reason, for example unmapped
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Option<v1::RejectReason>,
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct RedriveArgs {
    /// Only of this source
    source: Option<String>,
    /// Only with this reason, for example unmapped
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Option<v1::RejectReason>,
    #[command(flatten)]
    server: ServerArgs,
}

fn reason(text: &str) -> Result<v1::RejectReason, String> {
    let name = format!("REJECT_REASON_{}", text.to_ascii_uppercase().replace('-', "_"));
    v1::RejectReason::from_str_name(&name)
        .filter(|reason| *reason != v1::RejectReason::Unspecified)
        .ok_or_else(|| {
            let known = (1..=12).filter_map(|number| v1::RejectReason::try_from(number).ok());
            let known: Vec<String> = known.map(|reason| reason_word(reason.into())).collect();
            format!("must be one of {}", known.join(", "))
        })
}

fn reason_word(number: i32) -> String {
    let name = v1::RejectReason::try_from(number).map(|reason| reason.as_str_name()).unwrap_or_default();
    name.trim_start_matches("REJECT_REASON_").to_ascii_lowercase()
}

/// Asks and writes the answer.
pub(super) async fn run(args: SourceArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    match args.command {
        SourceCommand::List(args) => list(args, around, out).await,
        SourceCommand::Check(args) => check(args, around, out).await,
        SourceCommand::Sync(args) => sync(args, around, out).await,
        SourceCommand::Rejects(args) => rejects(args, around, out).await,
        SourceCommand::Redrive(args) => redrive(args, around, out).await,
    }
}

fn client(server: &Reached) -> SourceServiceClient<tonic::transport::Channel> {
    SourceServiceClient::new(server.channel.clone())
}

async fn list(args: ListArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let told =
        client(&server).list_sources(v1::ListSourcesRequest {}).await.map_err(server.refusal("listing"))?;
    let sources = told.into_inner().sources;
    if args.format == Format::Table {
        out.write_all(sources_table(&sources).as_bytes())?;
        return Ok(());
    }
    let names = [
        "source_id",
        "vendor",
        "status",
        "last_success",
        "lag_secs",
        "calls_today",
        "in_progress",
        "unmapped",
        "rejects",
        "problem",
    ];
    let names: Vec<String> = names.map(str::to_owned).to_vec();
    if args.format == Format::Csv {
        out.write_all(csv::header(&names).as_bytes())?;
    }
    for source in &sources {
        let cells = [
            Cell::text(source.source_id.as_str()),
            Cell::text(source.vendor.as_str()),
            Cell::text(status(source)),
            Cell::text(instant(source.last_success_time)),
            source.lag.map_or(Cell::None, |lag| Cell::Count(lag.seconds)),
            Cell::Count(source.calls_today),
            Cell::Count(source.calls_in_progress),
            Cell::Count(source.unmapped_records),
            Cell::Count(source.rejected_records),
            Cell::text(source.problem.as_str()),
        ];
        let row = if args.format == Format::Json { json::row(&names, &cells) } else { csv::row(&cells) };
        out.write_all(row.as_bytes())?;
    }
    Ok(())
}

fn sources_table(sources: &[v1::Source]) -> String {
    let rows = sources.iter().map(|source| {
        vec![
            source.source_id.clone(),
            source.vendor.clone(),
            status(source),
            instant(source.last_success_time),
            source.lag.map(|lag| lag_text(lag.seconds)).unwrap_or_default(),
            grouped(source.calls_today),
            grouped(source.unmapped_records),
            grouped(source.rejected_records),
        ]
    });
    let mut notes = Vec::new();
    for source in sources {
        let told = [source.problem.as_str()].into_iter().chain(source.warnings.iter().map(String::as_str));
        notes
            .extend(told.filter(|told| !told.is_empty()).map(|told| format!("{}: {told}", source.source_id)));
        for word in &source.unknown_words {
            let v1::UnknownOutcomeWord { field, word, count } = word;
            notes.push(format!(
                "{}: {field} {word:?} is unknown to the adapter, read {count} times, repeated readings included",
                source.source_id
            ));
        }
    }
    if sources.is_empty() {
        notes.push("The settings file of the service has no [[source]].".to_owned());
    }
    Table {
        heading: Vec::new(),
        columns: vec![
            Column::text("Source"),
            Column::text("Adapter"),
            Column::text("Status"),
            Column::text("Last success"),
            Column::number("", "Behind"),
            Column::number("Calls", "today"),
            Column::number("", "Unmapped"),
            Column::number("", "Rejects"),
        ],
        rows: rows.collect(),
        notes,
    }
    .render()
}

fn status(source: &v1::Source) -> String {
    source.status().as_str_name().trim_start_matches("SOURCE_STATUS_").to_ascii_lowercase()
}

fn instant(at: Option<prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| Timestamp::new(at.seconds, 0).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn lag_text(secs: i64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} days", secs / 86_400),
    }
}

async fn check(args: OneArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let request = v1::CheckSourceRequest { source_id: args.source.clone() };
    let told = client(&server).check_source(request).await.map_err(server.refusal("check"))?.into_inner();
    let v1::CheckSourceResponse { works, warnings, problem, problem_kind, sample } = told;
    for line in works {
        writeln!(out, "works    {line}")?;
    }
    for line in warnings {
        writeln!(out, "warning  {line}")?;
    }
    for v1::SampleCall { record, places } in sample {
        let record = record.unwrap_or_default();
        let whose = match &record.attribution {
            Some(v1::call_record::Attribution::PracticeCode(code)) => code.clone(),
            Some(v1::call_record::Attribution::Account(account)) => format!("account {}", account.id),
            None => "nobody's: no mapping names it".to_owned(),
        };
        let outcome = record.outcome().as_str_name().trim_start_matches("OUTCOME_").to_ascii_lowercase();
        let (began, places) = (instant(record.started_at), places.join(" "));
        writeln!(out, "call     {began}  {outcome:<18}  {whose}  {places}")?;
    }
    if problem.is_empty() {
        Ok(())
    } else {
        Err(Failure::Refused(format!("{} ({problem_kind}): {problem}", args.source)))
    }
}

async fn sync(args: SyncArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let start_time =
        args.from.map(|at| prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() });
    let request = v1::SyncSourceRequest { source_id: args.source.clone(), start_time };
    let mut events = client(&server).sync_source(request).await.map_err(server.refusal("sync"))?.into_inner();
    let mut last = None;
    while let Some(event) = events.message().await.map_err(server.refusal("sync"))? {
        if event.window_start_time.is_some() && !event.done && event.problem.is_empty() {
            eprintln!(
                "page {}: {} to {}: {}",
                grouped(event.pages),
                instant(event.window_start_time),
                instant(event.window_end_time),
                counts(&event)
            );
        }
        last = Some(event);
    }
    let Some(event) = last else {
        return Err(Failure::Refused(format!("{}: the service stopped before reading ended", args.source)));
    };
    writeln!(out, "{} pages: {}", grouped(event.pages), counts(&event))?;
    if event.unmapped > 0 {
        eprintln!(
            "callgauge: {} calls have nobody: `callgauge source rejects {} --reason unmapped`",
            event.unmapped, args.source
        );
    }
    if event.done { Ok(()) } else { Err(Failure::Refused(format!("{}: {}", args.source, event.problem))) }
}

fn counts(event: &v1::SyncSourceResponse) -> String {
    let mut told: Vec<String> = event
        .counts
        .iter()
        .map(|count| {
            let name = count.verdict().as_str_name().trim_start_matches("VERDICT_").to_ascii_lowercase();
            format!("{} {name}", grouped(count.count))
        })
        .collect();
    if event.tallies > 0 {
        told.push(format!("{} days of counts", grouped(event.tallies)));
    }
    if told.is_empty() { "no calls".to_owned() } else { told.join(", ") }
}

async fn rejects(args: RejectsArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let names = [
        "reject_id",
        "source_id",
        "call_id",
        "practice_code",
        "reason",
        "field",
        "message",
        "first_time",
        "times",
        "places",
        "row_json",
    ];
    let names: Vec<String> = names.map(str::to_owned).to_vec();
    if args.format == Format::Csv {
        out.write_all(csv::header(&names).as_bytes())?;
    }
    let mut page_token = String::new();
    loop {
        let request = v1::ListRejectedRecordsRequest {
            source_id: args.source.clone().unwrap_or_default(),
            reason: args.reason.map_or(0, i32::from),
            page_size: 1_000,
            page_token,
        };
        let told = client(&server).list_rejected_records(request).await.map_err(server.refusal("listing"))?;
        let v1::ListRejectedRecordsResponse { rejected_records, next_page_token } = told.into_inner();
        for reject in rejected_records {
            let text = match args.format {
                Format::Table => reject_lines(&reject),
                Format::Csv => csv::row(&reject_cells(&reject)),
                Format::Json => json::row(&names, &reject_cells(&reject)),
            };
            out.write_all(text.as_bytes())?;
        }
        if next_page_token.is_empty() {
            return Ok(());
        }
        page_token = next_page_token;
    }
}

fn reject_cells(reject: &v1::RejectedRecord) -> Vec<Cell> {
    vec![
        Cell::Count(reject.reject_id),
        Cell::text(reject.source_id.as_str()),
        Cell::text(reject.call_id.as_str()),
        Cell::text(reject.practice_code.as_str()),
        Cell::text(reason_word(reject.reason)),
        Cell::text(reject.field.as_str()),
        Cell::text(reject.message.as_str()),
        Cell::text(instant(reject.first_time)),
        Cell::Count(reject.times),
        Cell::text(reject.places.join(" ")),
        Cell::text(reject.row_json.as_str()),
    ]
}

fn reject_lines(reject: &v1::RejectedRecord) -> String {
    let field = if reject.field.is_empty() { String::new() } else { format!("{}: ", reject.field) };
    format!(
        "{} {} {} {}\n    {field}{}\n",
        reject.reject_id,
        reject.source_id,
        if reject.call_id.is_empty() { "-" } else { &reject.call_id },
        reason_word(reject.reason),
        reject.message
    )
}

async fn redrive(args: RedriveArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let request = v1::RedriveRejectedRecordsRequest {
        source_id: args.source.unwrap_or_default(),
        reason: args.reason.map_or(0, i32::from),
    };
    let told = client(&server).redrive_rejected_records(request).await.map_err(server.refusal("redrive"))?;
    let v1::RedriveRejectedRecordsResponse { looked_at, taken, settings_faults } = told.into_inner();
    writeln!(out, "{} of {} went through", grouped(taken), grouped(looked_at))?;
    if settings_faults.is_empty() {
        return Ok(());
    }
    for fault in settings_faults {
        eprintln!("callgauge: {fault}");
    }
    Err(Failure::Refused("the settings file has faults; the mappings are as they were".to_owned()))
}
