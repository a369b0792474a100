//! Counts of calls by kind, with their durations: what all metrics are computed from.

use callgauge_schema::CallKind;

use super::histogram::Histogram;

/// Calls of some organisations in some stretch of time, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// One for each kind that occurs, ordered by kind.
    pub kinds: Vec<KindTally>,
}

/// Calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindTally {
    /// The kind.
    pub kind: CallKind,
    /// How many calls; never negative in an answer.
    pub calls: i64,
    /// The waits that are known.
    pub wait: Histogram,
    /// The talk times that are known.
    pub talk: Histogram,
}

impl Tally {
    /// All calls, inbound and outbound.
    pub fn calls(&self) -> i64 {
        self.kinds.iter().map(|kind| kind.calls).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.merge(other, 1);
    }

    /// Takes another one off. Kinds of which nothing is left are dropped.
    pub fn subtract(&mut self, other: &Self) {
        self.merge(other, -1);
    }

    fn merge(&mut self, other: &Self, sign: i64) {
        for theirs in &other.kinds {
            let at = match self.kinds.binary_search_by_key(&theirs.kind, |ours| ours.kind) {
                Ok(at) => at,
                Err(at) => {
                    self.kinds.insert(at, KindTally::none(theirs.kind));
                    at
                }
            };
            self.kinds[at].merge(theirs, sign);
        }
        self.kinds.retain(|kind| !kind.is_empty());
    }
}

impl KindTally {
    /// No calls of a kind.
    pub fn none(kind: CallKind) -> Self {
        Self { kind, calls: 0, wait: Histogram::default(), talk: Histogram::default() }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.calls == 0 && self.wait.is_empty() && self.talk.is_empty()
    }

    fn merge(&mut self, other: &Self, sign: i64) {
        let Self { kind: _, calls, wait, talk } = other;
        self.calls += sign * calls;
        if sign > 0 {
            self.wait.add(wait);
            self.talk.add(talk);
        } else {
            self.wait.subtract(wait);
            self.talk.subtract(talk);
        }
    }
}
