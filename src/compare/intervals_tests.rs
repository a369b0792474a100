//! Intervals held to PHEindicatormethods 2.1.0, and what they do with numbers that make no sense.

use proptest::prelude::*;

use super::*;

fn close(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

fn assert_close(got: f64, expected: f64, what: &str) {
    assert!(close(got, expected), "{what}: {got}, expected {expected}");
}

/// `phe_proportion` of PHEindicatormethods 2.1.0: numerator, denominator, then lower and upper limits at 95% and at 99.8%.
const PROPORTIONS: [[f64; 6]; 16] = [
    [0.0, 10.0, 0.0, 0.277532799862889, 0.0, 0.488478900453462],
    [1.0, 10.0, 0.0178762130950729, 0.404150026795238, 0.00878911282454992, 0.58199400753822],
    [5.0, 10.0, 0.236593090512564, 0.763406909487436, 0.150543672094258, 0.849456327905742],
    [10.0, 10.0, 0.722467200137111, 1.0, 0.511521099546538, 1.0],
    [0.0, 1.0, 0.0, 0.793450685622763, 0.0, 0.905209098498679],
    [1.0, 1.0, 0.206549314377238, 1.0, 0.0947909015013205, 1.0],
    [3.0, 3.0, 0.438502968244955, 1.0, 0.239052668581658, 1.0],
    [65.0, 100.0, 0.55254443296888, 0.736357517569025, 0.495494657407045, 0.778354061408968],
    [1045.0, 5000.0, 0.197955498800133, 0.22049130373189, 0.191793817990153, 0.227315629025258],
    [99.0, 100.0, 0.945513803821295, 0.998232567935859, 0.895445547162943, 0.9991269343027],
    [100.0, 100.0, 0.963006501793014, 1.0, 0.912829062720044, 1.0],
    [50.0, 100.0, 0.403831530365996, 0.596168469634004, 0.352376376145317, 0.647623623854683],
    [2499.0, 2500.0, 0.997737614631026, 0.999929386688041, 0.995432663452571, 0.999965101946455],
    [2500.0, 2500.0, 0.998465773938217, 1.0, 0.996194721175967, 1.0],
    [0.445, 1.0, 0.0438174477205882, 0.933462127697916, 0.0193470061329014, 0.970225994701953],
    [85000.0, 100000.0, 0.847773446147292, 0.8521996646739, 0.846477222808952, 0.85345593682405],
];

/// The same at 90%, in percent.
const PROPORTIONS_90: [[f64; 4]; 16] = [
    [0.0, 10.0, 0.0, 21.2941970083407],
    [1.0, 10.0, 2.26349087308672, 34.7718667335858],
    [5.0, 10.0, 26.9271821138267, 73.0728178861733],
    [10.0, 10.0, 78.7058029916593, 100.0],
    [0.0, 1.0, 0.0, 73.0134051215946],
    [1.0, 1.0, 26.9865948784054, 100.0],
    [3.0, 3.0, 52.5804425842487, 100.0],
    [65.0, 100.0, 56.8533544283474, 72.3563639481574],
    [1045.0, 5000.0, 19.9700531467427, 21.8614223473995],
    [99.0, 100.0, 95.6418226465944, 99.7765907166545],
    [100.0, 100.0, 97.3657279216826, 100.0],
    [50.0, 100.0, 41.884779611253, 58.115220388747],
    [2499.0, 2500.0, 99.8209059331789, 99.991075805288],
    [2500.0, 2500.0, 99.8918952546706, 100.0],
    [0.445, 1.0, 5.86160830328611, 91.1698662600893],
    [85000.0, 100000.0, 84.8133230597907, 85.1847831110298],
];

/// `byars_lower` and `byars_upper` of PHEindicatormethods 2.1.0: count, limits at 95% and at 99.8%; none where the package says NA.
const BYAR: [(f64, [f64; 2], Option<f64>, f64); 10] = [
    (1.0, [0.0130721329015044, 5.56375558247526], None, 9.36218021790836),
    (2.0, [0.224625211349983, 7.22086900085779], Some(0.0201749111618783), 11.3384760626086),
    (3.0, [0.60297257097023, 8.76536439674634], Some(0.14980992946918), 13.1589582141228),
    (5.0, [1.61134771574719, 11.6681641233986], Some(0.691395797501298), 16.5349733877707),
    (9.0, [4.10688502401313, 17.0857806885367], Some(2.40711671270104), 22.7200147670651),
    (10.0, [4.78744991396756, 18.3914586057565], Some(2.91631837469569), 24.1937249278805),
    (20.0, [12.2114288348759, 30.8898803691971], Some(8.92280236514419), 38.0850356250419),
    (65.0, [50.1631877104595, 82.8491385459398], Some(42.8802614714802), 94.000290844318),
    (1045.0, [982.593201807333, 1110.33121298565], Some(947.940703561037), 1148.80616098803),
    (100000.0, [99381.1526150837, 100621.744787662], Some(99025.6312987235), 100981.073271482),
];

/// `phe_rate` of PHEindicatormethods 2.1.0 per 1,000: count, population, rate, limits at 95% and at 99.8%.
const RATES: [[f64; 7]; 20] = [
    [0.0, 1000.0, 0.0, 0.0, 3.68887945411394, 0.0, 6.90775527898214],
    [1.0, 25000.0, 0.04, 0.0010127123193716, 0.222865735637556, 4.00200133433414e-05, 0.369336539058063],
    [
        2.0,
        8123.5,
        0.246199298332,
        0.029815877213512,
        0.889356517230745,
        0.00558897245885266,
        1.38227023357083,
    ],
    [
        3.0,
        60000000.0,
        5e-05,
        1.031120204826e-05,
        0.000146121217829039,
        3.17555629280672e-06,
        0.000217704012986468,
    ],
    [5.0, 1000.0, 5.0, 1.62348639011842, 11.6683320793227, 0.739371731917833, 16.4547452036801],
    [8.0, 25000.0, 0.32, 0.13815328706994, 0.630527568807733, 0.0788325568696147, 0.846247926633599],
    [9.0, 8123.5, 1.107896842494, 0.506600984474467, 2.10313331093976, 0.301892583783317, 2.78911470536874],
    [
        10.0,
        60000000.0,
        0.000166666666666667,
        7.97908318994594e-05,
        0.000306524310095941,
        4.86053062449281e-05,
        0.000403228748798009,
    ],
    [11.0, 1000.0, 11.0, 5.48369019844997, 19.6832371161464, 3.44837023840088, 25.6465205165574],
    [15.0, 25000.0, 0.6, 0.335570560528562, 0.98966525372957, 0.230190383042924, 1.25172553659401],
    [20.0, 8123.5, 2.46199298332, 1.5032226053888, 3.80253343622786, 1.0983938407268, 4.68825452391727],
    [
        30.0,
        60000000.0,
        0.0005,
        0.000337282318221107,
        0.000713806199033312,
        0.00026398309033155,
        0.000851975020616178,
    ],
    [50.0, 1000.0, 50.0, 37.1081004090342, 65.9201566939577, 30.9347084397531, 75.9693005901441],
    [65.0, 25000.0, 2.6, 2.00652750841838, 3.31396554183759, 1.71521045885921, 3.76001163377272],
    [100.0, 8123.5, 12.3099649166, 10.0156466412911, 14.9723564447845, 8.85131924325702, 16.611512496124],
    [
        250.0,
        60000000.0,
        0.00416666666666667,
        0.00366611473746206,
        0.00471647531206712,
        0.00339936686996095,
        0.0050472120497874,
    ],
    [1000.0, 1000.0, 1000.0, 938.97249871549, 1063.95258127149, 905.114954595967, 1101.63294512278],
    [1045.0, 25000.0, 41.8, 39.3037280722933, 44.413248519426, 37.9176281424415, 45.9522464395213],
    [10000.0, 8123.5, 1230.99649166, 1206.98618955503, 1255.36428554645, 1193.30615133423, 1269.51345569674],
    [123456.0, 60000000.0, 2.0576, 2.0461381442459, 2.06911014064174, 2.03955092011568, 2.07576081459797],
];

#[test]
fn wilson_limits_are_those_of_phe_proportion() {
    for [x, n, lower_95, upper_95, lower_998, upper_998] in PROPORTIONS {
        for (confidence, lower, upper) in
            [(Confidence::P95, lower_95, upper_95), (Confidence::P998, lower_998, upper_998)]
        {
            let got = wilson(x, n, confidence).unwrap();
            assert_close(got.value, x / n, "value");
            assert_close(got.lower, lower, &format!("lower of {x} in {n}"));
            assert_close(got.upper, upper, &format!("upper of {x} in {n}"));
        }
    }
    let ninety = Confidence::new(0.9).unwrap();
    for [x, n, lower, upper] in PROPORTIONS_90 {
        let got = wilson(x, n, ninety).unwrap().times(100.0).unwrap();
        assert_close(got.lower, lower, &format!("lower of {x} in {n}"));
        assert_close(got.upper, upper, &format!("upper of {x} in {n}"));
    }
}

#[test]
fn byar_limits_are_those_of_byars_lower_and_upper() {
    for (x, [lower_95, upper_95], lower_998, upper_998) in BYAR {
        let got = byar(x, Confidence::P95).unwrap();
        assert_close(got.lower, lower_95, &format!("lower of {x}"));
        assert_close(got.upper, upper_95, &format!("upper of {x}"));
        match (byar(x, Confidence::P998), lower_998) {
            (Ok(got), Some(lower)) => {
                assert_close(got.lower, lower, &format!("lower of {x}"));
                assert_close(got.upper, upper_998, &format!("upper of {x}"));
            }
            (refused, None) => {
                assert_eq!(refused, Err(Undefined::ApproximationFails("the lower limit of a count")));
            }
            other => panic!("{x}: {other:?}"),
        }
    }
}

#[test]
fn rates_are_exact_below_10_and_byars_from_10_on() {
    for [x, n, value, lower_95, upper_95, lower_998, upper_998] in RATES {
        for (confidence, lower, upper) in
            [(Confidence::P95, lower_95, upper_95), (Confidence::P998, lower_998, upper_998)]
        {
            let got = rate_interval(x, n, confidence).unwrap().times(1_000.0).unwrap();
            for (got, expected) in [(got.value, value), (got.lower, lower), (got.upper, upper)] {
                assert!((got - expected).abs() <= 1e-9 * expected, "{got} for {expected}: {x} in {n}");
            }
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let c = Confidence::P95;
    assert_eq!(wilson(0.0, 0.0, c), Err(Undefined::ZeroDenominator("the denominator")));
    assert_eq!(
        wilson(5.0, 4.0, c),
        Err(Undefined::NumeratorOverDenominator { numerator: 5.0, denominator: 4.0 })
    );
    assert_eq!(wilson(-1.0, 4.0, c), Err(Undefined::Negative("the numerator")));
    assert_eq!(wilson(1.0, f64::INFINITY, c), Err(Undefined::NotFinite("the denominator")));
    assert_eq!(rate_interval(0.0, 0.0, c), Err(Undefined::ZeroDenominator("the denominator")));
    assert_eq!(rate_interval(f64::NAN, 4.0, c), Err(Undefined::NotFinite("the count")));
    assert!(byar(0.0, c).is_err());
    for share in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
        assert!(Confidence::new(share).is_err(), "{share}");
    }
}

#[test]
fn z_has_all_its_digits() {
    assert_close(Confidence::P95.z(), 1.959963984540054, "95%");
    assert_close(Confidence::P998.z(), 3.090_232_306_167_813, "99.8%");
}

proptest! {
    #[test]
    fn an_interval_holds_its_value_or_is_refused(x in any::<f64>(), n in any::<f64>(), share in 0.01..0.999_999f64) {
        let confidence = Confidence::new(share).unwrap();
        let answers = [wilson(x, n, confidence), wilson(x.abs() % 50.0, n.abs() % 1e6, confidence), byar(x, confidence), exact_poisson(x.abs() % 1e4, confidence),
            poisson_interval(x, confidence), rate_interval(x, n, confidence), rate_interval(n.abs() % 20.0, x, confidence)];
        for Interval { value, lower, upper } in answers.into_iter().flatten() {
            prop_assert!(value.is_finite() && lower.is_finite() && upper.is_finite() && lower >= 0.0);
            prop_assert!(lower <= value * (1.0 + 1e-12) && value <= upper * (1.0 + 1e-12), "{lower} {value} {upper}");
        }
    }
}
