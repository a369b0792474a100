//! `callgauge rank`: expected ranks with intervals, or every reason against them.

use std::io::Write;

use super::group::{CallsArgs, GroupArgs, MonthsArgs, NamesArgs, WorstEnd};
use super::rows::{Answer, count, kind, who, word};
use crate::cli::connect::{ServerArgs, reach};
use crate::cli::output::{Cell, Format};
use crate::cli::{Failure, Surroundings};
use crate::proto::v1;

/// Rank organisations with their uncertainty, or say every reason why that cannot be done
///
/// Never a bare rank: the expected rank with its interval, and the chance to be among the worst. What cannot carry a ranking is refused; some reasons may be
/// acknowledged by name, with somebody named and a purpose, and then stand in the answer.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct RankArgs {
    #[command(flatten)]
    pub(super) question: RanksArgs,

    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "table")]
    format: Format,

    #[command(flatten)]
    server: ServerArgs,
}

/// The question.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct RanksArgs {
    #[command(flatten)]
    group: GroupArgs,

    #[command(flatten)]
    names: NamesArgs,

    #[command(flatten)]
    months: MonthsArgs,

    /// Measure to rank by: a share, a rate or a number of calls, or one from elsewhere by name or name@source
    #[arg(long, value_name = "NAME")]
    metric: String,

    #[command(flatten)]
    calls: CallsArgs,

    /// Which end is worse: no metric has a worse end of its own
    #[arg(long, value_name = "END")]
    worst: WorstEnd,

    /// Share of organisations that is asked about
    #[arg(long, value_name = "SHARE", default_value = "0.2")]
    share: f64,

    /// Leave out organisations with a smaller denominator than this over the window
    #[arg(long, value_name = "CALLS", default_value = "0")]
    least: i64,

    /// Reason against the ranking to go on in spite of; may be given several times
    #[arg(long, value_name = "REASON", value_delimiter = ',', requires_all = ["on_behalf_of", "purpose"])]
    acknowledge: Vec<String>,

    /// Who answers for the acknowledged reasons: a person or a body
    #[arg(long, value_name = "WHO", default_value = "", hide_default_value = true)]
    on_behalf_of: String,

    /// What the ranking is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    purpose: String,
}

impl RanksArgs {
    pub(super) fn message(&self) -> v1::RankOrganisationsRequest {
        let Self {
            group,
            names,
            months,
            metric,
            calls,
            worst,
            share,
            least,
            acknowledge,
            on_behalf_of,
            purpose,
        } = self;
        let (anonymous_peers, focus_codes) = names.parts();
        v1::RankOrganisationsRequest {
            peers: group.message(),
            first_month: months.first.clone(),
            last_month: months.last.clone(),
            hours: calls.hours(),
            metric: metric.clone(),
            definition_set: calls.set.clone(),
            worst: worst.number(),
            worst_share: Some(*share),
            least_denominator: *least,
            acknowledge: (!acknowledge.is_empty()).then(|| v1::Acknowledgement {
                reasons: acknowledge.clone(),
                on_behalf_of: on_behalf_of.clone(),
                purpose: purpose.clone(),
            }),
            anonymous_peers,
            focus_codes,
            page_size: 10_000,
            page_token: String::new(),
        }
    }
}

const COLUMNS: [&str; 12] = [
    "code",
    "name",
    "numerator",
    "denominator",
    "value",
    "shrunk",
    "expected_rank",
    "lower_rank",
    "upper_rank",
    "probability",
    "band",
    "left_out",
];

/// Asks and writes the answer.
pub(in crate::cli) async fn run(
    args: RankArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let server = reach(&args.server, around).await?;
    let mut client = super::client(&server);
    let mut request = args.question.message();
    let mut answer = Answer { columns: COLUMNS.to_vec(), ..Answer::default() };
    loop {
        let page = client.rank_organisations(request.clone()).await.map_err(server.refusal("rank"))?;
        let page = page.into_inner();
        if answer.heading.is_empty() {
            answer.heading = heading(&page);
            answer.notes = page.notes.clone();
        }
        answer.rows.extend(page.organisations.iter().map(row));
        if page.next_page_token.is_empty() {
            return answer.write(args.format, out);
        }
        request.page_token = page.next_page_token;
    }
}

fn heading(page: &v1::RankOrganisationsResponse) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} by {}{}, {} to {}, both included; definition set {}",
            page.ranked,
            page.metric,
            kind(page.kind(), &page.denominator),
            page.first_day,
            page.last_day,
            page.definition_set
        ),
        format!(
            "among the worst {}: {} surely, {} surely not, {} cannot be told; rankability {:.3}",
            page.among_worst, page.surely, page.surely_not, page.cannot_be_told, page.rankability
        ),
    ];
    for stated in &page.acknowledged {
        lines.push(format!(
            "ACKNOWLEDGED by {} for {}: {} ({})",
            page.on_behalf_of, page.purpose, stated.message, stated.reason
        ));
    }
    lines
}

fn row(organisation: &v1::RankedOrganisation) -> Vec<Cell> {
    let mut row = who(&organisation.organisation).to_vec();
    row.extend([
        count(organisation.numerator, organisation.exact_numerator),
        count(organisation.denominator, organisation.exact_denominator),
    ]);
    match &organisation.result {
        Some(v1::ranked_organisation::Result::Place(place)) => row.extend([
            Cell::Number(place.value),
            Cell::Number(place.shrunk),
            Cell::Number(place.expected_rank),
            Cell::Count(place.lower_rank.into()),
            Cell::Count(place.upper_rank.into()),
            Cell::Number(place.probability),
            word(place.band().as_str_name(), "RANK_BAND_"),
            Cell::None,
        ]),
        Some(v1::ranked_organisation::Result::LeftOut(why)) => {
            row.extend(vec![Cell::None; COLUMNS.len() - 1 - row.len()]);
            row.push(Cell::text(why.clone()));
        }
        None => row.extend(vec![Cell::None; COLUMNS.len() - row.len()]),
    }
    row
}
