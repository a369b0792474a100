//! The segments of a call, from an export of `cdroutput`, as one of our calls.

use std::collections::HashSet;

use callgauge_adapter::schema::{Direction, Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, call_id_of};

use super::{Kind, Stage};
use crate::wire::segment::Segment;

/// Words of `termination_reason`.
const KNOWN: [&str; 6] = [
    "src_participant_terminated",
    "dst_participant_terminated",
    "redirected",
    "cancelled",
    "rejected",
    "continued_in",
];
/// What a telephone is passed over for without ringing.
const PASSED_OVER: [&str; 3] = ["forward_all", "not_registered", "no_destinations"];

/// A segment with its times.
struct Timed<'a> {
    segment: &'a Segment,
    /// False for a telephone that was passed over without ringing.
    rang: bool,
    started: Moment,
    answered: Option<Moment>,
    ended: Option<Moment>,
}

/// Maps a call onto the page.
pub(crate) fn map(segments: &[Segment], page: &mut Page) {
    let mut timed = Vec::with_capacity(segments.len());
    for segment in segments {
        match times(segment) {
            Ok(found) => timed.push(found),
            Err((field, fault)) => {
                return page.rejects.push(reject(segment, field, fault.into(), &fault.to_string()));
            }
        }
    }
    timed.sort_by(|a, b| (a.started, &a.segment.id).cmp(&(b.started, &b.segment.id)));
    let Some(first) = timed.first() else { return };
    let direction = match first.segment {
        Segment { incoming: true, .. } => Direction::Inbound,
        Segment { from_extension: true, .. } if timed.iter().any(|of| of.segment.to == Kind::Outside) => {
            Direction::Outbound
        }
        _ => return,
    };
    let known: HashSet<&str> = segments.iter().map(|segment| segment.id.as_str()).collect();
    let here = |id: &str| id.is_empty() || known.contains(id);
    if !here(&first.segment.came_of) {
        let why = "is of a segment that is not in this file: export whole calls, from their first segment on";
        return page.rejects.push(reject(first.segment, "originating_cdr_id", RowReason::Missing, why));
    }
    let stages: Option<Vec<Stage>> = timed.iter().map(stage).collect();
    let Some(stages) = stages.filter(|_| timed.iter().all(|of| here(&of.segment.goes_on_in))) else {
        page.in_progress += 1;
        return;
    };
    let drafted = if direction == Direction::Inbound {
        let queue = timed.iter().find_map(|of| of.segment.queue.as_ref());
        let name = queue.map(|(number, name)| if name.is_empty() { number } else { name });
        super::inbound(&first.segment.call, &stages, name.map(String::as_str), || unanswered(&timed, page))
    } else {
        super::outbound(&first.segment.call, &stages)
    };
    match drafted {
        Ok(draft) => page.calls.push(VendorCall { draft, places: places(&timed) }),
        Err(fault) => {
            page.rejects.push(reject(first.segment, "cdr_started_at", fault.into(), &fault.to_string()));
        }
    }
}

/// `None` for one that has not ended.
fn stage(of: &Timed<'_>) -> Option<Stage> {
    let Timed { segment, rang, started, answered, ended } = *of;
    Some(Stage { to: segment.to, rang, started, answered, ended: ended? })
}

/// What became of a call that no person answered.
fn unanswered(timed: &[Timed<'_>], page: &mut Page) -> (Outcome, Option<Reason>) {
    let any = |kind| timed.iter().any(|of| of.segment.to == kind);
    if timed.iter().any(|of| of.segment.to == Kind::Voicemail && of.answered.is_some()) {
        return (Outcome::Missed, Some(Reason::Voicemail));
    }
    // Of the stages that end last, the queue's own word counts, not that of the telephones it polled.
    let stage = |kind| timed.iter().rev().find(move |of| of.segment.to == kind && of.rang);
    let last = stage(Kind::Queue).or_else(|| stage(Kind::Extension)).or_else(|| timed.last());
    let Some(last) = last else { return (Outcome::Unclassified, None) };
    let by = last.segment.ended_by.as_str();
    if !KNOWN.contains(&by) {
        page.unknown_word("termination_reason", by);
        return (Outcome::Unclassified, None);
    }
    let hung_up = by == "src_participant_terminated";
    match last.segment.to {
        Kind::Queue => (Outcome::Missed, hung_up.then_some(Reason::AbandonedInQueue)),
        Kind::Extension => {
            let reason = match last.segment.ended_how.as_str() {
                _ if hung_up => Reason::AbandonedWhileRinging,
                "terminated_by_originator" => Reason::AbandonedWhileRinging,
                "busy" => Reason::Busy,
                _ => Reason::RangOut,
            };
            (Outcome::Missed, Some(reason))
        }
        _ if any(Kind::Outside) => (Outcome::EndedInIvr, Some(Reason::Diverted)),
        _ => (Outcome::EndedInIvr, hung_up.then_some(Reason::HungUpInMenu)),
    }
}

/// The number that was dialled, the first queue by name and number, the trunk.
fn places(timed: &[Timed<'_>]) -> Vec<Place> {
    let segments = || timed.iter().map(|of| of.segment);
    let mut places: Vec<Place> = segments().find_map(|of| of.dialled.clone()).into_iter().collect();
    if let Some((number, name)) = segments().find_map(|of| of.queue.as_ref()) {
        places.extend([name, number].into_iter().filter(|key| !key.is_empty()).map(Place::queue));
    }
    places.extend(segments().map(|of| &of.trunk).find(|trunk| !trunk.is_empty()).map(Place::site));
    places
}

fn times(segment: &Segment) -> Result<Timed<'_>, (&'static str, TimeFault)> {
    let optional = |field, text: &str| match text {
        "" => Ok(None),
        text => instant(text).map(Some).map_err(|fault| (field, fault)),
    };
    let answered = optional("cdr_answered_at", &segment.answered)?;
    Ok(Timed {
        segment,
        rang: answered.is_some() || !PASSED_OVER.contains(&segment.ended_how.as_str()),
        started: instant(&segment.started).map_err(|fault| ("cdr_started_at", fault))?,
        // An extension answers the caller, not a colleague who asks back before a transfer.
        answered: answered.filter(|_| segment.incoming || segment.to != Kind::Extension),
        ended: optional("cdr_ended_at", &segment.ended)?,
    })
}

/// `2026-02-10 09:41:57.554 +0100`; the space before the offset is theirs. A time without an offset is UTC, as the database keeps it.
fn instant(text: &str) -> Result<Moment, TimeFault> {
    match text.rsplit_once(' ') {
        Some((local, offset)) if offset.starts_with(['+', '-']) => {
            time::iso(&format!("{local}{offset}"), &Zone::utc())
        }
        _ => time::iso(text, &Zone::utc()),
    }
}

fn reject(segment: &Segment, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    // Of a row whose columns slipped nothing but ids is certain.
    let row = serde_json::json!({ "cdr_id": call_id_of(&[&segment.id]), "to": segment.to });
    RejectedRow { id: segment.call.clone(), field: field.into(), reason, message: message.into(), row }
}
