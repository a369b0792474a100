//! Corrections that move a call: in time, with and without the hint where it was, and to another practice.

use callgauge_schema::{Draft, DraftAccount, DraftAttribution, Moment};

use super::Harness;
use super::model::Model;
use super::order::submit_as_the_model_says;
use super::sample::{answered, at, practice, revised, source};

/// What is moved over, where the call was, and where it is.
const MOVES: &[(&str, &str, &str)] = &[
    ("a millisecond", "2026-02-02T09:30:00.000Z", "2026-02-02T09:30:00.001Z"),
    ("minutes-within-a-band", "2026-02-02T09:30:00Z", "2026-02-02T09:41:00Z"),
    ("minutes-into-another-band", "2026-02-02T09:59:59.999Z", "2026-02-02T10:00:00Z"),
    ("the-half-hour-band", "2026-02-02T18:29:59Z", "2026-02-02T18:30:00Z"),
    ("midnight", "2026-02-02T23:59:00Z", "2026-02-03T00:01:00Z"),
    ("midnight-back", "2026-02-03T00:00:00Z", "2026-02-02T23:59:59.999Z"),
    ("midnight-in-summer", "2026-06-30T22:59:59Z", "2026-06-30T23:00:00Z"),
    ("a-day", "2026-02-02T09:30:00Z", "2026-02-03T09:30:00Z"),
    ("6-days", "2026-02-02T09:30:00Z", "2026-02-08T09:30:00Z"),
    ("7-days-back", "2026-02-09T09:30:00Z", "2026-02-02T09:30:00Z"),
    ("8-days", "2026-02-02T09:30:00Z", "2026-02-10T09:30:00Z"),
    ("40-days", "2026-02-02T09:30:00Z", "2026-03-14T09:30:00Z"),
    ("40-days-back", "2026-03-14T09:30:00Z", "2026-02-02T09:30:00Z"),
    ("years", "2019-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
    ("clocks-going-forward", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
    ("clocks-going-back", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z"),
    ("the-hour-that-is-twice", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    ("into-summer-time", "2026-03-28T23:30:00Z", "2026-03-29T23:30:00Z"),
    ("a-leap-day", "2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z"),
];

pub(super) async fn a_correction_moves_the_call(harness: &dyn Harness) {
    all_moves(harness, Some).await;
}

pub(super) async fn a_correction_moves_the_call_without_a_hint(harness: &dyn Harness) {
    all_moves(harness, |_| None).await;
}

pub(super) async fn a_wrong_hint_does_no_harm(harness: &dyn Harness) {
    all_moves(harness, |from| Some(from.plus_millis(-86_400_000 * 100))).await;
}

pub(super) async fn a_correction_changes_whose_call_it_is(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let account = |icb: &str| {
        let account = DraftAccount { id: "acc-1".to_owned(), icb: icb.to_owned(), ..DraftAccount::default() };
        Some(DraftAttribution::Account(Box::new(account)))
    };
    let steps = [practice("A81001"), practice("A81002"), account("QHG"), account("QSL"), practice("A81001")];
    for (revision, attribution) in (0..).zip(steps) {
        let draft = Draft { attribution, ..answered("c-1") };
        submit_as_the_model_says(&store, &mut model, &acme, vec![revised(draft, revision)]).await;
        model.compare(&store).await;
    }
}

pub(super) async fn a_call_moves_away_and_back(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    for (revision, started_at) in
        (0..).zip(["2026-02-02", "2026-03-14", "2026-02-02", "2026-02-05", "2026-02-02"])
    {
        let draft = Draft { started_at: Some(at(&format!("{started_at}T09:30:00Z"))), ..answered("c-1") };
        let beside = Draft { call_id: format!("beside-{revision}"), ..draft.clone() };
        submit_as_the_model_says(&store, &mut model, &acme, vec![revised(draft, revision), beside]).await;
        model.compare(&store).await;
    }
}

/// Sends the first place of every call, then the second, each beside a call that stays; compares after both; then sends the first again, late.
async fn all_moves(harness: &dyn Harness, hint: fn(Moment) -> Option<Moment>) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut model = Model::default();
    let to = |call_id: &str, place: &str, revision: u64| {
        revised(Draft { started_at: Some(at(place)), ..answered(call_id) }, revision)
    };
    let first: Vec<Draft> = MOVES
        .iter()
        .flat_map(|(call_id, from, _)| [to(call_id, from, 1), to(&format!("{call_id}-stays"), from, 1)])
        .collect();
    let second: Vec<Draft> = MOVES
        .iter()
        .map(|(call_id, from, place)| Draft { previous_started_at: hint(at(from)), ..to(call_id, place, 2) })
        .collect();
    for drafts in [first.clone(), second.clone(), first, second] {
        submit_as_the_model_says(&store, &mut model, &acme, drafts).await;
        model.compare(&store).await;
    }
}
