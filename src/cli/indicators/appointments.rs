//! The practice level crosstab of "Appointments in General Practice": a line for each combination, over a million of them, summed here to a few values a practice
//! and month.
//!
//! Covid vaccinations are not appointments here: lines that say Covid are summed apart. Where a line of a practice and month cannot be read, its sums would be too
//! small, so none of that practice and month is sent.

use std::collections::BTreeMap;
use std::path::Path;

use super::file::{Csv, Found, Sink, Texts, count, date, month_of};
use crate::calendar::Day;
use crate::cli::{Failure, Progress};

/// Practices times months at most: no file has as many.
const MOST: usize = 2_000_000;

/// The sums of a practice and month.
#[derive(Default)]
struct Sums {
    appointments: u64,
    mode_known: u64,
    face_to_face: u64,
    covid: u64,
    saw_covid: bool,
    damaged: bool,
}

/// What the mode of an appointment says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    FaceToFace,
    Other,
    Unknown,
}

fn mode(text: &str) -> Option<Mode> {
    let plain: String =
        text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "facetoface" => Some(Mode::FaceToFace),
        "telephone"
        | "homevisit"
        | "video"
        | "online"
        | "videoonline"
        | "videoconference"
        | "videoconferenceonline" => Some(Mode::Other),
        "" | "unknown" | "unknowndataissue" | "unknowndataquality" | "notprovided" => Some(Mode::Unknown),
        _ => None,
    }
}

pub(super) fn read(path: &Path, texts: &Texts, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut csv = Csv::open(path)?;
    let [month, code, mode_at, number] =
        csv.columns(["appointment_month_start_date", "gp_code", "appt_mode", "count_of_appointments"])?;
    // Older files have no national category.
    let words = [csv.column("national_category"), csv.column("hcp_type"), Some(mode_at)];
    let mut progress = Progress::begin("lines", None);
    let mut sums: BTreeMap<(Day, String), Sums> = BTreeMap::new();
    while let Some((line, record)) = csv.next()? {
        if line % 4_096 == 0 {
            progress.add(4_096);
        }
        let cell = |place| record.get(place).unwrap_or_default().trim();
        let place = || format!("line {line}");
        let Some(month) = date(cell(month)) else {
            let told = format!(
                "APPOINTMENT_MONTH_START_DATE: must be a date like 01FEB2026, and is {:?}",
                cell(month)
            );
            sink(Found { place: place(), value: Err(told) })?;
            continue;
        };
        let sum = sums.entry((month.first_of_month(), cell(code).to_ascii_uppercase())).or_default();
        let covid = words.iter().flatten().any(|&at| cell(at).to_ascii_lowercase().contains("covid"));
        let told = match (count(cell(number)), mode(cell(mode_at))) {
            (Some(number), _) if covid => {
                sum.covid = sum.covid.saturating_add(number);
                sum.saw_covid = true;
                continue;
            }
            (Some(number), Some(mode)) => {
                sum.appointments = sum.appointments.saturating_add(number);
                if mode != Mode::Unknown {
                    sum.mode_known = sum.mode_known.saturating_add(number);
                }
                if mode == Mode::FaceToFace {
                    sum.face_to_face = sum.face_to_face.saturating_add(number);
                }
                continue;
            }
            (None, _) => format!("COUNT_OF_APPOINTMENTS: must be a whole number, and is {:?}", cell(number)),
            (_, None) => format!(
                "APPT_MODE: must be Face-to-Face, Telephone, Home Visit, Video/Online or Unknown, and is {:?}",
                cell(mode_at)
            ),
        };
        sum.damaged = true;
        let told = format!("{told}; nothing of {} in {} is taken", cell(code), month.first_of_month());
        sink(Found { place: place(), value: Err(told) })?;
        if sums.len() > MOST {
            return Err(
                csv.refused(line, "has more practices and months than any such file: is it the right one?")
            );
        }
    }
    drop(progress);
    for ((month, code), sums) in sums.into_iter().filter(|(_, sums)| !sums.damaged) {
        let Sums { appointments, mode_known, face_to_face, covid, saw_covid, damaged: _ } = sums;
        let period = month_of(month);
        let mut put = |name: &str, numerator: u64, denominator: Option<u64>| {
            let mut value = texts.value(name, &code, period, numerator as f64);
            value.denominator = denominator.map(|denominator| denominator as f64);
            sink(Found { place: format!("practice {code:?}, month of {month}, {name}"), value: Ok(value) })
        };
        put("appointments", appointments, None)?;
        put("face_to_face_appointments", face_to_face, Some(mode_known))?;
        if saw_covid {
            put("covid_vaccinations", covid, None)?;
        }
    }
    Ok(())
}
