//! Merging that goes wrong in time: what is merged of a list that is old by then must not be taken, or calls would count twice.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use callgauge_schema::{
    Direction, Draft, DraftAttribution, DraftDuration, Moment, Outcome, UnknownDurations,
};

use super::super::{Limits, SqliteStore, verify};
use super::*;
use crate::store::{Item, Store as _, Submission};

/// A Monday's noon in winter.
const NOON: Moment = Moment::from_millis(1_770_033_600_000);

fn calls(names: &str) -> Submission {
    let call = |number: i64| Draft {
        call_id: format!("{names}-{number}"),
        attribution: Some(DraftAttribution::Practice("A81001".to_owned())),
        direction: Some(Direction::Inbound),
        started_at: Some(NOON.plus_millis(number * 1_000)),
        outcome: Some(Outcome::Missed),
        wait: Some(DraftDuration::from_secs(number)),
        ..Draft::default()
    };
    let records =
        (0..10).map(|number| call(number).check(NOON.plus_millis(60_000), UnknownDurations::default()));
    let items = records.map(|record| Item::Record(record.expect("a record"))).collect();
    Submission::new("acme".parse().expect("a source"), items)
}

/// A store with three runs of one day, too few to be merged without a minute of quiet.
async fn with_three_runs(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(folder, Limits { settle_rows: 1, ..Limits::default() }).expect("it opens");
    for names in ["a", "b", "c"] {
        store.commit(calls(names)).await.expect("is taken");
        while store.status().unsettled > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    store
}

/// The runs that count, with the rows of each, and how many calls their sums count.
fn runs(store: &SqliteStore) -> (Vec<usize>, i64) {
    let view = store.view().expect("is open");
    let calls = view.runs.all().flat_map(|run| &run.directory).map(|entry| i64::from(entry.calls)).sum();
    (view.runs.all().map(|run| run.rows).collect(), calls)
}

/// Waits until the writer has done everything that it was told before.
async fn drained(store: &SqliteStore) {
    store.preview(calls("never-sent")).await.expect("is told");
}

/// A settler beside the store's own, which nobody tells what became of its work.
fn late(store: &SqliteStore, folder: &Path) -> Settler {
    Settler {
        folder: folder.join("runs"),
        next_id: 1_000,
        writer: store.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("is open"),
        gauges: store.gauges.clone(),
        shared: store.shared.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_merged_already_are_not_merged_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = with_three_runs(folder.path()).await;
    assert_eq!(runs(&store), (vec![10, 10, 10], 30));
    let old = store.view().expect("is open").runs.clone();
    let mut late = late(&store, folder.path());
    for round in ["the first time", "of a list that is old by now"] {
        late.compact(&old);
        drained(&store).await;
        assert_eq!(runs(&store), (vec![30], 30), "{round}");
    }
    drop((late, old));
    store.close().await.expect("it closes");
    drop(store);
    let files = std::fs::read_dir(folder.path().join("runs")).expect("is there").count();
    assert_eq!(files, 1, "what was merged in vain is gone");
    let found = verify(folder.path()).expect("can be read");
    assert_eq!((found.calls, found.faults), (30, Vec::<String>::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_overlaps_a_later_one_is_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = with_three_runs(folder.path()).await;
    let old = store.view().expect("is open").runs.clone();
    store.commit(calls("d")).await.expect("is taken");
    while store.status().unsettled > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let now = store.view().expect("is open").runs.clone();
    let mut late = late(&store, folder.path());
    late.compact(&now);
    late.compact(&old);
    drained(&store).await;
    assert_eq!(runs(&store), (vec![40], 40));
}
