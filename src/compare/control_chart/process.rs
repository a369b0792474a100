//! The centre and the limits of one stretch of a chart.

use super::rules::Place;
use super::{ChartOptions, FEWEST_POINTS, Warning};
use crate::compare::undefined::{Undefined, computed, within};

/// How many mean moving ranges lie between the mean and a limit: 3 standard errors, by the mean range of two normal values, 1.128.
const LIMIT: f64 = 2.66;
/// Moving ranges of so many times their mean are screened out: 3 standard errors of a range above it.
const SCREEN: f64 = 3.267;
/// Differences under this share of the largest value are rounding, not variation.
const ROUNDING: f64 = 1e-12;

/// A stretch of a chart that has limits of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Position of its first point in the series.
    pub from: usize,
    /// Its points, missing ones among them.
    pub points: usize,
    /// The mean of the points its limits are made of. None where all of those are missing.
    pub mean: Option<f64>,
    /// The mean moving range, after screening. None where there is no range.
    pub mean_moving_range: Option<f64>,
    /// How many moving ranges were screened out.
    pub screened: usize,
    /// The limits. None where nothing varies or there are too few points to tell.
    pub limits: Option<ProcessLimits>,
    /// What is so near the mean that it lies on it.
    rounding: f64,
}

/// The limits of a process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessLimits {
    /// mean - 2.66 mean(R).
    pub lower: f64,
    /// mean - (2/3) 2.66 mean(R).
    pub near_lower: f64,
    /// mean + (2/3) 2.66 mean(R).
    pub near_upper: f64,
    /// mean + 2.66 mean(R).
    pub upper: f64,
}

/// A warning whose stretch is not numbered yet.
pub(super) enum Unnumbered {
    FewPoints(usize),
    MissingPoints(usize),
    NothingVaries,
    NotScreened,
}

impl Unnumbered {
    pub(super) fn of(self, stretch: usize) -> Warning {
        match self {
            Self::FewPoints(points) => Warning::FewPoints { stretch, points },
            Self::MissingPoints(missing) => Warning::MissingPoints { stretch, missing },
            Self::NothingVaries => Warning::NothingVaries { stretch },
            Self::NotScreened => Warning::NotScreened { stretch },
        }
    }
}

impl Stretch {
    /// Where a value lies against mean and limits.
    pub(super) fn place(&self, value: f64) -> Place {
        let side = match self.mean {
            Some(mean) if value - mean > self.rounding => 1,
            Some(mean) if mean - value > self.rounding => -1,
            _ => 0,
        };
        let beyond = |lower: f64, upper: f64| value < lower || value > upper;
        Place {
            side,
            outside: self.limits.is_some_and(|limits| beyond(limits.lower, limits.upper)),
            beyond_near: self.limits.is_some_and(|limits| beyond(limits.near_lower, limits.near_upper)),
        }
    }
}

/// Makes mean and limits of a stretch that starts at `from`.
pub(super) fn stretch(
    from: usize,
    values: &[Option<f64>],
    options: &ChartOptions,
) -> Result<(Stretch, Vec<Unnumbered>), Undefined> {
    let mut warnings = Vec::new();
    let known = values.iter().flatten().count();
    if known < FEWEST_POINTS {
        warnings.push(Unnumbered::FewPoints(known));
    }
    if known < values.len() {
        warnings.push(Unnumbered::MissingPoints(values.len() - known));
    }
    let basis = match options.fix_after {
        Some(points) => {
            within(points as f64, "the number of points to fix limits after", 1.0, f64::MAX)?;
            &values[..points.min(values.len())]
        }
        None => values,
    };
    let of_mean: Vec<f64> = basis.iter().flatten().copied().collect();
    let ranges: Vec<f64> = basis.windows(2).filter_map(|pair| Some((pair[1]? - pair[0]?).abs())).collect();
    let largest = of_mean.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let rounding = largest * ROUNDING;
    let mean = mean(&of_mean)?;
    let (mean_moving_range, screened) = moving_range(&ranges, rounding, options, &mut warnings)?;
    let limits = match (mean, mean_moving_range) {
        (Some(mean), Some(range)) if range > rounding => Some(limits(mean, range)?),
        (_, Some(_)) => {
            warnings.push(Unnumbered::NothingVaries);
            None
        }
        _ => None,
    };
    let made = Stretch { from, points: values.len(), mean, mean_moving_range, screened, limits, rounding };
    Ok((made, warnings))
}

/// The mean moving range after one pass of screening, and how many ranges that left out.
fn moving_range(
    ranges: &[f64],
    rounding: f64,
    options: &ChartOptions,
    warnings: &mut Vec<Unnumbered>,
) -> Result<(Option<f64>, usize), Undefined> {
    let Some(all) = mean(ranges)? else { return Ok((None, 0)) };
    if !options.screen_moving_ranges || all <= rounding {
        return Ok((Some(all), 0));
    }
    let kept: Vec<f64> = ranges.iter().copied().filter(|range| *range < SCREEN * all).collect();
    match mean(&kept)? {
        Some(range) if range > rounding => Ok((Some(range), ranges.len() - kept.len())),
        _ => {
            warnings.push(Unnumbered::NotScreened);
            Ok((Some(all), 0))
        }
    }
}

fn limits(mean: f64, range: f64) -> Result<ProcessLimits, Undefined> {
    let (far, near) = (LIMIT * range, 2.0 * LIMIT / 3.0 * range);
    Ok(ProcessLimits {
        lower: computed(mean - far, "a limit")?,
        near_lower: computed(mean - near, "a limit")?,
        near_upper: computed(mean + near, "a limit")?,
        upper: computed(mean + far, "a limit")?,
    })
}

/// The arithmetic mean, with what rounding took put back: the mean of equal values is that value.
fn mean(values: &[f64]) -> Result<Option<f64>, Undefined> {
    if values.is_empty() {
        return Ok(None);
    }
    let n = values.len() as f64;
    let first = values.iter().sum::<f64>() / n;
    let rest = values.iter().map(|value| value - first).sum::<f64>() / n;
    Ok(Some(computed(first + rest, "a mean")?))
}
