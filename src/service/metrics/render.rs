//! Values, buckets and definitions as messages.

use callgauge_schema::Timing;

use crate::calendar::Bucket;
use crate::definitions::{Definition, DefinitionSet};
use crate::metrics::{Absence, At, Distribution, DurationBand, OutcomeCheck, OutcomePart, Value};
use crate::organisations::RowPlan;
use crate::proto::v1;

/// Whose row it is.
pub(in crate::service) fn organisation(plan: &RowPlan) -> v1::OrganisationRef {
    let RowPlan { code, name, level, within, parts: _, practices: _ } = plan;
    v1::OrganisationRef {
        code: code.to_string(),
        name: name.clone(),
        level: i32::from(level.number()),
        within_code: within.map(|asked| asked.to_string()).unwrap_or_default(),
    }
}

/// A bucket.
pub(super) fn bucket(bucket: &Bucket) -> v1::Bucket {
    let Bucket { start, end, partial, label, weekday } = bucket;
    v1::Bucket {
        start: start.to_string(),
        end: end.to_string(),
        partial: *partial,
        label: label.clone(),
        weekday: i32::from(*weekday),
    }
}

/// A part of the breakdown by outcome.
pub(super) fn outcome_part(part: OutcomePart) -> v1::breakdown_value::Part {
    let (direction, outcome, reason) = part;
    v1::breakdown_value::Part::Outcome(v1::OutcomePart {
        direction: i32::from(direction.number()),
        outcome: i32::from(outcome.number()),
        reason: reason.map_or(0, |reason| i32::from(reason.number())),
    })
}

/// The sum check.
pub(super) fn outcome_check(check: OutcomeCheck) -> v1::OutcomeCheck {
    let OutcomeCheck { inbound, answered, ended_in_ivr, missed, callback_requested, unclassified } = check;
    v1::OutcomeCheck { inbound, answered, ended_in_ivr, missed, callback_requested, unclassified }
}

/// The value of a metric.
pub(super) fn value(metric: &Definition, value: Value) -> v1::MetricValue {
    use v1::metric_value::Value as Wire;
    let value = match value {
        Value::Count(count) => Wire::Count(v1::Count { count }),
        Value::Ratio { numerator, denominator } => Wire::Ratio(ratio((numerator, denominator))),
        Value::Distribution(distribution) => Wire::Distribution(self::distribution(distribution)),
        Value::Absent(absence) => Wire::Absence(self::absence(absence).into()),
    };
    v1::MetricValue { metric: metric.name.clone(), value: Some(value) }
}

fn distribution(distribution: Distribution) -> v1::Distribution {
    let Distribution { calls, known, mean_secs, percentiles, bands, shares, timing } = distribution;
    v1::Distribution {
        calls,
        known,
        mean_secs,
        percentiles: percentiles
            .into_iter()
            .map(|(percent, at)| v1::Percentile {
                percent: percent.get(),
                at: Some(match at {
                    At::Secs(secs) => v1::percentile::At::Secs(i64::from(secs)),
                    At::Band(band) => v1::percentile::At::Band(band_name(band).into()),
                }),
            })
            .collect(),
        bands: DurationBand::ALL
            .into_iter()
            .zip(bands)
            .map(|(band, calls)| v1::DurationBand { band: band_name(band).into(), calls })
            .collect(),
        shares: shares
            .into_iter()
            .map(|(threshold, share)| v1::ThresholdShare {
                threshold: Some(prost_types::Duration { seconds: i64::from(threshold.get()), nanos: 0 }),
                share: share.map(ratio),
            })
            .collect(),
        timing: match timing {
            Timing::Measured => v1::Timing::Measured,
            Timing::Banded => v1::Timing::Banded,
        }
        .into(),
    }
}

fn ratio((numerator, denominator): (i64, i64)) -> v1::Ratio {
    v1::Ratio { numerator, denominator, value: numerator as f64 / denominator as f64 }
}

const fn absence(absence: Absence) -> v1::Absence {
    match absence {
        Absence::NoCalls => v1::Absence::NoCalls,
        Absence::NotAvailable => v1::Absence::NotAvailable,
        Absence::NotApplicable => v1::Absence::NotApplicable,
        Absence::Hidden => v1::Absence::Hidden,
        Absence::NotShared => v1::Absence::NotShared,
    }
}

const fn band_name(band: DurationBand) -> v1::DurationBandName {
    match band {
        DurationBand::UpTo60 => v1::DurationBandName::UpTo60,
        DurationBand::From61To120 => v1::DurationBandName::DurationBandName61To120,
        DurationBand::From121To300 => v1::DurationBandName::DurationBandName121To300,
        DurationBand::Over300 => v1::DurationBandName::Over300,
    }
}

/// A set of definitions.
pub(in crate::service) fn definition_set(set: &DefinitionSet) -> v1::DefinitionSet {
    let DefinitionSet { name, description, source, standard, metrics } = set;
    v1::DefinitionSet {
        name: name.clone(),
        description: description.clone(),
        source: source.clone(),
        metrics: metrics.iter().map(definition).collect(),
        standard_metrics: standard.clone(),
    }
}

fn definition(definition: &Definition) -> v1::MetricDefinition {
    let Definition { name, label, code, wording, unit, numerator, denominator, source, mapped_by, rule: _ } =
        definition;
    v1::MetricDefinition {
        name: name.clone(),
        label: label.clone(),
        code: code.clone(),
        wording: wording.clone(),
        unit: unit.name().to_owned(),
        numerator: numerator.clone(),
        denominator: denominator.clone(),
        source: source.clone(),
        mapped_by: mapped_by.clone(),
    }
}
