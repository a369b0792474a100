//! The service through its front door: a real server on a free port, a real client, the store in memory.

mod comparison;
mod comparison_pictures;
mod comparison_world;
mod door;
mod drain;
mod errors;
mod failing;
mod metrics;
mod observed;
mod organisations;
mod pages;
mod stream;
mod submit;
