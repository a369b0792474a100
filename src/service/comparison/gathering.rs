//! The organisations of a question with what counts of them, and a measure of them month by month: what every method begins with.

use std::collections::BTreeSet;

use callgauge_schema::SourceId;

use super::counting::Counting;
use super::coverage::Coverage;
use super::elsewhere::{self, Elsewhere, MONTHLY, Wanted};
use super::gather::Sources;
use super::list_sizes::ListSizes;
use super::measure::{Kind, Measure, Nature};
use super::peers;
use super::question::{By, Peers, Window};
use super::table::{Pair, Table};
use super::units::Units;
use crate::access::SmallNumbers;
use crate::calendar::{Day, Hours, Slots};
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::Keys;

/// The organisations of a question.
pub(super) struct Gathering<'a> {
    pub(super) sources: &'a Sources,
    pub(super) units: Units,
    pub(super) keys: Keys,
    pub(super) counting: Counting<'a>,
    /// By organisation: the sources whose calls count, where calls matter.
    pub(super) contributing: Vec<Vec<SourceId>>,
    /// How peers were chosen, in words.
    pub(super) notes: Vec<String>,
    pub(super) window: &'a Window,
    hours: Hours,
}

/// A measure month by month.
pub(super) struct Monthly {
    /// By organisation and month.
    pub(super) table: Table,
    pub(super) kind: Kind,
    /// What sums of a number from elsewhere are laid over, in words.
    pub(super) laid_over: Option<String>,
    pub(super) sources: BTreeSet<SourceId>,
    /// Whether organisations are measured by different methods.
    pub(super) methods_differ: bool,
    /// A change of definition inside the window, in words.
    pub(super) changed: Option<String>,
    /// How much is there of a number from elsewhere; of calls [`Gathering::coverage_of_calls`] says it.
    pub(super) coverage: Option<Coverage>,
    pub(super) notes: Vec<String>,
}

impl<'a> Gathering<'a> {
    /// Plans who is compared. Blocks.
    pub(super) fn new(
        sources: &'a Sources,
        peers: &Peers,
        (window, hours): (&'a Window, Hours),
        of_calls: bool,
        waiting: &'a Waiting,
    ) -> Result<Self, Fault> {
        let attributions = sources.snapshot.attributions();
        let keys = Keys::of(&attributions);
        let days = window.days();
        let mut units = Units::plan(peers, &sources.directory, &attributions, &keys, days)?;
        let notes = peers::of_fifth(&mut units, peers, sources, days)?;
        let counting = Counting::new(sources, days, &units.groups(), waiting)?;
        let by_supplier = peers.source.is_some() || matches!(peers.by, By::Supplier(_));
        let contributing = if of_calls || by_supplier {
            let slots = sources.slots(days, hours, |_, _| Some(0))?;
            peers::of_supplier(&mut units, peers, &counting, sources, &slots)?
        } else {
            vec![Vec::new(); units.list.len()]
        };
        Ok(Self { sources, units, keys, counting, contributing, notes, window, hours })
    }

    /// All sources whose calls count.
    pub(super) fn call_sources(&self) -> BTreeSet<SourceId> {
        self.contributing.iter().flatten().cloned().collect()
    }

    /// How many days have calls.
    pub(super) fn coverage_of_calls(&self) -> Result<Coverage, Fault> {
        self.coverage_within(self.window)
    }

    /// The same on the days of a part of the window.
    pub(super) fn coverage_within(&self, window: &Window) -> Result<Coverage, Fault> {
        Coverage::of(self.sources, &self.counting, &self.units, &self.keys, window)
    }

    /// Each day's month as a bucket.
    pub(super) fn slots_by_month(&self) -> Result<Slots, Fault> {
        let months = &self.window.months;
        let at = |day: Day| u32::try_from(months.partition_point(|month| month.end <= day)).ok();
        self.sources.slots(self.window.days(), self.hours, |day, _| at(day))
    }

    /// A measure by month; `field` is where it was named. Numbers of calls are laid over list sizes where `rates` says so.
    ///
    /// # Errors
    /// [`Fault::NotComparable`] where there is nothing to make it of.
    pub(super) fn by_month(&self, field: &str, measure: &Measure, rates: bool) -> Result<Monthly, Fault> {
        let Some(metric) = measure.metric() else {
            let wanted = Wanted {
                days: self.window.days(),
                stretches: &self.window.months,
                lengths: MONTHLY,
                by_source: true,
            };
            return elsewhere::read(self.sources, field, measure, &self.units.list, wanted)
                .map(Monthly::from);
        };
        let slots = self.slots_by_month()?;
        let months = self.window.months.len();
        let tables = self.counting.tables(&self.units.groups(), &slots, months, &[metric])?;
        let table =
            tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;
        let sources = self.call_sources();
        let monthly = Monthly {
            table,
            kind: if measure.nature() == Nature::Share { Kind::Share } else { Kind::Number },
            laid_over: None,
            methods_differ: sources.len() > 1,
            sources,
            changed: None,
            coverage: None,
            notes: Vec::new(),
        };
        if rates && monthly.kind == Kind::Number { self.per_patient(monthly) } else { Ok(monthly) }
    }

    /// Lays numbers of calls over the list sizes of their months.
    fn per_patient(&self, monthly: Monthly) -> Result<Monthly, Fault> {
        let lists = ListSizes::read(self.sources, self.window.days(), &self.units.list)?;
        let (table, without) = self.over_lists(&monthly.table, &lists)?;
        let mut notes = lists.notes();
        if without > 0 {
            notes.push(format!(
                "{without} months of organisations have calls and no list size, and are left out"
            ));
        }
        let mut sources = monthly.sources;
        sources.extend(lists.source().cloned());
        Ok(Monthly { table, kind: Kind::Rate, sources, notes, ..monthly })
    }

    /// Numbers of calls with the patients of the month as denominators, and how many months of organisations have no list size.
    pub(super) fn over_lists(&self, calls: &Table, lists: &ListSizes) -> Result<(Table, usize), Fault> {
        if lists.is_empty() {
            return Err(Fault::NotComparable(ListSizes::missing()));
        }
        let months = &self.window.months;
        let mut table = Table::new(self.units.list.len(), months.len());
        let mut without = 0;
        for (at, unit) in self.units.list.iter().enumerate() {
            for (month, pair) in calls.unit(at).iter().enumerate() {
                let Some((calls, _)) = pair else { continue };
                match lists.of(unit, months[month]) {
                    Some(patients) => *table.cell(at, month) = Some((*calls, patients)),
                    None => without += 1,
                }
            }
        }
        Ok((table, without))
    }
}

impl From<Elsewhere> for Monthly {
    fn from(read: Elsewhere) -> Self {
        let Elsewhere { table, kind, laid_over, expected: _, sources, changed, mixed, coverage, notes } =
            read;
        let changed = changed.map(|(_, words)| words);
        let (laid_over, coverage) = (Some(laid_over), Some(coverage));
        Self { table, kind, laid_over, sources, methods_differ: mixed, changed, coverage, notes }
    }
}

/// Whether a numerator, its denominator or the rest between them is a small number that may not be shown.
pub(super) fn hidden(small: SmallNumbers, kind: Kind, (numerator, denominator): Pair) -> bool {
    match kind {
        Kind::Share => small.hides_part(numerator, denominator),
        Kind::Rate => small.hides(numerator) || small.hides(denominator),
        Kind::Ratio | Kind::Number => small.hides(numerator),
    }
}

/// Why an organisation with a small number is left out.
pub(super) const HIDDEN: &str = "hidden: a count of 1 to 7, or the rest of what it is part of";
/// Why an organisation has no value though there are calls.
pub(super) const GAP: &str =
    "not available: some of its days count by tallies or calls that do not carry this metric";
/// Why an organisation has no value.
pub(super) const NO_CALLS: &str = "no calls to compute it from in the window";
