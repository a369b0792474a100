//! Zoom's rows and elements into common calls: rows of one call id are one call, and it gets its one outcome.
//!
//! The vendor's word for the outcome is a row's `call_result`. What it says "answered" of may be a queue or a menu: an answer counts where an element shows a
//! person who took the call. The wait is from the first element of a queue (or the first telephone that rang) to that answer.

use std::collections::BTreeMap;

use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::time::{between_or_nothing as between, utc};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, Window, call_id_of};

use crate::wire::{Element, Row, is_group};

/// Rows of one call, the earliest first.
pub(crate) struct Joined {
    id: String,
    pub rows: Vec<Row>,
}

/// Joins rows by call; drops the calls that do not begin within `core` (none where `None`).
pub(crate) fn join(rows: Vec<Row>, core: Option<Window>) -> Vec<Joined> {
    let mut joined: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        joined.entry(call_id(&row)).or_default().push(row);
    }
    let mut calls = Vec::with_capacity(joined.len());
    for (id, mut rows) in joined {
        rows.sort_by(|a, b| {
            (&a.start_time, &a.call_history_uuid).cmp(&(&b.start_time, &b.call_history_uuid))
        });
        rows.dedup_by(|b, a| a.call_history_uuid == b.call_history_uuid && a.call_history_uuid.is_some());
        let started = rows[0].start_time.as_deref().and_then(utc);
        let outside = |core: Window| started.is_some_and(|at| !(core.from..core.until).contains(&at));
        if !core.is_some_and(outside) {
            calls.push(Joined { id, rows });
        }
    }
    calls
}

/// The id that all rows of a call share.
pub(crate) fn call_id(row: &Row) -> String {
    row.call_id.as_ref().or(row.call_history_uuid.as_ref()).cloned().unwrap_or_default()
}

impl Joined {
    /// Whether the elements tell more than the row: an inbound call from outside that has ended.
    pub(crate) fn wants_elements(&self) -> bool {
        self.rows.iter().all(|row| row.end_time.as_deref().is_some_and(|at| !at.is_empty()))
            && self.rows.iter().any(|row| row.direction.as_deref() == Some("inbound") && !is_internal(row))
    }
}

impl Row {
    /// Whether it ended before an instant.
    pub(crate) fn ended_before(&self, at: Moment) -> bool {
        self.end_time.as_deref().and_then(utc).is_some_and(|ended| ended < at)
    }
}

/// Puts calls on the page.
pub(crate) fn calls(joined: &[Joined], page: &mut Page) {
    for joined in joined {
        if joined.rows.iter().any(|row| row.end_time.as_deref().unwrap_or_default().is_empty()) {
            page.in_progress += 1;
            continue;
        }
        let mapped = call(joined, page);
        page.take(mapped);
    }
}

fn is_internal(row: &Row) -> bool {
    row.connect_type.as_deref() == Some("internal")
}

fn call(joined: &Joined, page: &mut Page) -> Result<Option<VendorCall>, Box<RejectedRow>> {
    let row = joined.rows.iter().find(|row| !is_internal(row)).unwrap_or(&joined.rows[0]);
    let reject = |field: &str, reason, message: &str| {
        let id = row.call_history_uuid.as_deref().or(row.call_id.as_deref()).unwrap_or_default();
        let kept = serde_json::to_value(row).unwrap_or_default();
        Box::new(RejectedRow {
            id: call_id_of(&[id]),
            field: field.into(),
            reason,
            message: message.into(),
            row: kept,
        })
    };
    let direction = match row.direction.as_deref() {
        _ if is_internal(row) => return Ok(None),
        Some("inbound") => Direction::Inbound,
        Some("outbound") => Direction::Outbound,
        _ => return Err(reject("direction", RowReason::Malformed, "must be inbound or outbound")),
    };
    let instant = |field: &str, text: Option<&str>| match text.map(utc) {
        Some(Some(at)) => Ok(at),
        None => Err(reject(field, RowReason::Missing, "must be an instant such as 2026-02-03T08:00:00Z")),
        Some(None) => {
            Err(reject(field, RowReason::Malformed, "must be an instant such as 2026-02-03T08:00:00Z"))
        }
    };
    let started_at = instant("start_time", row.start_time.as_deref())?;
    let mut ended_at = instant("end_time", row.end_time.as_deref())?;
    for other in &joined.rows {
        ended_at = ended_at.max(other.end_time.as_deref().and_then(utc).unwrap_or(ended_at));
    }
    let mut draft = Draft {
        call_id: call_id_of(&[&joined.id]),
        direction: Some(direction),
        started_at: Some(started_at),
        ..Draft::default()
    };
    let own = if direction == Direction::Inbound { &row.called } else { &row.calling };
    let mut places: Vec<Place> = own.clone().into_iter().collect();
    let steps = steps(&joined.rows);
    match direction {
        Direction::Inbound => {
            inbound(row, &steps, (started_at, ended_at), &mut draft, page);
            if let Some(queue) = steps.iter().find(|step| step.party == Party::Queue) {
                draft.line = queue.element.callee_name.clone().unwrap_or_default();
                places.extend(queue.element.callee_ext_id.as_deref().map(Place::queue));
            } else if is_group(row.callee_ext_type.as_deref()) {
                places.extend(row.callee_ext_id.as_deref().map(Place::queue));
            }
        }
        Direction::Outbound => outbound(row, ended_at, &mut draft, page),
    }
    places.extend(
        row.site_id.as_deref().or(row.site_name.as_deref()).filter(|s| !s.is_empty()).map(Place::site),
    );
    Ok(Some(VendorCall { draft, places }))
}

fn inbound(
    row: &Row,
    steps: &[Step<'_>],
    (started_at, ended_at): (Moment, Moment),
    draft: &mut Draft,
    page: &mut Page,
) {
    let began = |party: Party| steps.iter().find(|step| step.party == party).map(|step| step.from);
    let waited_from = began(Party::Queue).or(began(Party::Person)).unwrap_or(started_at).max(started_at);
    if began(Party::Menu).is_some() {
        draft.ivr = Some(between(started_at, if waited_from > started_at { waited_from } else { ended_at }));
    }
    // Without elements the row itself is all there is: who answered is known from whom it was for.
    let answered_at = steps.iter().filter_map(Step::answered_by_a_person).min().or_else(|| {
        let person = steps.is_empty()
            && took(row.call_result.as_deref())
            && row.callee_ext_type.as_deref().is_some_and(is_person);
        row.answer_time.as_deref().and_then(utc).filter(|_| person)
    });
    let word = row.call_result.as_deref().unwrap_or("");
    let last = steps.last().map(|step| (step.party, step.element.result_reason.as_deref().unwrap_or("")));
    let last_party = last.map_or_else(|| Party::of(row.callee_ext_type.as_deref()), |(party, _)| party);
    let missed = |reason: Option<Reason>| (Outcome::Missed, reason, Some(between(waited_from, ended_at)));
    let menu = |reason: Reason| (Outcome::EndedInIvr, Some(reason), None);
    let (outcome, reason, wait) = if let Some(answered_at) = answered_at {
        draft.talk = Some(between(answered_at, ended_at));
        (Outcome::Answered, None, Some(between(waited_from, answered_at)))
    } else if let Some(mailbox) = voicemail(word, steps) {
        (Outcome::Missed, Some(Reason::Voicemail), Some(mailbox.wait(waited_from, ended_at)))
    } else if last.is_some_and(|(_, reason)| reason == "play_a_message_then_disconnect")
        && last_party == Party::Menu
    {
        menu(Reason::AfterMessage)
    } else {
        match word {
            "abandoned" if last_party == Party::Menu => menu(Reason::HungUpInMenu),
            "abandoned" => missed(Some(Reason::AbandonedInQueue)),
            "hang_up" | "canceled" | "unconnected" => match last_party {
                Party::Menu => menu(Reason::HungUpInMenu),
                Party::Queue => missed(Some(Reason::AbandonedInQueue)),
                Party::Person => missed(Some(Reason::AbandonedWhileRinging)),
                Party::Outside | Party::Other => missed(None),
            },
            "no_answer" | "ring_timeout" => missed(Some(Reason::RangOut)),
            "rejected" => missed(None),
            "busy" => missed(Some(Reason::Busy)),
            "overflowed" => missed(Some(Reason::QueueOverflow)),
            "call_failed" | "service_unavailable" => missed(Some(Reason::Failed)),
            "invalid_key" | "invalid_operation" => menu(Reason::HungUpInMenu),
            word if took(Some(word)) => match last_party {
                // Taken, and not by a person: sent on, or left in the menu or the queue that had "answered".
                Party::Outside => menu(Reason::Diverted),
                Party::Menu => menu(Reason::HungUpInMenu),
                Party::Queue => missed(Some(Reason::AbandonedInQueue)),
                Party::Person | Party::Other => (Outcome::Unclassified, None, None),
            },
            "system_blocked" => (Outcome::Unclassified, None, None),
            other => {
                page.unknown_word("call_result", other);
                (Outcome::Unclassified, None, None)
            }
        }
    };
    (draft.outcome, draft.reason, draft.wait) = (Some(outcome), reason, wait);
}

fn outbound(row: &Row, ended_at: Moment, draft: &mut Draft, page: &mut Page) {
    let (outcome, reason) = match row.call_result.as_deref().unwrap_or("") {
        word if took(Some(word)) => {
            let answered = row.answer_time.as_deref().and_then(utc);
            draft.talk = answered.map(|at| between(at, ended_at));
            (Outcome::Answered, None)
        }
        "busy" => (Outcome::Missed, Some(Reason::Busy)),
        "no_answer" | "ring_timeout" => (Outcome::Missed, Some(Reason::RangOut)),
        "call_failed" | "service_unavailable" => (Outcome::Missed, Some(Reason::Failed)),
        "hang_up" | "canceled" | "unconnected" | "rejected" | "voicemail" | "abandoned" => {
            (Outcome::Missed, None)
        }
        "system_blocked" | "invalid_key" | "invalid_operation" => (Outcome::Unclassified, None),
        other => {
            page.unknown_word("call_result", other);
            (Outcome::Unclassified, None)
        }
    };
    (draft.outcome, draft.reason) = (Some(outcome), reason);
}

fn took(word: Option<&str>) -> bool {
    matches!(word, Some("answered" | "accepted" | "picked_up" | "connected" | "succeeded"))
}

fn is_person(ext_type: &str) -> bool {
    matches!(ext_type, "user" | "common_area" | "zoom_room" | "cisco_room")
}

/// An element with its beginning read.
struct Step<'a> {
    element: &'a Element,
    party: Party,
    from: Moment,
}

/// Where an element led.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Party {
    Menu,
    Queue,
    Person,
    Outside,
    Other,
}

/// All elements of a call, the earliest first, each once.
fn steps(rows: &[Row]) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for element in rows.iter().flat_map(Row::elements) {
        let Some(from) = element.start_time.as_deref().and_then(utc) else { continue };
        let known = |step: &Step<'_>| {
            step.element.call_element_id.is_some() && step.element.call_element_id == element.call_element_id
        };
        if !steps.iter().any(known) {
            steps.push(Step { element, party: Party::of(element.callee_ext_type.as_deref()), from });
        }
    }
    steps.sort_by_key(|step| step.from);
    steps
}

impl Party {
    fn of(ext_type: Option<&str>) -> Self {
        match ext_type {
            Some("auto_receptionist") => Self::Menu,
            Some("external_contact") => Self::Outside,
            Some(person) if is_person(person) => Self::Person,
            group if is_group(group) => Self::Queue,
            _ => Self::Other,
        }
    }
}

impl Step<'_> {
    /// When a person took the call at this element: theirs, or a queue's whose operator they are.
    fn answered_by_a_person(&self) -> Option<Moment> {
        let Element { result, result_reason, operator_ext_type, answer_time, voicemail, .. } = self.element;
        let person = self.party == Party::Person
            || (self.party == Party::Queue && operator_ext_type.as_deref().is_some_and(is_person));
        let elsewhere = matches!(
            result_reason.as_deref(),
            Some("answered_by_other" | "pickup_by_other" | "call_out_by_other")
        );
        let here = person && took(result.as_deref()) && !elsewhere && !voicemail;
        answer_time.as_deref().and_then(utc).filter(|_| here)
    }
}

/// A call that went to a mailbox: when, or how long it had waited, as far as known.
struct Mailbox {
    from: Option<Moment>,
    waited: Option<u64>,
}

fn voicemail(word: &str, steps: &[Step<'_>]) -> Option<Mailbox> {
    let step = steps
        .iter()
        .find(|step| step.element.voicemail || step.element.result.as_deref() == Some("voicemail"));
    (word == "voicemail" || step.is_some()).then(|| Mailbox {
        from: step.map(|step| step.element.answer_time.as_deref().and_then(utc).unwrap_or(step.from)),
        waited: step.and_then(|step| step.element.waiting_time),
    })
}

impl Mailbox {
    fn wait(&self, waited_from: Moment, ended_at: Moment) -> DraftDuration {
        match (self.from, self.waited.and_then(|secs| i64::try_from(secs).ok())) {
            (Some(from), _) if from > waited_from => between(waited_from, from),
            (_, Some(secs)) => DraftDuration::from_secs(secs),
            // Rang and was recorded in one element: where the ringing ended is not said, and the wait ends with the call.
            _ => between(waited_from, ended_at),
        }
    }
}
