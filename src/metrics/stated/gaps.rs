//! What stated counts leave open, and which metrics that touches.

use callgauge_schema::{Direction, Outcome};

use super::{Indicator, StatedCounts};
use crate::definitions::{Definition, Rule, Selection};

/// What is not known of some of the calls of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps(u16);

/// Why calls ended as they did.
const REASONS: u16 = 1 << 8;
/// Outbound calls that are no callbacks.
const OUTBOUND: u16 = 1 << 9;
/// When in the day the calls were: nothing of the row can be told.
const EVERYTHING: u16 = 1 << 10;

impl Gaps {
    /// Nothing is missing.
    pub const NONE: Self = Self(0);

    /// Some calls that may belong to the row cannot be told from others.
    pub const EVERYTHING: Self = Self(EVERYTHING);

    /// What counts leave open.
    pub fn of(counts: &StatedCounts) -> Self {
        let unstated = Indicator::ALL.into_iter().filter(|&indicator| !counts.states(indicator));
        Self(unstated.fold(REASONS | OUTBOUND, |gaps, indicator| gaps | of(indicator)))
    }

    /// With those of other calls of the same row.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there are none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether a metric cannot be told.
    pub fn touch(self, definition: &Definition) -> bool {
        if self.0 == 0 {
            return false;
        }
        match &definition.rule {
            Rule::Count(sum) => self.any(sum.terms.iter().map(|term| &term.selection)),
            Rule::Ratio { numerator, denominator } => {
                self.any(numerator.terms.iter().chain(&denominator.terms).map(|term| &term.selection))
            }
            Rule::Distribution { of, duration: _ } => self.any([of].into_iter()),
        }
    }

    fn any<'a>(self, mut selections: impl Iterator<Item = &'a Selection>) -> bool {
        selections.any(|selection| self.0 & (needed(selection) | EVERYTHING) != 0)
    }
}

const fn of(indicator: Indicator) -> u16 {
    1 << indicator.number()
}

/// What has to be known to tell which calls are meant.
fn needed(selection: &Selection) -> u16 {
    if selection.direction == Direction::Outbound {
        return if selection.callback_made { of(Indicator::CallbackMade) } else { OUTBOUND };
    }
    let reasons = if selection.reasons.is_empty() { 0 } else { REASONS };
    if selection.outcomes.is_empty() {
        return reasons;
    }
    // Outcomes that are not stated are among the unclassified calls: where these are meant too, it is the others that have to be known.
    let with_rest = selection.outcomes.contains(&Outcome::Unclassified);
    let outcomes = [
        (Outcome::EndedInIvr, Indicator::EndedInIvr),
        (Outcome::Answered, Indicator::Answered),
        (Outcome::Missed, Indicator::Missed),
        (Outcome::CallbackRequested, Indicator::CallbackRequested),
    ];
    let needed =
        outcomes.into_iter().filter(|(outcome, _)| selection.outcomes.contains(outcome) != with_rest);
    needed.fold(reasons, |needed, (_, indicator)| needed | of(indicator))
}
