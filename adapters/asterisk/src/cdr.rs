//! CDR rows of calls that were in no queue. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{Direction, Draft, Outcome, Reason};
use callgauge_adapter::time;
use callgauge_adapter::{Page, RejectedRow, RowReason, VendorCall};

use crate::account::System;
use crate::wire::CdrRow;

/// Maps a row onto the page, in place of an earlier row of the same call that tells less.
pub(crate) fn map(row: &CdrRow<'_>, system: &System, page: &mut Page) {
    let started = match time::local(row.started, &system.zone) {
        Ok(started) => started,
        Err(fault) => return page.rejects.push(reject(row, "start", fault.into(), &fault.to_string())),
    };
    let lengths = time::secs_text(row.duration).and_then(|whole| Ok((whole, time::secs_text(row.talked)?)));
    let (whole, talked) = match lengths {
        Ok(lengths) => lengths,
        Err(fault) => return page.rejects.push(reject(row, "duration", fault.into(), &fault.to_string())),
    };
    let (outcome, reason) = what(row, page);
    let mut draft = Draft {
        call_id: row.call.clone(),
        direction: Some(Direction::Inbound),
        started_at: Some(started),
        outcome: Some(outcome),
        reason,
        ..Draft::default()
    };
    match outcome {
        Outcome::Answered => {
            draft.wait = time::secs((whole.secs - talked.secs).max(0) as f64).ok();
            draft.talk = Some(talked);
        }
        Outcome::Missed => draft.wait = Some(whole),
        Outcome::EndedInIvr => draft.ivr = Some(whole),
        Outcome::CallbackRequested | Outcome::Unclassified => {}
    }
    let call = VendorCall { draft, places: row.dialled.clone().into_iter().collect() };
    match page.calls.iter_mut().rev().take(50).find(|before| before.draft.call_id == call.draft.call_id) {
        Some(before) if rank(before.draft.outcome) <= rank(call.draft.outcome) => {}
        Some(before) => *before = call,
        None => page.calls.push(call),
    }
}

/// Which of two rows of a call says what became of it.
fn rank(outcome: Option<Outcome>) -> u8 {
    match outcome {
        Some(Outcome::Answered) => 0,
        Some(Outcome::Missed) => 1,
        Some(Outcome::EndedInIvr | Outcome::CallbackRequested) => 2,
        Some(Outcome::Unclassified) | None => 3,
    }
}

fn what(row: &CdrRow<'_>, page: &mut Page) -> (Outcome, Option<Reason>) {
    match (row.application, row.disposition) {
        ("VoiceMail" | "Voicemail", _) => (Outcome::Missed, Some(Reason::Voicemail)),
        ("Dial", "ANSWERED") => (Outcome::Answered, None),
        ("Dial", "NO ANSWER") => (Outcome::Missed, Some(Reason::RangOut)),
        ("Dial", "BUSY") => (Outcome::Missed, Some(Reason::Busy)),
        ("Dial", "FAILED" | "CONGESTION") => (Outcome::Missed, Some(Reason::Failed)),
        ("Dial", word) => {
            page.unknown_word("disposition", word);
            (Outcome::Unclassified, None)
        }
        ("BackGround" | "WaitExten" | "Read", _) => (Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
        ("Playback", _) => (Outcome::EndedInIvr, Some(Reason::AfterMessage)),
        ("Hangup" | "Queue" | "", _) => (Outcome::EndedInIvr, None),
        (word, _) => {
            page.unknown_word("lastapp", word);
            (Outcome::Unclassified, None)
        }
    }
}

fn reject(row: &CdrRow<'_>, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    let kept = serde_json::json!({ "uniqueid": row.call });
    RejectedRow { id: row.call.clone(), field: field.into(), reason, message: message.into(), row: kept }
}
