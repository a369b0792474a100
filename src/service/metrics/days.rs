//! Completeness: how many practice-days a row should be made of, and what is known of each. Missing is not zero.
//! Days on which a practice was closed, or belonged elsewhere, are not expected and not counted.

use std::collections::HashSet;

use callgauge_schema::OdsCode;

use super::ruling::Ruling;
use crate::calendar::{Buckets, Day, Days};
use crate::organisations::RowPlan;
use crate::proto::v1::{self, PracticeDayState};
use crate::store::stated::Covered;
use crate::store::{AttributionKey, DaysWithCalls};

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

/// What tells the state of a practice-day.
pub(super) struct Known<'a> {
    pub(super) with_calls: &'a DaysWithCalls,
    pub(super) ruling: &'a Ruling,
    /// Days that count by tallies of no call.
    pub(super) zero: &'a HashSet<(AttributionKey, Day)>,
}

/// Practice-days by state, in order of [`STATES`].
#[derive(Clone, Copy, Default)]
struct Counts {
    states: [u32; 5],
    /// Those of them that count by tallies.
    tallied: u32,
}

const STATES: [PracticeDayState; 5] = [
    PracticeDayState::Complete,
    PracticeDayState::TrueZero,
    PracticeDayState::Partial,
    PracticeDayState::CallsReceived,
    PracticeDayState::Unknown,
];
const COMPLETE: usize = 0;
const TRUE_ZERO: usize = 1;
const PARTIAL: usize = 2;
const RECEIVED: usize = 3;
const UNKNOWN: usize = 4;

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
        key_of: impl Fn(OdsCode) -> Option<AttributionKey>,
        known: &Known<'_>,
    ) -> Self {
        let mut by_day = vec![Counts::default(); range.len()];
        let mut whole = true;
        for &(code, days) in &plan.practices {
            let days = days.overlap(range);
            whole &= days == range;
            let key = key_of(code);
            let rule = key.and_then(|key| Some((key, known.ruling.rule(key)?)));
            let delivery = known.ruling.delivery(code);
            for day in days.iter() {
                let counts = &mut by_day[at(range, day)];
                let any = key.is_some_and(|key| known.with_calls.has(key, day));
                if rule.is_none() && delivery.is_none() {
                    counts.states[if any { RECEIVED } else { UNKNOWN }] += 1;
                    continue;
                }
                if let Some((key, rule)) = rule
                    && rule.tallied(day).is_some()
                {
                    counts.tallied += 1;
                    counts.states[if known.zero.contains(&(key, day)) { TRUE_ZERO } else { COMPLETE }] += 1;
                    continue;
                }
                let calls = rule.map_or(any, |(_, rule)| rule.has_calls(day, any));
                let covered = delivery.as_ref().map_or(Covered::None, |delivery| delivery.of(day));
                counts.states[match (covered, calls) {
                    (Covered::Whole, true) => COMPLETE,
                    (Covered::Whole, false) => TRUE_ZERO,
                    (Covered::Part, _) => PARTIAL,
                    (Covered::None, true) => RECEIVED,
                    (Covered::None, false) => UNKNOWN,
                }] += 1;
            }
        }
        let whole = whole.then_some(plan.practices.len() as i64);
        Self { range, by_day, practices: &plan.practices, whole }
    }

    /// For one bucket; `apart` are the calls, and calls in tallies, that do not count in it.
    pub(super) fn say(&self, buckets: &BucketDays, bucket: usize, apart: (i64, i64)) -> Said {
        debug_assert_eq!(buckets.range, self.range);
        let stretches = &buckets.days[bucket];
        let mut all = [0_i64; STATES.len()];
        let mut tallied = 0;
        for day in stretches.iter().flat_map(|days| days.iter()) {
            let counts = self.by_day[at(self.range, day)];
            all.iter_mut().zip(counts.states).for_each(|(all, days)| *all += i64::from(days));
            tallied += i64::from(counts.tallied);
        }
        let states = STATES.into_iter().zip(all).filter(|&(_, days)| days > 0);
        let completeness = v1::Completeness {
            practice_days_expected: all.iter().sum(),
            states: states.map(|(state, days)| v1::PracticeDays { state: state.into(), days }).collect(),
            practice_days_tallied: tallied,
            calls_kept_apart: apart.0,
            tallied_calls_kept_apart: apart.1,
        };
        Said { completeness, practices: self.practices_in(stretches), unknown: all[UNKNOWN] > 0 }
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
            return counts.states.iter().copied().map(i64::from).sum();
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
