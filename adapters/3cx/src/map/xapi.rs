//! Rows of XAPI's call log, joined into calls.

use std::collections::HashMap;

use callgauge_adapter::schema::{Moment, Outcome, Reason};
use callgauge_adapter::time::{self, TimeFault, Zone};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, Window};

use super::{Kind, Stage};
use crate::wire::xapi::Row;

/// A call whose last stage sends it on is in progress for so long, in milliseconds: four hours.
const GOES_ON_MILLIS: i64 = 4 * 3_600_000;

/// Joins rows into calls, oldest first, and maps those that began within `core`; all of them where there is none.
pub(crate) fn calls(rows: Vec<Row>, core: Option<Window>, now: Moment, page: &mut Page) {
    let mut list: Vec<Vec<(Row, Stage)>> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for row in rows {
        if row.call.is_empty() {
            page.rejects.push(reject(
                &row,
                "MainCallHistoryId",
                RowReason::Missing,
                "is empty: every call needs an id",
            ));
            continue;
        }
        let stage = match stage(&row) {
            Ok(stage) => stage,
            Err((field, fault)) => {
                page.rejects.push(reject(&row, field, fault.into(), &fault.to_string()));
                continue;
            }
        };
        let next = list.len();
        let place = *at.entry(row.call.clone()).or_insert(next);
        if place == next {
            list.push(Vec::new());
        }
        // A page that came again brings its rows again.
        if row.id.is_empty() || !list[place].iter().any(|(known, _)| known.id == row.id) {
            list[place].push((row, stage));
        }
    }
    for call in &mut list {
        call.sort_by(|(a, one), (b, other)| (one.started, &a.id).cmp(&(other.started, &b.id)));
    }
    list.sort_by_key(|call| call.first().map(|(_, stage)| stage.started));
    for call in &list {
        let began = call.first().map(|(_, stage)| stage.started);
        if began.is_some_and(|began| core.is_none_or(|core| core.contains(began))) {
            one(call, now, page);
        }
    }
}

fn one(call: &[(Row, Stage)], now: Moment, page: &mut Page) {
    let Some((first, _)) = call.first() else { return };
    let stages: Vec<Stage> = call.iter().map(|(_, stage)| *stage).collect();
    let drafted = match first.direction.split(' ').next().unwrap_or_default() {
        "Inbound" => {
            if super::answered(&stages).is_none() && goes_on(call, now) {
                page.in_progress += 1;
                return;
            }
            let queue = call.iter().find_map(|(row, _)| row.queue.as_ref());
            let name = queue.map(|(number, name)| if name.is_empty() { number } else { name });
            super::inbound(&first.call, &stages, name.map(String::as_str), || unanswered(call, page))
        }
        "Outbound" => super::outbound(&first.call, &stages),
        "Internal" => return,
        _ => {
            let why =
                "is none of Inbound, Outbound and Internal: whether it is a call from outside cannot be told";
            return page.rejects.push(reject(first, "Direction", RowReason::Malformed, why));
        }
    };
    match drafted {
        Ok(draft) => page.calls.push(VendorCall { draft, places: places(call) }),
        Err(fault) => page.rejects.push(reject(first, "StartTime", fault.into(), &fault.to_string())),
    }
}

/// Whether the last stage sends the call on to one that is not there yet.
fn goes_on(call: &[(Row, Stage)], now: Moment) -> bool {
    call.last().is_some_and(|(row, stage)| {
        matches!(row.status.as_str(), "Redirected" | "Waiting")
            && now.millis().saturating_sub(stage.ended.millis()) < GOES_ON_MILLIS
    })
}

/// What became of a call that no person answered.
fn unanswered(call: &[(Row, Stage)], page: &mut Page) -> (Outcome, Option<Reason>) {
    let kinds = || call.iter().map(|(_, stage)| stage.to);
    if kinds().any(|kind| kind == Kind::Voicemail) {
        return (Outcome::Missed, Some(Reason::Voicemail));
    }
    // Telephones that a queue polls come after it: the queue's own row counts, not theirs.
    let Some((last, _)) = call.iter().rev().find(|(_, of)| of.to != Kind::Extension).or_else(|| call.last())
    else {
        return (Outcome::Unclassified, None);
    };
    if !matches!(last.status.as_str(), "Answered" | "Unanswered" | "Redirected" | "Waiting" | "") {
        page.unknown_word("Status", &last.status);
        return (Outcome::Unclassified, None);
    }
    // Whoever took a call off a queue may be a person, and whatever it ended at may be a mailbox.
    let queue = call.iter().find(|(_, of)| of.to == Kind::Queue).map(|(_, of)| of.started);
    let decides = |(row, of): &&(Row, Stage)| {
        of.to == Kind::Unknown
            && (row.id == last.id || of.answered.is_some() && queue.is_some_and(|queue| of.started >= queue))
    };
    if let Some((row, _)) = call.iter().find(decides) {
        let number = row.unknown_type.map_or_else(|| "none".to_owned(), |number| number.to_string());
        page.unknown_word("DestinationType", &number);
        return (Outcome::Unclassified, None);
    }
    let waited = call.iter().any(|(_, stage)| stage.waits());
    match last.to {
        Kind::Queue => (Outcome::Missed, Some(Reason::AbandonedInQueue)),
        Kind::End if waited => (Outcome::Missed, Some(Reason::QueueTimeout)),
        _ if waited => (Outcome::Missed, None),
        Kind::Outside => (Outcome::EndedInIvr, Some(Reason::Diverted)),
        _ => (Outcome::EndedInIvr, None),
    }
}

/// The number that was dialled, the first queue by name and number, the trunk.
fn places(call: &[(Row, Stage)]) -> Vec<Place> {
    let rows = || call.iter().map(|(row, _)| row);
    let mut places: Vec<Place> = rows().find_map(|row| row.dialled.clone()).into_iter().collect();
    if let Some((number, name)) = rows().find_map(|row| row.queue.as_ref()) {
        places.extend([name, number].into_iter().filter(|key| !key.is_empty()).map(Place::queue));
    }
    places.extend(rows().map(|row| &row.trunk).find(|trunk| !trunk.is_empty()).map(Place::site));
    places
}

fn stage(row: &Row) -> Result<Stage, (&'static str, TimeFault)> {
    let started = time::iso(&row.started, &Zone::utc()).map_err(|fault| ("StartTime", fault))?;
    let ringing = millis(&row.ringing).map_err(|fault| ("RingingDuration", fault))?;
    let talking = millis(&row.talking).map_err(|fault| ("TalkingDuration", fault))?;
    let taken = started.plus_millis(ringing);
    let passed_over = !row.answered && ringing + talking == 0 && row.status == "Redirected";
    Ok(Stage {
        to: row.to,
        rang: !passed_over || row.to != Kind::Extension,
        started,
        answered: row.answered.then_some(taken),
        ended: taken.plus_millis(talking),
    })
}

/// `PT2M6.5S`, or `00:02:06.5` as some builds write it; nothing where it is empty.
fn millis(text: &str) -> Result<i64, TimeFault> {
    let length = match text {
        "" => return Ok(0),
        text if text.starts_with(['P', 'p']) => time::iso_length(text)?,
        text => time::clock(text).map_err(|_| TimeFault::Malformed("PT3M7S"))?,
    };
    Ok(length.secs * 1_000 + i64::from(length.nanos) / 1_000_000)
}

fn reject(row: &Row, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    let kept = serde_json::json!({
        "CdrId": row.id, "MainCallHistoryId": row.call, "Direction": row.direction, "Status": row.status, "to": row.to,
    });
    RejectedRow { id: row.id.clone(), field: field.into(), reason, message: message.into(), row: kept }
}
