//! RingCentral's records into common calls: what belongs together is joined, and each call gets its one outcome.
//!
//! The vendor says when each leg began and how long it lasted, never how long somebody waited. The wait is from the first leg of a queue (or the
//! first after a menu, or else the call's start) to the first leg on which a person answered.

use std::collections::{BTreeMap, BTreeSet};

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::time::{between_or_nothing as between, utc};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, Window, call_id_of};

use crate::wire::{Extension, Leg, Message, Record};

/// What the settings say of the account's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Call queues: extension id to the label that the practice knows it by.
    pub queues: BTreeMap<String, String>,
    /// Extension ids of menus and announcements.
    pub menus: BTreeSet<String>,
}

/// Joins records and puts the calls that begin within `core` (all where `None`) on the page.
pub(crate) fn calls(records: Vec<Record>, rules: &Rules, core: Option<Window>, page: &mut Page) {
    let mut joined: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for record in records {
        if record.r#type.as_deref().is_none_or(|kind| kind == "Voice") {
            joined.entry(call_id(&record)).or_default().push(record);
        }
    }
    for (id, mut records) in joined {
        records.sort_by(|a, b| (&a.start_time, &a.id).cmp(&(&b.start_time, &b.id)));
        records.dedup_by(|b, a| a.id == b.id && !a.id.is_empty());
        let first = records.iter().position(from_outside).unwrap_or(0);
        let started = records[first].start_time.as_deref().and_then(utc);
        if let (Some(core), Some(started)) = (core, started)
            && !(core.from..core.until).contains(&started)
        {
            continue;
        }
        if records.iter().any(in_progress) {
            page.in_progress += 1;
            continue;
        }
        let mapped = call(id, &records, first, rules, page);
        page.take(mapped);
    }
}

/// The id that all records of a call share: that of the session, or of the one it was split off from.
pub(crate) fn call_id(record: &Record) -> String {
    let session = record
        .transferee
        .as_ref()
        .and_then(|other| other.telephony_session_id.as_ref())
        .or(record.telephony_session_id.as_ref());
    match (session, &record.session_id) {
        (Some(session), _) if !session.is_empty() => call_id_of(&[session]),
        (_, Some(session)) => call_id_of(&["session", &session.text()]),
        _ => call_id_of(&["record", &record.id]),
    }
}

fn from_outside(record: &Record) -> bool {
    record.direction.as_deref() == Some("Inbound") && !record.from.is_internal()
}

fn in_progress(record: &Record) -> bool {
    record.result.as_deref() == Some("In Progress")
        || (record.result.is_none() && record.duration.is_none() && record.duration_ms.is_none())
}

fn call(
    id: String,
    records: &[Record],
    first: usize,
    rules: &Rules,
    page: &mut Page,
) -> Result<Option<VendorCall>, Box<RejectedRow>> {
    let record = &records[first];
    let reject = |field: &str, reason, message: &str| {
        let row = serde_json::to_value(record).unwrap_or_default();
        let id = if record.id.is_empty() { id.clone() } else { record.id.clone() };
        Box::new(RejectedRow { id, field: field.into(), reason, message: message.into(), row })
    };
    let direction = match record.direction.as_deref() {
        Some("Inbound") if !record.from.is_internal() => Direction::Inbound,
        Some("Outbound") if !record.to.is_internal() => Direction::Outbound,
        Some("Inbound" | "Outbound") => return Ok(None),
        _ => return Err(reject("direction", RowReason::Malformed, "must be Inbound or Outbound")),
    };
    let Some(started_at) = record.start_time.as_deref().and_then(utc) else {
        let message = "must be an instant such as 2026-02-03T08:00:00.000Z";
        return Err(reject("startTime", RowReason::Malformed, message));
    };
    let Some(millis) = duration_ms(record.duration_ms, record.duration) else {
        return Err(reject("duration", RowReason::Missing, "a call that has ended must have one"));
    };
    let ended_at = started_at.plus_millis(millis);
    let legs = legs(records, rules);
    let mut draft =
        Draft { call_id: id, direction: Some(direction), started_at: Some(started_at), ..Draft::default() };
    let mut places: Vec<Place> = match direction {
        Direction::Inbound => record.to.place.clone(),
        Direction::Outbound => record.from.place.clone(),
    }
    .into_iter()
    .collect();
    match direction {
        Direction::Inbound => {
            inbound(record, &legs, started_at, ended_at, &mut draft, page);
            for leg in &legs {
                if let Role::Queue { id, label } = leg.role {
                    if draft.line.is_empty() {
                        draft.line = label.to_owned();
                    }
                    let place = Place::queue(id);
                    if !places.contains(&place) {
                        places.push(place);
                    }
                }
            }
        }
        Direction::Outbound => outbound(record, &legs, ended_at, &mut draft, page),
    }
    Ok(Some(VendorCall { draft, places }))
}

fn inbound(
    record: &Record,
    legs: &[Way<'_>],
    started_at: Moment,
    ended_at: Moment,
    draft: &mut Draft,
    page: &mut Page,
) {
    let queued = legs.iter().find(|leg| matches!(leg.role, Role::Queue { .. }));
    let after_menu = legs.iter().skip_while(|leg| leg.role == Role::Entry).find(|leg| leg.role != Role::Menu);
    let had_menu = legs.iter().any(|leg| leg.role == Role::Menu);
    let joined_at = queued.or(after_menu.filter(|_| had_menu)).map(|leg| leg.from);
    let answered =
        legs.iter().filter(|leg| leg.role == Role::Person && leg.accepted).map(|leg| leg.from).min();
    let waited_from = joined_at.unwrap_or(started_at).max(started_at);
    if let Some(joined_at) = joined_at {
        draft.ivr = Some(between(started_at, joined_at));
    }
    let voicemail = legs.iter().find(|leg| leg.role == Role::Voicemail);
    let rang = legs.iter().any(|leg| matches!(leg.role, Role::Person | Role::Queue { .. }));
    let missed = |reason: Option<Reason>| (Outcome::Missed, reason, Some(between(waited_from, ended_at)));
    let word = record.result.as_deref().unwrap_or("");
    let (outcome, reason, wait) = if let Some(answered) = answered {
        draft.talk = Some(between(answered.max(waited_from), ended_at));
        (Outcome::Answered, None, Some(between(waited_from, answered)))
    } else if voicemail.is_some() || is_voicemail(word, record.message.as_ref()) {
        // Without a leg of its own nobody can say when the message began: then the wait ends with the call.
        let began = voicemail.map(|leg| leg.from).filter(|&at| at > waited_from || joined_at == Some(at));
        (Outcome::Missed, Some(Reason::Voicemail), Some(between(waited_from, began.unwrap_or(ended_at))))
    } else {
        match word {
            "Callback requested" | "Callback Requested" => {
                draft.callback_requested = Some(None);
                (Outcome::CallbackRequested, None, Some(between(waited_from, ended_at)))
            }
            "Abandoned" => missed(Some(Reason::AbandonedInQueue)),
            "Missed" | "No Answer" | "Answered Not Accepted" => missed(Some(Reason::RangOut)),
            "Busy" => missed(Some(Reason::Busy)),
            "Rejected" | "Declined" | "Reply" => missed(None),
            "Call Failed" | "Call Failure" | "Internal Error" | "IP Phone Offline" | "Stopped" => {
                missed(Some(Reason::Failed))
            }
            "Hang Up" if queued.is_some() => missed(Some(Reason::AbandonedInQueue)),
            "Hang Up" if rang || record.extension.is_some() => missed(Some(Reason::AbandonedWhileRinging)),
            "Hang Up" => (Outcome::EndedInIvr, Some(Reason::HungUpInMenu), None),
            // Something took the call, and no leg shows a person: a menu, or a view without legs.
            "Accepted" | "Call connected" if had_menu && !rang => {
                (Outcome::EndedInIvr, Some(Reason::HungUpInMenu), None)
            }
            "Accepted" | "Call connected" | "Answered Elsewhere" | "Blocked" | "Unknown" => {
                (Outcome::Unclassified, None, None)
            }
            other => {
                page.unknown_word("result", other);
                (Outcome::Unclassified, None, None)
            }
        }
    };
    if outcome == Outcome::EndedInIvr {
        draft.ivr = Some(between(started_at, ended_at));
    }
    (draft.outcome, draft.reason, draft.wait) = (Some(outcome), reason, wait);
}

fn outbound(record: &Record, legs: &[Way<'_>], ended_at: Moment, draft: &mut Draft, page: &mut Page) {
    let far = legs.iter().find(|leg| leg.accepted && Some(leg.from) > draft.started_at);
    let (outcome, reason) = match record.result.as_deref().unwrap_or("") {
        "Call connected" | "Accepted" => {
            draft.talk = far.map(|leg| between(leg.from, ended_at));
            (Outcome::Answered, None)
        }
        "Busy" => (Outcome::Missed, Some(Reason::Busy)),
        "No Answer" | "Missed" => (Outcome::Missed, Some(Reason::RangOut)),
        "Call Failed" | "Call Failure" | "Internal Error" | "Stopped" => {
            (Outcome::Missed, Some(Reason::Failed))
        }
        "Hang Up" | "Rejected" | "Declined" | "Abandoned" | "Voicemail" => (Outcome::Missed, None),
        "Blocked" | "Unknown" | "Answered Not Accepted" => (Outcome::Unclassified, None),
        other => {
            page.unknown_word("result", other);
            (Outcome::Unclassified, None)
        }
    };
    (draft.outcome, draft.reason) = (Some(outcome), reason);
}

/// A leg, as far as the wait and the answer depend on it.
struct Way<'a> {
    from: Moment,
    role: Role<'a>,
    accepted: bool,
}

/// Where a leg led.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role<'a> {
    /// Into the account.
    Entry,
    Menu,
    Queue {
        id: &'a str,
        label: &'a str,
    },
    Person,
    Voicemail,
}

/// The legs of all records of the call, earliest first.
fn legs<'a>(records: &[Record], rules: &'a Rules) -> Vec<Way<'a>> {
    let mut ways: Vec<Way<'a>> = records
        .iter()
        .flat_map(|record| &record.legs)
        .filter_map(|leg| {
            let from = utc(leg.start_time.as_deref()?)?;
            let accepted = matches!(leg.result.as_deref(), Some("Accepted" | "Call connected"));
            Some(Way { from, role: role(leg, rules), accepted })
        })
        .collect();
    ways.sort_by_key(|way| way.from);
    ways
}

fn role<'a>(leg: &Leg, rules: &'a Rules) -> Role<'a> {
    if is_voicemail(leg.result.as_deref().unwrap_or(""), leg.message.as_ref()) && leg.master != Some(true) {
        return Role::Voicemail;
    }
    let Leg { extension, leg_type, .. } = leg;
    let id = extension.as_ref().and_then(|Extension { id }| id.as_ref()).map(|id| id.text());
    if let Some(id) = &id {
        if let Some((id, label)) = rules.queues.get_key_value(id) {
            return Role::Queue { id, label };
        }
        if rules.menus.contains(id) {
            return Role::Menu;
        }
    }
    match leg_type.as_deref() {
        None | Some("Accept") => Role::Entry,
        Some(_) => Role::Person,
    }
}

fn is_voicemail(result: &str, message: Option<&Message>) -> bool {
    matches!(result, "Voicemail" | "Sent to Voicemail")
        || message.is_some_and(|message| message.r#type.as_deref() == Some("VoiceMail"))
}

fn duration_ms(millis: Option<u64>, secs: Option<u64>) -> Option<i64> {
    i64::try_from(millis.or(secs.map(|secs| secs.saturating_mul(1_000)))?).ok()
}
