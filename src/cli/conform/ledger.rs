//! What a client sent and what it was told, call by call: from this it is known what has to be in the store, and what came of each fault.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use callgauge_schema::CallId;
use prost::Message as _;

use super::faults::Fault;
use crate::ingest::canonical;
use crate::proto::v1::{CallRecord, Verdict};

/// Different calls that are kept in mind.
pub(super) const CALLS: usize = 100_000;
/// Findings of one kind that are kept.
const FOUND: usize = 100;

/// How a batch came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// In one SubmitCallRecords.
    Submit,
    /// On a stream.
    Stream,
}

/// A call: its source, and its id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) source: String,
    pub(super) id: String,
}

impl fmt::Display for Key {
    /// The id, where it is fit to be shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fit = self.id.parse::<CallId>().is_ok();
        f.write_str(if fit { &self.id } else { "a call whose id is not fit to be shown" })
    }
}

/// A call as it was last sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The record in its canonical form, encoded.
    content: Vec<u8>,
    revision: Option<u64>,
    /// When it was first sent, by the ledger's count of batches.
    first: u64,
    /// When the client was last told what became of it.
    told: Option<u64>,
    /// Whether that was a refusal.
    refused: bool,
    /// Whether that was REJECTED: nothing is stored of it, so that it may be mended under its revision.
    rejected: bool,
}

impl Call {
    /// The record.
    pub(super) fn record(&self) -> CallRecord {
        CallRecord::decode(&*self.content).unwrap_or_default()
    }

    /// Whether the client was last told that it is not taken.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }
}

/// A record that this command refuses as it is, each time.
#[derive(Clone, Debug)]
struct Refused {
    content: Vec<u8>,
    fault: Fault,
    times: u32,
}

/// What happened under one fault.
#[derive(Clone, Debug, Default)]
struct Happened {
    /// Calls that were not acknowledged, and when.
    calls: HashMap<Key, u64>,
    /// Records that came again before they might.
    early: u32,
}

/// Everything that was sent and said.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: HashMap<Key, Call>,
    happened: BTreeMap<Fault, Happened>,
    refused: HashMap<Key, Refused>,
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) ways: BTreeSet<Way>,
    pub(super) sources: BTreeSet<String>,
    /// Calls whose content changed under one revision.
    pub(super) changed: BTreeSet<Key>,
    /// What the service itself refused, in its words.
    pub(super) refusals: BTreeSet<String>,
    /// Whether there were more calls than are kept in mind.
    pub(super) too_many: bool,
}

impl Ledger {
    /// A batch came. Gives its calls in the order sent.
    pub(super) fn sent(&mut self, way: Way, source: &str, records: &[CallRecord]) -> Vec<Key> {
        self.batches += 1;
        self.records += records.len() as u64;
        self.ways.insert(way);
        if self.sources.len() < FOUND {
            self.sources.insert(source.to_owned());
        }
        records.iter().map(|record| self.record(source, record)).collect()
    }

    fn record(&mut self, source: &str, record: &CallRecord) -> Key {
        let key = Key { source: source.to_owned(), id: record.call_id.clone() };
        let content = content_of(record);
        let revision = record.revision;
        if let Some(call) = self.calls.get_mut(&key) {
            let changed = call.content != content;
            let same_revision = revision.is_some() && revision == call.revision;
            if changed && same_revision && !call.rejected && self.changed.len() < FOUND {
                self.changed.insert(key.clone());
            }
            // An older revision that comes again, as may be, says nothing of what is to stay.
            if changed && (revision.is_none() || revision >= call.revision) {
                (call.content, call.revision) = (content, revision);
            }
        } else if self.calls.len() < CALLS {
            let first = self.batches;
            let call = Call { content, revision, first, told: None, refused: false, rejected: false };
            self.calls.insert(key.clone(), call);
        } else {
            self.too_many = true;
        }
        key
    }

    /// A batch was not acknowledged because of a fault. How many of its calls had met it before.
    pub(super) fn stopped(&mut self, fault: Fault, keys: &[Key]) -> u32 {
        let now = self.batches;
        let happened = self.happened.entry(fault).or_default();
        let mut again = 0;
        for key in keys {
            again += u32::from(happened.calls.insert(key.clone(), now).is_some_and(|before| before < now));
        }
        again
    }

    /// A batch came again before it might.
    pub(super) fn early(&mut self, fault: Fault) {
        self.happened.entry(fault).or_default().early += 1;
    }

    /// From now on this record of the batch is refused as it is.
    pub(super) fn refuse(&mut self, fault: Fault, key: &Key) {
        let Some(call) = self.calls.get(key) else { return };
        self.happened.entry(fault).or_default();
        self.refused.insert(key.clone(), Refused { content: call.content.clone(), fault, times: 0 });
    }

    /// The records of a batch that are refused as they are, by position.
    pub(super) fn refused_in(&mut self, keys: &[Key], records: &[CallRecord]) -> Vec<(usize, Fault)> {
        let mut found = Vec::new();
        if self.refused.is_empty() {
            return found;
        }
        for (at, (key, record)) in keys.iter().zip(records).enumerate() {
            let Some(refused) = self.refused.get_mut(key) else { continue };
            if refused.content == content_of(record) {
                refused.times += 1;
                found.push((at, refused.fault));
            } else {
                self.refused.remove(key);
            }
        }
        found
    }

    /// Whether a call was never sent before this batch.
    pub(super) fn is_fresh(&self, key: &Key) -> bool {
        self.calls.get(key).is_some_and(|call| call.first == self.batches)
    }

    /// The client was told what became of a batch.
    pub(super) fn told(&mut self, keys: &[Key], verdicts: &[i32]) {
        let now = self.batches;
        for (key, verdict) in keys.iter().zip(verdicts) {
            let Some(call) = self.calls.get_mut(key) else { continue };
            call.told = Some(now);
            call.rejected = *verdict == i32::from(Verdict::Rejected);
            call.refused = call.rejected || *verdict == i32::from(Verdict::Conflict);
        }
    }

    /// The service itself refused something.
    pub(super) fn refused_by_service(&mut self, words: String) {
        if self.refusals.len() < FOUND {
            self.refusals.insert(words);
        }
    }

    /// All calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = (&Key, &Call)> {
        self.calls.iter()
    }

    /// The fault by which a call is refused as it is.
    pub(super) fn refused(&self, key: &Key) -> Option<Fault> {
        self.refused.get(key).map(|refused| refused.fault)
    }

    /// Whether a fault happened.
    pub(super) fn happened(&self, fault: Fault) -> bool {
        self.happened.contains_key(&fault)
    }

    /// Calls that a fault stopped.
    pub(super) fn stopped_calls(&self, fault: Fault) -> usize {
        self.happened.get(&fault).map_or(0, |happened| happened.calls.len())
    }

    /// How often something came before it might.
    pub(super) fn early_times(&self, fault: Fault) -> u32 {
        self.happened.get(&fault).map_or(0, |happened| happened.early)
    }

    /// The most often that a record was sent that a fault refuses as it is.
    pub(super) fn refused_times(&self, fault: Fault) -> u32 {
        let of = self.refused.values().filter(|refused| refused.fault == fault);
        of.map(|refused| refused.times).max().unwrap_or(0)
    }

    /// Calls that a fault stopped and that never came again to be acknowledged, in words.
    pub(super) fn never_again(&self, fault: Fault) -> Vec<String> {
        let Some(happened) = self.happened.get(&fault) else { return Vec::new() };
        let lost = |(key, since): &(&Key, &u64)| {
            self.calls.get(*key).is_some_and(|call| call.told.is_none_or(|told| told <= **since))
        };
        let lost: BTreeMap<&Key, &u64> = happened.calls.iter().filter(lost).collect();
        let bodies: HashSet<Vec<u8>> = lost.keys().map(|key| self.body(key)).collect();
        let mut others: HashMap<Vec<u8>, &Key> = HashMap::new();
        for (key, call) in &self.calls {
            let body = self.body(key);
            if bodies.contains(&body) && lost.values().any(|since| call.first > **since) {
                others.insert(body, key);
            }
        }
        lost.into_keys()
            .map(|key| match others.get(&self.body(key)) {
                Some(other) => format!("{key} came again as another call, {other}"),
                None => format!("{key} was not acknowledged and did not come again"),
            })
            .collect()
    }

    /// The content of a call without its id.
    fn body(&self, key: &Key) -> Vec<u8> {
        let record = self.calls.get(key).map(Call::record).unwrap_or_default();
        CallRecord { call_id: String::new(), revision: None, ..record }.encode_to_vec()
    }
}

/// The content of a record, the same however it is written; of one that is none, as it came.
fn content_of(record: &CallRecord) -> Vec<u8> {
    canonical(record.clone()).unwrap_or_else(|_| record.clone()).encode_to_vec()
}

#[cfg(test)]
mod tests;
