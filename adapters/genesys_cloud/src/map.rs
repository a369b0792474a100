//! A Genesys Cloud conversation as calls of ours: what came in is one, each callback that went out is one.

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, time::between};

use crate::inbound::{inbound, over};
use crate::view::{Span, View};
use crate::wire::Conversation;

/// The most sites of a call: divisions that it touched.
const SITES: usize = 4;

/// Maps a conversation onto the page.
pub(crate) fn map(theirs: &Conversation, page: &mut Page) {
    let Some(start) = theirs.conversation_start else {
        return page.rejects.push(reject(theirs, "conversationStart", RowReason::Missing, "must be there"));
    };
    if theirs.conversation_id.is_empty() {
        return page.rejects.push(reject(theirs, "conversationId", RowReason::Missing, "must be there"));
    }
    if theirs.conversation_end.is_some_and(|end| end < start) {
        let fault =
            reject(theirs, "conversationEnd", RowReason::Contradiction, "lies before conversationStart");
        return page.rejects.push(fault);
    }
    let view = View::of(theirs);
    let came_in = view.came_in.is_some() && theirs.originating_direction.as_deref() != Some("outbound");
    if came_in {
        match over(theirs, &view) {
            None => page.in_progress += 1,
            Some(end) => {
                let draft = Draft {
                    call_id: theirs.conversation_id.clone(),
                    started_at: Some(Moment::from_millis(start)),
                    ..inbound(&view, (start, end.max(start)), page)
                };
                page.calls.push(VendorCall { draft, places: places(theirs, &view) });
            }
        }
    }
    if !view.callbacks.is_empty() {
        for (attempt, span) in (1..).zip(&view.went_out) {
            called_back(theirs, &view, span, attempt, came_in, page);
        }
    } else if !came_in && let Some(span) = view.went_out.first() {
        let Some(end) = theirs.conversation_end else {
            page.in_progress += 1;
            return;
        };
        let draft = Draft { call_id: theirs.conversation_id.clone(), ..outbound(span, start, end) };
        page.calls.push(VendorCall { draft, places: places(theirs, &view) });
    }
}

/// An attempt to call back. Its length is the customer's side's: an agent's talk begins with the dialling.
fn called_back(
    theirs: &Conversation,
    view: &View<'_>,
    span: &Span<'_>,
    attempt: u32,
    came_in: bool,
    page: &mut Page,
) {
    let Some(end) = span.end.or(theirs.conversation_end) else {
        page.in_progress += 1;
        return;
    };
    let for_call = if came_in { theirs.conversation_id.clone() } else { String::new() };
    let draft = Draft {
        call_id: format!("{}:callback:{attempt}", theirs.conversation_id),
        callback_made: Some((for_call, attempt, None)),
        ..outbound(span, span.start, end)
    };
    page.calls.push(VendorCall { draft, places: places(theirs, view) });
}

fn outbound(span: &Span<'_>, start: i64, end: i64) -> Draft {
    let talk = span.segment("interact").and_then(|segment| {
        let until = span.end.unwrap_or(end);
        between(Moment::from_millis(segment.segment_start?), Moment::from_millis(until)).ok()
    });
    Draft {
        direction: Some(Direction::Outbound),
        started_at: Some(Moment::from_millis(start)),
        outcome: Some(if talk.is_some() { Outcome::Answered } else { Outcome::Missed }),
        reason: talk.is_none().then(|| span.disconnected().and_then(unreached)).flatten(),
        talk,
        ..Draft::default()
    }
}

/// Why nobody was reached, as far as the word tells.
fn unreached(disconnected: &str) -> Option<Reason> {
    matches!(disconnected, "error" | "transportFailure").then_some(Reason::Failed)
}

/// The called number, the queue by id and by name, the divisions.
fn places(theirs: &Conversation, view: &View<'_>) -> Vec<Place> {
    let mut places: Vec<Place> =
        view.came_in.and_then(|span| span.session.called.clone()).into_iter().collect();
    if let Some(queue) = view.queues.first() {
        places.extend(queue.queue_id().map(Place::queue));
        places.extend(queue.who.queue_name.as_deref().filter(|name| !name.is_empty()).map(Place::queue));
    } else {
        // A callback without a call: the queue of its request.
        let asked = view.callbacks.iter().flat_map(|session| &session.segments);
        places.extend(asked.filter_map(|segment| segment.queue_id.as_deref()).map(Place::queue).next());
    }
    places.extend(theirs.division_ids.iter().take(SITES).map(Place::site));
    places
}

fn reject(theirs: &Conversation, field: &str, reason: RowReason, message: &str) -> RejectedRow {
    RejectedRow {
        id: theirs.conversation_id.clone(),
        field: field.into(),
        reason,
        message: message.into(),
        row: serde_json::to_value(theirs).unwrap_or_default(),
    }
}
