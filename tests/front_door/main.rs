//! The service through its front door: a real server on a free port, a real client, the store in memory.

mod door;
mod drain;
mod errors;
mod failing;
mod made_up;
mod metrics;
mod observed;
mod organisations;
mod pages;
mod sources;
mod stream;
mod submit;
