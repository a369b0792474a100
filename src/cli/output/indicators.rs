//! Indicators, what they mean, and series breaks: in the columns of the import, and as tables for people.

use super::table::{Column, Table};
use super::{Cell, grouped};
use crate::proto::v1::{Indicator, IndicatorDefinition, IndicatorKind, SeriesBreak};

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn counted(count: usize, what: &str) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Names of the columns of values: those of the import.
pub fn columns() -> Vec<String> {
    named(&[
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
    ])
}

/// A value as cells.
pub fn cells(value: &Indicator) -> Vec<Cell> {
    let number = |number: Option<f64>| number.map_or(Cell::None, Cell::Number);
    vec![
        Cell::text(&*value.name),
        Cell::text(&*value.organisation_code),
        Cell::text(&*value.start_date),
        Cell::text(&*value.end_date),
        Cell::text(&*value.source_id),
        number(value.numerator),
        number(value.denominator),
        number(value.expected),
        Cell::text(&*value.definition_version),
        Cell::text(&*value.quality_note),
    ]
}

/// Values as a table.
pub fn table(values: &[Indicator]) -> String {
    let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    let row = |value: &Indicator| {
        vec![
            value.name.clone(),
            value.organisation_code.clone(),
            value.start_date.clone(),
            value.end_date.clone(),
            value.source_id.clone(),
            number(value.numerator),
            number(value.denominator),
            number(value.expected),
        ]
    };
    Table {
        heading: vec![counted(values.len(), "value")],
        columns: vec![
            Column::flexible("Indicator", 12),
            Column::text("Practice"),
            Column::text("From"),
            Column::text("To before"),
            Column::text("Source"),
            Column::number("", "Numerator"),
            Column::number("", "Denominator"),
            Column::number("", "Expected"),
        ],
        rows: values.iter().map(row).collect(),
        notes: Vec::new(),
    }
    .render()
}

fn kind(definition: &IndicatorDefinition) -> &'static str {
    match definition.kind() {
        IndicatorKind::Share => "share",
        IndicatorKind::Rate => "rate",
        IndicatorKind::Count => "count",
        IndicatorKind::Score => "score",
        IndicatorKind::Unspecified => "",
    }
}

/// Names of the columns of definitions.
pub fn definition_columns() -> Vec<String> {
    named(&["name", "label", "kind", "unit", "numerator", "denominator", "wording", "source"])
}

/// A definition as cells.
pub fn definition_cells(definition: &IndicatorDefinition) -> Vec<Cell> {
    let IndicatorDefinition { name, label, kind: _, unit, numerator, denominator, wording, source } =
        definition;
    [name.as_str(), label, kind(definition), unit, numerator, denominator, wording, source]
        .map(Cell::text)
        .to_vec()
}

/// Definitions as a table.
pub fn definitions(definitions: &[IndicatorDefinition]) -> String {
    let row = |one: &IndicatorDefinition| {
        vec![one.name.clone(), kind(one).to_owned(), one.unit.clone(), one.numerator.clone()]
    };
    Table {
        heading: vec![counted(definitions.len(), "indicator")],
        columns: vec![
            Column::text("Name"),
            Column::text("Kind"),
            Column::text("Unit"),
            Column::flexible("What is counted", 12),
        ],
        rows: definitions.iter().map(row).collect(),
        notes: vec!["--format csv or json has all of each definition; local: names need none".to_owned()],
    }
    .render()
}

/// Names of the columns of breaks.
pub fn break_columns() -> Vec<String> {
    named(&["date", "organisation_code", "source_id", "why", "recorded_by", "recorded_at"])
}

/// A break as cells.
pub fn break_cells(one: &SeriesBreak) -> Vec<Cell> {
    let SeriesBreak { organisation_code, source_id, date, why, recorded_by, recorded_at } = one;
    let at = recorded_at.as_ref().map(|at| at.to_string()).unwrap_or_default();
    [date, organisation_code, source_id, why, recorded_by, &at].map(|text| Cell::text(text.as_str())).to_vec()
}

/// Breaks as a table.
pub fn breaks(breaks: &[SeriesBreak]) -> String {
    let whose = |one: &SeriesBreak| match (one.organisation_code.as_str(), one.source_id.as_str()) {
        ("", "") => "everybody".to_owned(),
        ("", source) => format!("source {source}"),
        (practice, _) => practice.to_owned(),
    };
    let row =
        |one: &SeriesBreak| vec![one.date.clone(), whose(one), one.why.clone(), one.recorded_by.clone()];
    Table {
        heading: vec![counted(breaks.len(), "series break")],
        columns: vec![
            Column::text("From"),
            Column::text("Whose"),
            Column::flexible("Why", 12),
            Column::text("Recorded by"),
        ],
        rows: breaks.iter().map(row).collect(),
        notes: Vec::new(),
    }
    .render()
}
