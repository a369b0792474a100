//! Fair comparison: what numbers of practices can carry, and why they cannot where they can't. Pure, a file a method.
//!
//! Every method states its source and formula, takes plain numbers (units and points are known by their position), and answers with a value or an
//! [`Undefined`] that says what to do: never NaN, infinity or a panic.

pub mod distributions;
mod undefined;

pub use undefined::Undefined;

// ranks and variance
