//! Ratios of observed to expected counts of units that differ: a gamma prior by the method of moments, and what it makes of each unit.
//!
//! Marshall 1991, Applied Statistics 40:283: m = sum O / sum E, A = max(0, sum E (r - m)^2 / sum E - m / mean E), and the estimate of a unit is
//! m + (r - m) A / (A + m / E). The same as EBest of the R package spdep. As a distribution that is Gamma(m^2 / A + O, m / A + E).

use super::ranks::Posterior;

/// Why there is no prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GammaPoissonRefusal {
    /// Counts that are none.
    #[error("observed and expected of unit {unit} must be finite, not negative, and under 1e9")]
    NotACount {
        /// Its position.
        unit: usize,
    },
    /// Observed where nothing is expected.
    #[error("unit {unit} has calls where none are expected: its expected count is missing")]
    NoExpected {
        /// Its position.
        unit: usize,
    },
    /// Fewer than two units with an expected count.
    #[error("{units} units have an expected count: a spread between units needs two")]
    TooFewUnits {
        /// How many.
        units: usize,
    },
    /// Nothing was observed at all.
    #[error("nothing was observed in any unit: there is no ratio to compare")]
    NothingObserved,
}

/// What units are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaPrior {
    /// m: the pooled ratio.
    pub mean: f64,
    /// The weighted variance of the ratios, chance included.
    pub raw_variance: f64,
    /// A: the variance between units, 0 where they differ no more than by chance.
    pub variance: f64,
}

/// The prior of units with these observed and expected counts; those of 0 and 0 say nothing.
///
/// # Errors
/// [`GammaPoissonRefusal`].
pub fn gamma_prior(units: &[(f64, f64)]) -> Result<GammaPrior, GammaPoissonRefusal> {
    let mut used = Vec::with_capacity(units.len());
    for (unit, &(observed, expected)) in units.iter().enumerate() {
        let counts = |value: f64| (0.0..1e9).contains(&value);
        if !counts(observed) || !counts(expected) {
            return Err(GammaPoissonRefusal::NotACount { unit });
        }
        // An expected count of less than a billionth cannot be divided by.
        if expected >= 1e-9 {
            used.push((observed, expected));
        } else if observed > 0.0 {
            return Err(GammaPoissonRefusal::NoExpected { unit });
        }
    }
    if used.len() < 2 {
        return Err(GammaPoissonRefusal::TooFewUnits { units: used.len() });
    }
    let all: f64 = used.iter().map(|(_, expected)| expected).sum();
    let mean = used.iter().map(|(observed, _)| observed).sum::<f64>() / all;
    if mean <= 0.0 {
        return Err(GammaPoissonRefusal::NothingObserved);
    }
    let raw_variance = used.iter().map(|(o, e)| e * (o / e - mean).powi(2)).sum::<f64>() / all;
    let variance = (raw_variance - mean * used.len() as f64 / all).max(0.0);
    Ok(GammaPrior { mean, raw_variance, variance })
}

impl GammaPrior {
    /// How much of a unit's own ratio counts: A / (A + m / E), from 0 to 1.
    pub fn weight(&self, expected: f64) -> f64 {
        // Not finite for expected 0, or where it is no number: nothing of its own counts.
        let weight = self.variance / (self.variance + self.mean / expected);
        if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Marshall's estimate of a unit's ratio; the pooled ratio where nothing is expected.
    ///
    /// # Errors
    /// [`GammaPoissonRefusal::NotACount`] and [`GammaPoissonRefusal::NoExpected`], for unit 0.
    pub fn estimate(&self, observed: f64, expected: f64) -> Result<f64, GammaPoissonRefusal> {
        check(observed, expected)?;
        if expected < 1e-9 {
            return Ok(self.mean);
        }
        Ok(self.mean + (observed / expected - self.mean) * self.weight(expected))
    }

    /// What is believed of a unit's ratio; none where units differ no more than by chance, so that all have the pooled ratio.
    ///
    /// # Errors
    /// As [`GammaPrior::estimate`].
    pub fn posterior(&self, observed: f64, expected: f64) -> Result<Option<Posterior>, GammaPoissonRefusal> {
        check(observed, expected)?;
        Ok((self.variance > 0.0).then(|| Posterior::Gamma {
            shape: self.mean * self.mean / self.variance + observed,
            rate: self.mean / self.variance + expected,
        }))
    }
}

fn check(observed: f64, expected: f64) -> Result<(), GammaPoissonRefusal> {
    let counts = |value: f64| (0.0..1e9).contains(&value);
    if !counts(observed) || !counts(expected) {
        return Err(GammaPoissonRefusal::NotACount { unit: 0 });
    }
    if expected < 1e-9 && observed > 0.0 {
        return Err(GammaPoissonRefusal::NoExpected { unit: 0 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Observed, expected, weight and estimate of ten units: EBest(family = "poisson") of spdep 1.2-7, R 4.2.2, 15 significant digits.
    const UNITS: [(f64, f64, f64, f64); 10] = [
        (52.0, 40.0, 0.39549170870824, 1.12702662675382),
        (110.0, 121.5, 0.66524339054113, 0.941674651254398),
        (8.0, 12.2, 0.166348693961203, 0.954287691670459),
        (260.0, 210.4, 0.774840029295999, 1.18578285960672),
        (31.0, 30.1, 0.329899454273948, 1.01915239434579),
        (75.0, 90.7, 0.597339617057452, 0.902182923918542),
        (190.0, 170.3, 0.735828112927071, 1.08878097991514),
        (14.0, 9.8, 0.138145065894487, 1.07115123471968),
        (3.0, 6.6, 0.0974314694445703, 0.959366101425329),
        (420.0, 455.5, 0.88165854374601, 0.932927101289444),
    ];

    #[test]
    fn estimates_are_those_of_spdep() {
        let prior = gamma_prior(&UNITS.map(|(o, e, ..)| (o, e))).unwrap();
        for (ours, theirs) in [
            (prior.mean, 1.013_861_040_885_71),
            (prior.raw_variance, 0.025_421_107_172_016),
            (prior.variance, 0.016_582_635_888_904_6),
        ] {
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{ours} {theirs}");
        }
        for (observed, expected, weight, estimate) in UNITS {
            assert!((prior.weight(expected) / weight - 1.0).abs() < 1e-12, "{observed}/{expected}");
            let ours = prior.estimate(observed, expected).unwrap();
            assert!((ours / estimate - 1.0).abs() < 1e-12, "{observed}/{expected}: {ours} {estimate}");
            let mean = prior.posterior(observed, expected).unwrap().unwrap().mean();
            assert!((mean / estimate - 1.0).abs() < 1e-12, "the gamma posterior has the same mean");
        }
    }

    #[test]
    fn units_that_differ_by_chance_alone_all_have_the_pooled_ratio() {
        let prior = gamma_prior(&[(10.0, 10.0), (20.0, 20.0)]).unwrap();
        assert_eq!(
            (prior.variance, prior.estimate(15.0, 10.0), prior.posterior(15.0, 10.0)),
            (0.0, Ok(1.0), Ok(None))
        );
    }

    #[test]
    fn what_has_no_prior_is_named() {
        use GammaPoissonRefusal as R;
        for (units, refusal) in [
            (vec![], R::TooFewUnits { units: 0 }),
            (vec![(1.0, 2.0), (0.0, 0.0)], R::TooFewUnits { units: 1 }),
            (vec![(0.0, 2.0), (0.0, 3.0)], R::NothingObserved),
            (vec![(1.0, 2.0), (1.0, 0.0)], R::NoExpected { unit: 1 }),
            (vec![(1.0, 2.0), (1.0, f64::NAN)], R::NotACount { unit: 1 }),
            (vec![(f64::INFINITY, 2.0), (1.0, 1.0)], R::NotACount { unit: 0 }),
        ] {
            assert_eq!(gamma_prior(&units), Err(refusal), "{units:?}");
        }
    }

    proptest! {
        #[test]
        fn any_numbers_give_a_prior_or_a_refusal(
            units in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY), 0..4),
            counts in prop::collection::vec((0_u32..9, 0.0..9.0_f64), 0..5),
            (o, e) in (prop::num::f64::ANY, prop::num::f64::ANY),
        ) {
            let counts: Vec<(f64, f64)> = counts.into_iter().map(|(o, e)| (f64::from(o), e)).collect();
            for units in [units, counts] {
                let Ok(prior) = gamma_prior(&units) else { continue };
                prop_assert!(prior.mean.is_finite() && prior.variance.is_finite());
                prop_assert!((0.0..=1.0).contains(&prior.weight(e)));
                prop_assert!(prior.estimate(o, e).is_ok_and(f64::is_finite) || prior.estimate(o, e).is_err());
                for &(o, e) in &units {
                    prop_assert!(prior.estimate(o, e).is_ok_and(f64::is_finite));
                }
            }
        }
    }
}
