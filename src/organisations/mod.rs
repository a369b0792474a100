//! Practices to England, effective-dated: who belongs to whom, on which day. Pure.
//!
//! [`OrganisationRow`] is what is stated and stored; a [`Directory`] is what follows from all rows together. It is never changed: an import
//! makes another one. The rule that everything here shares:
//!
//! The organisation of level L that X belongs to on day D is the one stated for X, L and D; where none is, what X's sub-ICB location
//! belongs to, else what its ICB, else what its region does. A practice never belongs to anything through its PCN, because PCNs span
//! sub-ICB locations and even ICBs. A telephone account's codes follow the same rule, and may fall back on what its PCN itself states.

mod accounts;
mod directory;
mod import;
mod import_file;
mod list;
mod plan;
mod row;
mod stretches;

#[cfg(test)]
mod import_tests;
#[cfg(test)]
mod plan_tests;

pub use directory::{
    Directory, DirectoryFault, DirectoryFaults, MOST_MEMBERSHIPS, MOST_ORGANISATIONS, OverLimit,
};
pub use import::ImportReport;
pub use import_file::{ImportFault, ImportFaults};
pub use list::ListFilter;
pub use plan::{Asked, Member, Parts, PlanFault, RowCode, RowPlan};
pub use row::{Level, NoLevel, OrganisationRow};
