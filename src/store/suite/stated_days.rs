//! Delivered stretches, counts that stand for calls, sources of record.

use std::sync::Arc;

use callgauge_schema::Attribution;

use super::Harness;
use super::sample::{at, source};
use crate::calendar::{Day, Days};
use crate::metrics::{CountShape, Indicator, StatedCount, StatedCounts};
use crate::store::{
    DayTally, Delivered, Snapshot, SourceOfRecord, Store, StoreError, Submission, Verdict, Whose,
};

/// A day of February 2026.
pub(super) fn day(number: i32) -> Day {
    Day::from_number(20_485).plus(number - 1)
}

pub(super) fn delivered(whose: &str, from: &str, until: &str) -> Delivered {
    Delivered { whose: whose.parse().expect("it is somebody"), from: at(from), until: at(until) }
}

/// Counts of indicators by their numbers and parts; all seven are stated.
pub(super) fn counts(shape: CountShape, counts: &[(u8, u8, u32)]) -> StatedCounts {
    let count = |&(indicator, part, calls): &(u8, u8, u32)| StatedCount {
        indicator: Indicator::from_number(indicator).expect("it is one of the seven"),
        part,
        calls,
    };
    let counts = counts.iter().map(count).collect();
    StatedCounts::new(shape, &Indicator::ALL, counts).expect("the counts are whole")
}

/// The tally of a practice on a day of February 2026.
pub(super) fn tally(practice: &str, number: i32, counts: StatedCounts) -> DayTally {
    let whose = Attribution::Practice(practice.parse().expect("a code"));
    DayTally { whose, day: day(number), counts }
}

async fn snapshot(store: &Arc<dyn Store>) -> Arc<dyn Snapshot> {
    store.snapshot().await.expect("a snapshot is given")
}

fn with_tallies(name: &str, tallies: Vec<DayTally>) -> Submission {
    Submission { tallies, ..Submission::new(source(name), vec![]) }
}

/// Source, day of February and inbound calls of all the counts of the first who has some.
fn found(snapshot: &Arc<dyn Snapshot>) -> Vec<(String, i32, i64)> {
    let Some(whose) = snapshot.statements().tallied_by().next() else { return vec![] };
    let tallies = snapshot.day_tallies(whose, Days::new(day(1), day(29))).expect("counts are given");
    let words = tallies.into_iter().map(|tally| {
        let number = tally.day.number() - day(1).number() + 1;
        (tally.source.to_string(), number, tally.counts.total(Indicator::Inbound))
    });
    words.collect()
}

pub(super) async fn delivered_stretches_are_added_up_by_source(harness: &dyn Harness) {
    let store = harness.open().await;
    let whose: Whose = "A81001".parse().expect("a code");
    for (by, from, until) in [
        ("acme", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"),
        ("acme", "2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z"),
        ("acme", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z"),
        ("acme", "2026-02-02T06:00:00Z", "2026-02-03T06:00:00Z"),
        ("other", "2026-02-04T00:00:00Z", "2026-02-05T00:00:00Z"),
    ] {
        let delivered = vec![delivered("A81001", from, until)];
        let submission = Submission { delivered, ..Submission::new(source(by), vec![]) };
        store.commit(submission).await.expect("it is taken");
    }
    let statements = snapshot(&store).await.statements();
    let stretch = |from: u8, until: u8| {
        let midnight = |day| at(&format!("2026-02-0{day}T00:00:00Z")).millis();
        (midnight(from), midnight(until))
    };
    let delivered: Vec<_> = (statements.delivered(&whose).iter())
        .map(|(source, stretches)| (source.as_str(), stretches.iter().collect::<Vec<_>>()))
        .collect();
    let expected = [("acme", vec![stretch(2, 4), stretch(5, 6)]), ("other", vec![stretch(4, 5)])];
    assert_eq!(delivered, expected);
    assert!(statements.delivered(&"A81002".parse().expect("a code")).is_empty());
}

pub(super) async fn tallies_replace_those_of_the_same_source_day_and_shape(harness: &dyn Harness) {
    let store = harness.open().await;
    let one = |calls| tally("A81001", 2, counts(CountShape::Day, &[(1, 0, calls)]));
    let bands = tally("A81001", 2, counts(CountShape::TimeBands, &[(1, 3, 7)]));
    for (by, tally, verdict) in [
        ("acme", one(5), Verdict::Accepted),
        ("acme", one(5), Verdict::Duplicate),
        ("acme", one(6), Verdict::Revised),
        ("acme", one(5), Verdict::Revised),
        ("acme", bands, Verdict::Accepted),
        ("other", one(9), Verdict::Accepted),
    ] {
        let committed = store.commit(with_tallies(by, vec![tally])).await.expect("it is taken");
        assert_eq!((committed.verdicts, committed.tallies), (vec![], vec![verdict]));
    }
    let expected = [("acme", 5), ("acme", 7), ("other", 9)];
    let found = found(&snapshot(&store).await);
    assert_eq!(found, expected.map(|(by, calls)| (by.to_owned(), 2, calls)));
}

pub(super) async fn tallies_are_those_of_the_snapshot(harness: &dyn Harness) {
    let store = harness.open().await;
    let put = async |calls| {
        let tallies = vec![tally("A81001", 2, counts(CountShape::Day, &[(1, 0, calls)]))];
        store.commit(with_tallies("acme", tallies)).await.expect("it is taken");
    };
    put(1).await;
    let before = snapshot(&store).await;
    put(2).await;
    assert_eq!(found(&before), [("acme".to_owned(), 2, 1)]);
    assert_eq!(found(&snapshot(&store).await), [("acme".to_owned(), 2, 2)]);
}

pub(super) async fn a_preview_of_tallies_keeps_none(harness: &dyn Harness) {
    let store = harness.open().await;
    let submission = with_tallies("acme", vec![tally("A81001", 2, counts(CountShape::Day, &[(1, 0, 1)]))]);
    for _ in 0..2 {
        let previewed = store.preview(submission.clone()).await.expect("a preview is given");
        assert_eq!(previewed.tallies, [Verdict::Accepted]);
    }
    assert!(snapshot(&store).await.statements().rule_nothing());
    assert_eq!(store.commit(submission).await.expect("it is taken").tallies, [Verdict::Accepted]);
}

pub(super) async fn sources_of_record_are_replaced_whole_or_not_at_all(harness: &dyn Harness) {
    let store = harness.open().await;
    let stated = |by: &str, first: Option<i32>, end: Option<i32>| SourceOfRecord {
        whose: "A81001".parse().expect("a code"),
        source: source(by),
        first: first.map(day),
        end: end.map(day),
    };
    let two = vec![stated("old", None, Some(16)), stated("new", Some(16), None)];
    let held = snapshot(&store).await;
    store.put_sources_of_record(two.clone()).await.expect("they are taken");
    assert_eq!(snapshot(&store).await.statements().of_record().list(), two);
    assert!(held.statements().of_record().is_empty(), "a snapshot stays as it is");
    let both = vec![stated("old", None, Some(17)), stated("new", Some(16), None)];
    let why = store.put_sources_of_record(both).await.expect_err("two on one day");
    assert!(matches!(&why, StoreError::OfRecord(_)), "{why}");
    assert_eq!(snapshot(&store).await.statements().of_record().list(), two);
    store.put_sources_of_record(vec![]).await.expect("none is taken");
    assert!(snapshot(&store).await.statements().rule_nothing());
}
