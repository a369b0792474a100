//! Records that no mapping of their source says whose they are, or that it gives to a practice that nobody knows: kept with the places at which they
//! arrived, and sent through again when the mapping changes.

use callgauge_schema::{Moment, RejectReason, SourceId, UnknownDurations};
use prost::Message as _;

use super::intake::Checker;
use super::redrive::Redriven;
use super::submit::Ingest;
use super::wire::{self, Kept};
use crate::proto::v1::{self, call_record::Attribution};
use crate::store::{Item, KeptReject, Reject, RejectsAsk, StoreError, Submission, Verdict};

/// Rejects read at once.
const PAGE: usize = 1_000;

/// What stands behind a kept record, in a field that the message of records does not have.
#[derive(Clone, PartialEq, prost::Message)]
struct KeptPlaces {
    #[prost(bytes = "vec", tag = "100")]
    places: Vec<u8>,
}

/// The record as it is kept.
pub(super) fn reject(
    record: v1::CallRecord,
    unknown: UnknownDurations,
    places: &[u8],
    message: &str,
) -> Box<Reject> {
    let mut kept = Kept::default();
    // Whether it is whole is found out when it has a place.
    let _ = wire::to_draft(v1::CallRecord { attribution: None, ..record }, &mut kept);
    let (record, call_id, practice) = kept.cleaned();
    let mut reject = Box::new(Reject {
        call_id,
        practice,
        field: "practice_code".to_owned(),
        reason: RejectReason::Unmapped,
        message: message.to_owned(),
        payload: wire::payload(record, unknown),
    });
    keep_places(&mut reject, places);
    reject
}

/// Keeps with a reject where its call arrived, for when the mapping names somebody else for it.
pub(super) fn keep_places(reject: &mut Reject, places: &[u8]) {
    reject.payload.extend(KeptPlaces { places: places.to_vec() }.encode_to_vec());
}

/// What stands behind a kept record; `None` where nothing does.
pub(super) fn places(payload: &[u8]) -> Option<Vec<u8>> {
    let KeptPlaces { places } = KeptPlaces::decode(payload).ok()?;
    (!places.is_empty()).then_some(places)
}

impl Ingest {
    /// Asks of every record of a source that was nobody's, or a practice's that nobody knew, whose it is now, by its places and when it began, and commits
    /// those that have somebody and pass. Those of nobody stay as they are; of the others it is said what is wrong with them.
    ///
    /// # Errors
    /// What the store refuses; pages before that are done.
    pub async fn redrive_unmapped(
        &self,
        source: &SourceId,
        mut whose: impl FnMut(&[u8], Moment) -> Option<Attribution> + Send,
    ) -> Result<Redriven, StoreError> {
        let mut done = Redriven::default();
        // Unmapped ones last: of those that are still refused none is looked at twice.
        for reason in [RejectReason::UnknownPractice, RejectReason::Unmapped] {
            let Redriven { looked_at, taken } = self.redrive_placed(source, reason, &mut whose).await?;
            done.looked_at += looked_at;
            done.taken += taken;
        }
        Ok(done)
    }

    /// The same of those that were refused for one reason.
    async fn redrive_placed(
        &self,
        source: &SourceId,
        reason: RejectReason,
        whose: &mut (impl FnMut(&[u8], Moment) -> Option<Attribution> + Send),
    ) -> Result<Redriven, StoreError> {
        let mut done = Redriven::default();
        let mut after = 0;
        let pages = self.store.status().rejects / PAGE as u64 + 2;
        for _ in 0..pages {
            let ask = RejectsAsk { source: Some(source.clone()), reason: Some(reason), after, limit: PAGE };
            let page = self.store.rejects(ask).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            let whole = page.len() == PAGE;
            let placed: Vec<_> = page
                .into_iter()
                .filter_map(|kept| places(&kept.reject.payload).map(|places| (kept, places)))
                .collect();
            done.looked_at += placed.len() as u64;
            let submission = self.mapped(source, placed, whose);
            if !submission.items.is_empty() {
                let committed = self.store.commit(submission).await?;
                let through = committed
                    .verdicts
                    .iter()
                    .filter(|found| !matches!(found.verdict, Verdict::Rejected | Verdict::Conflict));
                done.taken += through.count() as u64;
            }
            if !whole {
                break;
            }
        }
        Ok(done)
    }

    /// Those that have somebody now: the record, or why it is refused.
    fn mapped(
        &self,
        source: &SourceId,
        page: Vec<(KeptReject, Vec<u8>)>,
        whose: &mut impl FnMut(&[u8], Moment) -> Option<Attribution>,
    ) -> Submission {
        let directory = self.directory.now();
        let mut checker = Checker::new(&directory, (self.clock)());
        let mut submission = Submission::new(source.clone(), Vec::new());
        for (KeptReject { id, source: _, first_at: _, times: _, reject }, places) in page {
            let Some((record, unknown)) = wire::from_payload(&reject.payload) else { continue };
            let began = record.started_at.and_then(|at| Moment::from_parts(at.seconds, at.nanos));
            let Some(attribution) = began.and_then(|began| whose(&places, began)) else { continue };
            let record = v1::CallRecord { attribution: Some(attribution), ..record };
            submission.items.push(match checker.check(record, unknown) {
                Ok(record) => Item::Record(record),
                Err(mut reject) => {
                    // With another fault it is the same reject as of a call that was mapped from the start.
                    if reject.reason == RejectReason::UnknownPractice {
                        keep_places(&mut reject, &places);
                    }
                    Item::Reject(reject)
                }
            });
            submission.redrives.push(id);
        }
        submission
    }
}

#[cfg(test)]
mod tests;
