//! What a program of its own says, as the types of the SDK. Nothing that it sends is taken on trust: what is not in its shape is refused.

use callgauge_adapter::{
    AdapterError, Description, Fault, How, Metric, MetricSupport, Next, OutcomeSupport, Page, Place,
    RejectedRow, RowReason, SettingKind, SettingSpec, Span, UnknownWord, VendorCall,
};
use callgauge_schema::{Outcome, Reason};

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
        settings,
        metrics,
        outcomes,
        unconfirmed,
    } = told;
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
        settings: settings.into_iter().map(setting).collect::<Result<_, _>>()?,
        reaches_back: span(reaches_back),
        late_by,
        longest_window,
        metrics: metrics.into_iter().map(metric).collect::<Result<_, _>>()?,
        outcomes: outcomes.into_iter().map(outcome).collect::<Result<_, _>>()?,
        sees_corrections,
        sees_deletions,
        unknown_wait,
        unknown_talk,
        unconfirmed,
    };
    Ok((described, delivers))
}

fn wrong(field: &str, what: &str) -> AdapterError {
    let told = format!("the adapter's program describes itself without {field}: {what}");
    AdapterError::new(Fault::Disabled, told)
}

fn setting(told: v1::Setting) -> Result<SettingSpec, AdapterError> {
    let kind = match told.kind() {
        v1::SettingKind::Unspecified => return Err(wrong("settings.kind", "say what each setting takes")),
        v1::SettingKind::Text => SettingKind::Text,
        v1::SettingKind::Secret => SettingKind::Secret,
        v1::SettingKind::Number => SettingKind::Number,
        v1::SettingKind::Switch => SettingKind::Switch,
        v1::SettingKind::List => SettingKind::List,
        v1::SettingKind::Table => SettingKind::Table,
    };
    let v1::Setting { key, kind: _, required, help } = told;
    Ok(SettingSpec { key, kind, required, help })
}

fn metric(told: v1::MetricSupport) -> Result<(Metric, MetricSupport), AdapterError> {
    let support = match told.support() {
        v1::SupportLevel::Unspecified => {
            return Err(wrong("metrics.support", "say how far each is supported"));
        }
        v1::SupportLevel::Native => MetricSupport::Native,
        v1::SupportLevel::Derived => MetricSupport::Derived,
        v1::SupportLevel::Sometimes => MetricSupport::Sometimes,
        v1::SupportLevel::No => MetricSupport::No,
    };
    let v1::MetricSupport { metric, support: _ } = told;
    let named = serde_json::from_value(serde_json::Value::String(metric));
    let metric =
        named.map_err(|_| wrong("metrics.metric", "must be one of the eight, such as \"call_volumes\""))?;
    Ok((metric, support))
}

fn outcome(told: v1::OutcomeSupport) -> Result<OutcomeSupport, AdapterError> {
    let v1::OutcomeSupport { outcome, outcome_reason, derived } = told;
    let numbered = |number: i32| u8::try_from(number).ok().filter(|number| *number > 0);
    let outcome = numbered(outcome).and_then(Outcome::from_number);
    let reason = match outcome_reason {
        0 => None,
        number => Some(numbered(number).and_then(Reason::from_number).ok_or_else(|| {
            wrong("outcomes.outcome_reason", "must be one of the reasons that this version knows")
        })?),
    };
    Ok(OutcomeSupport {
        outcome: outcome.ok_or_else(|| wrong("outcomes.outcome", "must be one of the outcomes"))?,
        reason,
        how: if derived { How::Derived } else { How::Native },
    })
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
