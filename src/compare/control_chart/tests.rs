//! Charts held to NHSRplotthedots 0.2.2 where the method is the same; where it differs on purpose, both values are pinned.

use super::reference::{CASES, Case};
use super::*;
use crate::compare::distributions::normal_quantile;

fn options(case: &Case) -> ChartOptions {
    ChartOptions {
        improvement: case.improvement,
        fix_after: case.fix_after,
        target: case.target,
        screen_moving_ranges: case.screen,
        ..ChartOptions::default()
    }
}

fn values(case: &Case) -> Vec<Option<f64>> {
    known(case.values).into_iter().map(|value| value.filter(|value| !value.is_nan())).collect()
}

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

/// The letters of the tables.
fn letters(chart: &ControlChart) -> String {
    let letter = |point: &ChartPoint| match point.signal {
        None => '.',
        Some(Signal::AboveLimit) => 'A',
        Some(Signal::BelowLimit) => 'B',
        Some(Signal::Rising) => 'R',
        Some(Signal::Falling) => 'F',
        Some(Signal::TwoOfThreeAbove) => 'u',
        Some(Signal::TwoOfThreeBelow) => 'd',
        Some(Signal::ShiftAbove) => 'H',
        Some(Signal::ShiftBelow) => 'L',
    };
    chart.points.iter().map(letter).collect()
}

/// Constant but for a jump: the one series with limits of no width there, and limits of all ranges here.
const NOT_SCREENED: &str = "constant_then_jump";

#[test]
fn mean_and_limits_are_those_of_nhsrplotthedots() {
    for case in CASES.iter().filter(|case| case.name != NOT_SCREENED) {
        let stretch = control_chart(&values(case), &options(case)).unwrap().stretches[0];
        let limits = stretch.limits.map_or([f64::NAN; 2], |limits| [limits.lower, limits.upper]);
        for (got, expected) in [stretch.mean.unwrap(), limits[0], limits[1]].into_iter().zip(case.process) {
            // No limits here: NaN there, or limits of no width where nothing was screened.
            let none = expected.is_nan() || got.is_nan() && case.name == "constant_series_unscreened";
            if !none {
                assert!(
                    (got - expected).abs() <= 1e-9 * expected.abs().max(1e-6),
                    "{}: {got}, the package has {expected}",
                    case.name
                );
            }
        }
        assert_eq!(stretch.limits.is_none(), case.name.starts_with("constant_series") || case.name == "n1");
    }
}

#[test]
fn signals_are_those_of_nhsrplotthedots_by_both_rules() {
    for case in CASES.iter().filter(|case| case.name != NOT_SCREENED) {
        let mut options = options(case);
        let chart = control_chart(&values(case), &options).unwrap();
        assert_eq!(letters(&chart), case.signals, "{}", case.name);
        options.two_of_three = TwoOfThree::NearOrOutside;
        let chart = control_chart(&values(case), &options).unwrap();
        assert_eq!(letters(&chart), case.signals_2023, "{}", case.name);
    }
}

#[test]
fn icons_are_those_of_nhsrplotthedots() {
    for case in CASES.iter().filter(|case| case.name != NOT_SCREENED) {
        let chart = control_chart(&values(case), &options(case)).unwrap();
        assert_eq!(chart.variation, Some(case.last), "{}", case.name);
        assert_eq!(chart.assurance, case.assurance, "{}", case.name);
    }
}

#[test]
fn fewer_than_13_points_are_warned_of() {
    for case in &CASES {
        let chart = control_chart(&values(case), &options(case)).unwrap();
        let few = chart.warnings.iter().any(|warning| matches!(warning, Warning::FewPoints { .. }));
        // A missing point does not count: NHSRplotthedots counts rows, and is content with these 12 of 13.
        assert_eq!(few, ["n1", "n2", "n12", "na_in_series"].contains(&case.name), "{}", case.name);
    }
}

#[test]
fn a_constant_series_has_no_limits_and_no_signals() {
    for value in [0.0, 5.0, 0.1, 1.0 / 3.0, -7e200] {
        let chart = control_chart(&known(&[value; 24]), &ChartOptions::default()).unwrap();
        assert_eq!(chart.stretches[0].mean, Some(value));
        assert_eq!(chart.stretches[0].limits, None);
        assert_eq!(letters(&chart), ".".repeat(24));
        assert_eq!(chart.variation, Some(Meaning::CommonCause));
        assert_eq!(chart.warnings, [Warning::NothingVaries { stretch: 0 }]);
        assert_eq!(chart.false_signals, FalseSignals { any: 0.0, latest: 0.0, points: 0.0 });
    }
}

/// 14 times 5, then 9. NHSRplotthedots screens out the only range, has limits of 5.266666666666667 on both sides, and calls all 15 points special.
#[test]
fn a_jump_after_a_constant_series_is_flagged_and_not_what_went_before() {
    let case = CASES.iter().find(|case| case.name == NOT_SCREENED).unwrap();
    assert_eq!(case.signals, "BBBBBBBBBBBBBBA");
    assert_eq!(case.process[1], case.process[2]);
    let chart = control_chart(&values(case), &options(case)).unwrap();
    let limits = chart.stretches[0].limits.unwrap();
    let mean = 79.0 / 15.0;
    assert!((limits.lower - (mean - 2.66 * 4.0 / 14.0)).abs() < 1e-12);
    assert!((limits.upper - (mean + 2.66 * 4.0 / 14.0)).abs() < 1e-12);
    // The 14 lie within; that they all lie on one side of the mean is the rule of seven.
    assert_eq!(letters(&chart), "LLLLLLLLLLLLLLA");
    assert_eq!(chart.warnings, [Warning::NotScreened { stretch: 0 }]);
}

/// 20 ranges of 1 and one of 3.6 or 3.7, which are 3.203 and 3.278 times the mean range.
#[test]
fn ranges_are_screened_out_from_3_267_times_their_mean_on() {
    for (jump, screened, range) in [(3.6, 0, 23.6 / 21.0), (3.7, 1, 1.0)] {
        let mut series: Vec<f64> = (0..21).map(|at| f64::from(at % 2)).collect();
        series.push(jump);
        let stretch = control_chart(&known(&series), &ChartOptions::default()).unwrap().stretches[0];
        assert_eq!(stretch.screened, screened);
        assert!((stretch.mean_moving_range.unwrap() - range).abs() < 1e-12);
    }
}

#[test]
fn each_stretch_has_limits_and_rules_of_its_own() {
    let series: Vec<f64> =
        (0..30).map(|at| if at < 15 { 50.0 } else { 60.0 } + [0.0, 2.0, -1.0, 1.0, -2.0][at % 5]).collect();
    let whole = control_chart(&known(&series), &ChartOptions::default()).unwrap();
    assert!(letters(&whole).contains('H'));
    let options = ChartOptions { rebase_at: vec![15], ..ChartOptions::default() };
    let rebased = control_chart(&known(&series), &options).unwrap();
    assert_eq!(letters(&rebased), ".".repeat(30));
    let [before, after] = &rebased.stretches[..] else { panic!("two stretches") };
    assert_eq!((before.mean, after.mean), (Some(50.0), Some(60.0)));
    assert_eq!((before.from, before.points, after.from, after.points), (0, 15, 15, 15));
    // Each part charted alone is the same: nothing reaches across.
    let alone = control_chart(&known(&series[15..]), &ChartOptions::default()).unwrap();
    assert_eq!(alone.stretches[0].limits, after.limits);
    assert_eq!(rebased.points[15].moving_range, None);
    assert!(rebased.false_signals.any > whole.false_signals.any / 2.0);
}

#[test]
fn a_rebase_outside_the_series_or_out_of_order_is_refused() {
    for (rebase_at, at) in [(vec![0], 0), (vec![5], 5), (vec![3, 2], 2), (vec![3, 3], 3), (vec![99], 99)] {
        let options = ChartOptions { rebase_at, ..ChartOptions::default() };
        assert_eq!(
            control_chart(&known(&[1.0, 2.0, 1.0, 2.0, 1.0]), &options),
            Err(Undefined::MisplacedRebase { at, points: 5 })
        );
    }
}

#[test]
fn the_top_of_a_rise_and_fall_belongs_to_the_later_trend() {
    // Seven up, six down, within wide limits that a quiet basis does not have.
    let mut series: Vec<f64> = vec![0.0, 20.0, 0.0, 20.0, 0.0, 20.0, 0.0, 20.0];
    series.extend([7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 12.5, 11.5, 10.5, 9.5, 8.5, 7.5]);
    let options = ChartOptions { fix_after: Some(8), ..ChartOptions::default() };
    let chart = control_chart(&known(&series), &options).unwrap();
    assert_eq!(&letters(&chart)[8..], "RRRRRRFFFFFFF");
    series[11] = series[10];
    let chart = control_chart(&known(&series), &options).unwrap();
    assert_eq!(&letters(&chart)[8..], "......FFFFFFF", "a tie ends a trend");
}

#[test]
fn a_missing_point_breaks_a_run() {
    let mut series = known(&[1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 6.0, 6.5, 6.0, 6.5, 6.0, 6.5, 6.0]);
    let options = ChartOptions { fix_after: Some(8), ..ChartOptions::default() };
    assert!(letters(&control_chart(&series, &options).unwrap()).ends_with("HHHHHHH"));
    series[11] = None;
    let chart = control_chart(&series, &options).unwrap();
    assert!(letters(&chart).ends_with("......."));
    assert_eq!(chart.points[11].meaning, Meaning::CommonCause);
    assert_eq!(chart.warnings, [Warning::MissingPoints { stretch: 0, missing: 1 }]);
    series[14] = None;
    assert_eq!(control_chart(&series, &options).unwrap().variation, None);
}

#[test]
fn a_target_within_the_limits_is_met_by_chance_and_no_icon_comes_without_one() {
    let case = &CASES[0];
    for (improvement, expected) in [
        (Improvement::Increase, Some(Assurance::Inconsistent)),
        (Improvement::Decrease, Some(Assurance::Inconsistent)),
        (Improvement::Neutral, None),
    ] {
        let with = ChartOptions { improvement, target: Some(0.5), ..options(case) };
        assert_eq!(control_chart(&values(case), &with).unwrap().assurance, expected);
        let without = ChartOptions { target: None, ..with };
        assert_eq!(control_chart(&values(case), &without).unwrap().assurance, None);
    }
    let never = ChartOptions { improvement: Improvement::Decrease, target: Some(-50.0), ..options(case) };
    assert_eq!(control_chart(&values(case), &never).unwrap().assurance, Some(Assurance::ConsistentlyMissed));
}

/// Simulates again what the table of false signals says of 24 points: by other random numbers, to within what 4,000 charts leave open.
#[test]
fn false_signals_are_as_many_as_said() {
    let mut state = 20_261_121u64;
    let mut normal = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        normal_quantile(((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64).unwrap()
    };
    let charts = 4_000;
    let (mut any, mut latest, mut points, mut said) = (0, 0, 0, None);
    for _ in 0..charts {
        let series: Vec<f64> = (0..24).map(|_| normal()).collect();
        let chart = control_chart(&known(&series), &ChartOptions::default()).unwrap();
        let signals = chart.points.iter().filter(|point| point.signal.is_some()).count();
        any += usize::from(signals > 0);
        latest += usize::from(chart.points[23].signal.is_some());
        points += signals;
        said = Some(chart.false_signals);
    }
    let said = said.unwrap();
    let share = |count: usize| count as f64 / f64::from(charts);
    assert!((share(any) - said.any).abs() < 0.025, "{} {}", share(any), said.any);
    assert!((share(latest) - said.latest).abs() < 0.008, "{} {}", share(latest), said.latest);
    assert!((share(points) - said.points).abs() < 0.15, "{} {}", share(points), said.points);
    // An independent simulation of the rules has 18%, 6,000 charts of 24 points, and 30% for 36.
    assert!((said.any - 0.18).abs() < 0.02);
}
