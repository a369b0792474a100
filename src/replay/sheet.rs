//! One sheet of a workbook, read by its headings: columns come and go between editions, their headings stay.

use calamine::{Data, Range};

use crate::calendar::Day;

/// Why a workbook is refused. One line each, naming sheet, column and difference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWorkbook {
    /// Cannot be opened, or is no workbook.
    #[error("cannot read {path} as an .xlsx workbook: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What went wrong.
        cause: String,
    },
    /// A sheet is missing.
    #[error(
        "there is no sheet \"{0}\": give a monthly \"Cloud Based Telephony Publication Summary\" of NHS England"
    )]
    NoSheet(&'static str),
    /// A sheet without headings.
    #[error("{sheet} has no row of headings that has \"{heading}\"")]
    NoHeadings {
        /// The sheet.
        sheet: &'static str,
        /// What was looked for.
        heading: &'static str,
    },
    /// A column is missing.
    #[error("{sheet} has no column \"{column}\"")]
    NoColumn {
        /// The sheet.
        sheet: &'static str,
        /// The heading that was looked for.
        column: String,
    },
    /// No row "Total".
    #[error("{0} has no row \"Total\" to hold its rows against")]
    NoTotal(&'static str),
    /// No rows.
    #[error("{0} has no rows")]
    Empty(&'static str),
    /// A cell that should hold a number of calls.
    #[error("{sheet}, row {row}, column \"{column}\": \"{text}\" is no number of calls")]
    NoCount {
        /// The sheet.
        sheet: &'static str,
        /// Number of the row, as a spreadsheet shows it.
        row: usize,
        /// Heading.
        column: String,
        /// What the cell holds.
        text: String,
    },
    /// Rows do not add up.
    #[error(
        "{sheet}, column \"{column}\": the rows add up to {rows}, {total_name} says {total} (difference {})",
        i128::from(*rows) - i128::from(*total)
    )]
    DoesNotAddUp {
        /// The sheet.
        sheet: &'static str,
        /// Heading.
        column: String,
        /// Sum of the rows.
        rows: u64,
        /// What it should be.
        total: u64,
        /// Where that stands.
        total_name: String,
    },
    /// Table 2's days are not those of one month.
    #[error("Table 2: {0}")]
    Days(String),
    /// A practice in two rows that state different memberships.
    #[error("Table 3 states practice {0} twice, with different memberships")]
    PracticeTwice(String),
    /// A row that Table 3 lacks.
    #[error("{sheet}, row {row}: Table 3 has no row for {who}")]
    NotInTable3 {
        /// The sheet.
        sheet: &'static str,
        /// Number of the row.
        row: usize,
        /// Whose row it is.
        who: String,
    },
    /// A code that is none.
    #[error("{sheet}, row {row}, column \"{column}\": \"{text}\" is no organisation code")]
    NoCode {
        /// The sheet.
        sheet: &'static str,
        /// Number of the row.
        row: usize,
        /// Heading.
        column: String,
        /// What the cell holds.
        text: String,
    },
}

/// A sheet and where its headings are.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    range: Range<Data>,
    headings: usize,
}

/// A column: where it is and what it is called.
#[derive(Clone, Debug)]
pub(super) struct At {
    place: usize,
    pub(super) heading: String,
}

/// One row below the headings.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    sheet: &'a Sheet,
    cells: &'a [Data],
    /// Number of the row, as a spreadsheet shows it.
    pub(super) row: usize,
}

impl Sheet {
    /// Finds the row of headings: the first that has a cell which begins with `heading`.
    pub(super) fn new(
        name: &'static str,
        range: Range<Data>,
        heading: &'static str,
    ) -> Result<Self, InvalidWorkbook> {
        let headings = range
            .rows()
            .position(|row| row.iter().any(|cell| plain(cell).starts_with(&heading.to_lowercase())))
            .ok_or(InvalidWorkbook::NoHeadings { sheet: name, heading })?;
        Ok(Self { name, range, headings })
    }

    /// The column with this heading; footnote marks, case and spaces do not matter.
    pub(super) fn column(&self, heading: &str) -> Result<At, InvalidWorkbook> {
        self.find(heading, 0)
            .ok_or_else(|| InvalidWorkbook::NoColumn { sheet: self.name, column: heading.to_owned() })
    }

    /// The column with this heading under a wider heading in the row above (part of its text).
    pub(super) fn column_under(&self, above: &str, heading: &str) -> Result<At, InvalidWorkbook> {
        let missing =
            || InvalidWorkbook::NoColumn { sheet: self.name, column: format!("{heading} ({above})") };
        let wider = self.headings.checked_sub(1).and_then(|row| self.range.rows().nth(row));
        let from = wider
            .and_then(|row| row.iter().position(|cell| plain(cell).contains(&above.to_lowercase())))
            .ok_or_else(missing)?;
        let mut at = self.find(heading, from).ok_or_else(missing)?;
        at.heading = format!("{heading} ({above})");
        Ok(at)
    }

    /// The rows below the headings.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let first = self.range.start().map_or(0, |(row, _)| row as usize);
        self.range.rows().enumerate().skip(self.headings + 1).map(move |(at, cells)| Line {
            sheet: self,
            cells,
            row: first + at + 1,
        })
    }

    fn find(&self, heading: &str, from: usize) -> Option<At> {
        let wanted = heading.to_lowercase();
        let row = self.range.rows().nth(self.headings)?;
        let place = (from..row.len()).find(|&place| plain(&row[place]) == wanted)?;
        Some(At { place, heading: heading.to_owned() })
    }
}

impl Line<'_> {
    /// The text of a cell, trimmed; empty where it holds none.
    pub(super) fn text(&self, at: &At) -> &str {
        match self.cells.get(at.place) {
            Some(Data::String(text)) => text.trim(),
            _ => "",
        }
    }

    /// Whether a cell holds nothing.
    pub(super) fn empty(&self, at: &At) -> bool {
        match self.cells.get(at.place) {
            None | Some(Data::Empty) => true,
            Some(Data::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        }
    }

    /// A number of calls; an empty cell is 0.
    pub(super) fn count(&self, at: &At) -> Result<u64, InvalidWorkbook> {
        let cell = self.cells.get(at.place).unwrap_or(&Data::Empty);
        let whole =
            |number: f64| ((0.0..=1e12).contains(&number) && number.fract() == 0.0).then_some(number as u64);
        let count = match cell {
            Data::Empty => Some(0),
            Data::Int(number) => u64::try_from(*number).ok(),
            Data::Float(number) => whole(*number),
            Data::String(text) if text.trim().is_empty() => Some(0),
            Data::String(text) => text.trim().replace(',', "").parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| InvalidWorkbook::NoCount {
            sheet: self.sheet.name,
            row: self.row,
            column: at.heading.clone(),
            text: cell.to_string(),
        })
    }

    /// A date, where the cell holds one.
    pub(super) fn date(&self, at: &At) -> Option<Day> {
        const SERIAL_OF_1970: f64 = 25_569.0;
        let from_serial = |serial: f64| {
            (36_526.0..73_051.0).contains(&serial).then(|| Day::from_number((serial - SERIAL_OF_1970) as i32))
        };
        match self.cells.get(at.place)? {
            Data::DateTime(date) => from_serial(date.as_f64()),
            Data::Float(serial) => from_serial(*serial),
            Data::Int(serial) => from_serial(*serial as f64),
            Data::DateTimeIso(text) | Data::String(text) => text.trim().get(..10)?.parse().ok(),
            _ => None,
        }
    }
}

/// A heading as it is compared: lower case, single spaces, without footnote marks in brackets.
fn plain(cell: &Data) -> String {
    let Data::String(text) = cell else { return String::new() };
    let mut kept = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => {}
            _ => kept.extend(letter.to_lowercase()),
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}
