//! Interactions of the Contact Center into common calls: those with one original interaction are one call.
//!
//! The vendor labels an interaction with everything that happened to it, so that the order decides: handled, callback, voicemail, abandoned, ended in the
//! menu. What it abandons because the caller chose voicemail or a callback is not abandoned here.

use std::collections::BTreeMap;

use callgauge_adapter::schema::{Direction, Draft, Moment, Outcome, Reason};
use callgauge_adapter::{Page, Place, RejectedRow, RowReason, VendorCall, Window, call_id_of};

use super::{duration, moment};
use crate::wire::contact_center::Interaction;

/// Joins interactions and puts the calls that were created within `core` (all where `None`) on the page.
pub(crate) fn calls(interactions: Vec<Interaction>, core: Option<Window>, page: &mut Page) {
    let mut joined: BTreeMap<String, Vec<Interaction>> = BTreeMap::new();
    for interaction in interactions.into_iter().filter(|one| one.media_type == "Phone") {
        joined.entry(call_id(&interaction).to_owned()).or_default().push(interaction);
    }
    for (id, mut parts) in joined {
        parts.sort_by(|a, b| {
            (&a.creation_time, &a.interaction_id).cmp(&(&b.creation_time, &b.interaction_id))
        });
        parts.dedup_by(|b, a| a.interaction_id == b.interaction_id);
        let created = moment(&parts[0].creation_time);
        if let (Some(core), Some(created)) = (core, created)
            && !(core.from..core.until).contains(&created)
        {
            continue;
        }
        if parts.iter().any(|part| part.ongoing || part.finished_time.is_empty()) {
            page.in_progress += 1;
            continue;
        }
        match call(&id, &parts, created, page) {
            Ok(Some(call)) => {
                page.calls.extend(made_within(&parts[0], &call));
                page.calls.push(call);
            }
            Ok(None) => {}
            Err(reject) => page.rejects.push(*reject),
        }
    }
}

/// The id that all interactions of a call share.
pub(crate) fn call_id(interaction: &Interaction) -> &str {
    let original = &interaction.original_interaction_id;
    // A callback that is an interaction of its own is a call of its own, from the practice to the caller.
    let own = original.is_empty() || interaction.is_callback_made();
    if own { &interaction.interaction_id } else { original }
}

/// The callback that was made within the interaction that asked for it: a call of its own that ended when the interaction did.
fn made_within(first: &Interaction, asked: &VendorCall) -> Option<VendorCall> {
    if !first.is_callback_asked() || !has(std::slice::from_ref(first), &["Handled"]) {
        return None;
    }
    let talk = first.handling_ms?;
    let started_at = moment(&first.finished_time)?.plus_millis(talk.saturating_neg());
    let draft = Draft {
        call_id: call_id_of(&[&first.interaction_id, "callback"]),
        direction: Some(Direction::Outbound),
        started_at: Some(started_at),
        outcome: Some(Outcome::Answered),
        talk: Some(duration(talk)),
        line: asked.draft.line.clone(),
        callback_made: Some((asked.draft.call_id.clone(), 0, Some(true))),
        ..Draft::default()
    };
    Some(VendorCall { draft, places: asked.places.clone() })
}

impl Interaction {
    /// An attempt at a callback, listed beside the call that asked.
    fn is_callback_made(&self) -> bool {
        self.interaction_type == "Callback"
            && !self.original_interaction_id.is_empty()
            && self.original_interaction_id != self.interaction_id
    }

    /// A call that asked for a callback, by its type.
    fn is_callback_asked(&self) -> bool {
        self.interaction_type == "Callback" && !self.is_callback_made()
    }
}

fn call(
    id: &str,
    parts: &[Interaction],
    created: Option<Moment>,
    page: &mut Page,
) -> Result<Option<VendorCall>, Box<RejectedRow>> {
    let first = &parts[0];
    let reject = |field: &str, reason, message: &str| {
        let row = serde_json::to_value(first).unwrap_or_default();
        let id = call_id_of(&[id]);
        Box::new(RejectedRow { id, field: field.into(), reason, message: message.into(), row })
    };
    if id.is_empty() {
        return Err(reject("interactionId", RowReason::Missing, "must be there: a call has no other name"));
    }
    if matches!(first.interaction_type.as_str(), "InternalCall" | "ConsultationCall") {
        return Ok(None);
    }
    let Some(started_at) = created else {
        let message = "must be an instant such as 2026-02-03T08:00:00.000+00:00";
        return Err(reject("creationTime", RowReason::Malformed, message));
    };
    let callback = first.is_callback_made();
    let direction = match first.direction.as_str() {
        _ if callback => Direction::Outbound,
        _ if first.is_callback_asked() => Direction::Inbound,
        "InboundDir" => Direction::Inbound,
        "OutboundDir" => Direction::Outbound,
        _ => return Err(reject("direction", RowReason::Malformed, "must be InboundDir or OutboundDir")),
    };
    let mut draft = Draft {
        call_id: call_id_of(&[id]),
        direction: Some(direction),
        started_at: Some(started_at),
        ..Draft::default()
    };
    if direction == Direction::Inbound {
        inbound(parts, &mut draft, page);
    } else {
        let handled = has(parts, &["Handled"]);
        draft.outcome = Some(if handled { Outcome::Answered } else { Outcome::Missed });
        draft.talk = sum(parts, |part| part.handling_ms).filter(|_| handled).map(duration);
        if callback {
            let asked = call_id_of(&[&first.original_interaction_id]);
            draft.callback_made = Some((asked, 0, Some(true)));
        }
    }
    // A telephone channel is named for its number.
    let channel = &first.channel_id;
    let by_channel = Place::number(channel).or_else(|| Place::number(&format!("+{channel}")));
    let is_number = by_channel.is_some();
    let mut places: Vec<Place> = first.place.clone().or(by_channel).into_iter().collect();
    if let Some(queue) = parts.iter().find(|part| !part.queue_id.is_empty() || !part.queue_name.is_empty()) {
        let key = if queue.queue_id.is_empty() { &queue.queue_name } else { &queue.queue_id };
        places.push(Place::queue(key));
        draft.line.clone_from(&queue.queue_name);
    }
    if !channel.is_empty() && !is_number {
        places.push(Place::site(channel));
    }
    Ok(Some(VendorCall { draft, places }))
}

fn inbound(parts: &[Interaction], draft: &mut Draft, page: &mut Page) {
    let first = &parts[0];
    // The first queue's wait: a transfer to another queue does not begin it again.
    let waited = parts.iter().find_map(|part| part.queue_wait_ms).or_else(|| left_over(first));
    draft.ivr = first.ivr_ms.map(duration);
    let (outcome, reason, wait) = if first.is_callback_asked() {
        draft.callback_requested = Some(None);
        (Outcome::CallbackRequested, None, waited)
    } else if has(parts, &["Handled"]) {
        draft.talk = sum(parts, |part| part.handling_ms).map(duration);
        (Outcome::Answered, None, waited)
    } else if has(parts, &["ForwardedToCallback"]) {
        draft.callback_requested = Some(None);
        (Outcome::CallbackRequested, None, waited)
    } else if has(parts, &["ForwardedToVoicemail", "ForwardedToAgentIndividualVoicemail"]) {
        (Outcome::Missed, Some(Reason::Voicemail), waited)
    } else if has(parts, &["Abandoned"]) {
        (
            Outcome::Missed,
            Some(Reason::AbandonedInQueue),
            parts.iter().find_map(|part| part.abandon_ms).or(waited),
        )
    } else if has(parts, &["ForwardedToExternalNumber"]) {
        (Outcome::EndedInIvr, Some(Reason::Diverted), None)
    } else if has(parts, &["EndedInIvr"]) {
        (Outcome::EndedInIvr, Some(Reason::HungUpInMenu), None)
    } else if has(parts, &["OfferingTimeout"]) {
        (Outcome::Missed, Some(Reason::QueueTimeout), waited)
    } else if has(parts, &["Rejected"]) || waited_only(parts) {
        (Outcome::Missed, None, waited)
    } else {
        for word in parts.iter().flat_map(|part| &part.labels).filter(|word| !is_step(word)) {
            page.unknown_word("interactionLabels", word);
        }
        (Outcome::Unclassified, None, None)
    };
    (draft.outcome, draft.reason, draft.wait) = (Some(outcome), reason, wait.map(duration));
}

/// What is left of an interaction without menu, handling and wrap-up, in milliseconds: the wait where no queue states it.
fn left_over(part: &Interaction) -> Option<i64> {
    let all = moment(&part.finished_time)?.millis() - moment(&part.creation_time)?.millis();
    let known = [part.ivr_ms, part.handling_ms, part.wrap_up_ms].into_iter().flatten().sum::<i64>();
    Some((all - known).max(0))
}

/// Whether all that is said of the call is that it was in a queue.
fn waited_only(parts: &[Interaction]) -> bool {
    let mut labels = parts.iter().flat_map(|part| &part.labels).peekable();
    labels.peek().is_some() && labels.all(|label| matches!(label.as_str(), "Queued" | "Dequeued"))
}

fn has(parts: &[Interaction], labels: &[&str]) -> bool {
    parts.iter().any(|part| {
        labels.contains(&part.outcome.as_str())
            || part.labels.iter().any(|label| labels.contains(&label.as_str()))
    })
}

/// Labels that say where a call went, and nothing of how it ended.
fn is_step(label: &str) -> bool {
    matches!(
        label,
        "Queued" | "Dequeued" | "TransferredToQueue" | "TransferredToAgent" | "BlindTransfer" | "Canceled"
    )
}

fn sum(parts: &[Interaction], duration: fn(&Interaction) -> Option<i64>) -> Option<i64> {
    parts.iter().filter_map(duration).reduce(|a, b| a.saturating_add(b))
}
