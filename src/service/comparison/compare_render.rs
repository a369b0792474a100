//! A comparison as messages.

use callgauge_schema::Moment;

use super::compare::{Compared, InFunnel, Question};
use super::measure::{Kind, Measure};
use super::question::ends;
use super::table::Pair;
use crate::access::SmallNumbers;
use crate::compare::funnel::{Class, Limits, Overdispersion, Point};
use crate::pictures::count;
use crate::proto::v1;

/// The answer without its rows.
pub(super) fn head(
    question: &Question,
    compared: &Compared,
    answered_at: Moment,
) -> v1::CompareOrganisationsResponse {
    let (first_day, last_day) = ends(question.window.days());
    let covered: Vec<(&Measure, &InFunnel)> = compared.covered(question).collect();
    let flagged = |unit: usize| covered.iter().filter(|(_, made)| made.flags(unit)).count();
    let mut flagged_by = vec![0; covered.len() + 1];
    (0..compared.units.list.len()).for_each(|unit| flagged_by[flagged(unit)] += 1);
    v1::CompareOrganisationsResponse {
        organisations: Vec::new(),
        next_page_token: String::new(),
        total_size: compared.units.len() as i64,
        first_day,
        last_day,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: compared.notes().to_vec(),
        metrics: covered.iter().map(|(metric, made)| of_metric(question, compared, metric, made)).collect(),
        coverage: coverage(question, compared),
        overlaps: overlaps(&covered, compared.units.list.len()),
        flagged_by,
        small_numbers_hidden: compared.small.hidden(),
    }
}

/// One organisation's row.
pub(super) fn row(question: &Question, compared: &Compared, unit: usize) -> v1::ComparedOrganisation {
    v1::ComparedOrganisation {
        organisation: Some(compared.units.list[unit].organisation.clone()),
        values: compared
            .covered(question)
            .map(|(metric, made)| value(metric, made, unit, compared.small))
            .collect(),
        months_with_calls: compared.coverage.months_with_calls(unit) as i32,
    }
}

/// The rows of those of whom nobody knows whether they are peers.
pub(super) fn unplaced(
    question: &Question,
    compared: &Compared,
) -> impl Iterator<Item = v1::ComparedOrganisation> {
    compared.units.unplaced.iter().map(|(organisation, why)| v1::ComparedOrganisation {
        organisation: Some(organisation.clone()),
        values: compared
            .covered(question)
            .map(|(metric, _)| v1::ComparedValue {
                metric: metric.name.clone(),
                result: Some(v1::compared_value::Result::LeftOut(why.clone())),
                ..v1::ComparedValue::default()
            })
            .collect(),
        months_with_calls: 0,
    })
}

fn value(metric: &Measure, made: &InFunnel, unit: usize, small: SmallNumbers) -> v1::ComparedValue {
    use v1::compared_value::Result as Wire;
    let pair = made.numbers.counted[unit];
    let result = match (&made.numbers.left_out[unit], &made.funnel.points[unit]) {
        (Some(why), _) => Wire::LeftOut(why.clone()),
        (None, Err(fault)) => Wire::LeftOut(fault.to_string()),
        (None, Ok(point)) => match place(made, point, unit, small) {
            Ok(place) => Wire::Place(place),
            Err(why) => Wire::LeftOut(why),
        },
    };
    // What is left out since it is small is not told either.
    let shown = if small.hidden() && !matches!(result, Wire::Place(_)) {
        (0.0, 0.0)
    } else {
        shown(small, made.numbers.kind, pair)
    };
    let Counts { numerator, denominator, exact_numerator, exact_denominator } = Counts::of(shown);
    v1::ComparedValue {
        metric: metric.name.clone(),
        numerator,
        denominator,
        exact_numerator,
        exact_denominator,
        result: Some(result),
    }
}

/// Numerator and denominator as messages have them.
pub(super) struct Counts {
    pub(super) numerator: i64,
    pub(super) denominator: i64,
    pub(super) exact_numerator: Option<f64>,
    pub(super) exact_denominator: Option<f64>,
}

impl Counts {
    pub(super) fn of((numerator, denominator): Pair) -> Self {
        let exact = |number: f64| (number.fract() != 0.0).then_some(number);
        Self {
            numerator: numerator.round() as i64,
            denominator: denominator.round() as i64,
            exact_numerator: exact(numerator),
            exact_denominator: exact(denominator),
        }
    }
}

/// A numerator and denominator as they are shown: rounded where small numbers are hidden, and without what was expected.
pub(super) fn shown(small: SmallNumbers, kind: Kind, (numerator, denominator): Pair) -> Pair {
    match (small.hidden(), kind) {
        (false, _) => (numerator, denominator),
        (true, Kind::Ratio) => (small.count(numerator), 0.0),
        (true, Kind::Share | Kind::Rate | Kind::Number) => (small.count(numerator), small.count(denominator)),
    }
}

/// A value of rounded parts where small numbers are hidden.
pub(super) fn shown_value(small: SmallNumbers, kind: Kind, pair: Pair) -> Option<f64> {
    match kind {
        Kind::Ratio if small.hidden() => {
            kind.value((small.count(pair.0), pair.1)).map(|value| small.made(value))
        }
        _ => kind.value(shown(small, kind, pair)),
    }
}

fn place(
    made: &InFunnel,
    point: &Point,
    unit: usize,
    small: SmallNumbers,
) -> Result<v1::FunnelPlace, String> {
    let (kind, exact) = (made.numbers.kind, made.numbers.counted[unit]);
    let Point { value, expected: _, z, z_adjusted, limits, class } = point;
    let rounded =
        if kind == Kind::Ratio { (small.count(exact.0), exact.1) } else { shown(small, kind, exact) };
    let interval = kind.interval(rounded).map_err(|fault| fault.to_string())?;
    let hidden = small.hidden();
    // Limits of an exact denominator would tell it.
    let limits =
        if hidden { made.funnel.limits_at(rounded.1).map_err(|fault| fault.to_string())? } else { *limits };
    let Limits { lower_998, lower_95, upper_95, upper_998 } = limits;
    let times = |number: f64| small.made(kind.times() * number);
    let exactly = |number: f64| if hidden { 0.0 } else { number };
    Ok(v1::FunnelPlace {
        value: small.made(interval.value),
        lower: small.made(interval.lower),
        upper: small.made(interval.upper),
        expected: exactly(made.numbers.expected[unit]),
        like_for_like: if hidden { small.made(interval.value) } else { times(*value) },
        // 0 observed has no z on the scale of logarithms, which funnels here do not use.
        z: exactly(z.unwrap_or_default()),
        z_adjusted: exactly(z_adjusted.unwrap_or_default()),
        lower_998: times(lower_998),
        lower_95: times(lower_95),
        upper_95: times(upper_95),
        upper_998: times(upper_998),
        class: match class {
            Class::Within => v1::FunnelClass::Within,
            Class::Above95 => v1::FunnelClass::Above95,
            Class::Above998 => v1::FunnelClass::Above998,
            Class::Below95 => v1::FunnelClass::Below95,
            Class::Below998 => v1::FunnelClass::Below998,
        }
        .into(),
    })
}

fn of_metric(
    question: &Question,
    compared: &Compared,
    metric: &Measure,
    made: &InFunnel,
) -> v1::MetricComparison {
    let (funnel, kind, small) = (&made.funnel, made.numbers.kind, compared.small);
    let outside = |far: bool| {
        let flagged = made.places().filter(|(_, point)| match point.class {
            Class::Within => false,
            Class::Above998 | Class::Below998 => true,
            Class::Above95 | Class::Below95 => !far,
        });
        flagged.count() as i64
    };
    let placed = made.places().count();
    v1::MetricComparison {
        metric: metric.name.clone(),
        label: metric.label.clone(),
        denominator: made.laid_over(metric),
        target: small.made(kind.times() * funnel.target),
        target_source: if question.target.is_some() || kind == Kind::Ratio { "given" } else { "peers" }
            .to_owned(),
        phi: small.made(funnel.phi),
        tau_squared: small.made(funnel.tau_squared),
        adjusted: funnel.adjusted,
        method: method(question, made),
        placed: placed as i64,
        left_out: (compared.units.len() - placed) as i64,
        beyond_95: outside(false),
        beyond_998: outside(true),
        expected_beyond_95: funnel.false_flags.beyond_95,
        expected_beyond_998: funnel.false_flags.beyond_998,
        kind: kind.wire(),
        source_ids: made.numbers.sources.iter().map(ToString::to_string).collect(),
    }
}

fn method(question: &Question, made: &InFunnel) -> String {
    let kind = made.numbers.kind;
    let spread = match question.overdispersion {
        Overdispersion::Robust => {
            "additive overdispersion by the robust estimate (Paule and Mandel with Huber's loss)"
        }
        Overdispersion::DerSimonianLaird { .. } => {
            "additive overdispersion by DerSimonian and Laird, a tenth winsorised at each end, as FunnelPlotR does it"
        }
        Overdispersion::None => "no overdispersion",
    };
    let expected = if question.standardise || kind == Kind::Ratio {
        made.numbers.expected_by
    } else {
        "the target alone"
    };
    let (what, scale, intervals) = match kind {
        Kind::Share => ("proportions", "arcsin(sqrt(share))", "Wilson intervals"),
        Kind::Rate | Kind::Number => ("rates", "the square root", "exact or Byar's intervals"),
        Kind::Ratio => ("ratios", "the square root", "exact or Byar's intervals"),
    };
    format!(
        "funnel of {what} on the scale of {scale}, 95% and 99.8% limits, exact where counts are small and nothing is adjusted; {spread}; expected by {expected}; {intervals}"
    )
}

fn coverage(question: &Question, compared: &Compared) -> Vec<v1::MetricCoverage> {
    let organisations = compared.units.len() as i64;
    let of = |metric: &Measure, made: &Result<InFunnel, String>| match made {
        Ok(made) => {
            let with_value = made.places().count() as i64;
            let why = match organisations - with_value {
                0 => String::new(),
                1 => "1 organisation has no value: its row says why".to_owned(),
                missing => {
                    format!("{} organisations have no value: their rows say why", count(missing as usize))
                }
            };
            v1::MetricCoverage {
                metric: metric.name.clone(),
                covered: true,
                organisations_with_value: with_value,
                organisations,
                why,
            }
        }
        Err(why) => v1::MetricCoverage {
            metric: metric.name.clone(),
            covered: false,
            organisations_with_value: 0,
            organisations,
            why: why.clone(),
        },
    };
    question.metrics.iter().zip(&compared.metrics).map(|(metric, made)| of(metric, made)).collect()
}

fn overlaps(covered: &[(&Measure, &InFunnel)], units: usize) -> Vec<v1::FlagOverlap> {
    let mut overlaps = Vec::new();
    for (at, (metric, made)) in covered.iter().enumerate() {
        for (other, other_made) in &covered[at + 1..] {
            let flags = |unit: &usize| (made.flags(*unit), other_made.flags(*unit));
            overlaps.push(v1::FlagOverlap {
                metric: metric.name.clone(),
                other_metric: other.name.clone(),
                both: (0..units).filter(|unit| flags(unit) == (true, true)).count() as i64,
                either: (0..units).filter(|unit| flags(unit) != (false, false)).count() as i64,
            });
        }
    }
    overlaps
}
