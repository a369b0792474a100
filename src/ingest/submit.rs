//! Converts batches and commits them; the same path for one record and for ten thousand.

use std::future::Future;
use std::sync::Arc;

use callgauge_schema::{Moment, RejectReason, SourceId, UnknownDurations};

use super::directory::{Clock, SharedDirectory};
use super::intake::{Batch, Refusal, intake};
use super::redrive::RedriveFilter;
use crate::proto::v1;
use crate::store::{Committed, Item, RecordVerdict, Store, StoreError, Submission, Verdict};

/// The submit path.
pub struct Ingest {
    pub(super) store: Arc<dyn Store>,
    pub(super) directory: SharedDirectory,
    pub(super) clock: Clock,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What the store says; its verdicts are in the order sent.
    pub committed: Committed,
    /// Records that were rejected or are in conflict, in the order sent.
    pub refusals: Vec<Refusal>,
    /// The latest start among the good records.
    pub latest: Option<Moment>,
}

impl Ingest {
    /// On this store, with these organisations.
    pub fn new(store: Arc<dyn Store>, directory: SharedDirectory, clock: Clock) -> Self {
        Self { store, directory, clock }
    }

    /// Checks every record of a batch; a few milliseconds for ten thousand.
    pub fn convert(
        &self,
        source: SourceId,
        records: Vec<v1::CallRecord>,
        unknown: UnknownDurations,
    ) -> Batch {
        intake(source, records, unknown, (self.clock)(), &self.directory.now())
    }

    /// Commits a batch. Batches take effect in the order in which these futures are first polled.
    ///
    /// # Errors
    /// What [`Store::commit`] refuses; nothing was taken then.
    pub fn commit(
        self: &Arc<Self>,
        batch: Batch,
    ) -> impl Future<Output = Result<Taken, StoreError>> + Send + 'static {
        let ingest = Arc::clone(self);
        let Batch { submission, mut refusals, unknown_in, latest } = batch;
        async move {
            let on_lines = with_lines(&submission);
            let committed = ingest.store.commit(submission).await?;
            add_refusals_of_the_store(&committed.verdicts, &on_lines, &mut refusals);
            if unknown_in.is_some_and(|before| !Arc::ptr_eq(&before, &ingest.directory.now())) {
                // An import came between looking the practice up and keeping the reject, so it did not see the reject.
                tokio::spawn(async move {
                    let filter = RedriveFilter { reason: Some(RejectReason::UnknownPractice), source: None };
                    if let Err(fault) = ingest.redrive(filter).await {
                        tracing::warn!(%fault, "rejects could not be sent through again; the next import tries again");
                    }
                });
            }
            Ok(Taken { committed, refusals, latest })
        }
    }

    /// What [`Ingest::commit`] would say, without doing it.
    ///
    /// # Errors
    /// What [`Store::preview`] refuses.
    pub async fn preview(&self, batch: Batch) -> Result<(Vec<RecordVerdict>, Vec<Refusal>), StoreError> {
        let Batch { submission, mut refusals, unknown_in: _, latest: _ } = batch;
        let on_lines = with_lines(&submission);
        let verdicts = self.store.preview(submission).await?.verdicts;
        add_refusals_of_the_store(&verdicts, &on_lines, &mut refusals);
        Ok((verdicts, refusals))
    }
}

/// Which records have a line, by position; empty where none has one, as is usual.
fn with_lines(submission: &Submission) -> Vec<bool> {
    let has_line = |item: &Item| matches!(item, Item::Record(record) if record.line().is_some());
    if submission.items.iter().any(has_line) {
        submission.items.iter().map(has_line).collect()
    } else {
        Vec::new()
    }
}

/// Adds those that the store refused to those that were refused before, in order.
fn add_refusals_of_the_store(verdicts: &[RecordVerdict], on_lines: &[bool], refusals: &mut Vec<Refusal>) {
    let refused = |verdict: Verdict| matches!(verdict, Verdict::Conflict | Verdict::Rejected);
    if verdicts.iter().filter(|verdict| refused(verdict.verdict)).count() == refusals.len() {
        return;
    }
    let mut known = std::mem::take(refusals).into_iter().peekable();
    for (index, verdict) in (0_u32..).zip(verdicts) {
        if let Some(refusal) = known.next_if(|refusal| refusal.index == index) {
            refusals.push(refusal);
            continue;
        }
        let (field, reason, message) = match verdict.verdict {
            Verdict::Conflict => (
                "revision",
                RejectReason::Conflict,
                "this revision is stored with other content, which stays; send a correction with a higher revision",
            ),
            Verdict::Rejected => (
                if on_lines.get(index as usize) == Some(&true) { "line" } else { "account.id" },
                RejectReason::TooManyLabels,
                "the source has more different lines or accounts than are kept; send fewer different labels",
            ),
            Verdict::Accepted
            | Verdict::Duplicate
            | Verdict::Revised
            | Verdict::Stale
            | Verdict::Retracted => continue,
        };
        refusals.push(Refusal { index, field: field.to_owned(), reason, message: message.to_owned() });
    }
}
