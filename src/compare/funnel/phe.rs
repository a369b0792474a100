//! Funnels as PHEindicatormethods 2.1.0 makes them, for whoever compares with Fingertips: chance alone, never overdispersion.

use super::limits::Class;
use crate::compare::distributions::chi_squared_quantile;
use crate::compare::intervals::{Confidence, Interval, rate_interval};
use crate::compare::undefined::{Undefined, computed, non_negative, positive, within};

/// The two limits on either side of a share at one denominator, on the normal approximation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PheProportionLimits {
    /// t -+ 1.96 sqrt(t (1 - t) / n). May lie outside 0 to 1.
    pub at_95: (f64, f64),
    /// t -+ 3.09 sqrt(t (1 - t) / n). May lie outside 0 to 1.
    pub at_998: (f64, f64),
}

impl PheProportionLimits {
    /// Brought into 0 to 1, for drawing.
    pub fn clipped(self) -> Self {
        let clip = |(lower, upper): (f64, f64)| (lower.clamp(0.0, 1.0), upper.clamp(0.0, 1.0));
        Self { at_95: clip(self.at_95), at_998: clip(self.at_998) }
    }
}

/// Limits of a share around the target `target`: `calculate_funnel_limits(statistic = "proportion")`, as shares.
///
/// # Errors
/// The denominator is not finite and over 0; the target is not from 0 to 1.
pub fn phe_proportion_limits(denominator: f64, target: f64) -> Result<PheProportionLimits, Undefined> {
    let n = positive(denominator, "the denominator")?;
    let t = within(target, "the target", 0.0, 1.0)?;
    let error = computed((t * (1.0 - t) / n).sqrt(), "a standard error")?;
    let around = |z: f64| (t - z * error, t + z * error);
    Ok(PheProportionLimits { at_95: around(Confidence::P95.z()), at_998: around(Confidence::P998.z()) })
}

/// Where a share lies: `assign_funnel_significance(statistic = "proportion")`.
///
/// # Errors
/// As [`phe_proportion_limits`]; or the numerator is not from 0 to the denominator.
pub fn phe_proportion_class(numerator: f64, denominator: f64, target: f64) -> Result<Class, Undefined> {
    let PheProportionLimits { at_95, at_998 } = phe_proportion_limits(denominator, target)?;
    let x = non_negative(numerator, "the numerator")?;
    if x > denominator {
        return Err(Undefined::NumeratorOverDenominator { numerator, denominator });
    }
    Ok(outside(x / denominator, at_95, at_998))
}

/// At which expected counts a given observed one lies on a limit: a row of `calculate_funnel_limits` for ratios. Over the target of a rate they are
/// the populations of its funnel; `events` over them are its limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventLimits {
    /// On the lower 95% limit: so many were expected that a count as low has 2.5%.
    pub lower_95: f64,
    /// On the upper 95% limit: so few were expected that a count as high has 2.5%.
    pub upper_95: f64,
    /// On the lower 99.8% limit.
    pub lower_998: f64,
    /// On the upper 99.8% limit.
    pub upper_998: f64,
}

/// The expected counts at which `events` observed lie on a limit: half the chi-squared quantiles with 2 (events + 1) and 2 events degrees of freedom.
/// PHEindicatormethods finds the same by bisection, to about 1e-6.
///
/// # Errors
/// `events` is not finite, not over 0, or over 499,999,999.
pub fn phe_poisson_limits(events: f64) -> Result<EventLimits, Undefined> {
    let events = positive(events, "the number of events")?;
    let high = |p: f64| Ok(chi_squared_quantile(p, 2.0 * (events + 1.0))? / 2.0);
    let low = |p: f64| Ok(chi_squared_quantile(p, 2.0 * events)? / 2.0);
    Ok(EventLimits {
        lower_95: high(0.975)?,
        upper_95: low(0.025)?,
        lower_998: high(0.999)?,
        upper_998: low(0.001)?,
    })
}

/// Where a ratio lies: whether 1 is outside the interval of observed over expected (exact below 10 observed, Byar's from 10 on), as
/// `assign_funnel_significance(statistic = "ratio")`. A rate is a ratio to target times population.
///
/// # Errors
/// A number is negative or not finite, or nothing was expected.
pub fn phe_ratio_class(observed: f64, expected: f64) -> Result<Class, Undefined> {
    let at = |confidence| {
        let Interval { value: _, lower, upper } = rate_interval(observed, expected, confidence)?;
        Ok::<_, Undefined>((lower, upper))
    };
    let (at_95, at_998) = (at(Confidence::P95)?, at(Confidence::P998)?);
    // The interval lies above 1 where the ratio is high: the other way round than a value and its limits.
    Ok(match outside(1.0, at_95, at_998) {
        Class::Below998 => Class::Above998,
        Class::Below95 => Class::Above95,
        Class::Within => Class::Within,
        Class::Above95 => Class::Below95,
        Class::Above998 => Class::Below998,
    })
}

/// Strictly outside, the wider limits first.
fn outside(value: f64, at_95: (f64, f64), at_998: (f64, f64)) -> Class {
    if value < at_998.0 {
        Class::Below998
    } else if value > at_998.1 {
        Class::Above998
    } else if value < at_95.0 {
        Class::Below95
    } else if value > at_95.1 {
        Class::Above95
    } else {
        Class::Within
    }
}
