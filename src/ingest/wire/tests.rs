//! What a message says comes out as it went in, or is refused with its field; what is kept holds no stray text.

use super::*;

const NOW: Moment = Moment::from_millis(1_770_000_000_000);

fn whole() -> v1::CallRecord {
    v1::CallRecord {
        call_id: "c-1".into(),
        attribution: Some(v1::call_record::Attribution::PracticeCode("A81001".into())),
        revision: Some(3),
        retracted: false,
        direction: v1::Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: 1_770_000_000, nanos: 5_000_000 }),
        previous_started_at: Some(prost_types::Timestamp { seconds: 1_769_000_000, nanos: 0 }),
        outcome: v1::Outcome::Missed.into(),
        outcome_reason: v1::OutcomeReason::Voicemail.into(),
        ivr: Some(prost_types::Duration { seconds: 5, nanos: 0 }),
        wait: Some(prost_types::Duration { seconds: 42, nanos: 0 }),
        talk: None,
        line: "reception".into(),
        callback: None,
        timing: v1::Timing::Measured.into(),
    }
}

fn account(id: &str, pcn: &str) -> Option<v1::call_record::Attribution> {
    let account = v1::Account { id: id.into(), pcn_code: pcn.into(), ..Default::default() };
    Some(v1::call_record::Attribution::Account(account))
}

fn made(for_call_id: &str) -> Option<v1::Callback> {
    let made = v1::CallbackMade { for_call_id: for_call_id.into(), attempt: 2, automatic: Some(true) };
    Some(v1::Callback { kind: Some(v1::callback::Kind::Made(made)) })
}

#[test]
fn a_good_record_comes_out_as_it_went_in() {
    let outbound = v1::CallRecord {
        direction: v1::Direction::Outbound.into(),
        attribution: account("shared", "U12345"),
        callback: made("c-0"),
        ..whole()
    };
    let retracted =
        v1::CallRecord { retracted: true, outcome: 0, outcome_reason: 0, ivr: None, wait: None, ..whole() };
    for record in [whole(), outbound, retracted] {
        let draft = to_draft(record.clone(), &mut Kept::default()).expect("is whole");
        let checked = draft.check(NOW, UnknownDurations::default()).expect("is whole");
        assert_eq!(to_wire(&checked), record);
    }
}

#[test]
fn numbers_on_the_wire_are_those_of_the_schema() {
    let word = |name: &str, prefix: &str| name.replace(prefix, "").replace('_', "").to_lowercase();
    let same = |name: &str, prefix: &str, ours: String| {
        assert_eq!(word(name, prefix), ours.to_lowercase());
    };
    for value in schema::Direction::ALL {
        let wire = v1::Direction::try_from(i32::from(value.number())).expect("is there");
        same(wire.as_str_name(), "DIRECTION_", format!("{value:?}"));
    }
    for value in schema::Outcome::ALL {
        let wire = v1::Outcome::try_from(i32::from(value.number())).expect("is there");
        same(wire.as_str_name(), "OUTCOME_", format!("{value:?}"));
    }
    for value in schema::Reason::ALL {
        let wire = v1::OutcomeReason::try_from(i32::from(value.number())).expect("is there");
        same(wire.as_str_name(), "OUTCOME_REASON_", format!("{value:?}"));
    }
    for value in schema::Timing::ALL {
        let wire = v1::Timing::try_from(i32::from(value.number())).expect("is there");
        same(wire.as_str_name(), "TIMING_", format!("{value:?}"));
    }
    for value in schema::CallbackTiming::ALL {
        let wire = v1::CallbackTiming::try_from(i32::from(value.number())).expect("is there");
        same(wire.as_str_name(), "CALLBACK_TIMING_", format!("{value:?}"));
    }
}

#[test]
fn what_the_wire_can_say_and_the_schema_cannot_is_refused_with_its_field() {
    let unsaid = Some(v1::Callback { kind: None });
    let late = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
    for (record, field) in [
        (v1::CallRecord { direction: 9, ..whole() }, "direction"),
        (v1::CallRecord { outcome: -1, ..whole() }, "outcome"),
        (v1::CallRecord { outcome_reason: 300, ..whole() }, "outcome_reason"),
        (v1::CallRecord { timing: 3, ..whole() }, "timing"),
        (v1::CallRecord { callback: unsaid, ..whole() }, "callback"),
        (v1::CallRecord { started_at: late, ..whole() }, "started_at"),
    ] {
        let refused = to_draft(record, &mut Kept::default()).expect_err("is refused");
        assert_eq!(refused.field, field);
    }
}

#[test]
fn a_kept_record_holds_no_text_that_is_not_fit_to_be_kept() {
    let number = "07700 900123";
    let run = "07700900123";
    let long = format!("caller {}", "x".repeat(200));
    let cases = [
        v1::CallRecord { call_id: run.into(), ..whole() },
        v1::CallRecord { call_id: long.clone(), ..whole() },
        v1::CallRecord { line: number.into(), ..whole() },
        v1::CallRecord { line: long.clone(), ..whole() },
        v1::CallRecord { attribution: account(run, number), ..whole() },
        v1::CallRecord {
            attribution: Some(v1::call_record::Attribution::PracticeCode(run.into())),
            ..whole()
        },
        v1::CallRecord {
            attribution: Some(v1::call_record::Attribution::PracticeCode(format!("caller {number}"))),
            ..whole()
        },
        v1::CallRecord { callback: made(run), ..whole() },
    ];
    for record in cases {
        let mut kept = Kept::default();
        // Used before, as it is from record to record.
        let _ = to_draft(v1::CallRecord { callback: made(run), line: number.into(), ..whole() }, &mut kept);
        let _ = to_draft(record, &mut kept);
        let (cleaned, _, _) = kept.cleaned();
        let shown = format!("{cleaned:?}");
        assert!(!shown.contains("900123") && !shown.contains("caller"), "{shown}");
        assert_eq!(cleaned.wait, whole().wait, "the rest is kept");
    }
}

#[test]
fn a_kept_record_is_read_again_with_what_its_source_cannot_know() {
    let unknown = UnknownDurations { wait: true, talk: false };
    assert_eq!(from_payload(&payload(whole(), unknown)), Some((whole(), unknown)));
    assert_eq!(from_payload(b"\xff"), None);
}
