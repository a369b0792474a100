//! Unions of half-open stretches of whole numbers: milliseconds or days.

/// Half-open stretches, ordered, with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretches(Vec<(i64, i64)>);

/// How much of a stretch is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// Nothing of it.
    None,
    /// Some of it.
    Part,
    /// All of it.
    Whole,
}

impl Stretches {
    /// Adds a stretch. The whole stretch that it lies in now, or `None` where nothing changed.
    pub fn add(&mut self, from: i64, until: i64) -> Option<(i64, i64)> {
        if until <= from {
            return None;
        }
        // Those that overlap it or touch it.
        let first = self.0.partition_point(|&(_, end)| end < from);
        let last = self.0.partition_point(|&(start, _)| start <= until);
        let touched = &self.0[first..last];
        if touched.iter().any(|&(start, end)| start <= from && until <= end) {
            return None;
        }
        let whole = (
            touched.first().map_or(from, |&(start, _)| start.min(from)),
            touched.last().map_or(until, |&(_, end)| end.max(until)),
        );
        self.0.splice(first..last, [whole]);
        Some(whole)
    }

    /// How much of a stretch is in them.
    pub fn cover(&self, from: i64, until: i64) -> Covered {
        let at = self.0.partition_point(|&(_, end)| end <= from);
        match self.0.get(at) {
            Some(&(start, end)) if start <= from && until <= end => Covered::Whole,
            Some(&(start, _)) if start < until => Covered::Part,
            _ => Covered::None,
        }
    }

    /// Whether a number is in them.
    pub fn has(&self, number: i64) -> bool {
        self.cover(number, number + 1) == Covered::Whole
    }

    /// What is in these or in others.
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        for &(from, until) in &other.0 {
            union.add(from, until);
        }
        union
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }
}
