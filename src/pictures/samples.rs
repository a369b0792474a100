//! Made-up comparisons for the tests of the pictures: no number in them was ever measured.

use super::{
    Axis, ByChance, ControlChart, ControlPoint, DayKind, Format, Frame, Funnel, FunnelClass, FunnelPoint,
    LimitPoint, Phase, Profile, ProfileKind, ProfilePoint, RankBand, RankedUnit, Ranks, Sense, SpecialCause,
    Unit, Width, WorstRanks,
};

/// Numbers between 0 and 1 that only look like chance.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn flat(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Roughly normal, mean 0 and deviation 1.
    pub(super) fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.flat()).sum::<f64>() - 6.0
    }
}

pub(super) fn frame(width: u32, format: Format) -> Frame {
    Frame {
        title: "Calls abandoned in core hours, practices of an ICB that does not exist".to_owned(),
        window: "2025-03-01 to 2026-02-28".to_owned(),
        definition_set: "gp-contract-2025.1".to_owned(),
        coverage: "4,812 of 5,060 practice-days complete".to_owned(),
        statements: vec![
            "Three practices changed supplier within the window and are left out.".to_owned(),
            "Bank holidays follow England and Wales; core hours are 08:00 to 18:30, Monday to Friday.".to_owned(),
        ],
        acknowledged: Vec::new(),
        caption: "This picture does not show why a practice differs: callers who gave up may have rung again, and nothing here says whether anybody was harmed.".to_owned(),
        width: Width::try_from(width).expect("a width that is allowed"),
        format,
    }
}

pub(super) fn acknowledged(mut frame: Frame) -> Frame {
    frame.acknowledged = vec![
        "Rankability is 0.58, under 0.70: much of the order of these ranks is chance (acknowledged for the access review of 2026-03).".to_owned(),
        "Coverage within the group is 84%, under 90%.".to_owned(),
    ];
    frame
}

fn axis(title: &str, unit: Unit) -> Axis {
    Axis { title: title.to_owned(), unit }
}

const TARGET: f64 = 0.182;
const SPREAD: f64 = 0.02;

fn limit(size: f64, z: f64) -> LimitPoint {
    let half = z * (TARGET * (1.0 - TARGET) / size + SPREAD * SPREAD).sqrt();
    LimitPoint { size, lower: (TARGET - half).max(0.0), upper: (TARGET + half).min(1.0) }
}

pub(super) fn funnel(points: usize) -> Funnel {
    let mut chance = Chance::new(7);
    let point = |index: usize| {
        let size = ((11.3 + 0.55 * chance.bell()).exp() / 10.0).round();
        let (inner, outer) = (limit(size, 1.96), limit(size, 3.0902));
        let value = (TARGET + (inner.upper - TARGET) / 1.96 * 1.35 * chance.bell()).clamp(0.0, 1.0);
        let class = match value {
            v if v > outer.upper => FunnelClass::Above998,
            v if v > inner.upper => FunnelClass::Above95,
            v if v < outer.lower => FunnelClass::Below998,
            v if v < inner.lower => FunnelClass::Below95,
            _ => FunnelClass::Within,
        };
        let label = format!("Y{:05}", 10_000 + index);
        FunnelPoint { label, size, value, class, named: index % (points / 5 + 1) == 2 }
    };
    let points_drawn: Vec<FunnelPoint> = (0..points).map(point).collect();
    let largest = points_drawn.iter().map(|point| point.size).fold(100.0, f64::max);
    let sizes = (1..=200).map(|step| 20.0 + largest * 1.05 * (f64::from(step) / 200.0).powi(2));
    let sizes: Vec<f64> = sizes.collect();
    Funnel {
        value: axis("Calls abandoned, share of calls in core hours", Unit::Proportion),
        size: axis("Calls in core hours in the window (denominator)", Unit::Number),
        points: points_drawn,
        target: TARGET,
        target_name: "mean of the group".to_owned(),
        limits_95: sizes.iter().map(|size| limit(*size, 1.96)).collect(),
        limits_998: sizes.iter().map(|size| limit(*size, 3.0902)).collect(),
        by_chance: Some(ByChance { outside_95: points as f64 * 0.05, outside_998: points as f64 * 0.002 }),
    }
}

pub(super) fn control(points: usize) -> ControlChart {
    let mut chance = Chance::new(11);
    let rebase = points * 5 / 8;
    let point = |index: usize| {
        let level = if index < rebase { 0.21 } else { 0.165 };
        let swing = if index == 5 { 0.075 } else { 0.012 * chance.bell() };
        let shifted = (rebase..rebase + 4).contains(&index);
        let causes = match index {
            5 => vec![SpecialCause::OutsideLimits, SpecialCause::TwoOfThree],
            9 | 10 => vec![SpecialCause::TwoOfThree],
            12..=14 => vec![SpecialCause::Trend],
            _ if shifted => vec![SpecialCause::Shift],
            _ => Vec::new(),
        };
        let sense = match (causes.is_empty(), index < rebase) {
            (true, _) => Sense::Unjudged,
            (false, true) => Sense::Concern,
            (false, false) => Sense::Improvement,
        };
        let period = format!("{:04}-{:02}", 2024 + index / 12, index % 12 + 1);
        ControlPoint { period, value: (index != 17).then_some(level + swing), causes, sense }
    };
    ControlChart {
        value: axis("Calls abandoned, share of calls in core hours", Unit::Proportion),
        period: "Month".to_owned(),
        points: (0..points).map(point).collect(),
        phases: vec![
            Phase { first: 0, mean: 0.21, lower: Some(0.171), upper: Some(0.249) },
            Phase { first: rebase, mean: 0.165, lower: Some(0.128), upper: Some(0.202) },
        ],
        target: Some((0.15, "the practice's own target".to_owned())),
        false_signals: Some(0.5),
    }
}

pub(super) fn ranks(units: usize) -> Ranks {
    let mut chance = Chance::new(5);
    let of = units as f64;
    let worst = units.saturating_sub((units / 5).max(1));
    let unit = |index: usize| {
        let middle = (index as f64 + 0.5) / of;
        let expected = 1.0 + (of - 1.0) * (0.5 + (middle - 0.5) * 0.9);
        let reach = of * (0.05 + 0.5 * middle * (1.0 - middle)) * (0.5 + chance.flat());
        let (lower, upper) = ((expected - reach).max(1.0), (expected + reach).min(of));
        let band = if lower >= worst as f64 + 1.0 {
            RankBand::SurelyWorst
        } else if upper <= worst as f64 {
            RankBand::SurelyNot
        } else {
            RankBand::CannotTell
        };
        let label = if index == 3 {
            "The Old Mill Surgery and Riverside Family Health Centre Partnership".to_owned()
        } else {
            format!("Practice {}", 100 + (index * 37) % 900)
        };
        RankedUnit { label, expected, lower, upper, band, named: index % (units / 4 + 1) == 1 }
    };
    let units = (0..units).map(unit).collect();
    Ranks {
        rank: "Expected rank (1 = smallest share of calls abandoned)".to_owned(),
        of: of as usize,
        worst: WorstRanks { name: "the worst 20%".to_owned(), from: worst + 1, to: of as usize },
        units,
    }
}

pub(super) fn days(days: usize) -> Profile {
    let mut chance = Chance::new(3);
    let point = |index: usize| {
        // The first day is Saturday, 2025-03-01.
        let (mut month, mut day) = (3, index + 1);
        for length in [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31] {
            if day <= length {
                break;
            }
            (month, day) = (month + 1, day - length);
        }
        let (year, month) = if month > 12 { (2026, month - 12) } else { (2025, month) };
        let week = (index + 5) % 7;
        let kind = match (month, day) {
            (4, 18 | 21) | (5, 5 | 26) | (8, 25) | (12, 25 | 26) | (1, 1) => DayKind::BankHoliday,
            _ if week >= 5 => DayKind::Weekend,
            _ => DayKind::Working,
        };
        let usual = [2_310.0, 1_870.0, 1_760.0, 1_720.0, 1_690.0, 85.0, 40.0][week];
        let level = if kind == DayKind::BankHoliday { 55.0 } else { usual };
        ProfilePoint {
            label: format!("{year}-{month:02}-{day:02}"),
            value: (index != 24).then_some((level * (1.0 + 0.06 * chance.bell())).max(0.0).round()),
            reference: Some(usual),
            day: kind,
        }
    };
    Profile {
        value: axis("Inbound calls a day (count)", Unit::Number),
        period: "Day".to_owned(),
        kind: ProfileKind::Days,
        points: (0..days).map(point).collect(),
        reference_name: "median of the same weekday, whole window".to_owned(),
    }
}

pub(super) fn hours() -> Profile {
    let shares = [0.262, 0.118, 0.094, 0.083, 0.071, 0.058, 0.079, 0.083, 0.082, 0.056, 0.014];
    let point = |(index, share): (usize, &f64)| ProfilePoint {
        label: format!("{:02}", index + 8),
        value: (index != 10).then_some(*share),
        reference: Some(share * if index == 0 { 0.85 } else { 1.04 }),
        day: DayKind::Working,
    };
    Profile {
        value: axis("Inbound calls, share of the day's calls in core hours", Unit::Proportion),
        period: "Hour of the day (Europe/London)".to_owned(),
        kind: ProfileKind::Hours,
        points: shares.iter().enumerate().map(point).collect(),
        reference_name: "median week of the peer group".to_owned(),
    }
}
