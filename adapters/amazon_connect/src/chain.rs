//! Contacts joined into calls: transfers and queued callbacks are contacts of their own that name the first of their chain.
//!
//! The list is read newest first, so that what followed from a contact comes before it. What followed waits in the cursor, added up, until the first
//! contact of its chain comes; first contacts that began within a second of the end of a page wait too, because the order within a second is not given.

use std::collections::BTreeMap;

use callgauge_adapter::SeenIds;
use serde::{Deserialize, Serialize};

use crate::wire::Contact;

/// What can be out of order, in milliseconds.
const SLACK_MILLIS: i64 = 1_000;

/// What followed from a first contact. Times are Unix milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Followed {
    /// One of them has not ended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) open: bool,
    /// A callback was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) callback: bool,
    /// When a transfer first joined a queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queued: Option<i64>,
    /// When a member of staff first took a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answered: Option<i64>,
    /// When the last transfer ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<i64>,
}

/// What a contact is to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A call that came in.
    CameIn,
    /// A call that went out.
    WentOut,
    /// A queued callback: a call that went out, and the sign that its first contact asked for it.
    Callback,
    /// A leg of its first contact's call.
    Leg,
    /// No call of its own and nothing to one: monitoring, surveys after the call.
    Nothing,
    /// Not known.
    Unknown,
}

/// By the way the contact began. Contact records of 2019 do not say: they are calls that came in, or legs where they name a first contact.
pub(crate) fn part(contact: &Contact) -> Part {
    match contact.initiation_method.as_deref() {
        None if contact.initial_contact_id.is_some() => Part::Leg,
        None | Some("INBOUND" | "WEBRTC_API") => Part::CameIn,
        Some("OUTBOUND" | "EXTERNAL_OUTBOUND" | "API") => Part::WentOut,
        Some("CALLBACK") => Part::Callback,
        Some("TRANSFER" | "QUEUE_TRANSFER") => Part::Leg,
        Some("MONITOR" | "DISCONNECT" | "FLOW" | "AGENT_REPLY" | "COMMUNICATION") => Part::Nothing,
        Some(_) => Part::Unknown,
    }
}

impl Followed {
    fn add(&mut self, contact: &Contact, part: Part) {
        if part == Part::Callback {
            self.callback = true;
            return;
        }
        let first = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        self.open |= contact.disconnect_timestamp.is_none();
        self.queued = first(self.queued, contact.queue_info.as_ref().and_then(|q| q.enqueue_timestamp));
        self.answered =
            first(self.answered, contact.agent_info.as_ref().and_then(|a| a.connected_to_agent_timestamp));
        self.ended = self.ended.max(contact.disconnect_timestamp);
    }
}

/// What is carried from page to page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Carry {
    followed: BTreeMap<String, Followed>,
    held: Vec<Contact>,
    mark: SeenIds,
}

/// A contact that is a call, with what followed.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) contact: Contact,
    pub(crate) part: Part,
    pub(crate) followed: Option<Followed>,
}

impl Carry {
    /// Takes a page and gives the calls that are whole.
    pub(crate) fn page(&mut self, rows: Vec<Contact>, last: bool) -> Vec<Joined> {
        let mark = SeenIds::of(rows.iter().map(|row| row.id.as_str()));
        let oldest = rows.iter().filter_map(|row| row.initiation_timestamp).min();
        let mut calls = std::mem::take(&mut self.held);
        for row in rows {
            // A page that came again, or a row that slid onto this one.
            if self.mark.holds(&row.id) {
                continue;
            }
            let part = part(&row);
            if let (Part::Leg | Part::Callback, Some(first)) = (part, first_of(&row)) {
                self.followed.entry(first.to_owned()).or_default().add(&row, part);
            }
            if part != Part::Leg && part != Part::Nothing {
                calls.push(row);
            }
        }
        let whole = |call: &Contact| {
            last || match (call.initiation_timestamp, oldest) {
                (Some(began), Some(oldest)) => began > oldest + SLACK_MILLIS,
                (Some(_), None) => false,
                (None, _) => true,
            }
        };
        let (ready, held): (Vec<Contact>, Vec<Contact>) = calls.into_iter().partition(whole);
        self.held = held;
        self.mark = mark;
        let join = |contact: Contact| {
            let part = part(&contact);
            let followed = (part == Part::CameIn).then(|| self.followed.remove(&contact.id)).flatten();
            Joined { contact, part, followed }
        };
        ready.into_iter().map(join).collect()
    }
}

/// The first contact of the chain that a contact belongs to.
fn first_of(contact: &Contact) -> Option<&str> {
    contact.initial_contact_id.as_deref().or(contact.previous_contact_id.as_deref())
}
