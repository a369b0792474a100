//! Rows of an answer in any form: the same columns for people and for scripts.

use std::io::Write;

use crate::cli::Failure;
use crate::cli::output::table::{Column, Table};
use crate::cli::output::{Cell, Format, csv, grouped, json};
use crate::proto::v1;

/// Rows with what stands above and below them.
#[derive(Default)]
pub(super) struct Answer {
    /// Names of the columns, as scripts have them.
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Above a table; to standard error otherwise.
    pub(super) heading: Vec<String>,
    /// Below it.
    pub(super) notes: Vec<String>,
}

impl Answer {
    /// Leaves columns out.
    pub(super) fn leave_out(&mut self, names: &[&str]) {
        let kept: Vec<bool> = self.columns.iter().map(|name| !names.contains(name)).collect();
        let mut column = kept.iter();
        self.columns.retain(|_| column.next().is_none_or(|kept| *kept));
        for row in &mut self.rows {
            let mut column = kept.iter();
            row.retain(|_| column.next().is_none_or(|kept| *kept));
        }
    }

    /// Writes it.
    pub(super) fn write(self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        let Self { columns, rows, heading, notes } = self;
        if format == Format::Table {
            let numeric = |at: usize| {
                rows.iter().any(|row| matches!(row.get(at), Some(Cell::Count(_) | Cell::Number(_))))
            };
            let column = |(at, name): (usize, &&str)| match (numeric(at), *name) {
                (true, name) => Column::number("", &name.replace('_', " ")),
                (false, "name" | "left_out") => Column::flexible(&name.replace('_', " "), 8),
                (false, name) => Column::text(&name.replace('_', " ")),
            };
            let columns = columns.iter().enumerate().map(column).collect();
            let rows = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
            out.write_all(Table { heading, columns, rows, notes }.render().as_bytes())?;
            return Ok(());
        }
        for line in heading.iter().chain(&notes).filter(|line| !line.is_empty()) {
            eprintln!("callgauge: {line}");
        }
        let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
        if format == Format::Csv {
            out.write_all(csv::header(&columns).as_bytes())?;
        }
        for row in &rows {
            let line = if format == Format::Json { json::row(&columns, row) } else { csv::row(row) };
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// A value as people read it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::None => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => grouped(*count),
        Cell::Number(number) if number.abs() >= 100.0 => format!("{number:.1}"),
        Cell::Number(number) => format!("{number:.4}"),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

/// Code and name of an organisation.
pub(super) fn who(organisation: &Option<v1::OrganisationRef>) -> [Cell; 2] {
    let known = organisation.clone().unwrap_or_default();
    [Cell::text(known.code), Cell::text(known.name)]
}

/// The last part of an enum's name in small letters: "above_998" of "FUNNEL_CLASS_ABOVE_998".
pub(super) fn word(name: &str, prefix: &str) -> Cell {
    let word = name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase();
    if word == "unspecified" { Cell::None } else { Cell::text(word) }
}

/// A count, or the number behind it that is no whole one.
pub(super) fn count(whole: i64, exact: Option<f64>) -> Cell {
    exact.map_or(Cell::Count(whole), Cell::Number)
}

/// What a value is, where it is no plain share.
pub(super) fn kind(kind: v1::MeasureKind, denominator: &str) -> String {
    match kind {
        v1::MeasureKind::Rate => format!(" (per 1,000 {denominator})"),
        v1::MeasureKind::Ratio => " (observed over expected by the source)".to_owned(),
        v1::MeasureKind::Unspecified | v1::MeasureKind::Share | v1::MeasureKind::Number => String::new(),
    }
}
