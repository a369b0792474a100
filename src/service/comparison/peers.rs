//! Who is whose peer: fifths by list size or deprivation, one supplier; and who is left out because nobody knows where they belong.

use std::collections::{BTreeSet, HashMap};

use callgauge_schema::{OdsCode, SourceId};

use super::counting::Counting;
use super::elsewhere;
use super::gather::Sources;
use super::list_sizes;
use super::question::{By, Fifth, Peers};
use super::units::Units;
use crate::calendar::{Days, Slots};
use crate::compare::{FirstBand, quantile_groups};
use crate::definitions::indicators::IndicatorName;
use crate::organisations::Level;
use crate::pictures::count;
use crate::service::errors::Fault;
use crate::store::Whose;

/// Fifths.
const FIFTHS: u32 = 5;
/// How far back a list size may lie: two years.
const LIST_DAYS: i32 = 731;
/// How far back a deprivation score may lie: ten years, since it is published every few years.
const DEPRIVATION_DAYS: i32 = 3_653;
/// How far a period may reach beyond the window in which it begins: a year, the longest there is.
const PERIOD_DAYS: i32 = 366;

/// What makes fifths.
struct Scale {
    name: IndicatorName,
    back: i32,
    first: FirstBand,
    called: &'static str,
    ends: [&'static str; 2],
}

/// Leaves the fifth that is asked for, and names those of whom nobody knows theirs.
pub(super) fn of_fifth(
    units: &mut Units,
    peers: &Peers,
    sources: &Sources,
    days: Days,
) -> Result<Vec<String>, Fault> {
    let (fifth, scale) = match &peers.by {
        By::All | By::Supplier(_) => return Ok(Vec::new()),
        By::ListSize(fifth) => (
            fifth,
            Scale {
                name: list_sizes::name()?,
                back: LIST_DAYS,
                first: FirstBand::Lowest,
                called: "list size",
                ends: ["the smallest", "the largest"],
            },
        ),
        By::Deprivation(fifth) => (
            fifth,
            Scale {
                name: "deprivation"
                    .parse()
                    .map_err(|_| Fault::Internal("deprivation is no indicator".to_owned()))?,
                back: DEPRIVATION_DAYS,
                first: FirstBand::Highest,
                called: "deprivation score",
                ends: ["the most deprived", "the least deprived"],
            },
        ),
    };
    if peers.level != Level::Practice {
        return Err(Fault::field("peers.by", "makes fifths of practices only: ask for level PRACTICE"));
    }
    let (values, whose) = latest(&scale, units, sources, days)?;
    let of = |code: &OdsCode| values.get(code).copied();
    let value: Vec<Option<f64>> =
        units.list.iter().map(|unit| unit.practices.first().and_then(|(code, _)| of(code))).collect();
    let bands = quantile_groups(&value, FIFTHS, scale.first).map_err(|fault| {
        Fault::NotComparable(format!(
            "there are no fifths by {}: {fault}; IndicatorService takes \"{}\"",
            scale.called, scale.name
        ))
    })?;
    let wanted = match fifth {
        Fifth::Number(number) => *number,
        Fifth::Like(code) => {
            let at = units.list.iter().position(|unit| unit.organisation.code == code.as_str());
            let told = |why: &str| Fault::field("peers.like_code", format!("{code} {why}"));
            let at = at.ok_or_else(|| told("is not in the group: name one of its practices"))?;
            bands[at]
                .ok_or_else(|| told(&format!("has no {}, so that nobody knows its fifth", scale.called)))?
        }
    };
    let mut at = 0;
    let mut unknown = Vec::new();
    units.list.retain(|unit| {
        let band = bands[at];
        at += 1;
        if band.is_none() {
            unknown.push((
                unit.organisation.clone(),
                format!("has no {} that is known: it is in no fifth", scale.called),
            ));
        }
        band == Some(wanted)
    });
    let missing = unknown.len();
    units.unplaced.extend(unknown);
    let [first, last] = scale.ends;
    let mut notes = vec![format!(
        "peers are fifth {wanted} by {} of the {} practices of the group that have one; 1 is {first}, {FIFTHS} {last}",
        scale.called,
        count(value.iter().flatten().count())
    )];
    notes.extend(whose);
    if missing > 0 {
        notes.push(format!(
            "{} practices have no {} that is known, and are left out",
            count(missing),
            scale.called
        ));
    }
    Ok(notes)
}

/// The last value of each practice that begins before the end of the window, of one source; and whose they are, where several have some.
fn latest(
    scale: &Scale,
    units: &Units,
    sources: &Sources,
    days: Days,
) -> Result<(HashMap<OdsCode, f64>, Option<String>), Fault> {
    let reach = Days::new(days.end.plus(-scale.back), days.end.plus(PERIOD_DAYS));
    let mut rows = elsewhere::rows(sources, &scale.name, None, reach, &units.list)?;
    rows.retain(|row| row.period.first < days.end);
    let from: BTreeSet<&SourceId> = rows.iter().map(|row| &row.source).collect();
    let source = from.first().copied().cloned();
    let of_source = rows.iter().filter(|row| Some(&row.source) == source.as_ref());
    // In order of time: the last one stays.
    let values = of_source.map(|row| (row.organisation, row.value.numerator())).collect();
    let others = from.len().saturating_sub(1);
    let whose = source.filter(|_| others > 0).map(|source| {
        format!("fifths are by the {} of {source}; {others} more sources have some", scale.called)
    });
    Ok((values, whose))
}

/// Leaves the organisations that one source measures, where that is asked for; says which sources contribute to each that is left. Who has no calls counts by
/// its source of record.
pub(super) fn of_supplier(
    units: &mut Units,
    peers: &Peers,
    counting: &Counting<'_>,
    sources: &Sources,
    slots: &Slots,
) -> Result<Vec<Vec<SourceId>>, Fault> {
    let mut found = counting.contributing(&units.groups(), slots)?;
    let wanted = match (&peers.by, &peers.source) {
        (By::Supplier(Some(code)), _) => Some(supplier_of(units, code, &found, sources, slots.days())?),
        (_, Some(source)) => Some(source.clone()),
        _ => None,
    };
    let Some(wanted) = wanted else { return Ok(found) };
    let mut at = 0;
    let mut kept = Vec::new();
    let mut unknown = Vec::new();
    units.list.retain(|unit| {
        let mut theirs = std::mem::take(&mut found[at]);
        at += 1;
        if theirs.is_empty() {
            theirs = of_record(unit, sources, slots.days());
        }
        if theirs.is_empty() {
            unknown.push((
                unit.organisation.clone(),
                "has no supplier that is known: no calls, and no source of record".to_owned(),
            ));
        }
        let keep = theirs == std::slice::from_ref(&wanted);
        if keep {
            kept.push(theirs);
        }
        keep
    });
    units.unplaced.extend(unknown);
    Ok(kept)
}

fn supplier_of(
    units: &Units,
    code: &OdsCode,
    found: &[Vec<SourceId>],
    sources: &Sources,
    days: Days,
) -> Result<SourceId, Fault> {
    let told = |why: String| Fault::field("peers.like_code", format!("{code} {why}"));
    let at = units.list.iter().position(|unit| unit.organisation.code == code.as_str());
    let at = at.ok_or_else(|| told("is not in the group: name one of its practices".to_owned()))?;
    let own =
        if found[at].is_empty() { of_record(&units.list[at], sources, days) } else { found[at].clone() };
    match own.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(told("has no supplier that is known: no calls, and no source of record".to_owned())),
        several => Err(told(format!("has {} suppliers in the window: name one by source_id", several.len()))),
    }
}

/// The sources of record of an organisation's practices.
fn of_record(unit: &super::units::Unit, sources: &Sources, days: Days) -> Vec<SourceId> {
    let statements = sources.snapshot.statements();
    let mut found: Vec<SourceId> = Vec::new();
    for (code, open) in &unit.practices {
        let whose = Whose::Practice(*code);
        let within = statements.of_record().within(&whose, days.overlap(*open));
        found.extend(within.map(|(_, source)| source.clone()));
    }
    found.sort_unstable();
    found.dedup();
    found
}
