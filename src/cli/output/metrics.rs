//! Rows of metrics as cells for scripts.

use super::Cell;
use super::layout::{Layout, Part};
use super::names::{absence_name, level_name, split_name};
use crate::proto::v1::metric_value::Value;
use crate::proto::v1::percentile::At;
use crate::proto::v1::{
    Absence, Count, DefinitionSet, Distribution, MetricRow, OutcomeCheck, Percentile, ThresholdShare,
};

/// The four bands, and what they are called in names and values of columns.
pub(super) mod band_column {
    use crate::proto::v1::DurationBandName as Band;

    /// From short to long.
    pub(in super::super) const ALL: [(Band, &str); 4] = [
        (Band::UpTo60, "0_60"),
        (Band::DurationBandName61To120, "61_120"),
        (Band::DurationBandName121To300, "121_300"),
        (Band::Over300, "over_300"),
    ];
}

/// What a metric's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of calls.
    Count,
    /// A share.
    Share,
    /// A distribution of durations.
    Distribution,
}

/// What the value of the metric is; a count where the set does not know it.
pub(super) fn kind_of(set: &DefinitionSet, metric: &str) -> Kind {
    let unit = set.metrics.iter().find(|known| known.name == metric).map_or("", |known| known.unit.as_str());
    match unit {
        "seconds" => Kind::Distribution,
        "share" => Kind::Share,
        _ => Kind::Count,
    }
}

/// What the columns of a metric begin with: its name, or for two long ones a shorter one.
pub(super) fn prefix(metric: &str) -> &str {
    match metric {
        "wait_time_before_call_abandoned" => "wait_before_abandoned",
        "average_call_length" => "call_length",
        other => other,
    }
}

/// A row as cells, one for each column of `layout`.
pub fn cells(layout: &Layout, definition_set: &str, row: &MetricRow) -> Vec<Cell> {
    let organisation = row.organisation.clone().unwrap_or_default();
    let bucket = row.bucket.clone().unwrap_or_default();
    let mut cells = vec![
        Cell::text(organisation.code),
        Cell::text(organisation.name),
        Cell::text(level_name(organisation.level)),
        Cell::text(bucket.start),
        Cell::text(bucket.end),
        Cell::text(definition_set),
        Cell::Count(row.practices),
    ];
    for part in &layout.parts {
        cells_of(layout, row, part, &mut cells);
    }
    for part in &layout.parts {
        cells.push(match value_of(row, part) {
            Some(Value::Absence(why)) => Cell::text(absence_name(why)),
            None => Cell::text(Absence::NotAvailable.as_str_name().trim_start_matches("ABSENCE_")),
            Some(_) => Cell::None,
        });
    }
    if layout.asked.grouped {
        cells.push(Cell::text(organisation.within_code));
    }
    if layout.asked.weekdays {
        cells.push(if bucket.weekday == 0 { Cell::None } else { Cell::Count(bucket.weekday.into()) });
    }
    if layout.asked.breakdown {
        cells.push(row.breakdown.as_ref().and_then(split_name).map_or(Cell::None, Cell::Text));
    }
    cells
}

fn cells_of(layout: &Layout, row: &MetricRow, part: &Part, cells: &mut Vec<Cell>) {
    let value = value_of(row, part);
    match part {
        Part::Metric { kind: Kind::Distribution, .. } => {
            let told = match value {
                Some(Value::Distribution(told)) => Some(told),
                _ => None,
            };
            distribution_cells(layout, told.as_ref(), cells);
        }
        Part::Metric { kind: Kind::Share, .. } => match value {
            Some(Value::Ratio(share)) => cells.extend([
                Cell::Number(share.value),
                Cell::Count(share.numerator),
                Cell::Count(share.denominator),
            ]),
            _ => cells.extend([Cell::None, Cell::None, Cell::None]),
        },
        Part::Metric { kind: Kind::Count, .. } | Part::Answered | Part::Unclassified => {
            cells.push(match value {
                Some(Value::Count(count)) => Cell::Count(count.count),
                _ => Cell::None,
            });
        }
    }
}

fn distribution_cells(layout: &Layout, told: Option<&Distribution>, cells: &mut Vec<Cell>) {
    let mean = told.and_then(|told| told.mean_secs);
    let at = |percent: f64| {
        let same = |p: &&Percentile| (p.percent - percent).abs() < 1e-9;
        told?.percentiles.iter().find(same)?.at
    };
    cells.push(mean.map_or(Cell::None, Cell::Number));
    cells.extend(layout.percentiles.iter().map(|&percent| match at(percent) {
        Some(At::Secs(secs)) => Cell::Count(secs),
        Some(At::Band(_)) | None => Cell::None,
    }));
    cells.extend(band_column::ALL.iter().map(|&(name, _)| {
        let calls =
            |told: &Distribution| told.bands.iter().find(|band| band.band() == name).map_or(0, |b| b.calls);
        told.map_or(Cell::None, |told| Cell::Count(calls(told)))
    }));
    cells.extend(layout.percentiles.iter().map(|&percent| match at(percent) {
        Some(At::Band(band)) => {
            let known = band_column::ALL.iter().find(|(name, _)| i32::from(*name) == band);
            known.map_or(Cell::None, |(_, text)| Cell::text(*text))
        }
        Some(At::Secs(_)) | None => Cell::None,
    }));
    cells.extend(layout.asked.thresholds.iter().map(|&secs| {
        let here = |share: &&ThresholdShare| share.threshold.is_some_and(|t| t.seconds == secs);
        let share = told.and_then(|told| told.shares.iter().find(here)).and_then(|share| share.share);
        share.map_or(Cell::None, |share| Cell::Number(share.value))
    }));
}

/// The value behind a part. The two of the sum check follow its calls: without any there is no value.
pub(super) fn value_of(row: &MetricRow, part: &Part) -> Option<Value> {
    let check = |pick: fn(&OutcomeCheck) -> i64| match (&row.outcome_check, row.calls) {
        (None, 0) => Some(Value::Absence(Absence::NoCalls.into())),
        (None, _) => None,
        (Some(_), 0) => Some(Value::Absence(Absence::NoCalls.into())),
        (Some(check), _) => Some(Value::Count(Count { count: pick(check) })),
    };
    match part {
        Part::Metric { name, .. } => row.values.iter().find(|value| value.metric == *name)?.value.clone(),
        Part::Answered => check(|check| check.answered),
        Part::Unclassified => check(|check| check.unclassified),
    }
}
