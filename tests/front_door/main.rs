//! The service through its front door: a real server on a free port, a real client, the store in memory.

mod door;
mod drain;
mod errors;
mod failing;
mod indicators;
mod metrics;
mod observed;
mod organisations;
mod pages;
mod stream;
mod submit;
