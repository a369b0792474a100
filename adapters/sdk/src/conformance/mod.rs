//! The conformance kit: whether an adapter is right, found out by playing its vendor and everything that goes wrong with vendors.
//!
//! [`script`] says how a vendor is written down.

pub mod script;
