//! What the ledger makes of batches that come, meet faults and come again.

use super::*;
use crate::proto::v1::{self, call_record::Attribution};

fn record(id: &str, revision: Option<u64>, talk: i64) -> CallRecord {
    CallRecord {
        call_id: id.to_owned(),
        attribution: Some(Attribution::PracticeCode("A81001".to_owned())),
        revision,
        direction: v1::Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: 1_770_019_200, nanos: 0 }),
        outcome: v1::Outcome::Answered.into(),
        wait: Some(prost_types::Duration { seconds: 20, nanos: 0 }),
        talk: Some(prost_types::Duration { seconds: talk, nanos: 0 }),
        ..CallRecord::default()
    }
}

const ACCEPTED: i32 = Verdict::Accepted as i32;
const CONFLICT: i32 = Verdict::Conflict as i32;

#[test]
fn what_comes_again_and_is_told_of_is_healed() {
    let mut ledger = Ledger::default();
    let batch = [record("c-1", Some(1), 60), record("c-2", Some(1), 60)];
    let keys = ledger.sent(Way::Stream, "acme", &batch);
    assert_eq!(ledger.stopped(Fault::LostAck, &keys), 0);
    assert_eq!(ledger.never_again(Fault::LostAck).len(), 2);
    let keys = ledger.sent(Way::Stream, "acme", &batch[..1]);
    ledger.told(&keys, &[ACCEPTED]);
    assert_eq!(
        ledger.never_again(Fault::LostAck),
        ["c-2 was not acknowledged and did not come again"],
        "c-1 did"
    );
    let keys = ledger.sent(Way::Stream, "acme", &[record("c-2-again", Some(1), 60)]);
    ledger.told(&keys, &[ACCEPTED]);
    assert_eq!(ledger.never_again(Fault::LostAck), ["c-2 came again as another call, c-2-again"]);
}

#[test]
fn only_a_changed_content_under_one_revision_is_a_change() {
    let mut ledger = Ledger::default();
    let fraction = CallRecord {
        talk: Some(prost_types::Duration { seconds: 60, nanos: 900_000_000 }),
        ..record("c-1", Some(1), 60)
    };
    for record in
        [record("c-1", Some(1), 60), fraction, record("c-1", Some(2), 61), record("c-1", Some(1), 60)]
    {
        ledger.sent(Way::Submit, "acme", &[record]);
    }
    for talk in [60, 61] {
        ledger.sent(Way::Submit, "acme", &[record("none", None, talk)]);
    }
    assert!(ledger.changed.is_empty(), "{:?}", ledger.changed);
    ledger.sent(Way::Submit, "acme", &[record("c-1", Some(2), 62)]);
    assert_eq!(ledger.changed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["c-1"]);
}

#[test]
fn a_refused_record_is_refused_until_it_is_mended() {
    let mut ledger = Ledger::default();
    let batch = [record("c-1", Some(1), 60), record("c-2", Some(1), 60)];
    let keys = ledger.sent(Way::Stream, "acme", &batch);
    ledger.refuse(Fault::Conflict, &keys[1]);
    for _ in 0..4 {
        assert_eq!(ledger.refused_in(&keys, &batch), [(1, Fault::Conflict)]);
    }
    ledger.told(&keys, &[ACCEPTED, CONFLICT]);
    assert_eq!(ledger.refused_times(Fault::Conflict), 4);
    assert!(ledger.refused(&keys[1]).is_some() && ledger.calls().any(|(_, call)| call.is_refused()));
    let mended = [record("c-2", Some(2), 60)];
    let keys = ledger.sent(Way::Stream, "acme", &mended);
    assert!(ledger.refused_in(&keys, &mended).is_empty());
    assert!(ledger.refused(&keys[0]).is_none());
}

#[test]
fn what_was_rejected_may_be_mended_under_its_revision_and_what_is_in_conflict_may_not() {
    for (verdict, changed) in [(Verdict::Rejected, 0), (Verdict::Conflict, 1), (Verdict::Accepted, 1)] {
        let mut ledger = Ledger::default();
        let keys = ledger.sent(Way::Submit, "acme", &[record("c-1", Some(1), 60)]);
        ledger.told(&keys, &[verdict.into()]);
        ledger.sent(Way::Submit, "acme", &[record("c-1", Some(1), 61)]);
        assert_eq!(ledger.changed.len(), changed, "{verdict:?}");
    }
}

#[test]
fn an_id_that_looks_like_a_number_is_not_shown() {
    let mut ledger = Ledger::default();
    let keys = ledger.sent(Way::Submit, "acme", &[record("07700900001", Some(1), 60)]);
    ledger.stopped(Fault::Cut, &keys);
    let told = ledger.never_again(Fault::Cut).join("");
    assert!(!told.contains("07700") && told.contains("not fit to be shown"), "{told}");
}
