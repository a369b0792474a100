//! Tallies, quantiles, and the metrics themselves. Pure.

mod histogram;
mod tally;

pub use histogram::Histogram;
pub use tally::{KindTally, Tally};
