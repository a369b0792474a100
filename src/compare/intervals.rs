//! Intervals around one proportion or one count: what its size alone leaves open.
//!
//! Sources: Wilson 1927, JASA 22:209; Breslow and Day 1987, volume II, for Byar's approximation and the exact limits by the chi-squared distribution.
//! The switch to exact limits below a count of 10 is that of PHEindicatormethods 2.1.0. These intervals hold chance of counting only: months that vary
//! for other reasons are wider apart.

use super::distributions::{chi_squared_quantile, normal_quantile};
use super::undefined::{Undefined, computed, non_negative, positive, within};

/// How sure an interval is, as a share strictly between 0 and 1: 0.95 leaves 2.5% on either side.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// 95%.
    pub const P95: Self = Self(0.95);
    /// 99.8%.
    pub const P998: Self = Self(0.998);

    /// A confidence from 0.01 to 0.999999.
    ///
    /// # Errors
    /// It is outside that.
    pub fn new(share: f64) -> Result<Self, Undefined> {
        Ok(Self(within(share, "the confidence", 0.01, 0.999_999)?))
    }

    /// As a share.
    pub fn get(self) -> f64 {
        self.0
    }

    /// How many standard errors lie on either side: 1.96 for 95%.
    pub fn z(self) -> f64 {
        normal_quantile(self.upper()).expect("a confidence lies strictly between 0 and 1")
    }

    /// The probability below the upper end.
    fn upper(self) -> f64 {
        self.0 + (1.0 - self.0) / 2.0
    }
}

/// A value and the ends of its interval, all in one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// What was measured.
    pub value: f64,
    /// The lower end, inclusive.
    pub lower: f64,
    /// The upper end, inclusive.
    pub upper: f64,
}

impl Interval {
    /// The same in another unit, such as per 1,000 of something.
    ///
    /// # Errors
    /// The factor is negative or not finite, or the result cannot be held in a number.
    pub fn times(self, factor: f64) -> Result<Self, Undefined> {
        let Self { value, lower, upper } = self;
        let factor = non_negative(factor, "the factor")?;
        Ok(Self {
            value: computed(value * factor, "a rate")?,
            lower: computed(lower * factor, "a rate")?,
            upper: computed(upper * factor, "a rate")?,
        })
    }
}

/// Wilson's score interval for `numerator` of `denominator`:
/// (2x + z^2 -+ z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2)), from 0 to 1.
///
/// # Errors
/// A number is negative or not finite; the denominator is 0; the numerator is over the denominator.
pub fn wilson(numerator: f64, denominator: f64, confidence: Confidence) -> Result<Interval, Undefined> {
    let x = non_negative(numerator, "the numerator")?;
    let n = positive(denominator, "the denominator")?;
    if x > n {
        return Err(Undefined::NumeratorOverDenominator { numerator, denominator });
    }
    let z = confidence.z();
    let share = x / n;
    let root = z * (z * z + 4.0 * x * (1.0 - share)).sqrt();
    let middle = 2.0 * x + z * z;
    let below = 2.0 * (n + z * z);
    // At either end one limit is the value itself; rounding must not move it past.
    let lower = if x == 0.0 { 0.0 } else { ((middle - root) / below).clamp(0.0, share) };
    let upper = if x == n { 1.0 } else { ((middle + root) / below).clamp(share, 1.0) };
    Ok(Interval {
        value: share,
        lower: computed(lower, "a Wilson limit")?,
        upper: computed(upper, "a Wilson limit")?,
    })
}

/// Byar's interval for a Poisson count x:
/// x (1 - 1/(9x) - z/(3 sqrt x))^3 to y (1 - 1/(9y) + z/(3 sqrt y))^3 with y = x + 1.
///
/// # Errors
/// The count is negative or not finite, or so small for the confidence that the lower limit would fall below 0: use [`poisson_interval`].
pub fn byar(count: f64, confidence: Confidence) -> Result<Interval, Undefined> {
    let x = non_negative(count, "the count")?;
    let z = confidence.z();
    let cube = |x: f64, z: f64| x * (1.0 - 1.0 / (9.0 * x) + z / (3.0 * x.sqrt())).powi(3);
    let lower = cube(x, -z);
    if lower.is_nan() || lower < 0.0 {
        return Err(Undefined::ApproximationFails("the lower limit of a count"));
    }
    Ok(Interval {
        value: x,
        lower: computed(lower, "a Byar limit")?,
        upper: computed(cube(x + 1.0, z), "a Byar limit")?,
    })
}

/// The exact interval for a Poisson count x: half the chi-squared quantiles with 2x and with 2x + 2 degrees of freedom. The lower limit of 0 is 0.
///
/// # Errors
/// The count is negative, not finite, or over 499,999,999.
pub fn exact_poisson(count: f64, confidence: Confidence) -> Result<Interval, Undefined> {
    let x = non_negative(count, "the count")?;
    let upper = confidence.upper();
    let lower = if x == 0.0 { 0.0 } else { chi_squared_quantile(1.0 - upper, 2.0 * x)? / 2.0 };
    Ok(Interval { value: x, lower, upper: chi_squared_quantile(upper, 2.0 * x + 2.0)? / 2.0 })
}

/// The interval for a Poisson count as PHEindicatormethods gives it: exact below 10, Byar's from 10 on.
///
/// # Errors
/// The count is negative or not finite.
pub fn poisson_interval(count: f64, confidence: Confidence) -> Result<Interval, Undefined> {
    if count < 10.0 { exact_poisson(count, confidence) } else { byar(count, confidence) }
}

/// The interval for a rate: [`poisson_interval`] of the numerator over the denominator. Multiply with [`Interval::times`] for a rate per 1,000.
///
/// # Errors
/// A number is negative or not finite, or the denominator is 0.
pub fn rate_interval(
    numerator: f64,
    denominator: f64,
    confidence: Confidence,
) -> Result<Interval, Undefined> {
    let denominator = positive(denominator, "the denominator")?;
    let Interval { value, lower, upper } = poisson_interval(numerator, confidence)?;
    Ok(Interval {
        value: computed(value / denominator, "a rate")?,
        lower: computed(lower / denominator, "a rate")?,
        upper: computed(upper / denominator, "a rate")?,
    })
}

#[cfg(test)]
#[path = "intervals_tests.rs"]
mod tests;
