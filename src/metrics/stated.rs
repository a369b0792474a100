//! Counts that a supplier states instead of calls: the seven indicators of one practice or account on one day, whole, by time band or by duration band.
//!
//! They become a [`Tally`] as far as they carry one; what they cannot carry is said by [`Gaps`], so that it comes out as not available and never as 0.

mod gaps;
mod placing;

use super::band::DurationBand;
use crate::calendar::Band;

pub use gaps::Gaps;
pub use placing::{DayCounts, Placed};

/// The most calls that one count may state: more than any practice has on a day.
const MOST_CALLS: u32 = 1_000_000;

/// One of the seven indicators of the CBT collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Indicator {
    /// CBT001: inbound calls.
    Inbound = 1,
    /// CBT002: ended in greeting or menu.
    EndedInIvr = 2,
    /// CBT003: answered, by wait where durations are stated.
    Answered = 3,
    /// CBT004: missed, by wait where durations are stated.
    Missed = 4,
    /// CBT005: callback requested.
    CallbackRequested = 5,
    /// CBT006: callback made.
    CallbackMade = 6,
    /// CBT007: answered, by length.
    AnsweredByLength = 7,
}

/// How the counts of a day are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CountShape {
    /// One number for the day.
    Day = 1,
    /// By the nine time bands.
    TimeBands = 2,
    /// By the four duration bands, where the indicator has a duration.
    DurationBands = 3,
}

/// Calls of one indicator in one part of its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatedCount {
    /// Which indicator.
    pub indicator: Indicator,
    /// Number of the time or duration band, from 1; 0 for the day.
    pub part: u8,
    /// How many calls.
    pub calls: u32,
}

/// The counts of one day in one shape, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedCounts {
    shape: CountShape,
    /// A bit for each indicator that is stated, by its number.
    stated: u8,
    /// Ordered, none of them 0.
    counts: Vec<StatedCount>,
}

/// Why counts are refused; the field is one of the message that they came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCounts {
    /// Nothing says how many calls there were.
    #[error("must have the inbound calls (CBT001), 0 where there were none")]
    NoInbound,
    /// A part that the shape does not have, or none where it has some.
    #[error(
        "must have a time band with TIME_BANDS, a duration band for CBT003, CBT004 and CBT007 with DURATION_BANDS, and none otherwise"
    )]
    Part,
    /// An indicator that is said not to be counted.
    #[error("must be one of the indicators listed")]
    NotListed,
    /// The same twice.
    #[error("must be given once for each indicator and band")]
    Twice,
    /// More than a day can have.
    #[error("must be from 0 to 1000000")]
    TooMany,
    /// Inbound calls are fewer than their outcomes.
    #[error("must not be less than answered, ended in IVR, missed and callback requested together")]
    LessThanOutcomes,
}

impl Indicator {
    /// All seven, in order.
    pub const ALL: [Self; 7] = [
        Self::Inbound,
        Self::EndedInIvr,
        Self::Answered,
        Self::Missed,
        Self::CallbackRequested,
        Self::CallbackMade,
        Self::AnsweredByLength,
    ];

    /// The outcomes of an inbound call.
    const OUTCOMES: [Self; 4] = [Self::EndedInIvr, Self::Answered, Self::Missed, Self::CallbackRequested];

    /// The number that storage and wire use: that of its CBT code.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|indicator| indicator.number() == number)
    }

    const fn has_duration(self) -> bool {
        matches!(self, Self::Answered | Self::Missed | Self::AnsweredByLength)
    }
}

impl CountShape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::TimeBands, Self::DurationBands];

    /// The number that storage and wire use.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.number() == number)
    }

    /// Whether a count of this indicator may have this part.
    fn takes(self, indicator: Indicator, part: u8) -> bool {
        match self {
            Self::Day => part == 0,
            Self::TimeBands => (1..=Band::COUNT as u8).contains(&part),
            Self::DurationBands if indicator.has_duration() => {
                (1..=DurationBand::ALL.len() as u8).contains(&part)
            }
            Self::DurationBands => part == 0,
        }
    }
}

impl StatedCounts {
    /// Checks counts. `listed` are the indicators that are counted: of these what is not among `counts` is 0; of all others nothing is known. With
    /// none listed they are those of the counts.
    ///
    /// # Errors
    /// The first rule that they break, with the position of the count that breaks it, where it is one.
    pub fn new(
        shape: CountShape,
        listed: &[Indicator],
        mut counts: Vec<StatedCount>,
    ) -> Result<Self, (InvalidCounts, Option<usize>)> {
        let named = counts.iter().map(|count| count.indicator);
        let stated = if listed.is_empty() { bits(named) } else { bits(listed.iter().copied()) };
        if stated & bit(Indicator::Inbound) == 0 {
            return Err((InvalidCounts::NoInbound, None));
        }
        for (at, &StatedCount { indicator, part, calls }) in counts.iter().enumerate() {
            let fault = if calls > MOST_CALLS {
                InvalidCounts::TooMany
            } else if !shape.takes(indicator, part) {
                InvalidCounts::Part
            } else if stated & bit(indicator) == 0 {
                InvalidCounts::NotListed
            } else if counts[..at].iter().any(|other| (other.indicator, other.part) == (indicator, part)) {
                InvalidCounts::Twice
            } else {
                continue;
            };
            return Err((fault, Some(at)));
        }
        counts.retain(|count| count.calls > 0);
        counts.sort_unstable();
        let counts = Self { shape, stated, counts };
        let parts = if shape == CountShape::TimeBands { 1..=Band::COUNT as u8 } else { 0..=0 };
        for part in parts {
            let of = |indicator| match shape {
                CountShape::DurationBands => counts.total(indicator),
                CountShape::Day | CountShape::TimeBands => counts.of(indicator, part),
            };
            if of(Indicator::Inbound) < Indicator::OUTCOMES.into_iter().map(of).sum() {
                return Err((InvalidCounts::LessThanOutcomes, None));
            }
        }
        Ok(counts)
    }

    /// How they are cut.
    pub const fn shape(&self) -> CountShape {
        self.shape
    }

    /// Whether an indicator is stated.
    pub const fn states(&self, indicator: Indicator) -> bool {
        self.stated & bit(indicator) != 0
    }

    /// The indicators that are stated.
    pub fn indicators(&self) -> impl Iterator<Item = Indicator> {
        Indicator::ALL.into_iter().filter(|&indicator| self.states(indicator))
    }

    /// The counts that are not 0, in order.
    pub fn counts(&self) -> &[StatedCount] {
        &self.counts
    }

    /// Calls of an indicator in one part.
    pub fn of(&self, indicator: Indicator, part: u8) -> i64 {
        let at = self.counts.binary_search_by_key(&(indicator, part), |count| (count.indicator, count.part));
        at.map_or(0, |at| i64::from(self.counts[at].calls))
    }

    /// Calls of an indicator in all parts.
    pub fn total(&self, indicator: Indicator) -> i64 {
        let theirs = self.counts.iter().filter(|count| count.indicator == indicator);
        theirs.map(|count| i64::from(count.calls)).sum()
    }

    /// As bytes: shape, indicators, then 6 for each count (indicator, part, calls little-endian). Equal bytes say the same.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { shape, stated, counts } = self;
        let mut bytes = vec![shape.number(), *stated];
        for &StatedCount { indicator, part, calls } in counts {
            bytes.extend_from_slice(&[indicator.number(), part]);
            bytes.extend_from_slice(&calls.to_le_bytes());
        }
        bytes
    }

    /// Back from bytes; `None` where they are none that this version writes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[shape, stated], rest) = bytes.split_first_chunk()?;
        let listed: Vec<_> = Indicator::ALL.into_iter().filter(|&one| stated & bit(one) != 0).collect();
        let (counts, []) = rest.as_chunks::<6>() else { return None };
        let counts: Option<Vec<_>> = counts
            .iter()
            .map(|&[indicator, part, a, b, c, d]| {
                let indicator = Indicator::from_number(indicator)?;
                Some(StatedCount { indicator, part, calls: u32::from_le_bytes([a, b, c, d]) })
            })
            .collect();
        Self::new(CountShape::from_number(shape)?, &listed, counts?).ok()
    }
}

const fn bit(indicator: Indicator) -> u8 {
    1 << (indicator.number() - 1)
}

fn bits(indicators: impl Iterator<Item = Indicator>) -> u8 {
    indicators.fold(0, |bits, indicator| bits | bit(indicator))
}

#[cfg(test)]
mod tests;
