//! Knows how a finished comparison looks: funnel plot, control chart, caterpillar of ranks, daily and hourly profile, as SVG or PNG.
//!
//! The room is handed numbers, limits, classes and sentences that were settled elsewhere, and gives bytes. It computes no statistics,
//! reads no file and knows no clock, so the same input gives the same bytes. Whatever has to be known to read a picture fairly (window,
//! definition set, coverage, statements, acknowledged reasons, and what it does not show) is in its [`Frame`] and drawn with it.
//!
//! Charts are drawn with plotters on a [`sheet::Sheet`], a grid of tenths of a pixel that records shapes; `svg` and `raster` write them
//! out. Coordinates on the sheet are integers, so that no NaN can come into a file.

mod axes;
mod canvas;
mod control;
mod error;
mod figure;
mod frame;
mod funnel;
mod labels;
mod marks;
mod page;
mod profile;
mod ranks;
mod raster;
mod scale;
mod sheet;
mod svg;
mod text;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use control::{ControlChart, ControlPoint, Phase, Sense, SpecialCause, control_chart};
pub use error::PictureError;
pub use figure::{Axis, Unit, count};
pub use frame::{Format, Frame, Picture, Width};
pub use funnel::{ByChance, Funnel, FunnelClass, FunnelPoint, LimitPoint, funnel_plot};
pub use profile::{DayKind, Profile, ProfileKind, ProfilePoint, profile};
pub use ranks::{RankBand, RankedUnit, Ranks, WorstRanks, caterpillar};
