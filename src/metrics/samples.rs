//! Kinds and rows that tests are made of.

use callgauge_schema::{CallKind, Callback, CallbackTiming, Direction, Outcome, Reason, Seconds, Timing};

use super::histogram::Histogram;
use super::tally::{KindTally, Tally};

/// Kind, calls, waits and talk times.
pub(super) type Part<'a> = (CallKind, i64, &'a [(u32, i64)], &'a [(u32, i64)]);

pub(super) fn secs(secs: u32) -> Seconds {
    Seconds::try_from(secs).unwrap()
}

pub(super) fn row(parts: &[Part<'_>]) -> Tally {
    let mut tally = Tally::default();
    for &(kind, calls, wait, talk) in parts {
        let wait = Histogram::from_bins(wait.to_vec());
        let talk = Histogram::from_bins(talk.to_vec());
        tally.add(&Tally { kinds: vec![KindTally { kind, calls, wait, talk }] });
    }
    tally
}

pub(super) fn answered() -> CallKind {
    kind(Direction::Inbound, Outcome::Answered, None, None)
}

pub(super) fn ended_in_ivr() -> CallKind {
    kind(Direction::Inbound, Outcome::EndedInIvr, Some(Reason::HungUpInMenu), None)
}

pub(super) fn missed(reason: Option<Reason>) -> CallKind {
    kind(Direction::Inbound, Outcome::Missed, reason, None)
}

pub(super) fn unclassified() -> CallKind {
    kind(Direction::Inbound, Outcome::Unclassified, None, None)
}

pub(super) fn callback_requested() -> CallKind {
    let requested = Callback::Requested { timing: None };
    kind(Direction::Inbound, Outcome::CallbackRequested, None, Some(requested))
}

pub(super) fn callback_requested_for_a_time() -> CallKind {
    let requested = Callback::Requested { timing: Some(CallbackTiming::CallerTimed) };
    kind(Direction::Inbound, Outcome::CallbackRequested, None, Some(requested))
}

pub(super) fn callback_made(automatic: Option<bool>) -> CallKind {
    let made = Callback::Made { for_call: None, attempt: None, automatic };
    kind(Direction::Outbound, Outcome::Unclassified, None, Some(made))
}

pub(super) fn callback_answered(automatic: Option<bool>) -> CallKind {
    let made = Callback::Made { for_call: None, attempt: None, automatic };
    kind(Direction::Outbound, Outcome::Answered, None, Some(made))
}

pub(super) fn outbound() -> CallKind {
    kind(Direction::Outbound, Outcome::Answered, None, None)
}

/// The same of which only bands are known.
pub(super) fn banded(kind: CallKind) -> CallKind {
    let banded = kind.number() & !(3 << 9) | u16::from(Timing::Banded.number()) << 9;
    CallKind::from_number(banded).unwrap()
}

fn kind(
    direction: Direction,
    outcome: Outcome,
    reason: Option<Reason>,
    callback: Option<Callback>,
) -> CallKind {
    let callback: u16 = match callback {
        None => 0,
        Some(Callback::Requested { timing: None }) => 1,
        Some(Callback::Requested { timing: Some(CallbackTiming::VirtualQueue) }) => 2,
        Some(Callback::Requested { timing: Some(CallbackTiming::CallerTimed) }) => 3,
        Some(Callback::Made { automatic: None, .. }) => 4,
        Some(Callback::Made { automatic: Some(true), .. }) => 5,
        Some(Callback::Made { automatic: Some(false), .. }) => 6,
    };
    let number = u16::from(direction.number())
        | u16::from(outcome.number()) << 2
        | u16::from(reason.map_or(0, Reason::number)) << 5
        | u16::from(Timing::Measured.number()) << 9
        | callback << 11;
    CallKind::from_number(number).unwrap()
}
