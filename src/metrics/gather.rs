//! Makes tallies from single calls: for buckets finer than the store's, and for parts that it keeps no tallies by.

use callgauge_schema::{CallKind, Seconds};

use super::histogram::Histogram;
use super::tally::{KindTally, Tally};

/// Durations are put in order whenever this many, or twice as many as there were distinct ones, have come.
const LOOSE: usize = 32;

/// Tallies by bucket and part (of a breakdown; `()` for none), from calls in any order.
///
/// Memory grows with the number of distinct durations a row, not with the number of calls.
#[derive(Clone, Debug)]
pub struct Gatherer<P> {
    buckets: Vec<Vec<(P, Row)>>,
}

#[derive(Clone, Debug, Default)]
struct Row {
    kinds: Vec<Kind>,
}

#[derive(Clone, Debug)]
struct Kind {
    kind: CallKind,
    calls: i64,
    wait: Loose,
    talk: Loose,
}

/// Bins of which the last ones came in no order.
#[derive(Clone, Debug, Default)]
struct Loose {
    bins: Vec<(u32, i64)>,
    /// How many bins there may be before they are put in order.
    room: usize,
}

impl<P: Ord> Gatherer<P> {
    /// For buckets numbered from 0 to one less than this.
    pub fn new(buckets: usize) -> Self {
        Self { buckets: (0..buckets).map(|_| Vec::new()).collect() }
    }

    /// One call.
    ///
    /// # Panics
    /// Where there is no such bucket: that is a fault of the caller, and a call that is dropped in silence would be worse.
    pub fn add(
        &mut self,
        bucket: u32,
        part: P,
        kind: CallKind,
        wait: Option<Seconds>,
        talk: Option<Seconds>,
    ) {
        let rows = &mut self.buckets[bucket as usize];
        let at = rows.binary_search_by(|(other, _)| other.cmp(&part)).unwrap_or_else(|at| {
            rows.insert(at, (part, Row::default()));
            at
        });
        rows[at].1.add(kind, wait, talk);
    }

    /// The tallies, by bucket, then by part; only where there are calls.
    pub fn finish(self) -> impl Iterator<Item = (u32, P, Tally)> {
        (0..)
            .zip(self.buckets)
            .flat_map(|(bucket, rows)| rows.into_iter().map(move |(part, row)| (bucket, part, row.finish())))
    }
}

impl Row {
    fn add(&mut self, kind: CallKind, wait: Option<Seconds>, talk: Option<Seconds>) {
        let at = self.kinds.iter().position(|other| other.kind == kind).unwrap_or_else(|| {
            self.kinds.push(Kind { kind, calls: 0, wait: Loose::default(), talk: Loose::default() });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[at];
        kind.calls += 1;
        wait.into_iter().for_each(|wait| kind.wait.add(wait));
        talk.into_iter().for_each(|talk| kind.talk.add(talk));
    }

    fn finish(self) -> Tally {
        let mut kinds: Vec<KindTally> = self
            .kinds
            .into_iter()
            .map(|Kind { kind, calls, wait, talk }| KindTally {
                kind,
                calls,
                wait: Histogram::from_bins(wait.bins),
                talk: Histogram::from_bins(talk.bins),
            })
            .collect();
        kinds.sort_unstable_by_key(|kind| kind.kind);
        Tally { kinds }
    }
}

impl Loose {
    fn add(&mut self, duration: Seconds) {
        if self.bins.len() >= self.room.max(LOOSE) {
            let ordered = Histogram::from_bins(std::mem::take(&mut self.bins));
            self.bins = ordered.into_bins();
            self.room = self.bins.len() * 2;
        }
        self.bins.push((duration.get(), 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::samples;

    #[test]
    fn rows_come_by_bucket_then_by_part_and_only_where_there_are_calls() {
        let mut gatherer = Gatherer::new(4);
        for (bucket, part) in [(3, "b"), (0, "b"), (3, "a"), (3, "b")] {
            gatherer.add(bucket, part, samples::answered(), Some(samples::secs(7)), None);
        }
        let rows: Vec<_> =
            gatherer.finish().map(|(bucket, part, tally)| (bucket, part, tally.calls())).collect();
        assert_eq!(rows, [(0, "b", 1), (3, "a", 1), (3, "b", 2)]);
    }

    #[test]
    fn memory_grows_with_distinct_durations_not_with_calls() {
        let mut loose = Loose::default();
        for call in 0..100_000 {
            loose.add(samples::secs(call % 100));
        }
        assert!(loose.bins.len() <= 201 && loose.bins.capacity() <= 1_024, "{}", loose.bins.capacity());
        assert_eq!(loose.bins.iter().map(|&(_, calls)| calls).sum::<i64>(), 100_000);
    }

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn a_call_in_no_bucket_is_not_dropped_in_silence() {
        Gatherer::new(1).add(1, (), samples::answered(), None, None);
    }
}
