//! callgauge's common call schema: one external telephone call of a GP practice, whatever the vendor, as types that cannot be wrong.
//!
//! Vocabulary first: a [`CallRecord`] is made from a [`Draft`] by [`Draft::check`], once, at the edge; nothing after re-checks it.
//! A draft that contradicts itself becomes an [`InvalidCall`], which is data (a reject), not a failure.
//!
//! There is no I/O here, no clock ("now" is an argument) and next to no dependencies, because every adapter stands on this crate.
//! No type has room for a caller's number or name, or for a recording; text that is shaped like a UK telephone number is refused.

mod call;
mod code;
mod draft;
mod kind;
mod moment;
mod outcome;
mod phone;
mod seconds;

pub use call::{Account, Attribution, CallRecord};
pub use code::{AccountId, CallId, InvalidCode, Line, OdsCode, SourceId};
pub use draft::{
    Draft, DraftAccount, DraftAttribution, DraftDuration, InvalidCall, RejectReason, UnknownDurations,
};
pub use kind::CallKind;
pub use moment::Moment;
pub use outcome::{Callback, CallbackTiming, Direction, Outcome, Reason, Timing};
pub use phone::looks_like_uk_number;
pub use seconds::{OutOfRange, Seconds};
