//! What a program of its own says, as the types of the SDK. Nothing that it sends is taken on trust: what is not in its shape is refused.

use callgauge_adapter::{
    AdapterError, Description, Fault, Next, Page, Place, RejectedRow, RowReason, Span, UnknownWord,
    VendorCall,
};

use crate::ingest::wire::{Kept, to_draft};
use crate::proto::adapter::v1;

/// Calls on a page.
const CALLS: usize = 10_000;

/// What the program says of itself, and whether its windows are whole.
pub(super) fn description(told: v1::DescribeResponse) -> Result<(Description, bool), AdapterError> {
    let v1::DescribeResponse {
        contract_version: _,
        vendor,
        title,
        version,
        reads,
        reaches_back,
        late_by,
        longest_window,
        unknown_wait,
        unknown_talk,
        sees_corrections,
        sees_deletions,
        delivers,
    } = told;
    let wrong = |field: &str, what: &str| {
        AdapterError::new(
            Fault::Disabled,
            format!("the adapter's program describes itself without {field}: {what}"),
        )
    };
    let span = |told: Option<prost_types::Duration>| {
        told.and_then(|told| u64::try_from(told.seconds).ok()).map(|secs| Span { secs })
    };
    let late_by = span(late_by).ok_or_else(|| wrong("late_by", "give how long records come late"))?;
    let longest_window = span(longest_window)
        .filter(|span| span.secs >= 60)
        .ok_or_else(|| wrong("longest_window", "give at least a minute"))?;
    let described = Description {
        vendor,
        title,
        version,
        reads,
        settings: Vec::new(),
        reaches_back: span(reaches_back),
        late_by,
        longest_window,
        metrics: Vec::new(),
        outcomes: Vec::new(),
        sees_corrections,
        sees_deletions,
        unknown_wait,
        unknown_talk,
        unconfirmed: Vec::new(),
    };
    Ok((described, delivers))
}

/// A page.
pub(super) fn page(told: v1::FetchCallsResponse, next: Next) -> Result<Page, AdapterError> {
    let v1::FetchCallsResponse { calls, rejected_rows, unknown_words, in_progress, next_cursor: _ } = told;
    if calls.len() > CALLS {
        let told =
            format!("the adapter's program gave {} calls on a page; at most {CALLS} are taken", calls.len());
        return Err(AdapterError::new(Fault::Protocol, told));
    }
    let mut page = Page { in_progress: u64::try_from(in_progress).unwrap_or(0), ..Page::empty(next) };
    for told in calls {
        match call(told) {
            Ok(call) => page.calls.push(call),
            Err(row) => page.rejects.push(row),
        }
    }
    page.rejects.extend(rejected_rows.into_iter().map(row));
    page.unknown_words = unknown_words
        .into_iter()
        .map(|v1::UnknownWord { field, word, count }| UnknownWord {
            field: field.chars().take(64).collect(),
            word: word.chars().take(64).collect(),
            times: u64::try_from(count).unwrap_or(0),
        })
        .collect();
    Ok(page)
}

/// A call, or how it is kept where it is none.
pub(super) fn call(told: v1::Call) -> Result<VendorCall, RejectedRow> {
    let v1::Call { record, places } = told;
    let record = record.unwrap_or_default();
    let id = record.call_id.parse::<callgauge_schema::CallId>().map(|id| id.to_string()).unwrap_or_default();
    let mut kept = Kept::default();
    let draft = to_draft(record, &mut kept)
        .map_err(|fault| RejectedRow::refused(id.clone(), &fault, serde_json::json!({ "id": id })))?;
    let places = places.into_iter().filter_map(|v1::Place { place }| match place? {
        v1::place::Place::PracticeNumber(text) => Place::number(&text),
        v1::place::Place::Queue(name) => Some(Place::queue(name)),
        v1::place::Place::Site(name) => Some(Place::site(name)),
    });
    Ok(VendorCall { draft, places: places.collect() })
}

fn row(told: v1::RejectedRow) -> RejectedRow {
    let v1::RejectedRow { row_id, field, missing, message, row_json } = told;
    RejectedRow {
        id: row_id,
        field: field.chars().take(128).collect(),
        reason: if missing { RowReason::Missing } else { RowReason::Malformed },
        message: message.chars().take(500).collect(),
        row: serde_json::from_str(&row_json).unwrap_or_default(),
    }
}
