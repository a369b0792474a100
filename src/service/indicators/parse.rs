//! Values of indicators from messages: each checked by itself, and refused with its field and what would be right.

use std::collections::HashMap;
use std::sync::Arc;

use callgauge_schema::{OdsCode, SourceId};

use crate::calendar::{Days, WholePeriod};
use crate::definitions::indicators::{IndicatorName, IndicatorValue};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields::{self, shown};
use crate::store::indicators::LONGEST_TEXT;
use crate::store::{IndicatorRow, IndicatorsAsk};

/// Most values, or breaks, of a request.
pub(super) const MOST: usize = 1_000;

/// What is fit to be kept, and the rest.
pub(super) struct Checked {
    pub(super) rows: Vec<IndicatorRow>,
    pub(super) rejected: Vec<v1::RejectedIndicator>,
}

/// Why a value is refused.
struct Wrong {
    field: &'static str,
    message: String,
}

/// # Errors
/// Where a list is longer than what a request takes.
pub(super) fn at_most(field: &str, len: usize) -> Result<(), Fault> {
    if len > MOST {
        return Err(Fault::field(
            field,
            format!("{len} are more than the {MOST} that a request takes; send several"),
        ));
    }
    Ok(())
}

/// Checks values one by one.
pub(super) fn submission(
    source: &SourceId,
    indicators: Vec<v1::Indicator>,
    knows: impl Fn(OdsCode) -> bool,
) -> Checked {
    let mut checked = Checked { rows: Vec::with_capacity(indicators.len()), rejected: Vec::new() };
    let mut places: HashMap<(IndicatorName, OdsCode, Days), usize> = HashMap::new();
    for (index, message) in indicators.into_iter().enumerate() {
        let row = row(source, message, &knows).and_then(|row| {
            match places.insert((row.name.clone(), row.organisation, row.period), index) {
                None => Ok(row),
                Some(before) => Err(Wrong {
                    field: "organisation_code",
                    message: format!(
                        "{} has two values of {} in this request for the same period, this one and number {before}; send one",
                        row.organisation, row.name
                    ),
                }),
            }
        });
        match row {
            Ok(row) => checked.rows.push(row),
            Err(Wrong { field, message }) => checked.rejected.push(v1::RejectedIndicator {
                index: index as i32,
                field: field.to_owned(),
                message,
            }),
        }
    }
    checked
}

fn row(
    source: &SourceId,
    message: v1::Indicator,
    knows: &impl Fn(OdsCode) -> bool,
) -> Result<IndicatorRow, Wrong> {
    let v1::Indicator {
        name,
        organisation_code,
        start_date,
        end_date,
        source_id,
        numerator,
        denominator,
        expected,
        definition_version,
        quality_note,
    } = message;
    let wrong = |field, message: String| Wrong { field, message };
    let given: IndicatorName =
        name.parse().map_err(|fault| wrong("name", format!("{:?} {fault}", shown(&name))))?;
    let organisation: OdsCode = organisation_code.parse().map_err(|fault| {
        wrong(
            "organisation_code",
            format!("{fault}, for example A81001; and is {:?}", shown(&organisation_code)),
        )
    })?;
    if !knows(organisation) {
        let told = format!(
            "no practice {organisation} is known: import it with ImportOrganisations, then send this again"
        );
        return Err(wrong("organisation_code", told));
    }
    let period = period(&start_date, &end_date)?;
    if !source_id.is_empty() && source_id != source.as_str() {
        return Err(wrong("source_id", format!("must be empty, or {source} as in the request")));
    }
    let numerator = numerator.ok_or_else(|| {
        wrong("numerator", "must be given; leave the row out where there is no value".to_owned())
    })?;
    let value = IndicatorValue::new(given.kind(), numerator, denominator, expected)
        .map_err(|fault| wrong(fault.field, fault.to_string()))?;
    Ok(IndicatorRow {
        name: given,
        organisation,
        period,
        source: source.clone(),
        value,
        definition_version: text("definition_version", &definition_version)?,
        quality_note: text("quality_note", &quality_note)?,
    })
}

fn period(start: &str, end: &str) -> Result<Days, Wrong> {
    let day = |field, text: &str| {
        text.parse().map_err(|fault| Wrong { field, message: format!("{fault}, and is {:?}", shown(text)) })
    };
    let days = Days::new(day("start_date", start)?, day("end_date", end)?);
    if WholePeriod::of(days).is_none() {
        let told = format!(
            "from {start} to before {end} is no whole day, week from Monday, month, quarter or year; the month of {start} is {} to before {}",
            days.first.first_of_month(),
            days.first.first_of_next_month()
        );
        return Err(Wrong { field: "end_date", message: told });
    }
    Ok(days)
}

fn text(field: &'static str, text: &str) -> Result<Arc<str>, Wrong> {
    fit(text).map_err(|message| Wrong { field, message })?;
    Ok(text.into())
}

/// Whether a text may be kept.
pub(super) fn fit(text: &str) -> Result<(), String> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("must be at most {LONGEST_TEXT} characters"));
    }
    fields::fit(text)
}

/// Which values are asked for.
pub(super) fn ask(request: v1::ListIndicatorsRequest, limit: usize) -> Result<IndicatorsAsk, Fault> {
    let v1::ListIndicatorsRequest {
        names,
        start_date,
        end_date,
        source_id,
        organisation_codes,
        page_size: _,
        page_token: _,
    } = request;
    at_most("names", names.len())?;
    if organisation_codes.len() > 10_000 {
        return Err(Fault::field(
            "organisation_codes",
            "must be at most 10,000; leave them out to ask for all",
        ));
    }
    let name = |text: &String| {
        text.parse().map_err(|fault| Fault::field("names", format!("{:?} {fault}", shown(text))))
    };
    let code = |text: &String| {
        text.parse()
            .map_err(|fault| Fault::field("organisation_codes", format!("{fault}, and is {:?}", shown(text))))
    };
    Ok(IndicatorsAsk {
        names: names.iter().map(name).collect::<Result<_, _>>()?,
        days: if start_date.is_empty() && end_date.is_empty() {
            None
        } else {
            Some(fields::days(&start_date, &end_date)?)
        },
        source: if source_id.is_empty() { None } else { Some(fields::source(source_id)?) },
        organisations: organisation_codes.iter().map(code).collect::<Result<_, _>>()?,
        limit,
    })
}
