//! What a fetch gives back: calls, rows that could not be mapped, counts, and where to go on.

use callgauge_schema::{Draft, InvalidCall};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{AdapterError, Fault, Place};

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
        use callgauge_schema::RejectReason;
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

/// Counts of one practice or account on one day (and band), as a supplier states them. The host checks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyRow {
    /// ODS code, or empty where `places` say whose it is.
    pub practice: String,
    /// Account, where it is not one practice's.
    pub account: String,
    /// Places, as with calls.
    pub places: Vec<Place>,
    /// ISO 8601 local date.
    pub date: String,
    /// Which of the seven indicators: `inbound`, `answered`, `ended_in_ivr`, `missed`, `callback_requested`, `callback_made`.
    pub indicator: String,
    /// The band of the day as the supplier names it ("08:00-08:29" and so on), empty where it gives days only.
    pub time_band: String,
    /// The duration band as the supplier names it, empty where it gives none.
    pub duration_band: String,
    /// How many.
    pub count: u64,
}
