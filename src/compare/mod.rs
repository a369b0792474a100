//! Comparing organisations fairly: methods that say how sure they are, each in a file with its source and formula. Pure.

pub mod beta_binomial;
pub mod composition;
pub mod equivalent_periods;
pub mod false_discovery;
pub mod gamma_poisson;
pub mod list_stability;
mod normal;
pub mod ranks;
pub mod refusals;
pub mod shrinkage;
pub mod variance;
