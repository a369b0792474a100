//! What answers are made from, and how days and bands of the day are cut into buckets.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::access::Admission;
use crate::calendar::{Buckets, Calendar, Day, Days, Granularity, Hours, NoBuckets, Profile, Slots};
use crate::compare::composition::{Cells, DayClass};
use crate::organisations::Directory;
use crate::service::errors::Fault;
use crate::store::Snapshot;

/// NHS bands of a day.
pub(super) const BANDS: usize = crate::calendar::Band::COUNT;
/// Kinds of day times bands.
pub(super) const KINDS: usize = DayClass::COUNT * BANDS;
/// Everything that answers are made from.
pub(super) struct Sources {
    pub(super) directory: Arc<Directory>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) runtime: Handle,
    /// How far the question was admitted.
    pub(super) admission: Admission,
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
