//! Bands of equal size by value: fifths, tenths. A band says where a raw value falls, and nothing about how sure that is.
//!
//! The rule is that of `phe_quantile` in PHEindicatormethods 2.1.0: with ranks r that give ties the lowest of theirs, N values and q bands, the band is
//! floor(q + 1 - ceil((N + 1 - r) / (N / q))), at least 1.

use super::undefined::{Undefined, finite, within};

/// Which end is band 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstBand {
    /// The highest values: as `phe_quantile` does unless told otherwise.
    Highest,
    /// The lowest values.
    Lowest,
}

/// The band of each value, from 1 to `bands`; none for a missing value.
///
/// Equal values share a band. Missing ones count for nothing.
///
/// # Errors
/// Fewer than 2 bands or more than 1,000; a value is not finite; fewer values than bands.
pub fn quantile_groups(
    values: &[Option<f64>],
    bands: u32,
    first: FirstBand,
) -> Result<Vec<Option<u32>>, Undefined> {
    let q = within(f64::from(bands), "the number of bands", 2.0, 1_000.0)?;
    let mut known = Vec::with_capacity(values.len());
    for value in values.iter().flatten() {
        // The lowest value of all becomes the highest when the order is turned around.
        let value = finite(*value, "a value")?;
        known.push(if first == FirstBand::Highest { -value } else { value });
    }
    if known.len() < bands as usize {
        return Err(Undefined::TooFew { what: "values", given: known.len(), needed: bands as usize });
    }
    known.sort_by(f64::total_cmp);
    let n = known.len() as f64;
    let band = |value: f64| {
        let value = if first == FirstBand::Highest { -value } else { value };
        let rank = known.partition_point(|other| *other < value) as f64 + 1.0;
        let band = (q + 1.0 - ((n + 1.0 - rank) / (n / q)).ceil()).floor();
        (band as u32).max(1)
    };
    Ok(values.iter().map(|value| value.map(band)).collect())
}

#[cfg(test)]
#[path = "quantile_groups_tests.rs"]
mod tests;
