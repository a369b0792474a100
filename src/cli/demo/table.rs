//! The rows of an answer as a table for people: one line an organisation, the eight metrics in the order of the contract.

use crate::proto::v1;
use crate::proto::v1::metric_value::Value;
use crate::proto::v1::percentile::At;

const HEADINGS: [[&str; 2]; 12] = [
    ["", "code"],
    ["", "name"],
    ["call", "volumes"],
    ["calls", "abandoned"],
    ["to answer", "p50 s"],
    ["to answer", "p90 s"],
    ["missed", "calls"],
    ["abandoned", "wait p50 s"],
    ["call backs", "requested"],
    ["call backs", "made"],
    ["call length", "mean s"],
    ["call length", "p90 s"],
];

/// The table, a line a row, with two lines of headings.
pub(super) fn table(rows: &[v1::MetricRow]) -> String {
    let mut lines: Vec<Vec<String>> =
        (0..2).map(|line| HEADINGS.iter().map(|heading| heading[line].to_owned()).collect()).collect();
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in &lines {
        let padded: Vec<String> = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| {
                // Names to the left, numbers to the right.
                if column < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &v1::MetricRow) -> Vec<String> {
    let organisation = row.organisation.clone().unwrap_or_default();
    let value = |name: &str| {
        row.values.iter().find(|metric| metric.metric == name).and_then(|metric| metric.value.as_ref())
    };
    let count = |name: &str| match value(name) {
        Some(Value::Count(count)) => count.count.to_string(),
        other => absent(other),
    };
    let percentile = |name: &str, percent: f64| match value(name) {
        Some(Value::Distribution(distribution)) => distribution
            .percentiles
            .iter()
            .find(|percentile| percentile.percent == percent)
            .and_then(|percentile| percentile.at.as_ref())
            .map_or_else(|| "-".to_owned(), at),
        other => absent(other),
    };
    let mean = match value("average_call_length") {
        Some(Value::Distribution(distribution)) => {
            distribution.mean_secs.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.1}"))
        }
        other => absent(other),
    };
    vec![
        organisation.code,
        organisation.name,
        count("call_volumes"),
        count("calls_abandoned"),
        percentile("call_times_to_answer", 50.0),
        percentile("call_times_to_answer", 90.0),
        count("missed_call_volumes"),
        percentile("wait_time_before_call_abandoned", 50.0),
        count("call_backs_requested"),
        count("call_backs_made"),
        mean,
        percentile("average_call_length", 90.0),
    ]
}

fn at(at: &At) -> String {
    match at {
        At::Secs(secs) => secs.to_string(),
        At::Band(band) => match v1::DurationBandName::try_from(*band) {
            Ok(v1::DurationBandName::UpTo60) => "0-60".to_owned(),
            Ok(v1::DurationBandName::DurationBandName61To120) => "61-120".to_owned(),
            Ok(v1::DurationBandName::DurationBandName121To300) => "121-300".to_owned(),
            Ok(v1::DurationBandName::Over300) => "over 300".to_owned(),
            Ok(v1::DurationBandName::Unspecified) | Err(_) => "-".to_owned(),
        },
    }
}

/// Why there is no value, in a word.
fn absent(value: Option<&Value>) -> String {
    let Some(Value::Absence(absence)) = value else { return "-".to_owned() };
    match v1::Absence::try_from(*absence) {
        Ok(v1::Absence::NoCalls) => "no calls",
        Ok(v1::Absence::NotAvailable) => "not known",
        Ok(v1::Absence::NotApplicable) => "n/a",
        Ok(v1::Absence::Hidden) => "hidden",
        Ok(v1::Absence::NotShared) => "not shared",
        Ok(v1::Absence::Unspecified) | Err(_) => "-",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_headings_and_absence_has_a_word() {
        let metric = |name: &str, value| v1::MetricValue { metric: name.to_owned(), value: Some(value) };
        let waits = v1::Distribution {
            percentiles: vec![v1::Percentile { percent: 50.0, at: Some(At::Secs(41)) }],
            ..v1::Distribution::default()
        };
        let row = v1::MetricRow {
            organisation: Some(v1::OrganisationRef {
                code: "ZZ0001".to_owned(),
                name: "Alder Surgery".to_owned(),
                ..v1::OrganisationRef::default()
            }),
            values: vec![
                metric("call_volumes", Value::Count(v1::Count { count: 4_711 })),
                metric("call_times_to_answer", Value::Distribution(waits)),
                metric("call_backs_made", Value::Absence(v1::Absence::NotApplicable as i32)),
            ],
            ..v1::MetricRow::default()
        };
        let text = table(&[row]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[2].starts_with("ZZ0001  Alder Surgery"), "{text}");
        let end = lines[1].find("volumes").expect("a heading") + "volumes".len();
        assert!(lines[2][..end].ends_with("   4711"), "{text}");
        assert!(lines[2].contains("  41  ") && lines[2].contains("n/a"), "{text}");
    }
}
