//! What was sent and what stands: the rules of revisions, written down once more in the simplest way.

use std::collections::BTreeMap;

use callgauge::proto::v1::{self, Verdict};

use super::call::{Call, Refused};

/// Everything that was sent, as it should stand.
#[derive(Default)]
pub(crate) struct Ledger {
    stands: BTreeMap<(String, String), (u64, Call)>,
    /// Records that wait for their practice, each once, in the order in which they first came.
    waiting: Vec<(String, v1::CallRecord)>,
    late_is_known: bool,
}

impl Ledger {
    /// What should become of a record, and the revision that is stored then.
    pub(crate) fn send(&mut self, source: &str, record: &v1::CallRecord) -> (Verdict, u64) {
        let call = match Call::read(record, self.late_is_known) {
            Ok(call) => call,
            Err(Refused::ForGood) => return (Verdict::Rejected, 0),
            Err(Refused::UntilKnown) => {
                let waits = (source.to_owned(), record.clone());
                if !self.waiting.contains(&waits) {
                    self.waiting.push(waits);
                }
                return (Verdict::Rejected, 0);
            }
        };
        let changed = if call.retracted { Verdict::Retracted } else { Verdict::Revised };
        let first = if call.retracted { Verdict::Retracted } else { Verdict::Accepted };
        let key = (source.to_owned(), record.call_id.clone());
        let (verdict, revision) = match (self.stands.get(&key), record.revision) {
            (None, revision) => (first, revision.unwrap_or(0)),
            (Some((stands, _)), Some(revision)) if revision < *stands => return (Verdict::Stale, *stands),
            (Some((stands, same)), Some(revision)) if revision == *stands => {
                return if *same == call {
                    (Verdict::Duplicate, *stands)
                } else {
                    (Verdict::Conflict, *stands)
                };
            }
            (Some((stands, same)), None) if *same == call => return (Verdict::Duplicate, *stands),
            (Some((stands, _)), None) => (changed, stands + 1),
            (Some((_, same)), Some(revision)) if *same == call => (Verdict::Duplicate, revision),
            (Some(_), Some(revision)) => (changed, revision),
        };
        self.stands.insert(key, (revision, call));
        (verdict, revision)
    }

    /// The late practice is imported: what waits for it goes through now. Gives how many were not in conflict.
    pub(crate) fn late_becomes_known(&mut self) -> i64 {
        self.late_is_known = true;
        let waiting = std::mem::take(&mut self.waiting);
        let verdicts = waiting.iter().map(|(source, record)| self.send(source, record).0);
        verdicts.filter(|verdict| *verdict != Verdict::Conflict).count() as i64
    }

    /// Whether the late practice was imported.
    pub(crate) fn knows_late(&self) -> bool {
        self.late_is_known
    }

    /// The calls that count, with their sources.
    pub(crate) fn counted(&self) -> Vec<(&str, &Call)> {
        (self.stands.iter())
            .filter(|(_, (_, call))| !call.retracted)
            .map(|((source, _), (_, call))| (source.as_str(), call))
            .collect()
    }
}
