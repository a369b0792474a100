//! AssessListStability: what lists of the worst by one month would have said.

use callgauge_schema::Moment;

use super::breaks;
use super::gather::Sources;
use super::question::{Peers, Put, Touched, Window, hours, peers, share, worst, worst_share};
use super::units::Units;
use crate::calendar::{Granularity, Hours};
use crate::compare::list_stability::{ListQuestion, ListStability, assess_lists};
use crate::compare::ranks::Worst;
use crate::compare::variance::Scale;
use crate::definitions::{Definition, DefinitionSet, Rule};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};

const EXAMPLE: &str = r#"{"peers":{"organisation_codes":["ENGLAND"]},"first_month":"2025-12","last_month":"2026-02","metric":"missed_share_of_inbound","worst":"WORST_HIGHEST"}"#;
const MONTHS: usize = 60;
/// Most other denominators.
const OTHERS: usize = 4;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    peers: Peers,
    window: Window,
    hours: Hours,
    set: &'static DefinitionSet,
    /// The metric of the lists, then those with other denominators.
    metrics: Vec<&'static Definition>,
    worst: Worst,
    share: f64,
}

/// Reads a request.
pub(super) fn parse(request: v1::AssessListStabilityRequest) -> Result<Put<Question>, Fault> {
    let v1::AssessListStabilityRequest {
        peers: group,
        first_month,
        last_month,
        hours: hours_asked,
        metric,
        other_denominators,
        definition_set,
        worst: worst_end,
        worst_share: share_asked,
    } = request;
    let (peers, codes) = peers(group, EXAMPLE)?;
    let window = Window::parse(["first_month", "last_month"], &first_month, &last_month, MONTHS)?;
    let set = metrics::find_set(&definition_set)?;
    if other_denominators.len() > OTHERS {
        return Err(Fault::field("other_denominators", format!("must be at most {OTHERS}")));
    }
    let mut found = vec![share("metric", set, &metric)?];
    for name in &other_denominators {
        let other = share("other_denominators", set, name)?;
        if numerator(other) != numerator(found[0]) {
            return Err(Fault::field(
                "other_denominators",
                format!("{name} has another numerator than {metric}; name shares of the same calls"),
            ));
        }
        found.push(other);
    }
    let question = Question {
        peers,
        window,
        hours: hours(hours_asked)?,
        set,
        metrics: found,
        worst: worst(worst_end)?,
        share: worst_share(share_asked)?,
    };
    let names = std::iter::once(metric).chain(other_denominators).collect();
    Ok(Put { question, touched: Touched::new(&codes, names, Granularity::Month) })
}

fn numerator(metric: &Definition) -> Option<&crate::definitions::Sum> {
    match &metric.rule {
        Rule::Ratio { numerator, denominator: _ } => Some(numerator),
        Rule::Count(_) | Rule::Distribution { .. } => None,
    }
}

/// Assesses.
pub(super) fn answer(
    question: &Question,
    sources: &Sources,
    answered_at: Moment,
    waiting: &Waiting,
) -> Result<v1::AssessListStabilityResponse, Fault> {
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.window.days();
    let mut units = Units::plan(&question.peers, &sources.directory, &attributions, &keys, days)?;
    let months = &question.window.months;
    let slots = sources.slots(days, question.hours, |day, _| {
        u32::try_from(months.partition_point(|month| month.end <= day)).ok()
    })?;
    let contributing = super::of_source(&mut units, &question.peers, sources, &slots)?;
    let broken = breaks::inside(&*sources.snapshot, days, &units.list, &contributing);
    let tables = sources.tables(&units.groups(), &slots, months.len(), &question.metrics, waiting)?;
    let rows = |at: usize, of: fn((i64, i64)) -> i64| -> Vec<Vec<Option<f64>>> {
        let row =
            |unit: usize| tables[at].unit(unit).iter().map(|pair| pair.map(|pair| of(pair) as f64)).collect();
        (0..units.list.len()).map(row).collect()
    };
    let numerators = rows(0, |pair| pair.0);
    let denominators: Vec<Vec<Vec<Option<f64>>>> =
        (0..tables.len()).map(|at| rows(at, |pair| pair.1)).collect();
    let denominators: Vec<&[Vec<Option<f64>>]> = denominators.iter().map(Vec::as_slice).collect();
    let asked = ListQuestion { share: question.share, worst: question.worst, scale: Scale::ArcsineRoot };
    let found = assess_lists(&numerators, &denominators, asked)
        .map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let mut told = response(question, &found, units.list.len(), answered_at);
    told.notes.extend(broken.iter().map(|found| format!("{} inside the window", breaks::words(found))));
    Ok(told)
}

fn response(
    question: &Question,
    found: &ListStability,
    units: usize,
    answered_at: Moment,
) -> v1::AssessListStabilityResponse {
    let month = |at: usize| {
        let list = &found.months[at];
        v1::MonthList {
            month: Window::label(question.window.months[at]),
            stay_next: list.stay_next.map(|stay| stay as i64),
            stay_rest: list.stay_rest as i64,
            by_denominator: list.by_denominator.iter().map(|&stay| stay as i64).collect(),
            surely: list.surely_alone as i64,
            tied: list.tied as i64,
        }
    };
    let left_out = units - found.assessed.len();
    let mut notes = Vec::new();
    if left_out > 0 {
        notes.push(format!("{left_out} organisations lack calls in a month and are left out of all lists"));
    }
    v1::AssessListStabilityResponse {
        months: (0..found.months.len()).map(month).collect(),
        assessed: found.assessed.len() as i64,
        left_out: left_out as i64,
        listed: found.listed as i64,
        ever: found.ever as i64,
        always: found.always as i64,
        stay_next: found.stay_next,
        stay_rest: found.stay_rest,
        surely: found.surely.len() as i64,
        stay_by_lot: found.listed as f64 / found.assessed.len() as f64,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes,
    }
}
