//! Comparing organisations fairly: methods that say how sure they are, each in a file with its source and formula. Pure.

pub mod beta_binomial;
pub mod false_discovery;
pub mod gamma_poisson;
mod normal;
pub mod ranks;
pub mod shrinkage;
pub mod variance;
