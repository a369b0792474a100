//! What holds for every funnel, however odd its units.

use proptest::prelude::*;

use super::*;

fn measures() -> impl Strategy<Value = Measure> {
    prop_oneof![
        Just(Measure::Proportion),
        Just(Measure::RatioOfCounts),
        Just(Measure::Ratio(RatioScale::Log)),
        Just(Measure::Ratio(RatioScale::SquareRoot)),
        Just(Measure::Rate(RatioScale::Log)),
        Just(Measure::Rate(RatioScale::SquareRoot)),
    ]
}

fn options() -> impl Strategy<Value = FunnelOptions> {
    let overdispersion = prop_oneof![
        Just(Overdispersion::Robust),
        Just(Overdispersion::None),
        prop_oneof![Just(0.0), Just(0.1), 0.0..0.5f64, any::<f64>()]
            .prop_map(|trim_by| Overdispersion::DerSimonianLaird { trim_by }),
    ];
    let chance = prop_oneof![
        Just(ChanceLimits::default()),
        Just(ChanceLimits::Transformed),
        Just(ChanceLimits::AsFunnelPlotR),
        any::<f64>().prop_map(|variance_below| ChanceLimits::Exact { variance_below }),
    ];
    let target =
        prop_oneof![3 => Just(None), 1 => (0.0..2.0f64).prop_map(Some), 1 => any::<f64>().prop_map(Some)];
    (measures(), target, overdispersion, chance, any::<bool>()).prop_map(
        |(measure, target, overdispersion, chance_limits, round_denominators)| FunnelOptions {
            measure,
            target,
            overdispersion,
            chance_limits,
            round_denominators,
        },
    )
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0u32..60).prop_map(f64::from),
        2 => 0.0..5_000.0f64,
        1 => Just(0.0),
        1 => any::<f64>(),
        1 => prop_oneof![Just(1e-300), Just(1e-7), Just(1e9), Just(1e15), Just(f64::MAX), Just(f64::INFINITY), Just(f64::NAN)],
    ]
}

fn sound(limits: Limits) -> bool {
    let Limits { lower_998, lower_95, upper_95, upper_998 } = limits;
    let ordered = [0.0, lower_998, lower_95, upper_95, upper_998];
    ordered.iter().all(|limit| limit.is_finite())
        && ordered.windows(2).all(|pair| pair[0] <= pair[1] * (1.0 + 1e-9))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn odd_units_have_a_place_or_a_reason(units in prop::collection::vec((numbers(), numbers()), 0..12), options in options(), at in numbers()) {
        let units: Vec<Unit> = units.into_iter().map(|(observed, denominator)| Unit { observed, denominator }).collect();
        let Ok(got) = funnel(&units, &options) else { return Ok(()) };
        prop_assert_eq!(got.points.len(), units.len());
        prop_assert!(got.target.is_finite() && got.phi.is_finite() && got.tau_squared.is_finite() && got.tau_squared >= 0.0);
        for point in got.points.iter().flatten() {
            prop_assert!(point.value.is_finite() && point.expected.is_finite());
            prop_assert!(point.z.is_none_or(f64::is_finite) && point.z_adjusted.is_none_or(f64::is_finite));
            prop_assert!(sound(point.limits), "{:?}", point.limits);
        }
        if let Ok(limits) = got.limits_at(at) {
            prop_assert!(sound(limits), "{limits:?}");
        }
    }

    #[test]
    fn equal_units_are_all_within(observed in 0u32..50, more in 0u32..50, count in 2usize..9, measure in measures()) {
        let unit = Unit { observed: f64::from(observed), denominator: f64::from(observed + more + 1) };
        let options = FunnelOptions { target: matches!(measure, Measure::Ratio(_)).then_some((unit.observed / unit.denominator).max(0.01)), ..FunnelOptions::new(measure) };
        let Ok(got) = funnel(&vec![unit; count], &options) else { return Ok(()) };
        for point in got.points.iter().flatten() {
            prop_assert_eq!(point.class, Class::Within);
        }
    }

    #[test]
    fn the_order_of_units_does_not_matter(units in prop::collection::vec((0u32..90, 100u32..900), 2..30), at in 0usize..30, overdispersion in prop_oneof![Just(Overdispersion::Robust), Just(Overdispersion::DerSimonianLaird { trim_by: 0.1 })]) {
        let mut units: Vec<Unit> = units.into_iter().map(|(x, n)| Unit { observed: f64::from(x), denominator: f64::from(n) }).collect();
        let options = FunnelOptions { overdispersion, ..FunnelOptions::new(Measure::Proportion) };
        let before = funnel(&units, &options).unwrap();
        let turn = at % units.len();
        units.rotate_left(turn);
        let after = funnel(&units, &options).unwrap();
        prop_assert!((before.tau_squared - after.tau_squared).abs() <= 1e-9);
        prop_assert!((before.phi - after.phi).abs() <= 1e-9 * before.phi);
        prop_assert_eq!(before.points[turn].unwrap().class, after.points[0].unwrap().class);
    }

    #[test]
    fn one_unit_however_far_out_hardly_moves_the_robust_estimate(outlier in 0u32..=1_000, jitter in prop::collection::vec(-1.0..1.0f64, 60)) {
        let mut units: Vec<Unit> = jitter.iter().map(|jitter| Unit { observed: 500.0 + 30.0 * jitter, denominator: 1_000.0 }).collect();
        let options = FunnelOptions { target: Some(0.5), ..FunnelOptions::new(Measure::Proportion) };
        let before = funnel(&units, &options).unwrap().tau_squared;
        units.push(Unit { observed: f64::from(outlier), denominator: 1_000.0 });
        let after = funnel(&units, &options).unwrap().tau_squared;
        prop_assert!((after - before).abs() < 2e-4, "{before} and {after}");
    }
}
