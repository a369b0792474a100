//! Practices to England, effective-dated: who belongs to whom, on which day. Pure.

mod row;

pub use row::{Level, OrganisationRow};
