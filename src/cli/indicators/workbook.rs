//! The practice tables of NHS England's telephone workbook, as published: nothing is counted again. Accounts that several practices share are no practice's.

use std::path::Path;

use super::file::{Found, Sink, Texts, month_of};
use crate::cli::Failure;
use crate::replay::{Column, DurationOf, Month, Who, read as read_workbook};

const BANDS: [&str; 4] = ["under_1_minute", "1_to_2_minutes", "2_to_5_minutes", "over_5_minutes"];

/// A workbook.
pub(super) fn month(path: &Path) -> Result<Month, Failure> {
    read_workbook(path).map_err(|fault| Failure::Refused(format!("{}: {fault}", path.display())))
}

pub(super) fn read(path: &Path, texts: &Texts, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let month = month(path)?;
    let period = month_of(month.first);
    for row in &month.rows {
        let Who::Practice { code, name: _ } = &row.who else { continue };
        let counts = &row.counts;
        let mut put = |name: &str, numerator: u64, denominator: Option<u64>| {
            let mut value = texts.value(name, code.as_str(), period, numerator as f64);
            value.denominator = denominator.map(|denominator| denominator as f64);
            sink(Found { place: format!("practice {code}, {name}"), value: Ok(value) })
        };
        let inbound = counts[Column::Inbound];
        put("cbt001_inbound_calls", inbound, None)?;
        for (name, column) in [
            ("cbt002_ended_in_ivr", Column::EndedInIvr),
            ("cbt003_answered", Column::Answered),
            ("cbt004_missed", Column::Missed),
            ("cbt005_callback_requested", Column::CallbackRequested),
        ] {
            put(name, counts[column], Some(inbound))?;
        }
        let (missed, rest) = (counts[Column::Missed], inbound.saturating_sub(counts[Column::EndedInIvr]));
        if missed <= rest {
            put("cbt004_missed_less_ivr", missed, Some(rest))?;
        }
        put("cbt006_callbacks_made", counts[Column::CallbackMade], Some(counts[Column::CallbackRequested]))?;
        for (name, of) in [
            ("cbt003_wait", DurationOf::AnsweredWait),
            ("cbt004_wait", DurationOf::MissedWait),
            ("cbt007_talk", DurationOf::Talk),
        ] {
            let bands = [0, 1, 2, 3].map(|band| counts[Column::Duration(of, band)]);
            for (band, words) in bands.iter().zip(BANDS) {
                put(&format!("{name}_{words}"), *band, Some(bands.iter().sum()))?;
            }
        }
    }
    Ok(())
}
