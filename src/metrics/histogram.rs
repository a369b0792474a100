//! Exact histograms of whole seconds: how many calls took how long.

use std::borrow::Cow;
use std::sync::Arc;

use super::packed::{Packed, Unpacked};

/// How many calls took how many whole seconds, exactly. Sparse, ordered by seconds; counts may be negative in a difference.
#[derive(Clone, Debug)]
pub struct Histogram {
    kept: Kept,
}

/// As bins to be worked on, or packed to be kept.
#[derive(Clone, Debug)]
enum Kept {
    Bins(Vec<(u32, i64)>),
    Packed(Arc<Packed>),
}

enum Iter<'a> {
    Bins(std::iter::Copied<std::slice::Iter<'a, (u32, i64)>>),
    Packed(Unpacked<'a>),
}

impl Iterator for Iter<'_> {
    type Item = (u32, i64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Bins(bins) => bins.next(),
            Self::Packed(packed) => packed.next(),
        }
    }
}

impl Histogram {
    /// From bins in any order; equal seconds are added up, zeros dropped.
    pub fn from_bins(mut bins: Vec<(u32, i64)>) -> Self {
        bins.sort_unstable_by_key(|&(secs, _)| secs);
        bins.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        bins.retain(|&(_, calls)| calls != 0);
        Self { kept: Kept::Bins(bins) }
    }

    /// From bins that are in order already, each second once, none of them zero.
    pub fn from_ordered(bins: Vec<(u32, i64)>) -> Self {
        debug_assert!(bins.is_sorted_by(|a, b| a.0 < b.0) && bins.iter().all(|&(_, calls)| calls != 0));
        Self { kept: Kept::Bins(bins) }
    }

    /// The same in about two bytes a bin, cheap to clone and quick to read from start to end: for tallies that are kept.
    pub fn packed(&self) -> Self {
        match &self.kept {
            Kept::Bins(bins) => Self { kept: Kept::Packed(Packed::new(bins)) },
            Kept::Packed(_) => self.clone(),
        }
    }

    /// Seconds and number of calls, by seconds, none of them zero.
    pub fn bins(&self) -> Cow<'_, [(u32, i64)]> {
        match &self.kept {
            Kept::Bins(bins) => Cow::Borrowed(bins),
            Kept::Packed(packed) => Cow::Owned(packed.iter().collect()),
        }
    }

    /// The same, to go on with.
    pub fn into_bins(self) -> Vec<(u32, i64)> {
        match self.kept {
            Kept::Bins(bins) => bins,
            Kept::Packed(packed) => packed.iter().collect(),
        }
    }

    /// The bins one by one, by seconds.
    pub fn iter(&self) -> impl Iterator<Item = (u32, i64)> {
        match &self.kept {
            Kept::Bins(bins) => Iter::Bins(bins.iter().copied()),
            Kept::Packed(packed) => Iter::Packed(packed.iter()),
        }
    }

    /// Number of calls.
    pub fn calls(&self) -> i64 {
        match &self.kept {
            Kept::Bins(bins) => bins.iter().map(|&(_, calls)| calls).sum(),
            Kept::Packed(packed) => packed.calls,
        }
    }

    /// All durations added up, in seconds.
    pub fn sum_secs(&self) -> i64 {
        match &self.kept {
            Kept::Bins(bins) => bins.iter().map(|&(secs, calls)| i64::from(secs) * calls).sum(),
            Kept::Packed(packed) => packed.sum_secs,
        }
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        match &self.kept {
            Kept::Bins(bins) => bins.len(),
            Kept::Packed(packed) => packed.bins,
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of calls of at most so many seconds.
    pub fn at_or_under(&self, secs: u32) -> i64 {
        match &self.kept {
            Kept::Bins(bins) => {
                let end = bins.partition_point(|&(bin, _)| bin <= secs);
                bins[..end].iter().map(|&(_, calls)| calls).sum()
            }
            Kept::Packed(packed) => packed.at_or_under(secs),
        }
    }

    /// The packed form, where that is how it is kept.
    pub(super) fn as_packed(&self) -> Option<&Packed> {
        match &self.kept {
            Kept::Bins(_) => None,
            Kept::Packed(packed) => Some(packed),
        }
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.merge(other, 1);
    }

    /// Takes another one off.
    pub fn subtract(&mut self, other: &Self) {
        self.merge(other, -1);
    }

    fn merge(&mut self, other: &Self, sign: i64) {
        if other.is_empty() {
            return;
        }
        let mut merged = Vec::with_capacity(self.len() + other.len());
        let mut ours = std::mem::take(self).into_bins().into_iter().peekable();
        for &(secs, calls) in other.bins().iter() {
            while let Some(bin) = ours.next_if(|&(bin, _)| bin < secs) {
                merged.push(bin);
            }
            let own = ours.next_if(|&(bin, _)| bin == secs).map_or(0, |(_, calls)| calls);
            if own + sign * calls != 0 {
                merged.push((secs, own + sign * calls));
            }
        }
        merged.extend(ours);
        self.kept = Kept::Bins(merged);
    }
}

impl Default for Histogram {
    /// No calls.
    fn default() -> Self {
        Self { kept: Kept::Bins(Vec::new()) }
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.bins() == other.bins()
    }
}

impl Eq for Histogram {}

impl FromIterator<(u32, i64)> for Histogram {
    fn from_iter<I: IntoIterator<Item = (u32, i64)>>(bins: I) -> Self {
        Self::from_bins(bins.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn equal_seconds_are_one_bin_and_zeros_are_none() {
        let histogram = Histogram::from_bins(vec![(9, 1), (3, 2), (9, -1), (5, 0), (3, 1)]);
        assert_eq!(*histogram.bins(), [(3, 3)]);
        assert_eq!(histogram.calls(), 3);
    }

    #[test]
    fn adding_keeps_bins_in_order_and_subtracting_leaves_differences() {
        let mut histogram = Histogram::from_bins(vec![(3, 2), (9, 1)]);
        histogram.add(&Histogram::from_bins(vec![(0, 1), (3, 1), (10, 4)]));
        assert_eq!(*histogram.bins(), [(0, 1), (3, 3), (9, 1), (10, 4)]);
        histogram.subtract(&Histogram::from_bins(vec![(3, 3), (4, 1)]));
        assert_eq!(*histogram.bins(), [(0, 1), (4, -1), (9, 1), (10, 4)]);
    }

    #[test]
    fn what_is_packed_is_the_same_histogram() {
        let bins = vec![(0, 1), (3, 127), (4, 128), (200, -7), (86_400, 1 << 40)];
        let (plain, packed) = (Histogram::from_bins(bins.clone()), Histogram::from_bins(bins).packed());
        assert_eq!(plain, packed);
        assert_eq!(
            (plain.len(), plain.calls(), plain.sum_secs()),
            (packed.len(), packed.calls(), packed.sum_secs())
        );
        for secs in [0, 2, 3, 4, 60, 120, 199, 200, 300, 86_400] {
            assert_eq!(plain.at_or_under(secs), packed.at_or_under(secs), "{secs} s");
        }
        let (mut one, mut other) = (plain.clone(), packed.packed());
        one.add(&packed);
        other.add(&plain);
        assert_eq!(one, other);
        assert!(Histogram::default().packed().is_empty());
    }

    #[test]
    fn at_or_under_has_the_second_itself() {
        let histogram = Histogram::from_bins(vec![(60, 2), (61, 5)]);
        assert_eq!([59, 60, 61, 62].map(|secs| histogram.at_or_under(secs)), [0, 2, 7, 7]);
    }
}
