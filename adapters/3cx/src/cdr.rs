//! A row of a CDR file as one of our calls. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{Direction, Draft, Outcome, Reason};
use callgauge_adapter::time::{self, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall};

use crate::wire::CdrRow;

/// What the operator says of the system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) zone: Zone,
    pub(crate) queues: Vec<String>,
    pub(crate) extensions: Vec<String>,
}

/// Maps a row onto the page.
pub(crate) fn map(row: &CdrRow, system: &System, page: &mut Page) {
    if !row.from_outside && !row.to_outside {
        return;
    }
    if row.call.is_empty() {
        return page.rejects.push(reject(
            row,
            "historyid",
            RowReason::Missing,
            "is empty: every call needs an id",
        ));
    }
    let started = match time::local(&row.started, &system.zone) {
        Ok(started) => started,
        Err(fault) => return page.rejects.push(reject(row, "time-start", fault.into(), &fault.to_string())),
    };
    let (direction, (outcome, reason)) = if row.from_outside {
        (Direction::Inbound, inbound(row, system, page))
    } else {
        let outcome = if row.answered { Outcome::Answered } else { Outcome::Missed };
        (Direction::Outbound, (outcome, None))
    };
    let draft = Draft {
        call_id: row.call.clone(),
        direction: Some(direction),
        started_at: Some(started),
        outcome: Some(outcome),
        reason,
        ..Draft::default()
    };
    let inbound = direction == Direction::Inbound && !row.to.is_empty();
    page.calls
        .push(VendorCall { draft, places: inbound.then(|| Place::queue(&row.to)).into_iter().collect() });
}

fn inbound(row: &CdrRow, system: &System, page: &mut Page) -> (Outcome, Option<Reason>) {
    const KNOWN: [&str; 5] =
        ["TerminatedBySrc", "TerminatedByDst", "Failed", "Failed_Cancelled", "Failed_Busy"];
    if row.voicemail {
        return (Outcome::Missed, Some(Reason::Voicemail));
    }
    if row.reached && row.answered {
        return (Outcome::Answered, None);
    }
    if !KNOWN.contains(&row.ended_by.as_str()) {
        page.unknown_word("reason-terminated", &row.ended_by);
        return (Outcome::Unclassified, None);
    }
    let hung_up = row.ended_by == "TerminatedBySrc";
    if row.missed_in_queue || system.queues.contains(&row.to) {
        return (Outcome::Missed, hung_up.then_some(Reason::AbandonedInQueue));
    }
    let person = system.extensions.is_empty() || system.extensions.contains(&row.to);
    match (row.answered, person) {
        (true, true) => (Outcome::Answered, None),
        // A menu or a group answered.
        (true, false) => (Outcome::EndedInIvr, hung_up.then_some(Reason::HungUpInMenu)),
        (false, _) if row.ended_by == "Failed_Busy" => (Outcome::Missed, Some(Reason::Busy)),
        (false, _) if hung_up || row.ended_by == "Failed_Cancelled" => {
            (Outcome::Missed, Some(Reason::AbandonedWhileRinging))
        }
        (false, _) => (Outcome::Missed, None),
    }
}

fn reject(row: &CdrRow, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    let kept = serde_json::json!({ "historyid": row.call, "reason-terminated": row.ended_by });
    RejectedRow { id: row.call.clone(), field: field.into(), reason, message: message.into(), row: kept }
}
