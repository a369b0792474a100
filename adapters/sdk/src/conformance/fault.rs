//! What goes wrong with vendors: each of these is done to every adapter, at every request.

use std::time::Duration;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Rows of the page before come once more.
    RepeatedPage,
    /// The connection ends in the middle of a body.
    CutBody,
    /// The body ends early and nothing says so.
    ShortBody,
    /// The connection ends before an answer.
    Dropped,
    /// 429, with Retry-After in seconds.
    TooManySeconds,
    /// 429, with Retry-After in fractions of a second.
    TooManyFraction,
    /// 429, with Retry-After as a date.
    TooManyDate,
    /// 429, and nothing said.
    TooManySilent,
    /// The vendor's own way.
    TooManyOwn,
    /// 500.
    Failure,
    /// 503.
    Unavailable,
    /// The token ends.
    TokenEnds,
    /// Nothing comes and the host gives up.
    Hung,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 13] = [
        Self::RepeatedPage,
        Self::CutBody,
        Self::ShortBody,
        Self::Dropped,
        Self::TooManySeconds,
        Self::TooManyFraction,
        Self::TooManyDate,
        Self::TooManySilent,
        Self::TooManyOwn,
        Self::Failure,
        Self::Unavailable,
        Self::TokenEnds,
        Self::Hung,
    ];

    /// Its name in reports and in the script's [skip].
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RepeatedPage => "a page repeated",
            Self::CutBody => "a body cut off",
            Self::ShortBody => "a body that ends early",
            Self::Dropped => "a connection dropped",
            Self::TooManySeconds => "429 with Retry-After in seconds",
            Self::TooManyFraction => "429 with Retry-After in fractions",
            Self::TooManyDate => "429 with Retry-After as a date",
            Self::TooManySilent => "429 without Retry-After",
            Self::TooManyOwn => "429 in the vendor's own words",
            Self::Failure => "500",
            Self::Unavailable => "503",
            Self::TokenEnds => "the token ends",
            Self::Hung => "the host gives up in the middle of a request",
        }
    }

    /// What to look at where it did harm.
    pub(crate) const fn to_do(self) -> &'static str {
        match self {
            Self::RepeatedPage => "join by the vendor's id; do not count rows to know where the end is",
            Self::CutBody | Self::ShortBody | Self::Dropped => {
                "give an error (Fault::Unavailable, Fault::Protocol), never a page of what came"
            }
            Self::TooManySeconds
            | Self::TooManyFraction
            | Self::TooManyDate
            | Self::TooManySilent
            | Self::TooManyOwn => "wait as long as the answer says, then ask the same again",
            Self::Failure | Self::Unavailable => "ask the same again, or give Fault::Unavailable",
            Self::TokenEnds => "get a new token and ask the same again",
            Self::Hung => "keep no state outside of the cursor that a dropped future leaves half done",
        }
    }

    /// How long a 429 asks for; less where waiting takes time.
    pub(crate) const fn asks_to_wait(self, real: bool) -> Option<Duration> {
        match self {
            Self::TooManySeconds | Self::TooManyDate if real => Some(Duration::from_secs(1)),
            Self::TooManyFraction if real => Some(Duration::from_millis(500)),
            Self::TooManySeconds => Some(Duration::from_secs(3)),
            Self::TooManyFraction => Some(Duration::from_millis(1_500)),
            Self::TooManyDate => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

/// A fault at the `at`th request for data, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    pub(crate) at: usize,
}
