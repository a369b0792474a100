//! The sum check, and the split of a row by outcome and reason.

use std::collections::BTreeMap;

use callgauge_schema::{Direction, Outcome, Reason};

use super::tally::Tally;

/// Inbound calls by outcome: inbound is the sum of the other five, because every call has exactly one outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCheck {
    /// All inbound calls.
    pub inbound: i64,
    /// Answered by a person.
    pub answered: i64,
    /// Ended in greeting or menu.
    pub ended_in_ivr: i64,
    /// Missed.
    pub missed: i64,
    /// Callback requested.
    pub callback_requested: i64,
    /// Unclassified.
    pub unclassified: i64,
}

/// A part of the breakdown by outcome and reason.
pub type OutcomePart = (Direction, Outcome, Option<Reason>);

/// The sum check of a row.
pub fn outcome_check(tally: &Tally) -> OutcomeCheck {
    let mut check = OutcomeCheck::default();
    for kind in tally.kinds.iter().filter(|kind| kind.kind.direction() == Direction::Inbound) {
        check.inbound += kind.calls;
        let outcome = match kind.kind.outcome() {
            Outcome::Answered => &mut check.answered,
            Outcome::EndedInIvr => &mut check.ended_in_ivr,
            Outcome::Missed => &mut check.missed,
            Outcome::CallbackRequested => &mut check.callback_requested,
            Outcome::Unclassified => &mut check.unclassified,
        };
        *outcome += kind.calls;
    }
    check
}

/// A row split by direction, outcome and reason, in this order; the parts add up to it.
pub fn split_by_outcome(tally: &Tally) -> Vec<(OutcomePart, Tally)> {
    let mut parts: BTreeMap<OutcomePart, Tally> = BTreeMap::new();
    for kind in &tally.kinds {
        let part = (kind.kind.direction(), kind.kind.outcome(), kind.kind.reason());
        // Kinds come in order, and so they do in each part.
        parts.entry(part).or_default().kinds.push(kind.clone());
    }
    parts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::samples::{self, row};

    #[test]
    fn the_sum_check_counts_every_inbound_call_once_and_no_outbound_one() {
        let tally = row(&[
            (samples::answered(), 5, &[], &[]),
            (samples::banded(samples::answered()), 1, &[], &[]),
            (samples::ended_in_ivr(), 4, &[], &[]),
            (samples::missed(None), 2, &[], &[]),
            (samples::missed(Some(Reason::Voicemail)), 1, &[], &[]),
            (samples::callback_requested(), 7, &[], &[]),
            (samples::unclassified(), 8, &[], &[]),
            (samples::callback_made(None), 100, &[], &[]),
        ]);
        let expected = OutcomeCheck {
            inbound: 28,
            answered: 6,
            ended_in_ivr: 4,
            missed: 3,
            callback_requested: 7,
            unclassified: 8,
        };
        assert_eq!(outcome_check(&tally), expected);
    }

    #[test]
    fn a_row_is_split_by_direction_then_outcome_then_reason() {
        let voicemail = samples::missed(Some(Reason::Voicemail));
        let tally = row(&[
            (samples::callback_made(Some(true)), 1, &[], &[]),
            (voicemail, 2, &[(9, 2)], &[]),
            (samples::banded(voicemail), 3, &[], &[]),
            (samples::missed(None), 4, &[], &[]),
            (samples::answered(), 5, &[], &[]),
        ]);
        let parts: Vec<_> =
            split_by_outcome(&tally).into_iter().map(|(part, tally)| (part, tally.calls())).collect();
        let expected = [
            ((Direction::Inbound, Outcome::Answered, None), 5),
            ((Direction::Inbound, Outcome::Missed, None), 4),
            ((Direction::Inbound, Outcome::Missed, Some(Reason::Voicemail)), 5),
            ((Direction::Outbound, Outcome::Unclassified, None), 1),
        ];
        assert_eq!(parts, expected);
    }
}
