//! Turns published counts of a month back into call records, and compares what the service answers with what was published.
//!
//! The way: a workbook is read into a [`Month`] (or [`made_up::month`] makes one), a [`Plan`] says how many calls each row has in each band of each day,
//! [`Calls`] is the month's calls one by one, and [`compare`] holds the answers against the counts. Nothing here talks to a service:
//! `cli::replay` does.

mod calls;
mod compare;
mod durations;
pub mod made_up;
mod memberships;
mod month;
mod plan;
mod sheet;
mod workbook;

pub use calls::{Call, Calls, What};
pub use compare::{
    Answers, Comparison, Difference, Expected, Key, Scope, TimeAnswers, compare, compare_times,
};
pub use memberships::csv_parts;
pub use month::{Column, Counts, DayCounts, DurationOf, Groups, Month, Row, Who};
pub use plan::{Finding, FindingKind, Plan, UnevenMonth};
pub use sheet::InvalidWorkbook;
pub use workbook::read;

#[cfg(test)]
#[path = "../../tests/support/workbook.rs"]
#[allow(dead_code, unreachable_pub, reason = "the integration tests use it as a module of their own")]
pub(crate) mod sample;

#[cfg(test)]
mod tests;
