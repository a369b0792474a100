//! A Twilio call with its legs and tasks as one of ours. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{CallbackTiming, Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, line_of, time::between};

use crate::legs::{Joined, Legs, Unanswered, ended, is_machine};
use crate::tasks::{Task, Tasks};
use crate::wire::{Leg, Party};

/// What a call without any leg and task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithoutLeg {
    /// It cannot be told.
    Unclassified,
    /// It ended in the flow: the account never queues calls outside what is read.
    EndedInIvr,
}

/// What the mapping depends on beside the rows.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// What a call without any leg and task is.
    pub(crate) without_leg: WithoutLeg,
    /// The account's tasks were read, as far as TaskRouter keeps them.
    pub(crate) tasks: Option<TasksSince>,
}

/// From when on TaskRouter still has events, in Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TasksSince(pub(crate) i64);

/// Maps a call onto the page: a call, a reject, one that has not ended, or nothing where it is internal.
pub(crate) fn map(joined: &Joined, tasks: &Tasks, reading: &Reading, page: &mut Page) {
    let Joined { call, legs } = joined;
    let Some(done) = ended(&call.status) else {
        let fault = reject(call, "status", RowReason::Malformed, "is none of the documented words");
        return page.rejects.push(fault);
    };
    if !done || legs.as_ref().is_some_and(|legs| legs.open) {
        page.in_progress += 1;
        return;
    }
    let (Some(start), Some(end)) = (call.start_time, call.end_time) else {
        let field = if call.start_time.is_none() { "start_time" } else { "end_time" };
        return page.rejects.push(reject(
            call,
            field,
            RowReason::Missing,
            "a call that has ended must have it",
        ));
    };
    if end < start {
        let fault = reject(call, "end_time", RowReason::Contradiction, "lies before start_time");
        return page.rejects.push(fault);
    }
    let legs = legs.as_ref();
    let drafted = match (call.direction.as_str(), call.from_is) {
        ("inbound" | "trunking-originating", Party::Number | Party::Other) => {
            let task = tasks.of_call(&call.sid).filter(|_| call.direction == "inbound");
            inbound(call, (start, end), legs, task, reading, page)
        }
        // One of the practice's own telephones began it: outbound where it led outside, else internal.
        ("inbound" | "trunking-originating", Party::Own) => match legs {
            Some(legs) if legs.outside => softphone(end, legs),
            _ => return,
        },
        // Twilio rang one of the practice's own telephones: a leg of another call.
        ("outbound-api" | "outbound-dial" | "trunking-terminating", _) if call.to_is == Party::Own => return,
        ("outbound-api" | "outbound-dial" | "trunking-terminating", _) => outbound(call, (start, end)),
        _ => {
            let fault = reject(call, "direction", RowReason::Malformed, "is none of the documented words");
            return page.rejects.push(fault);
        }
    };
    let made = tasks.calls_back(&call.sid).filter(|_| drafted.direction == Some(Direction::Outbound));
    let draft = Draft {
        call_id: call.sid.clone(),
        started_at: Some(moment(start)),
        callback_made: made.map(|for_call| (for_call.to_owned(), 0, None)),
        ..drafted
    };
    let queue = tasks.of_call(&call.sid).and_then(|task| task.queue.as_deref());
    let site = call.account_sid.as_deref().map(Place::site);
    let places = call.own.clone().into_iter().chain(queue.map(Place::queue)).chain(site).collect();
    page.calls.push(VendorCall { draft, places });
}

fn inbound(
    call: &Leg,
    (start, end): (i64, i64),
    legs: Option<&Legs>,
    task: Option<&Task>,
    reading: &Reading,
    page: &mut Page,
) -> Draft {
    let draft = Draft { direction: Some(Direction::Inbound), ..Draft::default() };
    let missed = |reason, wait| Draft {
        direction: Some(Direction::Inbound),
        outcome: Some(Outcome::Missed),
        reason,
        wait: Some(wait),
        ..Draft::default()
    };
    match call.status.as_str() {
        "canceled" => return missed(Some(Reason::AbandonedWhileRinging), secs(start, end)),
        "no-answer" => return missed(Some(Reason::RangOut), secs(start, end)),
        "busy" => return missed(Some(Reason::Busy), secs(start, end)),
        "failed" => return missed(Some(Reason::Failed), secs(start, end)),
        _ => {}
    }
    // Events can be gone while the legs still tell who answered.
    let told = |task: &&Task| task.accepted.is_some() || legs.is_none_or(|legs| legs.answered.is_none());
    if let Some(task) = task.filter(told) {
        return with_task(draft, task, (start, end), legs, page);
    }
    let Some((legs, rang)) = legs.and_then(|legs| Some((legs, legs.rang?))) else {
        let flow_only = reading.without_leg == WithoutLeg::EndedInIvr
            || reading.tasks.is_some_and(|TasksSince(from)| start * 1_000 >= from);
        let plain = call.direction == "inbound";
        return if flow_only && plain {
            Draft { outcome: Some(Outcome::EndedInIvr), ivr: Some(secs(start, end)), ..draft }
        } else {
            Draft { outcome: Some(Outcome::Unclassified), ..draft }
        };
    };
    let draft = Draft { ivr: Some(secs(start, rang)), ..draft };
    if let Some(answered) = legs.answered {
        return Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(secs(rang, answered)),
            talk: Some(secs(answered, legs.talked_until.unwrap_or(end))),
            ..draft
        };
    }
    let reason = legs.unanswered.map(|(_, how)| match how {
        Unanswered::Machine => Reason::Voicemail,
        Unanswered::Canceled => Reason::AbandonedWhileRinging,
        Unanswered::NoAnswer => Reason::RangOut,
        Unanswered::Busy => Reason::Busy,
        Unanswered::Failed => Reason::Failed,
    });
    Draft {
        outcome: Some(Outcome::Missed),
        reason,
        wait: Some(secs(rang, legs.ended.unwrap_or(end))),
        ..draft
    }
}

/// A call that waited as a task.
fn with_task(
    draft: Draft,
    task: &Task,
    (start, end): (i64, i64),
    legs: Option<&Legs>,
    page: &mut Page,
) -> Draft {
    let (start, end) = (moment(start), moment(end));
    let entered = Moment::from_millis(task.entered.unwrap_or(start.millis())).max(start).min(end);
    let length = |from: Moment, until: Moment| between(from, until).unwrap_or(DraftDuration::from_secs(0));
    let draft = Draft {
        ivr: Some(length(start, entered)),
        line: task.queue.as_deref().map(line_of).unwrap_or_default(),
        ..draft
    };
    if let Some(accepted) = task.accepted {
        let accepted = Moment::from_millis(accepted).max(entered);
        let until = legs.and_then(|legs| legs.talked_until).map_or(end, moment).max(accepted);
        return Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(length(entered, accepted)),
            talk: Some(length(accepted, until)),
            ..draft
        };
    }
    let left = task.canceled.as_ref().map_or(end, |(at, _)| Moment::from_millis(*at)).max(entered);
    let wait = Some(length(entered, left));
    let reason = task.canceled.as_ref().map(|(_, reason)| reason.to_ascii_lowercase());
    let missed =
        |reason| Draft { outcome: Some(Outcome::Missed), reason: Some(reason), wait, ..draft.clone() };
    let asked = Draft {
        outcome: Some(Outcome::CallbackRequested),
        callback_requested: Some(Some(CallbackTiming::VirtualQueue)),
        wait,
        ..draft.clone()
    };
    match reason.as_deref() {
        _ if task.callback => asked,
        Some(word) if word.contains("callback") => asked,
        Some(word) if word.contains("voicemail") => missed(Reason::Voicemail),
        Some(word) if word.contains("hangup") || word.contains("hung up") || word.contains("hang up") => {
            missed(Reason::AbandonedInQueue)
        }
        Some(word) if word.contains("ttl") || word.contains("timeout") || word.contains("timed out") => {
            missed(Reason::QueueTimeout)
        }
        Some(word) => {
            page.unknown_word("task_canceled_reason", word);
            Draft { outcome: Some(Outcome::Unclassified), ..draft }
        }
        None => Draft { outcome: Some(Outcome::Unclassified), ..draft },
    }
}

/// An outbound call from a telephone of the practice's own: its leg says what became of it.
fn softphone(end: i64, legs: &Legs) -> Draft {
    let talk = legs.answered.map(|answered| secs(answered, legs.talked_until.unwrap_or(end)));
    let reason = legs.unanswered.filter(|_| talk.is_none()).and_then(|(_, how)| match how {
        Unanswered::Machine => Some(Reason::Voicemail),
        Unanswered::NoAnswer => Some(Reason::RangOut),
        Unanswered::Busy => Some(Reason::Busy),
        Unanswered::Failed => Some(Reason::Failed),
        Unanswered::Canceled => None,
    });
    Draft {
        direction: Some(Direction::Outbound),
        outcome: Some(if talk.is_some() { Outcome::Answered } else { Outcome::Missed }),
        reason,
        talk,
        ..Draft::default()
    }
}

fn outbound(call: &Leg, (start, end): (i64, i64)) -> Draft {
    let (outcome, reason) = match call.status.as_str() {
        "completed" if is_machine(call.answered_by.as_deref()) => (Outcome::Missed, Some(Reason::Voicemail)),
        "completed" => (Outcome::Answered, None),
        "busy" => (Outcome::Missed, Some(Reason::Busy)),
        "no-answer" => (Outcome::Missed, Some(Reason::RangOut)),
        "failed" => (Outcome::Missed, Some(Reason::Failed)),
        _ => (Outcome::Missed, None),
    };
    let talked = call.duration.unwrap_or(end - start).max(0);
    let talk = (outcome == Outcome::Answered).then(|| DraftDuration::from_secs(talked));
    Draft { direction: Some(Direction::Outbound), outcome: Some(outcome), reason, talk, ..Draft::default() }
}

fn secs(from: i64, until: i64) -> DraftDuration {
    DraftDuration::from_secs((until - from).max(0))
}

fn moment(secs: i64) -> Moment {
    Moment::from_millis(secs.saturating_mul(1_000))
}

fn reject(call: &Leg, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    RejectedRow {
        id: call.sid.clone(),
        field: field.into(),
        reason,
        message: message.into(),
        row: serde_json::to_value(call).unwrap_or_default(),
    }
}
