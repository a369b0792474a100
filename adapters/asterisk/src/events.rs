//! Queue events, joined into calls. The table of words is in the crate's documentation.

use callgauge_adapter::schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, VendorCall, line_of};
use serde::{Deserialize, Serialize};

use crate::known::Known;
use crate::system::System;
use crate::wire::{Event, What};

/// An exit or transfer is the end where no other queue follows for so long.
const GOES_ON_MILLIS: i64 = 15 * 60 * 1_000;
/// A call without an end is given up after so long.
const GIVEN_UP_MILLIS: i64 = 24 * 3_600 * 1_000;
/// What comes of a call that was given is passed over for so long.
const GIVEN_MILLIS: i64 = 4 * 3_600 * 1_000;
/// Room for open calls in a cursor, in bytes.
const ROOM: usize = 48 * 1024;
/// The longest name of a queue, in characters.
const QUEUE_CHARS: usize = 64;

/// A call whose end was not seen yet. Names are short because it stands in cursors.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    #[serde(rename = "i")]
    id: String,
    #[serde(rename = "q")]
    queue: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    entered: Option<i64>,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    answered: Option<i64>,
    /// The log's own seconds of wait and of talk, for as long as they are those of the whole call: not where it was in several queues.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    waited: Option<i64>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    talked: Option<i64>,
    /// How many queues it entered.
    #[serde(rename = "n")]
    queues: u32,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    exit: Option<Exit>,
    #[serde(rename = "l")]
    last: i64,
}

impl Open {
    /// About how many bytes it takes in a cursor.
    fn room(&self) -> usize {
        let place = self.place.as_ref().map_or(0, |place| place.key.len() + 40);
        self.id.len() + self.queue.len() + place + 110
    }

    /// The log's own wait counts where nobody answered before and it was in no other queue.
    fn waits(&mut self, secs: Option<i64>) {
        if self.answered.is_none() && self.queues <= 1 {
            self.waited = secs.filter(|secs| *secs >= 0);
        }
    }

    /// Leaves a queue without a person. Who was answered before was answered, whatever queue lost them.
    fn leaves(&mut self, exit: Exit, entered: i64) {
        self.entered.get_or_insert(entered);
        self.exit = Some(if self.answered.is_some() { Exit::Transferred } else { exit });
    }
}

/// How a call left a queue, where another may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Exit {
    TimedOut,
    Full,
    Other,
    Callback,
    Transferred,
    /// It was given, or is none of ours.
    Done,
}

/// Takes an event of the instant `at`, in milliseconds.
pub(crate) fn take(
    open: &mut Vec<Open>,
    event: &Event<'_>,
    at: i64,
    system: &System,
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
    let place = opened(open, &event.call, at);
    let call = &mut open[place];
    call.last = at;
    if call.exit == Some(Exit::Done) {
        return;
    }
    if call.queue.is_empty() && !matches!(event.what, What::Dialled(_)) && event.queue != "NONE" {
        call.queue = event.queue.chars().take(QUEUE_CHARS).collect();
    }
    let back = |secs: Option<i64>| at - secs.unwrap_or(0).max(0) * 1_000;
    match &event.what {
        What::Dialled(number) => call.place.clone_from(number),
        What::Entered(digits) if (1..=system.internal_digits).contains(digits) => {
            call.exit = Some(Exit::Done)
        }
        What::Entered(_) => {
            call.entered.get_or_insert(at);
            call.queues = call.queues.saturating_add(1);
            if call.answered.is_none() {
                call.waited = None;
            }
            call.talked = None;
            call.exit = None;
        }
        What::Connected(held) => {
            call.entered.get_or_insert(back(*held));
            call.waits(*held);
            call.answered.get_or_insert(at);
            call.exit = None;
        }
        What::Completed(held, talked) | What::Transferred(held, talked) => {
            call.waits(*held);
            let answered = *call.answered.get_or_insert(back(*talked));
            call.entered.get_or_insert(answered - held.unwrap_or(0).max(0) * 1_000);
            call.talked = talked.filter(|_| call.queues <= 1);
            if matches!(event.what, What::Transferred(..)) {
                call.exit = Some(Exit::Transferred);
            } else {
                page.calls.push(ended(call, Outcome::Answered, None, at));
                open.swap_remove(place);
            }
        }
        What::Abandoned(waited) => {
            call.entered.get_or_insert(back(*waited));
            call.waits(*waited);
            let (outcome, reason) = match call.answered {
                Some(_) => (Outcome::Answered, None),
                None => (Outcome::Missed, Some(Reason::AbandonedInQueue)),
            };
            page.calls.push(ended(call, outcome, reason, at));
            open.swap_remove(place);
        }
        What::TimedOut(waited) => {
            call.waits(*waited);
            call.leaves(Exit::TimedOut, back(*waited));
        }
        What::Full => call.leaves(Exit::Full, at),
        What::NotAdmitted => call.leaves(Exit::Other, at),
        What::Key(key) if system.keys.contains(key) => call.leaves(Exit::Callback, at),
        What::Key(_) => call.leaves(Exit::Other, at),
        What::Beside | What::Unknown(_) => {}
    }
}

/// Where a call stands, a new one if it is not open.
fn opened(open: &mut Vec<Open>, id: &str, at: i64) -> usize {
    if let Some(place) = open.iter().position(|call| call.id == id) {
        return place;
    }
    while open.iter().map(Open::room).sum::<usize>() > ROOM {
        // One that was given, else the one that was silent for longest; its end, where it comes, tells of it by itself.
        let first = |(_, call): &(usize, &Open)| (call.exit != Some(Exit::Done), call.last);
        let Some((oldest, _)) = open.iter().enumerate().min_by_key(first) else { break };
        open.swap_remove(oldest);
    }
    open.push(Open {
        id: id.to_owned(),
        queue: String::new(),
        place: None,
        entered: None,
        answered: None,
        waited: None,
        talked: None,
        queues: 0,
        exit: None,
        last: at,
    });
    open.len() - 1
}

/// Gives the calls that left their last queue long enough before `at`.
fn close(open: &mut Vec<Open>, at: i64, known: &Known, page: &mut Page) {
    open.retain_mut(|call| {
        let Some(exit) = call.exit else { return true };
        let silent = at - call.last;
        if exit == Exit::Done {
            return silent < GIVEN_MILLIS;
        }
        if silent < GOES_ON_MILLIS {
            return true;
        }
        let (outcome, reason) = match exit {
            Exit::Transferred => (Outcome::Answered, None),
            _ if known.voicemail(&call.id) => (Outcome::Missed, Some(Reason::Voicemail)),
            Exit::TimedOut => (Outcome::Missed, Some(Reason::QueueTimeout)),
            Exit::Full => (Outcome::Missed, Some(Reason::QueueOverflow)),
            Exit::Callback => (Outcome::CallbackRequested, None),
            Exit::Other | Exit::Done => (Outcome::Missed, None),
        };
        page.calls.push(ended(call, outcome, reason, call.last));
        call.exit = Some(Exit::Done);
        true
    });
}

/// At the end of a file: what may still go on is in progress, what cannot is given up, what ended in another file is that file's.
pub(crate) fn finish(open: &mut Vec<Open>, now: i64, known: &Known, page: &mut Page) {
    close(open, now, known, page);
    for call in open.drain(..) {
        if call.entered.is_none() || call.exit == Some(Exit::Done) {
            continue;
        }
        if call.exit.is_none() && known.ended(&call.id) {
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

/// A call that ended at `until`. The wait runs from the first queue to the first answer, or to the end; the log's own seconds come first.
fn ended(call: &Open, outcome: Outcome, reason: Option<Reason>, until: i64) -> VendorCall {
    let entered = call.entered.unwrap_or(until);
    let answered = call.answered.filter(|_| outcome == Outcome::Answered);
    let draft = Draft {
        call_id: call.id.clone(),
        direction: Some(Direction::Inbound),
        started_at: Some(Moment::from_millis(entered)),
        outcome: Some(outcome),
        reason,
        wait: Some(
            call.waited.map_or_else(|| span(entered, answered.unwrap_or(until)), DraftDuration::from_secs),
        ),
        talk: answered.map(|answered| {
            let talked = call.talked.filter(|secs| *secs >= 0);
            talked.map_or_else(|| span(answered, until), DraftDuration::from_secs)
        }),
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
