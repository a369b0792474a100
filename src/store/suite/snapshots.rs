//! Snapshots: everything that was committed before, nothing that came after.

use std::collections::BTreeMap;
use std::sync::Arc;

use callgauge_schema::Draft;

use super::Harness;
use super::dice::Dice;
use super::model::{Model, every_band, name};
use super::order::{random_drafts, submit_as_the_model_says};
use super::sample::{answered, at, practice, retraction, revised, source, submit};
use crate::store::{FactsAsk, Group, TallyAsk};

pub(super) async fn a_snapshot_shows_what_was_committed_before_it_and_nothing_else(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    submit_as_the_model_says(&store, &mut model, &acme, vec![answered("c-1"), answered("c-2")]).await;
    let before = store.snapshot().await.expect("a snapshot is given");
    let was = model.clone();
    let moved = Draft { started_at: Some(at("2026-03-14T09:30:00Z")), ..answered("c-1") };
    let fresh = Draft { attribution: practice("A81009"), ..answered("c-3") };
    submit_as_the_model_says(&store, &mut model, &acme, vec![moved, retraction("c-2"), fresh]).await;
    was.compare_snapshot(before).await;
    model.compare(&store).await;
}

pub(super) async fn a_snapshot_stays_as_it_is_through_many_commits(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut dice = Dice::new(11);
    let mut model = Model::default();
    let mut held = Vec::new();
    for round in 0..30 {
        submit_as_the_model_says(&store, &mut model, &acme, random_drafts(&mut dice)).await;
        if round % 10 == 0 {
            held.push((store.snapshot().await.expect("a snapshot is given"), model.clone()));
        }
    }
    for (snapshot, was) in held {
        was.compare_snapshot(snapshot).await;
    }
    model.compare(&store).await;
}

pub(super) async fn rows_read_late_are_those_of_their_snapshot(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    submit_as_the_model_says(&store, &mut model, &acme, vec![answered("c-1"), answered("c-2")]).await;
    let snapshot = store.snapshot().await.expect("a snapshot is given");
    let days = model.days();
    let ask =
        TallyAsk { groups: vec![Group::All], slots: every_band(days), by_source: false, durations: true };
    let rows = Arc::clone(&snapshot).tallies(ask).await.expect("tallies are given");
    let chunks = snapshot.facts(FactsAsk { groups: vec![Group::All], days }).await.expect("facts are given");
    let later = (3..60).map(|n| answered(&format!("c-{n}")));
    submit(&store, &acme, later.chain([revised(retraction("c-1"), 9)]).collect()).await;
    let calls: i64 = rows.map(|row| row.expect("a row is given").tally.calls()).sum();
    assert_eq!(calls, 2, "tallies");
    let calls: usize = chunks.map(|chunk| chunk.expect("a chunk is given").facts.len()).sum();
    assert_eq!(calls, 2, "facts");
}

pub(super) async fn keys_stay_while_the_store_is_open(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for n in (0..9).rev() {
        let draft = Draft { attribution: practice(&format!("A8100{n}")), ..answered(&format!("c-{n}")) };
        submit(&store, &source("acme"), vec![draft]).await;
        let list = store.snapshot().await.expect("a snapshot is given").attributions();
        for (key, attribution) in list.list().iter().enumerate() {
            let first = *keys.entry(name(attribution)).or_insert(key);
            assert_eq!(key, first, "{attribution:?}");
        }
    }
    assert_eq!(keys.len(), 9);
}
