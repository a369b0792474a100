//! Metrics that only count calls, from numbers of calls by kind: what comparisons read most.

use callgauge_schema::CallKind;

use super::table::Table;
use crate::definitions::Definition;
use crate::metrics::Counted;
use crate::store::GroupCounts;

/// What calls of each kind come to for some metrics that only count them.
pub(super) struct Kinds<'a> {
    metrics: &'a [&'a Definition],
    /// By number of the kind, once it was met.
    known: Vec<Option<Box<[Counted]>>>,
}

impl<'a> Kinds<'a> {
    /// Of these metrics, none of which looks at durations.
    pub(super) fn of(metrics: &'a [&'a Definition]) -> Self {
        Self { metrics, known: Vec::new() }
    }

    /// Puts the values of an organisation into its buckets.
    pub(super) fn put(&mut self, tables: &mut [Table], row: &GroupCounts) {
        let mut sums = vec![Counted::default(); self.metrics.len()];
        for of_bucket in row.counts.chunk_by(|one, other| one.bucket == other.bucket) {
            sums.fill(Counted::default());
            for count in of_bucket {
                let ones = self.ones(count.kind);
                sums.iter_mut().zip(ones).for_each(|(sum, one)| sum.add(*one, count.calls));
            }
            for ((table, metric), sum) in tables.iter_mut().zip(self.metrics).zip(&sums) {
                table.put(row.group, of_bucket[0].bucket as usize, sum.value(metric));
            }
        }
    }

    /// What one call of a kind comes to, by metric.
    fn ones(&mut self, kind: CallKind) -> &[Counted] {
        let at = usize::from(kind.number());
        if self.known.len() <= at {
            self.known.resize(at + 1, None);
        }
        self.known[at].get_or_insert_with(|| {
            self.metrics.iter().map(|metric| Counted::one(metric, kind).unwrap_or_default()).collect()
        })
    }
}
