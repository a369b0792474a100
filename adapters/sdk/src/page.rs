//! What a fetch gives back: calls, rows that could not be mapped, counts, and where to go on.

use callgauge_schema::{Draft, DraftAttribution, InvalidCall, Moment, RejectReason, UnknownDurations};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{AdapterError, Fault, Place, call_id_of};

/// One page of a window.
#[derive(Clone, Debug)]
pub struct Page {
    /// Calls, each of them once as far as this page knows.
    pub calls: Vec<VendorCall>,
    /// Rows that could not be mapped.
    pub rejects: Vec<RejectedRow>,
    /// Published or supplied counts, from adapters that read aggregated files.
    pub tallies: Vec<TallyRow>,
    /// Words for an outcome that the adapter does not know, with how often each came.
    pub unknown_words: Vec<UnknownWord>,
    /// Calls left out because they had not ended.
    pub in_progress: u64,
    /// Where to go on.
    pub next: Next,
}

impl Page {
    /// A page with nothing on it.
    pub const fn empty(next: Next) -> Self {
        Self {
            calls: Vec::new(),
            rejects: Vec::new(),
            tallies: Vec::new(),
            unknown_words: Vec::new(),
            in_progress: 0,
            next,
        }
    }
}

impl Page {
    /// Puts what became of a row on the page: a call, nothing where it is none of the practice's with somebody outside, or a reject.
    pub fn take(&mut self, mapped: Result<Option<VendorCall>, Box<RejectedRow>>) {
        match mapped {
            Ok(call) => self.calls.extend(call),
            Err(reject) => self.rejects.push(*reject),
        }
    }

    /// With the calls that the schema refuses among the rejects, as a host has them that takes this page.
    #[must_use]
    pub fn checked(mut self, now: Moment, unknown: UnknownDurations) -> Self {
        let mut refused = Vec::new();
        self.calls.retain(|call| {
            let Some(fault) = call.fault(now, unknown) else { return true };
            // Where a field holds a telephone number, nothing of the call is repeated.
            let row = (fault.reason != RejectReason::TelephoneNumber).then(|| call.to_json());
            refused.push(RejectedRow::refused(
                call_id_of(&[&call.draft.call_id]),
                &fault,
                row.unwrap_or_default(),
            ));
            false
        });
        self.rejects.extend(refused);
        self
    }
}

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is more: ask again with this.
    More(Cursor),
    /// The window was read to its end.
    Done,
}

/// A place in a vendor's list, opaque to the host: text of the adapter's own making, at most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

impl Cursor {
    /// The longest, in bytes.
    pub const LIMIT: usize = 64 * 1024;

    /// Something of an adapter's own, as JSON. It must have no map with keys other than text.
    pub fn write(place: &impl Serialize) -> Self {
        Self(serde_json::to_string(place).expect("a place in a list is made of text, numbers and lists"))
    }

    /// What [`Self::write`] wrote.
    ///
    /// # Errors
    /// [`Fault::CursorLost`], for example where an earlier version of the adapter wrote it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, AdapterError> {
        serde_json::from_str(&self.0).map_err(|_| {
            AdapterError::new(
                Fault::CursorLost,
                "the cursor is not one of this adapter: the window is read again from its start",
            )
        })
    }
}

/// A call as the vendor tells it. The draft has no attribution: the host finds it from the places.
#[derive(Clone, Debug)]
pub struct VendorCall {
    /// The call. `attribution` is `None`, unless the vendor's own record names the practice by its ODS code.
    pub draft: Draft,
    /// Where at the practice it arrived (or, outbound, from where it was made), the most telling first: called number, queue, site.
    pub places: Vec<Place>,
}

impl VendorCall {
    /// Why the schema refuses it; `None` where it takes it. Whose it is, the host finds from its places.
    pub fn fault(&self, now: Moment, unknown: UnknownDurations) -> Option<InvalidCall> {
        let mut draft = self.draft.clone();
        draft.attribution.get_or_insert_with(|| DraftAttribution::Practice("A81001".to_owned()));
        draft.check(now, unknown).err()
    }
}

/// A row that could not be mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// The vendor's id of the row, hashed where it is shaped like a telephone number; empty where it has none.
    pub id: String,
    /// The field at fault, in the vendor's words; empty where it is the row as a whole.
    pub field: String,
    /// Why.
    pub reason: RowReason,
    /// What is wrong and what would be right. Never holds anything personal.
    pub message: String,
    /// The row as the wire type kept it, that is without anything personal.
    pub row: serde_json::Value,
}

/// Why a row could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowReason {
    /// A field that is needed is missing.
    Missing,
    /// A field is not of the documented shape.
    Malformed,
    /// A local time that occurs twice, on the night when clocks go back, and nothing tells which is meant.
    AmbiguousTime,
    /// A local time that does not occur, on the night when clocks go forward.
    ImpossibleTime,
    /// Fields contradict each other.
    Contradiction,
}

impl RejectedRow {
    /// A row whose draft the schema refuses.
    pub fn refused(id: impl Into<String>, fault: &InvalidCall, row: serde_json::Value) -> Self {
        let reason = match fault.reason {
            RejectReason::Missing | RejectReason::DurationMissing => RowReason::Missing,
            RejectReason::Contradiction | RejectReason::Conflict => RowReason::Contradiction,
            RejectReason::Malformed
            | RejectReason::InTheFuture
            | RejectReason::TooOld
            | RejectReason::DurationOutOfRange
            | RejectReason::UnknownPractice
            | RejectReason::TelephoneNumber
            | RejectReason::TooManyLabels
            | RejectReason::Unmapped => RowReason::Malformed,
        };
        Self { id: id.into(), field: fault.field.into(), reason, message: fault.message.to_string(), row }
    }
}

/// A word for an outcome that the adapter does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownWord {
    /// The vendor's field, for example "result".
    pub field: String,
    /// The word, cut to 64 characters; digits replaced where it is shaped like a number.
    pub word: String,
    /// How often it came on this page.
    pub times: u64,
}

/// Calls of one indicator of one practice or account on one day, or in a part of it, as a supplier counts them. The host sums what is stated of the same
/// whose, day, indicator and bands on one page, and checks it; what a later page states of a day takes the place of what was stated before, so that all
/// rows of a day are on one page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// ODS code; empty where it is an account's, or `places` say whose it is.
    pub practice: String,
    /// Account, where it is not one practice's.
    pub account: String,
    /// What all practices of the account belong to, as far as known: ODS codes, empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pcn: String,
    /// As `pcn`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub_icb: String,
    /// As `pcn`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub icb: String,
    /// As `pcn`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Places, as with calls.
    pub places: Vec<Place>,
    /// ISO 8601 local date.
    pub date: String,
    /// Which of the seven indicators: `inbound` (CBT001), `ended_in_ivr` (CBT002), `answered` (CBT003), `missed` (CBT004), `callback_requested` (CBT005),
    /// `callback_made` (CBT006), `answered_by_length` (CBT007).
    pub indicator: String,
    /// The time band, by its first minute: `00:00-06:00`, `06:00-08:00`, `08:00-10:00` and so on, `18:00-18:30`, `18:30-24:00`; empty for the whole day.
    pub time_band: String,
    /// The duration band, of the wait or (CBT007) the length: `up_to_60`, `61_to_120`, `121_to_300`, `over_300`; empty for all.
    pub duration_band: String,
    /// How many. 0 says that there were none; without a row nothing is known.
    pub count: u64,
}
