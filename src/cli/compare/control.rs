//! `callgauge control`: one organisation's series by the NHS rules.

use std::io::Write;

use clap::ValueEnum;

use super::group::{CallsArgs, MonthsArgs};
use super::rows::{Answer, word};
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::output::{Cell, Format};
use crate::cli::words::Granularity;
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;

/// Say whether a series has changed or varies as it always does
///
/// An XmR control chart by the NHS rules, with the number of signals that chance alone would give.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct ControlArgs {
    #[command(flatten)]
    pub(super) question: SeriesArgs,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// The question.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SeriesArgs {
    /// Code of one organisation, or ENGLAND
    #[arg(long, value_name = "CODE")]
    org: String,

    /// Number of calls, or share; or a number from elsewhere by name or name@source
    #[arg(long, value_name = "NAME")]
    metric: String,

    #[command(flatten)]
    months: MonthsArgs,

    #[command(flatten)]
    calls: CallsArgs,

    /// Length of a point: day, week or month
    #[arg(long, value_name = "LENGTH", default_value = "month", hide_possible_values = true)]
    granularity: Granularity,

    /// Which way is better [default: neither]
    #[arg(long, value_name = "WAY")]
    better: Option<Better>,

    /// What is aimed at, in the metric's own unit
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    target: Option<f64>,

    /// Day at which the chart starts anew; may be given several times
    #[arg(long, value_name = "DATE", value_delimiter = ',')]
    rebase: Vec<String>,

    /// Make limits of so many points at the start of each stretch [default: all]
    #[arg(long, value_name = "POINTS", default_value = "0", hide_default_value = true)]
    fix_after: i32,

    /// Which points count in the rule of two among three near a limit
    #[arg(long, value_name = "WHICH", default_value = "near")]
    two_of_three: TwoOfThree,

    /// Take working days, bank holidays and hours out
    #[arg(long)]
    take_out_calendar: bool,

    /// Take the season out as the practices of this organisation had it, or of ENGLAND; give several as QHG,QOP
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    take_out_season_of: Vec<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Better {
    /// More is better
    Increase,
    /// Less is better
    Decrease,
}

/// Which points count in the rule of two among three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TwoOfThree {
    /// Near a limit and not outside: NHSRplotthedots
    Near,
    /// Near or outside: Making Data Count tools since November 2023
    NearOrOutside,
}

impl SeriesArgs {
    pub(super) fn message(&self) -> v1::GetControlChartRequest {
        let Self {
            org,
            metric,
            months,
            calls,
            granularity,
            better,
            target,
            rebase,
            fix_after,
            two_of_three,
            take_out_calendar,
            take_out_season_of,
        } = self;
        let organisation_codes = take_out_season_of.clone();
        let season = v1::PeerGroup { organisation_codes, ..Default::default() };
        v1::GetControlChartRequest {
            organisation_code: org.clone(),
            metric: metric.clone(),
            definition_set: calls.set.clone(),
            first_month: months.first.clone(),
            last_month: months.last.clone(),
            granularity: v1::Granularity::from(*granularity).into(),
            hours: calls.hours(),
            improvement: match better {
                None => v1::Improvement::Unspecified,
                Some(Better::Increase) => v1::Improvement::Increase,
                Some(Better::Decrease) => v1::Improvement::Decrease,
            }
            .into(),
            target: *target,
            rebase_dates: rebase.clone(),
            fix_after: *fix_after,
            take_out_calendar: *take_out_calendar,
            take_out_season_of: (!take_out_season_of.is_empty()).then_some(season),
            two_of_three: match two_of_three {
                TwoOfThree::Near => v1::TwoOfThreeRule::Near,
                TwoOfThree::NearOrOutside => v1::TwoOfThreeRule::NearOrOutside,
            }
            .into(),
        }
    }
}

/// Asks and writes the answer.
pub(in crate::cli) async fn run(
    args: ControlArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let told = super::client(&server).get_control_chart(args.question.message()).await;
    let told = told.map_err(server.refusal("control"))?.into_inner();
    let shown = told.organisation.clone().unwrap_or_default();
    let mut heading = vec![
        format!("{} {}: {}; definition set {}", shown.code, shown.name, told.charted, told.definition_set),
        format!(
            "of charts like this {:.0}% show a signal though nothing changed, {:.1} points on average",
            100.0 * told.false_any,
            told.false_points
        ),
    ];
    heading.extend(told.warnings.iter().cloned());
    let columns =
        ["point", "value", "numerator", "denominator", "mean", "lower", "upper", "signal", "meaning"];
    let rows = told.points.iter().map(|point| {
        let stretch = told.stretches.get(point.stretch as usize).cloned().unwrap_or_default();
        let number = |number: Option<f64>| number.map_or(Cell::None, Cell::Number);
        vec![
            Cell::text(point.label.clone()),
            number(point.value),
            Cell::Count(point.numerator),
            Cell::Count(point.denominator),
            number(stretch.mean),
            number(stretch.lower),
            number(stretch.upper),
            word(point.signal().as_str_name(), "CONTROL_SIGNAL_"),
            word(point.meaning().as_str_name(), "VARIATION_"),
        ]
    });
    let rows = rows.collect();
    Answer { columns: columns.to_vec(), rows, heading, notes: told.notes }.write(args.format, out)
}
