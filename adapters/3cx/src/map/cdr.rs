//! A row of a CDR file as one of our calls.

use callgauge_adapter::schema::{Direction, Draft, Outcome, Reason};
use callgauge_adapter::time::{self, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, SettingsReader, VendorCall};

use crate::wire::cdr::CdrRow;

/// What the operator says of the system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    zone: Zone,
    queues: Extensions,
    people: Extensions,
    voicemail: Extensions,
}

impl System {
    /// Reads the settings.
    pub(crate) fn read(read: &mut SettingsReader<'_>) -> Self {
        Self {
            zone: read.zone_or("time_zone", Zone::london()),
            queues: Extensions::read(read, "queues"),
            people: Extensions::read(read, "extensions"),
            voicemail: Extensions::read(read, "voicemail"),
        }
    }

    /// Whether a person sits there; `None` where nothing says so.
    fn person(&self, extension: &str) -> Option<bool> {
        if self.people.hold(extension) {
            Some(true)
        } else if !self.people.0.is_empty() || self.queues.hold(extension) || self.voicemail.hold(extension) {
            Some(false)
        } else {
            None
        }
    }
}

/// Extensions, in stretches with both ends included.
#[derive(Clone, Debug)]
struct Extensions(Vec<(u32, u32)>);

impl Extensions {
    fn read(read: &mut SettingsReader<'_>, key: &str) -> Self {
        let mut found = Vec::new();
        for text in read.list(key) {
            let (from, until) = text.split_once('-').unwrap_or((&text, &text));
            match (from.trim().parse(), until.trim().parse()) {
                (Ok(from), Ok(until)) if from <= until => found.push((from, until)),
                _ => read.fault(key, "must be extensions, such as [\"800\", \"810-819\"]"),
            }
        }
        Self(found)
    }

    fn hold(&self, extension: &str) -> bool {
        extension
            .parse()
            .is_ok_and(|number: u32| self.0.iter().any(|(from, until)| (*from..=*until).contains(&number)))
    }
}

/// Maps a row onto the page.
pub(crate) fn map(row: &CdrRow, system: &System, page: &mut Page) {
    if !row.from_outside && !row.to_outside {
        return;
    }
    if row.call.is_empty() {
        let why = "is empty: every call needs an id";
        return page.rejects.push(reject(row, "historyid", RowReason::Missing, why));
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
    let queue =
        Some(&row.to).filter(|to| direction == Direction::Inbound && !to.is_empty()).map(Place::queue);
    let trunk = Some(&row.trunk).filter(|trunk| !trunk.is_empty()).map(Place::site);
    page.calls.push(VendorCall { draft, places: queue.into_iter().chain(trunk).collect() });
}

/// What became of a call from outside. `time-answered` is set by a queue or menu at once, so that it alone says nothing.
fn inbound(row: &CdrRow, system: &System, page: &mut Page) -> (Outcome, Option<Reason>) {
    let queued = row.missed_in_queue || system.queues.hold(&row.to);
    if row.voicemail || system.voicemail.hold(&row.last) || system.voicemail.hold(&row.to) && row.answered {
        return (Outcome::Missed, Some(Reason::Voicemail));
    }
    let hung_up = match row.ended_by.as_str() {
        "TerminatedBySrc" => true,
        "TerminatedByDst" | "Failed" | "Failed_Cancelled" | "Failed_Busy" => false,
        word => {
            page.unknown_word("reason-terminated", word);
            return (Outcome::Unclassified, None);
        }
    };
    if row.went_on && row.answered {
        // ReplacedDst: somebody took it off the queue. Any other word sent it on, and who or what took it there has to be known.
        return match system.person(&row.last) {
            Some(true) => (Outcome::Answered, None),
            None if row.changed == "ReplacedDst" => (Outcome::Answered, None),
            None => {
                page.unknown_word("final-dn", &row.last);
                (Outcome::Unclassified, None)
            }
            Some(false) if queued || row.changed.starts_with('Q') => (Outcome::Missed, None),
            Some(false) => (Outcome::EndedInIvr, hung_up.then_some(Reason::HungUpInMenu)),
        };
    }
    if queued {
        return (Outcome::Missed, hung_up.then_some(Reason::AbandonedInQueue));
    }
    match (row.answered, system.person(&row.to)) {
        (true, Some(true)) => (Outcome::Answered, None),
        (true, Some(false)) => (Outcome::EndedInIvr, hung_up.then_some(Reason::HungUpInMenu)),
        (true, None) => {
            page.unknown_word("to-dn", &row.to);
            (Outcome::Unclassified, None)
        }
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
