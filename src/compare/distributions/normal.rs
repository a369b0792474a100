//! The standard normal distribution.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};

use super::probability;
use crate::compare::undefined::{Undefined, finite};

/// P(Z <= x) = erfc(-x / sqrt 2) / 2.
///
/// # Errors
/// `x` is not finite.
pub fn normal_cdf(x: f64) -> Result<f64, Undefined> {
    Ok(erfc(-finite(x, "the value")? / SQRT_2) / 2.0)
}

/// The value that Z stays at or under with probability `p`.
///
/// # Errors
/// `p` is not between 0 and 1.
pub fn normal_quantile(p: f64) -> Result<f64, Undefined> {
    let p = probability(p)?;
    // The lower tail keeps its relative precision however small it is; the upper one is its mirror.
    let (tail, sign) = if p <= 0.5 { (p, 1.0) } else { (1.0 - p, -1.0) };
    let x = -SQRT_2 * erfc_inv(2.0 * tail);
    let density = (-x * x / 2.0).exp() / (2.0 * PI).sqrt();
    let step = (erfc(-x / SQRT_2) / 2.0 - tail) / density;
    let polished = if step.is_finite() { x - step / (1.0 + x * step / 2.0) } else { x };
    Ok(sign * polished)
}
