//! The way in: records as clients send them, checked once and handed to the store; and kept rejects sent through again.
//!
//! `intake` converts a batch, `wire` knows the messages field by field, `submit` commits, `redrive` goes over kept rejects; `tallies` are
//! counts that stand for calls, `unmapped` records that nobody knows whose they are. What is refused here is
//! kept without anything that could hold personal data; nothing on the way of a good record is cloned or formatted.

mod directory;
pub mod host;
mod intake;
mod redrive;
mod submit;
mod tallies;
mod unmapped;
pub mod vendors;
mod wire;

pub use directory::{Clock, SharedDirectory};
pub use intake::{Batch, Refusal};
pub use redrive::{RedriveFilter, Redriven};
pub use submit::{Ingest, Taken};
pub use tallies::{TakenTallies, TallyBatch};
pub use wire::to_wire;
pub(crate) use wire::{kept_record, timestamp};
