//! How many of the units picked out may be false: Benjamini and Hochberg 1995, JRSSB 57:289.
//!
//! With p(1) <= .. <= p(n) the adjusted p(i) is the least of n p(j) / j over j >= i; picking all with an adjusted p of at most q keeps the expected
//! share of false ones among them at q.

use super::normal;

/// Why nothing was picked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryRefusal {
    /// A p that is none.
    #[error("the p of unit {unit} is none: it must be from 0 to 1")]
    NotAChance {
        /// Its position.
        unit: usize,
    },
    /// A rate that is none.
    #[error("the false discovery rate must be over 0 and at most 1")]
    NotARate,
    /// A z that is none.
    #[error("z must be a number")]
    NotANumber,
}

/// What became of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discovery {
    /// The adjusted p: the least rate at which the unit is picked out.
    pub adjusted: f64,
    /// Whether it is at the rate asked for.
    pub picked: bool,
}

/// Adjusts `chances` (two-sided p, by unit) and picks out units at a false discovery rate; an empty list gives an empty one.
///
/// # Errors
/// [`DiscoveryRefusal`].
pub fn benjamini_hochberg(chances: &[f64], rate: f64) -> Result<Vec<Discovery>, DiscoveryRefusal> {
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(DiscoveryRefusal::NotARate);
    }
    if let Some(unit) = chances.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(DiscoveryRefusal::NotAChance { unit });
    }
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[a].total_cmp(&chances[b]));
    let mut found = vec![Discovery { adjusted: 1.0, picked: false }; chances.len()];
    let n = chances.len() as f64;
    let mut least = 1.0_f64;
    for (at, &unit) in order.iter().enumerate().rev() {
        least = least.min(chances[unit] * n / (at as f64 + 1.0));
        found[unit] = Discovery { adjusted: least, picked: least <= rate };
    }
    Ok(found)
}

/// The chance of a standard normal as far from 0 as `z` or farther: 2 P(Z > |z|). 0 for infinity.
///
/// # Errors
/// [`DiscoveryRefusal::NotANumber`].
pub fn two_sided(z: f64) -> Result<f64, DiscoveryRefusal> {
    if z.is_nan() {
        return Err(DiscoveryRefusal::NotANumber);
    }
    Ok(if z.is_infinite() { 0.0 } else { (2.0 * normal::sf(z.abs())).min(1.0) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn adjusted_values_are_those_of_the_definition() {
        // The fifteen p of the paper's example (thrombolysis): at 0.05 the first four are picked out.
        let chances = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let found = benjamini_hochberg(&chances, 0.05).unwrap();
        assert_eq!(found.iter().filter(|unit| unit.picked).count(), 4);
        for (unit, expected) in [(0, 0.0015), (3, 0.035_625), (5, 0.063_857_142_857_142_9), (14, 1.0)] {
            assert!((found[unit].adjusted - expected).abs() < 1e-12, "{unit}: {}", found[unit].adjusted);
        }
    }

    #[test]
    fn two_sided_chances_are_of_both_tails() {
        for (z, p) in [(0.0, 1.0), (1.959_963_984_540_054, 0.05), (-3.290_526_731_491_926, 0.001)] {
            assert!((two_sided(z).unwrap() / p - 1.0).abs() < 1e-9, "{z}");
        }
        assert_eq!(two_sided(f64::NEG_INFINITY), Ok(0.0));
        assert_eq!(two_sided(f64::NAN), Err(DiscoveryRefusal::NotANumber));
    }

    proptest! {
        #[test]
        fn the_order_stays_and_nothing_becomes_surer(chances in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
            let found = benjamini_hochberg(&chances, 0.1).unwrap();
            for (a, p) in found.iter().zip(&chances) {
                prop_assert!(a.adjusted >= *p - 1e-15 && a.adjusted <= 1.0);
                for (b, q) in found.iter().zip(&chances) {
                    prop_assert!(p > q || a.adjusted <= b.adjusted);
                }
            }
        }

        #[test]
        fn any_numbers_give_a_value_or_a_refusal(chances in prop::collection::vec(prop::num::f64::ANY, 0..4), rate in prop::num::f64::ANY) {
            if let Ok(found) = benjamini_hochberg(&chances, rate) {
                prop_assert!(found.iter().all(|unit| (0.0..=1.0).contains(&unit.adjusted)));
            }
        }
    }
}
