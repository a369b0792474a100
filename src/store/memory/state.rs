//! What the store in memory holds, and how a submission changes it: first a plan, which can be refused, then its application, which cannot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use callgauge_schema::{Attribution, CallId, CallRecord, Line, Moment, RejectReason, SourceId};

use super::indicators::Beside;
use crate::calendar::Day;
use crate::metrics::{CountShape, StatedCounts};
use crate::organisations::OrganisationRow;
use crate::store::content::content_bytes;
use crate::store::revision::{Arriving, Effect, Standing, conflict, rule};
use crate::store::{
    AttributionKey, CallFacts, Item, KeptReject, LineKey, RecordVerdict, Reject, SourceKey, SourceState,
    Statements, StoreError, Submission, Verdict,
};

/// Everything.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Calls as they stand, retracted ones among them.
    pub(super) calls: BTreeMap<(SourceId, CallId), Stored>,
    /// Everybody who ever had calls.
    pub(super) attributions: Words<Attribution>,
    /// Every source that ever submitted a call.
    pub(super) sources: Words<SourceId>,
    /// Every line that ever was named.
    pub(super) lines: Words<Line>,
    /// Rejects by id.
    pub(super) rejects: BTreeMap<u64, KeptReject>,
    /// Organisations as they were put.
    pub(super) organisations: Vec<OrganisationRow>,
    /// Indicators, series breaks, access events.
    pub(super) beside: Beside,
    /// Where the host left off with each source.
    pub(super) progress: BTreeMap<SourceId, SourceState>,
    /// What is stated about days.
    pub(super) statements: Arc<Statements>,
    /// Counts that stand for calls.
    pub(super) tallies: BTreeMap<(AttributionKey, Day, SourceId, CountShape), StatedCounts>,
    receipts: u64,
    last_reject: u64,
    reject_ids: HashMap<(SourceId, RejectKey), u64>,
}

/// A call.
#[derive(Clone)]
pub(super) struct Stored {
    /// As it stands.
    pub(super) record: CallRecord,
    /// The same in small numbers.
    pub(super) facts: CallFacts,
}

/// What a submission will do.
#[derive(Default)]
pub(super) struct Plan {
    /// One for each item.
    pub(super) verdicts: Vec<RecordVerdict>,
    /// Calls to be stored.
    calls: BTreeMap<CallId, CallRecord>,
    /// Rejects that are not kept yet, and how often they come.
    fresh: Vec<(Reject, u64)>,
    /// Kept rejects that come again, and how often.
    again: BTreeMap<u64, u64>,
    /// Kept rejects that went through.
    dropped: BTreeSet<u64>,
}

/// Words in the order in which they first came; the position is the number, for good.
#[derive(Clone)]
pub(super) struct Words<T> {
    pub(super) list: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { list: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Words<T> {
    pub(super) fn number(&mut self, word: &T) -> u32 {
        if let Some(&number) = self.numbers.get(word) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(word.clone());
        self.numbers.insert(word.clone(), number);
        number
    }
}

/// What makes two rejects of a source the same one. The payload is part of it: another revision of a call that was refused for the same reason
/// says something else, and would be lost.
type RejectKey = (RejectReason, Option<CallId>, Vec<u8>);

impl State {
    /// What a submission would do now.
    ///
    /// # Errors
    /// [`StoreError::RejectLimit`] where it would leave more rejects than are allowed, and adds some.
    pub(super) fn plan(&self, submission: &Submission, reject_limit: u64) -> Result<Plan, StoreError> {
        let Submission { source, items, redrives, progress: _, delivered: _, tallies: _ } = submission;
        let mut plan = Plan::default();
        let ours = |id: &u64| self.rejects.get(id).is_some_and(|kept| kept.source == *source);
        plan.dropped = redrives.iter().copied().filter(ours).collect();
        let mut fresh = HashMap::new();
        for item in items {
            let verdict = match item {
                Item::Record(record) => {
                    let (verdict, effect) = self.judge(source, record, &plan);
                    match effect {
                        Effect::Insert | Effect::Replace | Effect::Advance => {
                            let record = record.clone().as_stored(verdict.revision);
                            plan.calls.insert(record.id().clone(), record);
                        }
                        Effect::Nothing => {}
                        Effect::Refuse => self.refuse(source, conflict(record), &mut plan, &mut fresh),
                    }
                    verdict
                }
                Item::Reject(reject) => {
                    self.refuse(source, Reject::clone(reject), &mut plan, &mut fresh);
                    RecordVerdict { verdict: Verdict::Rejected, revision: 0 }
                }
            };
            plan.verdicts.push(verdict);
        }
        let kept = self.rejects.values().filter(|kept| kept.source == *source).count() as u64;
        if !plan.fresh.is_empty() && kept - plan.dropped.len() as u64 + plan.fresh.len() as u64 > reject_limit
        {
            return Err(StoreError::RejectLimit { source_id: source.clone(), kept });
        }
        Ok(plan)
    }

    /// Does it. Gives the number of the submission and the verdicts.
    pub(super) fn apply(&mut self, source: &SourceId, plan: Plan, at: Moment) -> (u64, Vec<RecordVerdict>) {
        let Plan { verdicts, calls, fresh, again, dropped } = plan;
        for (id, record) in calls {
            let facts = CallFacts {
                whose: AttributionKey(self.attributions.number(record.attribution())),
                source: SourceKey(self.sources.number(source)),
                started_at: record.started_at(),
                kind: record.kind(),
                wait: record.wait(),
                talk: record.talk(),
                line: record.line().map(|line| LineKey(self.lines.number(line))),
            };
            self.calls.insert((source.clone(), id), Stored { record, facts });
        }
        for id in dropped {
            if let Some(kept) = self.rejects.remove(&id) {
                self.reject_ids.remove(&(kept.source, key(&kept.reject)));
            }
        }
        for (id, times) in again {
            if let Some(kept) = self.rejects.get_mut(&id) {
                kept.times += times;
            }
        }
        for (reject, times) in fresh {
            self.last_reject += 1;
            let id = self.last_reject;
            self.reject_ids.insert((source.clone(), key(&reject)), id);
            self.rejects.insert(id, KeptReject { id, source: source.clone(), first_at: at, times, reject });
        }
        self.receipts += 1;
        (self.receipts, verdicts)
    }

    /// A record is judged by what stands after those before it in its submission.
    fn judge(&self, source: &SourceId, record: &CallRecord, plan: &Plan) -> (RecordVerdict, Effect) {
        let kept = || self.calls.get(&(source.clone(), record.id().clone())).map(|call| &call.record);
        let stands = plan.calls.get(record.id()).or_else(kept).map(|stored| Standing {
            revision: stored.revision().unwrap_or(0),
            same_content: content(stored) == content(record),
        });
        rule(Arriving { revision: record.revision(), retracted: record.retracted() }, stands)
    }

    /// A redriven reject that is refused again for the same stays as it was; it did not come once more.
    fn refuse(
        &self,
        source: &SourceId,
        reject: Reject,
        plan: &mut Plan,
        fresh: &mut HashMap<RejectKey, usize>,
    ) {
        let key = key(&reject);
        if let Some(&id) = self.reject_ids.get(&(source.clone(), key.clone())) {
            if !plan.dropped.remove(&id) {
                *plan.again.entry(id).or_default() += 1;
            }
        } else if let Some(&at) = fresh.get(&key) {
            plan.fresh[at].1 += 1;
        } else {
            fresh.insert(key, plan.fresh.len());
            plan.fresh.push((reject, 1));
        }
    }
}

fn key(reject: &Reject) -> RejectKey {
    (reject.reason, reject.call_id.clone(), reject.payload.clone())
}

fn content(record: &CallRecord) -> Vec<u8> {
    let mut bytes = Vec::new();
    content_bytes(record, &mut bytes);
    bytes
}
