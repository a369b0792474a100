//! Exact histograms of whole seconds: how many calls took how long.

/// How many calls took how many whole seconds, exactly. Sparse, ordered by seconds; counts may be negative in a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    bins: Vec<(u32, i64)>,
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
        Self { bins }
    }

    /// From bins that are in order already, each second once, none of them zero.
    pub fn from_ordered(bins: Vec<(u32, i64)>) -> Self {
        debug_assert!(bins.is_sorted_by(|a, b| a.0 < b.0) && bins.iter().all(|&(_, calls)| calls != 0));
        Self { bins }
    }

    /// Seconds and number of calls, by seconds, none of them zero.
    pub fn bins(&self) -> &[(u32, i64)] {
        &self.bins
    }

    /// The same, to go on with.
    pub fn into_bins(self) -> Vec<(u32, i64)> {
        self.bins
    }

    /// Number of calls.
    pub fn calls(&self) -> i64 {
        self.bins.iter().map(|&(_, calls)| calls).sum()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// Number of calls of at most so many seconds.
    pub fn at_or_under(&self, secs: u32) -> i64 {
        let end = self.bins.partition_point(|&(bin, _)| bin <= secs);
        self.bins[..end].iter().map(|&(_, calls)| calls).sum()
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
        if other.bins.is_empty() {
            return;
        }
        let mut merged = Vec::with_capacity(self.bins.len() + other.bins.len());
        let mut ours = self.bins.iter().copied().peekable();
        for &(secs, calls) in &other.bins {
            while let Some(bin) = ours.next_if(|&(bin, _)| bin < secs) {
                merged.push(bin);
            }
            let own = ours.next_if(|&(bin, _)| bin == secs).map_or(0, |(_, calls)| calls);
            if own + sign * calls != 0 {
                merged.push((secs, own + sign * calls));
            }
        }
        merged.extend(ours);
        self.bins = merged;
    }
}

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
        assert_eq!(histogram.bins(), [(3, 3)]);
        assert_eq!(histogram.calls(), 3);
    }

    #[test]
    fn adding_keeps_bins_in_order_and_subtracting_leaves_differences() {
        let mut histogram = Histogram::from_bins(vec![(3, 2), (9, 1)]);
        histogram.add(&Histogram::from_bins(vec![(0, 1), (3, 1), (10, 4)]));
        assert_eq!(histogram.bins(), [(0, 1), (3, 3), (9, 1), (10, 4)]);
        histogram.subtract(&Histogram::from_bins(vec![(3, 3), (4, 1)]));
        assert_eq!(histogram.bins(), [(0, 1), (4, -1), (9, 1), (10, 4)]);
    }

    #[test]
    fn at_or_under_has_the_second_itself() {
        let histogram = Histogram::from_bins(vec![(60, 2), (61, 5)]);
        assert_eq!([59, 60, 61, 62].map(|secs| histogram.at_or_under(secs)), [0, 2, 7, 7]);
    }
}
