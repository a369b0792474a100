//! Call records of 8x8 Work into common calls. The vendor has joined the legs; its flags overlap, so their order decides: abandoned, voicemail,
//! answered, missed. (A call abandoned in a queue, and one that went to voicemail, are flagged as missed too.)

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, call_id_of};

use super::duration;
use crate::wire::work::Record;

/// A time since 1970 is larger than this many milliseconds, a duration smaller.
const DAY_MS: i64 = 86_400_000;

/// Puts calls on the page.
pub(crate) fn calls(records: Vec<Record>, page: &mut Page) {
    for record in records {
        if record.disconnected_time_utc.unwrap_or(0) == 0 {
            page.in_progress += 1;
            continue;
        }
        match call(&record, page) {
            Ok(Some(call)) => page.calls.push(call),
            Ok(None) => {}
            Err(reject) => page.rejects.push(*reject),
        }
    }
}

fn call(record: &Record, page: &mut Page) -> Result<Option<VendorCall>, Box<RejectedRow>> {
    let reject = |field: &str, reason, message: &str| {
        let row = serde_json::to_value(record).unwrap_or_default();
        let id = call_id_of(&[record.call_id.as_deref().unwrap_or_default()]);
        Box::new(RejectedRow { id, field: field.into(), reason, message: message.into(), row })
    };
    let direction = match record.direction.as_deref() {
        Some("Incoming") => Direction::Inbound,
        Some("Outgoing") => Direction::Outbound,
        Some("Internal") => return Ok(None),
        _ => {
            return Err(reject("direction", RowReason::Malformed, "must be Incoming, Outgoing or Internal"));
        }
    };
    let Some(started) = record.start_time_utc.filter(|at| *at > DAY_MS) else {
        return Err(reject("startTimeUTC", RowReason::Missing, "must be milliseconds since 1970"));
    };
    let Some(id) = record.call_id.as_deref().filter(|id| !id.is_empty()) else {
        return Err(reject("callId", RowReason::Missing, "must be there: a call has no other name"));
    };
    let pbx = record.pbx_id.as_deref().unwrap_or_default();
    let mut draft = Draft {
        call_id: call_id_of(&[pbx, id]),
        direction: Some(direction),
        started_at: Some(Moment::from_millis(started)),
        ..Draft::default()
    };
    let (outcome, reason) = outcome(record, page);
    draft.reason = reason.filter(|_| direction == Direction::Inbound || outcome == Outcome::Missed);
    draft.outcome = Some(match (direction, outcome) {
        (Direction::Outbound, Outcome::EndedInIvr) => Outcome::Unclassified,
        (_, outcome) => outcome,
    });
    if draft.outcome == Some(Outcome::Unclassified) {
        draft.reason = None;
    }
    match draft.outcome {
        Some(Outcome::Answered) => {
            draft.talk = record.talk_time_ms.map(duration);
            let before = lasted(record).map(|all| (all - record.talk_time_ms.unwrap_or(0)).max(0));
            draft.wait = waited(record, record.answered_time).or(before).map(duration);
        }
        Some(Outcome::Missed) if direction == Direction::Inbound => {
            draft.wait = waited(record, record.abandoned_time).or_else(|| lasted(record)).map(duration);
        }
        _ => {}
    }
    let mut places: Vec<Place> = record.called.clone().into_iter().collect();
    places.extend(record.lra.as_deref().map(Place::queue));
    for site in record
        .branches
        .iter()
        .flatten()
        .chain(record.departments.iter().flatten())
        .filter(|site| !site.is_empty())
    {
        places.push(Place::site(site));
    }
    Ok(Some(VendorCall { draft, places }))
}

fn outcome(record: &Record, page: &mut Page) -> (Outcome, Option<Reason>) {
    let flagged = |flag: &Option<String>, word: &str| flag.as_deref() == Some(word);
    let last = record.last_leg_disposition.as_deref().unwrap_or("");
    if flagged(&record.abandoned, "Abandoned") {
        (Outcome::Missed, Some(Reason::AbandonedInQueue))
    } else if last.eq_ignore_ascii_case("voicemail") {
        (Outcome::Missed, Some(Reason::Voicemail))
    } else if flagged(&record.answered, "Answered") || record.talk_time_ms.unwrap_or(0) > 0 {
        (Outcome::Answered, None)
    } else if flagged(&record.missed, "Missed") {
        (Outcome::Missed, Some(Reason::RangOut))
    } else if record.had_menu {
        (Outcome::EndedInIvr, Some(Reason::HungUpInMenu))
    } else {
        page.unknown_word("lastLegDisposition", last);
        (Outcome::Unclassified, None)
    }
}

/// How long the caller waited, in milliseconds: in the queue where there was one, else `told`, else as long as it rang, else until it was connected.
fn waited(record: &Record, told: Option<i64>) -> Option<i64> {
    let positive = |millis: Option<i64>| millis.filter(|millis| (1..DAY_MS).contains(millis));
    let connected = || {
        let connect = record.connect_time_utc.filter(|at| *at > DAY_MS)?;
        Some((connect - record.start_time_utc?).max(0)).filter(|_| told_connected(record))
    };
    positive(record.wait_time_ms)
        .or_else(|| positive(told))
        .or_else(|| positive(record.ring_duration))
        .or_else(connected)
}

/// From start to end, in milliseconds.
fn lasted(record: &Record) -> Option<i64> {
    Some((record.disconnected_time_utc? - record.start_time_utc?).max(0))
}

/// Whether the time of connection is that of an answer: a menu or a mailbox connects too.
fn told_connected(record: &Record) -> bool {
    record.answered.as_deref() == Some("Answered") && !record.had_menu
}
