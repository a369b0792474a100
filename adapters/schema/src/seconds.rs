//! Durations of calls: whole seconds, floored once at the edge.

/// A duration in whole seconds, from 0 to 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(u32);

/// A duration that is negative or longer than 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration must be between 0 s and 24 h")]
pub struct OutOfRange;

impl Seconds {
    /// The longest duration, 24 hours.
    pub const MAX: Self = Self(86_400);

    /// Whole seconds.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Seconds {
    type Error = OutOfRange;

    fn try_from(secs: u32) -> Result<Self, OutOfRange> {
        if secs <= Self::MAX.0 { Ok(Self(secs)) } else { Err(OutOfRange) }
    }
}
