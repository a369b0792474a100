//! The legs that a call was connected to, added up, and the calls of a list that is read newest first, until their legs are all there.
//!
//! A leg is never older than the call it belongs to, so in a list from new to old it comes first, on the same page or an earlier one. Legs wait in the cursor
//! until their call comes; calls that began within a minute of the end of a page wait too, because the list may be off by seconds there.

use std::collections::BTreeMap;

use callgauge_adapter::{AdapterError, Fault, SeenIds};
use serde::{Deserialize, Serialize};

use crate::wire::{Leg, Party};

/// How far the list may be out of order.
const SLACK_SECS: i64 = 60;

/// What became of the legs of one call. Times are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Legs {
    /// A leg has not ended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) open: bool,
    /// When the first began to ring.
    pub(crate) rang: Option<i64>,
    /// When a person first answered.
    pub(crate) answered: Option<i64>,
    /// When the last leg that a person answered ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) talked_until: Option<i64>,
    /// When the last of all ended.
    pub(crate) ended: Option<i64>,
    /// How the last one that nobody answered ended, by when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unanswered: Option<(i64, Unanswered)>,
    /// One of them led to a telephone number.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) outside: bool,
}

/// How a leg ended that no person answered, the more telling last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Unanswered {
    /// `failed`
    #[serde(rename = "f")]
    Failed,
    /// `busy`
    #[serde(rename = "b")]
    Busy,
    /// `no-answer`
    #[serde(rename = "n")]
    NoAnswer,
    /// `canceled`: the other side of the call gave up.
    #[serde(rename = "c")]
    Canceled,
    /// `completed`, and a machine took it.
    #[serde(rename = "m")]
    Machine,
}

/// Whether a status is final.
pub(crate) fn ended(status: &str) -> Option<bool> {
    match status {
        "queued" | "initiated" | "ringing" | "in-progress" => Some(false),
        "completed" | "busy" | "failed" | "no-answer" | "canceled" => Some(true),
        _ => None,
    }
}

/// Whether `answered_by` is a machine. `unknown` is not.
pub(crate) fn is_machine(answered_by: Option<&str>) -> bool {
    answered_by.is_some_and(|by| by.starts_with("machine") || by == "fax")
}

impl Legs {
    /// Adds a leg. A status that nobody knows keeps the call open: it is left for later and not guessed.
    pub(crate) fn add(&mut self, leg: &Leg) {
        self.outside |= leg.to_is == Party::Number;
        let (Some(true), Some(start), Some(end)) = (ended(&leg.status), leg.start_time, leg.end_time) else {
            self.open |= ended(&leg.status) != Some(true);
            return;
        };
        self.rang = Some(self.rang.map_or(start, |first| first.min(start)));
        self.ended = self.ended.max(Some(end));
        let talked = leg.duration.unwrap_or_default();
        let how = match leg.status.as_str() {
            "completed" if is_machine(leg.answered_by.as_deref()) => Unanswered::Machine,
            "completed" if talked > 0 => {
                let answer = end - talked;
                self.answered = Some(self.answered.map_or(answer, |first| first.min(answer)));
                self.talked_until = self.talked_until.max(Some(end));
                return;
            }
            "busy" => Unanswered::Busy,
            "failed" => Unanswered::Failed,
            "canceled" => Unanswered::Canceled,
            _ => Unanswered::NoAnswer,
        };
        self.unanswered = self.unanswered.max(Some((end, how)));
    }
}

/// What is carried from page to page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Carry {
    /// Legs whose call has not come, by its sid.
    legs: BTreeMap<String, Legs>,
    /// Calls at the end of the page before.
    held: Vec<Leg>,
    /// What the page before had.
    mark: SeenIds,
}

/// A call with its legs.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) call: Leg,
    pub(crate) legs: Option<Legs>,
}

impl Carry {
    /// Takes a page and gives the calls that are whole.
    ///
    /// # Errors
    /// [`Fault::Protocol`] where a leg comes after its call.
    pub(crate) fn page(&mut self, rows: Vec<Leg>, last: bool) -> Result<Vec<Joined>, AdapterError> {
        let mark = SeenIds::of(rows.iter().map(|row| row.sid.as_str()));
        let oldest = rows.iter().filter_map(|row| row.start_time).min();
        let mut calls = std::mem::take(&mut self.held);
        for row in rows {
            if self.mark.holds(&row.sid) {
                continue;
            }
            let Some(parent) = &row.parent_call_sid else {
                calls.push(row);
                continue;
            };
            if self.mark.holds(parent) && !calls.iter().any(|call| call.sid == *parent) {
                return Err(AdapterError::new(
                    Fault::Protocol,
                    "expected the list of calls newest first, but a leg came after the call it belongs to; if this repeats, Twilio has changed the order",
                ));
            }
            self.legs.entry(parent.clone()).or_default().add(&row);
        }
        // A page that came again says nothing new about what lies behind it.
        let whole = |call: &Leg| match (last, call.start_time, oldest) {
            (true, _, _) | (_, None, _) => true,
            (false, Some(_), None) => false,
            (false, Some(start), Some(oldest)) => start > oldest + SLACK_SECS,
        };
        let (ready, held): (Vec<Leg>, Vec<Leg>) = calls.into_iter().partition(whole);
        self.held = held;
        self.mark = mark;
        Ok(ready.into_iter().map(|call| Joined { legs: self.legs.remove(&call.sid), call }).collect())
    }
}

#[cfg(test)]
mod tests;
