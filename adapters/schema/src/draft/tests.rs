//! What a draft becomes, rule by rule, and what is refused.

use super::*;

const NOW: Moment = Moment::from_millis(1_770_000_000_000);

fn answered() -> Draft {
    Draft {
        call_id: "c-1".into(),
        attribution: Some(DraftAttribution::Practice("a81001".into())),
        direction: Some(Direction::Inbound),
        started_at: Some(NOW),
        outcome: Some(Outcome::Answered),
        wait: Some(DraftDuration { secs: 42, nanos: 999_999_999 }),
        talk: Some(DraftDuration::from_secs(0)),
        ..Draft::default()
    }
}

fn refusal(draft: Draft) -> (&'static str, RejectReason) {
    let refused = draft.check(NOW, UnknownDurations::default()).expect_err("must be refused");
    (refused.field, refused.reason)
}

#[test]
fn durations_are_floored_once_and_zero_is_a_value() {
    let call = answered().check(NOW, UnknownDurations::default()).expect("is whole");
    assert_eq!((call.wait().map(Seconds::get), call.talk().map(Seconds::get)), (Some(42), Some(0)));
    assert_eq!(call.ivr(), None, "absent is not 0");
}

#[test]
fn every_rule_refuses_what_it_is_for() {
    use RejectReason::*;
    let secs = DraftDuration::from_secs;
    let cases: Vec<(Draft, (&str, RejectReason))> = vec![
        (Draft { call_id: String::new(), ..answered() }, ("call_id", Missing)),
        (Draft { attribution: None, ..answered() }, ("practice_code", Missing)),
        (
            Draft { attribution: Some(DraftAttribution::Practice("Unassigned".into())), ..answered() },
            ("practice_code", Malformed),
        ),
        (Draft { direction: None, ..answered() }, ("direction", Missing)),
        (Draft { started_at: None, ..answered() }, ("started_at", Missing)),
        (
            Draft { started_at: Some(NOW.plus_millis(FUTURE_MILLIS + 1)), ..answered() },
            ("started_at", InTheFuture),
        ),
        (Draft { started_at: Some(OLDEST.plus_millis(-1)), ..answered() }, ("started_at", TooOld)),
        (Draft { outcome: None, ..answered() }, ("outcome", Missing)),
        (Draft { wait: Some(secs(-1)), ..answered() }, ("wait", DurationOutOfRange)),
        (
            Draft { wait: Some(DraftDuration { secs: 0, nanos: -1 }), ..answered() },
            ("wait", DurationOutOfRange),
        ),
        (Draft { talk: Some(secs(86_401)), ..answered() }, ("talk", DurationOutOfRange)),
        (Draft { wait: None, ..answered() }, ("wait", DurationMissing)),
        (Draft { outcome: Some(Outcome::Missed), ..answered() }, ("talk", Contradiction)),
        (Draft { reason: Some(Reason::Voicemail), ..answered() }, ("outcome_reason", Contradiction)),
        (Draft { retracted: true, ..answered() }, ("outcome", Contradiction)),
        (Draft { callback_requested: Some(None), ..answered() }, ("callback", Contradiction)),
        (Draft { line: "0117 496 0123".into(), ..answered() }, ("line", TelephoneNumber)),
        (Draft { line: "x".repeat(65), ..answered() }, ("line", Malformed)),
        (Draft { outcome: Some(Outcome::EndedInIvr), talk: None, ..answered() }, ("wait", Contradiction)),
        (
            Draft { direction: Some(Direction::Outbound), outcome: Some(Outcome::EndedInIvr), ..answered() },
            ("outcome", Contradiction),
        ),
    ];
    for (draft, expected) in cases {
        let shown = format!("{draft:?}");
        assert_eq!(refusal(draft), expected, "{shown}");
    }
}

#[test]
fn five_minutes_ahead_is_a_clock_and_24_hours_a_long_call() {
    assert!(
        Draft { started_at: Some(NOW.plus_millis(FUTURE_MILLIS)), ..answered() }
            .check(NOW, UnknownDurations::default())
            .is_ok()
    );
    assert!(
        Draft { talk: Some(DraftDuration::from_secs(86_400)), ..answered() }
            .check(NOW, UnknownDurations::default())
            .is_ok()
    );
}

#[test]
fn a_source_that_cannot_know_a_wait_may_leave_it_out() {
    let call = Draft { wait: None, ..answered() }
        .check(NOW, UnknownDurations { wait: true, talk: false })
        .expect("said so");
    assert_eq!(call.wait(), None);
}

#[test]
fn refusals_never_repeat_what_was_sent() {
    let refused =
        Draft { line: "call 07700900123".into(), ..answered() }.check(NOW, UnknownDurations::default());
    assert!(!format!("{:?}", refused.expect_err("is a number")).contains("0770"));
}
