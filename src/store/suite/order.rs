//! Records in any order: what stands in the end is the highest revision.

use std::sync::Arc;

use callgauge_schema::{Draft, SourceId};

use super::Harness;
use super::dice::Dice;
use super::model::Model;
use super::sample::{answered, at, random, record, retraction, revised, source, submit};
use crate::store::{RecordVerdict, Store, Verdict};

pub(super) async fn every_order_of_arrival_ends_the_same(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut model = Model::default();
    for seed in 0..6 {
        let mut dice = Dice::new(seed);
        let mut history = history_without_conflicts(&mut dice);
        for order in 0..4 {
            let source = source(&format!("s-{seed}-{order}"));
            dice.shuffle(&mut history);
            submit_in_parts(&store, &source, &history, &mut dice).await;
            let mut ordered = history.clone();
            ordered.sort_by_key(|draft| draft.revision);
            for draft in ordered {
                model.submit(&source, &record(draft));
            }
        }
    }
    model.compare(&store).await;
}

pub(super) async fn random_histories_end_as_in_the_model(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut model = Model::default();
    for seed in 100..106 {
        let mut dice = Dice::new(seed);
        for _ in 0..12 {
            let source = source(&format!("s-{}", dice.below(2)));
            let drafts = random_drafts(&mut dice);
            submit_as_the_model_says(&store, &mut model, &source, drafts).await;
        }
        model.compare(&store).await;
    }
}

pub(super) async fn a_retraction_may_come_before_its_call(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let elsewhere = Draft { started_at: Some(at("2025-11-30T23:59:59Z")), ..retraction("far") };
    submit_as_the_model_says(
        &store,
        &mut model,
        &acme,
        vec![revised(retraction("near"), 2), revised(elsewhere, 2)],
    )
    .await;
    model.compare(&store).await;
    for call_id in ["near", "far"] {
        let verdicts = submit(&store, &acme, vec![revised(answered(call_id), 1)]).await;
        assert_eq!(verdicts, [RecordVerdict { verdict: Verdict::Stale, revision: 2 }], "{call_id}");
    }
    model.compare(&store).await;
}

pub(super) async fn copies_far_apart_without_a_hint_are_one_call(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let on = |call_id: &str, started_at: &str, revision: u64| {
        revised(Draft { started_at: Some(at(started_at)), ..answered(call_id) }, revision)
    };
    for drafts in [
        vec![on("later", "2024-02-29T12:00:00Z", 1), on("earlier", "2026-08-01T12:00:00Z", 1)],
        vec![on("other", "2025-05-05T12:00:00Z", 1)],
        vec![on("later", "2026-08-01T12:00:00Z", 2), on("earlier", "2024-02-29T12:00:00Z", 2)],
        vec![on("later", "2025-01-01T12:00:00Z", 1), on("earlier", "2025-01-01T12:00:00Z", 1)],
        vec![on("later", "2024-02-29T12:00:00Z", 3), on("earlier", "2026-08-01T12:00:00Z", 3)],
    ] {
        submit_as_the_model_says(&store, &mut model, &acme, drafts).await;
        model.compare(&store).await;
    }
}

/// A dozen calls in up to five revisions each, some sent twice, none with two contents under one revision.
fn history_without_conflicts(dice: &mut Dice) -> Vec<Draft> {
    let mut history = Vec::new();
    for call in 0..12 {
        let mut last = random(&format!("c-{call}"), dice);
        for revision in 0..=dice.below(4) {
            if !dice.one_in(4) {
                last = random(&format!("c-{call}"), dice);
            }
            let draft = revised(last.clone(), revision * 1_000_003);
            if dice.one_in(3) {
                history.push(draft.clone());
            }
            history.push(draft);
        }
    }
    history
}

/// Up to twelve records of few calls, with revisions that are absent, equal, higher and lower.
pub(super) fn random_drafts(dice: &mut Dice) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for _ in 0..=dice.below(12) {
        let draft = if !drafts.is_empty() && dice.one_in(4) {
            dice.pick(&drafts)
        } else {
            random(&format!("c-{}", dice.below(40)), dice)
        };
        let revision = if dice.one_in(3) { None } else { Some(dice.below(5)) };
        drafts.push(revised(draft, revision));
    }
    drafts
}

/// Submits and holds every verdict to the model's.
pub(super) async fn submit_as_the_model_says(
    store: &Arc<dyn Store>,
    model: &mut Model,
    source: &SourceId,
    drafts: Vec<Draft>,
) {
    let expected: Vec<_> = drafts.iter().map(|draft| model.submit(source, &record(draft.clone()))).collect();
    let found = submit(store, source, drafts.clone()).await;
    let found: Vec<_> = found.into_iter().map(|found| (found.verdict, found.revision)).collect();
    assert_eq!(found, expected, "{drafts:#?}");
}

async fn submit_in_parts(store: &Arc<dyn Store>, source: &SourceId, history: &[Draft], dice: &mut Dice) {
    let mut rest = history;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.len().min(1 + dice.below(9) as usize));
        submit(store, source, part.to_vec()).await;
        rest = after;
    }
}
