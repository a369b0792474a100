//! The numbers of one measure that go into a funnel: what was counted of each organisation, what was expected of it, and who is left out.

use std::collections::BTreeSet;

use callgauge_schema::SourceId;

use super::elsewhere::{self, Wanted};
use super::gather::{KINDS, by_hour};
use super::gathering::{GAP, Gathering, HIDDEN, NO_CALLS, hidden};
use super::list_sizes::ListSizes;
use super::measure::{Kind, Measure};
use super::table::{Pair, Table};
use crate::access::SmallNumbers;
use crate::calendar::{Hours, WholePeriod};
use crate::compare::composition::{Cells, Composition, Rates};
use crate::definitions::Definition;
use crate::service::errors::Fault;

/// Lengths of values that can be compared, the best first.
const LENGTHS: &[WholePeriod] =
    &[WholePeriod::Month, WholePeriod::Day, WholePeriod::Quarter, WholePeriod::Year];

/// What goes into a funnel.
pub(super) struct Numbers {
    pub(super) kind: Kind,
    /// By organisation.
    pub(super) counted: Vec<Pair>,
    /// By organisation: what is expected of it.
    pub(super) expected: Vec<f64>,
    /// By organisation: why it has no value.
    pub(super) left_out: Vec<Option<String>>,
    /// What it is laid over, in words, where its definition does not say it all.
    pub(super) laid_over: Option<String>,
    /// What it is expected by, in words.
    pub(super) expected_by: &'static str,
    pub(super) sources: BTreeSet<SourceId>,
    /// What a reader has to know beside the numbers.
    pub(super) notes: Vec<String>,
    /// How much is there of a number from elsewhere.
    pub(super) coverage: Option<super::coverage::Coverage>,
}

/// A share of calls, by kind of day and band.
pub(super) fn of_share(gathering: &Gathering<'_>, table: &Table, small: SmallNumbers) -> Numbers {
    let units = gathering.units.list.len();
    // Calls are whole, also where a day's were spread over its bands.
    let counted: Vec<Pair> = (0..units).map(|unit| whole(table.sum(unit))).collect();
    let left_out = left_out(table, &counted, Kind::Share, small, NO_CALLS);
    let shares = rates(table, &left_out);
    let expected = (0..units).map(|unit| over(table.unit(unit), &shares)).collect();
    Numbers {
        kind: Kind::Share,
        counted,
        expected,
        left_out,
        laid_over: None,
        expected_by: "kind of day and NHS band (indirect standardisation)",
        sources: gathering.call_sources(),
        notes: Vec::new(),
        coverage: None,
    }
}

/// A number of calls for each patient and month.
pub(super) fn of_calls(
    gathering: &Gathering<'_>,
    metric: &'static Definition,
    hours: Hours,
    small: SmallNumbers,
) -> Result<Numbers, Fault> {
    let (units, window) = (gathering.units.list.len(), gathering.window);
    let groups = gathering.units.groups();
    let slots = gathering.slots_by_month()?;
    let mut tables = gathering.counting.tables(&groups, &slots, window.months.len(), &[metric])?;
    let calls = tables.pop().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;
    let lists = ListSizes::read(gathering.sources, window.days(), &gathering.units.list)?;
    let (table, without) = gathering.over_lists(&calls, &lists)?;
    let counted: Vec<Pair> = (0..units).map(|unit| table.sum(unit)).collect();
    let mut left_out = left_out(&calls, &counted, Kind::Rate, small, "no month with calls and a list size");
    for (unit, why) in left_out.iter_mut().enumerate() {
        if calls.sum(unit) == (0.0, 0.0) && why.is_some() && !calls.has_gap(unit) {
            *why = Some(NO_CALLS.to_owned());
        }
    }
    let days = window.days();
    let by_kind = gathering.sources.slots(days, hours, gathering.sources.kinds(days))?;
    let mut tables = gathering.counting.tables_by_kind(&[together(&groups)], &by_kind, KINDS, &[metric])?;
    let kinds = tables.pop().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;
    let kinds: Vec<f64> = kinds.unit(0).iter().map(|pair| pair.map_or(0.0, |pair| pair.0)).collect();
    let undefined =
        |fault: crate::compare::composition::CompositionRefusal| Fault::NotComparable(fault.to_string());
    let compositions = window
        .months
        .iter()
        .map(|&month| Composition::of(&gathering.sources.calendar, month))
        .collect::<Result<Vec<_>, _>>()
        .map_err(undefined)?;
    let kept = |unit: &usize| left_out[*unit].is_none();
    let mut exposure = Cells::default();
    for unit in (0..units).filter(kept) {
        for (pair, composition) in table.unit(unit).iter().zip(&compositions) {
            exposure.add_all(&composition.hours, pair.map_or(0.0, |pair| pair.1));
        }
    }
    let rates = Rates::new(&by_hour(&kinds), &exposure).map_err(undefined)?;
    let of_month: Vec<f64> = compositions
        .iter()
        .map(|composition| rates.expected_of_list(1.0, composition).unwrap_or(0.0))
        .collect();
    let plain = |unit: usize| -> f64 {
        table.unit(unit).iter().zip(&of_month).filter_map(|(pair, rate)| Some(pair.as_ref()?.1 * rate)).sum()
    };
    // The kinds say how calls are spread over days and hours, and all calls together how many there are.
    let all: f64 = (0..units).filter(kept).map(|unit| counted[unit].0).sum();
    let expected_of_all: f64 = (0..units).filter(kept).map(plain).sum();
    let level = if expected_of_all > 0.0 { all / expected_of_all } else { 0.0 };
    let mut notes = lists.notes();
    if without > 0 {
        notes
            .push(format!("{without} months of organisations have calls and no list size, and are left out"));
    }
    let mut sources = gathering.call_sources();
    sources.extend(lists.source().cloned());
    Ok(Numbers {
        kind: Kind::Rate,
        expected: (0..units).map(|unit| level * plain(unit)).collect(),
        counted,
        left_out,
        laid_over: None,
        expected_by: "kind of day and hour over the list sizes of the months (indirect standardisation)",
        sources,
        notes,
        coverage: None,
    })
}

/// A number from elsewhere.
pub(super) fn of_elsewhere(
    gathering: &Gathering<'_>,
    field: &str,
    measure: &Measure,
    by_source: bool,
    small: SmallNumbers,
) -> Result<Numbers, Fault> {
    let units = gathering.units.list.len();
    let wanted = Wanted {
        days: gathering.window.days(),
        stretches: &gathering.window.months,
        lengths: LENGTHS,
        by_source,
    };
    let read = elsewhere::read(gathering.sources, field, measure, &gathering.units.list, wanted)?;
    let counted: Vec<Pair> = (0..units).map(|unit| read.table.sum(unit)).collect();
    let mut left_out =
        left_out(&read.table, &counted, read.kind, small, "no value that can be used in the window");
    let (expected, expected_by) = match (&read.expected, read.kind) {
        (_, Kind::Ratio) => (counted.iter().map(|pair| pair.1).collect(), "its source"),
        (Some(table), _) if by_source => {
            for (unit, why) in left_out.iter_mut().enumerate() {
                let missing = read
                    .table
                    .unit(unit)
                    .iter()
                    .zip(table.unit(unit))
                    .any(|(a, b)| a.is_some() && b.is_none());
                if missing && why.is_none() {
                    *why = Some("its source does not expect anything of some of its values".to_owned());
                }
            }
            ((0..units).map(|unit| table.sum(unit).0).collect(), "its source")
        }
        _ => {
            let rates = rates(&read.table, &left_out);
            let expected = (0..units).map(|unit| over(read.table.unit(unit), &rates)).collect();
            (expected, "the peers' value in each stretch of time (indirect standardisation)")
        }
    };
    let mut notes = read.notes;
    if let Some((_, words)) = read.changed {
        notes.push(format!("{words}: what lies before and after is not one series"));
    }
    if read.mixed {
        notes.push(format!("organisations' values of {} are of several definitions", measure.name));
    }
    Ok(Numbers {
        kind: read.kind,
        counted,
        expected,
        left_out,
        laid_over: Some(read.laid_over),
        expected_by,
        sources: read.sources,
        notes,
        coverage: Some(read.coverage),
    })
}

fn whole((numerator, denominator): Pair) -> Pair {
    (numerator.round(), denominator.round())
}

/// Why organisations have no value.
fn left_out(
    table: &Table,
    counted: &[Pair],
    kind: Kind,
    small: SmallNumbers,
    nothing: &str,
) -> Vec<Option<String>> {
    let why = |(unit, pair): (usize, &Pair)| {
        if table.has_gap(unit) {
            Some(GAP.to_owned())
        } else if pair.1 <= 0.0 {
            Some(nothing.to_owned())
        } else if hidden(small, kind, *pair) {
            Some(HIDDEN.to_owned())
        } else {
            None
        }
    };
    counted.iter().enumerate().map(why).collect()
}

/// The value that all organisations with a value have together, by bucket.
fn rates(table: &Table, left_out: &[Option<String>]) -> Vec<f64> {
    let mut sums: Vec<Pair> = Vec::new();
    for unit in (0..left_out.len()).filter(|&unit| left_out[unit].is_none()) {
        let row = table.unit(unit);
        sums.resize(row.len(), (0.0, 0.0));
        for (sum, (n, d)) in sums.iter_mut().zip(row).filter_map(|(sum, pair)| Some((sum, (*pair)?))) {
            *sum = (sum.0 + n, sum.1 + d);
        }
    }
    sums.into_iter().map(|(n, d)| if d > 0.0 { n / d } else { 0.0 }).collect()
}

/// Denominators times rates.
fn over(row: &[Option<Pair>], rates: &[f64]) -> f64 {
    row.iter().zip(rates).filter_map(|(pair, rate)| Some(pair.as_ref()?.1 * rate)).sum()
}

/// All calls of groups in one; who is in several of them counts once.
pub(super) fn together(groups: &[crate::store::Group]) -> crate::store::Group {
    use crate::store::Group;
    let mut spans = Vec::new();
    for group in groups {
        match group {
            Group::All => return Group::All,
            Group::Spans(own) => spans.extend(own.iter().copied()),
        }
    }
    Group::Spans(spans)
}
