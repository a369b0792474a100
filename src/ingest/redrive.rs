//! Kept rejects sent through again: those that pass now are committed and dropped from the rejects in one step.

use callgauge_schema::{CallRecord, RejectReason, SourceId};

use super::intake::Checker;
use super::submit::Ingest;
use super::{tallies, wire};
use crate::store::{DayTally, Item, KeptReject, RejectsAsk, StoreError, Submission, Verdict};

/// Rejects read at once.
const PAGE: usize = 1_000;

/// Which rejects to send through again.
#[derive(Clone, Debug, Default)]
pub struct RedriveFilter {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only with this reason.
    pub reason: Option<RejectReason>,
}

/// What became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// How many were looked at.
    pub looked_at: u64,
    /// How many went through.
    pub taken: u64,
}

/// What was refused and passes now.
enum Passed {
    Record(CallRecord),
    Tally(DayTally),
}

impl Ingest {
    /// Checks kept rejects again, page by page, and commits those that pass. Those that do not stay as they are.
    ///
    /// # Errors
    /// What the store refuses; pages before that are done.
    pub async fn redrive(&self, filter: RedriveFilter) -> Result<Redriven, StoreError> {
        let RedriveFilter { source, reason } = filter;
        let mut done = Redriven::default();
        let mut after = 0;
        // No more pages than there are rejects now: one that is refused anew while this goes on is not looked at again.
        let pages = self.store.status().rejects / PAGE as u64 + 2;
        for _ in 0..pages {
            let ask = RejectsAsk { source: source.clone(), reason, after, limit: PAGE };
            let page = self.store.rejects(ask).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            done.looked_at += page.len() as u64;
            let whole = page.len() == PAGE;
            for submission in self.passing(page) {
                let committed = self.store.commit(submission).await?;
                done.taken += committed.tallies.len() as u64;
                done.taken += committed
                    .verdicts
                    .iter()
                    .filter(|v| !matches!(v.verdict, Verdict::Rejected | Verdict::Conflict))
                    .count() as u64;
            }
            if !whole {
                break;
            }
        }
        Ok(done)
    }

    /// Sends through again what was refused for an unknown practice; for after an import, and once after starting.
    ///
    /// # Errors
    /// As [`Ingest::redrive`].
    pub async fn redrive_unknown_practices(&self) -> Result<Redriven, StoreError> {
        self.redrive(RedriveFilter { source: None, reason: Some(RejectReason::UnknownPractice) }).await
    }

    /// Those that pass now, a submission a source.
    fn passing(&self, page: Vec<KeptReject>) -> Vec<Submission> {
        let directory = self.directory.now();
        let now = (self.clock)();
        let mut checker = Checker::new(&directory, now);
        let mut submissions: Vec<Submission> = Vec::new();
        for KeptReject { id, source, first_at: _, times: _, reject } in page {
            if reject.reason == RejectReason::Conflict {
                continue;
            }
            let passed = if let Some(tally) = tallies::from_payload(&reject.payload) {
                tallies::check(tally, now, &directory).ok().map(Passed::Tally)
            } else if let Some((record, unknown)) = wire::from_payload(&reject.payload) {
                checker.check(record, unknown).ok().map(Passed::Record)
            } else {
                None
            };
            let Some(passed) = passed else { continue };
            let at =
                submissions.iter().position(|submission| submission.source == source).unwrap_or_else(|| {
                    submissions.push(Submission::new(source, Vec::new()));
                    submissions.len() - 1
                });
            match passed {
                Passed::Record(record) => submissions[at].items.push(Item::Record(record)),
                Passed::Tally(tally) => submissions[at].tallies.push(tally),
            }
            submissions[at].redrives.push(id);
        }
        submissions
    }
}
