//! The service through its front door: a real server on a free port, a real client, the store in memory; where the store matters, the embedded one as well.

mod comparison;
mod comparison_input;
mod comparison_pictures;
mod comparison_series;
mod comparison_world;
mod door;
mod drain;
mod errors;
mod failing;
mod indicators;
mod made_up;
mod metrics;
mod observed;
mod organisations;
mod pages;
mod sources;
mod stated;
mod stream;
mod submit;
