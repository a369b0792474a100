//! Acme's call to ours. FILL IN: their words, how legs and transfers of one call are joined, and where a wait begins.

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, VendorCall, call_id_of, rows};
use serde_json::value::RawValue;

use super::wire::Call;

/// A field that is wrong, and how.
type Wrong = (&'static str, TimeFault);

/// Puts calls on a page.
pub(crate) fn calls(calls: &[Box<RawValue>], now: Moment, page: &mut Page) {
    let raw: Vec<&RawValue> = calls.iter().map(Box::as_ref).collect();
    for call in rows::rows::<Call>(&raw, &["id"], page) {
        match draft(&call, now, page) {
            Ok(None) => page.in_progress += 1,
            Ok(Some(draft)) => {
                let places = call.queue.iter().map(Place::queue).collect();
                page.calls.push(VendorCall { draft, places });
            }
            Err((field, fault)) => page.rejects.push(RejectedRow {
                id: call_id_of(&[&call.id]),
                field: field.to_owned(),
                reason: fault.into(),
                message: fault.to_string(),
                row: serde_json::to_value(&call).unwrap_or_default(),
            }),
        }
    }
}

/// A call as a draft; `None` where it has not ended.
fn draft(call: &Call, now: Moment, page: &mut Page) -> Result<Option<Draft>, Wrong> {
    let Call { id, started_at, answered_at, ended_at, result, queue: _, deleted } = call;
    let draft = Draft {
        call_id: call_id_of(&[id]),
        direction: Some(Direction::Inbound),
        started_at: Some(at("started_at", started_at)?),
        ..Draft::default()
    };
    if *deleted {
        return Ok(Some(Draft { retracted: true, ..draft }));
    }
    let Some(ended_at) = ended_at else { return Ok(None) };
    let ended = at("ended_at", ended_at)?;
    if ended > now {
        return Ok(None);
    }
    let (outcome, reason) = outcome(result.as_deref().unwrap_or_default(), page);
    let answered = answered_at.as_deref().map(|text| at("answered_at", text)).transpose()?;
    let between = |from: Option<Moment>, until: Moment, field| match from {
        Some(from) => time::between(from, until).map(Some).map_err(|fault| (field, fault)),
        None => Ok(None),
    };
    let waits = outcome != Outcome::EndedInIvr;
    let wait =
        if waits { between(draft.started_at, answered.unwrap_or(ended), "answered_at")? } else { None };
    let talk = if outcome == Outcome::Answered { between(answered, ended, "ended_at")? } else { None };
    Ok(Some(Draft { outcome: Some(outcome), reason, wait, talk, ..draft }))
}

fn at(field: &'static str, text: &str) -> Result<Moment, Wrong> {
    // FILL IN: the form of their times, and the zone of those without one.
    time::iso(text, &Zone::london()).map_err(|fault| (field, fault))
}

/// Their word to ours. One that is not known is counted, and the call is UNCLASSIFIED: nothing is guessed.
fn outcome(word: &str, page: &mut Page) -> (Outcome, Option<Reason>) {
    match word {
        "answered" => (Outcome::Answered, None),
        "abandoned" => (Outcome::Missed, Some(Reason::AbandonedInQueue)),
        "voicemail" => (Outcome::Missed, Some(Reason::Voicemail)),
        "menu" => (Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
        other => {
            page.unknown_word("result", other);
            (Outcome::Unclassified, None)
        }
    }
}
