//! Numbers of organisations in buckets: numerator and denominator, or nothing.

use std::collections::BTreeSet;

use super::gather::BANDS;
use crate::calendar::Band;
use crate::metrics::{Absence, Value};

/// A numerator and its denominator; of a plain number the denominator is 0.
pub(super) type Pair = (f64, f64);

/// One measure of all organisations by bucket; none where there is nothing to compute it from.
#[derive(Clone)]
pub(super) struct Table {
    buckets: usize,
    cells: Vec<Option<Pair>>,
    /// Organisations of which a bucket cannot be told, though there are calls.
    gaps: BTreeSet<usize>,
}

impl Table {
    pub(super) fn new(units: usize, buckets: usize) -> Self {
        Self { buckets, cells: vec![None; units * buckets], gaps: BTreeSet::new() }
    }

    /// How many organisations it is of.
    pub(super) fn units(&self) -> usize {
        self.cells.len() / self.buckets.max(1)
    }

    /// The buckets of one organisation.
    pub(super) fn unit(&self, unit: usize) -> &[Option<Pair>] {
        &self.cells[unit * self.buckets..(unit + 1) * self.buckets]
    }

    /// One bucket of one organisation, to be changed.
    pub(super) fn cell(&mut self, unit: usize, bucket: usize) -> &mut Option<Pair> {
        &mut self.cells[unit * self.buckets + bucket]
    }

    /// Adds to a bucket of an organisation.
    pub(super) fn add(&mut self, unit: usize, bucket: usize, (n, d): Pair) {
        let cell = self.cell(unit, bucket);
        let (numerator, denominator) = cell.unwrap_or_default();
        *cell = Some((numerator + n, denominator + d));
    }

    /// Puts a metric's value into a bucket.
    pub(super) fn put(&mut self, unit: usize, bucket: usize, value: Value) {
        *self.cell(unit, bucket) = match value {
            Value::Count(count) => Some((count as f64, 0.0)),
            Value::Ratio { numerator, denominator } => Some((numerator as f64, denominator as f64)),
            Value::Absent(Absence::NotAvailable) => {
                self.gaps.insert(unit);
                None
            }
            Value::Distribution(_) | Value::Absent(_) => None,
        };
    }

    /// Whether a bucket of an organisation cannot be told, though there are calls.
    pub(super) fn has_gap(&self, unit: usize) -> bool {
        self.gaps.contains(&unit)
    }

    /// The sum over the buckets of one organisation.
    pub(super) fn sum(&self, unit: usize) -> Pair {
        sum(self.unit(unit).iter().flatten())
    }

    /// The sums over all organisations, by bucket.
    pub(super) fn sums(&self) -> Vec<Pair> {
        let mut sums = vec![(0.0, 0.0); self.buckets];
        for row in self.cells.chunks(self.buckets.max(1)) {
            for (sum, (n, d)) in sums.iter_mut().zip(row).filter_map(|(sum, pair)| Some((sum, (*pair)?))) {
                *sum = (sum.0 + n, sum.1 + d);
            }
        }
        sums
    }

    /// Adds the organisations of another below.
    pub(super) fn extend(&mut self, other: Self) {
        let Self { buckets, cells, gaps } = other;
        debug_assert_eq!(buckets, self.buckets);
        let before = self.units();
        self.gaps.extend(gaps.into_iter().map(|unit| unit + before));
        self.cells.extend(cells);
    }

    /// Of the first `timed` buckets each nine are the bands of one kind of day; after them comes one for each nine, with what is known of such days without the
    /// hour. Spreads that over the bands as the numbers of all organisations are spread there, so that only the bands are left.
    pub(super) fn spread(&mut self, timed: usize) {
        let reference = self.sums();
        let rows = self.cells.chunks(self.buckets.max(1));
        let mut cells = Vec::with_capacity(rows.len() * timed);
        for row in rows {
            let (bands, whole) = row.split_at(timed);
            let from = cells.len();
            cells.extend_from_slice(bands);
            for (kind, &(n, d)) in
                whole.iter().enumerate().filter_map(|(at, pair)| Some((at, pair.as_ref()?)))
            {
                let within = &reference[kind * BANDS..(kind + 1) * BANDS];
                let numerators = weights(within.iter().map(|pair| pair.0));
                let denominators = weights(within.iter().map(|pair| pair.1));
                for band in 0..BANDS {
                    let (more_n, more_d) = (n * numerators[band], d * denominators[band]);
                    if more_n > 0.0 || more_d > 0.0 {
                        let cell: &mut Option<Pair> = &mut cells[from + kind * BANDS + band];
                        let (n, d) = cell.unwrap_or_default();
                        *cell = Some((n + more_n, d + more_d));
                    }
                }
            }
        }
        (self.cells, self.buckets) = (cells, timed);
    }
}

/// Parts of 1 as these numbers are; as the bands are long where all are 0.
fn weights(numbers: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let all: f64 = numbers.clone().sum();
    if all > 0.0 {
        return numbers.map(|number| number / all).collect();
    }
    Band::all().map(|band| f64::from(band.end() - band.start()) / 86_400.0).collect()
}

/// The sum of pairs.
pub(super) fn sum<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Pair {
    pairs.fold((0.0, 0.0), |(n, d), pair| (n + pair.0, d + pair.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_without_the_hour_is_spread_as_the_rest_is() {
        // Two organisations; the first has a day of the kind without hours.
        let mut table = Table::new(2, BANDS + 1);
        table.add(0, BANDS, (4.0, 40.0));
        table.add(1, 2, (3.0, 30.0));
        table.add(1, 3, (1.0, 10.0));
        table.spread(BANDS);
        assert_eq!(table.unit(0)[2], Some((3.0, 30.0)));
        assert_eq!(table.unit(0)[3], Some((1.0, 10.0)));
        assert_eq!((table.sum(0), table.sum(1)), ((4.0, 40.0), (4.0, 40.0)));
        assert_eq!(table.unit(0)[4], None);
    }

    #[test]
    fn where_nobody_knows_the_hour_it_is_spread_by_the_clock() {
        let mut table = Table::new(1, BANDS + 1);
        table.add(0, BANDS, (24.0, 0.0));
        table.spread(BANDS);
        let lengths: Vec<f64> = table.unit(0).iter().flatten().map(|pair| pair.0).collect();
        assert_eq!(lengths.len(), BANDS);
        assert!((lengths.iter().sum::<f64>() - 24.0).abs() < 1e-9);
        // The first band is midnight to six.
        assert!((lengths[0] - 6.0).abs() < 1e-9, "{lengths:?}");
    }
}
