//! Queue events, joined into calls. The table of words is in the crate's documentation.

use std::collections::HashSet;

use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, VendorCall, line_of};
use serde::{Deserialize, Serialize};

use crate::account::short;
use crate::wire::{Event, What};

/// An exit is the end where no other queue follows for so long.
const GOES_ON_MILLIS: i64 = 15 * 60 * 1_000;
/// A call without an end is given up after so long.
const GIVEN_UP_MILLIS: i64 = 24 * 3_600 * 1_000;
/// What follows a transfer is passed over for so long.
const AFTER_TRANSFER_MILLIS: i64 = 4 * 3_600 * 1_000;
/// Calls that are open at once, so that cursors stay small.
const OPEN: usize = 250;

/// A call whose end was not seen yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    id: String,
    queue: String,
    place: Option<Place>,
    entered: Option<i64>,
    answered: Option<i64>,
    exit: Option<Exit>,
    last: i64,
}

/// How a call left a queue without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Exit {
    TimedOut,
    Full,
    Other,
    Callback,
    /// Given already.
    Transferred,
}

/// What is known from all files of the folder: ids by their hash.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// In a queue.
    pub(crate) queued: HashSet<u64>,
    /// With an end in a queue log.
    pub(crate) ended: HashSet<u64>,
    /// With a row for voicemail.
    pub(crate) voicemail: HashSet<u64>,
}

/// Takes an event. `keys` ask for a callback.
pub(crate) fn take(
    open: &mut Vec<Open>,
    event: &Event<'_>,
    at: i64,
    keys: &[String],
    known: &Known,
    page: &mut Page,
) {
    close(open, at, known, page);
    if let What::Unknown(word) = &event.what {
        page.unknown_word("event", word);
    }
    if event.call.is_empty() || matches!(event.what, What::Beside | What::Unknown(_)) {
        return;
    }
    let place = open.iter().position(|call| call.id == event.call).unwrap_or_else(|| {
        if open.len() >= OPEN {
            // The one that was silent for longest; its end, where it comes, tells of it by itself.
            let oldest = open.iter().enumerate().min_by_key(|(_, call)| call.last).map_or(0, |(at, _)| at);
            open.swap_remove(oldest);
        }
        open.push(Open {
            id: event.call.clone(),
            queue: String::new(),
            place: None,
            entered: None,
            answered: None,
            exit: None,
            last: at,
        });
        open.len() - 1
    });
    let call = &mut open[place];
    call.last = at;
    if call.exit == Some(Exit::Transferred) {
        return;
    }
    if call.queue.is_empty() && !matches!(event.what, What::Dialled(_)) && event.queue != "NONE" {
        call.queue = event.queue.to_owned();
    }
    let back = |secs: Option<i64>| at - secs.unwrap_or(0).max(0) * 1_000;
    match &event.what {
        What::Dialled(number) => call.place.clone_from(number),
        What::Entered => {
            call.entered.get_or_insert(at);
            call.exit = None;
        }
        What::Connected(held) => {
            call.entered.get_or_insert(back(*held));
            call.answered.get_or_insert(at);
        }
        What::Completed(held, talked) | What::Transferred(held, talked) => {
            let answered = *call.answered.get_or_insert(back(*talked));
            call.entered.get_or_insert(answered - held.unwrap_or(0).max(0) * 1_000);
            let draft = answered_draft(call, at);
            page.calls.push(draft);
            if matches!(event.what, What::Transferred(..)) {
                call.exit = Some(Exit::Transferred);
            } else {
                open.swap_remove(place);
            }
        }
        What::Abandoned(waited) => {
            call.entered.get_or_insert(back(*waited));
            let given = ended(call, Outcome::Missed, Some(Reason::AbandonedInQueue), at);
            page.calls.push(given);
            open.swap_remove(place);
        }
        What::TimedOut(waited) => {
            call.entered.get_or_insert(back(*waited));
            call.exit = Some(Exit::TimedOut);
        }
        What::Full | What::NotAdmitted => {
            call.entered.get_or_insert(at);
            call.exit = Some(if event.what == What::Full { Exit::Full } else { Exit::Other });
        }
        What::Key(key) => {
            call.entered.get_or_insert(at);
            call.exit = Some(if keys.contains(key) { Exit::Callback } else { Exit::Other });
        }
        What::Beside | What::Unknown(_) => {}
    }
}

/// Gives the calls that left their queue long enough before `at`.
pub(crate) fn close(open: &mut Vec<Open>, at: i64, known: &Known, page: &mut Page) {
    open.retain(|call| {
        let Some(exit) = call.exit else { return true };
        if exit == Exit::Transferred {
            return at - call.last < AFTER_TRANSFER_MILLIS;
        }
        if at - call.last < GOES_ON_MILLIS {
            return true;
        }
        let voicemail = known.voicemail.contains(&short(&call.id));
        let (outcome, reason) = match exit {
            _ if voicemail => (Outcome::Missed, Some(Reason::Voicemail)),
            Exit::TimedOut => (Outcome::Missed, Some(Reason::QueueTimeout)),
            Exit::Full => (Outcome::Missed, Some(Reason::QueueOverflow)),
            Exit::Callback => (Outcome::CallbackRequested, None),
            Exit::Other | Exit::Transferred => (Outcome::Missed, None),
        };
        page.calls.push(ended(call, outcome, reason, call.last));
        false
    });
}

/// At the end of a file: what may still go on is in progress, what cannot is given up, what ended in another file is that file's.
pub(crate) fn finish(open: &mut Vec<Open>, now: i64, known: &Known, page: &mut Page) {
    close(open, now, known, page);
    for call in open.drain(..) {
        if call.entered.is_none() || call.exit == Some(Exit::Transferred) {
            continue;
        }
        if call.exit.is_none() && known.ended.contains(&short(&call.id)) {
            continue;
        }
        if now - call.last < GIVEN_UP_MILLIS {
            page.in_progress += 1;
            continue;
        }
        let mut given = ended(&call, Outcome::Unclassified, None, call.last);
        given.draft.wait = None;
        page.calls.push(given);
    }
}

fn answered_draft(call: &Open, at: i64) -> VendorCall {
    let answered = call.answered.unwrap_or(at);
    let mut given = ended(call, Outcome::Answered, None, answered);
    given.draft.talk = Some(span(answered, at));
    given
}

fn ended(call: &Open, outcome: Outcome, reason: Option<Reason>, until: i64) -> VendorCall {
    let entered = call.entered.unwrap_or(until);
    let draft = Draft {
        call_id: call.id.clone(),
        direction: Some(Direction::Inbound),
        started_at: Some(Moment::from_millis(entered)),
        outcome: Some(outcome),
        reason,
        wait: Some(span(entered, until)),
        line: line_of(&call.queue),
        callback_requested: (outcome == Outcome::CallbackRequested).then_some(None),
        ..Draft::default()
    };
    let queue = Some(&call.queue).filter(|queue| !queue.is_empty()).map(Place::queue);
    VendorCall { draft, places: call.place.clone().into_iter().chain(queue).collect() }
}

fn span(from: i64, until: i64) -> DraftDuration {
    let millis = (until - from).max(0);
    DraftDuration { secs: millis / 1_000, nanos: (millis % 1_000) as i32 * 1_000_000 }
}
