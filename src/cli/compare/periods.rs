//! `callgauge periods`: months against the equivalent months of another year.

use std::io::Write;

use super::group::{CallsArgs, GroupArgs, NamesArgs};
use super::rows::{Answer, who};
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::output::{Cell, Format};
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;

/// Compare months with the equivalent months of another year, practice by practice
///
/// By how much each changed beyond what working days, Mondays, bank holidays and list size would have done, with an interval that holds month-to-month variation.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct PeriodsArgs {
    #[command(flatten)]
    group: GroupArgs,

    #[command(flatten)]
    names: NamesArgs,

    /// Number of calls, or share; or a number from elsewhere by name or name@source
    #[arg(long, value_name = "NAME")]
    metric: String,

    #[command(flatten)]
    calls: CallsArgs,

    /// Earlier month, or first and last month of the earlier period as 2019-07,2019-09
    #[arg(long, value_name = "YYYY-MM", value_delimiter = ',', num_args = 1..=2, required = true)]
    before: Vec<String>,

    /// Later month, or first and last month of the later period
    #[arg(long, value_name = "YYYY-MM", value_delimiter = ',', num_args = 1..=2, required = true)]
    after: Vec<String>,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

const COLUMNS: [&str; 11] = [
    "code",
    "name",
    "observed_before",
    "observed_after",
    "observed_ratio",
    "expected_ratio",
    "ratio",
    "lower",
    "upper",
    "differs",
    "left_out",
];

/// Asks and writes the answer.
pub(in crate::cli) async fn run(
    args: PeriodsArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let PeriodsArgs { group, names, metric, calls, before, after, format, server } = args;
    let server = reach(&server, around).await?;
    let (anonymous_peers, focus_codes) = names.parts();
    let at = |months: &[String], at: usize| months.get(at).cloned().unwrap_or_default();
    let request = v1::CompareEquivalentPeriodsRequest {
        peers: group.message(),
        metric,
        definition_set: calls.set.clone(),
        before_first_month: at(&before, 0),
        before_last_month: at(&before, 1),
        after_first_month: at(&after, 0),
        after_last_month: at(&after, 1),
        hours: calls.hours(),
        anonymous_peers,
        focus_codes,
    };
    let told = super::client(&server).compare_equivalent_periods(request).await;
    let told = told.map_err(server.refusal("periods"))?.into_inner();
    let period = |period: &Option<v1::PeriodSummary>| {
        let period = period.clone().unwrap_or_default();
        format!(
            "{} to {}: working days {}, working Mondays {}, bank holidays {}",
            period.first_day,
            period.last_day,
            period.working_days,
            period.working_mondays,
            period.bank_holidays
        )
    };
    let heading = vec![
        period(&told.before),
        period(&told.after),
        format!(
            "{} differ from what was expected ({:.1} by chance); 1 is as expected",
            told.differ, told.expected_differ
        ),
    ];
    let rows = told.organisations.iter().map(row).collect();
    Answer { columns: COLUMNS.to_vec(), rows, heading, notes: told.notes }.write(format, out)
}

fn row(organisation: &v1::PeriodChange) -> Vec<Cell> {
    let mut row = who(&organisation.organisation).to_vec();
    row.extend([Cell::Count(organisation.observed_before), Cell::Count(organisation.observed_after)]);
    match &organisation.result {
        Some(v1::period_change::Result::Change(change)) => row.extend([
            change.observed_ratio.map_or(Cell::None, Cell::Number),
            Cell::Number(change.expected_ratio),
            Cell::Number(change.ratio),
            Cell::Number(change.lower),
            Cell::Number(change.upper),
            Cell::Flag(change.differs),
            Cell::None,
        ]),
        Some(v1::period_change::Result::LeftOut(why)) => {
            row.extend(vec![Cell::None; COLUMNS.len() - 1 - row.len()]);
            row.push(Cell::text(why.clone()));
        }
        None => row.extend(vec![Cell::None; COLUMNS.len() - row.len()]),
    }
    row
}
