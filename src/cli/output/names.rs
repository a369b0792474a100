//! What the API's enums are called in answers: their own names without the prefix.

use crate::proto::v1::breakdown_value::Part as Split;
use crate::proto::v1::{Absence, BreakdownValue, Direction, Level, Outcome, OutcomeReason};

/// A level as the command line calls it; empty where there is none.
pub(super) fn level_name(level: i32) -> String {
    let level = Level::try_from(level).unwrap_or_default();
    if level == Level::Unspecified {
        return String::new();
    }
    level.as_str_name().trim_start_matches("LEVEL_").to_ascii_lowercase()
}

/// Why there is no value.
pub(super) fn absence_name(why: i32) -> &'static str {
    Absence::try_from(why).unwrap_or_default().as_str_name().trim_start_matches("ABSENCE_")
}

/// A part of a breakdown in one text: the line, the source, or `INBOUND/MISSED/VOICEMAIL`.
pub(super) fn split_name(value: &BreakdownValue) -> Option<String> {
    Some(match value.part.as_ref()? {
        Split::Line(line) => line.clone(),
        Split::SourceId(source) => source.clone(),
        Split::Outcome(part) => {
            let mut name = format!("{}/{}", direction_name(part.direction), outcome_name(part.outcome));
            let reason = reason_name(part.reason);
            if !reason.is_empty() {
                name = format!("{name}/{reason}");
            }
            name
        }
    })
}

/// A direction as the API calls it; empty where there is none.
pub(super) fn direction_name(direction: i32) -> &'static str {
    match Direction::try_from(direction).unwrap_or_default() {
        Direction::Unspecified => "",
        told => told.as_str_name().trim_start_matches("DIRECTION_"),
    }
}

/// An outcome as the API calls it; empty where there is none.
pub(super) fn outcome_name(outcome: i32) -> &'static str {
    match Outcome::try_from(outcome).unwrap_or_default() {
        Outcome::Unspecified => "",
        told => told.as_str_name().trim_start_matches("OUTCOME_"),
    }
}

/// A reason as the API calls it; empty where there is none.
pub(super) fn reason_name(reason: i32) -> &'static str {
    match OutcomeReason::try_from(reason).unwrap_or_default() {
        OutcomeReason::Unspecified => "",
        told => told.as_str_name().trim_start_matches("OUTCOME_REASON_"),
    }
}
