//! What tallies are asked for, and what the answers hold.

use callgauge_schema::CallKind;

use crate::calendar::Days;
use crate::calendar::Slots;
use crate::metrics::{KindTally, Tally};

/// A small number for whose calls these are, for as long as the store is open. Calls and counts of one attribution have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributionKey(pub u32);

/// A small number for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey(pub u32);

/// A small number for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey(pub u32);

/// What a row is made of.
#[derive(Clone, Debug)]
pub enum Group {
    /// Calls of these, each on these days. Spans do not overlap.
    Spans(Vec<Span>),
    /// Everybody's calls.
    All,
}

/// Some days of somebody's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Whose.
    pub whose: AttributionKey,
    /// On which days.
    pub days: Days,
}

/// Which tallies.
#[derive(Clone, Debug)]
pub struct TallyAsk {
    /// The rows.
    pub groups: Vec<Group>,
    /// The buckets.
    pub slots: Slots,
    /// Whether rows are to be split by source.
    pub by_source: bool,
    /// Whether durations are wanted; without them histograms are empty and the answer is cheaper.
    pub durations: bool,
}

/// The tally of a group in a bucket.
#[derive(Clone, Debug)]
pub struct TallyRow {
    /// Position in `groups`.
    pub group: usize,
    /// The bucket.
    pub bucket: u32,
    /// The source, where split.
    pub source: Option<SourceKey>,
    /// The counts.
    pub tally: Tally,
}

/// Which numbers of calls, without durations.
#[derive(Clone, Debug)]
pub struct CountsAsk {
    /// The rows.
    pub groups: Vec<Group>,
    /// The buckets.
    pub slots: Slots,
    /// Whether numbers are to be split by source.
    pub by_source: bool,
}

/// The calls of a group by bucket, source and kind, in that order; none of them 0.
#[derive(Clone, Debug)]
pub struct GroupCounts {
    /// Position in `groups`.
    pub group: usize,
    /// The numbers, at least one.
    pub counts: Vec<CallCount>,
}

/// A number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallCount {
    /// The bucket.
    pub bucket: u32,
    /// The source, where split.
    pub source: Option<SourceKey>,
    /// What kind of calls.
    pub kind: CallKind,
    /// How many.
    pub calls: i64,
}

impl GroupCounts {
    /// The same as tallies without durations.
    pub fn tallies(self) -> Vec<TallyRow> {
        let Self { group, counts } = self;
        let rows = counts.chunk_by(|one, other| (one.bucket, one.source) == (other.bucket, other.source));
        let rows = rows.map(|row| {
            let kinds = row.iter().map(|of| KindTally { calls: of.calls, ..KindTally::none(of.kind) });
            let CallCount { bucket, source, kind: _, calls: _ } = row[0];
            TallyRow { group, bucket, source, tally: Tally { kinds: kinds.collect() } }
        });
        rows.collect()
    }
}
