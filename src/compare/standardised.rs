//! Indirect standardisation: what was observed against what would be expected had each stratum gone as in the reference.
//!
//! Source: Breslow and Day 1987, volume II; numbers as PHEindicatormethods 2.1.0. The expected count is E = sum of n_i x_i / N_i over strata, with n_i
//! the unit's own population (or calls, or days) and x_i of N_i the reference's. The ratio is O/E, with the interval of a Poisson count around O.

use super::intervals::{Confidence, Interval, rate_interval};
use super::undefined::{Undefined, computed, non_negative, positive};

/// One stratum: a weekday, an hour, an age group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stratum {
    /// How much of the stratum the unit has: patients, calls, days. 0 or more.
    pub population: f64,
    /// Events in the stratum of the reference. 0 or more.
    pub reference_events: f64,
    /// Population of the stratum in the reference, in the unit of `population`. Over 0.
    pub reference_population: f64,
}

/// Observed against expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardisedRatio {
    /// Events observed.
    pub observed: f64,
    /// Events expected.
    pub expected: f64,
    /// Observed over expected, with its interval: exact below 10 observed, Byar's from 10 on.
    pub ratio: Interval,
}

/// The count expected of a unit with these strata.
///
/// # Errors
/// No strata; a number is negative or not finite; a reference population is 0.
pub fn expected(strata: &[Stratum]) -> Result<f64, Undefined> {
    if strata.is_empty() {
        return Err(Undefined::TooFew { what: "strata", given: 0, needed: 1 });
    }
    let mut sum = 0.0;
    for stratum in strata {
        let Stratum { population, reference_events, reference_population } = *stratum;
        let rate = non_negative(reference_events, "the events of the reference")?
            / positive(reference_population, "the population of the reference")?;
        sum += non_negative(population, "the population")? * rate;
    }
    computed(sum, "the expected count")
}

/// The rate of the whole reference: its events over its population, all strata together.
///
/// # Errors
/// As [`expected`].
pub fn reference_rate(strata: &[Stratum]) -> Result<f64, Undefined> {
    expected(strata)?;
    let events: f64 = strata.iter().map(|stratum| stratum.reference_events).sum();
    let population: f64 = strata.iter().map(|stratum| stratum.reference_population).sum();
    computed(events / population, "the rate of the reference")
}

/// The indirectly standardised ratio of `observed` events over an expected count.
///
/// # Errors
/// A number is negative or not finite, or nothing was expected.
pub fn standardised_ratio(
    observed: f64,
    expected: f64,
    confidence: Confidence,
) -> Result<StandardisedRatio, Undefined> {
    let expected = positive(expected, "the expected count")?;
    Ok(StandardisedRatio { observed, expected, ratio: rate_interval(observed, expected, confidence)? })
}

/// The indirectly standardised rate: the ratio times the rate of the reference, per `multiplier` (1,000, say).
///
/// # Errors
/// As [`expected`] and [`standardised_ratio`].
pub fn standardised_rate(
    observed: f64,
    strata: &[Stratum],
    multiplier: f64,
    confidence: Confidence,
) -> Result<Interval, Undefined> {
    let factor = reference_rate(strata)? * positive(multiplier, "the multiplier")?;
    standardised_ratio(observed, expected(strata)?, confidence)?.ratio.times(factor)
}

#[cfg(test)]
#[path = "standardised_tests.rs"]
mod tests;
