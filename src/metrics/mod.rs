//! Tallies, quantiles, and the metrics themselves. Pure.
//!
//! A [`Tally`] holds how many calls of each kind there were, with exact histograms of their durations; everything is computed from it.
//! [`TallyBuilder`] adds tallies up, [`Gatherer`] makes them from single calls, [`DayCounts`] from counts that a supplier
//! states instead of calls; [`evaluate`] computes a metric by the rule of its definition, [`Counted`] the same from numbers of calls by kind.

mod band;
mod builder;
mod check;
mod evaluate;
mod gather;
mod histogram;
mod kinds;
mod ordered;
mod packed;
mod percent;
mod stated;
mod tally;
mod value;
pub(crate) mod varint;

pub use band::DurationBand;
pub use builder::TallyBuilder;
pub use check::{OutcomeCheck, OutcomePart, outcome_check, split_by_outcome};
pub use evaluate::{Options, evaluate, evaluate_with_gaps};
pub use gather::Gatherer;
pub use histogram::Histogram;
pub use kinds::Counted;
pub use percent::{InvalidPercent, Percent};
pub use stated::{CountShape, DayCounts, Gaps, Indicator, InvalidCounts, Placed, StatedCount, StatedCounts};
pub use tally::{KindTally, Tally};
pub use value::{Absence, At, Distribution, Share, Value};

#[cfg(test)]
mod domain_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod samples;
