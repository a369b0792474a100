//! The rows of an answer: which there have to be, and what each has to say.

use std::collections::{BTreeMap, BTreeSet};

use callgauge::proto::v1::{
    Breakdown, BreakdownValue, Bucket, Level, MetricRow, OrganisationRef, OutcomePart, breakdown_value::Part,
};
use jiff::civil::Date;

use super::buckets::{Buckets, Key};
use super::call::{Call, Whose};
use super::ledger::Ledger;
use super::measure::{measure, outcome_check};
use super::practice_days::PracticeDays;
use super::question::Question;
use super::world;

/// Whose row: position of what was asked, codes before Unassigned before Unmapped, the code.
pub(crate) type RowName = (usize, u8, String);

/// Which row: whose, which bucket, which part of the breakdown (in words).
type Place = (RowName, Key, String);

/// Holds an answer to what it should be.
pub(crate) fn compare(ledger: &Ledger, question: &Question, found: &[MetricRow]) -> Result<(), String> {
    let buckets = question.cut.buckets();
    let cells = cells(ledger, question);
    let practice_days = PracticeDays::new(ledger, question);
    let mut seen = BTreeSet::new();
    let mut last: Option<(RowName, Key)> = None;
    for row in found {
        let place = place(question, &buckets, row)?;
        let (name, key, _) = &place;
        if last.as_ref().is_some_and(|last| *last > (name.clone(), *key)) {
            return Err(format!("rows are out of order at {place:?}"));
        }
        last = Some((name.clone(), *key));
        let calls = cells.get(&place).map_or(&[][..], Vec::as_slice);
        let (completeness, practices) = practice_days.of(name, &buckets.days[key]);
        let expected = MetricRow {
            completeness: Some(completeness),
            practices,
            ..expected(question, name, &buckets.by_key[key], row.breakdown.clone(), calls)
        };
        let shown = shown(row);
        if shown != expected {
            return Err(format!("{place:?}\nfound    {shown:#?}\nexpected {expected:#?}"));
        }
        if !seen.insert(place.clone()) {
            return Err(format!("{place:?} comes twice"));
        }
    }
    let filled = cells.keys().cloned();
    let empty = match question.breakdown {
        Breakdown::Unspecified => whole_rows(ledger, question, buckets.by_key.keys()),
        _ => Vec::new(),
    };
    match filled.chain(empty).find(|place| !seen.contains(place)) {
        Some(place) => Err(format!("{place:?} is missing")),
        None => Ok(()),
    }
}

/// The calls of every row that has any.
fn cells<'a>(ledger: &'a Ledger, question: &Question) -> BTreeMap<Place, Vec<&'a Call>> {
    let mut cells: BTreeMap<Place, Vec<&Call>> = BTreeMap::new();
    for (source, call) in ledger.counted() {
        let clock = call.clock();
        let Some(key) = question.cut.key(clock) else { continue };
        let part = part(question.breakdown, source, call).map(|part| format!("{part:?}")).unwrap_or_default();
        for at in 0..question.asked.len() {
            if let Some(name) = row_name(question, at, &call.whose, clock.date) {
                cells.entry((name, key, part.clone())).or_default().push(call);
            }
        }
    }
    cells
}

/// The row that somebody's calls of a day are in, of those for the asked at this position.
pub(crate) fn row_name(question: &Question, at: usize, whose: &Whose, day: Date) -> Option<RowName> {
    let asked = question.asked[at];
    let within = match world::level(asked) {
        Level::England => true,
        level => world::belongs(whose, level, day) == Some(asked),
    };
    if !within {
        return None;
    }
    let Some(below) = question.group_by else { return Some((at, 0, asked.to_owned())) };
    Some(match (world::belongs(whose, below, day), whose) {
        (Some(code), _) => (at, 0, code.to_owned()),
        (None, Whose::Account { .. }) => (at, 1, "Unassigned".to_owned()),
        (None, Whose::Practice(_)) => (at, 2, "Unmapped".to_owned()),
    })
}

/// Rows that have to be there even without calls: those asked for, or those that a practice belongs to on any day of the range.
fn whole_rows<'a>(
    ledger: &Ledger,
    question: &Question,
    keys: impl Iterator<Item = &'a Key> + Clone,
) -> Vec<Place> {
    let mut names: BTreeSet<RowName> = BTreeSet::new();
    for at in 0..question.asked.len() {
        if question.group_by.is_none() {
            names.insert((at, 0, question.asked[at].to_owned()));
            continue;
        }
        for code in world::CODES.iter().filter(|code| world::level(code) == Level::Practice) {
            if *code == world::LATE && !ledger.knows_late() {
                continue;
            }
            let whose = Whose::Practice((*code).to_owned());
            let mut day = question.cut.first;
            while day < question.cut.end {
                names.extend(row_name(question, at, &whose, day));
                day = day.tomorrow().expect("the range is in range");
            }
        }
    }
    let with_keys = |name: RowName| keys.clone().map(move |key| (name.clone(), *key, String::new()));
    names.into_iter().flat_map(with_keys).collect()
}

/// Where a row that was found belongs.
fn place(question: &Question, buckets: &Buckets, row: &MetricRow) -> Result<Place, String> {
    let organisation = row.organisation.clone().ok_or("a row without an organisation")?;
    let asked = if question.group_by.is_some() { &organisation.within_code } else { &organisation.code };
    let at = question.asked.iter().position(|code| code == asked);
    let at = at.ok_or_else(|| format!("nobody asked for {organisation:?}"))?;
    let rank = match organisation.code.as_str() {
        "Unassigned" => 1,
        "Unmapped" => 2,
        _ => 0,
    };
    let bucket = row.bucket.clone().ok_or("a row without a bucket")?;
    let key = buckets.key(&bucket).ok_or_else(|| format!("there is no such bucket: {bucket:?}"))?;
    let part = match &row.breakdown {
        Some(BreakdownValue { part: Some(part) }) => format!("{part:?}"),
        Some(BreakdownValue { part: None }) => return Err("a breakdown without a part".to_owned()),
        None => String::new(),
    };
    // A bucket without calls has no parts: it is one row, as it is without a breakdown.
    let split = question.breakdown != Breakdown::Unspecified && row.calls > 0;
    if part.is_empty() == split {
        return Err(format!("a part where none was asked for, or none where it was: {part:?}"));
    }
    Ok(((at, rank, organisation.code), key, part))
}

/// A row without words for people, which the oracle does not know.
fn shown(row: &MetricRow) -> MetricRow {
    let mut row = row.clone();
    if let Some(bucket) = &mut row.bucket {
        bucket.label.clear();
    }
    row
}

/// What a row says, apart from its practice-days.
fn expected(
    question: &Question,
    name: &RowName,
    bucket: &Bucket,
    breakdown: Option<BreakdownValue>,
    calls: &[&Call],
) -> MetricRow {
    let (at, rank, code) = name;
    let level = match (rank, question.group_by) {
        (0, _) | (_, None) => world::level(code),
        (_, Some(below)) => below,
    };
    let organisation = OrganisationRef {
        code: code.clone(),
        name: match (rank, level) {
            (0, Level::England) => "England".to_owned(),
            (0, _) => format!("Name of {code}"),
            _ => code.clone(),
        },
        level: level.into(),
        within_code: question.group_by.map_or(String::new(), |_| question.asked[*at].to_owned()),
    };
    MetricRow {
        organisation: Some(organisation),
        bucket: Some(bucket.clone()),
        breakdown,
        values: question
            .set
            .metrics()
            .iter()
            .map(|metric| measure(metric, calls, &question.options))
            .collect(),
        outcome_check: Some(outcome_check(calls)),
        completeness: None,
        calls: calls.len() as i64,
        practices: 0,
    }
}

fn part(breakdown: Breakdown, source: &str, call: &Call) -> Option<Part> {
    match breakdown {
        Breakdown::Unspecified => None,
        Breakdown::OutcomeReason => Some(Part::Outcome(OutcomePart {
            direction: call.direction.into(),
            outcome: call.outcome.into(),
            reason: call.reason.into(),
        })),
        Breakdown::Line => Some(Part::Line(call.line.clone())),
        Breakdown::Source => Some(Part::SourceId(source.to_owned())),
    }
}
