//! Numerators and denominators of organisations in buckets, from stored tallies of one snapshot; many organisations on two threads.

use std::sync::Arc;

use callgauge_schema::SourceId;
use tokio::runtime::Handle;

use crate::calendar::{Buckets, Calendar, Day, Days, Granularity, Hours, NoBuckets, Profile, Slots};
use crate::compare::composition::{Cells, DayClass};
use crate::definitions::Definition;
use crate::metrics::{Options, Value, evaluate};
use crate::organisations::Directory;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::store::{Group, Snapshot, TallyAsk};

/// NHS bands of a day.
pub(super) const BANDS: usize = crate::calendar::Band::COUNT;
/// Kinds of day times bands.
pub(super) const KINDS: usize = DayClass::COUNT * BANDS;
/// Organisations of which there are so many at least are shared by two threads.
const SHARED: usize = 128;

/// Everything that answers are made from.
pub(super) struct Sources {
    pub(super) directory: Arc<Directory>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) runtime: Handle,
}

/// A numerator and its denominator; of a number of calls the denominator is 0.
pub(super) type Pair = (i64, i64);

/// One metric of all organisations by bucket; none where there were no calls to compute it from.
pub(super) struct Table {
    buckets: usize,
    cells: Vec<Option<Pair>>,
}

impl Table {
    fn new(units: usize, buckets: usize) -> Self {
        Self { buckets, cells: vec![None; units * buckets] }
    }

    /// The buckets of one organisation.
    pub(super) fn unit(&self, unit: usize) -> &[Option<Pair>] {
        &self.cells[unit * self.buckets..(unit + 1) * self.buckets]
    }

    /// The sum over the buckets of one organisation.
    pub(super) fn sum(&self, unit: usize) -> Pair {
        sum(self.unit(unit).iter().flatten())
    }
}

/// The sum of pairs.
pub(super) fn sum<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Pair {
    pairs.fold((0, 0), |(n, d), pair| (n + pair.0, d + pair.1))
}

impl Sources {
    /// Buckets that a day and band fall into, of those hours that are asked for.
    pub(super) fn slots(
        &self,
        days: Days,
        hours: Hours,
        bucket: impl Fn(Day, usize) -> Option<u32>,
    ) -> Result<Slots, Fault> {
        let buckets = Buckets::plan(days, Granularity::Total, Profile::NONE, hours, &self.calendar)
            .map_err(|fault: NoBuckets| Fault::field("last_month", fault.to_string()))?;
        let mut slots = buckets.slots().ok_or_else(|| {
            let told = "the calendar has core hours that cut an NHS band in this window, so that stored tallies cannot tell them apart: ask for all hours";
            Fault::field("hours", told)
        })?;
        for (day, row) in days.iter().zip(&mut slots.table) {
            for (band, slot) in row.iter_mut().enumerate() {
                if *slot != Slots::NONE {
                    *slot = bucket(day, band).unwrap_or(Slots::NONE);
                }
            }
        }
        Ok(slots)
    }

    /// Kind of day and band as a bucket, for all days of a stretch.
    pub(super) fn kinds(&self, days: Days) -> impl Fn(Day, usize) -> Option<u32> {
        let classes: Vec<DayClass> = days.iter().map(|day| DayClass::of(&self.calendar, day)).collect();
        move |day, band| {
            let at = usize::try_from(day.number() - days.first.number()).ok()?;
            Some((*classes.get(at)? as usize * BANDS + band) as u32)
        }
    }

    /// The metrics of groups by bucket.
    pub(super) fn tables(
        &self,
        groups: &[Group],
        slots: &Slots,
        buckets: usize,
        metrics: &[&Definition],
        waiting: &Waiting,
    ) -> Result<Vec<Table>, Fault> {
        if groups.len() < SHARED {
            return self.part(groups, slots, buckets, metrics, waiting);
        }
        let (ours, theirs) = groups.split_at(groups.len() / 2);
        let (first, second) = std::thread::scope(|scope| {
            let other = scope.spawn(|| self.part(theirs, slots, buckets, metrics, waiting));
            let first = self.part(ours, slots, buckets, metrics, waiting);
            (first, other.join())
        });
        let second = second.map_err(|_| Fault::Internal("gathering broke off".to_owned()))?;
        let mut tables = first?;
        for (table, more) in tables.iter_mut().zip(second?) {
            table.cells.extend(more.cells);
        }
        Ok(tables)
    }

    fn part(
        &self,
        groups: &[Group],
        slots: &Slots,
        buckets: usize,
        metrics: &[&Definition],
        waiting: &Waiting,
    ) -> Result<Vec<Table>, Fault> {
        let ask = TallyAsk {
            groups: groups.to_vec(),
            slots: slots.clone(),
            by_source: false,
            durations: metrics.iter().any(|metric| metric.needs_durations()),
        };
        let options = Options::default();
        let mut tables: Vec<Table> = metrics.iter().map(|_| Table::new(groups.len(), buckets)).collect();
        let rows = self.runtime.block_on(Arc::clone(&self.snapshot).tallies(ask))?;
        for (read, row) in rows.enumerate() {
            let row = row?;
            if read % 4_096 == 0 {
                waiting.check()?;
            }
            let at = row.group * buckets + row.bucket as usize;
            for (table, metric) in tables.iter_mut().zip(metrics) {
                table.cells[at] = pair(evaluate(metric, &row.tally, &options));
            }
        }
        Ok(tables)
    }

    /// The sources whose calls are in each group, over all slots.
    pub(super) fn sources(&self, groups: &[Group], slots: &Slots) -> Result<Vec<Vec<SourceId>>, Fault> {
        let mut slots = slots.clone();
        slots.table.iter_mut().flatten().filter(|slot| **slot != Slots::NONE).for_each(|slot| *slot = 0);
        let ask = TallyAsk { groups: groups.to_vec(), slots, by_source: true, durations: false };
        let mut found = vec![Vec::new(); groups.len()];
        for row in self.runtime.block_on(Arc::clone(&self.snapshot).tallies(ask))? {
            let row = row?;
            if let Some(source) = row.source
                && !row.tally.is_empty()
            {
                found[row.group].push(self.snapshot.source(source));
            }
        }
        Ok(found)
    }
}

fn pair(value: Value) -> Option<Pair> {
    match value {
        Value::Count(count) => Some((count, 0)),
        Value::Ratio { numerator, denominator } => Some((numerator, denominator)),
        Value::Distribution(_) | Value::Absent(_) => None,
    }
}

/// Numbers by kind of day and band, as numbers by kind of day and hour of the clock: each band's number spread evenly over its hours.
pub(super) fn by_hour(by_band: &[f64]) -> Cells {
    let mut cells = Cells::default();
    for (at, &number) in by_band.iter().enumerate() {
        let (class, band) = (DayClass::ALL[at / BANDS % DayClass::COUNT], at % BANDS);
        let Some(band) = u8::try_from(band).ok().and_then(crate::calendar::Band::from_number) else {
            continue;
        };
        let (start, end) = (f64::from(band.start()) / 3_600.0, f64::from(band.end()) / 3_600.0);
        for hour in 0..24_u8 {
            let within = (end.min(f64::from(hour) + 1.0) - start.max(f64::from(hour))).max(0.0);
            if within > 0.0 {
                cells.add(class, usize::from(hour), number * within / (end - start));
            }
        }
    }
    cells
}
