//! Calls that count, of organisations in buckets, from one snapshot: by the same ruling as in MetricsService. Many organisations on two threads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callgauge_schema::SourceId;

use super::gather::{BANDS, Sources};
use super::kinds::Kinds;
use super::table::Table;
use crate::calendar::{Days, Slots};
use crate::definitions::Definition;
use crate::metrics::{Gaps, Options, Tally, evaluate_with_gaps};
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::{Ruling, Split, StatedDay};
use crate::store::{AttributionKey, CountsAsk, DaysWithCalls, Group, GroupCounts, SourceKey, Span, TallyAsk};

/// Organisations of which there are so many at least are shared by two threads.
const SHARED: usize = 128;
/// Of more than so many it is cheaper to read whether everybody has calls.
const FEW: usize = 1_000;

/// What counts in one answer.
pub(super) struct Counting<'a> {
    sources: &'a Sources,
    ruling: Ruling,
    waiting: &'a Waiting,
}

/// How days and bands are cut.
#[derive(Clone, Copy)]
struct Cut<'a> {
    slots: &'a Slots,
    buckets: usize,
    /// How many of the buckets are bands of kinds of day; behind them is one for each kind, of days whose hours are not known.
    timed: Option<usize>,
}

/// What belongs to an organisation beside its plain calls.
struct Beside {
    only: Vec<(Option<SourceKey>, Group)>,
    tallied: Vec<Span>,
    cells: BTreeMap<u32, (Tally, Gaps)>,
}

impl<'a> Counting<'a> {
    /// What counts of these groups on these days. Blocks.
    pub(super) fn new(
        sources: &'a Sources,
        days: Days,
        groups: &[Group],
        waiting: &'a Waiting,
    ) -> Result<Self, Fault> {
        let with_calls = if sources.snapshot.statements().rule_nothing() {
            DaysWithCalls { days, bits: Vec::new() }
        } else {
            let of = few(groups);
            sources.runtime.block_on(Arc::clone(&sources.snapshot).days_with_calls(days, of))?
        };
        let ruling = Ruling::new(&sources.snapshot, &with_calls, &sources.runtime)?;
        Ok(Self { sources, ruling, waiting })
    }

    /// What is ruled of practice-days.
    pub(super) fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    /// The metrics of groups by bucket.
    pub(super) fn tables(
        &self,
        groups: &[Group],
        slots: &Slots,
        buckets: usize,
        metrics: &[&Definition],
    ) -> Result<Vec<Table>, Fault> {
        self.cut(groups, Cut { slots, buckets, timed: None }, metrics)
    }

    /// The same where each nine buckets are the bands of one kind of day; what is known of a day without its hours is spread over them.
    pub(super) fn tables_by_kind(
        &self,
        groups: &[Group],
        slots: &Slots,
        buckets: usize,
        metrics: &[&Definition],
    ) -> Result<Vec<Table>, Fault> {
        if self.ruling.is_empty() {
            return self.tables(groups, slots, buckets, metrics);
        }
        let cut = Cut { slots, buckets: buckets + buckets / BANDS, timed: Some(buckets) };
        let mut tables = self.cut(groups, cut, metrics)?;
        tables.iter_mut().for_each(|table| table.spread(buckets));
        Ok(tables)
    }

    fn cut(&self, groups: &[Group], cut: Cut<'_>, metrics: &[&Definition]) -> Result<Vec<Table>, Fault> {
        if groups.len() < SHARED {
            return self.part(groups, cut, metrics);
        }
        let (ours, theirs) = groups.split_at(groups.len() / 2);
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| self.part(theirs, cut, metrics));
            let first = self.part(ours, cut, metrics);
            (first, other.join())
        });
        let second = second.map_err(|_| Fault::Internal("gathering broke off".to_owned()))?;
        let mut tables = first?;
        for (table, more) in tables.iter_mut().zip(second?) {
            table.extend(more);
        }
        Ok(tables)
    }

    fn part(&self, groups: &[Group], cut: Cut<'_>, metrics: &[&Definition]) -> Result<Vec<Table>, Fault> {
        let options = Options::default();
        let mut tables: Vec<Table> = metrics.iter().map(|_| Table::new(groups.len(), cut.buckets)).collect();
        let put = |tables: &mut [Table], unit: usize, bucket: u32, tally: &Tally, gaps: Gaps| {
            for (table, metric) in tables.iter_mut().zip(metrics) {
                table.put(unit, bucket as usize, evaluate_with_gaps(metric, tally, gaps, &options));
            }
        };
        let (plain, mut beside) = self.split(groups);
        let durations = metrics.iter().any(|metric| metric.needs_durations());
        let (snapshot, slots) = (Arc::clone(&self.sources.snapshot), cut.slots.clone());
        if durations {
            let ask = TallyAsk { groups: plain, slots, by_source: false, durations };
            for (read, row) in self.sources.runtime.block_on(snapshot.tallies(ask))?.enumerate() {
                let row = row?;
                if read % 4_096 == 0 {
                    self.waiting.check()?;
                }
                match beside.get_mut(&row.group) {
                    None => put(&mut tables, row.group, row.bucket, &row.tally, Gaps::NONE),
                    Some(beside) => beside.add(row.bucket, &row.tally, Gaps::NONE),
                }
            }
        } else {
            let mut kinds = Kinds::of(metrics);
            let ask = CountsAsk { groups: plain, slots, by_source: false };
            for (read, row) in self.sources.runtime.block_on(snapshot.counts(ask))?.enumerate() {
                let row = row?;
                if read % 64 == 0 {
                    self.waiting.check()?;
                }
                match beside.get_mut(&row.group) {
                    None => kinds.put(&mut tables, &row),
                    Some(beside) => {
                        row.tallies().iter().for_each(|row| beside.add(row.bucket, &row.tally, Gaps::NONE));
                    }
                }
            }
        }
        if !beside.is_empty() {
            self.read_beside(&mut beside, cut, durations)?;
        }
        for (unit, beside) in beside {
            for (bucket, (tally, gaps)) in beside.cells {
                put(&mut tables, unit, bucket, &tally, gaps);
            }
        }
        Ok(tables)
    }

    /// Groups without what counts of one source alone or by tallies; and that, by position.
    fn split(&self, groups: &[Group]) -> (Vec<Group>, HashMap<usize, Beside>) {
        let mut beside = HashMap::new();
        let plain = groups.iter().enumerate().map(|(unit, group)| {
            let Split { plain, only, tallied } = self.ruling.split(group.clone());
            if !only.is_empty() || !tallied.is_empty() {
                beside.insert(unit, Beside { only, tallied, cells: BTreeMap::new() });
            }
            plain
        });
        (plain.collect(), beside)
    }

    fn read_beside(
        &self,
        beside: &mut HashMap<usize, Beside>,
        cut: Cut<'_>,
        durations: bool,
    ) -> Result<(), Fault> {
        let snapshot = &self.sources.snapshot;
        let (mut of, mut groups) = (Vec::new(), Vec::new());
        for (&unit, theirs) in beside.iter() {
            for (source, group) in &theirs.only {
                of.extend(source.map(|source| (unit, source)));
                groups.extend(source.map(|_| group.clone()));
            }
        }
        if !groups.is_empty() {
            let ask = TallyAsk { groups, slots: cut.slots.clone(), by_source: true, durations };
            for row in self.sources.runtime.block_on(Arc::clone(snapshot).tallies(ask))? {
                let row = row?;
                let (unit, source) = of[row.group];
                if row.source == Some(source)
                    && let Some(theirs) = beside.get_mut(&unit)
                {
                    theirs.add(row.bucket, &row.tally, Gaps::NONE);
                }
            }
        }
        for theirs in beside.values_mut() {
            for span in std::mem::take(&mut theirs.tallied) {
                self.waiting.check()?;
                for (stated, counting) in self.ruling.counts(&**snapshot, span)? {
                    if counting {
                        theirs.place(&stated, cut);
                    }
                }
            }
        }
        Ok(())
    }

    /// The metrics of groups by bucket, and the sources whose calls or tallies count in each group: in one reading where nothing is stated.
    pub(super) fn tables_and_sources(
        &self,
        groups: &[Group],
        slots: &Slots,
        buckets: usize,
        metrics: &[&Definition],
    ) -> Result<(Vec<Table>, Vec<Vec<SourceId>>), Fault> {
        if !self.ruling.is_empty() || metrics.iter().any(|metric| metric.needs_durations()) {
            return Ok((self.tables(groups, slots, buckets, metrics)?, self.contributing(groups, slots)?));
        }
        let snapshot = &self.sources.snapshot;
        let mut tables: Vec<Table> = metrics.iter().map(|_| Table::new(groups.len(), buckets)).collect();
        let mut found = vec![Vec::new(); groups.len()];
        let mut kinds = Kinds::of(metrics);
        let ask = CountsAsk { groups: groups.to_vec(), slots: slots.clone(), by_source: true };
        for row in self.sources.runtime.block_on(Arc::clone(snapshot).counts(ask))? {
            let row = row?;
            self.waiting.check()?;
            kinds.put(&mut tables, &row);
            found[row.group] = sources_in(&row).map(|source| snapshot.source(source)).collect();
        }
        Ok((tables, found))
    }

    /// The sources whose calls or tallies count in each group, over all slots.
    pub(super) fn contributing(&self, groups: &[Group], slots: &Slots) -> Result<Vec<Vec<SourceId>>, Fault> {
        let snapshot = &self.sources.snapshot;
        let mut slots = slots.clone();
        slots.table.iter_mut().flatten().filter(|slot| **slot != Slots::NONE).for_each(|slot| *slot = 0);
        let mut found = vec![Vec::new(); groups.len()];
        let (plain, beside) = self.split(groups);
        // Who is asked, and of which source alone; those of one organisation follow its plain calls.
        let mut of: Vec<(usize, Option<SourceKey>)> = (0..groups.len()).map(|unit| (unit, None)).collect();
        let mut asked = plain;
        for (&unit, theirs) in &beside {
            for (source, group) in theirs.only.iter().filter(|(source, _)| source.is_some()) {
                of.push((unit, *source));
                asked.push(group.clone());
            }
            for span in &theirs.tallied {
                let rule = self.ruling.rule(span.whose);
                found[unit].extend(rule.into_iter().flat_map(|rule| rule.tallied_in(span.days)).cloned());
            }
        }
        let ask = CountsAsk { groups: asked, slots, by_source: true };
        for row in self.sources.runtime.block_on(Arc::clone(snapshot).counts(ask))? {
            let row = row?;
            let (unit, only) = of[row.group];
            let sources = sources_in(&row).filter(|source| only.is_none_or(|only| only == *source));
            found[unit].extend(sources.map(|source| snapshot.source(source)));
        }
        for sources in &mut found {
            sources.sort_unstable();
            sources.dedup();
        }
        Ok(found)
    }
}

impl Beside {
    fn add(&mut self, bucket: u32, tally: &Tally, gaps: Gaps) {
        let (own, known) = self.cells.entry(bucket).or_default();
        own.add(tally);
        *known = known.and(gaps);
    }

    /// Puts the counts of a day where they belong.
    fn place(&mut self, stated: &StatedDay, cut: Cut<'_>) {
        let StatedDay { source: _, day, counts } = stated;
        let at = usize::try_from(day.number() - cut.slots.first.number()).unwrap_or(usize::MAX);
        let Some(bands) = cut.slots.table.get(at) else { return };
        let placed = counts.by_band(bands, Slots::NONE);
        let hours_unknown = placed.iter().any(|placed| placed.gaps == Gaps::EVERYTHING);
        if let Some(timed) = cut.timed
            && hours_unknown
            && !bands.contains(&Slots::NONE)
        {
            let (tally, gaps) = counts.whole();
            return self.add((timed + bands[0] as usize / BANDS) as u32, &tally, gaps);
        }
        for placed in placed {
            self.add(placed.bucket, &placed.tally, placed.gaps);
        }
    }
}

/// The sources of some numbers of calls.
fn sources_in(row: &GroupCounts) -> impl Iterator<Item = SourceKey> {
    let sources: BTreeSet<SourceKey> = row.counts.iter().filter_map(|count| count.source).collect();
    sources.into_iter()
}

/// Those that groups are about, where they are few.
fn few(groups: &[Group]) -> Option<Vec<AttributionKey>> {
    let mut few = Vec::new();
    for group in groups {
        let Group::Spans(spans) = group else { return None };
        few.extend(spans.iter().map(|span| span.whose));
        if few.len() > FEW {
            return None;
        }
    }
    few.sort_unstable();
    few.dedup();
    Some(few)
}
