//! Instants: UTC, kept to the millisecond.

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds and nanoseconds since 1970; parts finer than a millisecond are dropped towards the past.
    /// `None` where the result cannot be expressed or `nanos` is not from 0 to 999,999,999.
    pub const fn from_parts(secs: i64, nanos: i32) -> Option<Self> {
        if nanos < 0 || nanos > 999_999_999 {
            return None;
        }
        match secs.checked_mul(1_000) {
            Some(millis) => match millis.checked_add((nanos / 1_000_000) as i64) {
                Some(millis) => Some(Self(millis)),
                None => None,
            },
            None => None,
        }
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, floored.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This many milliseconds later.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}
