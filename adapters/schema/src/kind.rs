//! All that the counts of a call depend on, apart from when, whose and how long: as one small number.

use crate::{Callback, CallbackTiming, Direction, Outcome, Reason, Timing};

/// Direction, outcome, reason, timing and callback of a call, packed: what tallies are kept by.
///
/// Layout, from the lowest bit: direction 2, outcome 3, reason 4, timing 2, callback 3 (0 none, 1 requested, 2 requested in the virtual queue,
/// 3 requested for a time, 4 made, 5 made automatically, 6 made by hand).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKind(u16);

impl CallKind {
    /// Packs them. Says nothing of whether they go together: a [`crate::CallRecord`] has only kinds that were checked.
    pub fn new(
        direction: Direction,
        outcome: Outcome,
        reason: Option<Reason>,
        timing: Timing,
        callback: Option<&Callback>,
    ) -> Self {
        let callback = match callback {
            None => 0,
            Some(Callback::Requested { timing: None }) => 1,
            Some(Callback::Requested { timing: Some(CallbackTiming::VirtualQueue) }) => 2,
            Some(Callback::Requested { timing: Some(CallbackTiming::CallerTimed) }) => 3,
            Some(Callback::Made { automatic: None, .. }) => 4,
            Some(Callback::Made { automatic: Some(true), .. }) => 5,
            Some(Callback::Made { automatic: Some(false), .. }) => 6,
        };
        let reason = reason.map_or(0, Reason::number);
        Self(
            u16::from(direction.number())
                | u16::from(outcome.number()) << 2
                | u16::from(reason) << 5
                | u16::from(timing.number()) << 9
                | callback << 11,
        )
    }

    /// The packed number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Back from its number; `None` where it is none that this version writes.
    pub fn from_number(number: u16) -> Option<Self> {
        let kind = Self(number);
        let reason = (number >> 5 & 0xf) as u8;
        let whole = Direction::from_number((number & 3) as u8).is_some()
            && Outcome::from_number((number >> 2 & 7) as u8).is_some()
            && (reason == 0 || Reason::from_number(reason).is_some())
            && Timing::from_number((number >> 9 & 3) as u8).is_some()
            && number >> 11 <= 6;
        whole.then_some(kind)
    }

    /// Which way.
    pub fn direction(self) -> Direction {
        if self.0 & 3 == 1 { Direction::Inbound } else { Direction::Outbound }
    }

    /// What became of it.
    pub fn outcome(self) -> Outcome {
        Outcome::from_number((self.0 >> 2 & 7) as u8).unwrap_or(Outcome::Unclassified)
    }

    /// Why.
    pub fn reason(self) -> Option<Reason> {
        Reason::from_number((self.0 >> 5 & 0xf) as u8)
    }

    /// How far its durations can be trusted.
    pub fn timing(self) -> Timing {
        if self.0 >> 9 & 3 == 2 { Timing::Banded } else { Timing::Measured }
    }

    /// Whether it is an outbound attempt to call back, and if so whether it was automatic, where known.
    pub fn callback_made(self) -> Option<Option<bool>> {
        match self.0 >> 11 {
            4 => Some(None),
            5 => Some(Some(true)),
            6 => Some(Some(false)),
            _ => None,
        }
    }

    /// Whether it asked for a callback, and how.
    pub fn callback_requested(self) -> Option<Option<CallbackTiming>> {
        match self.0 >> 11 {
            1 => Some(None),
            2 => Some(Some(CallbackTiming::VirtualQueue)),
            3 => Some(Some(CallbackTiming::CallerTimed)),
            _ => None,
        }
    }
}

impl std::fmt::Debug for CallKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallKind({} {}", self.direction().name(), self.outcome().name())?;
        if let Some(reason) = self.reason() {
            write!(f, " {}", reason.name())?;
        }
        write!(f, " {} callback {})", self.timing().name(), self.0 >> 11)
    }
}
