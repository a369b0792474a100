//! What becomes of a record: every rule of revisions as a line of a table, previews, receipts.

use std::sync::Arc;

use callgauge_schema::{Draft, Moment, RejectReason};

use super::Harness;
use super::dice::Dice;
use super::model::Model;
use super::sample::{
    answered, call_id, commit, random, record, reject, retraction, revised, secs, source, submit,
};
use crate::store::Verdict::{Accepted, Conflict, Duplicate, Retracted, Revised, Stale};
use crate::store::content::receipt_hash;
use crate::store::{Item, RecordVerdict, RejectsAsk, Store, Submission, Verdict};

/// What a record says: some content by number, or that there is no call.
#[derive(Clone, Copy, Debug)]
enum Says {
    Content(i64),
    NoCall,
}

/// What is sent, what becomes of it and what revision is stored then.
type Step = (Option<u64>, Says, Verdict, u64);

const A: Says = Says::Content(1);
const B: Says = Says::Content(2);
const GONE: Says = Says::NoCall;
/// Size says nothing: a revision may be a time in nanoseconds or the highest number.
const HUGE: u64 = u64::MAX;

/// A name, what is sent one after the other, and what stands in the end.
const RULES: &[(&str, &[Step], Says)] = &[
    ("first", &[(Some(3), A, Accepted, 3)], A),
    ("first-without-revision", &[(None, A, Accepted, 0)], A),
    ("first-is-zero", &[(Some(0), A, Accepted, 0), (None, A, Duplicate, 0)], A),
    ("same", &[(Some(3), A, Accepted, 3), (Some(3), A, Duplicate, 3), (Some(3), A, Duplicate, 3)], A),
    ("higher", &[(Some(3), A, Accepted, 3), (Some(4), B, Revised, 4)], B),
    ("much-higher", &[(Some(3), A, Accepted, 3), (Some(HUGE), B, Revised, HUGE)], B),
    ("size", &[(Some(1 << 63), A, Accepted, 1 << 63), (Some((1 << 63) - 1), B, Stale, 1 << 63)], A),
    ("higher-same", &[(Some(3), A, Accepted, 3), (Some(5), A, Duplicate, 5), (Some(4), B, Stale, 5)], A),
    (
        "advanced-then-conflict",
        &[(Some(3), A, Accepted, 3), (Some(5), A, Duplicate, 5), (Some(5), B, Conflict, 5)],
        A,
    ),
    ("lower", &[(Some(3), A, Accepted, 3), (Some(2), B, Stale, 3)], A),
    ("lower-same", &[(Some(3), A, Accepted, 3), (Some(2), A, Stale, 3), (Some(3), A, Duplicate, 3)], A),
    ("conflict", &[(Some(3), A, Accepted, 3), (Some(3), B, Conflict, 3), (Some(3), A, Duplicate, 3)], A),
    (
        "conflict-then-higher",
        &[(Some(3), A, Accepted, 3), (Some(3), B, Conflict, 3), (Some(4), B, Revised, 4)],
        B,
    ),
    ("absent-same", &[(Some(3), A, Accepted, 3), (None, A, Duplicate, 3)], A),
    ("absent-other", &[(Some(3), A, Accepted, 3), (None, B, Revised, 4), (None, B, Duplicate, 4)], B),
    ("absent-to-and-fro", &[(None, A, Accepted, 0), (None, B, Revised, 1), (None, A, Revised, 2)], A),
    ("absent-then-given", &[(None, A, Accepted, 0), (None, B, Revised, 1), (Some(1), A, Conflict, 1)], B),
    ("retracted", &[(Some(3), A, Accepted, 3), (Some(4), GONE, Retracted, 4)], GONE),
    (
        "retracted-absent",
        &[(Some(3), A, Accepted, 3), (None, GONE, Retracted, 4), (None, GONE, Duplicate, 4)],
        GONE,
    ),
    ("retracted-lower", &[(Some(3), A, Accepted, 3), (Some(2), GONE, Stale, 3)], A),
    ("retracted-same-revision", &[(Some(3), A, Accepted, 3), (Some(3), GONE, Conflict, 3)], A),
    (
        "retracted-first",
        &[(Some(3), GONE, Retracted, 3), (Some(2), A, Stale, 3), (Some(3), A, Conflict, 3)],
        GONE,
    ),
    ("retracted-first-absent", &[(None, GONE, Retracted, 0), (None, A, Revised, 1)], A),
    (
        "retracted-again",
        &[(Some(3), GONE, Retracted, 3), (Some(3), GONE, Duplicate, 3), (Some(4), GONE, Duplicate, 4)],
        GONE,
    ),
    (
        "brought-back",
        &[(Some(3), A, Accepted, 3), (Some(4), GONE, Retracted, 4), (Some(5), A, Revised, 5)],
        A,
    ),
    ("brought-back-absent", &[(None, A, Accepted, 0), (None, GONE, Retracted, 1), (None, A, Revised, 2)], A),
    (
        "stale-after-retraction",
        &[(Some(9), A, Accepted, 9), (Some(11), GONE, Retracted, 11), (Some(10), B, Stale, 11)],
        GONE,
    ),
];

pub(super) async fn every_rule_of_revisions_holds_one_by_one(harness: &dyn Harness) {
    let store = harness.open().await;
    let source = source("acme");
    for (name, steps, _) in RULES {
        for (at, &(revision, says, verdict, stored)) in steps.iter().enumerate() {
            let found = submit(&store, &source, vec![draft(name, revision, says)]).await;
            assert_eq!(found, [RecordVerdict { verdict, revision: stored }], "{name}, step {at}");
        }
    }
    all_stand_as_told(&store).await;
}

pub(super) async fn every_rule_of_revisions_holds_within_one_submission(harness: &dyn Harness) {
    let store = harness.open().await;
    let steps = || RULES.iter().flat_map(|(name, steps, _)| steps.iter().map(move |step| (*name, step)));
    let drafts = steps().map(|(name, &(revision, says, ..))| draft(name, revision, says)).collect();
    let found = submit(&store, &source("acme"), drafts).await;
    assert_eq!(found.len(), steps().count());
    for (found, (name, &(.., verdict, stored))) in found.iter().zip(steps()) {
        assert_eq!(*found, RecordVerdict { verdict, revision: stored }, "{name}");
    }
    all_stand_as_told(&store).await;
}

pub(super) async fn the_source_is_part_of_the_identity(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut model = Model::default();
    for (name, wait) in [("acme", 1), ("other", 2)] {
        let draft = Draft { wait: secs(wait), ..answered("c-1") };
        model.submit(&source(name), &record(draft.clone()));
        assert_eq!(submit(&store, &source(name), vec![draft]).await[0].verdict, Accepted, "{name}");
    }
    model.compare(&store).await;
}

pub(super) async fn a_preview_says_what_a_commit_would_and_does_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    submit(&store, &acme, vec![revised(answered("c-1"), 3)]).await;
    let items = vec![
        Item::Record(record(retraction("c-1"))),
        Item::Record(record(answered("c-1"))),
        Item::Record(record(answered("c-2"))),
        reject("c-3", RejectReason::DurationMissing, "x"),
    ];
    let submission = Submission::new(acme.clone(), items);
    let expected = store.preview(submission.clone()).await.expect("a preview is given").verdicts;
    let verdicts: Vec<_> = expected.iter().map(|found| (found.verdict, found.revision)).collect();
    assert_eq!(verdicts, [(Retracted, 4), (Revised, 5), (Accepted, 0), (Verdict::Rejected, 0)]);
    assert_eq!(store.call(&acme, &call_id("c-2")).await.expect("a call is looked up"), None);
    assert_eq!((store.status().calls, store.status().rejects), (1, 0), "a preview keeps nothing");
    let committed = store.commit(submission).await.expect("the submission is taken");
    assert_eq!(committed.verdicts, expected);
}

pub(super) async fn receipts_rise_and_their_hash_is_that_of_what_was_sent(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut last = None;
    for round in 0..3 {
        let items = vec![
            Item::Record(record(answered("c-1"))),
            reject("c-2", RejectReason::DurationMissing, "payload"),
            Item::Record(record(answered("c-3"))),
        ];
        let submission = Submission::new(source("acme"), items);
        let hash = receipt_hash(&submission);
        let committed = store.commit(submission).await.expect("the submission is taken");
        assert_eq!(committed.hash, hash, "the same records give the same hash, round {round}");
        assert!(last.is_none_or(|last| last < committed.receipt), "later submissions have higher numbers");
        assert!(committed.at > Moment::from_millis(0), "it says when");
        last = Some(committed.receipt);
    }
    let nothing = commit(&store, &source("acme"), vec![]).await;
    assert_eq!(nothing.verdicts, [], "a submission of nothing is taken");
}

pub(super) async fn whatever_a_record_says_comes_back(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let mut dice = Dice::new(7);
    let mut model = Model::default();
    let drafts: Vec<_> = (0..400).map(|n| random(&format!("c-{n}"), &mut dice)).collect();
    for draft in &drafts {
        model.submit(&acme, &record(draft.clone()));
    }
    submit(&store, &acme, drafts).await;
    model.compare(&store).await;
    let never = store.call(&acme, &call_id("never-sent")).await.expect("a call is looked up");
    assert_eq!(never, None);
}

fn draft(name: &str, revision: Option<u64>, says: Says) -> Draft {
    let draft = match says {
        Says::Content(n) => Draft { wait: secs(n), ..answered(name) },
        Says::NoCall => retraction(name),
    };
    revised(draft, revision)
}

/// Every call of the table, and that each conflict in it is kept.
async fn all_stand_as_told(store: &Arc<dyn Store>) {
    let mut model = Model::default();
    let mut conflicts = 0;
    for (name, steps, says) in RULES {
        let (.., revision) = steps[steps.len() - 1];
        model.submit(&source("acme"), &record(draft(name, Some(revision), *says)));
        conflicts += steps.iter().filter(|(_, _, verdict, _)| *verdict == Conflict).count();
    }
    model.compare(store).await;
    let ask = RejectsAsk { reason: Some(RejectReason::Conflict), limit: usize::MAX, ..RejectsAsk::default() };
    assert_eq!(store.rejects(ask).await.expect("rejects are given").len(), conflicts);
}
