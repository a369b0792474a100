//! "Patients Registered at a GP Practice", the file of totals by practice: patients on the first day of a month, taken as that month's.

use std::path::Path;

use super::file::{Csv, Found, Sink, Texts, count, date, month_of};
use crate::cli::Failure;

pub(super) fn read(path: &Path, texts: &Texts, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut csv = Csv::open(path)?;
    let [day, kind, code, sex, age, patients] =
        csv.columns(["extract_date", "type", "code", "sex", "age", "number_of_patients"])?;
    while let Some((line, record)) = csv.next()? {
        let cell = |place| record.get(place).unwrap_or_default().trim();
        // The same file can carry sums of other organisations, and a line for each sex and age.
        if !cell(kind).eq_ignore_ascii_case("GP")
            || [sex, age].iter().any(|&place| !cell(place).eq_ignore_ascii_case("ALL"))
        {
            continue;
        }
        let value = match (date(cell(day)), count(cell(patients))) {
            (Some(day), Some(patients)) => {
                Ok(texts.value("list_size", cell(code), month_of(day), patients as f64))
            }
            (None, _) => Err(format!("EXTRACT_DATE: must be a date like 2026-03-01, and is {:?}", cell(day))),
            (_, None) => {
                Err(format!("NUMBER_OF_PATIENTS: must be a whole number, and is {:?}", cell(patients)))
            }
        };
        sink(Found { place: format!("line {line}"), value })?;
    }
    Ok(())
}
