//! What is refused is kept once, with its reason, up to a limit, and can be sent through again.

use std::sync::Arc;

use callgauge_schema::{Draft, RejectReason};

use super::Harness;
use super::sample::{answered, commit, record, reject, revised, secs, source};
use crate::store::content::receipt_hash;
use crate::store::revision::conflict;
use crate::store::{Item, KeptReject, RejectsAsk, Store, StoreError, Submission, Verdict};

const MISSING: RejectReason = RejectReason::DurationMissing;
const UNKNOWN: RejectReason = RejectReason::UnknownPractice;

pub(super) async fn a_reject_is_kept_once_and_counted(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let items = vec![
        reject("c-1", MISSING, "x"),
        reject("c-1", MISSING, "x"),
        reject("c-1", UNKNOWN, "x"),
        reject("c-2", MISSING, "x"),
        nameless("x"),
        nameless("y"),
        nameless("y"),
    ];
    let committed = commit(&store, &acme, items.clone()).await;
    assert!(committed.verdicts.iter().all(|found| (found.verdict, found.revision) == (Verdict::Rejected, 0)));
    let first = all(&store).await;
    let times: Vec<u64> = first.iter().map(|kept| kept.times).collect();
    assert_eq!(times, [2, 1, 1, 1, 2], "in the order in which they first came");
    for (kept, sent) in first.iter().zip([0, 2, 3, 4, 5]) {
        let Item::Reject(sent) = &items[sent] else { panic!("a reject was sent") };
        assert_eq!((&kept.source, &kept.reject), (&acme, &**sent));
    }
    commit(&store, &acme, items.clone()).await;
    commit(&store, &source("other"), vec![items[0].clone()]).await;
    let again = all(&store).await;
    let times: Vec<u64> = again.iter().map(|kept| kept.times).collect();
    assert_eq!(times, [4, 2, 2, 2, 4, 1], "another source's is another");
    for (then, now) in first.iter().zip(&again) {
        assert_eq!((then.id, then.first_at), (now.id, now.first_at), "keeps its id and when it first came");
    }
    let other_payload = commit(&store, &acme, vec![reject("c-1", MISSING, "another revision")]).await;
    assert_eq!(other_payload.verdicts.len(), 1);
    assert_eq!(all(&store).await.len(), 7, "what says something else is not lost");
}

pub(super) async fn rejects_are_found_by_source_reason_and_id(harness: &dyn Harness) {
    let store = harness.open().await;
    for n in 0..6 {
        let reason = if n % 2 == 0 { MISSING } else { UNKNOWN };
        let from = if n < 3 { "acme" } else { "other" };
        commit(&store, &source(from), vec![reject(&format!("c-{n}"), reason, "x")]).await;
    }
    let kept = all(&store).await;
    assert!(kept.is_sorted_by(|a, b| a.id < b.id), "later ones have higher ids");
    let everything = RejectsAsk { limit: 100, ..RejectsAsk::default() };
    let cases: Vec<(RejectsAsk, &[usize])> = vec![
        (RejectsAsk { source: Some(source("acme")), ..everything.clone() }, &[0, 1, 2]),
        (RejectsAsk { reason: Some(UNKNOWN), ..everything.clone() }, &[1, 3, 5]),
        (RejectsAsk { source: Some(source("other")), reason: Some(MISSING), ..everything.clone() }, &[4]),
        (RejectsAsk { after: kept[2].id, ..everything.clone() }, &[3, 4, 5]),
        (RejectsAsk { after: kept[2].id, limit: 2, ..everything.clone() }, &[3, 4]),
        (RejectsAsk { source: Some(source("nobody")), ..everything.clone() }, &[]),
        (RejectsAsk { limit: 0, ..everything }, &[]),
    ];
    for (ask, expected) in cases {
        let found = store.rejects(ask.clone()).await.expect("rejects are given");
        let expected: Vec<_> = expected.iter().map(|&at| kept[at].clone()).collect();
        assert_eq!(found, expected, "{ask:?}");
    }
}

pub(super) async fn a_conflict_is_kept_as_a_reject(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let send = |wait| Item::Record(record(revised(Draft { wait: secs(wait), ..answered("c-1") }, 1)));
    let committed = commit(&store, &acme, vec![send(1), send(2), send(2), send(3)]).await;
    let verdicts: Vec<_> = committed.verdicts.iter().map(|found| found.verdict).collect();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Conflict, Verdict::Conflict, Verdict::Conflict]);
    let kept: Vec<_> = all(&store).await.into_iter().map(|kept| (kept.times, kept.reject)).collect();
    let expected = |wait| {
        let Item::Record(record) = send(wait) else { panic!("a record was sent") };
        conflict(&record)
    };
    assert_eq!(kept, [(2, expected(2)), (1, expected(3))]);
}

pub(super) async fn a_submission_over_the_reject_limit_is_refused_whole(harness: &dyn Harness) {
    let store = harness.open_with_reject_limit(3).await;
    let acme = source("acme");
    let good = |call_id: &str| Item::Record(record(answered(call_id)));
    commit(&store, &acme, vec![reject("c-1", MISSING, "x"), reject("c-2", MISSING, "x")]).await;

    let over = vec![good("c-9"), reject("c-3", MISSING, "x"), reject("c-4", MISSING, "x")];
    let submission = Submission::new(acme.clone(), over);
    for attempt in ["preview", "commit"] {
        let refusal = match attempt {
            "preview" => store.preview(submission.clone()).await.err(),
            _ => store.commit(submission.clone()).await.err(),
        };
        let expected =
            matches!(&refusal, Some(StoreError::RejectLimit { source_id, kept: 2 }) if *source_id == acme);
        assert!(expected, "{attempt} says {refusal:?}");
    }
    assert_eq!((store.status().calls, store.status().rejects), (0, 2), "nothing of it was taken");

    commit(&store, &acme, vec![reject("c-3", MISSING, "x"), reject("c-3", MISSING, "x")]).await;
    commit(&store, &acme, vec![reject("c-1", MISSING, "x"), good("c-9")]).await;
    commit(&store, &source("other"), vec![reject("c-1", MISSING, "x")]).await;
    assert_eq!(
        (store.status().calls, store.status().rejects),
        (1, 4),
        "kept ones and other sources are no matter"
    );

    let first = all(&store).await[0].id;
    let instead = Submission {
        redrives: vec![first],
        ..Submission::new(acme.clone(), vec![reject("c-4", MISSING, "x")])
    };
    store.commit(instead).await.expect("one goes, one comes");
    let conflicting = Item::Record(record(revised(Draft { wait: secs(1), ..answered("c-9") }, 0)));
    let submission = Submission::new(acme, vec![conflicting]);
    let refusal = store.commit(submission).await.err();
    assert!(
        matches!(refusal, Some(StoreError::RejectLimit { kept: 3, .. })),
        "a conflict is one too: {refusal:?}"
    );
}

pub(super) async fn rejects_that_went_through_are_dropped(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let items = (0..4).map(|n| reject(&format!("c-{n}"), UNKNOWN, "x")).collect();
    commit(&store, &acme, items).await;
    let kept = all(&store).await;
    let items = vec![Item::Record(record(answered("c-1"))), Item::Record(record(answered("c-2")))];
    let redrives = vec![kept[1].id, kept[2].id, u64::MAX >> 1];
    let submission = Submission { redrives, ..Submission::new(acme.clone(), items) };
    let hash = receipt_hash(&submission);
    store.preview(submission.clone()).await.expect("a preview is given");
    assert_eq!(all(&store).await, kept, "a preview drops nothing");
    assert_eq!(store.commit(submission).await.expect("the submission is taken").hash, hash);
    assert_eq!(all(&store).await, [kept[0].clone(), kept[3].clone()]);
    assert_eq!((store.status().calls, store.status().rejects), (2, 2));

    commit(&store, &acme, vec![reject("c-1", UNKNOWN, "x")]).await;
    let last = all(&store).await.pop().expect("it is kept");
    assert!(last.id > kept[3].id && last.times == 1, "one that comes again later is a new one: {last:?}");
}

pub(super) async fn a_reject_that_is_refused_again_keeps_its_id(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    commit(&store, &acme, vec![reject("c-1", UNKNOWN, "x"), reject("c-2", UNKNOWN, "x")]).await;
    let kept = all(&store).await;
    let ids: Vec<u64> = kept.iter().map(|kept| kept.id).collect();
    let items = vec![reject("c-1", UNKNOWN, "x"), reject("c-2", MISSING, "x")];
    let submission = Submission { redrives: ids.clone(), ..Submission::new(acme.clone(), items) };
    store.commit(submission).await.expect("the submission is taken");
    let after = all(&store).await;
    assert_eq!(after[0], kept[0], "refused for the same reason: as it was, and not counted again");
    assert_eq!((after.len(), after[1].reject.reason), (2, MISSING), "refused for another reason: a new one");
    assert!(after[1].id > ids[1]);
}

/// A reject whose call id is not fit to be kept.
fn nameless(payload: &str) -> Item {
    let Item::Reject(mut reject) = reject("c-0", RejectReason::TelephoneNumber, payload) else {
        panic!("a reject is made")
    };
    reject.call_id = None;
    reject.practice = None;
    Item::Reject(reject)
}

async fn all(store: &Arc<dyn Store>) -> Vec<KeptReject> {
    let ask = RejectsAsk { limit: usize::MAX, ..RejectsAsk::default() };
    store.rejects(ask).await.expect("rejects are given")
}
