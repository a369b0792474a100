//! Numbers from elsewhere, of organisations in stretches of time: which rows count, what they are laid over, and whether they are of one definition.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callgauge_schema::{OdsCode, SourceId};

use super::coverage::Coverage;
use super::gather::Sources;
use super::list_sizes::ListSizes;
use super::measure::{Kind, Measure, Nature, Of};
use super::table::Table;
use super::units::Unit;
use crate::calendar::{Days, WholePeriod};
use crate::definitions::indicators::IndicatorName;
use crate::pictures::count;
use crate::service::errors::Fault;
use crate::store::{IndicatorRow, IndicatorsAsk, StoreError};

/// Most rows that one question reads of one indicator.
const MOST_ROWS: usize = 2_000_000;
/// Of so few practices only their rows are read.
const FEW: usize = 50;
/// Quality notes that an answer repeats.
const NOTES: usize = 3;

/// The values of an indicator.
pub(super) struct Elsewhere {
    /// By organisation and stretch, in order of time.
    pub(super) table: Table,
    pub(super) kind: Kind,
    /// What its sums are laid over, in words.
    pub(super) laid_over: String,
    /// What its source expects of the numerators of a share, where it says so; denominators are 0.
    pub(super) expected: Option<Table>,
    /// Who said so, those of the list sizes among them.
    pub(super) sources: BTreeSet<SourceId>,
    /// A change of definition inside, in words and with the stretch that it begins.
    pub(super) changed: Option<(usize, String)>,
    /// Whether practices are measured by different definitions, though none of them changed.
    pub(super) mixed: bool,
    pub(super) coverage: Coverage,
    pub(super) notes: Vec<String>,
}

/// How values are to be cut.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) days: Days,
    pub(super) stretches: &'a [Days],
    /// Lengths of values that will do, the best first. Those that do not fit into the stretches are stretches of their own.
    pub(super) lengths: &'a [WholePeriod],
    /// Whether expected values of the source count for rates.
    pub(super) by_source: bool,
}

/// Lengths of values by month.
pub(super) const MONTHLY: &[WholePeriod] = &[WholePeriod::Month, WholePeriod::Day];

/// Whose a practice's value is.
struct Owners(HashMap<OdsCode, Vec<(Days, usize)>>);

impl Owners {
    fn of(units: &[Unit]) -> Self {
        let mut owners: HashMap<OdsCode, Vec<(Days, usize)>> = HashMap::new();
        for (unit, (code, days)) in
            units.iter().enumerate().flat_map(|(at, unit)| unit.practices.iter().map(move |own| (at, own)))
        {
            owners.entry(*code).or_default().push((*days, unit));
        }
        Self(owners)
    }

    /// The organisation to which the practice belongs on the first day of the period, or on the first day of it on which it belongs to any.
    fn at(&self, code: OdsCode, period: Days) -> Option<usize> {
        let own = self.0.get(&code)?;
        let first = own.iter().find(|(days, _)| days.contains(period.first));
        let any =
            || own.iter().filter(|(days, _)| !days.overlap(period).is_empty()).min_by_key(|own| own.0.first);
        first.or_else(any).map(|&(_, unit)| unit)
    }
}

/// Rows of an indicator on these days, of the practices of organisations.
pub(super) fn rows(
    sources: &Sources,
    name: &IndicatorName,
    source: Option<&SourceId>,
    days: Days,
    units: &[Unit],
) -> Result<Vec<IndicatorRow>, Fault> {
    let practices = || units.iter().flat_map(|unit| &unit.practices).map(|(code, _)| *code);
    let few = practices().take(FEW + 1).count() <= FEW;
    let ask = IndicatorsAsk {
        source: source.cloned(),
        organisations: if few { practices().collect() } else { Vec::new() },
        ..IndicatorsAsk::new(vec![name.clone()], days, MOST_ROWS)
    };
    sources.runtime.block_on(Arc::clone(&sources.snapshot).indicators(ask)).map_err(|fault| match fault {
        StoreError::TooLarge(most) => Fault::AnswerTooLarge(format!(
            "{name} has more than {most} values in the window: ask for fewer months or organisations"
        )),
        other => Fault::from(other),
    })
}

/// Reads an indicator; `field` is where it was named.
///
/// # Errors
/// [`Fault::NotComparable`] where it has no values that will do.
pub(super) fn read(
    sources: &Sources,
    field: &str,
    measure: &Measure,
    units: &[Unit],
    wanted: Wanted<'_>,
) -> Result<Elsewhere, Fault> {
    let Of::Elsewhere(name, source) = &measure.of else {
        return Err(Fault::Internal("calls are not read from elsewhere".to_owned()));
    };
    let owners = Owners::of(units);
    let mut found = rows(sources, name, source.as_ref(), wanted.days, units)?;
    found.retain(|row| owners.at(row.organisation, row.period).is_some());
    let mut from: BTreeSet<SourceId> = found.iter().map(|row| row.source.clone()).collect();
    if from.len() > 1 {
        let named: Vec<String> = from.iter().map(|source| format!("{name}@{source}")).collect();
        return Err(Fault::field(
            field,
            format!("several sources have values of {name}: name one, as {}", named.join(" or ")),
        ));
    }
    let length = of_one_length(name, &mut found, wanted.lengths)?;
    let stretches = match length {
        WholePeriod::Month | WholePeriod::Day | WholePeriod::Week => wanted.stretches.to_vec(),
        WholePeriod::Quarter | WholePeriod::Year => {
            found.iter().map(|row| row.period).collect::<BTreeSet<Days>>().into_iter().collect()
        }
    };
    let nature = measure.nature();
    let expects = found.iter().any(|row| row.value.expected().is_some());
    let kind = match nature {
        Nature::Share => Kind::Share,
        Nature::Rate if expects && wanted.by_source => Kind::Ratio,
        Nature::Rate => Kind::Rate,
        _ => Kind::Number,
    };
    let bare = kind == Kind::Rate && found.iter().any(|row| row.value.denominator().is_none());
    let lists = if bare { ListSizes::read(sources, wanted.days, units)? } else { ListSizes::default() };
    if bare && lists.is_empty() && found.iter().all(|row| row.value.denominator().is_none()) {
        return Err(Fault::NotComparable(ListSizes::missing()));
    }
    let mut filled = Filled {
        table: Table::new(units.len(), stretches.len()),
        expected: (kind == Kind::Share && expects).then(|| Table::new(units.len(), stretches.len())),
        without_list: 0,
        without_expected: 0,
    };
    for row in &found {
        let at = stretches.partition_point(|stretch| stretch.end <= row.period.first);
        let within = stretches
            .get(at)
            .is_some_and(|stretch| stretch.first <= row.period.first && row.period.end <= stretch.end);
        if let Some(unit) = owners.at(row.organisation, row.period).filter(|_| within) {
            filled.add(unit, at, kind, row, &lists);
        }
    }
    let Filled { table, expected, without_list, without_expected } = filled;
    if bare {
        from.extend(lists.source().cloned());
    }
    let mut notes = notes(measure, &found, length);
    if without_list > 0 {
        notes.push(format!(
            "{without_list} values of {name} have no list size of the same month, and are left out"
        ));
    }
    if without_expected > 0 {
        notes.push(format!("{without_expected} values of {name} have no expected value, and are left out"));
    }
    notes.extend(lists.notes());
    let versions = Versions::of(&found);
    let changed = versions.changed.map(|(row, words)| {
        (stretches.partition_point(|stretch| stretch.end <= row.first), format!("{name}: {words}"))
    });
    let coverage = Coverage::elsewhere(&measure.name, units, &stretches, &table);
    let laid_over = measure.added_up_over(kind, bare, length);
    Ok(Elsewhere {
        table,
        kind,
        laid_over,
        expected,
        sources: from,
        changed,
        mixed: versions.mixed,
        coverage,
        notes,
    })
}

/// Leaves the rows of the best length of those that will do, and none that overlaps another of its practice.
fn of_one_length(
    name: &IndicatorName,
    rows: &mut Vec<IndicatorRow>,
    lengths: &[WholePeriod],
) -> Result<WholePeriod, Fault> {
    let there: BTreeSet<WholePeriod> = rows.iter().filter_map(|row| WholePeriod::of(row.period)).collect();
    let Some(length) = lengths.iter().copied().find(|length| there.contains(length)) else {
        if there.is_empty() {
            return Err(Fault::NotComparable(format!(
                "{name} has no values of these organisations in the window: ListIndicators shows what there is"
            )));
        }
        let listed = |lengths: &mut dyn Iterator<Item = WholePeriod>| {
            lengths.map(|length| length.to_string()).collect::<Vec<_>>().join(" or ")
        };
        return Err(Fault::NotComparable(format!(
            "{name} has values by {} only, and this needs values by {}",
            listed(&mut there.iter().copied()),
            listed(&mut lengths.iter().copied())
        )));
    };
    let mut ends: HashMap<OdsCode, crate::calendar::Day> = HashMap::new();
    rows.retain(|row| {
        let end = ends.get(&row.organisation).copied();
        let counts =
            WholePeriod::of(row.period) == Some(length) && end.is_none_or(|end| end <= row.period.first);
        if counts {
            ends.insert(row.organisation, row.period.end);
        }
        counts
    });
    Ok(length)
}

struct Filled {
    table: Table,
    expected: Option<Table>,
    without_list: usize,
    without_expected: usize,
}

impl Filled {
    fn add(&mut self, unit: usize, at: usize, kind: Kind, row: &IndicatorRow, lists: &ListSizes) {
        let value = row.value;
        let denominator = match kind {
            Kind::Number => Some(0.0),
            Kind::Share => value.denominator(),
            Kind::Rate => value.denominator().or_else(|| {
                let list = lists.at(row.organisation, row.period);
                self.without_list += usize::from(list.is_none());
                list
            }),
            Kind::Ratio => {
                self.without_expected += usize::from(value.expected().is_none());
                value.expected()
            }
        };
        let Some(denominator) = denominator else { return };
        self.table.add(unit, at, (value.numerator(), denominator));
        if let Some(table) = &mut self.expected {
            match value.expected() {
                Some(expected) => table.add(unit, at, (expected, 0.0)),
                None => self.without_expected += 1,
            }
        }
    }
}

/// Versions of the source's definition, as far as it states any.
struct Versions {
    changed: Option<(Days, String)>,
    mixed: bool,
}

impl Versions {
    /// Rows are in order of time.
    fn of(rows: &[IndicatorRow]) -> Self {
        let mut by_practice: HashMap<OdsCode, &Arc<str>> = HashMap::new();
        let mut all: BTreeSet<&str> = BTreeSet::new();
        let mut changed = None;
        for row in rows.iter().filter(|row| !row.definition_version.is_empty()) {
            let version = &row.definition_version;
            all.insert(version);
            let before = by_practice.insert(row.organisation, version);
            if let Some(before) = before.filter(|before| *before != version)
                && changed.is_none()
            {
                let words =
                    format!("the definition changes from {before:?} to {version:?} on {}", row.period.first);
                changed = Some((row.period, words));
            }
        }
        Self { mixed: changed.is_none() && all.len() > 1, changed }
    }
}

/// What is said beside the values.
fn notes(measure: &Measure, rows: &[IndicatorRow], length: WholePeriod) -> Vec<String> {
    let mut said: BTreeMap<(&SourceId, &str), usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.quality_note.is_empty()) {
        *said.entry((&row.source, &row.quality_note)).or_default() += 1;
    }
    let mut notes: Vec<String> = Vec::new();
    if length == WholePeriod::Day {
        notes.push(format!(
            "{} is added up from values by day: days without one count as nothing",
            measure.name
        ));
    }
    let more = said.len().saturating_sub(NOTES);
    notes.extend(said.into_iter().take(NOTES).map(|((source, note), values)| {
        let note: String = note.chars().take(200).collect();
        format!("{source} says of {} values of {}: {note}", count(values), measure.name)
    }));
    if more > 0 {
        notes.push(format!("{more} more quality notes are in ListIndicators"));
    }
    notes
}
