//! Distribution and quantile functions: a thin layer over the special functions of statrs, guarded where those stop being accurate.
//!
//! statrs computes the incomplete gamma and beta functions; inverting them is done here, because its own inverses miss R's values where the shape is
//! small and the probability tiny. Shapes, degrees of freedom, means and numbers of trials are taken up to 1e9, where one value still takes about a
//! millisecond.

mod beta;
mod discrete;
mod gamma;
mod inverse;
mod normal;

pub use beta::{beta_cdf, beta_quantile};
pub use discrete::{
    binomial_cdf, binomial_limit, binomial_quantile, poisson_cdf, poisson_limit, poisson_quantile,
};
pub use gamma::{chi_squared_cdf, chi_squared_quantile, gamma_cdf, gamma_quantile};
pub use normal::{normal_cdf, normal_quantile};

use super::undefined::{Undefined, within};

/// The largest shape, mean or number of trials taken, and the inverse of the smallest.
pub(crate) const LARGEST: f64 = 1e9;

/// A probability strictly between 0 and 1.
fn probability(p: f64) -> Result<f64, Undefined> {
    within(p, "the probability", f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0)
}

/// A shape, rate, mean or the like: over 0 and held in bounds so that the series end.
fn parameter(value: f64, what: &'static str) -> Result<f64, Undefined> {
    within(value, what, 1.0 / LARGEST, LARGEST)
}

#[cfg(test)]
mod quantile_table;
#[cfg(test)]
mod tests;
