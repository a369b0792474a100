//! What to believe of a unit after seeing its mean: drawn towards the mean of all, the more so the less is known of it.
//!
//! With B = tau2 / (tau2 + s2) the posterior is normal with mean mu + B (ybar - mu) and variance B s2 (Goldstein and Spiegelhalter 1996, JRSSA 159:385).
//! Rankability is the share of the spread between units that is not chance: tau2 / (tau2 + median s2) (van Houwelingen; Lingsma et al. 2009, BMC Medical Research
//! Methodology 9:53).

use super::ranks::Posterior;
use super::variance::VarianceComponents;

/// Why nothing was shrunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkageRefusal {
    /// A number that is none.
    #[error("means must be finite, and variances finite and not negative")]
    NotFinite,
    /// No units.
    #[error("there are no units: rankability needs at least one")]
    NoUnits,
}

/// What is believed of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrunk {
    /// B, from 0 (nothing of its own counts) to 1 (all does).
    pub weight: f64,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
}

impl Shrunk {
    /// As what [`super::ranks`] takes.
    pub fn posterior(self) -> Posterior {
        Posterior::Normal { mean: self.mean, sd: self.sd }
    }
}

/// Shrinks a unit's mean `own`, whose variance is `s2`, towards `mu`, around which units vary by `tau2`. Where neither varies B is 0.
///
/// # Errors
/// [`ShrinkageRefusal::NotFinite`].
pub fn shrink(mu: f64, tau2: f64, own: f64, s2: f64) -> Result<Shrunk, ShrinkageRefusal> {
    let variance = |value: f64| (0.0..1e300).contains(&value);
    if !(mu.abs() < 1e300 && own.abs() < 1e300 && variance(tau2) && variance(s2)) {
        return Err(ShrinkageRefusal::NotFinite);
    }
    let weight = if tau2 > 0.0 { tau2 / (tau2 + s2) } else { 0.0 };
    Ok(Shrunk { weight, mean: mu * (1.0 - weight) + own * weight, sd: (weight * s2).sqrt() })
}

/// All units of variance components, shrunk towards their mean; none for a unit without a month.
pub fn shrink_units(components: &VarianceComponents) -> Vec<Option<Shrunk>> {
    let variances: Vec<Option<f64>> =
        (0..components.units.len()).map(|unit| components.variance_of_mean(unit)).collect();
    shrink_units_by(components, &variances)
}

/// The same with a variance of each unit's mean of its own, as [`VarianceComponents::variances_of_means`] has them.
pub fn shrink_units_by(components: &VarianceComponents, variances: &[Option<f64>]) -> Vec<Option<Shrunk>> {
    let units = components.units.iter().zip(variances);
    units.map(|(own, s2)| shrink(components.mean, components.tau2, own.mean?, (*s2)?).ok()).collect()
}

/// The share of the spread between units that is not chance, from 0 to 1; 0 where nothing varies.
///
/// # Errors
/// [`ShrinkageRefusal`] for no units, or a variance that is not finite or negative.
pub fn rankability(tau2: f64, variances: &[f64]) -> Result<f64, ShrinkageRefusal> {
    let fine = |value: &f64| (0.0..1e300).contains(value);
    if variances.is_empty() {
        return Err(ShrinkageRefusal::NoUnits);
    }
    if !fine(&tau2) || !variances.iter().all(fine) {
        return Err(ShrinkageRefusal::NotFinite);
    }
    let mut sorted = variances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median =
        if sorted.len() % 2 == 1 { sorted[middle] } else { 0.5 * (sorted[middle - 1] + sorted[middle]) };
    Ok(if tau2 > 0.0 { tau2 / (tau2 + median) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_share_that_is_not_chance_is_by_the_median() {
        assert_eq!(rankability(1.0, &[1.0, 100.0, 0.5]), Ok(0.5));
        assert_eq!(rankability(3.0, &[0.5, 1.5]), Ok(0.75));
        assert_eq!(rankability(0.0, &[0.0]), Ok(0.0));
        assert_eq!(rankability(1.0, &[0.0]), Ok(1.0));
        assert_eq!(rankability(1.0, &[]), Err(ShrinkageRefusal::NoUnits));
    }

    #[test]
    fn nothing_known_gives_the_mean_and_everything_known_the_unit() {
        assert_eq!(shrink(1.0, 0.0, 5.0, 0.0), Ok(Shrunk { weight: 0.0, mean: 1.0, sd: 0.0 }));
        assert_eq!(shrink(1.0, 2.0, 5.0, 0.0), Ok(Shrunk { weight: 1.0, mean: 5.0, sd: 0.0 }));
        assert_eq!(shrink(1.0, 2.0, 5.0, 2.0), Ok(Shrunk { weight: 0.5, mean: 3.0, sd: 1.0 }));
    }

    proptest! {
        #[test]
        fn any_numbers_give_a_value_or_a_refusal(numbers in prop::array::uniform4(prop::num::f64::ANY)) {
            let [mu, tau2, own, s2] = numbers;
            if let Ok(shrunk) = shrink(mu, tau2, own, s2) {
                prop_assert!((0.0..=1.0).contains(&shrunk.weight) && shrunk.mean.is_finite() && shrunk.sd.is_finite());
            }
            if let Ok(share) = rankability(tau2, &[mu, own, s2]) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
