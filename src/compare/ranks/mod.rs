//! How sure a place in a ranking is: the chance to be among the worst so many, expected ranks, three bands.
//!
//! A bare rank hides that neighbours can rarely be told apart (Goldstein and Spiegelhalter 1996, JRSSA 159:385; Marshall and Spiegelhalter 1998,
//! BMJ 316:1701). So a unit's true value is a [`Posterior`], and its rank is what follows from all of them. Everything here is
//! deterministic: no random numbers are drawn.
//!
//! Laws that hold for every input: the chances to be among the worst k sum to k, expected ranks of N units to N (N + 1) / 2.

mod exact;
mod expected;
mod panels;
mod posterior;
mod threshold;

#[cfg(test)]
mod tests;

pub use expected::{ExpectedRank, ExpectedRanks, IntervalMethod};
pub use posterior::Posterior;

/// Which end of the scale is the worse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Worst {
    /// High values are worse, as of missed calls.
    Highest,
    /// Low values are worse, as of answered calls.
    Lowest,
}

/// Why units are not ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankRefusal {
    /// No units.
    #[error("there are no units to rank: give at least one")]
    NoUnits,
    /// Parameters that are no posterior.
    #[error(
        "the posterior of unit {unit} is none: means and deviations are finite and at most 1e9, shapes at least 0.1"
    )]
    Undefined {
        /// Its position.
        unit: usize,
    },
    /// A posterior of another family than the first one's.
    #[error("the posterior of unit {unit} is of another family than the first: rank one scale at a time")]
    Mixed {
        /// Its position.
        unit: usize,
    },
    /// More units than the exact method takes.
    #[error("{units} units are too many for the exact method: it takes {} at most", RankMethod::EXACT_UP_TO)]
    TooManyForExact {
        /// How many.
        units: usize,
    },
    /// A share that names no number of units.
    #[error("the share to look for must be over 0 and under 1")]
    NoShare,
}

/// How the chances to be among the worst were computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RankMethod {
    /// The integral, over a unit's posterior, of the chance that fewer than k others are worse: a Poisson-binomial sum at every point.
    Exact,
    /// The chance to be worse than the one value that k units are expected to be worse than (Lin, Louis, Paddock and Ridgeway 2006,
    /// Bayesian Analysis 1:915; Lin et al. 2009). Against the exact method it errs by up to 0.025 with 12 units and 0.007 with 50.
    Threshold {
        /// That value, on the scale of the posteriors.
        value: f64,
    },
}

impl RankMethod {
    /// Most units for which [`probability_among_worst`] is exact.
    pub const EXACT_UP_TO: usize = 500;
}

/// The chance of every unit to be among the worst k.
#[derive(Clone, Debug, PartialEq)]
pub struct AmongWorst {
    /// k.
    pub worst: usize,
    /// How it was computed.
    pub method: RankMethod,
    /// By unit, from 0 to 1; they sum to k.
    pub probability: Vec<f64>,
}

/// What can be said of a unit and a list of the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RankBand {
    /// On it with a chance of 0.9 or more.
    Surely,
    /// On it with a chance of 0.1 or less.
    SurelyNot,
    /// Neither.
    CannotBeTold,
}

impl RankBand {
    /// From the chance to be on the list; not a number cannot be told.
    pub fn of(probability: f64) -> Self {
        if probability >= 0.9 {
            Self::Surely
        } else if probability <= 0.1 {
            Self::SurelyNot
        } else {
            Self::CannotBeTold
        }
    }
}

impl AmongWorst {
    /// The band of every unit.
    pub fn bands(&self) -> Vec<RankBand> {
        self.probability.iter().map(|&probability| RankBand::of(probability)).collect()
    }
}

/// How many units the worst `share` of them is: to the nearest whole number, at least 1.
///
/// # Errors
/// [`RankRefusal::NoShare`], [`RankRefusal::NoUnits`].
pub fn worst_of(share: f64, units: usize) -> Result<usize, RankRefusal> {
    if !(share > 0.0 && share < 1.0) {
        return Err(RankRefusal::NoShare);
    }
    if units == 0 {
        return Err(RankRefusal::NoUnits);
    }
    Ok(((share * units as f64).round() as usize).clamp(1, units))
}

/// The chance of every unit to be among the worst `k`: exact up to [`RankMethod::EXACT_UP_TO`] units, by the threshold method above.
///
/// 0 for all where `k` is 0, and 1 where it is as many as there are units.
///
/// # Errors
/// [`RankRefusal`] for no units, undefined posteriors, or those of different families.
pub fn probability_among_worst(
    posteriors: &[Posterior],
    worst: Worst,
    k: usize,
) -> Result<AmongWorst, RankRefusal> {
    if posteriors.len() <= RankMethod::EXACT_UP_TO {
        probability_among_worst_exact(posteriors, worst, k)
    } else {
        probability_among_worst_threshold(posteriors, worst, k)
    }
}

/// The same by the exact method alone: p_i is the integral of f_i(t) P(at most k - 1 of the others are worse than t) over t.
///
/// # Errors
/// As [`probability_among_worst`], and [`RankRefusal::TooManyForExact`].
pub fn probability_among_worst_exact(
    posteriors: &[Posterior],
    worst: Worst,
    k: usize,
) -> Result<AmongWorst, RankRefusal> {
    if posteriors.len() > RankMethod::EXACT_UP_TO {
        return Err(RankRefusal::TooManyForExact { units: posteriors.len() });
    }
    let curves = posterior::curves(posteriors, worst)?;
    let probability = exact::among_worst(&curves, k);
    Ok(AmongWorst { worst: k.min(posteriors.len()), method: RankMethod::Exact, probability })
}

/// The same by the threshold method alone: c such that the chances to be worse than c sum to k, then p_i is that of unit i.
///
/// # Errors
/// As [`probability_among_worst`].
pub fn probability_among_worst_threshold(
    posteriors: &[Posterior],
    worst: Worst,
    k: usize,
) -> Result<AmongWorst, RankRefusal> {
    let curves = posterior::curves(posteriors, worst)?;
    let (value, probability) = threshold::among_worst(&curves, k);
    Ok(AmongWorst { worst: k.min(posteriors.len()), method: RankMethod::Threshold { value }, probability })
}

/// The expected rank of every unit, 1 for the worst, with an interval.
///
/// # Errors
/// As [`probability_among_worst`].
pub fn expected_ranks(posteriors: &[Posterior], worst: Worst) -> Result<ExpectedRanks, RankRefusal> {
    let curves = posterior::curves(posteriors, worst)?;
    Ok(expected::ranks(&curves))
}
