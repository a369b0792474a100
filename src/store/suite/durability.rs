//! What is on disk stays, through restarts and crashes.

use std::sync::Arc;

use callgauge_schema::RejectReason;

use super::Durable;
use super::dice::Dice;
use super::model::Model;
use super::order::{random_drafts, submit_as_the_model_says};
use super::sample::{answered, commit, record, reject, revised, secs, source, submit};
use super::upkeep::organisations;
use crate::store::{Item, KeptReject, RejectsAsk, Store, Verdict};

pub(super) async fn all_that_was_acknowledged_is_there_after_reopening(harness: &dyn Durable) {
    let store = harness.open().await;
    let (model, kept) = fill(&store).await;
    let store = harness.reopen(store).await;
    compare(&store, &model, &kept).await;
    let store = harness.reopen(store).await;
    compare(&store, &model, &kept).await;
}

pub(super) async fn all_that_was_acknowledged_is_there_after_a_crash(harness: &dyn Durable) {
    let store = harness.open().await;
    let (model, kept) = fill(&store).await;
    let store = harness.crash(store).await;
    compare(&store, &model, &kept).await;
    let store = harness.crash(store).await;
    let store = harness.reopen(store).await;
    compare(&store, &model, &kept).await;
}

pub(super) async fn verdicts_do_not_depend_on_restarts(harness: &dyn Durable) {
    let acme = source("acme");
    let wait = |wait| callgauge_schema::Draft { wait: secs(wait), ..answered("c-1") };
    let mut store = harness.open().await;
    let steps = [
        (Some(3), 1, Verdict::Accepted),
        (Some(3), 1, Verdict::Duplicate),
        (Some(3), 2, Verdict::Conflict),
        (Some(5), 1, Verdict::Duplicate),
        (Some(4), 2, Verdict::Stale),
        (None, 2, Verdict::Revised),
        (None, 2, Verdict::Duplicate),
    ];
    for (step, (revision, content, verdict)) in steps.into_iter().enumerate() {
        let found = submit(&store, &acme, vec![revised(wait(content), revision)]).await;
        assert_eq!(found[0].verdict, verdict, "step {step}");
        store = if step % 2 == 0 { harness.reopen(store).await } else { harness.crash(store).await };
    }
}

pub(super) async fn random_histories_with_restarts_end_as_in_the_model(harness: &dyn Durable) {
    let mut dice = Dice::new(77);
    let mut model = Model::default();
    let mut store = harness.open().await;
    for round in 0..24 {
        let source = source(&format!("s-{}", dice.below(2)));
        submit_as_the_model_says(&store, &mut model, &source, random_drafts(&mut dice)).await;
        match round % 6 {
            2 => store = harness.reopen(store).await,
            5 => store = harness.crash(store).await,
            _ => continue,
        }
        model.compare(&store).await;
    }
}

pub(super) async fn receipts_and_reject_ids_rise_across_restarts(harness: &dyn Durable) {
    let acme = source("acme");
    let mut store = harness.open().await;
    let mut last = None;
    for round in 0..4 {
        let payload = format!("round {round}");
        let item = reject("c-1", RejectReason::DurationMissing, &payload);
        let receipt = commit(&store, &acme, vec![item]).await.receipt;
        let id = rejects(&store).await.pop().expect("it is kept").id;
        if let Some((last_receipt, last_id)) = last {
            assert!(
                last_receipt < receipt && last_id < id,
                "round {round}: {last:?}, then {receipt} and {id}"
            );
        }
        last = Some((receipt, id));
        store = if round % 2 == 0 { harness.reopen(store).await } else { harness.crash(store).await };
    }
}

/// Calls, corrections, rejects and organisations; what should stand, and the rejects as they were.
async fn fill(store: &Arc<dyn Store>) -> (Model, Vec<KeptReject>) {
    let mut dice = Dice::new(5);
    let mut model = Model::default();
    for round in 0..20 {
        let source = source(&format!("s-{}", round % 3));
        submit_as_the_model_says(store, &mut model, &source, random_drafts(&mut dice)).await;
    }
    let items = vec![
        reject("c-1", RejectReason::DurationMissing, "x"),
        reject("c-1", RejectReason::DurationMissing, "x"),
        reject("c-2", RejectReason::UnknownPractice, "\0\u{ff}"),
        Item::Record(record(answered("last"))),
    ];
    model.submit(&source("acme"), &record(answered("last")));
    commit(store, &source("acme"), items).await;
    store.put_organisations(organisations(30)).await.expect("organisations are taken");
    (model, rejects(store).await)
}

async fn compare(store: &Arc<dyn Store>, model: &Model, kept: &[KeptReject]) {
    model.compare(store).await;
    assert_eq!(rejects(store).await, kept);
    let mut found = store.organisations().await.expect("organisations are given");
    found.sort_by_key(|row| row.code);
    assert_eq!(found, organisations(30));
}

async fn rejects(store: &Arc<dyn Store>) -> Vec<KeptReject> {
    let ask = RejectsAsk { limit: usize::MAX, ..RejectsAsk::default() };
    store.rejects(ask).await.expect("rejects are given")
}
