//! What submissions say beside their records stands or falls with them, through restarts and crashes.

use std::sync::Arc;

use callgauge_schema::RejectReason;

use super::sample::{answered, at, call_id, record, reject, source};
use super::stated_days::{counts, day, delivered, tally};
use super::{Durable, Harness};
use crate::metrics::CountShape;
use crate::store::{
    Item, SourceOfRecord, SourceProgress, SourceState, Store, StoreError, Submission, Verdict, Whose,
};

fn progress(text: &str) -> Option<SourceProgress> {
    SourceProgress::try_from(text.as_bytes().to_vec()).ok()
}

/// Where the host left off with each source, in words.
async fn states(store: &Arc<dyn Store>) -> Vec<(String, String)> {
    let states = store.source_states().await.expect("states are given");
    let text = |state: SourceState| {
        let progress = String::from_utf8_lossy(state.progress.as_bytes()).into_owned();
        (state.source.to_string(), progress)
    };
    states.into_iter().map(text).collect()
}

fn page(number: usize) -> Submission {
    let items = vec![Item::Record(record(answered(&format!("c-{number}"))))];
    Submission { progress: progress(&format!("after {number}")), ..Submission::new(source("acme"), items) }
}

pub(super) async fn progress_and_records_stand_or_fall_together(harness: &dyn Harness) {
    let store = harness.open_with_reject_limit(1).await;
    store.commit(page(1)).await.expect("it is taken");
    let mut refused = page(2);
    refused.items.push(reject("x-1", RejectReason::Unmapped, "one"));
    refused.items.push(reject("x-2", RejectReason::Unmapped, "two"));
    refused.delivered = vec![delivered("A81001", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z")];
    refused.tallies = vec![tally("A81001", 2, counts(CountShape::Day, &[(1, 0, 5)]))];
    let why = store.commit(refused).await.expect_err("more rejects than are kept");
    assert!(matches!(why, StoreError::RejectLimit { .. }), "{why}");
    assert_eq!(states(&store).await, [("acme".to_owned(), "after 1".to_owned())]);
    assert_eq!(store.call(&source("acme"), &call_id("c-2")).await.expect("it answers"), None);
    let statements = store.snapshot().await.expect("a snapshot is given").statements();
    let whose: Whose = "A81001".parse().expect("a code");
    assert!(statements.delivered(&whose).is_empty() && statements.rule_nothing(), "{statements:?}");
}

pub(super) async fn progress_is_the_last_one_committed(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(states(&store).await, []);
    for number in [1, 2] {
        store.commit(page(number)).await.expect("it is taken");
    }
    let alone = Submission { progress: progress(""), ..Submission::new(source("a-first"), vec![]) };
    store.commit(alone).await.expect("progress without records is taken");
    store.commit(Submission { progress: None, ..page(3) }).await.expect("it is taken");
    let expected = [("a-first".to_owned(), String::new()), ("acme".to_owned(), "after 2".to_owned())];
    assert_eq!(states(&store).await, expected, "without progress it stays as it was");
}

pub(super) async fn progress_over_its_limit_is_refused(_harness: &dyn Harness) {
    let most = SourceProgress::MAX_LEN;
    assert!(SourceProgress::try_from(vec![7; most]).is_ok());
    assert!(SourceProgress::try_from(vec![7; most + 1]).is_err());
}

pub(super) async fn progress_is_never_ahead_of_its_records_after_a_crash(harness: &dyn Durable) {
    let mut store = harness.open().await;
    for number in 0..12 {
        let before = states(&store).await;
        let under_way = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.commit(page(number)).await.map(|_| ()) }
        });
        if number % 3 == 0 {
            // Nobody waits for the answer: it may be there or not, but wholly.
            under_way.abort();
        }
        let acknowledged = matches!(under_way.await, Ok(Ok(())));
        while Arc::strong_count(&store) > 1 {
            tokio::task::yield_now().await;
        }
        store = harness.crash(store).await;
        let there = store.call(&source("acme"), &call_id(&format!("c-{number}"))).await.expect("it answers");
        let after = states(&store).await;
        let moved = after.first().is_some_and(|(_, progress)| *progress == format!("after {number}"));
        assert_eq!(moved, there.is_some(), "page {number}: {before:?}, then {after:?}");
        assert!(moved || !acknowledged, "page {number} was acknowledged");
    }
}

pub(super) async fn what_is_stated_is_there_after_crashes_and_restarts(harness: &dyn Durable) {
    let mut store = harness.open().await;
    let day_counts = counts(CountShape::Day, &[(1, 0, 5)]);
    let submission = Submission {
        progress: progress("here"),
        delivered: vec![
            delivered("A81001", "2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"),
            delivered("account:hub", "2026-02-02T00:00:00Z", "2026-02-04T00:00:00Z"),
        ],
        tallies: vec![tally("A81002", 2, day_counts.clone())],
        ..page(1)
    };
    store.commit(submission.clone()).await.expect("it is taken");
    let of_record = vec![SourceOfRecord {
        whose: "A81001".parse().expect("a code"),
        source: source("acme"),
        first: Some(day(2)),
        end: None,
    }];
    store.put_sources_of_record(of_record.clone()).await.expect("they are taken");
    for round in 0..4 {
        store = if round % 2 == 0 { harness.crash(store).await } else { harness.reopen(store).await };
        assert_eq!(states(&store).await, [("acme".to_owned(), "here".to_owned())]);
        let snapshot = store.snapshot().await.expect("a snapshot is given");
        let statements = snapshot.statements();
        assert_eq!(statements.of_record().list(), of_record);
        for (whose, until) in [("A81001", "2026-02-03T00:00:00Z"), ("account:hub", "2026-02-04T00:00:00Z")] {
            let whose: Whose = whose.parse().expect("it is somebody");
            let (by, stretches) = &statements.delivered(&whose)[0];
            let expected = (at("2026-02-02T00:00:00Z").millis(), at(until).millis());
            assert_eq!((by.as_str(), stretches.iter().collect::<Vec<_>>()), ("acme", vec![expected]));
        }
        let whose = statements.tallied_by().next().expect("counts are there");
        let days = crate::calendar::Days::new(day(1), day(9));
        let found = snapshot.day_tallies(whose, days).expect("counts are given");
        assert_eq!(found.iter().map(|tally| &tally.counts).collect::<Vec<_>>(), [&day_counts]);
        drop(snapshot);
        let again = store.commit(submission.clone()).await.expect("it is taken");
        assert_eq!(again.tallies, [Verdict::Duplicate], "round {round}");
    }
}
