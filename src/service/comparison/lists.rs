//! AssessListStability: what lists of the worst by one month would have said.

use callgauge_schema::Moment;

use super::breaks;
use super::gather::Sources;
use super::gathering::{Gathering, Monthly, hidden};
use super::measure::{Kind, Measure, Nature, Of};
use super::question::{Peers, Put, Touched, Window, hours, no_hours, peers, worst, worst_share};
use super::table::{Pair, Table};
use crate::calendar::{Granularity, Hours};
use crate::compare::list_stability::{ListQuestion, ListStability, assess_lists};
use crate::compare::ranks::Worst;
use crate::definitions::{DefinitionSet, Rule};
use crate::pictures::count;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics;

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
    /// The measure of the lists, then those with other denominators.
    measures: Vec<Measure>,
    worst: Worst,
    share: f64,
}

/// What lists can be by.
const TAKES: &[Nature] = &[Nature::Share, Nature::Rate, Nature::Calls];
/// What can be another denominator: the same of something else, or the number itself.
const OTHER: &[Nature] = &[Nature::Share, Nature::Rate, Nature::Count];

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
    let mut found = vec![Measure::one_of("metric", set, &metric, TAKES)?];
    for name in &other_denominators {
        let other = Measure::one_of("other_denominators", set, name, OTHER)?;
        if let (Some(own), Some(others)) = (numerator(&found[0]), numerator(&other))
            && own != others
        {
            return Err(Fault::field(
                "other_denominators",
                format!("{name} has another numerator than {metric}; name shares of the same calls"),
            ));
        }
        found.push(other);
    }
    no_hours(hours_asked, &found)?;
    let names = found.iter().map(Measure::bare).collect();
    let question = Question {
        peers,
        window,
        hours: hours(hours_asked)?,
        set,
        measures: found,
        worst: worst(worst_end)?,
        share: worst_share(share_asked)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, names, Granularity::Month) })
}

/// What calls are counted; of a number from elsewhere only its values tell.
fn numerator(measure: &Measure) -> Option<&'static crate::definitions::Sum> {
    match &measure.metric()?.rule {
        Rule::Ratio { numerator, denominator: _ } => Some(numerator),
        Rule::Count(sum) => Some(sum),
        Rule::Distribution { .. } => None,
    }
}

/// Assesses.
pub(super) fn answer(
    question: &Question,
    sources: &Sources,
    answered_at: Moment,
    waiting: &Waiting,
) -> Result<v1::AssessListStabilityResponse, Fault> {
    let over = (&question.window, question.hours);
    let of_calls = question.measures.iter().any(|measure| matches!(measure.of, Of::Calls(_)));
    let gathering = Gathering::new(sources, &question.peers, over, of_calls, waiting)?;
    let mut read = Vec::with_capacity(question.measures.len());
    for (at, measure) in question.measures.iter().enumerate() {
        let field = if at == 0 { "metric" } else { "other_denominators" };
        read.push(gathering.by_month(field, measure, true)?);
    }
    let Some(first) = read.first() else { return Err(Fault::Internal("no measure was read".to_owned())) };
    let units = gathering.units.list.len();
    let small = sources.admission.grain.small_numbers();
    // A month with a small number cannot be on a list that somebody may see.
    let shows =
        |unit: usize| first.table.unit(unit).iter().flatten().all(|pair| !hidden(small, first.kind, *pair));
    let rows = |table: &Table, of: fn(Pair) -> f64| -> Vec<Vec<Option<f64>>> {
        let row = |unit: usize| {
            let cells = table.unit(unit).iter();
            cells.map(|pair| pair.filter(|_| shows(unit)).map(of)).collect()
        };
        (0..units).map(row).collect()
    };
    let numerators = rows(&first.table, |pair| pair.0);
    let mut denominators: Vec<Vec<Vec<Option<f64>>>> = Vec::with_capacity(read.len());
    for (measure, other) in question.measures.iter().zip(&read) {
        same_numerators(measure, first, other)?;
        // A count from elsewhere is the denominator itself.
        denominators
            .push(rows(&other.table, if other.kind == Kind::Number { |pair| pair.0 } else { |pair| pair.1 }));
    }
    let denominators: Vec<&[Vec<Option<f64>>]> = denominators.iter().map(Vec::as_slice).collect();
    let asked = ListQuestion { share: question.share, worst: question.worst, scale: first.kind.scale() };
    let found = assess_lists(&numerators, &denominators, asked)
        .map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let mut told = response(question, &found, gathering.units.len(), answered_at);
    let from = read.iter().flat_map(|read| read.sources.iter().cloned()).collect();
    let days = question.window.days();
    let broken = breaks::inside(&*sources.snapshot, days, &gathering.units.list, &from);
    told.notes.extend(broken.iter().map(|found| format!("{} inside the window", breaks::words(found))));
    told.notes.extend(gathering.notes);
    for Monthly { changed, notes, .. } in read {
        told.notes.extend(changed.map(|words| format!("{words}, inside the window")));
        told.notes.extend(notes);
    }
    let mut said = std::collections::HashSet::new();
    told.notes.retain(|note| said.insert(note.clone()));
    Ok(told)
}

/// Another denominator says something only under the same numerator.
fn same_numerators(measure: &Measure, first: &Monthly, other: &Monthly) -> Result<(), Fault> {
    if other.kind == Kind::Number || measure.metric().is_some() {
        return Ok(());
    }
    for unit in 0..first.table.units() {
        for (own, theirs) in first.table.unit(unit).iter().zip(other.table.unit(unit)) {
            if let (Some((own, _)), Some((theirs, _))) = (own, theirs)
                && own != theirs
            {
                return Err(Fault::field(
                    "other_denominators",
                    format!(
                        "{} has other numerators than the measure of the lists: {theirs} where that has {own}",
                        measure.name
                    ),
                ));
            }
        }
    }
    Ok(())
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
        notes.push(format!(
            "{} organisations lack a number in a month and are left out of all lists",
            count(left_out)
        ));
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
