//! Fair comparison: what numbers of practices can carry, and why they cannot where they can't. Pure, a file a method.
//!
//! Every method states its source and formula, takes plain numbers (units and points are known by their position), and answers with a value or an
//! [`Undefined`] that says what to do: never NaN, infinity or a panic.

pub mod beta_binomial;
pub mod composition;
pub mod control_chart;
pub mod distributions;
pub mod equivalent_periods;
pub mod false_discovery;
pub mod funnel;
pub mod gamma_poisson;
mod intervals;
pub mod list_stability;
mod normal;
mod quantile_groups;
pub mod ranks;
pub mod refusals;
pub mod season;
pub mod shrinkage;
mod standardised;
mod undefined;
pub mod variance;

pub use intervals::{Confidence, Interval, byar, exact_poisson, poisson_interval, rate_interval, wilson};
pub use quantile_groups::{FirstBand, quantile_groups};
pub use standardised::{
    StandardisedRatio, Stratum, expected, reference_rate, standardised_rate, standardised_ratio,
};
pub use undefined::Undefined;
