//! Fair comparison: what numbers of practices can carry, and why they cannot where they can't. Pure, a file a method.
//!
//! Every method states its source and formula, takes plain numbers (units and points are known by their position), and answers with a value or an
//! [`Undefined`] that says what to do: never NaN, infinity or a panic.

pub mod control_chart;
pub mod distributions;
pub mod funnel;
mod intervals;
mod quantile_groups;
mod standardised;
mod undefined;

pub use intervals::{Confidence, Interval, byar, exact_poisson, poisson_interval, rate_interval, wilson};
pub use quantile_groups::{FirstBand, quantile_groups};
pub use standardised::{
    StandardisedRatio, Stratum, expected, reference_rate, standardised_rate, standardised_ratio,
};
pub use undefined::Undefined;

// ranks and variance
