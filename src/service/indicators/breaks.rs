//! Series breaks from messages and back.

use callgauge_schema::{Moment, OdsCode};

use super::parse::{at_most, fit};
use crate::access::Principal;
use crate::calendar::Day;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::store::{BreakChanges, BreakOf, SeriesBreak};

/// What is to be recorded and taken back.
///
/// # Errors
/// Where a field is not what it takes; it is named with its place in the request.
pub(super) fn changes(
    request: v1::RecordSeriesBreaksRequest,
    caller: &Principal,
    now: Moment,
) -> Result<BreakChanges, Fault> {
    let v1::RecordSeriesBreaksRequest { recorded, withdrawn } = request;
    at_most("recorded", recorded.len())?;
    at_most("withdrawn", withdrawn.len())?;
    if recorded.is_empty() && withdrawn.is_empty() {
        return Err(Fault::field("recorded", "must have a break to record, or withdrawn one to take back"));
    }
    let recorded_by = match caller {
        Principal::Local => "local",
    };
    let mut changes = BreakChanges::default();
    for (index, message) in recorded.into_iter().enumerate() {
        let at = |field: &str| format!("recorded[{index}].{field}");
        let (of, day) = place(&message, &at)?;
        let why = message.why.trim();
        if why.is_empty() {
            return Err(Fault::field(
                at("why"),
                "must say why, for example: changed to another telephone system",
            ));
        }
        fit(why).map_err(|fault| Fault::field(at("why"), fault))?;
        changes.put.push(SeriesBreak {
            of,
            day,
            why: why.to_owned(),
            recorded_by: recorded_by.to_owned(),
            recorded_at: now,
        });
    }
    for (index, message) in withdrawn.iter().enumerate() {
        changes.withdrawn.push(place(message, &|field: &str| format!("withdrawn[{index}].{field}"))?);
    }
    Ok(changes)
}

/// # Errors
/// Where a break to record is of a practice that nobody knows.
pub(super) fn known(changes: &BreakChanges, knows: impl Fn(OdsCode) -> bool) -> Result<(), Fault> {
    for (index, one) in changes.put.iter().enumerate() {
        if let BreakOf::Practice(code) = one.of
            && !knows(code)
        {
            let field = format!("recorded[{index}].organisation_code");
            return Err(Fault::UnknownOrganisation { field, code: code.to_string() });
        }
    }
    Ok(())
}

fn place(message: &v1::SeriesBreak, at: &impl Fn(&str) -> String) -> Result<(BreakOf, Day), Fault> {
    let v1::SeriesBreak { organisation_code, source_id, date, why: _, recorded_by: _, recorded_at: _ } =
        message;
    let of = match (organisation_code.is_empty(), source_id.is_empty()) {
        (true, true) => BreakOf::Everybody,
        (true, false) => BreakOf::Source(
            source_id.parse().map_err(|fault| Fault::field(at("source_id"), format!("{fault}")))?,
        ),
        (false, true) => BreakOf::Practice(organisation_code.parse().map_err(|fault| {
            Fault::field(at("organisation_code"), format!("{fault}, for example A81001"))
        })?),
        (false, false) => {
            let told =
                "must be empty where organisation_code is given: a break is of one of them, or of everybody";
            return Err(Fault::field(at("source_id"), told));
        }
    };
    let day = date
        .parse()
        .map_err(|fault| Fault::field(at("date"), format!("{fault}, and is {:?}", fields::shown(date))))?;
    Ok((of, day))
}

pub(super) fn message(one: &SeriesBreak) -> v1::SeriesBreak {
    let SeriesBreak { of, day, why, recorded_by, recorded_at } = one;
    let (organisation_code, source_id) = match of {
        BreakOf::Everybody => (String::new(), String::new()),
        BreakOf::Source(source) => (String::new(), source.to_string()),
        BreakOf::Practice(code) => (code.to_string(), String::new()),
    };
    v1::SeriesBreak {
        organisation_code,
        source_id,
        date: day.to_string(),
        why: why.clone(),
        recorded_by: recorded_by.clone(),
        recorded_at: Some(crate::ingest::timestamp(*recorded_at)),
    }
}
