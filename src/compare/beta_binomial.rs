//! Proportions of units that differ: a beta prior by the method of moments, and what it makes of each unit.
//!
//! Kleinman 1973, JASA 68:46, with weights w = n: phat = sum x / sum n, S = sum w (p - phat)^2, A1 = sum (w / n)(1 - w / W), A2 = sum w (1 - w / W), and
//! rho = (S - pq A1) / (pq (A2 - A1)); alpha + beta = (1 - rho) / rho. A unit's posterior is Beta(alpha + x, beta + n - x).

use super::ranks::Posterior;

/// Why there is no prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BetaBinomialRefusal {
    /// Counts that are none.
    #[error(
        "numerator and denominator of unit {unit} must be finite, not negative, and the denominator under 1e9"
    )]
    NotACount {
        /// Its position.
        unit: usize,
    },
    /// More than all.
    #[error("the numerator of unit {unit} is over its denominator: a proportion is of the same calls")]
    OverDenominator {
        /// Its position.
        unit: usize,
    },
    /// Fewer than two units with a denominator.
    #[error("{units} units have a denominator: a spread between units needs two")]
    TooFewUnits {
        /// How many.
        units: usize,
    },
    /// Nothing or all was counted in every unit.
    #[error("all proportions are 0, or all are 1: there is no spread to estimate")]
    NothingVaries,
    /// No unit has a denominator over 1.
    #[error("no unit has more than one call: how alike calls of one unit are cannot be seen")]
    NothingRepeated,
    /// The units are as alike as chance alone makes them, or more.
    #[error("the units differ no more than by chance: do not rank them")]
    NoOverdispersion,
    /// The units have nothing in common.
    #[error("the units are as different as proportions can be: no prior describes them")]
    NothingInCommon,
}

/// What units are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaPrior {
    /// The pooled proportion.
    pub mean: f64,
    /// The correlation of two calls of the same unit, over 0 and under 1.
    pub rho: f64,
    /// First shape.
    pub alpha: f64,
    /// Second shape.
    pub beta: f64,
}

/// The prior of units with these numerators and denominators; those with a denominator of 0 say nothing.
///
/// # Errors
/// [`BetaBinomialRefusal`].
pub fn beta_prior(units: &[(f64, f64)]) -> Result<BetaPrior, BetaBinomialRefusal> {
    let mut used = Vec::with_capacity(units.len());
    for (unit, &(x, n)) in units.iter().enumerate() {
        let counts = |value: f64| (0.0..1e9).contains(&value);
        if !counts(x) || !counts(n) {
            return Err(BetaBinomialRefusal::NotACount { unit });
        }
        if x > n {
            return Err(BetaBinomialRefusal::OverDenominator { unit });
        }
        if n > 0.0 {
            used.push((x, n));
        }
    }
    if used.len() < 2 {
        return Err(BetaBinomialRefusal::TooFewUnits { units: used.len() });
    }
    let all: f64 = used.iter().map(|(_, n)| n).sum();
    let mean = used.iter().map(|(x, _)| x).sum::<f64>() / all;
    let pq = mean * (1.0 - mean);
    if pq <= 0.0 {
        return Err(BetaBinomialRefusal::NothingVaries);
    }
    let (mut s, mut a1, mut a2) = (0.0, 0.0, 0.0);
    for &(x, n) in &used {
        s += n * (x / n - mean).powi(2);
        a1 += 1.0 - n / all;
        a2 += n * (1.0 - n / all);
    }
    if a2 - a1 <= 1e-9 * a2 {
        return Err(BetaBinomialRefusal::NothingRepeated);
    }
    let rho = (s - pq * a1) / (pq * (a2 - a1));
    if rho.is_nan() || rho <= 1e-9 {
        return Err(BetaBinomialRefusal::NoOverdispersion);
    }
    if rho >= 1.0 - 1e-9 {
        return Err(BetaBinomialRefusal::NothingInCommon);
    }
    let weight = (1.0 - rho) / rho;
    Ok(BetaPrior { mean, rho, alpha: weight * mean, beta: weight * (1.0 - mean) })
}

impl BetaPrior {
    /// What is believed of a unit with `x` of `n`: the prior itself for 0 of 0.
    ///
    /// # Errors
    /// [`BetaBinomialRefusal::NotACount`] and [`BetaBinomialRefusal::OverDenominator`], for unit 0.
    pub fn posterior(&self, x: f64, n: f64) -> Result<Posterior, BetaBinomialRefusal> {
        let counts = |value: f64| (0.0..1e9).contains(&value);
        if !counts(x) || !counts(n) {
            return Err(BetaBinomialRefusal::NotACount { unit: 0 });
        }
        if x > n {
            return Err(BetaBinomialRefusal::OverDenominator { unit: 0 });
        }
        Ok(Posterior::Beta { alpha: self.alpha + x, beta: self.beta + n - x })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// x, n and the posterior mean of twelve units: Kleinman's moments in R 4.2.2, 15 significant digits.
    const UNITS: [(f64, f64, f64); 12] = [
        (30.0, 400.0, 0.0813503345378041),
        (120.0, 1200.0, 0.101341059693558),
        (45.0, 900.0, 0.0542257574400526),
        (300.0, 2500.0, 0.120290753898647),
        (9.0, 40.0, 0.177072033232869),
        (210.0, 1500.0, 0.13987658424686),
        (75.0, 1000.0, 0.0777096607111653),
        (160.0, 800.0, 0.196474277009025),
        (400.0, 2600.0, 0.153530419078593),
        (22.0, 350.0, 0.07143396214822),
        (5.0, 150.0, 0.0576308351029079),
        (600.0, 3100.0, 0.192695286826871),
    ];

    #[test]
    fn moments_are_as_r_computes_them() {
        let counts = UNITS.map(|(x, n, _)| (x, n));
        let prior = beta_prior(&counts).unwrap();
        for (ours, theirs) in [
            (prior.mean, 0.135_900_962_861_073),
            (prior.rho, 0.021_023_993_287_925),
            (prior.alpha, 6.328_187_994_926_35),
            (prior.beta, 40.236_515_166_120_8),
        ] {
            assert!((ours / theirs - 1.0).abs() < 1e-12, "{ours} {theirs}");
        }
        for (x, n, mean) in UNITS {
            let ours = prior.posterior(x, n).unwrap().mean();
            assert!((ours / mean - 1.0).abs() < 1e-12, "{x}/{n}: {ours} {mean}");
        }
    }

    #[test]
    fn what_has_no_prior_is_named() {
        use BetaBinomialRefusal as R;
        for (units, refusal) in [
            (vec![], R::TooFewUnits { units: 0 }),
            (vec![(1.0, 2.0)], R::TooFewUnits { units: 1 }),
            (vec![(1.0, 2.0), (0.0, 0.0)], R::TooFewUnits { units: 1 }),
            (vec![(0.0, 20.0), (0.0, 30.0)], R::NothingVaries),
            (vec![(20.0, 20.0), (30.0, 30.0)], R::NothingVaries),
            (vec![(10.0, 20.0), (15.0, 30.0)], R::NoOverdispersion),
            (vec![(0.0, 2_000.0), (2_000.0, 2_000.0)], R::NothingInCommon),
            (vec![(0.0, 1.0), (1.0, 1.0)], R::NothingRepeated),
            (vec![(3.0, 2.0), (1.0, 2.0)], R::OverDenominator { unit: 0 }),
            (vec![(1.0, 2.0), (f64::NAN, 2.0)], R::NotACount { unit: 1 }),
            (vec![(1.0, 2.0), (1.0, f64::INFINITY)], R::NotACount { unit: 1 }),
        ] {
            assert_eq!(beta_prior(&units), Err(refusal), "{units:?}");
        }
    }

    proptest! {
        #[test]
        fn any_counts_give_a_prior_or_a_refusal(units in prop::collection::vec((0_u32..50, 0_u32..50), 0..6)) {
            let units: Vec<(f64, f64)> = units.into_iter().map(|(x, n)| (f64::from(x), f64::from(n))).collect();
            if let Ok(prior) = beta_prior(&units) {
                prop_assert!(prior.alpha > 0.0 && prior.alpha.is_finite() && prior.beta > 0.0 && prior.beta.is_finite());
            }
        }

        #[test]
        fn any_numbers_give_a_prior_or_a_refusal(units in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY), 0..4)) {
            if let Ok(prior) = beta_prior(&units) {
                prop_assert!(prior.alpha.is_finite() && prior.beta.is_finite());
            }
        }
    }
}
