//! Sources, readings and rejects as messages.

use std::collections::HashMap;
use std::sync::Arc;

use callgauge_schema::{Moment, RejectReason, SourceId};

use super::{Kept, LookAfter};
use crate::access::Admitted;
use crate::calendar::{Band, Slots, london};
use crate::ingest::host::{Doing, Event, SourceSetup, View, places_of, row_of};
use crate::ingest::{kept_record, timestamp};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::House;
use crate::store::{CountsAsk, Group, KeptReject, Reject};

pub(super) use crate::ingest::host::attribution;

/// Calls that began today, by source.
pub(super) async fn today(
    house: &House,
    admitted: &Admitted<LookAfter>,
) -> Result<HashMap<SourceId, i64>, Fault> {
    let snapshot = house.store.open(admitted).snapshot().await?;
    let ask = CountsAsk {
        groups: vec![Group::All],
        slots: Slots { first: london(house.now()).day, table: vec![[0; Band::COUNT]] },
        by_source: true,
    };
    let rows = Arc::clone(&snapshot).counts(ask).await?;
    house
        .compute(move |_| {
            let mut calls = HashMap::new();
            for row in rows {
                for count in row?.counts {
                    if let Some(source) = count.source {
                        *calls.entry(snapshot.source(source)).or_default() += count.calls;
                    }
                }
            }
            Ok(calls)
        })
        .await
}

/// A source and how it is doing.
pub(super) fn source(
    setup: &SourceSetup,
    view: View,
    today: &HashMap<SourceId, i64>,
    kept: Kept,
    now: Moment,
) -> v1::Source {
    let View {
        doing,
        problem,
        last_success,
        start,
        read_until,
        settled_until,
        next_read,
        in_progress,
        words,
        warnings,
    } = view;
    let status = match doing {
        Doing::Waiting => v1::SourceStatus::Waiting,
        Doing::Reading => v1::SourceStatus::Reading,
        Doing::Retrying => v1::SourceStatus::Retrying,
        Doing::Failed => v1::SourceStatus::Failed,
        Doing::Stopped => v1::SourceStatus::Stopped,
    };
    let behind = read_until.map(|until| now.millis().saturating_sub(until.millis()).max(0));
    v1::Source {
        source_id: setup.id.to_string(),
        vendor: setup.vendor.description().vendor.clone(),
        status: status.into(),
        problem,
        last_success_time: last_success.map(timestamp),
        read_until_time: read_until.map(timestamp),
        settled_until_time: settled_until.map(timestamp),
        start_time: start.map(timestamp),
        lag: behind.map(|millis| prost_types::Duration { seconds: millis / 1_000, nanos: 0 }),
        next_read_time: next_read.map(timestamp),
        calls_today: today.get(&setup.id).copied().unwrap_or(0),
        calls_in_progress: in_progress as i64,
        unmapped_records: kept.unmapped as i64,
        rejected_records: kept.all as i64,
        unknown_words: words
            .into_iter()
            .map(|(field, word, count)| v1::UnknownOutcomeWord { field, word, count: count as i64 })
            .collect(),
        warnings,
    }
}

/// How far a reading got.
pub(super) fn event(event: Event) -> v1::SyncSourceResponse {
    let Event { window, pages, verdicts, unmapped, tallies, done, problem } = event;
    use v1::Verdict as V;
    let names = [V::Accepted, V::Duplicate, V::Revised, V::Stale, V::Conflict, V::Retracted, V::Rejected];
    let counts = names
        .into_iter()
        .zip(verdicts)
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| v1::VerdictCount { verdict: verdict.into(), count: count as i64 });
    v1::SyncSourceResponse {
        window_start_time: window.map(|window| timestamp(window.from)),
        window_end_time: window.map(|window| timestamp(window.until)),
        pages: pages as i64,
        counts: counts.collect(),
        unmapped: unmapped as i64,
        tallies: tallies as i64,
        done,
        problem: problem.unwrap_or_default(),
    }
}

/// A kept reject.
pub(super) fn reject(kept: KeptReject) -> v1::RejectedRecord {
    let KeptReject { id, source, first_at, times, reject } = kept;
    let Reject { call_id, practice, field, reason, message, payload } = reject;
    v1::RejectedRecord {
        reject_id: id as i64,
        source_id: source.to_string(),
        call_id: call_id.map(|id| id.to_string()).unwrap_or_default(),
        practice_code: practice.map(|code| code.to_string()).unwrap_or_default(),
        field,
        reason: i32::from(reason as u8),
        message,
        first_time: Some(timestamp(first_at)),
        times: times as i64,
        record: (reason != RejectReason::Conflict).then(|| kept_record(&payload)).flatten(),
        places: places_of(&payload),
        row_json: row_of(&payload).unwrap_or_default(),
    }
}
