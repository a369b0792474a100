//! The service as clients see it, over tonic: parse, ask, render. One file a service; all errors become a status in `errors`.
//!
//! [`bind`] opens the ports, so that whoever starts the service knows its address; [`Bound::serve`] serves until told to drain. Every request is observed
//! (`observe`), and what it touches lies behind the gate of `access` (`house`).

mod admin;
mod call_records;
mod codec;
mod comparison;
mod connections;
mod errors;
mod fields;
mod health;
mod house;
mod indicators;
mod meters;
mod metrics;
mod observe;
mod opening;
mod organisations;
mod pages;
mod server;
mod sources;

pub use codec::{CountingCodec, CountingDecoder};
pub use errors::DOMAIN;
pub use opening::{Opening, open_ports};
pub use server::{Bound, ServeError, Settings, bind, run};

/// The definition sets of this build, as ListMetricDefinitions answers them.
pub fn definition_sets() -> Vec<crate::proto::v1::DefinitionSet> {
    crate::definitions::sets().iter().map(metrics::definition_set).collect()
}
