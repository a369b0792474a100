//! A batch of messages into a submission: each record checked, or refused with its reason and kept in a form that can be sent through again.

use std::sync::Arc;

use callgauge_schema::{
    Attribution, CallRecord, InvalidCall, Moment, OdsCode, RejectReason, SourceId, UnknownDurations,
};

use super::tallies::TallyBatch;
use super::unmapped;
use super::wire::{self, Kept};
use crate::organisations::Directory;
use crate::proto::v1;
use crate::store::{Delivered, Item, Reject, SourceProgress, Submission};

/// A batch, converted and ready to be committed.
#[derive(Debug)]
pub struct Batch {
    pub(super) submission: Submission,
    pub(super) refusals: Vec<Refusal>,
    /// The directory that practices were looked up in, where one was not found in it.
    pub(super) unknown_in: Option<Arc<Directory>>,
    pub(super) latest: Option<Moment>,
}

impl Batch {
    /// With how far its source was read after these records, and what it has delivered in full by then: all of it is committed together, or none.
    #[must_use]
    pub fn with_statements(mut self, progress: Option<SourceProgress>, delivered: Vec<Delivered>) -> Self {
        self.submission.progress = progress;
        self.submission.delivered.extend(delivered);
        self
    }

    /// With the tallies that came on the same page, refused ones among them.
    #[must_use]
    pub fn with_tallies(mut self, batch: TallyBatch) -> Self {
        let Submission { source: _, items, redrives: _, progress: _, delivered: _, tallies } =
            batch.submission;
        self.submission.items.extend(items);
        self.submission.tallies.extend(tallies);
        self
    }

    /// With rows that no record could be made of, as they are to be kept.
    #[must_use]
    pub fn with_rejects(mut self, rejects: impl IntoIterator<Item = Box<Reject>>) -> Self {
        self.submission.items.extend(rejects.into_iter().map(Item::Reject));
        self
    }

    /// With the places of its records, as bytes, in their order, kept with those that were given to a practice that nobody knows: where it is the mapping that
    /// is wrong, [`super::Ingest::redrive_unmapped`] gives them to somebody else. Comes before whatever else is added.
    #[must_use]
    pub fn with_places(mut self, of: impl Fn(usize) -> Option<Vec<u8>>) -> Self {
        for (at, item) in self.submission.items.iter_mut().enumerate() {
            if let Item::Reject(reject) = item
                && reject.reason == RejectReason::UnknownPractice
                && let Some(places) = of(at)
            {
                unmapped::keep_places(reject, &places);
            }
        }
        self
    }

    /// With a record of which no mapping says whose it is: kept as a reject with `places`, bytes that tell where it arrived, until
    /// [`super::Ingest::redrive_unmapped`] finds it a place.
    #[must_use]
    pub fn with_unmapped(
        mut self,
        record: v1::CallRecord,
        unknown: UnknownDurations,
        places: &[u8],
        message: &str,
    ) -> Self {
        let reject = unmapped::reject(record, unknown, places, message);
        self.refusals.push(Refusal {
            index: self.submission.items.len() as u32,
            field: reject.field.clone(),
            reason: reject.reason,
            message: reject.message.clone(),
        });
        self.submission.items.push(Item::Reject(reject));
        self
    }
}

/// Why a record of a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Position in the batch, from 0.
    pub index: u32,
    /// Field; empty where it is the record as a whole.
    pub field: String,
    /// Reason.
    pub reason: RejectReason,
    /// In words.
    pub message: String,
}

/// Converts a batch. `now` is when it arrived.
pub(super) fn intake(
    source: SourceId,
    records: Vec<v1::CallRecord>,
    unknown: UnknownDurations,
    now: Moment,
    directory: &Arc<Directory>,
) -> Batch {
    let mut items = Vec::with_capacity(records.len());
    let mut refusals = Vec::new();
    let mut checker = Checker::new(directory, now);
    for (index, record) in (0..).zip(records) {
        match checker.check(record, unknown) {
            Ok(record) => items.push(Item::Record(record)),
            Err(reject) => {
                refusals.push(Refusal {
                    index,
                    field: reject.field.clone(),
                    reason: reject.reason,
                    message: reject.message.clone(),
                });
                items.push(Item::Reject(reject));
            }
        }
    }
    Batch {
        unknown_in: checker.unknown_seen.then(|| Arc::clone(directory)),
        latest: checker.latest,
        submission: Submission::new(source, items),
        refusals,
    }
}

/// Why nothing is taken for a code that is no practice's, in words.
pub(super) fn no_practice(directory: &Directory, code: OdsCode, what: &str) -> String {
    match directory.get(code) {
        None => format!(
            "no organisation with this code was ever imported; the {what} goes through by itself when an import makes it known"
        ),
        Some(row) => format!(
            "{code} is imported as {}, and only practices have calls; name the practice, or the account that several share",
            row.level.name()
        ),
    }
}

/// Checks records one after another, reusing what it can.
pub(super) struct Checker<'a> {
    directory: &'a Directory,
    now: Moment,
    kept: Kept,
    last_known: Option<OdsCode>,
    unknown_seen: bool,
    latest: Option<Moment>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(directory: &'a Directory, now: Moment) -> Self {
        Self { directory, now, kept: Kept::default(), last_known: None, unknown_seen: false, latest: None }
    }

    /// The record, or how it is kept.
    pub(super) fn check(
        &mut self,
        record: v1::CallRecord,
        unknown: UnknownDurations,
    ) -> Result<CallRecord, Box<Reject>> {
        let checked = wire::to_draft(record, &mut self.kept).and_then(|draft| draft.check(self.now, unknown));
        match checked {
            Ok(record) => {
                if let Attribution::Practice(code) = record.attribution()
                    && self.last_known != Some(*code)
                {
                    if !self.directory.knows_practice(*code) {
                        self.unknown_seen = true;
                        let fault = InvalidCall::new(
                            "practice_code",
                            RejectReason::UnknownPractice,
                            no_practice(self.directory, *code, "record"),
                        );
                        return Err(self.reject(fault, unknown));
                    }
                    self.last_known = Some(*code);
                }
                self.latest = self.latest.max(Some(record.started_at()));
                Ok(record)
            }
            Err(fault) => Err(self.reject(fault, unknown)),
        }
    }

    #[cold]
    fn reject(&self, fault: InvalidCall, unknown: UnknownDurations) -> Box<Reject> {
        let (record, call_id, practice) = self.kept.cleaned();
        let InvalidCall { field, reason, message } = fault;
        Box::new(Reject {
            call_id,
            practice,
            field: field.to_owned(),
            reason,
            message: message.into_owned(),
            payload: wire::payload(record, unknown),
        })
    }
}
