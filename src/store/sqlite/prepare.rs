//! What can be done with a submission before the writer has it: names to numbers, identities, hashes. Runs in the caller, on any core.

use std::sync::{PoisonError, RwLock};

use callgauge_schema::{CallRecord, Moment, RejectReason, Seconds, SourceId};

use super::labels::{Full, Labels};
use super::row::{FolderKey, Row, UNKNOWN, push_text};
use super::stated::{self, Stated};
use crate::calendar::{Day, london};
use crate::store::content::{ReceiptHash, content_bytes};
use crate::store::{Item, Reject, StoreError, Submission};

/// A submission as the writer takes it.
pub(super) struct Prepared {
    pub(super) source: SourceId,
    /// One row for each record among the items, in order.
    pub(super) rows: Vec<Row>,
    /// Texts of the rows.
    pub(super) heap: Vec<u8>,
    /// Rows that say on which day they stood before, in order.
    pub(super) previous: Vec<(u32, Day)>,
    pub(super) items: Vec<Item>,
    pub(super) redrives: Vec<u64>,
    pub(super) stated: Stated,
    pub(super) hash: [u8; 32],
}

/// Prepares a submission.
pub(super) fn prepare(
    submission: Submission,
    key: &FolderKey,
    labels: &RwLock<Labels>,
) -> Result<Prepared, StoreError> {
    let Submission { source, mut items, redrives, progress, delivered, tallies } = submission;
    let number =
        {
            let known = labels.read().unwrap_or_else(PoisonError::into_inner).source_number(&source);
            match known {
                Some(number) => number,
                None => labels.write().unwrap_or_else(PoisonError::into_inner).add_source(&source).map_err(
                    |Full| StoreError::Unavailable("it knows as many sources as it can".to_owned()),
                )?,
            }
        };
    name_new(&mut items, number, labels);
    let tallies = stated::number(tallies, number, labels)?;
    let known = labels.read().unwrap_or_else(PoisonError::into_inner);
    let mut rows = Vec::with_capacity(items.len());
    let mut heap = Vec::with_capacity(items.len() * 24);
    let mut previous = Vec::new();
    let mut hash = ReceiptHash::new(&source);
    let mut content = Vec::with_capacity(256);
    for item in &items {
        match item {
            Item::Reject(reject) => hash.reject(reject),
            Item::Record(record) => {
                content.clear();
                content_bytes(record, &mut content);
                hash.record(record.id(), &content);
                let (Some(whose), Some(line)) = (
                    known.whose(record.attribution()),
                    record.line().map_or(Some(0), |line| known.line_number(line).map(|number| number + 1)),
                ) else {
                    return Err(StoreError::Damaged("a name that was given a number has none".to_owned()));
                };
                if let Some(before) = record.previous_started_at() {
                    previous.push((rows.len() as u32, london(before).day));
                }
                rows.push(Row {
                    identity: key.identity(source.as_str(), record.id().as_str()),
                    content: key.content(&content),
                    revision: record.revision().unwrap_or(0),
                    started: record.started_at().millis(),
                    whose,
                    line,
                    wait: raw(record.wait()),
                    talk: raw(record.talk()),
                    ivr: raw(record.ivr()),
                    text: heap.len() as u32,
                    kind: record.kind().number(),
                    source: number,
                    retracted: record.retracted(),
                    unversioned: record.revision().is_none(),
                    replaces: false,
                });
                push_text(&mut heap, record.id(), record.callback());
            }
        }
    }
    drop(known);
    tallies.iter().for_each(|(_, tally)| hash.tally(tally));
    let stated = Stated { number, progress, delivered, tallies };
    Ok(Prepared { source, rows, heap, previous, items, redrives, stated, hash: hash.finish() })
}

/// Gives numbers to names that have none; a record for whose names there is no room becomes a reject.
fn name_new(items: &mut [Item], source: u16, labels: &RwLock<Labels>) {
    let lacks = |labels: &Labels, record: &CallRecord| {
        labels.whose(record.attribution()).is_none()
            || record.line().is_some_and(|line| labels.line_number(line).is_none())
    };
    let new: Vec<usize> = {
        let known = labels.read().unwrap_or_else(PoisonError::into_inner);
        let new = items
            .iter()
            .enumerate()
            .filter(|(_, item)| matches!(item, Item::Record(record) if lacks(&known, record)));
        new.map(|(at, _)| at).collect()
    };
    if new.is_empty() {
        return;
    }
    let mut labels = labels.write().unwrap_or_else(PoisonError::into_inner);
    for at in new {
        let Item::Record(record) = &items[at] else { continue };
        let whose = labels.add_whose(source, record.attribution());
        let line = record.line().map(|line| labels.add_line(source, line));
        if whose.is_err() || matches!(line, Some(Err(Full))) {
            items[at] = Item::Reject(Box::new(Reject {
                call_id: Some(record.id().clone()),
                practice: None,
                field: if whose.is_err() { "account.id" } else { "line" }.to_owned(),
                reason: RejectReason::TooManyLabels,
                message: "the source has more different lines or accounts than are kept (10,000): give labels, not ids".to_owned(),
                payload: record.id().as_str().as_bytes().to_vec(),
            }));
        }
    }
}

fn raw(duration: Option<Seconds>) -> u32 {
    duration.map_or(UNKNOWN, Seconds::get)
}

/// The latest moment that a record of any time can be checked against.
pub(super) const ANY_TIME: Moment = Moment::from_millis(i64::MAX / 2);
