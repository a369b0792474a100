//! The service through its front door: a real server on a free port, a real client, the store in memory; where the store matters, the embedded one as well.

mod comparison;
mod comparison_elsewhere;
mod comparison_input;
mod comparison_peers;
mod comparison_pictures;
mod comparison_series;
mod comparison_targets;
mod comparison_world;
mod deadlines;
mod door;
mod drain;
mod errors;
mod failing;
mod folder;
mod indicators;
mod made_up;
mod mapping;
mod metrics;
mod observed;
mod organisations;
mod pages;
mod sources;
mod stated;
mod stream;
mod submit;
