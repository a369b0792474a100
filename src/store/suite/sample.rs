//! Records to check with: plain ones with a change or two, and random ones of every kind.

use std::sync::Arc;

use callgauge_schema::{
    CallId, CallRecord, CallbackTiming, Direction, Draft, DraftAccount, DraftAttribution, DraftDuration,
    Moment, Outcome, Reason, RejectReason, SourceId, Timing, UnknownDurations,
};

use super::dice::Dice;
use crate::store::{Committed, Item, RecordVerdict, Reject, Store, Submission};

/// Everything is checked as if it arrived then: 2090-01-01.
const ARRIVED: Moment = Moment::from_millis(3_786_912_000_000);

/// Around these instants things go wrong: midnights in winter and summer, both clock changes, edges of bands, the end of a year.
pub(super) const DELICATE: [&str; 10] = [
    "2026-02-02T08:00:00Z",
    "2026-02-03T00:00:00Z",
    "2026-03-29T00:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-03-29T23:00:00Z",
    "2026-06-30T23:00:00Z",
    "2026-10-24T23:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-10-26T18:30:00Z",
    "2027-01-01T00:00:00Z",
];

/// A source.
pub(super) fn source(text: &str) -> SourceId {
    text.parse().unwrap_or_else(|fault| panic!("{text:?} {fault}"))
}

/// A call id.
pub(super) fn call_id(text: &str) -> CallId {
    text.parse().unwrap_or_else(|fault| panic!("{text:?} {fault}"))
}

/// An instant, as ISO 8601 in UTC.
pub(super) fn at(text: &str) -> Moment {
    let instant: jiff::Timestamp = text.parse().unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
    Moment::from_millis(instant.as_millisecond())
}

/// A duration.
pub(super) fn secs(secs: i64) -> Option<DraftDuration> {
    Some(DraftDuration::from_secs(secs))
}

/// A practice.
pub(super) fn practice(code: &str) -> Option<DraftAttribution> {
    Some(DraftAttribution::Practice(code.to_owned()))
}

/// An answered call of A81001 on a Monday in February.
pub(super) fn answered(call_id: &str) -> Draft {
    Draft {
        call_id: call_id.to_owned(),
        attribution: practice("A81001"),
        direction: Some(Direction::Inbound),
        started_at: Some(at("2026-02-02T09:30:00Z")),
        outcome: Some(Outcome::Answered),
        wait: secs(42),
        talk: secs(180),
        ..Draft::default()
    }
}

/// The statement that there is no such call.
pub(super) fn retraction(call_id: &str) -> Draft {
    Draft { retracted: true, outcome: None, wait: None, talk: None, ..answered(call_id) }
}

/// The record of a draft.
pub(super) fn record(draft: Draft) -> CallRecord {
    let unknown = UnknownDurations { wait: true, talk: true };
    draft.check(ARRIVED, unknown).unwrap_or_else(|fault| panic!("a sample must be whole: {fault}"))
}

/// A reject of a call with this payload.
pub(super) fn reject(call_id: &str, reason: RejectReason, payload: &str) -> Item {
    Item::Reject(Box::new(Reject {
        call_id: Some(self::call_id(call_id)),
        practice: "A81001".parse().ok(),
        field: "wait".to_owned(),
        reason,
        message: "must be given".to_owned(),
        payload: payload.as_bytes().to_vec(),
    }))
}

/// A record with this id that may be of any kind, at any time within a few days of the delicate instants, and of one of five practices or two accounts.
pub(super) fn random(call_id: &str, dice: &mut Dice) -> Draft {
    let direction = if dice.one_in(4) { Direction::Outbound } else { Direction::Inbound };
    let base = Draft {
        call_id: call_id.to_owned(),
        attribution: Some(random_attribution(dice)),
        direction: Some(direction),
        started_at: Some(random_moment(dice)),
        ivr: random_secs(dice),
        line: dice.pick(&["", "reception", "Empfang 2", "prescriptions"]).to_owned(),
        timing: dice.pick(&[None, Some(Timing::Measured), Some(Timing::Banded)]),
        ..Draft::default()
    };
    if dice.one_in(8) {
        return Draft { retracted: true, ivr: None, ..base };
    }
    let outcome = if direction == Direction::Outbound {
        dice.pick(&[Outcome::Answered, Outcome::Missed, Outcome::Unclassified])
    } else {
        dice.pick(Outcome::ALL)
    };
    let reasons: Vec<Option<Reason>> = [None]
        .into_iter()
        .chain(Reason::ALL.iter().copied().filter(|reason| reason.outcome() == outcome).map(Some))
        .collect();
    let timings = [None, Some(CallbackTiming::VirtualQueue), Some(CallbackTiming::CallerTimed)];
    let made = (
        dice.pick(&["", "c-1", "c-2"]).to_owned(),
        dice.below(3) as u32,
        dice.pick(&[None, Some(true), Some(false)]),
    );
    Draft {
        outcome: Some(outcome),
        reason: dice.pick(&reasons),
        wait: if outcome == Outcome::EndedInIvr { None } else { random_secs(dice) },
        talk: if outcome == Outcome::Answered { random_secs(dice) } else { None },
        callback_requested: (outcome == Outcome::CallbackRequested && dice.one_in(2))
            .then(|| dice.pick(&timings)),
        callback_made: (direction == Direction::Outbound && dice.one_in(2)).then_some(made),
        ..base
    }
}

/// The same with this revision.
pub(super) fn revised(draft: Draft, revision: impl Into<Option<u64>>) -> Draft {
    Draft { revision: revision.into(), ..draft }
}

/// Submits these records, which have to be taken.
pub(super) async fn submit(
    store: &Arc<dyn Store>,
    source: &SourceId,
    drafts: Vec<Draft>,
) -> Vec<RecordVerdict> {
    let items = drafts.into_iter().map(|draft| Item::Record(record(draft))).collect();
    commit(store, source, items).await.verdicts
}

/// Submits these items, which have to be taken.
pub(super) async fn commit(store: &Arc<dyn Store>, source: &SourceId, items: Vec<Item>) -> Committed {
    let submission = Submission::new(source.clone(), items);
    store.commit(submission).await.expect("the submission is taken")
}

fn random_attribution(dice: &mut Dice) -> DraftAttribution {
    match dice.below(8) {
        0 => DraftAttribution::Account(Box::new(DraftAccount {
            id: "acc-1".to_owned(),
            pcn: "U00001".to_owned(),
            sub_icb: "11X".to_owned(),
            icb: "QSL".to_owned(),
            region: "Y58".to_owned(),
        })),
        1 => DraftAttribution::Account(Box::new(DraftAccount {
            id: "acc-2".to_owned(),
            icb: "QSL".to_owned(),
            ..DraftAccount::default()
        })),
        n => DraftAttribution::Practice(format!("A8100{}", n % 5)),
    }
}

fn random_moment(dice: &mut Dice) -> Moment {
    let near = at(dice.pick(&DELICATE));
    let millis = match dice.below(4) {
        0 => 0,
        1 => dice.below(2_000) as i64 - 1_000,
        2 => dice.below(7_200_000) as i64 - 3_600_000,
        _ => dice.below(400_000_000) as i64 - 200_000_000,
    };
    near.plus_millis(millis)
}

fn random_secs(dice: &mut Dice) -> Option<DraftDuration> {
    let any = dice.below(2_000) as i64;
    let secs = dice.pick(&[0, 1, 59, 60, 61, 120, 121, 300, 301, 86_400, any, any, any]);
    (!dice.one_in(5)).then(|| DraftDuration::from_secs(secs))
}
