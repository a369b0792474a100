//! Percentages as whole numbers, so that ranks are exact.

use std::fmt;

/// A percentage over 0 and at most 100, in units of 1/10,000 of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

/// A percentage that percentiles cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidPercent {
    /// Not over 0 and at most 100.
    #[error("{0} is not over 0 and at most 100: give a percentage such as 50 or 99.9")]
    OutOfRange(f64),
    /// Finer than it can be.
    #[error("{0} has more than 4 decimals: round it to 4")]
    TooFine(f64),
}

impl Percent {
    /// Units that make 100 percent.
    const WHOLE: u32 = 1_000_000;

    /// The median's.
    pub const P50: Self = Self(500_000);

    /// Nine in ten.
    pub const P90: Self = Self(900_000);

    /// In units of 1/10,000 of a percent, from 1 to 1,000,000.
    pub const fn units(self) -> u32 {
        self.0
    }

    /// In percent, as a client gave it.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// The nearest rank among `known` values in ascending order: k = ceil(q n), from 1. 0 where there are none.
    pub fn rank(self, known: i64) -> i64 {
        let share = i128::from(self.0) * i128::from(known.max(0));
        let rank = (share + i128::from(Self::WHOLE) - 1) / i128::from(Self::WHOLE);
        i64::try_from(rank).unwrap_or(known)
    }
}

impl TryFrom<f64> for Percent {
    type Error = InvalidPercent;

    /// Takes what is within a rounding error of 4 decimals: 28.999999999999996 is 29.
    fn try_from(percent: f64) -> Result<Self, InvalidPercent> {
        if !(percent > 0.0 && percent <= 100.0) {
            return Err(InvalidPercent::OutOfRange(percent));
        }
        let units = percent * 10_000.0;
        if units.round() < 1.0 || (units - units.round()).abs() > 1e-6 {
            return Err(InvalidPercent::TooFine(percent));
        }
        Ok(Self(units.round() as u32))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_exact_where_floating_point_is_not() {
        let cases = [
            (90.0, 10, 9),
            (50.0, 10, 5),
            (50.0, 11, 6),
            (50.0, 1, 1),
            (0.0001, 1, 1),
            (0.0001, 1_000_000, 1),
            (0.0001, 1_000_001, 2),
            (100.0, 7, 7),
            (99.9999, 1_000_000, 999_999),
            (7.0, 100, 7),
            (29.0, 100, 29),
            (57.0, 100, 57),
            (99.9, 1_000, 999),
            (50.0, 0, 0),
            (100.0, i64::MAX, i64::MAX),
        ];
        for (percent, known, rank) in cases {
            assert_eq!(Percent::try_from(percent).unwrap().rank(known), rank, "{percent}% of {known}");
        }
    }

    #[test]
    fn percentages_have_four_decimals_at_most_and_come_back_as_given() {
        for good in [0.0001, 12.3456, 50.0, 99.9, 99.9999, 100.0] {
            assert_eq!(Percent::try_from(good).unwrap().get(), good);
        }
        assert_eq!(Percent::try_from(0.29 * 100.0).unwrap().get(), 29.0);
        for bad in [0.0, -1.0, 100.0001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(matches!(Percent::try_from(bad), Err(InvalidPercent::OutOfRange(_))), "{bad}");
        }
        for bad in [0.00001, 33.33333, 1e-300] {
            assert!(matches!(Percent::try_from(bad), Err(InvalidPercent::TooFine(_))), "{bad}");
        }
    }
}
