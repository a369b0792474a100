//! A row as one of our calls.

use callgauge_adapter::schema::{
    Direction, Draft, DraftAccount, DraftAttribution, DraftDuration, Moment, OdsCode, Outcome,
};
use callgauge_adapter::time::{self, TimeFault};
use callgauge_adapter::{Page, RejectedRow, RowReason, VendorCall};

use crate::mapping::{Mapping, Meaning, Times, Way, look_up};
use crate::wire::CallRow;

/// Why a row is none of our calls: the field, the reason, and what is wrong.
type Fault = (&'static str, RowReason, String);

/// Maps a row onto the page.
pub(crate) fn map(row: CallRow<'_>, mapping: &Mapping, page: &mut Page) {
    if row.call_id.is_empty() {
        return refuse(
            &row,
            ("call_id", RowReason::Missing, "is empty: every call needs an id".into()),
            page,
        );
    }
    let direction = match way(&row, mapping) {
        Ok(Way::Is(direction)) => direction,
        Ok(Way::Skip) => return,
        Err(fault) => return refuse(&row, fault, page),
    };
    let meaning = look_up(&mapping.outcomes, row.outcome).unwrap_or_else(|| {
        page.unknown_word("outcome", row.outcome);
        Meaning::Is(Outcome::Unclassified, None, None)
    });
    match meaning {
        Meaning::Skip => {}
        Meaning::InProgress => page.in_progress += 1,
        Meaning::CallbackMade | Meaning::Is(..) => match draft(&row, direction, meaning, mapping) {
            Ok(draft) => page.calls.push(VendorCall { draft, places: row.places }),
            Err(fault) => refuse(&row, fault, page),
        },
    }
}

fn way(row: &CallRow<'_>, mapping: &Mapping) -> Result<Way, Fault> {
    if let Some(way) = look_up(&mapping.directions, row.direction) {
        return Ok(way);
    }
    match row.direction.to_ascii_lowercase().as_str() {
        "" | "in" | "inbound" | "incoming" => Ok(Way::Is(Direction::Inbound)),
        "out" | "outbound" | "outgoing" => Ok(Way::Is(Direction::Outbound)),
        "internal" => Ok(Way::Skip),
        _ => Err((
            "direction",
            RowReason::Malformed,
            "is neither inbound nor outbound: add their word to the setting directions".into(),
        )),
    }
}

fn draft(
    row: &CallRow<'_>,
    direction: Direction,
    meaning: Meaning,
    mapping: &Mapping,
) -> Result<Draft, Fault> {
    let started = if row.started_time.is_empty() {
        instant(row.started_at, mapping)
    } else {
        instant(&format!("{} {}", row.started_at, row.started_time), mapping)
    };
    let started = started.map_err(|fault| at("started_at", fault))?;
    let optional = |field, text: &str| match text {
        "" => Ok(None),
        text => instant(text, mapping).map(Some).map_err(|fault| at(field, fault)),
    };
    let queued = optional("queued_at", row.queued_at)?;
    let answered = optional("answered_at", row.answered_at)?;
    let ended = optional("ended_at", row.ended_at)?;
    let length = |field, text: &str| match text {
        "" => Ok(None),
        text => time::length(text, mapping.lengths).map(Some).map_err(|fault| at(field, fault)),
    };
    let (outcome, reason, timing) = match meaning {
        Meaning::Is(outcome, reason, timing) => (outcome, reason, timing),
        // What an attempt came to is seen by whether somebody talked.
        _ if answered.is_some() || talked(row, mapping) => (Outcome::Answered, None, None),
        _ => (Outcome::Missed, None, None),
    };
    let waits = matches!(outcome, Outcome::Answered | Outcome::Missed | Outcome::CallbackRequested);
    let wait = match length("wait", row.wait)? {
        Some(wait) => Some(wait).filter(|_| outcome != Outcome::EndedInIvr),
        None => {
            let (field, until) =
                if outcome == Outcome::Answered { ("answered_at", answered) } else { ("ended_at", ended) };
            until
                .filter(|_| waits)
                .map(|until| between(field, queued.unwrap_or(started), until))
                .transpose()?
        }
    };
    let talks = matches!(outcome, Outcome::Answered | Outcome::Unclassified);
    let talk = match length("talk", row.talk)? {
        Some(talk) => Some(talk).filter(|_| talks),
        None => answered
            .zip(ended)
            .filter(|_| outcome == Outcome::Answered)
            .map(|(answered, ended)| between("ended_at", answered, ended))
            .transpose()?,
    };
    let ivr = match length("ivr", row.ivr)? {
        Some(ivr) => Some(ivr),
        None if outcome == Outcome::EndedInIvr => {
            ended.map(|ended| between("ended_at", started, ended)).transpose()?
        }
        None => queued.map(|queued| between("queued_at", started, queued)).transpose()?,
    };
    let revision = match row.revision {
        "" => None,
        text => Some(text.parse().map_err(|_| malformed("revision", "is no whole number"))?),
    };
    let requested = direction == Direction::Inbound && outcome == Outcome::CallbackRequested;
    let made = direction == Direction::Outbound
        && (matches!(meaning, Meaning::CallbackMade) || !row.callback_for.is_empty());
    if direction == Direction::Inbound && matches!(meaning, Meaning::CallbackMade) {
        return Err((
            "outcome",
            RowReason::Contradiction,
            "is a callback that was made, and the call is inbound".into(),
        ));
    }
    Ok(Draft {
        call_id: row.call_id.clone(),
        attribution: attribution(row)?,
        revision,
        direction: Some(direction),
        started_at: Some(started),
        outcome: Some(outcome),
        reason,
        ivr,
        wait,
        talk,
        line: row.line.clone(),
        callback_requested: requested.then_some(timing),
        callback_made: made.then(|| (row.callback_for.clone(), 0, None)),
        ..Draft::default()
    })
}

/// Whose call it is, where a column says so.
fn attribution(row: &CallRow<'_>) -> Result<Option<DraftAttribution>, Fault> {
    if !row.practice.is_empty() {
        let code = row.practice.parse::<OdsCode>().map_err(|_| {
            malformed(
                "practice",
                "is no ODS code: map another column, or name the practice by number, queue or site",
            )
        })?;
        return Ok(Some(DraftAttribution::Practice(code.to_string())));
    }
    let account = || DraftAccount { id: row.account.to_owned(), ..DraftAccount::default() };
    Ok((!row.account.is_empty()).then(|| DraftAttribution::Account(Box::new(account()))))
}

fn talked(row: &CallRow<'_>, mapping: &Mapping) -> bool {
    time::length(row.talk, mapping.lengths).is_ok_and(|talk| talk.secs > 0)
}

pub(crate) fn instant(text: &str, mapping: &Mapping) -> Result<Moment, TimeFault> {
    match mapping.times {
        Times::Any => time::instant(text, &mapping.zone),
        Times::Iso => time::iso(text, &mapping.zone),
        Times::DayFirst => time::day_month_year(text, &mapping.zone),
        Times::Epoch => time::epoch_text(text),
    }
}

fn between(field: &'static str, from: Moment, until: Moment) -> Result<DraftDuration, Fault> {
    time::between(from, until).map_err(|fault| at(field, fault))
}

fn at(field: &'static str, fault: TimeFault) -> Fault {
    (field, fault.into(), fault.to_string())
}

fn malformed(field: &'static str, message: &str) -> Fault {
    (field, RowReason::Malformed, message.into())
}

fn refuse(row: &CallRow<'_>, (field, reason, message): Fault, page: &mut Page) {
    page.rejects.push(RejectedRow {
        id: row.call_id.clone(),
        field: field.into(),
        reason,
        message,
        row: row.kept(),
    });
}
