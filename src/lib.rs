//! callgauge turns telephone call records of English GP practices into call metrics that people can trust.
//!
//! The way of the data is one direction, no way back: adapters and pushing clients, [`ingest`], [`store`], [`metrics`], [`service`].
//! ARCHITECTURE.md describes the rooms and what holds in each.

pub mod access;
pub mod calendar;
pub mod cli;
pub mod compare;
pub mod config;
pub mod definitions;
pub mod ingest;
pub mod metrics;
pub mod organisations;
pub mod pictures;
pub mod proto;
pub mod replay;
pub mod service;
pub mod store;
