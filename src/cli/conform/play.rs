//! One play: decides what happens to each batch, by the plan, the clock and what happened before.

use std::time::{Duration, Instant};

use super::faults::{Fault, Plan, WINDOW};
use super::ledger::{Key, Ledger, Way};
use crate::proto::v1::CallRecord;

/// How much before its time a batch may come: clocks and networks are not exact.
const TOLERANCE: Duration = Duration::from_millis(50);

/// A play as far as it has come.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) ledger: Ledger,
    plan: Plan,
    /// Until when the service wants no batches, and why.
    closed: Option<(Instant, Fault)>,
    /// When something last came.
    pub(super) last: Instant,
}

/// A batch that came, and what happens to it.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Its calls in the order sent.
    pub(super) keys: Vec<Key>,
    /// What happens.
    pub(super) happens: Happens,
    /// Records that are refused, by position.
    pub(super) refused: Vec<(usize, Fault)>,
}

/// What happens to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happens {
    /// It goes through.
    Passes,
    /// It meets a fault.
    Meets(Fault),
    /// It comes while the service wants none, because of a fault, for so long.
    Closed(Fault, Duration),
}

impl Play {
    /// Nothing has come yet.
    pub(super) fn new(plan: Plan) -> Self {
        Self { ledger: Ledger::default(), plan, closed: None, last: Instant::now() }
    }

    /// A batch comes.
    pub(super) fn arrives(
        &mut self,
        way: Way,
        source: &str,
        records: &[CallRecord],
        now: Instant,
    ) -> Arrived {
        self.last = now;
        let keys = self.ledger.sent(way, source, records);
        if let Some((until, fault)) = self.closed.filter(|(until, _)| now < *until) {
            let wait = until - now;
            if self.ledger.stopped(fault, &keys) > 0 && wait > TOLERANCE {
                self.ledger.early(fault);
            }
            return Arrived { keys, happens: Happens::Closed(fault, wait), refused: Vec::new() };
        }
        let fresh: Vec<(&Key, &CallRecord)> =
            keys.iter().zip(records).filter(|(key, _)| self.ledger.is_fresh(key)).collect();
        let to_refuse = fresh.last().map(|(key, _)| (*key).clone());
        let to_conflict = fresh.iter().find(|(_, record)| record.revision.is_some());
        let to_conflict = to_conflict.map(|(key, _)| (*key).clone());
        let fault = self.plan.next(|fault| match fault {
            Fault::EarlyEnd => way == Way::Stream && !keys.is_empty(),
            Fault::Conflict => to_conflict.is_some(),
            Fault::Reject => to_refuse.is_some(),
            _ => !keys.is_empty(),
        });
        let mut happens = Happens::Passes;
        match fault {
            None => {}
            Some(Fault::Conflict) => {
                to_conflict.iter().for_each(|key| self.ledger.refuse(Fault::Conflict, key))
            }
            Some(Fault::Reject) => to_refuse.iter().for_each(|key| self.ledger.refuse(Fault::Reject, key)),
            Some(fault) => {
                happens = Happens::Meets(fault);
                if matches!(fault, Fault::SlowDown | Fault::Drain) {
                    self.closed = Some((now + WINDOW, fault));
                }
                // A service that stops acknowledges what it has; all others leave the client without an answer.
                self.ledger.stopped(fault, if fault == Fault::Drain { &[] } else { &keys });
            }
        }
        let refused = self.ledger.refused_in(&keys, records);
        Arrived { keys, happens, refused }
    }

    /// A batch that was read after the one that met a fault, and meets it too.
    pub(super) fn goes_down(&mut self, fault: Fault, way: Way, source: &str, records: &[CallRecord]) {
        let keys = self.ledger.sent(way, source, records);
        self.ledger.stopped(fault, &keys);
    }
}
