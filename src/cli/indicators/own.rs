//! Own CSV: a line a value, columns by name.

use std::path::Path;

use super::file::{Csv, Found, Sink, Texts};
use crate::calendar::month;
use crate::cli::Failure;
use crate::proto::v1;

const COLUMNS: [&str; 10] = [
    "name",
    "organisation_code",
    "start_date",
    "end_date",
    "source_id",
    "numerator",
    "denominator",
    "expected",
    "definition_version",
    "quality_note",
];

/// What the command line says instead of the file.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) name: Option<String>,
    pub(super) month: Option<String>,
}

pub(super) fn read(path: &Path, given: &Given, texts: &Texts, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut csv = Csv::open(path)?;
    if let Some(column) = csv.header().iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        let told = format!("{column:?} is no column: use some of {}", COLUMNS.join(", "));
        return Err(csv.refused(1, &told));
    }
    let months = given.month.as_deref().map(month).transpose();
    let months = months.map_err(|fault| Failure::usage(format!("--month: {fault}")))?;
    let places = COLUMNS.map(|column| csv.column(column));
    let [name, code, first, end, ..] = places;
    for (given, column, option) in [
        (given.name.is_some(), name, "name, or --name"),
        (false, code, "organisation_code"),
        (given.month.is_some(), first, "start_date, or --month"),
        (given.month.is_some(), end, "end_date, or --month"),
        (false, places[5], "numerator"),
    ] {
        if !given && column.is_none() {
            return Err(csv.refused(1, &format!("there is no column {option}")));
        }
    }
    while let Some((line, record)) = csv.next()? {
        let cell = |place: Option<usize>| place.and_then(|at| record.get(at)).unwrap_or_default().trim();
        let or = |place, otherwise: &str| {
            let own = cell(place);
            if own.is_empty() { otherwise.to_owned() } else { own.to_owned() }
        };
        let number = |place: Option<usize>, column: &str| match cell(place) {
            "" => Ok(None),
            text => text
                .parse::<f64>()
                .map(Some)
                .map_err(|_| format!("{column}: must be a plain number, and is {text:?}")),
        };
        let [name, code, first, end, source, numerator, denominator, expected, version, note] = places;
        let value = (|| {
            Ok(v1::Indicator {
                name: or(name, given.name.as_deref().unwrap_or_default()),
                organisation_code: cell(code).to_owned(),
                start_date: or(first, &months.map(|days| days.first.to_string()).unwrap_or_default()),
                end_date: or(end, &months.map(|days| days.end.to_string()).unwrap_or_default()),
                source_id: cell(source).to_owned(),
                numerator: number(numerator, "numerator")?,
                denominator: number(denominator, "denominator")?,
                expected: number(expected, "expected")?,
                definition_version: or(version, &texts.definition_version),
                quality_note: or(note, &texts.quality_note),
            })
        })();
        sink(Found { place: format!("line {line}"), value })?;
    }
    Ok(())
}
