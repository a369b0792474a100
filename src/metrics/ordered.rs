//! Known durations in ascending order: ranks, bands and shares are looked up in it.

use std::borrow::Cow;

use super::histogram::Histogram;
use super::packed::Packed;

/// Durations of several histograms in ascending order. Counts are not negative.
pub(super) enum Ordered<'a> {
    /// Of one that has its own marks to look things up by.
    Packed(&'a Packed),
    /// Cumulated.
    Cumulated {
        bins: Cow<'a, [(u32, i64)]>,
        /// Calls up to and with the bin of the same position.
        up_to: Vec<i64>,
        sum_secs: i64,
    },
}

impl<'a> Ordered<'a> {
    /// Merges histograms; a single one is not copied.
    pub(super) fn of(histograms: &[&'a Histogram]) -> Self {
        let bins = match histograms {
            [one] => match one.as_packed() {
                Some(packed) => return Self::Packed(packed),
                None => one.bins(),
            },
            several => {
                let mut bins = Vec::with_capacity(several.iter().map(|one| one.len()).sum());
                several.iter().for_each(|one| bins.extend(one.iter()));
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
        Self::Cumulated { bins, up_to, sum_secs }
    }

    /// How many.
    pub(super) fn known(&self) -> i64 {
        match self {
            Self::Packed(packed) => packed.calls,
            Self::Cumulated { up_to, .. } => up_to.last().copied().unwrap_or(0),
        }
    }

    /// All of them added up, in seconds.
    pub(super) fn sum_secs(&self) -> i64 {
        match self {
            Self::Packed(packed) => packed.sum_secs,
            Self::Cumulated { sum_secs, .. } => *sum_secs,
        }
    }

    /// How many are at most so many seconds.
    pub(super) fn at_or_under(&self, secs: u32) -> i64 {
        match self {
            Self::Packed(packed) => packed.at_or_under(secs),
            Self::Cumulated { bins, up_to, .. } => match bins.partition_point(|&(bin, _)| bin <= secs) {
                0 => 0,
                bins => up_to[bins - 1],
            },
        }
    }

    /// The k-th smallest, from 1; none where there are fewer.
    pub(super) fn at_rank(&self, k: i64) -> Option<u32> {
        match self {
            Self::Packed(packed) => packed.at_rank(k),
            Self::Cumulated { bins, up_to, .. } => {
                let at = up_to.partition_point(|&up_to| up_to < k);
                bins.get(at).map(|&(secs, _)| secs)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ordered;
    use crate::metrics::Histogram;

    #[test]
    fn packed_and_cumulated_durations_give_the_same_ranks_and_shares() {
        let bins: Vec<(u32, i64)> = (0..500).map(|n| (n * n / 7 + n, i64::from(n % 5 * 40 + 1))).collect();
        let plain = Histogram::from_bins(bins);
        let packed = plain.packed();
        let other = Histogram::from_bins(vec![(3, 1), (60, 4)]);
        let mut both = plain.clone();
        both.add(&other);
        for (one, others) in [
            (Ordered::of(&[&plain]), Ordered::of(&[&packed])),
            (Ordered::of(&[&both.packed()]), Ordered::of(&[&packed, &other])),
        ] {
            assert_eq!((one.known(), one.sum_secs()), (others.known(), others.sum_secs()));
            for k in (1..=one.known() + 1).step_by(13).chain([one.known(), one.known() + 1]) {
                assert_eq!(one.at_rank(k), others.at_rank(k), "rank {k}");
            }
            for secs in (0..40_000).step_by(17) {
                assert_eq!(one.at_or_under(secs), others.at_or_under(secs), "{secs} s");
            }
        }
        assert_eq!((Ordered::of(&[]).known(), Ordered::of(&[]).at_rank(1)), (0, None));
    }
}
