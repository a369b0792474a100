//! The gamma distribution and the chi-squared one, which is a gamma with half its degrees of freedom as shape and rate 1/2.

use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};

use super::inverse::solve;
use super::{normal_quantile, parameter, probability};
use crate::compare::undefined::{Undefined, computed, non_negative};

/// P(X <= x) for X gamma-distributed with `shape` and `rate`: the regularised lower incomplete gamma function at `rate` times `x`.
///
/// # Errors
/// `x` is negative or not finite; `shape` or `rate` is outside 1e-9 to 1e9.
pub fn gamma_cdf(x: f64, shape: f64, rate: f64) -> Result<f64, Undefined> {
    let (shape, rate) = (parameter(shape, "the shape")?, parameter(rate, "the rate")?);
    Ok(lower(shape, non_negative(x, "the value")? * rate))
}

/// The value that a gamma-distributed X stays at or under with probability `p`.
///
/// # Errors
/// `p` is not between 0 and 1; `shape` or `rate` is outside 1e-9 to 1e9.
pub fn gamma_quantile(p: f64, shape: f64, rate: f64) -> Result<f64, Undefined> {
    let (shape, rate) = (parameter(shape, "the shape")?, parameter(rate, "the rate")?);
    computed(standard_quantile(probability(p)?, shape)? / rate, "a quantile")
}

/// P(X <= x) for X chi-squared with `freedom` degrees of freedom.
///
/// # Errors
/// `x` is negative or not finite; `freedom` is outside 1e-9 to 1e9.
pub fn chi_squared_cdf(x: f64, freedom: f64) -> Result<f64, Undefined> {
    let freedom = parameter(freedom, "the degrees of freedom")?;
    Ok(lower(freedom / 2.0, non_negative(x, "the value")? / 2.0))
}

/// The value that a chi-squared X with `freedom` degrees of freedom stays at or under with probability `p`.
///
/// # Errors
/// `p` is not between 0 and 1; `freedom` is outside 1e-9 to 1e9.
pub fn chi_squared_quantile(p: f64, freedom: f64) -> Result<f64, Undefined> {
    let freedom = parameter(freedom, "the degrees of freedom")?;
    Ok(2.0 * standard_quantile(probability(p)?, freedom / 2.0)?)
}

/// The regularised lower incomplete gamma function, 0 at 0, where statrs refuses it.
pub(super) fn lower(shape: f64, x: f64) -> f64 {
    match x {
        x if x <= 0.0 => 0.0,
        f64::INFINITY => 1.0,
        x => gamma_lr(shape, x),
    }
}

/// The regularised upper one.
pub(super) fn upper(shape: f64, x: f64) -> f64 {
    match x {
        x if x <= 0.0 => 1.0,
        f64::INFINITY => 0.0,
        // statrs takes 1 minus the lower one there, too; said here because the precision depends on it.
        x if x < 1.0 || x <= shape => 1.0 - gamma_lr(shape, x),
        x => gamma_ur(shape, x),
    }
}

/// Solves ln P(shape, x) = ln p, or the same of the upper tail where that is the smaller, in u = ln x.
fn standard_quantile(p: f64, shape: f64) -> Result<f64, Undefined> {
    let ln_gamma_shape = ln_gamma(shape);
    // Near 0, P(shape, x) is x^shape / gamma(shape + 1); elsewhere the cube root of x is about normal (Wilson and Hilferty 1931).
    let near_zero = (p.ln() + ln_gamma(shape + 1.0)) / shape;
    let ninth = 1.0 / (9.0 * shape);
    let cube_root = 1.0 - ninth + normal_quantile(p)? * ninth.sqrt();
    let start = if shape < 1.0 && near_zero < -1.0 || cube_root <= 0.1 {
        near_zero.max(-700.0)
    } else {
        shape.ln() + 3.0 * cube_root.ln()
    };
    let lower_tail = p <= 0.5;
    let target = if lower_tail { p.ln() } else { (1.0 - p).ln() };
    let u = solve(start, |u| {
        let x = u.exp();
        let ln_density = shape * u - x - ln_gamma_shape;
        if lower_tail {
            let tail = lower(shape, x);
            (tail.ln() - target, (ln_density - tail.ln()).exp())
        } else {
            let tail = upper(shape, x);
            (target - tail.ln(), (ln_density - tail.ln()).exp())
        }
    });
    computed(u.exp(), "a quantile")
}
