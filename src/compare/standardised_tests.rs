//! Standardised ratios and rates held to PHEindicatormethods 2.1.0 (`calculate_ISRatio`, `calculate_ISRate`).

use proptest::prelude::*;

use super::*;

/// Events and population of the reference, stratum by stratum.
const REFERENCE: [(f64, f64); 5] = [
    (41000.0, 1000000.0),
    (52000.0, 1200000.0),
    (38000.0, 900000.0),
    (60000.0, 1100000.0),
    (71000.0, 800000.0),
];

/// An area: its events and population by stratum, the expected count, and value and limits (95%, 99.8%) of its ratio and of its rate per 1,000.
struct Area {
    events: [f64; 5],
    population: [f64; 5],
    expected: f64,
    ratio: [f64; 5],
    rate: [f64; 5],
}

const AREAS: [Area; 6] = [
    Area {
        events: [9.0, 11.0, 2.0, 10.0, 17.0],
        population: [3676.0, 3761.0, 1287.0, 3356.0, 2639.0],
        expected: 785.298462121212,
        ratio: [
            0.0623966585489591,
            0.0461576997805993,
            0.0824934695917085,
            0.038397641227152,
            0.0951896871831813,
        ],
        rate: [3.26958490796546, 2.41866346850341, 4.32265780660552, 2.01203640030276, 4.9879396083987],
    },
    Area {
        events: [1.0, 0.0, 2.0, 2.0, 9.0],
        population: [2173.0, 2999.0, 712.0, 2697.0, 2879.0],
        expected: 651.73222979798,
        ratio: [
            0.0214812147687397,
            0.0117341606726422,
            0.0360439406009677,
            0.00791018930121169,
            0.0458818781775487,
        ],
        rate: [1.12561565388196, 0.614870019246451, 1.88870248749071, 0.414493919383493, 2.40421041650355],
    },
    Area {
        events: [73.0, 120.0, 121.0, 56.0, 146.0],
        population: [1939.0, 2933.0, 3752.0, 1171.0, 1957.0],
        expected: 602.569921717172,
        ratio: [
            0.856332155660094,
            0.784028549254032,
            0.933509927442407,
            0.744535602627008,
            0.979358001408012,
        ],
        rate: [44.871804956589, 41.0830959809113, 48.9159201979822, 39.0136655776552, 51.3183592737798],
    },
    Area {
        events: [142.0, 175.0, 30.0, 120.0, 197.0],
        population: [3772.0, 3917.0, 646.0, 2005.0, 2329.0],
        expected: 667.726608585859,
        ratio: [0.99441896048781, 0.920209449455421, 1.07301950525882, 0.879407644639731, 1.11955218108615],
        rate: [52.1075535295612, 48.2189751514641, 56.2262220755619, 46.0809605791219, 58.6645342889142],
    },
    Area {
        events: [183.0, 35.0, 225.0, 264.0, 60.0],
        population: [3635.0, 727.0, 3958.0, 3797.0, 513.0],
        expected: 600.29172979798,
        ratio: [1.27771208885074, 1.18887516734449, 1.37142898578641, 1.1398649532545, 1.42681146759183],
        rate: [66.9521134557787, 62.2970587688514, 71.8628788552078, 59.7289235505359, 74.7649209018121],
    },
    Area {
        events: [86.0, 75.0, 140.0, 110.0, 291.0],
        population: [2154.0, 1683.0, 3642.0, 1898.0, 3377.0],
        expected: 718.253356060606,
        ratio: [0.977370998793865, 0.906397597038142, 1.05242511150717, 0.867322756650027, 1.09682688783376],
        rate: [51.2142403367985, 47.4952340847987, 55.1470758429759, 45.4477124484614, 57.4737289224889],
    },
];

fn strata(population: &[f64; 5]) -> Vec<Stratum> {
    population
        .iter()
        .zip(REFERENCE)
        .map(|(population, (reference_events, reference_population))| Stratum {
            population: *population,
            reference_events,
            reference_population,
        })
        .collect()
}

fn assert_close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got}, expected {expected}");
}

#[test]
fn ratios_and_rates_are_those_of_phe() {
    for area in AREAS {
        let strata = strata(&area.population);
        let observed: f64 = area.events.iter().sum();
        let expected = expected(&strata).unwrap();
        assert_close(expected, area.expected);
        for (confidence, at) in [(Confidence::P95, 1), (Confidence::P998, 3)] {
            let ratio = standardised_ratio(observed, expected, confidence).unwrap().ratio;
            let rate = standardised_rate(observed, &strata, 1_000.0, confidence).unwrap();
            for (got, figures) in [(ratio, area.ratio), (rate, area.rate)] {
                assert_close(got.value, figures[0]);
                assert_close(got.lower, figures[at]);
                assert_close(got.upper, figures[at + 1]);
            }
        }
    }
}

#[test]
fn nothing_to_expect_is_refused() {
    let confidence = Confidence::P95;
    assert_eq!(expected(&[]), Err(Undefined::TooFew { what: "strata", given: 0, needed: 1 }));
    let empty = Stratum { population: 1.0, reference_events: 0.0, reference_population: 0.0 };
    assert_eq!(expected(&[empty]), Err(Undefined::ZeroDenominator("the population of the reference")));
    for (observed, expected) in [
        (0.0, 0.0),
        (1.0, 0.0),
        (1.0, f64::INFINITY),
        (1.0, f64::NAN),
        (f64::NAN, 1.0),
        (-1.0, 1.0),
        (1.0, -1.0),
    ] {
        assert!(standardised_ratio(observed, expected, confidence).is_err(), "{observed} of {expected}");
    }
    assert_eq!(standardised_ratio(0.0, 2.0, confidence).unwrap().ratio.lower, 0.0);
}

proptest! {
    #[test]
    fn a_ratio_is_a_number_or_a_refusal(numbers in prop::collection::vec(any::<f64>(), 5)) {
        let stratum = Stratum { population: numbers[0], reference_events: numbers[1], reference_population: numbers[2] };
        for stratum in [stratum, Stratum { population: 3.0, ..stratum }, Stratum { reference_population: 1e3, reference_events: 2.0, ..stratum }] {
            for answer in [expected(&[stratum, stratum]), reference_rate(&[stratum])].into_iter().flatten() {
                prop_assert!(answer.is_finite());
            }
            let rate = standardised_rate(numbers[3].abs() % 1e6, &[stratum], numbers[4], Confidence::P95);
            let ratio = standardised_ratio(numbers[3], numbers[4], Confidence::P95).map(|ratio| ratio.ratio);
            for Interval { value, lower, upper } in [rate, ratio].into_iter().flatten() {
                prop_assert!(value.is_finite() && lower.is_finite() && upper.is_finite());
            }
        }
    }
}
