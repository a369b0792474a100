//! Lists of one month on made-up practices, and data that no method likes.

use proptest::prelude::*;

use super::*;

const WORST_FIFTH: ListQuestion =
    ListQuestion { share: 0.2, worst: Worst::Highest, scale: Scale::ArcsineRoot };

type Table = Vec<Vec<Option<f64>>>;

fn table<const MONTHS: usize>(rows: &[[f64; MONTHS]]) -> Table {
    rows.iter().map(|row| row.map(Some).to_vec()).collect()
}

/// Practices that miss 5% to 20% of 4,000 calls lastingly, and `noise` more or less from month to month.
fn practices(units: u32, months: u32, noise: f64) -> (Table, Table) {
    let mix = |a: u32, b: u32| {
        let mixed =
            (a.wrapping_mul(2_654_435_761) ^ b.wrapping_mul(2_246_822_519)).wrapping_mul(3_266_489_917);
        f64::from(mixed >> 8) / f64::from(1 << 24)
    };
    let missed = (0..units)
        .map(|unit| {
            (0..months)
                .map(|month| {
                    let share = 0.05 + 0.15 * mix(unit, 1_000) + noise * (mix(unit, month) - 0.5);
                    Some((4_000.0 * share).max(0.0).round())
                })
                .collect()
        })
        .collect();
    (missed, vec![vec![Some(4_000.0); months as usize]; units as usize])
}

#[test]
fn lists_are_counted_by_hand() {
    // Six practices, two on a list: 0 and 1 in the first month, 0 and 2 in the second and third.
    let missed = table(&[
        [9.0, 9.0, 9.0],
        [8.0, 2.0, 3.0],
        [1.0, 8.0, 8.0],
        [1.0, 1.0, 2.0],
        [2.0, 1.0, 1.0],
        [1.0, 2.0, 1.0],
    ]);
    let calls = table(&[[10.0; 3]; 6]);
    // By the other denominator practice 5 has few calls, and is the worst.
    let mut offered = table(&[[10.0; 3]; 6]);
    offered[5] = vec![Some(1.0), Some(2.0), Some(1.0)];
    let question = ListQuestion { share: 0.3, ..WORST_FIFTH };
    let found = assess_lists(&missed, &[&calls, &offered], question).unwrap();
    assert_eq!((found.listed, found.assessed.len(), found.ever, found.always), (2, 6, 3, 1));
    let months: Vec<_> = found.months.iter().map(|month| (month.units.clone(), month.stay_next)).collect();
    assert_eq!(months, [(vec![0, 1], Some(1)), (vec![0, 2], Some(2)), (vec![0, 2], None)]);
    // The other two months together: practice 0 has 18 of 20; 1 has 5, 11, 10, and 2 has 16, 9, 9.
    assert_eq!(found.months.iter().map(|month| month.stay_rest).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(
        found.months.iter().map(|month| month.by_denominator.clone()).collect::<Vec<_>>(),
        [[1], [1], [1]]
    );
    assert_eq!(found.stay_next, 0.75);
    assert_eq!(found.stay_rest, 0.5);
}

#[test]
fn what_differs_lastingly_stays_and_what_is_noise_does_not() {
    let question = ListQuestion { share: 0.2, ..WORST_FIFTH };
    let run = |noise: f64| {
        let (missed, calls) = practices(200, 12, noise);
        assess_lists(&missed, &[&calls], question).unwrap()
    };
    let (steady, noisy) = (run(0.02), run(0.3));
    assert!(steady.stay_next > 0.8 && noisy.stay_next < 0.4, "{} {}", steady.stay_next, noisy.stay_next);
    assert!(
        steady.always > 15 && noisy.always < 3 && noisy.ever > 120,
        "{} {} {}",
        steady.always,
        noisy.always,
        noisy.ever
    );
    assert!(steady.surely.len() > 25, "{}", steady.surely.len());
    assert!(steady.months[0].surely_alone > 10, "{}", steady.months[0].surely_alone);
    // A month of noise tells of nobody, though its list is as long.
    assert!(noisy.months.iter().all(|month| month.surely_alone == 0 && month.units.len() == 40));
}

#[test]
fn units_that_lack_a_number_are_left_out() {
    let (mut missed, mut calls) = practices(20, 3, 0.05);
    missed[2][1] = None;
    calls[4][0] = Some(0.0);
    missed[6][0] = Some(5_000.0);
    missed[8][2] = Some(f64::NAN);
    let found = assess_lists(&missed, &[&calls], WORST_FIFTH).unwrap();
    assert_eq!(found.assessed, [0, 1, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    assert_eq!(found.listed, 3);
}

#[test]
fn equal_units_are_said_to_be_tied() {
    let (missed, calls) = (table(&[[2.0, 2.0]; 10]), table(&[[10.0, 10.0]; 10]));
    let found = assess_lists(&missed, &[&calls], WORST_FIFTH).unwrap();
    assert_eq!((found.months[0].tied, found.surely.len(), found.months[0].surely_alone), (8, 0, 0));
    assert_eq!(found.months[0].units, [0, 1]);
}

#[test]
fn what_cannot_be_assessed_is_named() {
    use StabilityRefusal as R;
    let (missed, calls) = practices(10, 3, 0.1);
    let ask = |missed: &Months, tables: &[&Months], share| {
        assess_lists(missed, tables, ListQuestion { share, ..WORST_FIFTH }).unwrap_err()
    };
    assert_eq!(ask(&missed, &[], 0.2), R::NoDenominator);
    assert_eq!(ask(&missed, &[&calls[..9]], 0.2), R::Ragged { unit: 9 });
    assert_eq!(ask(&[], &[&[]], 0.2), R::TooFewMonths { months: 0 });
    assert_eq!(ask(&missed[..2], &[&calls[..2]], 0.2), R::TooFewUnits { units: 2 });
    assert_eq!(ask(&missed, &[&calls], 1.0), R::Rank(RankRefusal::NoShare));
    let one = practices(10, 1, 0.1);
    assert_eq!(ask(&one.0, &[&one.1], 0.2), R::TooFewMonths { months: 1 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_numbers_give_an_answer_or_a_refusal(
        cells in prop::collection::vec(
            (prop::option::weighted(0.95, prop_oneof![Just(0.0), 0.0..5.0_f64, Just(9.0)]), prop_oneof![20 => Just(9.0), 20 => 5.0..9.0_f64, 1 => prop::num::f64::ANY]),
            0..60,
        ),
        low in any::<bool>(),
        log in any::<bool>(),
    ) {
        let question = ListQuestion {
            share: 0.3,
            worst: if low { Worst::Lowest } else { Worst::Highest },
            scale: if log { Scale::Log } else { Scale::ArcsineRoot },
        };
        let whole = cells.chunks_exact(3);
        let missed: Vec<Vec<Option<f64>>> = whole.clone().map(|unit| unit.iter().map(|cell| cell.0).collect()).collect();
        let calls: Vec<Vec<Option<f64>>> = whole.map(|unit| unit.iter().map(|cell| Some(cell.1)).collect()).collect();
        if let Ok(found) = assess_lists(&missed, &[&calls, &missed], question) {
            prop_assert!((0.0..=1.0).contains(&found.stay_next) && (0.0..=1.0).contains(&found.stay_rest));
            prop_assert!(found.always <= found.listed && found.listed <= found.ever && found.ever <= found.assessed.len());
        }
    }
}
