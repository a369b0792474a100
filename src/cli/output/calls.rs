//! Single call records: as cells for scripts, and as a table for people.

use jiff::Timestamp;

use super::names::{direction_name, outcome_name, reason_name};
use super::table::{Column, Table};
use super::{Cell, clock, grouped};
use crate::calendar::zone;
use crate::proto::v1::call_record::Attribution;
use crate::proto::v1::callback::Kind;
use crate::proto::v1::{CallbackTiming, StoredCallRecord, Timing};

/// Names of the columns.
pub fn columns() -> Vec<String> {
    [
        "source_id",
        "call_id",
        "revision",
        "practice_code",
        "account_id",
        "direction",
        "started_at",
        "outcome",
        "outcome_reason",
        "ivr_secs",
        "wait_secs",
        "talk_secs",
        "line",
        "callback",
        "callback_timing",
        "callback_for_call_id",
        "callback_attempt",
        "callback_automatic",
        "timing",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A record as cells, one for each column.
pub fn cells(stored: &StoredCallRecord) -> Vec<Cell> {
    let record = stored.record.clone().unwrap_or_default();
    let secs =
        |told: Option<prost_types::Duration>| told.map_or(Cell::None, |told| Cell::Count(told.seconds));
    let (practice, account) = match &record.attribution {
        Some(Attribution::PracticeCode(code)) => (code.as_str(), ""),
        Some(Attribution::Account(account)) => ("", account.id.as_str()),
        None => ("", ""),
    };
    let revision = record.revision.map_or(Cell::None, |r| Cell::Count(i64::try_from(r).unwrap_or(i64::MAX)));
    let timing = if record.timing() == Timing::Banded { "BANDED" } else { "MEASURED" };
    let mut cells = vec![
        Cell::text(stored.source_id.as_str()),
        Cell::text(record.call_id.as_str()),
        revision,
        Cell::text(practice),
        Cell::text(account),
        Cell::text(direction_name(record.direction)),
        instant(record.started_at).map_or(Cell::None, |at| Cell::Text(at.to_string())),
        Cell::text(outcome_name(record.outcome)),
        Cell::text(reason_name(record.outcome_reason)),
        secs(record.ivr),
        secs(record.wait),
        secs(record.talk),
        Cell::text(record.line.as_str()),
    ];
    match record.callback.and_then(|callback| callback.kind) {
        None => cells.extend([const { Cell::None }; 5]),
        Some(Kind::Requested(requested)) => {
            let timing = match requested.timing() {
                CallbackTiming::Unspecified => "",
                told => told.as_str_name().trim_start_matches("CALLBACK_TIMING_"),
            };
            cells.extend([Cell::text("REQUESTED"), Cell::text(timing), Cell::None, Cell::None, Cell::None]);
        }
        Some(Kind::Made(made)) => cells.extend([
            Cell::text("MADE"),
            Cell::None,
            Cell::text(made.for_call_id),
            if made.attempt == 0 { Cell::None } else { Cell::Count(made.attempt.into()) },
            made.automatic.map_or(Cell::None, Cell::Flag),
        ]),
    }
    cells.push(Cell::text(timing));
    cells
}

/// Records as a table; `heading` says whose and which days. Times are London's.
pub fn table(heading: &str, records: &[StoredCallRecord]) -> String {
    let columns = vec![
        Column::text("Started (London)"),
        Column::text("Direction"),
        Column::text("Outcome"),
        Column::text("Reason"),
        Column::number("", "Wait"),
        Column::number("", "Talk"),
        Column::flexible("Line", 6),
        Column::flexible("Source", 6),
        Column::flexible("Call", 8),
    ];
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    Table {
        heading: vec![format!("{heading}: {} call{}", grouped(count), if count == 1 { "" } else { "s" })],
        columns,
        rows: records.iter().map(texts).collect(),
        notes: vec!["Wait and talk in minutes:seconds; empty where not known.".to_owned()],
    }
    .render()
}

fn texts(stored: &StoredCallRecord) -> Vec<String> {
    let record = stored.record.clone().unwrap_or_default();
    let words = |name: &str| name.to_ascii_lowercase().replace('_', " ");
    let lasted =
        |told: Option<prost_types::Duration>| told.map(|told| clock(told.seconds)).unwrap_or_default();
    let local = |at: Timestamp| at.to_zoned(zone().clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        instant(record.started_at).map(local).unwrap_or_default(),
        words(direction_name(record.direction)),
        words(outcome_name(record.outcome)),
        words(reason_name(record.outcome_reason)),
        lasted(record.wait),
        lasted(record.talk),
        record.line,
        stored.source_id.clone(),
        record.call_id,
    ]
}

fn instant(told: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    let told = told?;
    Timestamp::new(told.seconds, told.nanos).ok()
}
