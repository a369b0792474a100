//! `callgauge compare`: which organisations differ from their peers by more than chance.

use std::io::Write;

use clap::ValueEnum;

use super::group::{CallsArgs, GroupArgs, MonthsArgs, NamesArgs};
use super::rows::{Answer, count, kind, who, word};
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::output::{Cell, Format};
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;

/// Say which organisations differ from their peers by more than chance, like for like
///
/// Up to eight measures side by side, each with its interval, what was expected, and the limits of its funnel; no composite score.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct CompareArgs {
    #[command(flatten)]
    pub(super) question: FunnelArgs,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = "Examples:\n  \
    callgauge compare --org QHG --first 2025-03 --last 2026-02 --metric missed_share_of_inbound\n  \
    callgauge compare --org ENGLAND --level icb --first 2025-03 --last 2026-02 --metric answered_share_of_inbound --format csv";

/// The question.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct FunnelArgs {
    #[command(flatten)]
    group: GroupArgs,

    #[command(flatten)]
    names: NamesArgs,

    #[command(flatten)]
    months: MonthsArgs,

    /// Measures to compare, 1 to 8: metrics, or numbers from elsewhere by name or name@source; `callgauge definitions` and `callgauge indicator definitions` list them
    #[arg(long, value_name = "NAME", required = true, num_args = 1.., value_delimiter = ',')]
    metric: Vec<String>,

    #[command(flatten)]
    calls: CallsArgs,

    /// What is expected of an organisation
    #[arg(long, value_name = "BY", default_value = "composition")]
    expected: Expected,

    /// How the spread beyond chance is estimated
    #[arg(long, value_name = "HOW", default_value = "robust")]
    overdispersion: Spread,

    /// The centre of the funnel: a share from 0 to 1, a rate per 1,000 or a ratio [default: the peers' own]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    target: Option<f64>,
}

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Expected {
    /// The peers' share in each kind of day and band of the day
    Composition,
    /// The target alone
    Target,
}

/// How spread is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spread {
    /// Not led by outliers
    Robust,
    /// As FunnelPlotR does it
    DersimonianLaird,
    /// Chance alone
    None,
}

impl FunnelArgs {
    pub(super) fn message(&self) -> v1::CompareOrganisationsRequest {
        let Self { group, names, months, metric, calls, expected, overdispersion, target } = self;
        let (anonymous_peers, focus_codes) = names.parts();
        v1::CompareOrganisationsRequest {
            peers: group.message(),
            first_month: months.first.clone(),
            last_month: months.last.clone(),
            hours: calls.hours(),
            metrics: metric.clone(),
            definition_set: calls.set.clone(),
            expected_by: match expected {
                Expected::Composition => v1::ExpectedBy::Composition,
                Expected::Target => v1::ExpectedBy::Target,
            }
            .into(),
            overdispersion: match overdispersion {
                Spread::Robust => v1::Overdispersion::Robust,
                Spread::DersimonianLaird => v1::Overdispersion::DersimonianLaird,
                Spread::None => v1::Overdispersion::None,
            }
            .into(),
            target: *target,
            anonymous_peers,
            focus_codes,
            page_size: 10_000,
            page_token: String::new(),
        }
    }
}

/// Limits that only scripts get: a table would be too wide with them, and the class says what they say.
const FOR_SCRIPTS: [&str; 2] = ["lower_95", "upper_95"];

const COLUMNS: [&str; 17] = [
    "code",
    "name",
    "metric",
    "numerator",
    "denominator",
    "value",
    "lower",
    "upper",
    "expected",
    "like_for_like",
    "z",
    "z_adjusted",
    "lower_998",
    "lower_95",
    "upper_95",
    "upper_998",
    "class",
];

/// Asks and writes the answer.
pub(in crate::cli) async fn run(
    args: CompareArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let mut client = super::client(&server);
    let mut request = args.question.message();
    let mut answer = Answer { columns: COLUMNS.to_vec(), ..Answer::default() };
    answer.columns.push("left_out");
    loop {
        let page = client.compare_organisations(request.clone()).await.map_err(server.refusal("compare"))?;
        let page = page.into_inner();
        if answer.heading.is_empty() {
            answer.heading = heading(&page);
            answer.notes = page.notes.clone();
        }
        answer.rows.extend(page.organisations.iter().flat_map(rows));
        if page.next_page_token.is_empty() {
            if args.format == Format::Table {
                answer.leave_out(&FOR_SCRIPTS);
            }
            return answer.write(args.format, out);
        }
        request.page_token = page.next_page_token;
    }
}

fn heading(page: &v1::CompareOrganisationsResponse) -> Vec<String> {
    let mut lines = vec![format!(
        "{} organisations, {} to {}, both included; definition set {}",
        page.total_size, page.first_day, page.last_day, page.definition_set
    )];
    for metric in &page.metrics {
        lines.push(format!(
            "{}{}: target {:.4} ({}), phi {:.2}, tau squared {:.6}; {} outside 95% ({:.1} by chance), {} outside 99.8% ({:.1} by chance)",
            metric.metric,
            kind(metric.kind(), &metric.denominator),
            metric.target,
            metric.target_source,
            metric.phi,
            metric.tau_squared,
            metric.beyond_95,
            metric.expected_beyond_95,
            metric.beyond_998,
            metric.expected_beyond_998
        ));
    }
    for missing in page.coverage.iter().filter(|metric| !metric.covered) {
        lines.push(format!("{} is not covered: {}", missing.metric, missing.why));
    }
    for overlap in page.overlaps.iter().filter(|overlap| overlap.either > 0) {
        lines.push(format!(
            "flagged by {} and {}: {} by both, {} by either",
            overlap.metric, overlap.other_metric, overlap.both, overlap.either
        ));
    }
    lines
}

fn rows(organisation: &v1::ComparedOrganisation) -> Vec<Vec<Cell>> {
    let values = organisation.values.iter().map(|value| {
        let mut row = who(&organisation.organisation).to_vec();
        row.extend([
            Cell::text(value.metric.clone()),
            count(value.numerator, value.exact_numerator),
            count(value.denominator, value.exact_denominator),
        ]);
        match &value.result {
            Some(v1::compared_value::Result::Place(place)) => {
                row.extend(
                    [
                        place.value,
                        place.lower,
                        place.upper,
                        place.expected,
                        place.like_for_like,
                        place.z,
                        place.z_adjusted,
                        place.lower_998,
                        place.lower_95,
                        place.upper_95,
                        place.upper_998,
                    ]
                    .map(Cell::Number),
                );
                row.extend([word(place.class().as_str_name(), "FUNNEL_CLASS_"), Cell::None]);
            }
            Some(v1::compared_value::Result::LeftOut(why)) => {
                row.extend(vec![Cell::None; COLUMNS.len() - row.len()]);
                row.push(Cell::text(why.clone()));
            }
            None => row.extend(vec![Cell::None; COLUMNS.len() + 1 - row.len()]),
        }
        row
    });
    values.collect()
}
