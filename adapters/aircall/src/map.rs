//! An Aircall call as one of ours. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{CallbackTiming, Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, line_of, time::between};

use crate::wire::{Call, Number};

/// The names of the tags that mark callbacks, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct TagWords {
    /// Set on inbound calls.
    pub(crate) requested: Vec<String>,
    /// Set on outbound calls.
    pub(crate) made: Vec<String>,
}

impl TagWords {
    fn mark(words: &[String], call: &Call) -> bool {
        call.tags.iter().any(|tag| words.iter().any(|word| word.eq_ignore_ascii_case(tag.name.trim())))
    }
}

/// Maps a call onto the page: a call, a reject, or one that has not ended.
pub(crate) fn map(theirs: &Call, words: &TagWords, page: &mut Page) {
    let ended_at = match theirs.status.as_str() {
        "initial" | "answered" => None,
        "done" => theirs.ended_at,
        _ => {
            return page.rejects.push(reject(
                theirs,
                "status",
                RowReason::Malformed,
                "is none of initial, answered, done",
            ));
        }
    };
    let Some(ended_at) = ended_at else {
        page.in_progress += 1;
        return;
    };
    let drafted = match theirs.direction.as_str() {
        "inbound" => inbound(theirs, ended_at, words, page),
        "outbound" => outbound(theirs, ended_at, words),
        _ => Err(reject(theirs, "direction", RowReason::Malformed, "is neither inbound nor outbound")),
    };
    match drafted {
        Ok(draft) => page.calls.push(VendorCall { draft, places: places(theirs.number.as_ref()) }),
        Err(reject) => page.rejects.push(reject),
    }
}

fn inbound(theirs: &Call, ended_at: i64, words: &TagWords, page: &mut Page) -> Result<Draft, RejectedRow> {
    let (started, ended) = (moment(theirs.started_at), moment(ended_at));
    let whole = between(started, ended).map_err(|_| backwards(theirs, "ended_at"))?;
    let draft = Draft { direction: Some(Direction::Inbound), ..begun(theirs) };
    if let Some(answered_at) = theirs.answered_at {
        let answered = moment(answered_at);
        return Ok(Draft {
            outcome: Some(Outcome::Answered),
            wait: Some(between(started, answered).map_err(|_| backwards(theirs, "answered_at"))?),
            talk: Some(between(answered, ended).map_err(|_| backwards(theirs, "ended_at"))?),
            ..draft
        });
    }
    let missed =
        |reason| Draft { outcome: Some(Outcome::Missed), reason, wait: Some(whole), ..draft.clone() };
    let in_menu = |reason| Draft {
        outcome: Some(Outcome::EndedInIvr),
        reason: Some(reason),
        ivr: Some(whole),
        ..draft.clone()
    };
    if TagWords::mark(&words.requested, theirs) {
        return Ok(Draft {
            outcome: Some(Outcome::CallbackRequested),
            callback_requested: Some(Some(CallbackTiming::VirtualQueue)),
            wait: Some(whole),
            ..draft
        });
    }
    if theirs.voicemail {
        return Ok(missed(Some(Reason::Voicemail)));
    }
    Ok(match theirs.missed_call_reason.as_deref() {
        Some("abandoned_in_ivr") => in_menu(Reason::HungUpInMenu),
        Some("out_of_opening_hours") => in_menu(Reason::Closed),
        Some("short_abandoned" | "abandoned_in_classic") => missed(Some(Reason::AbandonedInQueue)),
        Some("abandoned_in_classic_ring") => missed(Some(Reason::AbandonedWhileRinging)),
        Some("agents_did_not_answer") => missed(Some(Reason::RangOut)),
        Some("no_available_agent" | "no_agent_available") => missed(None),
        None => Draft { outcome: Some(Outcome::Unclassified), ..draft },
        Some(word) => {
            page.unknown_word("missed_call_reason", word);
            Draft { outcome: Some(Outcome::Unclassified), ..draft }
        }
    })
}

fn outbound(theirs: &Call, ended_at: i64, words: &TagWords) -> Result<Draft, RejectedRow> {
    let talk = match theirs.answered_at {
        Some(at) => Some(between(moment(at), moment(ended_at)).map_err(|_| backwards(theirs, "ended_at"))?),
        None => None,
    };
    Ok(Draft {
        direction: Some(Direction::Outbound),
        outcome: Some(if talk.is_some() { Outcome::Answered } else { Outcome::Missed }),
        talk,
        callback_made: TagWords::mark(&words.made, theirs).then(|| (String::new(), 0, None)),
        ..begun(theirs)
    })
}

fn begun(theirs: &Call) -> Draft {
    Draft {
        call_id: theirs.id.to_string(),
        started_at: Some(moment(theirs.started_at)),
        line: theirs
            .number
            .as_ref()
            .and_then(|number| number.name.as_deref())
            .map(line_of)
            .unwrap_or_default(),
        ..Draft::default()
    }
}

/// The number, then its name: Aircall has no queue beside its numbers.
fn places(number: Option<&Number>) -> Vec<Place> {
    let Some(Number { name, digits }) = number else { return Vec::new() };
    let queue = name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(Place::queue);
    digits.clone().into_iter().chain(queue).collect()
}

fn moment(secs: i64) -> Moment {
    Moment::from_millis(secs.saturating_mul(1_000))
}

fn backwards(theirs: &Call, field: &str) -> RejectedRow {
    reject(theirs, field, RowReason::Contradiction, "lies before the time that it has to follow")
}

fn reject(theirs: &Call, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    RejectedRow {
        id: theirs.id.to_string(),
        field: field.into(),
        reason,
        message: message.into(),
        row: serde_json::to_value(theirs).unwrap_or_default(),
    }
}
