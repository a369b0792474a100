//! A comparison as messages.

use callgauge_schema::Moment;

use super::compare::{Compared, InFunnel, Question};
use super::question::ends;
use crate::compare::funnel::{Class, Overdispersion, Point};
use crate::compare::{Confidence, wilson};
use crate::definitions::Definition;
use crate::proto::v1;

/// The answer without its rows.
pub(super) fn head(
    question: &Question,
    compared: &Compared,
    answered_at: Moment,
) -> v1::CompareOrganisationsResponse {
    let (first_day, last_day) = ends(question.window.days());
    let covered: Vec<(&Definition, &InFunnel)> = compared.covered(question).collect();
    let flagged = |unit: usize| covered.iter().filter(|(_, made)| made.flags(unit)).count();
    let mut flagged_by = vec![0; covered.len() + 1];
    (0..compared.units.list.len()).for_each(|unit| flagged_by[flagged(unit)] += 1);
    v1::CompareOrganisationsResponse {
        organisations: Vec::new(),
        next_page_token: String::new(),
        total_size: compared.units.list.len() as i64,
        first_day,
        last_day,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: compared.notes(question),
        metrics: covered.iter().map(|(metric, made)| of_metric(question, metric, made)).collect(),
        coverage: coverage(question, compared),
        overlaps: overlaps(&covered, compared.units.list.len()),
        flagged_by,
    }
}

/// One organisation's row.
pub(super) fn row(question: &Question, compared: &Compared, unit: usize) -> v1::ComparedOrganisation {
    v1::ComparedOrganisation {
        organisation: Some(compared.units.list[unit].organisation.clone()),
        values: compared.covered(question).map(|(metric, made)| value(metric, made, unit)).collect(),
        months_with_calls: compared.coverage.months_with_calls(unit) as i32,
    }
}

fn value(metric: &Definition, made: &InFunnel, unit: usize) -> v1::ComparedValue {
    use v1::compared_value::Result as Wire;
    let (numerator, denominator) = made.counted[unit];
    let result = match (&made.funnel.points[unit], made.expected[unit]) {
        (Ok(point), Some(expected)) => match place(point, numerator, denominator, expected) {
            Ok(place) => Wire::Place(place),
            Err(fault) => Wire::LeftOut(fault),
        },
        (Ok(_), None) => Wire::LeftOut("no calls to compute it from in the window".to_owned()),
        (Err(_), _) if denominator == 0 => {
            Wire::LeftOut("no calls to compute it from in the window".to_owned())
        }
        (Err(fault), _) => Wire::LeftOut(fault.to_string()),
    };
    v1::ComparedValue { metric: metric.name.clone(), numerator, denominator, result: Some(result) }
}

fn place(point: &Point, numerator: i64, denominator: i64, expected: f64) -> Result<v1::FunnelPlace, String> {
    let interval = wilson(numerator as f64, denominator as f64, Confidence::P95);
    let interval = interval.map_err(|fault| fault.to_string())?;
    let Point { value, expected: _, z, z_adjusted, limits, class } = point;
    Ok(v1::FunnelPlace {
        value: interval.value,
        lower: interval.lower,
        upper: interval.upper,
        expected,
        like_for_like: *value,
        // A share has a z at every denominator over 0.
        z: z.unwrap_or_default(),
        z_adjusted: z_adjusted.unwrap_or_default(),
        lower_998: limits.lower_998,
        lower_95: limits.lower_95,
        upper_95: limits.upper_95,
        upper_998: limits.upper_998,
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

fn of_metric(question: &Question, metric: &Definition, made: &InFunnel) -> v1::MetricComparison {
    let funnel = &made.funnel;
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
        denominator: metric.denominator.clone(),
        target: funnel.target,
        target_source: if question.target.is_some() { "given" } else { "peers" }.to_owned(),
        phi: funnel.phi,
        tau_squared: funnel.tau_squared,
        adjusted: funnel.adjusted,
        method: method(question),
        placed: placed as i64,
        left_out: (made.counted.len() - placed) as i64,
        beyond_95: outside(false),
        beyond_998: outside(true),
        expected_beyond_95: funnel.false_flags.beyond_95,
        expected_beyond_998: funnel.false_flags.beyond_998,
    }
}

fn method(question: &Question) -> String {
    let spread = match question.overdispersion {
        Overdispersion::Robust => {
            "additive overdispersion by the robust estimate (Paule and Mandel with Huber's loss)"
        }
        Overdispersion::DerSimonianLaird { .. } => {
            "additive overdispersion by DerSimonian and Laird, a tenth winsorised at each end, as FunnelPlotR does it"
        }
        Overdispersion::None => "no overdispersion",
    };
    let expected = if question.standardise {
        "expected by kind of day and NHS band (indirect standardisation)"
    } else {
        "expected by the target alone"
    };
    format!(
        "funnel of proportions on the scale of arcsin(sqrt(share)), 95% and 99.8% limits, exact where counts are small and nothing is adjusted; {spread}; {expected}; Wilson intervals"
    )
}

fn coverage(question: &Question, compared: &Compared) -> Vec<v1::MetricCoverage> {
    let organisations = compared.units.list.len() as i64;
    let of = |metric: &Definition, made: &Result<InFunnel, String>| match made {
        Ok(made) => {
            let with_value = made.places().count() as i64;
            let why = match organisations - with_value {
                0 => String::new(),
                missing => format!("{missing} organisations have no value: their rows say why"),
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

fn overlaps(covered: &[(&Definition, &InFunnel)], units: usize) -> Vec<v1::FlagOverlap> {
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
