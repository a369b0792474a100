//! Known durations in ascending order, cumulated: ranks, bands and shares are looked up in it.

use std::borrow::Cow;

use super::histogram::Histogram;

/// Durations of several histograms in ascending order. Counts are not negative.
pub(super) struct Ordered<'a> {
    bins: Cow<'a, [(u32, i64)]>,
    /// Calls up to and with the bin of the same position.
    up_to: Vec<i64>,
    sum_secs: i64,
}

impl<'a> Ordered<'a> {
    /// Merges histograms; a single one is not copied.
    pub(super) fn of(histograms: &[&'a Histogram]) -> Self {
        let bins = match histograms {
            [one] => Cow::Borrowed(one.bins()),
            several => {
                let mut bins = Vec::with_capacity(several.iter().map(|one| one.bins().len()).sum());
                several.iter().for_each(|one| bins.extend_from_slice(one.bins()));
                // Stable: it merges runs that are in order already. Equal seconds may stay apart.
                bins.sort_by_key(|&(secs, _)| secs);
                Cow::Owned(bins)
            }
        };
        let (mut known, mut sum_secs) = (0, 0);
        let up_to = bins
            .iter()
            .map(|&(secs, calls)| {
                known += calls;
                sum_secs += i64::from(secs) * calls;
                known
            })
            .collect();
        Self { bins, up_to, sum_secs }
    }

    /// How many.
    pub(super) fn known(&self) -> i64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// All of them added up, in seconds.
    pub(super) fn sum_secs(&self) -> i64 {
        self.sum_secs
    }

    /// How many are at most so many seconds.
    pub(super) fn at_or_under(&self, secs: u32) -> i64 {
        match self.bins.partition_point(|&(bin, _)| bin <= secs) {
            0 => 0,
            bins => self.up_to[bins - 1],
        }
    }

    /// The k-th smallest, from 1; none where there are fewer.
    pub(super) fn at_rank(&self, k: i64) -> Option<u32> {
        let at = self.up_to.partition_point(|&up_to| up_to < k);
        self.bins.get(at).map(|&(secs, _)| secs)
    }
}
