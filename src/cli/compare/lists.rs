//! `callgauge lists`: what lists of the worst by one month would have said.

use std::io::Write;

use super::group::{CallsArgs, GroupArgs, MonthsArgs, WorstEnd};
use super::rows::Answer;
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::output::{Cell, Format};
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;

/// Say what lists of the worst by one month would have said
///
/// For each month the worst share by the raw value: how many stay on the list, how the denominator changes it, how many are surely on it.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct ListsArgs {
    #[command(flatten)]
    group: GroupArgs,

    #[command(flatten)]
    months: MonthsArgs,

    /// Share that the lists are by
    #[arg(long, value_name = "NAME")]
    metric: String,

    /// Share of the same calls with another denominator; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    other: Vec<String>,

    #[command(flatten)]
    calls: CallsArgs,

    /// Which end is worse
    #[arg(long, value_name = "END")]
    worst: WorstEnd,

    /// Share of organisations on a list
    #[arg(long, value_name = "SHARE", default_value = "0.2")]
    share: f64,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and writes the answer.
pub(in crate::cli) async fn run(
    args: ListsArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ListsArgs { group, months, metric, other, calls, worst, share, format, server } = args;
    let server = reach(&server, around).await?;
    let request = v1::AssessListStabilityRequest {
        peers: group.message(),
        first_month: months.first,
        last_month: months.last,
        hours: calls.hours(),
        metric,
        other_denominators: other,
        definition_set: calls.set.clone(),
        worst: worst.number(),
        worst_share: Some(share),
    };
    let told = super::client(&server).assess_list_stability(request).await;
    let told = told.map_err(server.refusal("lists"))?.into_inner();
    let heading = vec![
        format!(
            "lists of {} of {} organisations ({} left out); definition set {}",
            told.listed, told.assessed, told.left_out, told.definition_set
        ),
        format!(
            "on any list {}, on all {}; {:.1}% of a list stay on the next one ({:.1}% would by lot), {:.1}% are on the list by all other months",
            told.ever,
            told.always,
            100.0 * told.stay_next,
            100.0 * told.stay_by_lot,
            100.0 * told.stay_rest
        ),
        format!("surely among the worst by all months together: {}", told.surely),
    ];
    let rows = told.months.iter().map(|month| {
        let by: Vec<String> = month.by_denominator.iter().map(i64::to_string).collect();
        vec![
            Cell::text(month.month.clone()),
            month.stay_next.map_or(Cell::None, Cell::Count),
            Cell::Count(month.stay_rest),
            Cell::text(by.join(" ")),
            Cell::Count(month.surely),
            Cell::Count(month.tied),
        ]
    });
    let columns = vec!["month", "stay_next", "stay_rest", "by_denominator", "surely", "tied"];
    let rows = rows.collect();
    Answer { columns, rows, heading, notes: told.notes }.write(format, out)
}
