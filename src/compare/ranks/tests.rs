//! Ranks held to numbers computed elsewhere, to their laws, and to data that no method likes.

use proptest::prelude::*;

use super::exact::among_worst_on;
use super::*;

/// x, n; P(among the 1, 2, 3 highest); expected rank, highest first; PCER; P(among the 3 highest) by threshold; 2.5%, 50% and 97.5% of ranks.
type Row = (u32, u32, [f64; 3], f64, f64, f64, [usize; 3]);

/// Twelve beta posteriors (a prior of greatest likelihood): 4,000 Gauss-Legendre points times a Poisson-binomial sum, numpy 2.4.6 and scipy 1.17.1; 12 significant digits.
/// Quantiles of ranks: 400,000 draws.
const BETA_12: [Row; 12] = [
    (
        30,
        400,
        [8.57243109227e-12, 8.67279203922e-10, 8.18932786233e-07],
        8.75867511669,
        31.1777073609,
        4.02177413043e-07,
        [7, 9, 11],
    ),
    (
        120,
        1200,
        [8.84535274901e-17, 1.13532538305e-11, 2.26642395441e-07],
        7.05611623482,
        45.3656980431,
        4.1776641588e-09,
        [6, 7, 8],
    ),
    (
        45,
        900,
        [1.55939866495e-32, 2.14532769221e-25, 6.47185527664e-20],
        11.1818024852,
        10.9849792901,
        9.06598277481e-24,
        [10, 11, 12],
    ),
    (
        300,
        2500,
        [7.06762520369e-17, 5.76688046341e-10, 2.30818710634e-05],
        5.90766791438,
        54.9361007135,
        7.12865284915e-08,
        [5, 6, 7],
    ),
    (
        9,
        40,
        [0.276510884715, 0.369615393399, 0.66944367598],
        3.04289626948,
        78.8091977543,
        0.648338349119,
        [1, 3, 7],
    ),
    (
        210,
        1500,
        [1.24311777983e-07, 5.52810329694e-05, 0.0343551845646],
        4.71054016538,
        64.9121652885,
        0.0299062859828,
        [3, 5, 6],
    ),
    (
        75,
        1000,
        [2.16834223448e-23, 2.36232183228e-17, 1.79608103118e-12],
        8.86850593465,
        30.2624505446,
        3.61742582414e-15,
        [8, 9, 11],
    ),
    (
        160,
        800,
        [0.445563554076, 0.838813113147, 0.998720336763],
        1.71694565557,
        89.8587862036,
        0.998932717757,
        [1, 2, 3],
    ),
    (
        400,
        2600,
        [1.7942422372e-06, 0.000846065858816, 0.297475923486],
        3.78263681689,
        72.6446931926,
        0.322820812528,
        [3, 4, 5],
    ),
    (
        22,
        350,
        [1.01458398976e-12, 9.15461339272e-11, 8.7176895816e-08],
        9.74549730178,
        22.9541891519,
        4.15977452356e-08,
        [8, 10, 12],
    ),
    (
        5,
        150,
        [1.50972245649e-09, 1.28690141421e-08, 1.11050046331e-06],
        11.2972894191,
        10.0225881739,
        1.34732404553e-06,
        [8, 12, 12],
    ),
    (
        600,
        3100,
        [0.277923641135, 0.790670132145, 0.99997955408],
        1.93142668601,
        88.0714442833,
        0.999999968051,
        [1, 2, 3],
    ),
];

const PRIOR: (f64, f64) = (3.866_137_873_294_77, 29.260_697_877_133_7);

fn twelve() -> Vec<Posterior> {
    BETA_12
        .iter()
        .map(|&(x, n, ..)| Posterior::Beta {
            alpha: PRIOR.0 + f64::from(x),
            beta: PRIOR.1 + f64::from(n) - f64::from(x),
        })
        .collect()
}

fn assert_close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() <= 1e-9 * theirs.abs() + 1e-30, "{what}: {ours:e}, not {theirs:e}");
}

/// Made-up posteriors, the same in every run: true values of deviation 1, uncertain by 0.3 to 0.9.
pub(super) fn made_up(units: usize) -> Vec<Posterior> {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    (0..units)
        .map(|_| Posterior::Normal {
            mean: crate::compare::distributions::normal_quantile(next()).expect("is a probability"),
            sd: 0.3 + 0.6 * next() * next(),
        })
        .collect()
}

fn total(values: &[f64]) -> f64 {
    values.iter().sum()
}

#[test]
fn twelve_units_are_as_others_compute_them() {
    let units = twelve();
    for k in 1..=3 {
        let ours = probability_among_worst(&units, Worst::Highest, k).unwrap();
        assert_eq!(ours.method, RankMethod::Exact);
        for (p, row) in ours.probability.iter().zip(&BETA_12) {
            assert_close(*p, row.2[k - 1], &format!("{}/{} among {k}", row.0, row.1));
        }
    }
    let ours = probability_among_worst_threshold(&units, Worst::Highest, 3).unwrap();
    for (p, row) in ours.probability.iter().zip(&BETA_12) {
        assert_close(*p, row.5, &format!("{}/{} by threshold", row.0, row.1));
    }
    let ours = expected_ranks(&units, Worst::Highest).unwrap();
    assert_eq!(ours.intervals, IntervalMethod::Exact);
    for (rank, row) in ours.ranks.iter().zip(&BETA_12) {
        assert_close(rank.expected, row.3, "expected rank");
        assert_close(rank.percentile, row.4, "PCER");
        assert_eq!([rank.lower, rank.median, rank.upper], row.6, "{}/{}", row.0, row.1);
    }
}

#[test]
fn the_highest_raw_rate_need_not_be_the_surest() {
    let ours = probability_among_worst(&twelve(), Worst::Highest, 3).unwrap();
    // 9 of 40 is 22.5%, 600 of 3,100 is 19.4%.
    assert_eq!((ours.bands()[4], ours.bands()[11]), (RankBand::CannotBeTold, RankBand::Surely));
}

#[test]
fn turning_the_scale_round_turns_the_ranks_round() {
    let units = twelve();
    let turned: Vec<Posterior> = units
        .iter()
        .map(|unit| match *unit {
            Posterior::Beta { alpha, beta } => Posterior::Beta { alpha: beta, beta: alpha },
            other => other,
        })
        .collect();
    let high = probability_among_worst(&units, Worst::Highest, 4).unwrap();
    let low = probability_among_worst(&turned, Worst::Lowest, 4).unwrap();
    let best = probability_among_worst(&units, Worst::Lowest, 8).unwrap();
    for unit in 0..12 {
        assert!((high.probability[unit] - low.probability[unit]).abs() < 1e-12);
        assert!((high.probability[unit] - (1.0 - best.probability[unit])).abs() < 1e-9);
    }
    let high = expected_ranks(&units, Worst::Highest).unwrap();
    let low = expected_ranks(&units, Worst::Lowest).unwrap();
    for unit in 0..12 {
        assert!((high.ranks[unit].expected + low.ranks[unit].expected - 13.0).abs() < 1e-9);
    }
}

#[test]
fn normal_ranks_are_the_sum_over_pairs() {
    let units = made_up(150);
    let ours = expected_ranks(&units, Worst::Lowest).unwrap();
    assert_eq!(ours.intervals, IntervalMethod::NormalCounts);
    for (i, rank) in ours.ranks.iter().enumerate() {
        let mut sum = 1.0;
        for (j, other) in units.iter().enumerate().filter(|&(j, _)| j != i) {
            let (Posterior::Normal { mean: mi, sd: si }, Posterior::Normal { mean: mj, sd: sj }) =
                (units[i], *other)
            else {
                panic!("unit {j} is normal")
            };
            sum += crate::compare::normal::cdf((mi - mj) / si.hypot(sj));
        }
        assert!((rank.expected - sum).abs() < ours.error, "{i}: {} and {sum}", rank.expected);
        assert!(rank.lower <= rank.median && rank.median <= rank.upper);
    }
}

#[test]
fn both_kinds_of_intervals_agree_to_a_rank_or_so() {
    let hundred = made_up(100);
    let curves = posterior::curves(&hundred, Worst::Highest).unwrap();
    let exact = expected_ranks(&hundred, Worst::Highest).unwrap();
    for (unit, approximate) in expected::approximate_quantiles(&curves).iter().enumerate() {
        let rank = exact.ranks[unit];
        for (a, b) in [rank.lower, rank.median, rank.upper].into_iter().zip(*approximate) {
            assert!(a.abs_diff(b) <= 1, "{unit}: {rank:?} and {approximate:?}");
        }
    }
}

#[test]
fn the_exact_method_has_converged() {
    for (units, k) in [(12, 3), (60, 1), (500, 100)] {
        let curves = posterior::curves(&made_up(units), Worst::Highest).unwrap();
        let (wide, narrow) = (exact::among_worst(&curves, k), among_worst_on(&curves, k, 1.5));
        let worst = wide.iter().zip(&narrow).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-10, "{units}: {worst:e}");
        assert!((total(&wide) - k as f64).abs() < 1e-8, "{units}: {}", total(&wide) - k as f64);
    }
}

#[test]
fn the_threshold_method_errs_as_little_as_it_says() {
    for (units, k, error) in [(12, 3, 0.06), (50, 10, 0.02), (500, 100, 0.003)] {
        let units = made_up(units);
        let exact = probability_among_worst_exact(&units, Worst::Highest, k).unwrap();
        let threshold = probability_among_worst_threshold(&units, Worst::Highest, k).unwrap();
        let worst = exact
            .probability
            .iter()
            .zip(&threshold.probability)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(worst < error, "{}: {worst}", units.len());
    }
}

#[test]
fn equal_and_certain_units_share_what_there_is() {
    for sd in [0.0, 0.2] {
        let equal = vec![Posterior::Normal { mean: 1.0, sd }; 10];
        let ours = probability_among_worst(&equal, Worst::Highest, 2).unwrap();
        assert!(ours.probability.iter().all(|p| (p - 0.2).abs() < 1e-9), "{ours:?}");
        let ranks = expected_ranks(&equal, Worst::Highest).unwrap();
        assert!(ranks.ranks.iter().all(|rank| (rank.expected - 5.5).abs() < 1e-9), "{ranks:?}");
    }
    let certain: Vec<Posterior> =
        [3.0, 1.0, 2.0, 2.0].map(|mean| Posterior::Normal { mean, sd: 0.0 }).to_vec();
    let ours = probability_among_worst(&certain, Worst::Highest, 2).unwrap();
    for (p, expected) in ours.probability.iter().zip([1.0, 0.0, 0.5, 0.5]) {
        assert!((p - expected).abs() < 1e-9, "{ours:?}");
    }
    let ranks = expected_ranks(&certain, Worst::Highest).unwrap();
    for (rank, expected) in ranks.ranks.iter().zip([1.0, 4.0, 2.5, 2.5]) {
        assert!((rank.expected - expected).abs() < 1e-9, "{ranks:?}");
    }
}

#[test]
fn what_is_no_posterior_is_named() {
    let good = Posterior::Normal { mean: 0.0, sd: 1.0 };
    assert_eq!(expected_ranks(&[], Worst::Highest), Err(RankRefusal::NoUnits));
    for bad in [
        Posterior::Normal { mean: f64::NAN, sd: 1.0 },
        Posterior::Normal { mean: 0.0, sd: f64::INFINITY },
        Posterior::Normal { mean: 0.0, sd: -1.0 },
    ] {
        let refusal = RankRefusal::Undefined { unit: 1 };
        assert_eq!(expected_ranks(&[good, bad], Worst::Lowest), Err(refusal));
        assert_eq!(probability_among_worst(&[good, bad], Worst::Lowest, 1), Err(refusal));
    }
    let beta = Posterior::Beta { alpha: 1.0, beta: 1.0 };
    assert_eq!(expected_ranks(&[good, beta], Worst::Lowest), Err(RankRefusal::Mixed { unit: 1 }));
    let many = vec![good; 501];
    assert_eq!(
        probability_among_worst_exact(&many, Worst::Highest, 1),
        Err(RankRefusal::TooManyForExact { units: 501 })
    );
    let method = probability_among_worst(&many, Worst::Highest, 1).unwrap().method;
    assert!(matches!(method, RankMethod::Threshold { .. }));
    for bad in [0.0, 1.0, f64::NAN, -0.2] {
        assert_eq!(worst_of(bad, 10), Err(RankRefusal::NoShare));
    }
    assert_eq!(
        (worst_of(0.2, 4_317), worst_of(0.2, 1), worst_of(0.2, 0)),
        (Ok(863), Ok(1), Err(RankRefusal::NoUnits))
    );
}

fn any_posteriors() -> impl Strategy<Value = Vec<Posterior>> {
    let normal = (-3.0..3.0_f64, prop_oneof![Just(0.0), 1e-12..1e-6_f64, 0.01..2.0_f64, Just(50.0)])
        .prop_map(|(mean, sd)| Posterior::Normal { mean: (mean * 4.0).round() / 4.0, sd });
    let beta = (0.1..300.0_f64, 0.1..300.0_f64).prop_map(|(alpha, beta)| Posterior::Beta { alpha, beta });
    let gamma = (0.1..300.0_f64, 0.01..300.0_f64).prop_map(|(shape, rate)| Posterior::Gamma { shape, rate });
    prop_oneof![
        prop::collection::vec(normal, 1..14),
        prop::collection::vec(beta, 1..6),
        prop::collection::vec(gamma, 1..6)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chances_sum_to_k_and_ranks_to_their_sum(units in any_posteriors(), k in 0_usize..16, low in any::<bool>()) {
        let worst = if low { Worst::Lowest } else { Worst::Highest };
        let n = units.len() as f64;
        let exact = probability_among_worst_exact(&units, worst, k).unwrap();
        prop_assert!(exact.probability.iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert!((total(&exact.probability) - exact.worst as f64).abs() < 1e-7, "{:?}", exact);
        let threshold = probability_among_worst_threshold(&units, worst, k).unwrap();
        prop_assert!(threshold.probability.iter().all(|p| (0.0..=1.0).contains(p)));
        prop_assert!((total(&threshold.probability) - threshold.worst as f64).abs() < 1e-7, "{:?}", threshold);
        let ranks = expected_ranks(&units, worst).unwrap();
        let sum: f64 = ranks.ranks.iter().map(|rank| rank.expected).sum();
        prop_assert!((sum - n * (n + 1.0) / 2.0).abs() < 1e-7, "{:?}", ranks);
        for rank in &ranks.ranks {
            prop_assert!(rank.expected >= 1.0 && rank.expected <= n && rank.percentile.is_finite());
            prop_assert!(1 <= rank.lower && rank.lower <= rank.median && rank.median <= rank.upper && rank.upper <= units.len());
        }
    }

    #[test]
    fn any_numbers_give_a_value_or_a_refusal(
        parameters in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY, 0_u8..3), 0..5),
        k in 0_usize..6,
    ) {
        let units: Vec<Posterior> = parameters
            .into_iter()
            .map(|(a, b, kind)| match kind {
                0 => Posterior::Normal { mean: a, sd: b },
                1 => Posterior::Beta { alpha: a, beta: b },
                _ => Posterior::Gamma { shape: a, rate: b },
            })
            .collect();
        if let Ok(found) = probability_among_worst(&units, Worst::Highest, k) {
            prop_assert!(found.probability.iter().all(|p| p.is_finite()));
        }
        if let Ok(found) = expected_ranks(&units, Worst::Lowest) {
            prop_assert!(found.ranks.iter().all(|rank| rank.expected.is_finite()));
        }
    }
}

/// `cargo test --release --lib ranks_are_fast -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: run it in release"]
fn ranks_are_fast() {
    let timed = |what: &str, run: &dyn Fn()| {
        let once = || {
            let start = std::time::Instant::now();
            run();
            start.elapsed()
        };
        let best = (0..7).map(|_| once()).min().unwrap_or_default();
        eprintln!("{what}: {:.1} ms", best.as_secs_f64() * 1_000.0);
    };
    let narrowed = |mut units: Vec<Posterior>| {
        for unit in units.iter_mut().step_by(2) {
            if let Posterior::Normal { sd, .. } = unit {
                *sd *= 1e-3;
            }
        }
        units
    };
    timed("expected ranks, 6,200 units, every other a thousand times as narrow", &|| {
        expected_ranks(&narrowed(made_up(6_200)), Worst::Highest).unwrap();
    });
    timed("exact, 500 units, every other a thousand times as narrow", &|| {
        probability_among_worst(&narrowed(made_up(500)), Worst::Highest, 100).unwrap();
    });
    let england = made_up(6_200);
    timed("threshold, 6,200 units", &|| {
        probability_among_worst(&england, Worst::Highest, 1_240).unwrap();
    });
    timed("expected ranks, 6,200 units", &|| {
        expected_ranks(&england, Worst::Highest).unwrap();
    });
    let some = made_up(500);
    timed("exact, 500 units", &|| {
        probability_among_worst(&some, Worst::Highest, 100).unwrap();
    });
    timed("exact, 500 units, the worst half", &|| {
        probability_among_worst(&some, Worst::Highest, 250).unwrap();
    });
    timed("expected ranks, 500 units", &|| {
        expected_ranks(&some, Worst::Highest).unwrap();
    });
    let hundred = made_up(100);
    timed("expected ranks with exact intervals, 100 units", &|| {
        expected_ranks(&hundred, Worst::Highest).unwrap();
    });
}
