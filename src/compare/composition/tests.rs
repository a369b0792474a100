//! What months are made of, held to a list made elsewhere; expected numbers, held to their sums.

use proptest::prelude::*;

use super::*;
use crate::calendar::month;

/// Month; days, weekdays, bank holidays on weekdays, working days, working days after a closure of any kind; working Mondays to Fridays. Python holidays 0.109 (GB/ENG).
const MONTHS: [(&str, [u32; 5], [u32; 5]); 132] = [
    ("2018-01", [31, 23, 1, 22, 5], [4, 5, 5, 4, 4]),
    ("2018-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2018-03", [31, 22, 1, 21, 4], [4, 4, 4, 5, 4]),
    ("2018-04", [30, 21, 1, 20, 5], [4, 4, 4, 4, 4]),
    ("2018-05", [31, 23, 2, 21, 4], [2, 5, 5, 5, 4]),
    ("2018-06", [30, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2018-07", [31, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2018-08", [31, 23, 1, 22, 4], [3, 4, 5, 5, 5]),
    ("2018-09", [30, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2018-10", [31, 23, 0, 23, 5], [5, 5, 5, 4, 4]),
    ("2018-11", [30, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2018-12", [31, 21, 2, 19, 6], [5, 3, 3, 4, 4]),
    ("2019-01", [31, 23, 1, 22, 5], [4, 4, 5, 5, 4]),
    ("2019-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2019-03", [31, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2019-04", [30, 22, 2, 20, 5], [4, 5, 4, 4, 3]),
    ("2019-05", [31, 23, 2, 21, 4], [2, 4, 5, 5, 5]),
    ("2019-06", [30, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2019-07", [31, 23, 0, 23, 5], [5, 5, 5, 4, 4]),
    ("2019-08", [31, 22, 1, 21, 4], [3, 4, 4, 5, 5]),
    ("2019-09", [30, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2019-10", [31, 23, 0, 23, 4], [4, 5, 5, 5, 4]),
    ("2019-11", [30, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2019-12", [31, 22, 2, 20, 6], [5, 5, 3, 3, 4]),
    ("2020-01", [31, 23, 1, 22, 5], [4, 4, 4, 5, 5]),
    ("2020-02", [29, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2020-03", [31, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2020-04", [30, 22, 2, 20, 4], [3, 4, 5, 5, 3]),
    ("2020-05", [31, 21, 2, 19, 4], [3, 4, 4, 4, 4]),
    ("2020-06", [30, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2020-07", [31, 23, 0, 23, 4], [4, 4, 5, 5, 5]),
    ("2020-08", [31, 21, 1, 20, 4], [4, 4, 4, 4, 4]),
    ("2020-09", [30, 22, 0, 22, 5], [4, 5, 5, 4, 4]),
    ("2020-10", [31, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2020-11", [30, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2020-12", [31, 23, 2, 21, 4], [3, 5, 5, 5, 3]),
    ("2021-01", [31, 21, 1, 20, 4], [4, 4, 4, 4, 4]),
    ("2021-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2021-03", [31, 23, 0, 23, 5], [5, 5, 5, 4, 4]),
    ("2021-04", [30, 22, 2, 20, 4], [3, 4, 4, 5, 4]),
    ("2021-05", [31, 21, 2, 19, 4], [3, 4, 4, 4, 4]),
    ("2021-06", [30, 22, 0, 22, 5], [4, 5, 5, 4, 4]),
    ("2021-07", [31, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2021-08", [31, 22, 1, 21, 5], [4, 5, 4, 4, 4]),
    ("2021-09", [30, 22, 0, 22, 4], [4, 4, 5, 5, 4]),
    ("2021-10", [31, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2021-11", [30, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2021-12", [31, 23, 2, 21, 4], [3, 3, 5, 5, 5]),
    ("2022-01", [31, 21, 1, 20, 5], [4, 4, 4, 4, 4]),
    ("2022-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2022-03", [31, 23, 0, 23, 4], [4, 5, 5, 5, 4]),
    ("2022-04", [30, 21, 2, 19, 4], [3, 4, 4, 4, 4]),
    ("2022-05", [31, 22, 1, 21, 5], [4, 5, 4, 4, 4]),
    ("2022-06", [30, 22, 2, 20, 4], [4, 4, 5, 4, 3]),
    ("2022-07", [31, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2022-08", [31, 23, 1, 22, 5], [4, 5, 5, 4, 4]),
    ("2022-09", [30, 22, 1, 21, 4], [3, 4, 4, 5, 5]),
    ("2022-10", [31, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2022-11", [30, 22, 0, 22, 4], [4, 5, 5, 4, 4]),
    ("2022-12", [31, 22, 2, 20, 4], [3, 3, 4, 5, 5]),
    ("2023-01", [31, 22, 1, 21, 5], [4, 5, 4, 4, 4]),
    ("2023-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2023-03", [31, 23, 0, 23, 4], [4, 4, 5, 5, 5]),
    ("2023-04", [30, 20, 2, 18, 4], [3, 4, 4, 4, 3]),
    ("2023-05", [31, 23, 3, 20, 5], [2, 5, 5, 4, 4]),
    ("2023-06", [30, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2023-07", [31, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2023-08", [31, 23, 1, 22, 4], [3, 5, 5, 5, 4]),
    ("2023-09", [30, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2023-10", [31, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2023-11", [30, 22, 0, 22, 4], [4, 4, 5, 5, 4]),
    ("2023-12", [31, 21, 2, 19, 4], [3, 3, 4, 4, 5]),
    ("2024-01", [31, 23, 1, 22, 5], [4, 5, 5, 4, 4]),
    ("2024-02", [29, 21, 0, 21, 4], [4, 4, 4, 5, 4]),
    ("2024-03", [31, 21, 1, 20, 4], [4, 4, 4, 4, 4]),
    ("2024-04", [30, 22, 1, 21, 5], [4, 5, 4, 4, 4]),
    ("2024-05", [31, 23, 2, 21, 4], [2, 4, 5, 5, 5]),
    ("2024-06", [30, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2024-07", [31, 23, 0, 23, 5], [5, 5, 5, 4, 4]),
    ("2024-08", [31, 22, 1, 21, 4], [3, 4, 4, 5, 5]),
    ("2024-09", [30, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2024-10", [31, 23, 0, 23, 4], [4, 5, 5, 5, 4]),
    ("2024-11", [30, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2024-12", [31, 22, 2, 20, 6], [5, 5, 3, 3, 4]),
    ("2025-01", [31, 23, 1, 22, 5], [4, 4, 4, 5, 5]),
    ("2025-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2025-03", [31, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2025-04", [30, 22, 2, 20, 4], [3, 5, 5, 4, 3]),
    ("2025-05", [31, 22, 2, 20, 4], [2, 4, 4, 5, 5]),
    ("2025-06", [30, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2025-07", [31, 23, 0, 23, 4], [4, 5, 5, 5, 4]),
    ("2025-08", [31, 21, 1, 20, 4], [3, 4, 4, 4, 5]),
    ("2025-09", [30, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2025-10", [31, 23, 0, 23, 4], [4, 4, 5, 5, 5]),
    ("2025-11", [30, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2025-12", [31, 23, 2, 21, 5], [5, 5, 5, 3, 3]),
    ("2026-01", [31, 22, 1, 21, 5], [4, 4, 4, 4, 5]),
    ("2026-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2026-03", [31, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2026-04", [30, 22, 2, 20, 4], [3, 4, 5, 5, 3]),
    ("2026-05", [31, 21, 2, 19, 4], [2, 4, 4, 4, 5]),
    ("2026-06", [30, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2026-07", [31, 23, 0, 23, 4], [4, 4, 5, 5, 5]),
    ("2026-08", [31, 21, 1, 20, 4], [4, 4, 4, 4, 4]),
    ("2026-09", [30, 22, 0, 22, 5], [4, 5, 5, 4, 4]),
    ("2026-10", [31, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2026-11", [30, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2026-12", [31, 23, 2, 21, 4], [3, 5, 5, 5, 3]),
    ("2027-01", [31, 21, 1, 20, 4], [4, 4, 4, 4, 4]),
    ("2027-02", [28, 20, 0, 20, 4], [4, 4, 4, 4, 4]),
    ("2027-03", [31, 23, 2, 21, 5], [4, 5, 5, 4, 3]),
    ("2027-04", [30, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2027-05", [31, 21, 2, 19, 4], [3, 4, 4, 4, 4]),
    ("2027-06", [30, 22, 0, 22, 5], [4, 5, 5, 4, 4]),
    ("2027-07", [31, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2027-08", [31, 22, 1, 21, 5], [4, 5, 4, 4, 4]),
    ("2027-09", [30, 22, 0, 22, 4], [4, 4, 5, 5, 4]),
    ("2027-10", [31, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2027-11", [30, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2027-12", [31, 23, 2, 21, 4], [3, 3, 5, 5, 5]),
    ("2028-01", [31, 21, 1, 20, 5], [4, 4, 4, 4, 4]),
    ("2028-02", [29, 21, 0, 21, 4], [4, 5, 4, 4, 4]),
    ("2028-03", [31, 23, 0, 23, 4], [4, 4, 5, 5, 5]),
    ("2028-04", [30, 20, 2, 18, 4], [3, 4, 4, 4, 3]),
    ("2028-05", [31, 23, 2, 21, 5], [3, 5, 5, 4, 4]),
    ("2028-06", [30, 22, 0, 22, 4], [4, 4, 4, 5, 5]),
    ("2028-07", [31, 21, 0, 21, 5], [5, 4, 4, 4, 4]),
    ("2028-08", [31, 23, 1, 22, 4], [3, 5, 5, 5, 4]),
    ("2028-09", [30, 21, 0, 21, 4], [4, 4, 4, 4, 5]),
    ("2028-10", [31, 22, 0, 22, 5], [5, 5, 4, 4, 4]),
    ("2028-11", [30, 22, 0, 22, 4], [4, 4, 5, 5, 4]),
    ("2028-12", [31, 21, 2, 19, 4], [3, 3, 4, 4, 5]),
];

fn composition(text: &str) -> Composition {
    Composition::of(Calendar::england(), month(text).unwrap()).unwrap()
}

#[test]
fn months_are_made_of_what_others_count() {
    for (text, numbers, working) in MONTHS {
        let found = composition(text);
        let ours =
            [found.days, found.weekdays, found.bank_holidays, found.working_days, found.after_any_closure];
        assert_eq!((ours, found.working), (numbers, working), "{text}");
        assert_eq!(found.classes.iter().sum::<u32>(), found.days, "{text}");
        assert_eq!(found.hours.total(), hours(text), "{text}");
    }
}

/// Whole days, but for March and October.
fn hours(text: &str) -> f64 {
    let days = month(text).unwrap().len() as f64;
    days * 24.0
        + match &text[5..] {
            "03" => -1.0,
            "10" => 1.0,
            _ => 0.0,
        }
}

#[test]
fn equal_numbers_of_working_days_are_not_like_for_like() {
    let (before, after) = (composition("2019-08"), composition("2021-08"));
    assert_eq!((before.working_days, after.working_days), (21, 21));
    assert_eq!((before.working_mondays(), after.working_mondays()), (3, 4));
}

#[test]
fn days_around_a_closure_are_of_their_own() {
    use DayClass as C;
    for (text, class) in [
        ("2026-04-01", C::Wednesday),
        ("2026-04-02", C::BeforeClosure), // Maundy Thursday
        ("2026-04-03", C::Closed),
        ("2026-04-07", C::AfterClosure),
        ("2026-04-13", C::Monday),
        ("2026-05-01", C::BeforeClosure), // Friday before a bank holiday Monday
        ("2026-05-05", C::AfterClosure),
        ("2026-05-08", C::Friday),
        ("2026-12-24", C::BeforeClosure),
        ("2026-12-29", C::AfterClosure),
        ("2026-12-30", C::Wednesday),
        ("2026-12-31", C::BeforeClosure),
        ("2027-01-04", C::AfterClosure),
        ("2026-02-07", C::Closed),
    ] {
        assert_eq!(DayClass::of(Calendar::england(), text.parse().unwrap()), class, "{text}");
    }
}

#[test]
fn what_is_expected_of_the_peers_is_what_they_had() {
    let stretch = composition("2026-05");
    let (mut events, mut exposure) = (Cells::default(), Cells::default());
    exposure.add_all(&stretch.hours, 10_000.0);
    for (class, hour, hours) in stretch.hours.iter() {
        events.add(class, hour, hours * (class as usize * 24 + hour) as f64);
    }
    let rates = Rates::new(&events, &exposure).unwrap();
    let all = rates.expected_of_list(10_000.0, &stretch).unwrap();
    assert!((all / events.total() - 1.0).abs() < 1e-12);
    assert!((rates.expected_of_list(2_500.0, &stretch).unwrap() * 4.0 / all - 1.0).abs() < 1e-12);
    assert_eq!(rates.expected_of_list(0.0, &stretch), Ok(0.0));
    let day: f64 = (0..24).map(|hour| f64::from(hour) / 10_000.0).sum();
    assert!((rates.of_day(DayClass::Monday).unwrap() - day).abs() < 1e-15);
    // November has no closure, so the peers know no days around one.
    let quiet = composition("2026-11");
    let (events, exposure) = (quiet.hours.clone(), quiet.hours.clone());
    let rates = Rates::new(&events, &exposure).unwrap();
    assert_eq!(
        rates.expected_of_list(1.0, &stretch),
        Err(CompositionRefusal::NoRate { class: DayClass::AfterClosure, hour: 0 })
    );
}

#[test]
fn what_cannot_be_known_is_named() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let england = Calendar::england();
    let of = |first: &str, end: &str| Composition::of(england, Days::new(day(first), day(end)));
    assert_eq!(of("2026-01-01", "2026-01-01"), Err(CompositionRefusal::Empty));
    assert_eq!(of("2026-01-02", "2026-01-01"), Err(CompositionRefusal::Empty));
    assert_eq!(of("2028-12-31", "2029-01-02"), Err(CompositionRefusal::NotCovered(day("2029-01-01"))));
    assert_eq!(of("2000-01-01", "2050-01-02"), Err(CompositionRefusal::TooLong));
    assert!(CompositionRefusal::NotCovered(day("2029-01-01")).to_string().contains("2029-01-01"));
}

proptest! {
    #[test]
    fn any_numbers_give_a_value_or_a_refusal(list in prop::num::f64::ANY, calls in prop::num::f64::ANY, hours in prop::num::f64::ANY) {
        let (mut events, mut exposure) = (Cells::default(), Cells::default());
        events.add(DayClass::Monday, 8, calls);
        exposure.add(DayClass::Monday, 8, hours);
        if let Ok(rates) = Rates::new(&events, &exposure) {
            let mut one = Cells::default();
            one.add(DayClass::Monday, 8, list);
            if let Ok(expected) = rates.expected(&one) {
                prop_assert!(expected.is_finite() && expected >= 0.0);
            }
        }
    }

    #[test]
    fn parts_add_up(first in 6_575..10_000_i32, split in 0..200_i32, rest in 1..200_i32) {
        let england = Calendar::england();
        // From 2018 on.
        let first = Day::from_number(first + 11_000);
        let of = |from: i32, end: i32| Composition::of(england, Days::new(first.plus(from), first.plus(end)));
        if let (Ok(a), Ok(b), Ok(all)) = (of(0, split), of(split, split + rest), of(0, split + rest)) {
            prop_assert_eq!(a.working_days + b.working_days, all.working_days);
            prop_assert_eq!(a.bank_holidays + b.bank_holidays, all.bank_holidays);
            prop_assert_eq!(a.hours.total() + b.hours.total(), all.hours.total());
        }
    }
}
