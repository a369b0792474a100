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

    /// Seconds and number of calls, by seconds, none of them zero.
    pub fn bins(&self) -> &[(u32, i64)] {
        &self.bins
    }

    /// Number of calls.
    pub fn calls(&self) -> i64 {
        self.bins.iter().map(|&(_, calls)| calls).sum()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }
}
