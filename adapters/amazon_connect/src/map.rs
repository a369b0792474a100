//! An Amazon Connect contact with what followed from it as one of our calls. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{CallbackTiming, Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, line_of, time::between};

use crate::chain::{Followed, Joined, Part};
use crate::wire::Contact;

/// Why a voice contact ends, in Amazon Connect's words.
const REASONS: [&str; 8] = [
    "AGENT_DISCONNECT",
    "BARGED",
    "CONTACT_FLOW_DISCONNECT",
    "CUSTOMER_DISCONNECT",
    "EXPIRED",
    "OTHER",
    "TELECOM_PROBLEM",
    "THIRD_PARTY_DISCONNECT",
];

/// Maps a contact onto the page. `site` is the instance.
pub(crate) fn map(joined: &Joined, site: Option<&str>, page: &mut Page) {
    let Joined { contact, part, followed } = joined;
    if contact.channel != "VOICE" {
        return;
    }
    let fault = |field: &str, reason, message: &str| reject(contact, field, reason, message);
    if *part == Part::Unknown {
        let message = "is no way for a contact to begin that is known";
        return page.rejects.push(fault("InitiationMethod", RowReason::Malformed, message));
    }
    let Some(start) = contact.initiation_timestamp else {
        return page.rejects.push(fault("InitiationTimestamp", RowReason::Missing, "must be there"));
    };
    let followed = followed.clone().unwrap_or_default();
    let Some(end) = contact.disconnect_timestamp.filter(|_| !followed.open) else {
        page.in_progress += 1;
        return;
    };
    if end < start {
        let message = "lies before InitiationTimestamp";
        return page.rejects.push(fault("DisconnectTimestamp", RowReason::Contradiction, message));
    }
    let drafted = match part {
        Part::CameIn => inbound(contact, &followed, (start, end), page),
        Part::Callback => callback(contact, (start, end)),
        Part::WentOut | Part::Leg | Part::Nothing | Part::Unknown => outbound(contact, start, end),
    };
    let queue = contact.queue_info.as_ref();
    let name = queue.and_then(|queue| queue.name.as_deref());
    let draft = Draft { call_id: contact.id.clone(), line: name.map(line_of).unwrap_or_default(), ..drafted };
    let queues = queue.and_then(|queue| queue.id.as_deref()).into_iter().chain(name).map(Place::queue);
    let places = contact.own.clone().into_iter().chain(queues).chain(site.map(Place::site)).collect();
    page.calls.push(VendorCall { draft, places });
}

fn inbound(contact: &Contact, followed: &Followed, (start, end): (i64, i64), page: &mut Page) -> Draft {
    let queue = contact.queue_info.as_ref();
    let first = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
    let enqueued = queue.and_then(|queue| queue.enqueue_timestamp);
    let queued = first(enqueued, followed.queued.filter(|_| !followed.callback));
    let own = contact.agent_info.as_ref().and_then(|agent| agent.connected_to_agent_timestamp);
    // Where a callback was asked for, the transfers are those of the callback, hours later.
    let call_itself = !followed.callback || own.is_some();
    let answered = first(own, followed.answered.filter(|_| call_itself));
    let end = followed.ended.filter(|_| call_itself).map_or(end, |ended| ended.max(end));
    let draft = Draft {
        direction: Some(Direction::Inbound),
        started_at: Some(moment(start)),
        ivr: Some(length(start, queued.or(answered).unwrap_or(end))),
        ..Draft::default()
    };
    if let Some(answered) = answered {
        // A transfer joins a queue after the answer: the wait is the one before it.
        let waits_from = queued.filter(|queued| *queued <= answered).unwrap_or(answered);
        return Draft {
            outcome: Some(Outcome::Answered),
            ivr: Some(length(start, waits_from)),
            wait: Some(length(waits_from, answered)),
            talk: Some(length(answered, end)),
            ..draft
        };
    }
    let left =
        queue.and_then(|queue| queue.dequeue_timestamp).filter(|_| followed.queued.is_none()).unwrap_or(end);
    let wait = queued.map(|queued| length(queued, left));
    if followed.callback {
        return Draft {
            outcome: Some(Outcome::CallbackRequested),
            callback_requested: Some(Some(CallbackTiming::VirtualQueue)),
            wait,
            ..draft
        };
    }
    let by = contact.disconnect_reason.as_deref();
    if let Some(word) = by.filter(|word| !REASONS.contains(word) && !word.starts_with("OUTBOUND_")) {
        page.unknown_word("DisconnectReason", word);
        return Draft { outcome: Some(Outcome::Unclassified), ..draft };
    }
    if wait.is_none() {
        let reason = match by {
            Some("CUSTOMER_DISCONNECT") => Some(Reason::HungUpInMenu),
            Some("CONTACT_FLOW_DISCONNECT") => Some(Reason::AfterMessage),
            Some("THIRD_PARTY_DISCONNECT") => Some(Reason::Diverted),
            _ => None,
        };
        return Draft { outcome: Some(Outcome::EndedInIvr), reason, ..draft };
    }
    let rang = contact.agent_connection_attempts.unwrap_or_default() > 0;
    let reason = match by {
        Some("CONTACT_FLOW_DISCONNECT" | "EXPIRED") => Reason::QueueTimeout,
        Some("TELECOM_PROBLEM") => Reason::Failed,
        _ if rang => Reason::AbandonedWhileRinging,
        _ => Reason::AbandonedInQueue,
    };
    Draft { outcome: Some(Outcome::Missed), reason: Some(reason), wait, ..draft }
}

/// A queued callback. Created long before it is dialled: it counts when it was dialled, as far as that is known.
fn callback(contact: &Contact, (start, end): (i64, i64)) -> Draft {
    let agent = contact.agent_info.as_ref().and_then(|agent| agent.connected_to_agent_timestamp);
    let dialled = contact.queue_info.as_ref().and_then(|queue| queue.dequeue_timestamp);
    let began =
        [dialled, contact.connected_to_system_timestamp, agent].into_iter().flatten().min().unwrap_or(start);
    let for_call = contact.initial_contact_id.clone().or_else(|| contact.previous_contact_id.clone());
    Draft {
        callback_made: Some((for_call.unwrap_or_default(), 0, Some(true))),
        ..outbound(contact, began, end)
    }
}

/// What went out. Search results do not say whether the other side picked up; a contact's details do.
fn outbound(contact: &Contact, start: i64, end: i64) -> Draft {
    let machine = contact.answering_machine_detection_status.as_deref();
    let detailed = contact.last_update_timestamp.is_some() || contact.disconnect_reason.is_some();
    let agent = contact.agent_info.as_ref().and_then(|agent| agent.connected_to_agent_timestamp);
    let draft = Draft {
        direction: Some(Direction::Outbound),
        started_at: Some(moment(start)),
        outcome: Some(Outcome::Unclassified),
        ..Draft::default()
    };
    if machine.is_some_and(|word| word.starts_with("VOICEMAIL") || word.starts_with("FAX")) {
        return Draft { outcome: Some(Outcome::Missed), reason: Some(Reason::Voicemail), ..draft };
    }
    match contact.connected_to_system_timestamp {
        Some(picked_up) => {
            let from = agent.map_or(picked_up, |agent| agent.max(picked_up));
            Draft { outcome: Some(Outcome::Answered), talk: Some(length(from, end)), ..draft }
        }
        None if detailed => Draft { outcome: Some(Outcome::Missed), ..draft },
        None => draft,
    }
}

fn length(from: i64, until: i64) -> DraftDuration {
    between(moment(from), moment(until)).unwrap_or(DraftDuration::from_secs(0))
}

const fn moment(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

fn reject(contact: &Contact, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    RejectedRow {
        id: contact.id.clone(),
        field: field.into(),
        reason,
        message: message.into(),
        row: serde_json::to_value(contact).unwrap_or_default(),
    }
}
