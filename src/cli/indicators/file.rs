//! What readers of files share: where values and faults go, columns by name, dates as published files write them.

use std::fs::File;
use std::path::Path;

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::calendar::{Day, Days};
use crate::cli::Failure;
use crate::proto::v1;

/// Texts for values whose file says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pub(super) definition_version: String,
    pub(super) quality_note: String,
}

/// A value, or why there is none, and where it stands.
pub(super) struct Found {
    /// For people: "line 7", or "practice A81001 2026-02".
    pub(super) place: String,
    pub(super) value: Result<v1::Indicator, String>,
}

/// Where what is found goes; it refuses only when nobody takes it any more.
pub(super) type Sink<'a> = dyn FnMut(Found) -> Result<(), Failure> + 'a;

impl Texts {
    /// A value of a period with these texts.
    pub(super) fn value(&self, name: &str, code: &str, period: Days, numerator: f64) -> v1::Indicator {
        v1::Indicator {
            name: name.to_owned(),
            organisation_code: code.to_owned(),
            start_date: period.first.to_string(),
            end_date: period.end.to_string(),
            numerator: Some(numerator),
            definition_version: self.definition_version.clone(),
            quality_note: self.quality_note.clone(),
            ..v1::Indicator::default()
        }
    }
}

/// A CSV file that is read line by line, by the names of its columns.
pub(super) struct Csv {
    name: String,
    reader: Reader<File>,
    header: Vec<String>,
    record: StringRecord,
}

impl Csv {
    /// Opens a file and reads its first line.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file =
            File::open(path).map_err(|fault| Failure::Refused(format!("cannot read {name}: {fault}")))?;
        let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(file);
        let header =
            reader.headers().map_err(|fault| Failure::Refused(format!("{name}: line 1: {fault}")))?;
        let plain = |column: &str| column.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
        let header = header.iter().map(plain).collect();
        Ok(Self { name, reader, header, record: StringRecord::new() })
    }

    /// Names of the columns, lower case.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Where a column stands.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Where columns stand that have to be there.
    pub(super) fn columns<const N: usize>(&self, names: [&str; N]) -> Result<[usize; N], Failure> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            *place =
                self.column(name).ok_or_else(|| self.refused(1, &format!("there is no column {name}")))?;
        }
        Ok(places)
    }

    /// The next line, with its number; `None` at the end. What is no CSV ends the reading: nobody knows what comes after it.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &StringRecord)>, Failure> {
        let read = self.reader.read_record(&mut self.record);
        let line = self.record.position().map_or(0, csv::Position::line);
        match read {
            Ok(true) => Ok(Some((line, &self.record))),
            Ok(false) => Ok(None),
            Err(fault) => Err(Failure::Refused(format!("{}: {fault}: save it as CSV UTF-8", self.name))),
        }
    }

    /// A fault of a line that ends the reading.
    pub(super) fn refused(&self, line: u64, what: &str) -> Failure {
        Failure::Refused(format!("{}: line {line}: {what}", self.name))
    }
}

/// A date as published files write it: 2026-02-01, 01FEB2026 or 01/02/2026.
pub(super) fn date(text: &str) -> Option<Day> {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let text = text.trim();
    if let Ok(day) = text.parse() {
        return Some(day);
    }
    if !text.is_ascii() {
        return None;
    }
    let (day, month, year) = match (text.len(), text.split('/').collect::<Vec<_>>().as_slice()) {
        (10, [day, month, year]) => ((*day).to_owned(), (*month).to_owned(), (*year).to_owned()),
        (9, _) => {
            let word = text[2..5].to_ascii_uppercase();
            let month = MONTHS.iter().position(|month| *month == word)? + 1;
            (text[..2].to_owned(), format!("{month:02}"), text[5..].to_owned())
        }
        _ => return None,
    };
    format!("{year}-{month}-{day}").parse().ok()
}

/// The month that a day is in.
pub(super) fn month_of(day: Day) -> Days {
    Days::new(day.first_of_month(), day.first_of_next_month())
}

/// A whole number that is no less than 0.
pub(super) fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_published_files_write_them() {
        for text in ["2026-02-01", "01FEB2026", "01Feb2026", " 01/02/2026 "] {
            assert_eq!(date(text).map(|day| day.to_string()).as_deref(), Some("2026-02-01"), "{text}");
        }
        for text in ["", "FEB2026", "31FEB2026", "2026-02", "1/2/26", "01ФЕВ26", "01FOO2026"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
