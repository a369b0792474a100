//! Records that no mapping of their source says whose they are: kept with the places at which they arrived, and sent through again when the mapping grows.

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
    let mut payload = wire::payload(record, unknown);
    payload.extend(KeptPlaces { places: places.to_vec() }.encode_to_vec());
    Box::new(Reject {
        call_id,
        practice,
        field: "practice_code".to_owned(),
        reason: RejectReason::Unmapped,
        message: message.to_owned(),
        payload,
    })
}

/// What stands behind a kept record; `None` where nothing does.
pub(super) fn places(payload: &[u8]) -> Option<Vec<u8>> {
    let KeptPlaces { places } = KeptPlaces::decode(payload).ok()?;
    (!places.is_empty()).then_some(places)
}

impl Ingest {
    /// Asks of every unmapped record of a source whose it is now, by its places and when it began, and commits those that have somebody and pass. Those
    /// that do not stay as they are.
    ///
    /// # Errors
    /// What the store refuses; pages before that are done.
    pub async fn redrive_unmapped(
        &self,
        source: &SourceId,
        mut whose: impl FnMut(&[u8], Moment) -> Option<Attribution> + Send,
    ) -> Result<Redriven, StoreError> {
        let mut done = Redriven::default();
        let mut after = 0;
        let pages = self.store.status().rejects / PAGE as u64 + 2;
        for _ in 0..pages {
            let ask = RejectsAsk {
                source: Some(source.clone()),
                reason: Some(RejectReason::Unmapped),
                after,
                limit: PAGE,
            };
            let page = self.store.rejects(ask).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            done.looked_at += page.len() as u64;
            let whole = page.len() == PAGE;
            let submission = self.mapped(source, page, &mut whose);
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

    /// Those that have somebody now and pass.
    fn mapped(
        &self,
        source: &SourceId,
        page: Vec<KeptReject>,
        whose: &mut impl FnMut(&[u8], Moment) -> Option<Attribution>,
    ) -> Submission {
        let directory = self.directory.now();
        let mut checker = Checker::new(&directory, (self.clock)());
        let mut submission = Submission::new(source.clone(), Vec::new());
        for KeptReject { id, source: _, first_at: _, times: _, reject } in page {
            let Some((record, unknown)) = wire::from_payload(&reject.payload) else { continue };
            let Ok(KeptPlaces { places }) = KeptPlaces::decode(&reject.payload[..]) else { continue };
            let began = record.started_at.and_then(|at| Moment::from_parts(at.seconds, at.nanos));
            let Some(attribution) = began.and_then(|began| whose(&places, began)) else { continue };
            let record = v1::CallRecord { attribution: Some(attribution), ..record };
            if let Ok(record) = checker.check(record, unknown) {
                submission.items.push(Item::Record(record));
                submission.redrives.push(id);
            }
        }
        submission
    }
}

#[cfg(test)]
mod tests;
