//! The segments of a call as one of our calls. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, line_of};

use crate::wire::{Kind, Segment};

/// A segment with its times.
struct Timed<'a> {
    segment: &'a Segment,
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
            Err((field, fault)) => return page.rejects.push(reject(segment, field, fault)),
        }
    }
    timed.sort_by_key(|of| (of.started, of.segment.id.clone()));
    let Some(first) = timed.first() else { return };
    let known = |id: &str| segments.iter().any(|other| other.id == id);
    let goes_on = |of: &Timed<'_>| !of.segment.goes_on_in.is_empty() && !known(&of.segment.goes_on_in);
    let outbound = first.segment.from_extension && timed.iter().any(|of| of.segment.to == Kind::Outside);
    if !first.segment.incoming && !outbound {
        return;
    }
    if timed.iter().any(|of| of.ended.is_none() || goes_on(of)) {
        page.in_progress += 1;
        return;
    }
    let Some(ended) = timed.iter().filter_map(|of| of.ended).max() else { return };
    let drafted = if first.segment.incoming { inbound(&timed, ended, page) } else { out(&timed, ended) };
    match drafted {
        Ok(draft) => page.calls.push(VendorCall { draft, places: places(&timed) }),
        Err(fault) => page.rejects.push(reject(first.segment, "cdr_started_at", fault)),
    }
}

fn inbound(timed: &[Timed<'_>], ended: Moment, page: &mut Page) -> Result<Draft, TimeFault> {
    let started = timed[0].started;
    let waited_at =
        timed.iter().find(|of| matches!(of.segment.to, Kind::Queue | Kind::Extension | Kind::Voicemail));
    let person =
        timed.iter().filter(|of| of.segment.to == Kind::Extension).filter_map(|of| of.answered).min();
    let from = waited_at.map(|of| of.started);
    let draft = Draft {
        call_id: timed[0].segment.call.clone(),
        direction: Some(Direction::Inbound),
        started_at: Some(started),
        ivr: Some(time::between(started, from.unwrap_or(ended))?),
        line: timed.iter().find_map(|of| of.segment.queue.as_deref()).map(line_of).unwrap_or_default(),
        ..Draft::default()
    };
    if let Some((answered, from)) = person.zip(from) {
        return Ok(Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(time::between(from, answered)?),
            talk: Some(time::between(answered, ended)?),
            ..draft
        });
    }
    let wait = from.map(|from| time::between(from, ended)).transpose()?;
    let (outcome, reason) = unanswered(timed, page);
    let wait: Option<DraftDuration> = wait.filter(|_| outcome != Outcome::EndedInIvr);
    Ok(Draft { outcome: Some(outcome), reason, wait, ..draft })
}

/// What became of a call that no person answered.
fn unanswered(timed: &[Timed<'_>], page: &mut Page) -> (Outcome, Option<Reason>) {
    let any = |kind| timed.iter().any(|of| of.segment.to == kind);
    if timed.iter().any(|of| of.segment.to == Kind::Voicemail && of.answered.is_some()) {
        return (Outcome::Missed, Some(Reason::Voicemail));
    }
    // Of the stages that end last, the queue's own word counts, not that of the telephones it polled.
    let stage = |kind| timed.iter().rev().find(move |of| of.segment.to == kind);
    let last = stage(Kind::Queue).or_else(|| stage(Kind::Extension)).or_else(|| timed.last());
    let Some(last) = last else { return (Outcome::Unclassified, None) };
    let by = last.segment.ended_by.as_str();
    let known = [
        "src_participant_terminated",
        "dst_participant_terminated",
        "redirected",
        "cancelled",
        "rejected",
        "continued_in",
    ];
    if !known.contains(&by) {
        page.unknown_word("termination_reason", by);
        return (Outcome::Unclassified, None);
    }
    let hung_up = by == "src_participant_terminated";
    if last.segment.to == Kind::Queue {
        return (Outcome::Missed, hung_up.then_some(Reason::AbandonedInQueue));
    }
    if last.segment.to == Kind::Extension {
        let reason = match last.segment.ended_how.as_str() {
            _ if hung_up => Reason::AbandonedWhileRinging,
            "terminated_by_originator" => Reason::AbandonedWhileRinging,
            "busy" => Reason::Busy,
            _ => Reason::RangOut,
        };
        return (Outcome::Missed, Some(reason));
    }
    let reason =
        if any(Kind::Outside) { Some(Reason::Diverted) } else { hung_up.then_some(Reason::HungUpInMenu) };
    (Outcome::EndedInIvr, reason)
}

fn out(timed: &[Timed<'_>], ended: Moment) -> Result<Draft, TimeFault> {
    let outside = timed.iter().filter(|of| of.segment.to == Kind::Outside);
    let answered = outside.filter_map(|of| of.answered).min();
    Ok(Draft {
        call_id: timed[0].segment.call.clone(),
        direction: Some(Direction::Outbound),
        started_at: Some(timed[0].started),
        outcome: Some(if answered.is_some() { Outcome::Answered } else { Outcome::Missed }),
        talk: answered.map(|answered| time::between(answered, ended)).transpose()?,
        ..Draft::default()
    })
}

fn places(timed: &[Timed<'_>]) -> Vec<Place> {
    let number = timed.iter().find_map(|of| of.segment.dialled.clone());
    let queue = timed.iter().find_map(|of| of.segment.queue.as_deref()).map(Place::queue);
    number.into_iter().chain(queue).collect()
}

fn times(segment: &Segment) -> Result<Timed<'_>, (&'static str, TimeFault)> {
    let optional = |field, text: &str| match text {
        "" => Ok(None),
        text => instant(text).map(Some).map_err(|fault| (field, fault)),
    };
    Ok(Timed {
        segment,
        started: instant(&segment.started).map_err(|fault| ("cdr_started_at", fault))?,
        answered: optional("cdr_answered_at", &segment.answered)?,
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

fn reject(segment: &Segment, field: &str, fault: TimeFault) -> RejectedRow {
    // Of a row whose columns slipped nothing but ids is certain.
    let row =
        serde_json::json!({ "cdr_id": callgauge_adapter::call_id_of(&[&segment.id]), "to": segment.to });
    RejectedRow {
        id: segment.call.clone(),
        field: field.into(),
        reason: RowReason::from(fault),
        message: fault.to_string(),
        row,
    }
}
