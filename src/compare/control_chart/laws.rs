//! What holds for every chart, however odd its series.

use proptest::prelude::*;

use super::*;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-3i32..4).prop_map(f64::from),
        3 => -100.0..100.0f64,
        1 => any::<f64>(),
        1 => prop_oneof![Just(0.0), Just(1e308), Just(-1e308), Just(1e-308), Just(f64::NAN), Just(f64::INFINITY)],
    ]
}

fn options() -> impl Strategy<Value = ChartOptions> {
    let improvement =
        prop_oneof![Just(Improvement::Increase), Just(Improvement::Decrease), Just(Improvement::Neutral)];
    let two_of_three = prop_oneof![Just(TwoOfThree::Near), Just(TwoOfThree::NearOrOutside)];
    let rebase = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(0usize..40, 0..3)];
    (
        improvement,
        prop::option::of(0usize..40),
        rebase,
        prop::option::of(number()),
        any::<bool>(),
        two_of_three,
    )
        .prop_map(|(improvement, fix_after, rebase_at, target, screen_moving_ranges, two_of_three)| {
            ChartOptions { improvement, fix_after, rebase_at, target, screen_moving_ranges, two_of_three }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_odd_series_has_a_chart_or_a_reason(values in prop::collection::vec(prop::option::weighted(0.9, number()), 0..40), options in options()) {
        let Ok(chart) = control_chart(&values, &options) else { return Ok(()) };
        prop_assert_eq!(chart.points.len(), values.len());
        for stretch in &chart.stretches {
            prop_assert!(stretch.mean.is_none_or(f64::is_finite) && stretch.mean_moving_range.is_none_or(f64::is_finite));
            if let Some(ProcessLimits { lower, near_lower, near_upper, upper }) = stretch.limits {
                prop_assert!(lower.is_finite() && upper.is_finite() && lower <= near_lower && near_lower <= near_upper && near_upper <= upper);
                prop_assert!(lower < upper);
            }
        }
        prop_assert!(chart.points.iter().all(|point| point.moving_range.is_none_or(f64::is_finite)));
        prop_assert!(chart.points.iter().all(|point| point.value.is_some() || point.signal.is_none()));
        let FalseSignals { any, latest, points } = chart.false_signals;
        prop_assert!((0.0..=1.0).contains(&any) && (0.0..=1.0).contains(&latest) && points >= 0.0 && points <= values.len() as f64);
    }

    /// Small whole numbers: turning the series over turns every signal over, and a constant added changes nothing.
    #[test]
    fn a_chart_is_the_same_upside_down_and_higher_up(values in prop::collection::vec(-8i32..9, 2..40), up in -64i32..64) {
        let chart = |map: &dyn Fn(f64) -> f64| {
            let values: Vec<Option<f64>> = values.iter().map(|value| Some(map(f64::from(*value) / 4.0))).collect();
            control_chart(&values, &ChartOptions::default()).unwrap()
        };
        let (plain, over, higher) = (chart(&|y| y), chart(&|y| -y), chart(&|y| y + f64::from(up)));
        for ((plain, over), higher) in plain.points.iter().zip(&over.points).zip(&higher.points) {
            prop_assert_eq!(plain.signal, higher.signal);
            prop_assert_eq!(plain.signal.map(|signal| !signal.is_high()), over.signal.map(Signal::is_high));
        }
    }
}
