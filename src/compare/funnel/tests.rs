//! Funnels held to FunnelPlotR 0.6.0 where the method is the same; where it differs on purpose, both values are pinned.

use super::direct::DIRECT;
use super::reference::{CASES, Case};
use super::*;
use crate::compare::distributions::normal_quantile;

fn assert_close(got: f64, expected: f64, what: &str) {
    assert!(
        (got - expected).abs() <= 1e-9 * expected.abs().max(1e-6),
        "{what}: {got}, FunnelPlotR has {expected}"
    );
}

fn units(case: &Case) -> Vec<Unit> {
    case.units.chunks(2).map(|unit| Unit { observed: unit[0], denominator: unit[1] }).collect()
}

fn as_funnelplotr(case: &Case) -> FunnelOptions {
    FunnelOptions {
        overdispersion: Overdispersion::DerSimonianLaird { trim_by: case.trim_by },
        chance_limits: ChanceLimits::AsFunnelPlotR,
        round_denominators: case.measure == Measure::Ratio(RatioScale::Log),
        ..FunnelOptions::new(case.measure)
    }
}

/// In the order of the tables.
fn ordered(limits: Limits) -> [f64; 4] {
    let Limits { lower_998, lower_95, upper_95, upper_998 } = limits;
    [lower_95, upper_95, lower_998, upper_998]
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).expect("a case of that name")
}

#[test]
fn phi_and_tau_squared_are_those_of_funnelplotr() {
    for case in &CASES {
        let got = funnel(&units(case), &as_funnelplotr(case)).unwrap();
        assert_close(got.target, case.target, case.name);
        // Without drawing adjusted limits it does not say what it found.
        if case.adjusted {
            assert_close(got.phi, case.phi, case.name);
            assert_close(got.tau_squared, case.tau_squared, case.name);
            assert_eq!(got.used, case.used, "{}", case.name);
        }
    }
}

#[test]
fn z_scores_are_those_of_funnelplotr() {
    for case in &CASES {
        let got = funnel(&units(case), &as_funnelplotr(case)).unwrap();
        for row in case.rows {
            let point = got.points[row[0] as usize].unwrap();
            match point.z {
                Some(z) => assert_close(z, row[1], case.name),
                None => assert_eq!(row[1], f64::NEG_INFINITY, "{}", case.name),
            }
        }
    }
}

/// What our limits are where FunnelPlotR's are `theirs`: the same, but for three differences.
fn ours(case: &Case, funnel: &Funnel, denominator: f64, z: f64, theirs: f64) -> f64 {
    match case.measure {
        Measure::Ratio(RatioScale::SquareRoot) if funnel.adjusted => theirs.max(0.0).powi(2),
        Measure::Proportion => {
            let angle =
                funnel.target.sqrt().asin() + z * (0.25 / denominator + funnel.drawn.tau_squared).sqrt();
            match angle {
                angle if angle < 0.0 => 0.0,
                angle if angle > std::f64::consts::FRAC_PI_2 => 1.0,
                _ => theirs,
            }
        }
        Measure::RatioOfCounts => {
            let error = 0.5 / denominator.sqrt();
            let narrow = funnel.target * (z * (error * error + funnel.drawn.tau_squared).sqrt()).exp();
            assert_close(narrow, theirs, case.name);
            let part = |count: f64| count / (count + 0.5).powi(2);
            let error = part(funnel.target * denominator) + part(denominator);
            funnel.target * (z * (error + funnel.drawn.tau_squared).sqrt()).exp()
        }
        Measure::Ratio(_) | Measure::Rate(_) => theirs,
    }
}

#[test]
fn limits_are_those_of_funnelplotr_but_for_three_differences() {
    let zs = [-Z_95, Z_95, -Z_998, Z_998];
    for case in &CASES {
        let options = as_funnelplotr(case);
        let plain = FunnelOptions { overdispersion: Overdispersion::None, ..options };
        let adjusted = funnel(&units(case), &options).unwrap();
        let plain = funnel(&units(case), &plain).unwrap();
        for [position, _, rest @ ..] in case.rows {
            let unit = units(case)[*position as usize];
            for (funnel, theirs) in [(&plain, &rest[..4]), (&adjusted, &rest[4..8])] {
                // Where nothing was adjusted, FunnelPlotR's adjusted limits hold no tau squared, and are not drawn.
                if theirs == &rest[..4] || funnel.adjusted && case.adjusted {
                    let got = ordered(funnel.points[*position as usize].unwrap().limits);
                    for ((got, theirs), z) in got.into_iter().zip(theirs).zip(zs) {
                        let theirs = theirs / case.multiplier;
                        assert_close(got, ours(case, funnel, unit.denominator, z, theirs), case.name);
                    }
                }
            }
        }
    }
}

/// Flags are the same, but where our limits differ on purpose: fewer outside wider ones.
#[test]
fn outliers_are_those_of_funnelplotr_where_limits_are() {
    for case in &CASES {
        let mut options = as_funnelplotr(case);
        if !case.adjusted {
            options.overdispersion = Overdispersion::None;
        }
        let got = funnel(&units(case), &options).unwrap();
        let flagged = |point: &Point| match point.class {
            Class::Below998 | Class::Above998 => true,
            Class::Below95 | Class::Above95 => !case.limit_998,
            Class::Within => false,
        };
        let outliers = got.points.iter().flatten().filter(|point| flagged(point)).count();
        let ours = match case.name {
            // Their limits are the narrow ones.
            "synthGP200_RC" => 4,
            // Theirs compare ratios with limits on the scale of the roots.
            "t6_SR_CQC_trim05_x100_95" => 0,
            "synthGP200_SR_CQC" => 3,
            "edge_zero_numerator_SR_CQC" => 1,
            _ => case.outliers,
        };
        assert_eq!(outliers, ours, "{}: FunnelPlotR has {}", case.name, case.outliers);
        if ours == case.outliers {
            for row in case.rows {
                assert_eq!(flagged(&got.points[row[0] as usize].unwrap()), row[10] == 1.0, "{}", case.name);
            }
        }
    }
}

#[test]
fn limits_at_given_denominators_are_those_of_calculate_limits_but_for_the_differences() {
    for direct in &DIRECT {
        let drawn = Drawn {
            scale: Scale::new(direct.measure, direct.target).unwrap(),
            tau_squared: direct.tau_squared,
            chance: ChanceLimits::AsFunnelPlotR,
        };
        for [denominator, theirs @ ..] in direct.rows {
            let got = ordered(drawn.limits(*denominator).unwrap());
            for (got, theirs) in got.into_iter().zip(*theirs) {
                match direct.measure {
                    Measure::Ratio(RatioScale::SquareRoot) if direct.tau_squared > 0.0 => {
                        assert_close(got, theirs.max(0.0).powi(2), "squared back");
                    }
                    // Theirs turns back once the angle has left 0 to pi/2.
                    Measure::Proportion if got == 0.0 || got == 1.0 => {
                        assert!((got - theirs).abs() < 0.04, "{got}, FunnelPlotR has {theirs}");
                    }
                    // Theirs has the error of a root, 1 / (2 sqrt n), where that of a log ratio of half the size is 3.5 times as much.
                    Measure::RatioOfCounts => {
                        let from_centre = |value: f64| (value / direct.target).ln().powi(2);
                        let errors = from_centre(theirs) / (0.25 / denominator + direct.tau_squared);
                        let part = |count: f64| count / (count + 0.5).powi(2);
                        let own = part(direct.target * denominator) + part(*denominator);
                        assert_close(from_centre(got), errors * (own + direct.tau_squared), "log ratio");
                    }
                    _ => assert_close(got, theirs, "calculate_limits"),
                }
            }
        }
    }
}

/// The three differences in numbers, so that a change of either side shows.
#[test]
fn where_we_differ_on_purpose_both_values_are_known() {
    let drawn = |measure, target, tau_squared| Drawn {
        scale: Scale::new(measure, target).unwrap(),
        tau_squared,
        chance: ChanceLimits::Transformed,
    };
    // 5 expected, tau squared 0.02: FunnelPlotR leaves 0.48144226773606 and 1.51855773226394 on the scale of the root (its issue 33).
    let root = drawn(Measure::Ratio(RatioScale::SquareRoot), 1.0, 0.02).limits(5.0).unwrap();
    assert_close(root.lower_95, 0.231_786_657_164_3, "squared back");
    assert_close(root.upper_95, 2.306_017_586_219_4, "squared back");
    // 10 trials around 85%: the angle is 1.589, over pi/2; FunnelPlotR's sine has turned back to 0.999673447927904.
    let share = drawn(Measure::Proportion, 0.85, 0.02).limits(10.0).unwrap();
    assert_eq!(share.upper_95, 1.0);
    // Ratio of counts around a half: FunnelPlotR has 0.4847427542243268 and 0.5157374665662486 at 1,000.
    let counts = drawn(Measure::RatioOfCounts, 0.5, 0.0).limits(1_000.0).unwrap();
    assert_close(counts.lower_95, 0.449_145_022_354_935_2, "ratio of counts");
    assert_close(counts.upper_95, 0.556_613_092_780_617_3, "ratio of counts");
}

#[test]
fn the_robust_estimate_is_what_the_reference_computed() {
    let mut seen = 0;
    for case in &CASES {
        let Some(expected) = case.robust else { continue };
        let options = FunnelOptions {
            round_denominators: case.measure == Measure::Ratio(RatioScale::Log),
            ..FunnelOptions::new(case.measure)
        };
        let got = funnel(&units(case), &options).unwrap();
        assert_close(got.tau_squared, expected, case.name);
        assert_eq!(got.used, case.units.len() / 2);
        assert!(got.phi > 1.0 && got.adjusted, "{}", case.name);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

/// FunnelPlotR says phi = Inf and limits from 0 to infinity, inside of which everybody is.
#[test]
fn six_units_one_of_them_with_nothing_observed_are_refused_on_the_log_scale_by_dersimonian_laird_only() {
    let six = &units(case("edge_zero_numerator_SR_SHMI"))[..6];
    let mut options = as_funnelplotr(case("edge_zero_numerator_SR_SHMI"));
    assert_eq!(funnel(six, &options), Err(Undefined::TooManyZeros { zeros: 1, units: 6 }));
    options.overdispersion = Overdispersion::Robust;
    let got = funnel(six, &options).unwrap();
    assert!(got.tau_squared > 0.0 && got.tau_squared < 0.1, "{}", got.tau_squared);
    assert_eq!(got.points[0].unwrap().z, None);
    assert_eq!(got.points[0].unwrap().class, Class::Below998);
}

/// FunnelPlotR gives a row of NaN for 0 of 0, NaN for tau squared of one unit, and stops where numerators are denominators.
#[test]
fn what_makes_no_sense_is_left_out_and_says_why() {
    let unit = |observed, denominator| Unit { observed, denominator };
    let options = FunnelOptions::new(Measure::Proportion);
    let odd = [
        unit(0.0, 0.0),
        unit(40.0, 40.0),
        unit(30.0, 45.0),
        unit(5.0, 4.0),
        unit(f64::NAN, 9.0),
        unit(1.0, f64::INFINITY),
        unit(-1.0, 9.0),
    ];
    let got = funnel(&odd, &options).unwrap();
    let why: Vec<Option<Undefined>> = got.points.iter().map(|point| point.err()).collect();
    assert_eq!(
        why,
        [
            Some(Undefined::ZeroDenominator("the denominator")),
            None,
            None,
            Some(Undefined::NumeratorOverDenominator { numerator: 5.0, denominator: 4.0 }),
            Some(Undefined::NotFinite("the numerator")),
            Some(Undefined::NotFinite("the denominator")),
            Some(Undefined::Negative("the numerator")),
        ]
    );
    assert_eq!(got.used, 2);
    let one = [unit(40.0, 50.0)];
    assert_eq!(funnel(&one, &options), Err(Undefined::TooFew { what: "units", given: 1, needed: 2 }));
    let alone = FunnelOptions { overdispersion: Overdispersion::None, target: Some(0.5), ..options };
    assert_eq!(funnel(&one, &alone).unwrap().points[0].unwrap().class, Class::Above998);
    assert_eq!(funnel(&[], &options), Err(Undefined::TooFew { what: "units", given: 0, needed: 1 }));
    let all = funnel(&[unit(40.0, 40.0), unit(7.0, 7.0)], &options).unwrap();
    assert!(all.points.iter().all(|point| point.unwrap().class == Class::Within));
    let none = FunnelOptions::new(Measure::Rate(RatioScale::SquareRoot));
    assert_eq!(funnel(&[unit(0.0, 40.0), unit(0.0, 7.0)], &none), Err(Undefined::ZeroTarget));
}

/// One answered of one offered is what happens 85 times in 100; its interpolated limit alone would flag it.
#[test]
fn a_count_that_is_no_surprise_is_never_flagged() {
    let unit = |observed, denominator| Unit { observed, denominator };
    let options = FunnelOptions {
        target: Some(0.85),
        overdispersion: Overdispersion::None,
        ..FunnelOptions::new(Measure::Proportion)
    };
    let got = funnel(&[unit(1.0, 1.0), unit(0.0, 1.0), unit(0.0, 4.0), unit(20.0, 20.0)], &options).unwrap();
    let classes: Vec<Class> = got.points.iter().map(|point| point.unwrap().class).collect();
    assert_eq!(classes, [Class::Within, Class::Within, Class::Below998, Class::Within]);
    assert!(got.points[0].unwrap().limits.upper_95 < 1.0);
}

#[test]
fn a_funnel_says_how_many_flags_chance_alone_would_raise() {
    let case = case("synthGP200_PR_answered");
    let got = funnel(&units(case), &FunnelOptions::new(case.measure)).unwrap();
    assert_close(got.false_flags.beyond_95, 10.0, "5% of 200");
    assert_close(got.false_flags.beyond_998, 0.4, "0.2% of 200");
    let point = got.points[7].unwrap();
    let unit = units(case)[7];
    assert_eq!(got.limits_at(unit.denominator).unwrap(), point.limits);
    assert_close(point.expected, got.target * unit.denominator, "expected");
}

/// 2,001 ratios with nobody out of line: the distances from 1 on the scale are the quantiles of a normal distribution with a variance of s^2 + tau^2.
fn in_line(scale: RatioScale, tau_squared: f64) -> Vec<Unit> {
    let expected: f64 = 2_500.0;
    let error = if scale == RatioScale::Log { 0.02 } else { 0.01_f64 };
    let spread = (error * error + tau_squared).sqrt();
    (0..2_001)
        .map(|at| {
            let distance = spread * normal_quantile((f64::from(at) + 0.5) / 2_001.0).unwrap();
            let ratio = if scale == RatioScale::Log { distance.exp() } else { (1.0 + distance).powi(2) };
            Unit { observed: expected * ratio, denominator: expected }
        })
        .collect()
}

/// Why ours is not FunnelPlotR's unless asked for: trimmed, it finds 0.68 or 0.44 of phi where all is chance, and too little of tau squared where it is not.
#[test]
fn trimming_takes_away_spread_that_is_there_and_the_robust_estimate_does_not() {
    let found = |scale, tau_squared, overdispersion| {
        let options = FunnelOptions { overdispersion, ..FunnelOptions::new(Measure::Ratio(scale)) };
        let funnel = funnel(&in_line(scale, tau_squared), &options).unwrap();
        (funnel.phi, funnel.tau_squared)
    };
    let near =
        |got: f64, expected: f64| assert!((got - expected).abs() < 0.005 * expected, "{got} {expected}");
    let trimmed = Overdispersion::DerSimonianLaird { trim_by: 0.1 };
    let untrimmed = Overdispersion::DerSimonianLaird { trim_by: 0.0 };
    for (scale, left) in [(RatioScale::SquareRoot, 0.6787), (RatioScale::Log, 0.4377)] {
        near(found(scale, 0.0, trimmed).0, left);
        near(found(scale, 0.0, untrimmed).0, 1.0);
        near(found(scale, 0.0, Overdispersion::Robust).0, 1.0);
    }
    // Three quarters of the variance are between units: phi is 4, and 4 times 0.6787 less 1 is 1.715 in place of 3.
    near(found(RatioScale::SquareRoot, 3e-4, trimmed).1, 1.715e-4);
    near(found(RatioScale::SquareRoot, 3e-4, untrimmed).1, 3e-4);
    near(found(RatioScale::SquareRoot, 3e-4, Overdispersion::Robust).1, 3e-4);
}
