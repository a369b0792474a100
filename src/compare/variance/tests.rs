//! Variance components held to lme4, to their laws, and to data that no method likes.

use proptest::prelude::*;

#[path = "forty_units.rs"]
mod forty_units;

use super::*;
use crate::compare::ranks::{Worst, probability_among_worst_threshold};
use crate::compare::shrinkage::{rankability, shrink, shrink_units, shrink_units_by};
use forty_units::{EXPECTED, MONTHS};

fn forty() -> Vec<Vec<Option<f64>>> {
    let place = |month: &str| {
        let (x, n) = month.split_once('/').unwrap();
        Some(Scale::ArcsineRoot.transform(x.parse().unwrap(), n.parse().unwrap()).unwrap())
    };
    MONTHS.iter().map(|row| row.split(' ').map(place).collect()).collect()
}

fn close(ours: f64, theirs: f64, relative: f64) -> bool {
    (ours - theirs).abs() <= relative * theirs.abs()
}

#[test]
fn units_of_one_size_have_the_variance_of_all_and_a_small_one_has_more() {
    let found = variance_components(&forty()).unwrap();
    // More than sigma2_e by chance alone, and less.
    for chance in [Scale::ArcsineRoot.chance(50.0), Scale::ArcsineRoot.chance(2_000.0)] {
        let alike = vec![vec![Some(chance); 12]; 40];
        for unit in found.month_variances(&alike).iter().flatten().flatten() {
            assert!(close(*unit, found.sigma2_e, 1e-12), "{unit}");
        }
        for (unit, own) in found.variances_of_means(&alike).into_iter().enumerate() {
            assert!(close(own.unwrap(), found.variance_of_mean(unit).unwrap(), 1e-12));
        }
    }
    let mut sizes = vec![vec![Some(Scale::ArcsineRoot.chance(2_000.0)); 12]; 40];
    sizes[7] = vec![Some(Scale::ArcsineRoot.chance(9.0)); 12];
    sizes[8] = vec![None; 12];
    let of_means = found.variances_of_means(&sizes);
    assert!(of_means[7].unwrap() > 5.0 * of_means[6].unwrap(), "{:?}", &of_means[6..8]);
    assert_eq!(of_means[8], None);
    let shrunk = shrink_units_by(&found, &of_means);
    assert!(shrunk[7].unwrap().weight < shrunk[6].unwrap().weight && shrunk[8].is_none());
}

#[test]
fn chance_is_by_size_and_always_a_number() {
    assert_eq!(Scale::ArcsineRoot.chance(100.0), 0.002_5);
    assert_eq!(Scale::Log.chance(1.5), 0.5);
    for size in [0.0, 1e-300, 1e300] {
        assert!([Scale::ArcsineRoot, Scale::Log].iter().all(|scale| scale.chance(size).is_finite()));
    }
}

#[test]
fn moments_and_shrinkage_are_as_r_computes_them() {
    let found = variance_components(&forty()).unwrap();
    assert_eq!(found.method, VarianceMethod::BalancedMoments);
    // Analysis of variance, then lmer, which stops 4e-10 short of it.
    assert!(close(found.sigma2_e, 0.001_622_145_582_487_63, 1e-11), "{}", found.sigma2_e);
    assert!(close(found.tau2, 0.004_257_737_872_950_27, 1e-11), "{}", found.tau2);
    assert!(close(found.sigma2_e, 0.001_622_145_581_864_76, 1e-9));
    assert!(close(found.tau2, 0.004_257_737_891_556_86, 1e-8));
    assert!(close(found.reliability(1), 0.724_119_432_845_66, 1e-11));
    assert!(close(found.reliability(12), 0.969_228_007_574_576, 1e-12));
    let mut posteriors = Vec::new();
    for (unit, (mean, post_mean, lmer, _)) in found.units.iter().zip(EXPECTED) {
        let own = unit.mean.unwrap();
        assert!(close(own, mean, 1e-12));
        let shrunk = shrink(found.mean, found.tau2, own, found.sigma2_e / 12.0).unwrap();
        assert!(close(shrunk.weight, 0.969_228_007_574_576, 1e-12));
        assert!(close(shrunk.mean, post_mean, 1e-12), "{} {post_mean}", shrunk.mean);
        assert!(close(shrunk.mean, lmer, 1e-9));
        assert!(close(shrunk.sd, 0.011_446_356_519_690_7, 1e-11));
        posteriors.push(shrunk.posterior());
    }
    let among = probability_among_worst_threshold(&posteriors, Worst::Lowest, 8).unwrap();
    let crate::compare::ranks::RankMethod::Threshold { value } = among.method else { panic!("by threshold") };
    assert!(close(value, 1.105_663_526_152_68, 1e-10), "{value}");
    for (p, (.., expected)) in among.probability.iter().zip(EXPECTED) {
        // Far out a change of the threshold by 1e-15 changes the tail by more than 1e-9.
        let tolerance = if expected > 1e-12 { 1e-9 } else { 1e-7 };
        assert!(close(*p, expected, tolerance), "{p:e} {expected:e}");
    }
}

#[test]
fn reml_is_the_analysis_of_variance_where_nothing_is_missing() {
    let values = forty();
    let fit = reml::fit(&values, 1.0).unwrap();
    let found = variance_components(&values).unwrap();
    assert!(close(fit.sigma2_e, found.sigma2_e, 1e-10), "{} {}", fit.sigma2_e, found.sigma2_e);
    assert!(close(fit.tau2, found.tau2, 1e-9), "{} {}", fit.tau2, found.tau2);
    for (ours, theirs) in fit.months.iter().zip(&found.months) {
        assert!((ours.unwrap() + 1.0 - theirs.unwrap()).abs() < 1e-12);
    }
}

#[test]
fn reml_is_where_the_restricted_likelihood_is_highest() {
    // Eight units, five months, a third of the values missing: the likelihood from its definition, with whole matrices.
    let mut values: Vec<Vec<Option<f64>>> =
        forty().into_iter().take(8).map(|row| row[..5].to_vec()).collect();
    for (at, y) in values.iter_mut().flatten().enumerate() {
        if at % 3 == 1 {
            *y = None;
        }
    }
    let found = variance_components(&values).unwrap();
    assert_eq!(found.method, VarianceMethod::Reml);
    let best = minus_twice_restricted(&values, found.sigma2_e, found.tau2);
    for (a, b) in [(1.001, 1.0), (0.999, 1.0), (1.0, 1.001), (1.0, 0.999), (1.3, 0.7), (0.5, 3.0)] {
        let other = minus_twice_restricted(&values, found.sigma2_e * a, found.tau2 * b);
        assert!(other > best, "{a} {b}: {other} {best}");
    }
}

#[test]
fn the_higher_of_two_peaks_of_the_likelihood_is_taken() {
    // Thirteen units, three months, half of the values missing: the likelihood has a peak at no spread between units, and a higher one further on.
    let n = None;
    let values = [
        [Some(0.54), n, Some(0.24)],
        [n, Some(-0.12), n],
        [Some(0.43), n, n],
        [n, Some(0.25), n],
        [Some(0.66), Some(0.18), Some(0.18)],
        [Some(0.61), n, Some(0.18)],
        [n, Some(0.57), n],
        [n, n, Some(0.20)],
        [Some(0.66), n, n],
        [Some(0.55), n, n],
        [Some(0.54), Some(-0.02), n],
        [Some(0.53), Some(0.26), n],
        [Some(0.64), Some(0.34), Some(0.12)],
    ]
    .map(Vec::from);
    let found = variance_components(&values).unwrap();
    let best = minus_twice_restricted(&values, found.sigma2_e, found.tau2);
    let without = minus_twice_restricted(&values, 0.0203, 0.0);
    assert!(without - best > 0.2, "{best} {without}, with {} and {}", found.sigma2_e, found.tau2);
    assert!(!found.tau2_at_zero && found.tau2 > found.sigma2_e, "{} {}", found.tau2, found.sigma2_e);
}

/// log|V| + log|X'V^-1 X| + r'V^-1 r by Gaussian elimination.
fn minus_twice_restricted(values: &[Vec<Option<f64>>], sigma2_e: f64, tau2: f64) -> f64 {
    let points: Vec<(usize, usize, f64)> = values
        .iter()
        .enumerate()
        .flat_map(|(unit, row)| {
            row.iter().enumerate().filter_map(move |(month, y)| Some((unit, month, (*y)?)))
        })
        .collect();
    let (n, p) = (points.len(), values[0].len());
    // V beside X and y: eliminating V leaves X'V^-1 X, X'V^-1 y and y'V^-1 y below, with their signs turned.
    let size = n + p + 1;
    let mut m = vec![vec![0.0; size]; size];
    for (i, &(unit, month, y)) in points.iter().enumerate() {
        for (j, other) in points.iter().enumerate() {
            m[i][j] = if unit == other.0 { tau2 } else { 0.0 } + if i == j { sigma2_e } else { 0.0 };
        }
        m[i][n + month] = 1.0;
        m[n + month][i] = 1.0;
        m[i][n + p] = y;
        m[n + p][i] = y;
    }
    let mut logs = 0.0;
    for pivot in 0..n + p {
        logs += m[pivot][pivot].abs().ln();
        for row in pivot + 1..size {
            let factor = m[row][pivot] / m[pivot][pivot];
            let (above, below) = m.split_at_mut(row);
            below[0].iter_mut().zip(&above[pivot]).skip(pivot).for_each(|(cell, up)| *cell -= factor * up);
        }
    }
    logs - m[n + p][n + p]
}

#[test]
fn a_month_that_nobody_has_and_a_unit_without_months_change_nothing() {
    let full = variance_components(&forty()).unwrap();
    let mut wider = forty();
    wider.iter_mut().for_each(|row| row.insert(3, None));
    wider.push(vec![None; 13]);
    let found = variance_components(&wider).unwrap();
    assert_eq!((found.sigma2_e, found.tau2, found.mean), (full.sigma2_e, full.tau2, full.mean));
    assert_eq!(
        (found.units[40].mean, found.variance_of_mean(40), shrink_units(&found)[40]),
        (None, None, None)
    );
    assert_eq!(found.months[3], None);
}

#[test]
fn neighbouring_months_that_are_alike_widen_the_mean() {
    assert_eq!(autocorrelation_inflation(0.5), 3.0);
    assert_eq!((autocorrelation_inflation(-0.4), autocorrelation_inflation(f64::NAN)), (1.0, 1.0));
    assert!(autocorrelation_inflation(1.0) < 19.1);
    // Independent months, and months of which each is followed by one like it.
    let mut state = 1_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24) - 0.5
    };
    let mut series = |rho: f64| -> Vec<Vec<Option<f64>>> {
        (0..400)
            .map(|_| {
                let mut last = noise() / (1.0 - rho * rho).sqrt();
                (0..12)
                    .map(|_| {
                        last = rho * last + noise();
                        Some(last)
                    })
                    .collect()
            })
            .collect()
    };
    for rho in [0.0, 0.4] {
        let found = variance_components(&series(rho)).unwrap().autocorrelation.unwrap();
        assert!((found - rho).abs() < 0.08, "{rho}: {found}");
    }
}

#[test]
fn scales_are_defined_where_they_say() {
    use ScaleRefusal as R;
    for (scale, x, n, expected) in [
        (Scale::ArcsineRoot, 1.0, 4.0, Ok(std::f64::consts::FRAC_PI_6)),
        (Scale::ArcsineRoot, 0.0, 0.0, Err(R::NoDenominator)),
        (Scale::ArcsineRoot, 5.0, 4.0, Err(R::OverDenominator)),
        (Scale::Log, 5.0, 0.0, Err(R::NoDenominator)),
        (Scale::Log, f64::INFINITY, 4.0, Err(R::NotACount)),
        (Scale::Log, 1.0, f64::NAN, Err(R::NotACount)),
        (Scale::Log, -1.0, 1.0, Err(R::NotACount)),
    ] {
        match (scale.transform(x, n), expected) {
            (Ok(ours), Ok(theirs)) => assert!(close(ours, theirs, 1e-14)),
            (ours, theirs) => assert_eq!(ours, theirs),
        }
    }
    assert!(Scale::Log.transform(0.0, 3.0).unwrap().is_finite());
    assert_eq!((Scale::ArcsineRoot.back(-0.1), Scale::ArcsineRoot.back(2.0)), (0.0, 1.0));
}

#[test]
fn what_has_no_components_is_named() {
    use VarianceRefusal as R;
    let some = |values: &[&[f64]]| -> Vec<Vec<Option<f64>>> {
        values
            .iter()
            .map(|row| row.iter().map(|&y| if y == -1.0 { None } else { Some(y) }).collect())
            .collect()
    };
    for (values, refusal) in [
        (some(&[]), R::TooFewUnits { units: 0 }),
        (some(&[&[1.0, 2.0]]), R::TooFewUnits { units: 1 }),
        (some(&[&[1.0, 2.0], &[-1.0, -1.0]]), R::TooFewUnits { units: 1 }),
        (some(&[&[1.0], &[2.0]]), R::NothingRepeated),
        (some(&[&[1.0, -1.0], &[-1.0, 2.0]]), R::NothingRepeated),
        (some(&[&[1.0, 2.0], &[3.0, -1.0]]), R::NothingRepeated),
        (some(&[&[1.0, 2.0], &[3.0]]), R::Ragged { unit: 1 }),
        (some(&[&[1.0, f64::NAN], &[3.0, 1.0]]), R::NotFinite { unit: 0, month: 1 }),
    ] {
        assert_eq!(variance_components(&values), Err(refusal), "{values:?}");
    }
    let equal = variance_components(&vec![vec![Some(0.3); 4]; 3]).unwrap();
    assert_eq!((equal.sigma2_e, equal.tau2, equal.tau2_at_zero, equal.reliability(4)), (0.0, 0.0, true, 0.0));
}

#[test]
fn all_of_england_is_fitted_with_a_tenth_of_the_values_missing() {
    let values: Vec<Vec<Option<f64>>> = (0..6_200_u32)
        .map(|unit| {
            (0..24_u32)
                .map(|month| {
                    let mix = (unit * 24 + month).wrapping_mul(2_654_435_761) >> 12;
                    (mix % 10 > 0).then(|| f64::from(unit % 31) * 0.01 + f64::from(mix % 1_000) * 1e-4)
                })
                .collect()
        })
        .collect();
    let found = variance_components(&values).unwrap();
    assert!(found.tau2 > 0.0 && found.method == VarianceMethod::Reml);
}

proptest! {
    #[test]
    fn any_values_give_components_or_a_refusal(
        values in prop::collection::vec(prop::collection::vec(prop::option::of(prop_oneof![
            Just(0.0), Just(1.0), -3.0..3.0_f64, prop::num::f64::ANY
        ]), 3), 0..5),
    ) {
        if let Ok(found) = variance_components(&values) {
            prop_assert!(found.sigma2_e.is_finite() && found.sigma2_e >= 0.0, "{:?}", found);
            prop_assert!(found.tau2.is_finite() && found.tau2 >= 0.0, "{:?}", found);
            prop_assert!((0.0..=1.0).contains(&found.reliability(0)) && (0.0..=1.0).contains(&found.reliability(3)));
            prop_assert!(found.autocorrelation.is_none_or(|rho| rho.abs() <= 1.0));
            for shrunk in shrink_units(&found).into_iter().flatten() {
                prop_assert!(shrunk.mean.is_finite() && shrunk.sd.is_finite());
            }
            let variances: Vec<f64> = (0..values.len()).filter_map(|unit| found.variance_of_mean(unit)).collect();
            prop_assert!(rankability(found.tau2, &variances).is_ok());
        }
    }

    #[test]
    fn missing_values_of_a_balanced_table_are_no_matter_of_order(seed in prop::collection::vec(0.0..1.0_f64, 24), gone in 0_usize..24) {
        let mut values: Vec<Vec<Option<f64>>> = seed.chunks(6).map(|row| row.iter().copied().map(Some).collect()).collect();
        values[gone / 6][gone % 6] = None;
        let found = variance_components(&values).unwrap();
        values.reverse();
        values.iter_mut().for_each(|row| row.reverse());
        let other = variance_components(&values).unwrap();
        prop_assert!((found.sigma2_e - other.sigma2_e).abs() < 1e-9 && (found.tau2 - other.tau2).abs() < 1e-9);
    }
}
