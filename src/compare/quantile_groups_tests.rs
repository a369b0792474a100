//! Bands held to `phe_quantile` of PHEindicatormethods 2.1.0.

use proptest::prelude::*;

use super::*;

/// Value, then its fifth, tenth and third: each with band 1 the highest, then the lowest. 0 where the package says NA.
const VALUES: [(Option<f64>, [u32; 6]); 13] = [
    (Some(3.2), [4, 1, 8, 2, 3, 1]),
    (Some(7.1), [2, 3, 3, 6, 1, 2]),
    (Some(7.1), [2, 3, 3, 6, 1, 2]),
    (Some(5.5), [3, 3, 6, 5, 2, 2]),
    (Some(9.9), [1, 5, 1, 10, 1, 3]),
    (Some(1.2), [5, 1, 10, 1, 3, 1]),
    (None, [0, 0, 0, 0, 0, 0]),
    (Some(4.4), [4, 2, 7, 3, 3, 1]),
    (Some(8.8), [1, 5, 1, 9, 1, 3]),
    (Some(6.0), [3, 3, 5, 6, 2, 2]),
    (Some(2.2), [5, 1, 9, 1, 3, 1]),
    (Some(7.7), [1, 4, 2, 8, 1, 3]),
    (Some(5.0), [3, 2, 6, 4, 2, 2]),
];

#[test]
fn bands_are_those_of_phe_quantile() {
    let values: Vec<Option<f64>> = VALUES.iter().map(|(value, _)| *value).collect();
    for (column, (bands, first)) in [
        (5, FirstBand::Highest),
        (5, FirstBand::Lowest),
        (10, FirstBand::Highest),
        (10, FirstBand::Lowest),
        (3, FirstBand::Highest),
        (3, FirstBand::Lowest),
    ]
    .into_iter()
    .enumerate()
    {
        let got: Vec<u32> = quantile_groups(&values, bands, first)
            .unwrap()
            .into_iter()
            .map(Option::unwrap_or_default)
            .collect();
        let expected: Vec<u32> = VALUES.iter().map(|(_, all)| all[column]).collect();
        assert_eq!(got, expected, "{bands} bands, 1 is {first:?}");
    }
}

#[test]
fn fewer_values_than_bands_are_refused() {
    let values = [Some(1.0), None, Some(2.0)];
    assert_eq!(
        quantile_groups(&values, 5, FirstBand::Highest),
        Err(Undefined::TooFew { what: "values", given: 2, needed: 5 })
    );
    assert!(quantile_groups(&values, 0, FirstBand::Highest).is_err());
    assert!(quantile_groups(&[Some(f64::NAN), Some(1.0)], 2, FirstBand::Lowest).is_err());
}

#[test]
fn equal_values_share_a_band() {
    let bands =
        quantile_groups(&[Some(0.0), Some(-0.0), Some(0.0), Some(0.0), Some(0.0)], 5, FirstBand::Highest)
            .unwrap();
    assert_eq!(bands, vec![Some(1); 5]);
}

proptest! {
    #[test]
    fn bands_follow_the_values(values in prop::collection::vec(prop::option::of(any::<f64>()), 0..40), bands in 0u32..12) {
        for first in [FirstBand::Highest, FirstBand::Lowest] {
            let Ok(got) = quantile_groups(&values, bands, first) else { continue };
            for (value, band) in values.iter().zip(&got) {
                prop_assert_eq!(value.is_some(), band.is_some());
                prop_assert!(band.is_none_or(|band| (1..=bands).contains(&band)));
                for (other, its) in values.iter().zip(&got) {
                    if value < other && value.is_some() {
                        let (low, high) = if first == FirstBand::Lowest { (band, its) } else { (its, band) };
                        prop_assert!(low <= high);
                    }
                }
            }
        }
    }
}
