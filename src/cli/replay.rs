//! `callgauge replay`: a published workbook into call records, and the service's answers held against the workbook.

pub(crate) mod check;
mod encode;
mod stream;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgauge_schema::OdsCode;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;
use tonic::transport::Channel;

use super::{Failure, Surroundings};
use crate::config::Given;
use crate::proto::v1;
use crate::proto::v1::organisation_service_client::OrganisationServiceClient;
use crate::replay::{
    Calls, Comparison, Difference, Expected, FindingKind, Month, Plan, Scope, compare, compare_times,
    csv_parts, read,
};

pub use encode::{BATCH_RECORDS, Batch, Batches, Encoder, Style};
pub use stream::{Sender, Sent, connect, send};

/// Batches that are encoded ahead of sending.
const ENCODED_AHEAD: usize = 4;
/// Lines of each list that are printed.
const LISTED: usize = 5;
/// Unexplained differences that are printed; their number is always said.
const LISTED_DIFFERENCES: usize = 1_000;

/// Turn a published workbook back into call records, and send them
///
/// Reads a monthly "Cloud Based Telephony Publication Summary" of NHS England, imports the memberships that it states for its month, and sends exactly
/// as many calls of each kind as it counts for each practice and shared account, as source replay-YYYY-MM. The same file again changes nothing.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayArgs {
    /// The workbook
    #[arg(value_name = "WORKBOOK.xlsx")]
    pub workbook: PathBuf,

    /// URL of a running server [default: http://127.0.0.1:50051]. Also CALLGAUGE_SERVER
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,

    /// Only the calls of this ICB; may be given several times
    #[arg(long, value_name = "CODE")]
    pub icb: Vec<OdsCode>,

    /// Only the calls of this region; may be given several times
    #[arg(long, value_name = "CODE")]
    pub region: Vec<OdsCode>,

    /// Afterwards ask for all that was sent, by practice, PCN, sub-ICB location, ICB, region and England, and compare it with the workbook
    #[arg(long)]
    pub check: bool,

    /// Revision of the records; without it the service gives one
    #[arg(long, value_name = "N")]
    pub revision: Option<u64>,

    /// Send the durations as measured, though only their bands are published: for benchmarks
    #[arg(long)]
    pub as_measured: bool,
}

/// Does what the arguments say.
///
/// # Errors
/// Where the workbook or the service refuses, records were refused, or a difference is not explained.
pub(super) async fn run(args: ReplayArgs, around: &Surroundings) -> Result<(), Failure> {
    let given = Given { server: args.to.clone(), ..Given::default() };
    let to = around.config(given)?.client.server;
    match sent_and_checked(args, to).await.map_err(Failure::Refused)? {
        (0, 0) => Ok(()),
        (0, differences) => {
            Err(Failure::Refused(format!("{differences} differences are not explained by the workbook")))
        }
        (refused, _) => Err(Failure::Refused(format!("{refused} records were refused"))),
    }
}

/// How many records were refused, and how many differences are not explained.
async fn sent_and_checked(args: ReplayArgs, to: String) -> Result<(u64, usize), String> {
    let ReplayArgs { workbook, to: _, icb, region, check, revision, as_measured } = args;
    let plan = tokio::task::spawn_blocking(move || -> Result<Plan, String> {
        let month = read(&workbook).map_err(|error| error.to_string())?;
        Plan::new(month).map_err(|error| error.to_string())
    })
    .await
    .map_err(|error| format!("reading the workbook failed: {error}"))??;
    let plan = Arc::new(plan);
    let scopes: Vec<Scope> =
        icb.into_iter().map(Scope::Icb).chain(region.into_iter().map(Scope::Region)).collect();
    if let Some(empty) =
        scopes.iter().find(|scope| !(0..plan.month().rows.len()).any(|row| scope.holds(&plan, row)))
    {
        return Err(format!("the workbook has no row in {} {}", empty.level().name(), empty.code()));
    }
    let channel = connect(&to).await?;
    import(channel.clone(), plan.month()).await?;
    let style = Style { as_measured, revision };
    let chosen = chosen(&plan, &scopes);
    let delivered = deliver(&to, &plan, chosen.clone(), style).await?;
    eprintln!("{}", delivered.summary(plan.month()));
    for refusal in &delivered.sent.refusals {
        eprintln!("refused: {refusal}");
    }
    for line in findings(&plan, &chosen) {
        eprintln!("{line}");
    }
    let refused = delivered.sent.with(v1::Verdict::Rejected) + delivered.sent.with(v1::Verdict::Conflict);
    if !check {
        return Ok((refused, 0));
    }
    let comparison = compare_with_service(channel, &plan, &scopes).await?;
    report(&comparison);
    Ok((refused, comparison.unexplained.len()))
}

/// Imports the memberships of a month.
///
/// # Errors
/// One line: what the service refused.
pub async fn import(channel: Channel, month: &Month) -> Result<(), String> {
    let mut client = OrganisationServiceClient::new(channel);
    for csv in csv_parts(month) {
        client
            .import_organisations(v1::ImportOrganisationsRequest { csv, validate_only: false })
            .await
            .map_err(|status| {
                let (name, message, code) = (month.name(), status.message(), status.code());
                format!("the service refused the organisations of {name}: {message} ({code:?})")
            })?;
    }
    Ok(())
}

/// What came of sending a month.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// What the service said.
    pub sent: Sent,
    /// From the first record to the last acknowledgement.
    pub took: Duration,
}

/// Sends the calls of the rows that are chosen: they are made and encoded on a thread of their own while others are on their way.
///
/// # Errors
/// One line, as [`send`].
pub async fn deliver(
    url: &str,
    plan: &Arc<Plan>,
    chosen: Vec<bool>,
    style: Style,
) -> Result<Delivered, String> {
    let (unknown_wait, unknown_talk) = plan.unknown_durations();
    let sender = Sender { source_id: plan.month().source_id(), unknown_wait, unknown_talk };
    let total: u64 = (0..chosen.len()).filter(|&row| chosen[row]).map(|row| Calls::count(plan, row)).sum();
    let bar = progress(total);
    let (batches, queue) = mpsc::channel(ENCODED_AHEAD);
    let plan = Arc::clone(plan);
    let making = tokio::task::spawn_blocking(move || {
        let calls = Calls::new(&plan, |row| chosen[row]);
        for batch in Batches::new(&plan, calls, style) {
            if batches.blocking_send(batch).is_err() {
                // Nobody sends any more; why is said there.
                return;
            }
        }
    });
    let began = Instant::now();
    let sent = send(url, &sender, queue, |sent| bar.set_position(sent.records)).await;
    let took = began.elapsed();
    bar.finish_and_clear();
    let made = making.await;
    let sent = sent?;
    made.map_err(|error| format!("making the records failed: {error}"))?;
    if sent.records != total {
        return Err(format!("{} of {total} records were acknowledged", sent.records));
    }
    Ok(Delivered { sent, took })
}

impl Delivered {
    /// One line: how many, what became of them, how fast.
    pub fn summary(&self, month: &Month) -> String {
        let Sent { records, verdicts: _, refusals: _, breaks } = &self.sent;
        let words = [
            (v1::Verdict::Accepted, "accepted"),
            (v1::Verdict::Duplicate, "already there"),
            (v1::Verdict::Revised, "revised"),
            (v1::Verdict::Stale, "stale"),
            (v1::Verdict::Retracted, "retracted"),
            (v1::Verdict::Conflict, "in conflict"),
            (v1::Verdict::Rejected, "rejected"),
        ];
        let verdicts: Vec<String> = words
            .iter()
            .filter(|(verdict, _)| self.sent.with(*verdict) > 0)
            .map(|(verdict, word)| format!("{} {word}", self.sent.with(*verdict)))
            .collect();
        let secs = self.took.as_secs_f64();
        let rate = *records as f64 / secs.max(0.001);
        let again = if *breaks > 0 { format!("; the stream broke {breaks} times") } else { String::new() };
        format!(
            "sent {records} records of {} in {secs:.1} s ({rate:.0} a second): {}{again}",
            month.name(),
            verdicts.join(", ")
        )
    }
}

/// Which rows lie in the scopes; all where there are none.
fn chosen(plan: &Plan, scopes: &[Scope]) -> Vec<bool> {
    (0..plan.month().rows.len())
        .map(|row| scopes.is_empty() || scopes.iter().any(|scope| scope.holds(plan, row)))
        .collect()
}

async fn compare_with_service(channel: Channel, plan: &Plan, scopes: &[Scope]) -> Result<Comparison, String> {
    let month = plan.month().name();
    let whole = scopes.is_empty();
    let scopes = if whole { vec![Scope::England] } else { scopes.to_vec() };
    let answers = check::ask(channel.clone(), &month, &scopes).await?;
    let mut comparison = compare(&Expected::new(plan, &scopes), &answers);
    if whole {
        comparison.add(compare_times(plan, &check::ask_times(channel, &month).await?));
    }
    Ok(comparison)
}

fn report(comparison: &Comparison) {
    let Comparison { compared, unexplained, explained } = comparison;
    let list = |differences: &[Difference], word: &str, most: usize| {
        for difference in differences.iter().take(most) {
            eprintln!("{word}: {difference}");
        }
        if differences.len() > most {
            eprintln!("{word}: {} more", differences.len() - most);
        }
    };
    list(explained, "explained by the workbook", LISTED_DIFFERENCES);
    list(unexplained, "difference", LISTED_DIFFERENCES);
    eprintln!(
        "compared {compared} numbers: {} differ; {} more differ as the workbook's own counts do",
        unexplained.len(),
        explained.len()
    );
}

/// What the workbook says twice and not alike: of each kind how many rows and calls, and the largest.
fn findings(plan: &Plan, chosen: &[bool]) -> Vec<String> {
    let mut kinds: Vec<FindingKind> = Vec::new();
    for finding in plan.findings() {
        if !kinds.contains(&finding.kind) {
            kinds.push(finding.kind);
        }
    }
    let mut lines = Vec::new();
    for kind in kinds {
        let mut of_kind: Vec<_> =
            plan.findings().iter().filter(|found| found.kind == kind && chosen[found.row]).collect();
        if of_kind.is_empty() {
            continue;
        }
        of_kind.sort_by_key(|found| (std::cmp::Reverse(found.calls), found.row));
        let calls: u64 = of_kind.iter().map(|found| found.calls).sum();
        lines.push(format!("workbook: {}: {} rows, {calls} calls", kind.words(), of_kind.len()));
        for found in of_kind.iter().take(LISTED) {
            lines.push(format!("  {}: {} calls", plan.month().rows[found.row].who.label(), found.calls));
        }
        if of_kind.len() > LISTED {
            lines.push(format!("  and {} rows more", of_kind.len() - LISTED));
        }
    }
    lines
}

/// Not shown where the output is no terminal.
fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {per_sec:>16} {eta:>5} left")
    {
        bar.set_style(style);
    }
    bar
}
