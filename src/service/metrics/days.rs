//! Completeness: how many practice-days a row should be made of, and what is known of each. Missing is not zero.

use crate::calendar::{Buckets, Day, Days};
use crate::organisations::{Directory, RowPlan};
use crate::proto::v1::{self, PracticeDayState};
use crate::store::{AttributionKey, DaysWithCalls};
use callgauge_schema::OdsCode;

/// The days of each bucket, worked out once for all rows.
pub(super) struct BucketDays {
    range: Days,
    /// Per bucket.
    days: Vec<Vec<Days>>,
}

/// What is known of the practice-days of one organisation, by day.
pub(super) struct PracticeDays<'a> {
    range: Days,
    by_day: Vec<Counts>,
    practices: &'a [(OdsCode, Days)],
    /// Number of practices, where each is there for the whole range.
    whole: Option<i64>,
}

/// Practice-days.
#[derive(Clone, Copy, Default)]
struct Counts {
    closed: u32,
    received: u32,
    unknown: u32,
}

/// What a row says about its completeness.
pub(super) struct Said {
    pub(super) completeness: v1::Completeness,
    pub(super) practices: i64,
    /// Whether there are practice-days of which nothing is known.
    pub(super) unknown: bool,
}

impl BucketDays {
    pub(super) fn new(buckets: &Buckets) -> Self {
        let days = (0..buckets.list().len()).map(|bucket| buckets.days_of(bucket as u32)).collect();
        Self { range: buckets.range(), days }
    }
}

impl<'a> PracticeDays<'a> {
    /// For the practices of a row.
    pub(super) fn new(
        plan: &'a RowPlan,
        range: Days,
        directory: &Directory,
        key_of: impl Fn(OdsCode) -> Option<AttributionKey>,
        with_calls: &DaysWithCalls,
    ) -> Self {
        let mut by_day = vec![Counts::default(); range.len()];
        let mut whole = true;
        for &(code, days) in &plan.practices {
            let days = days.overlap(range);
            whole &= days == range;
            let row = directory.get(code);
            let first = row.and_then(|row| row.first);
            let end = row.and_then(|row| row.end);
            let key = key_of(code);
            for day in days.iter() {
                let counts = &mut by_day[at(range, day)];
                if first.is_some_and(|first| day < first) || end.is_some_and(|end| day >= end) {
                    counts.closed += 1;
                } else if key.is_some_and(|key| with_calls.has(key, day)) {
                    counts.received += 1;
                } else {
                    counts.unknown += 1;
                }
            }
        }
        let whole = whole.then_some(plan.practices.len() as i64);
        Self { range, by_day, practices: &plan.practices, whole }
    }

    /// For one bucket.
    pub(super) fn say(&self, buckets: &BucketDays, bucket: usize) -> Said {
        debug_assert_eq!(buckets.range, self.range);
        let stretches = &buckets.days[bucket];
        let (mut closed, mut received, mut unknown) = (0_i64, 0_i64, 0_i64);
        for day in stretches.iter().flat_map(|days| days.iter()) {
            let counts = self.by_day[at(self.range, day)];
            closed += i64::from(counts.closed);
            received += i64::from(counts.received);
            unknown += i64::from(counts.unknown);
        }
        let states = [
            (PracticeDayState::Closed, closed),
            (PracticeDayState::CallsReceived, received),
            (PracticeDayState::Unknown, unknown),
        ];
        let completeness = v1::Completeness {
            practice_days_expected: closed + received + unknown,
            states: states
                .into_iter()
                .filter(|&(_, days)| days > 0)
                .map(|(state, days)| v1::PracticeDays { state: state.into(), days })
                .collect(),
        };
        Said { completeness, practices: self.practices_in(stretches), unknown: unknown > 0 }
    }

    /// Practices that are there on any of these days.
    fn practices_in(&self, stretches: &[Days]) -> i64 {
        if let Some(all) = self.whole {
            return if stretches.is_empty() { 0 } else { all };
        }
        if let [only] = stretches
            && only.len() == 1
        {
            // On one day a practice is there once.
            let counts = self.by_day[at(self.range, only.first)];
            return i64::from(counts.closed) + i64::from(counts.received) + i64::from(counts.unknown);
        }
        let mut last = None;
        let mut found = 0;
        // A practice's stretches follow each other.
        for &(code, days) in self.practices {
            if last != Some(code) && stretches.iter().any(|stretch| !stretch.overlap(days).is_empty()) {
                found += 1;
                last = Some(code);
            }
        }
        found
    }
}

/// Position of a day that is in the range.
fn at(range: Days, day: Day) -> usize {
    usize::try_from(day.number() - range.first.number()).unwrap_or_default()
}
