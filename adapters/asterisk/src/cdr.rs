//! The CDR rows of a call that was in no queue, as one of our calls. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall};

use crate::known::Known;
use crate::system::System;
use crate::wire::CdrRow;

/// A row with its times.
#[derive(Clone, Copy, Debug)]
struct Timed<'a> {
    row: &'a CdrRow,
    step: Step,
    started: Moment,
    answered: Moment,
    ended: Moment,
}

/// What a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Telephones rang.
    Dial,
    Voicemail,
    Queue,
    Menu,
    Message,
    Nothing,
    Unknown,
}

/// Maps the rows of a call onto the page.
pub(crate) fn map(rows: &[CdrRow], system: &System, known: &Known, page: &mut Page) {
    let Some(first) = rows.first() else { return };
    if rows.iter().any(|row| known.queued(&row.call)) || known.queued(&first.linked) {
        return;
    }
    let inbound = rows.iter().any(|row| row.by_did.unwrap_or_else(|| system.inbound(&row.context)));
    let callback = !inbound && rows.iter().any(|row| system.callback(&row.context));
    if !inbound && !callback {
        return;
    }
    let mut timed = Vec::with_capacity(rows.len());
    for row in rows {
        match times(row, system) {
            Ok(of) => timed.push(of),
            Err((field, fault)) => {
                return page.rejects.push(reject(row, field, fault.into(), &fault.to_string()));
            }
        }
    }
    timed.sort_by_key(|of| of.started);
    let Some(began) = timed.first().map(|of| of.started) else { return };
    // What began before the queue logs do may have been in a queue.
    if known.since.is_some_and(|since| began.millis() < since) {
        return;
    }
    let ended = timed.iter().map(|of| of.ended).max().unwrap_or(began);
    let draft = Draft { call_id: first.linked.clone(), started_at: Some(began), ..Draft::default() };
    let drafted =
        if callback { called_back(&timed, ended, draft) } else { came_in(&timed, ended, draft, page) };
    match drafted {
        Ok(draft) => page.calls.push(VendorCall { draft, places: places(rows, inbound) }),
        Err(fault) => page.rejects.push(reject(first, "start", fault.into(), &fault.to_string())),
    }
}

/// The number that was dialled from outside, and the account code as a site.
fn places(rows: &[CdrRow], inbound: bool) -> Vec<Place> {
    let number = rows.iter().find_map(|row| row.dialled.clone()).filter(|_| inbound);
    let account = rows.iter().map(|row| &row.account).find(|account| !account.is_empty()).map(Place::site);
    number.into_iter().chain(account).collect()
}

fn came_in(timed: &[Timed<'_>], ended: Moment, draft: Draft, page: &mut Page) -> Result<Draft, TimeFault> {
    let draft = Draft { direction: Some(Direction::Inbound), ..draft };
    let first = |step| timed.iter().find(move |of| of.step == step);
    let rang = first(Step::Dial).map(|of| of.started);
    // Menus that stand in a row of their own; one that stands in the row of a telephone cannot be told from it.
    let ivr = rang.and_then(|rang| draft.started_at.filter(|began| *began < rang).map(|began| (began, rang)));
    let draft = Draft { ivr: ivr.map(|(began, rang)| time::between(began, rang)).transpose()?, ..draft };
    let missed = |until: Moment| time::between(rang.unwrap_or(until), until);
    let answered = timed.iter().find(|of| of.step == Step::Dial && of.row.disposition == "ANSWERED");
    if let Some((of, rang)) = answered.zip(rang) {
        return Ok(Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(time::between(rang, of.answered)?),
            talk: Some(time::between(of.answered, ended)?),
            ..draft
        });
    }
    if let Some(mailbox) = first(Step::Voicemail) {
        let wait = Some(missed(mailbox.started)?);
        return Ok(Draft { outcome: Some(Outcome::Missed), reason: Some(Reason::Voicemail), wait, ..draft });
    }
    if let Some(of) = timed.iter().rev().find(|of| of.step == Step::Dial) {
        let reason = match of.row.disposition.as_str() {
            "NO ANSWER" => None,
            "BUSY" => Some(Reason::Busy),
            "FAILED" | "CONGESTION" => Some(Reason::Failed),
            word => {
                page.unknown_word("disposition", if word.is_empty() { "(empty)" } else { word });
                return Ok(Draft { outcome: Some(Outcome::Unclassified), ..draft });
            }
        };
        return Ok(Draft { outcome: Some(Outcome::Missed), reason, wait: Some(missed(ended)?), ..draft });
    }
    if let Some(of) = timed.iter().find(|of| matches!(of.step, Step::Queue | Step::Unknown)) {
        page.unknown_word("lastapp", &of.row.application);
        return Ok(Draft { outcome: Some(Outcome::Unclassified), ..draft });
    }
    let reason = timed.iter().rev().find_map(|of| match of.step {
        Step::Menu => Some(Reason::HungUpInMenu),
        Step::Message => Some(Reason::AfterMessage),
        _ => None,
    });
    let ivr = draft.started_at.map(|began| time::between(began, ended)).transpose()?;
    Ok(Draft { outcome: Some(Outcome::EndedInIvr), reason, ivr, ..draft })
}

fn called_back(timed: &[Timed<'_>], ended: Moment, draft: Draft) -> Result<Draft, TimeFault> {
    let answered = timed.iter().find(|of| of.row.disposition == "ANSWERED");
    Ok(Draft {
        direction: Some(Direction::Outbound),
        outcome: Some(if answered.is_some() { Outcome::Answered } else { Outcome::Missed }),
        talk: answered.map(|of| time::between(of.answered, ended)).transpose()?,
        callback_made: Some((String::new(), 0, Some(true))),
        ..draft
    })
}

fn times<'a>(row: &'a CdrRow, system: &System) -> Result<Timed<'a>, (&'static str, TimeFault)> {
    let started = time::iso(&row.started, &system.zone).map_err(|fault| ("start", fault))?;
    let millis = |text: &str, field| {
        let length = time::secs_text(text).map_err(|fault| (field, fault))?;
        Ok(length.secs * 1_000 + i64::from(length.nanos) / 1_000_000)
    };
    let (whole, talked) = (millis(&row.duration, "duration")?, millis(&row.talked, "billsec")?);
    let step = match row.application.to_ascii_lowercase().as_str() {
        "dial" => Step::Dial,
        "voicemail" => Step::Voicemail,
        "queue" => Step::Queue,
        "background" | "waitexten" | "read" => Step::Menu,
        "playback" => Step::Message,
        "hangup" | "" => Step::Nothing,
        _ => Step::Unknown,
    };
    let answered = started.plus_millis((whole - talked).max(0));
    Ok(Timed { row, step, started, answered, ended: started.plus_millis(whole) })
}

fn reject(row: &CdrRow, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    let kept = serde_json::json!({ "uniqueid": row.call, "lastapp": row.application });
    RejectedRow { id: row.call.clone(), field: field.into(), reason, message: message.into(), row: kept }
}
