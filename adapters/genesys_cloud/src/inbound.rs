//! What became of a call that came in. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{CallbackTiming, Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::{Page, line_of, time};

use crate::view::{Span, View};
use crate::wire::{Conversation, Measure};

/// When the first person answered, and the wait until then where Genesys Cloud measured all of it.
struct Answer {
    at: i64,
    waited: Option<DraftDuration>,
}

/// The call that came in, from `start` to `end` in Unix milliseconds; without id and start.
pub(crate) fn inbound(view: &View<'_>, (start, end): (i64, i64), page: &mut Page) -> Draft {
    let queue = view.queues.first();
    let rang = view.staff.iter().filter_map(|span| span.segment("alert")?.segment_start).min();
    let waits_from = queue.map(Span::offered).into_iter().chain(rang).min();
    let draft = Draft {
        direction: Some(Direction::Inbound),
        ivr: length(start, waits_from.unwrap_or(end)),
        line: queue.and_then(|span| span.who.queue_name.as_deref()).map(line_of).unwrap_or_default(),
        ..Draft::default()
    };
    if let Some(Answer { at, waited }) = answer(view, waits_from) {
        return Draft {
            outcome: Some(Outcome::Answered),
            ivr: length(start, waits_from.unwrap_or(at)),
            wait: waited.or_else(|| length(waits_from.unwrap_or(at), at)),
            talk: length(at, end),
            ..draft
        };
    }
    let last = view.queues.last();
    let left = last.and_then(|span| span.end).unwrap_or(end).min(end);
    let wait = waits_from.and_then(|from| length(from, left));
    let out = last.and_then(|span| span.session.flow_out_type.as_deref());
    if !view.callbacks.is_empty() || out == Some("callback") {
        let scheduled = view.callbacks.iter().any(|session| session.scheduled);
        let timing = if scheduled { CallbackTiming::CallerTimed } else { CallbackTiming::VirtualQueue };
        return Draft {
            outcome: Some(Outcome::CallbackRequested),
            callback_requested: Some(Some(timing)),
            wait,
            ..draft
        };
    }
    if let Some(mailbox) = view.mailboxes.first() {
        return voicemail(draft, waits_from, start, mailbox.start);
    }
    if out == Some("voicemail") {
        return voicemail(draft, waits_from, start, left);
    }
    let Some(last) = last else { return without_queue(view, draft, waits_from, end) };
    let missed =
        |reason| Draft { outcome: Some(Outcome::Missed), reason: Some(reason), wait, ..draft.clone() };
    if last.metric(Measure::Abandon).is_some() || last.metric(Measure::ShortAbandon).is_some() {
        return missed(Reason::AbandonedInQueue);
    }
    match out {
        Some("acd" | "agent" | "external" | "flow" | "group" | "ivr" | "user" | "workflow") => {
            missed(Reason::QueueOverflow)
        }
        None if last.metric(Measure::FlowOut).is_some() => missed(Reason::QueueOverflow),
        Some(word) => {
            page.unknown_word("flowOutType", word);
            Draft { outcome: Some(Outcome::Unclassified), ..draft }
        }
        None => Draft { outcome: Some(Outcome::Unclassified), ..draft },
    }
}

/// Whether and when a member of staff answered. One who was alerted and did not respond has no such measurement and no talk.
fn answer(view: &View<'_>, waits_from: Option<i64>) -> Option<Answer> {
    let native = view.staff.iter().filter_map(|span| {
        let (value, at) = span.metric(Measure::Answered)?;
        let at = at.or_else(|| span.segment("interact")?.segment_start)?;
        Some((at, value))
    });
    if let Some((at, value)) = native.min_by_key(|(at, _)| *at) {
        let queues = view.queues.iter().filter(|span| span.start <= at).count();
        let alone = queues == 1 && waits_from == view.queues.first().map(Span::offered);
        let waited = alone.then(|| time::millis(value as i64).ok()).flatten();
        return Some(Answer { at, waited });
    }
    let direct = view.staff.iter().filter_map(|span| span.segment("interact")?.segment_start).min();
    direct.map(|at| Answer { at, waited: None })
}

/// A message was left: the wait ends where the mailbox began, and is none where nobody was waited for.
fn voicemail(draft: Draft, waits_from: Option<i64>, start: i64, mailbox: i64) -> Draft {
    let waits_from = waits_from.unwrap_or(mailbox);
    Draft {
        outcome: Some(Outcome::Missed),
        reason: Some(Reason::Voicemail),
        ivr: length(start, waits_from),
        wait: length(waits_from, mailbox.max(waits_from)),
        ..draft
    }
}

/// A call that was in no queue: it rang somebody, or ended in the menu.
fn without_queue(view: &View<'_>, draft: Draft, rang: Option<i64>, end: i64) -> Draft {
    let by = view.came_in.and_then(|span| span.disconnected());
    let gave_up = matches!(by, Some("endpoint" | "client"));
    if let Some(rang) = rang {
        let reason = if gave_up { Reason::AbandonedWhileRinging } else { Reason::RangOut };
        return Draft {
            outcome: Some(Outcome::Missed),
            reason: Some(reason),
            wait: length(rang, end),
            ..draft
        };
    }
    let sent_on = view.menus.iter().filter_map(|span| span.session.flow.as_ref()).any(|flow| {
        let transfer = flow.transfer_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        transfer.contains("external") || transfer.contains("number")
    });
    let reason = if sent_on || !view.went_out.is_empty() {
        Some(Reason::Diverted)
    } else if gave_up {
        Some(Reason::HungUpInMenu)
    } else {
        matches!(by, Some("peer" | "system")).then_some(Reason::AfterMessage)
    };
    Draft { outcome: Some(Outcome::EndedInIvr), reason, ..draft }
}

/// How long; nothing where the clock went back.
fn length(from: i64, until: i64) -> Option<DraftDuration> {
    time::between(Moment::from_millis(from), Moment::from_millis(until))
        .ok()
        .or(Some(DraftDuration::from_secs(0)))
}

/// When the call that came in was over: its own end, or that of the conversation.
pub(crate) fn over(conversation: &Conversation, view: &View<'_>) -> Option<i64> {
    let own = view.came_in.and_then(|span| span.end);
    match (conversation.conversation_end, own) {
        (Some(whole), own) => Some(own.unwrap_or(whole)),
        // The call is over and its callback is still to come, for days if need be.
        (None, Some(own)) if !view.callbacks.is_empty() => Some(own),
        (None, _) => None,
    }
}
