//! How much units differ beyond chance: phi, the factor, and tau squared, the variance that is added to every unit's own.

use super::scale::{Measure, RatioScale, Scaled};
use super::{FunnelOptions, robust};
use crate::compare::undefined::{Undefined, computed, within};

/// How the spread beyond chance is estimated. All of these add a variance (Spiegelhalter 2005 prefers that to multiplying).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Overdispersion {
    /// Ours, and the one used unless asked otherwise: consistent where nobody is an outlier, and resistant where some are. tau^2 is the value, 0 or more, at which
    /// the mean over units of min(|Y - T| / sqrt(s^2 + tau^2), c)^2 is K, where c = 1.28155 is the normal 90% point and K = 0.678655 what that mean is
    /// for normal z; 0 where it is under K without any. This is the estimator of Paule and Mandel with the loss of Huber.
    ///
    /// phi is the same with a factor in place of a variance: the value at which the mean of min(z^2 / phi, c^2) is K.
    Robust,
    /// As FunnelPlotR 0.6.0 does it (`od_adjust`): phi = sum of z^2 / n and tau^2 = (n phi - (n - 1)) / (sum w - sum w^2 / sum w) with w = 1 / s^2, 0 where n phi is under n - 1,
    /// after trimming z at both ends: on the log scale of ratios the outer units are dropped (as for the SHMI), on the others their z is brought to
    /// the quantiles at `trim_by` and 1 - `trim_by`. DerSimonian and Laird 1986 centre on the weighted mean; this centres on the target.
    ///
    /// Trimming makes it inconsistent: a tenth off each end of normal z leaves 0.679 (brought in) or 0.438 (dropped) of phi, so that limits are too
    /// narrow and units are flagged several times as often as said.
    DerSimonianLaird {
        /// The share trimmed at each end, from 0 to 0.49. FunnelPlotR's own is 0.1.
        trim_by: f64,
    },
    /// None is looked for: limits allow for chance alone. phi is the mean of z^2, where it has a value, else 0; tau^2 is 0.
    None,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) phi: f64,
    pub(super) tau_squared: f64,
    pub(super) used: usize,
}

pub(super) fn spread(units: &[Scaled], options: &FunnelOptions) -> Result<Spread, Undefined> {
    match options.overdispersion {
        Overdispersion::None => {
            let phi = units.iter().map(|unit| unit.z() * unit.z()).sum::<f64>() / units.len() as f64;
            Ok(Spread { phi: if phi.is_finite() { phi } else { 0.0 }, tau_squared: 0.0, used: units.len() })
        }
        Overdispersion::Robust => {
            enough(units.len())?;
            Ok(Spread {
                phi: robust::phi(units)?,
                tau_squared: robust::tau_squared(units)?,
                used: units.len(),
            })
        }
        Overdispersion::DerSimonianLaird { trim_by } => {
            let trim_by = within(trim_by, "the share to trim", 0.0, 0.49)?;
            let truncates =
                matches!(options.measure, Measure::Ratio(RatioScale::Log) | Measure::Rate(RatioScale::Log));
            let kept = match trim_by {
                0.0 => units.iter().map(|unit| (unit.z(), unit.error)).collect(),
                q if truncates => truncated(units, q),
                q => winsorised(units, q),
            };
            dersimonian_laird(&kept)
        }
    }
}

impl Scaled {
    /// Standard errors from the target.
    pub(super) fn z(self) -> f64 {
        self.distance / self.error
    }
}

fn enough(units: usize) -> Result<(), Undefined> {
    if units < 2 { Err(Undefined::TooFew { what: "units", given: units, needed: 2 }) } else { Ok(()) }
}

/// z with the outer ones brought in to the quantiles at q and 1 - q (those of R, type 7), and each unit's error.
fn winsorised(units: &[Scaled], q: f64) -> Vec<(f64, f64)> {
    let mut sorted: Vec<f64> = units.iter().map(|unit| unit.z()).collect();
    sorted.sort_by(f64::total_cmp);
    let quantile = |p: f64| {
        let at = (sorted.len() - 1) as f64 * p;
        let below = at.floor() as usize;
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
    };
    let (low, high) = (quantile(q), quantile(1.0 - q));
    units.iter().map(|unit| (unit.z().min(high).max(low), unit.error)).collect()
}

/// z and error of the units that are in neither the first nor the last of 1/q groups by rank; ties share the mean of their ranks.
fn truncated(units: &[Scaled], q: f64) -> Vec<(f64, f64)> {
    let mut sorted: Vec<f64> = units.iter().map(|unit| unit.z()).collect();
    sorted.sort_by(f64::total_cmp);
    let groups = 1.0 / q;
    let group = |z: f64| {
        let below = sorted.partition_point(|other| *other < z);
        let through = sorted.partition_point(|other| *other <= z);
        let rank = (below + 1 + through) as f64 / 2.0;
        (rank * groups / (sorted.len() as f64 + 1.0)).floor()
    };
    units
        .iter()
        .filter(|unit| {
            let group = group(unit.z());
            group > 0.0 && group < groups - 1.0
        })
        .map(|unit| (unit.z(), unit.error))
        .collect()
}

fn dersimonian_laird(kept: &[(f64, f64)]) -> Result<Spread, Undefined> {
    enough(kept.len())?;
    let zeros = kept.iter().filter(|(z, _)| !z.is_finite()).count();
    if zeros > 0 {
        return Err(Undefined::TooManyZeros { zeros, units: kept.len() });
    }
    let n = kept.len() as f64;
    let phi = computed(kept.iter().map(|(z, _)| z * z).sum::<f64>() / n, "phi")?;
    let weights = || kept.iter().map(|(_, error)| 1.0 / (error * error));
    let (sum, squares): (f64, f64) = (weights().sum(), weights().map(|w| w * w).sum());
    let excess = n * phi - (n - 1.0);
    let tau_squared =
        if excess < 0.0 { 0.0 } else { computed((excess / (sum - squares / sum)).max(0.0), "tau squared")? };
    // What is 0 times infinity, or a difference that rounding has eaten, must not pass as 0.
    computed(sum - squares / sum, "the weights")?;
    Ok(Spread { phi, tau_squared, used: kept.len() })
}
