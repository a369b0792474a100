//! Instants and durations in the forms that vendors write them in, read into the schema's types.
//!
//! A local time is read in the vendor's [`Zone`]. On the night when clocks go back an hour occurs twice, and on the night when they go forward one does
//! not occur: such a time says nothing certain and is a [`TimeFault`], whose reason goes into a [`crate::RejectedRow`]. Nothing is guessed.
//!
//! ```
//! use callgauge_adapter::time::{self, TimeFault, Zone};
//!
//! let london = Zone::london();
//! assert_eq!(time::iso("2026-07-01T09:00:00", &london).map(|m| m.millis()), Ok(1_782_892_800_000));
//! assert_eq!(time::iso("2026-10-25T01:30:00", &london), Err(TimeFault::Ambiguous));
//! assert_eq!(time::iso("2026-10-25T01:30:00+01:00", &london).map(|m| m.secs()), Ok(1_792_888_200));
//! assert_eq!(time::day_month_year("29/03/2026 01:30", &london), Err(TimeFault::Impossible));
//! ```

mod instant;
mod length;
mod zone;

#[cfg(test)]
mod tests;

pub use instant::{
    day_month_year, epoch_millis, epoch_number, epoch_secs, epoch_text, instant, iso, local, rfc_2822,
    to_iso, to_iso_millis, to_local, utc,
};
pub use length::{
    Length, between, between_or_nothing, clock, iso_length, length, millis, millis_text, secs, secs_text,
};
pub use zone::Zone;

use crate::RowReason;

/// Text or a number that is no time, or not one certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// Nothing there.
    #[error("is empty: a time is needed")]
    Missing,
    /// Not of the form expected.
    #[error("is no time of the form {0}")]
    Malformed(&'static str),
    /// Occurs twice.
    #[error("is a local time that occurs twice, on the night when clocks go back: give an offset or UTC")]
    Ambiguous,
    /// Does not occur.
    #[error(
        "is a local time that does not occur, on the night when clocks go forward: give an offset or UTC, or check the time zone"
    )]
    Impossible,
    /// The end lies before the beginning.
    #[error("ends before it begins")]
    Backwards,
}

impl From<TimeFault> for RowReason {
    fn from(fault: TimeFault) -> Self {
        match fault {
            TimeFault::Missing => Self::Missing,
            TimeFault::Malformed(_) => Self::Malformed,
            TimeFault::Ambiguous => Self::AmbiguousTime,
            TimeFault::Impossible => Self::ImpossibleTime,
            TimeFault::Backwards => Self::Contradiction,
        }
    }
}
