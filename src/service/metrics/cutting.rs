//! How ranges of days are cut into buckets, and the buckets as parts of rows: kept for a while, since many questions are about the same months.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use prost::Message as _;

use super::days::BucketDays;
use super::parse::Question;
use super::render;
use crate::calendar::{Bucket, Buckets, Calendar, Days, Granularity, Hours, NoBuckets, Profile};
use crate::proto::v1;

/// Most buckets that are kept, of about 400 bytes each.
const KEPT: usize = 40_000;

/// A range that is cut.
pub(super) struct Cut {
    pub(super) buckets: Arc<Buckets>,
    pub(super) days: BucketDays,
    /// The buckets, each as a part of a row.
    pub(super) parts: Vec<Vec<u8>>,
}

/// What was cut lately, by one calendar.
pub(super) struct Cuts {
    calendar: Arc<Calendar>,
    /// The newest last.
    kept: Mutex<VecDeque<(Key, Arc<Cut>)>>,
}

type Key = (Days, Granularity, Profile, Hours);

impl Cuts {
    /// None yet.
    pub(super) fn new(calendar: Arc<Calendar>) -> Self {
        Self { calendar, kept: Mutex::default() }
    }

    /// The calendar that ranges are cut by.
    pub(super) fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The range of a question, cut as it asks.
    ///
    /// # Errors
    /// Where it cannot be.
    pub(super) fn of(&self, question: &Question) -> Result<Arc<Cut>, NoBuckets> {
        let Question { days, granularity, profile, hours, .. } = question;
        let key = (*days, *granularity, *profile, *hours);
        if let Some(cut) = self.lately(&key) {
            return Ok(cut);
        }
        let cut = Arc::new(Cut::new(Buckets::plan(*days, *granularity, *profile, *hours, &self.calendar)?));
        self.keep(key, &cut);
        Ok(cut)
    }

    /// One that is kept, which becomes the newest.
    fn lately(&self, key: &Key) -> Option<Arc<Cut>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == key)?;
        let found = kept.remove(at)?;
        let cut = Arc::clone(&found.1);
        kept.push_back(found);
        Some(cut)
    }

    /// Keeps one, and lets go of the oldest where they are too many.
    fn keep(&self, key: Key, cut: &Arc<Cut>) {
        // One without buckets is counted too.
        let size = |cut: &Cut| cut.parts.len() + 1;
        if size(cut) > KEPT {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| *other != key);
        kept.push_back((key, Arc::clone(cut)));
        let mut all: usize = kept.iter().map(|(_, cut)| size(cut)).sum();
        while all > KEPT
            && let Some((_, oldest)) = kept.pop_front()
        {
            all -= size(&oldest);
        }
    }
}

impl Cut {
    fn new(buckets: Buckets) -> Self {
        Self {
            days: BucketDays::new(&buckets),
            parts: buckets.list().iter().map(part).collect(),
            buckets: Arc::new(buckets),
        }
    }
}

/// A bucket, as a part of a row.
fn part(bucket: &Bucket) -> Vec<u8> {
    let bucket = Some(render::bucket(bucket));
    v1::MetricRow { bucket, ..v1::MetricRow::default() }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::metrics::parse::parse;

    fn question(month: &str, granularity: v1::Granularity) -> Question {
        let asked = v1::QueryMetricsRequest {
            organisation_codes: vec!["ENGLAND".to_owned()],
            month: month.to_owned(),
            granularity: granularity.into(),
            ..Default::default()
        };
        parse(asked).expect("can be asked")
    }

    fn buckets(cuts: &Cuts) -> usize {
        cuts.kept.lock().expect("whole").iter().map(|(_, cut)| cut.parts.len()).sum()
    }

    #[test]
    fn the_same_question_gets_the_same_cut_and_another_one_its_own() {
        let cuts = Cuts::new(Arc::new(Calendar::england().clone()));
        let first = cuts.of(&question("2026-02", v1::Granularity::Day)).expect("can be cut");
        let again = cuts.of(&question("2026-02", v1::Granularity::Day)).expect("can be cut");
        assert!(Arc::ptr_eq(&first, &again));
        for (month, granularity, expected) in [
            ("2026-03", v1::Granularity::Day, 31),
            ("2026-02", v1::Granularity::Hour, 28 * 24),
            ("2026-02", v1::Granularity::Total, 1),
        ] {
            let other = cuts.of(&question(month, granularity)).expect("can be cut");
            assert_eq!((other.parts.len(), other.buckets.list().len()), (expected, expected), "{month}");
        }
    }

    #[test]
    fn the_oldest_make_room() {
        let cuts = Cuts::new(Arc::new(Calendar::england().clone()));
        let first = cuts.of(&question("2020-01", v1::Granularity::QuarterHour)).expect("can be cut");
        for month in 1..=12 {
            for year in 2021..2024 {
                let asked = question(&format!("{year}-{month:02}"), v1::Granularity::QuarterHour);
                cuts.of(&asked).expect("can be cut");
                assert!(buckets(&cuts) <= KEPT);
            }
        }
        let again = cuts.of(&question("2020-01", v1::Granularity::QuarterHour)).expect("can be cut");
        assert!(!Arc::ptr_eq(&first, &again));
        assert!(buckets(&cuts) > KEPT / 2, "they are kept");
    }
}
