//! What a metric comes out as.

use callgauge_schema::{Seconds, Timing};

use super::band::DurationBand;
use super::percent::Percent;

/// The value of a metric, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number of calls.
    Count(i64),
    /// A share: a sum over a sum.
    Ratio {
        /// Calls that count.
        numerator: i64,
        /// Calls they are a share of; over 0.
        denominator: i64,
    },
    /// How long calls took.
    Distribution(Distribution),
    /// No value. Not 0.
    Absent(Absence),
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Absence {
    /// There were no calls to compute it from.
    NoCalls,
    /// The sources cannot know it.
    NotAvailable,
    /// The metric does not apply.
    NotApplicable,
    /// Hidden because the number is small.
    Hidden,
    /// The practice does not share it with whoever asks.
    NotShared,
}

/// How long calls took.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Calls that belong to the metric.
    pub calls: i64,
    /// Those of them whose duration is known: what all that follows is computed from. Over 0.
    pub known: i64,
    /// Arithmetic mean in seconds; none where a contributor is not measured.
    pub mean_secs: Option<f64>,
    /// Percentiles by nearest rank, in the order asked for.
    pub percentiles: Vec<(Percent, At)>,
    /// Known calls by band, in the order of [`DurationBand::ALL`].
    pub bands: [i64; 4],
    /// Known calls at or under thresholds, in the order asked for; none where only bands are known and the threshold cuts through one.
    pub shares: Vec<(Seconds, Option<Share>)>,
    /// Banded where a known contributor is not measured.
    pub timing: Timing,
}

/// Numerator and denominator.
pub type Share = (i64, i64);

/// Where a percentile lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// At a whole second.
    Secs(u32),
    /// Somewhere in a band.
    Band(DurationBand),
}
