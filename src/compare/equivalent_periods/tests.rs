//! August 2019 against August 2021 on made-up calls, and data that no method likes.

use proptest::prelude::*;

use super::*;
use crate::calendar::{Calendar, month};
use crate::compare::composition::Cells;

/// Calls a patient and hour by class of day, 08:00 to 18:00: a Monday has twice a Wednesday's.
const BY_CLASS: [f64; DayClass::COUNT] = [2.0, 1.64, 1.02, 1.16, 1.32, 2.2, 1.6, 0.1];

fn composition(text: &str) -> Composition {
    Composition::of(Calendar::england(), month(text).unwrap()).unwrap()
}

fn rates() -> Rates {
    let (mut events, mut exposure) = (Cells::default(), Cells::default());
    for class in DayClass::ALL {
        for hour in 0..24 {
            exposure.add(class, hour, 1e6);
            events.add(
                class,
                hour,
                if (8..18).contains(&hour) { 100.0 * BY_CLASS[class as usize] } else { 0.0 },
            );
        }
    }
    Rates::new(&events, &exposure).unwrap()
}

const MONTHLY: MonthVariation = MonthVariation { sigma2: 0.01, whole: true, autocorrelation: 0.3 };

#[test]
fn the_same_working_days_with_one_more_monday_are_expected_to_bring_more_calls() {
    let (before, after) = (composition("2019-08"), composition("2021-08"));
    let period = |observed, list, stretch| Period { observed, list, months: 1, stretch };
    let found = compare_periods(
        period(5_000.0, 9_000.0, &before),
        period(5_600.0, 9_900.0, &after),
        &rates(),
        MONTHLY,
        Between::default(),
    )
    .unwrap();
    let ExpectedParts { list, working_days, weekdays, closures } = found.parts;
    assert!((list - 1.1).abs() < 1e-12 && working_days == 1.0);
    // 3 4 4 5 5 working days Monday to Friday against 4 5 4 4 4.
    let mean = |days: [f64; 5]| days.iter().zip(BY_CLASS).map(|(n, r)| n * r).sum::<f64>() / 21.0;
    assert!((weekdays - mean([4.0, 5.0, 4.0, 4.0, 4.0]) / mean([3.0, 4.0, 4.0, 5.0, 5.0])).abs() < 1e-12);
    assert!(weekdays > 1.02, "{weekdays}");
    assert!((list * working_days * weekdays * closures / found.expected_ratio - 1.0).abs() < 1e-12);
    // Two single months: SE = sqrt(2 sigma2), whatever neighbouring months do.
    assert!((found.standard_error - 0.02_f64.sqrt()).abs() < 1e-15);
    assert!((found.ratio - 1.12 / found.expected_ratio).abs() < 1e-12);
    assert!((found.upper / found.ratio - (1.959_963_984_540_054 * 0.02_f64.sqrt()).exp()).abs() < 1e-12);
    assert!((found.upper * found.lower - found.ratio * found.ratio).abs() < 1e-12);
    assert!(!found.differs() && !found.half_added);
}

#[test]
fn the_standard_error_holds_what_it_says() {
    let excess = MonthVariation { whole: false, ..MONTHLY };
    let found = log_change([400.0, 500.0], [450.0, 450.0], [1, 1], excess).unwrap();
    assert!((found.log - 1.25_f64.ln()).abs() < 1e-14);
    assert!((found.standard_error - (0.02_f64 + 1.0 / 400.0 + 1.0 / 500.0).sqrt()).abs() < 1e-15);
    let quarters = log_change([400.0, 500.0], [450.0, 450.0], [3, 3], MONTHLY).unwrap();
    assert!((quarters.standard_error - (0.02_f64 / 3.0 * 1.3 / 0.7).sqrt()).abs() < 1e-15);
}

#[test]
fn a_unit_without_months_of_its_own_has_its_peers_variation() {
    let own = |months, residual_squares| UnitMean { months, mean: None, residual_squares };
    let sigma2 = |own: UnitMean| MonthVariation::of_unit(&own, 0.01, 0.0).unwrap().sigma2;
    assert_eq!((sigma2(own(0, 0.0)), sigma2(own(1, 0.0))), (0.01, 0.01));
    assert!((sigma2(own(13, 12.0 * 0.03)) - 0.02).abs() < 1e-15);
    assert!(MonthVariation::of_unit(&own(3, f64::NAN), 0.01, 0.0).is_err());
}

#[test]
fn what_is_not_comparable_is_named() {
    let august = composition("2019-08");
    let period = |observed, list| Period { observed, list, months: 1, stretch: &august };
    let ask = |before, after, between| compare_periods(before, after, &rates(), MONTHLY, between);
    let (none, fine) = (Between::default(), period(100.0, 9_000.0));
    let broken = Between { series_break: true, ..none };
    let redefined = Between { definition_changed: true, ..none };
    assert_eq!(ask(fine, fine, broken), Err(PeriodRefusal::SeriesBreak));
    assert_eq!(ask(fine, fine, redefined), Err(PeriodRefusal::DefinitionChanged));
    assert_eq!(ask(period(0.0, 9.0), period(0.0, 9.0), none), Err(PeriodRefusal::NothingObserved));
    assert_eq!(ask(fine, period(1.0, 0.0), none), Err(PeriodRefusal::NothingExpected));
    assert_eq!(ask(fine, period(f64::NAN, 9.0), none), Err(PeriodRefusal::NotANumber));
    assert_eq!(ask(fine, Period { months: 0, ..fine }, none), Err(PeriodRefusal::NotANumber));
    let unknown = Rates::new(&Cells::default(), &Cells::default()).unwrap();
    assert!(matches!(
        compare_periods(fine, fine, &unknown, MONTHLY, none),
        Err(PeriodRefusal::Composition(CompositionRefusal::NoRate { .. }))
    ));
    let none_before = ask(period(0.0, 9_000.0), fine, none).unwrap();
    assert!(none_before.half_added && none_before.observed_ratio.is_none() && none_before.ratio.is_finite());
}

proptest! {
    #[test]
    fn any_numbers_give_a_value_or_a_refusal(
        observed in prop::array::uniform2(prop_oneof![Just(0.0), prop::num::f64::ANY]),
        expected in prop::array::uniform2(prop_oneof![Just(1.0), prop::num::f64::ANY]),
        sigma2 in prop_oneof![Just(0.0), prop::num::f64::ANY],
        autocorrelation in prop::num::f64::ANY,
        months in prop::array::uniform2(0_u32..4),
        whole in any::<bool>(),
    ) {
        let variation = MonthVariation { sigma2, whole, autocorrelation };
        if let Ok(found) = log_change(observed, expected, months, variation) {
            prop_assert!(found.log.is_finite() && found.standard_error.is_finite());
        }
    }

    #[test]
    fn any_periods_give_a_value_or_a_refusal(observed in prop::array::uniform2(prop_oneof![Just(0.0), 0.0..1e9_f64]), list in prop::array::uniform2(prop::num::f64::ANY)) {
        let (before, after) = (composition("2019-08"), composition("2021-12"));
        let side = |at: usize, stretch| Period { observed: observed[at], list: list[at], months: 1, stretch };
        if let Ok(found) = compare_periods(side(0, &before), side(1, &after), &rates(), MONTHLY, Between::default()) {
            for number in [found.ratio, found.lower, found.upper, found.expected_ratio, found.parts.closures] {
                prop_assert!(number.is_finite(), "{:?}", found);
            }
        }
    }
}
