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
}
