//! The scales on which a unit's error depends on its size and hardly on its value.

use std::f64::consts::FRAC_PI_2;

use super::Unit;
use crate::compare::undefined::{Undefined, computed, positive, within};

/// What the values are, and with it their scale. O is observed, n the denominator, t the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// A share of the denominator: Y = asin sqrt(O/n), s = 1 / (2 sqrt n). FunnelPlotR's "PR", with one difference: angles outside 0 to pi/2 are
    /// brought to the nearer end, where FunnelPlotR lets the sine turn back and then searches for where it did.
    Proportion,
    /// Observed over an expected count n; the target is 1 unless given. FunnelPlotR's "SR".
    Ratio(RatioScale),
    /// Events in a population, an amount of time or the like: a ratio to the expected count t n.
    Rate(RatioScale),
    /// One count over another, both of them chance: Y = ln((O + 1/2) / (n + 1/2)), s^2 = O / (O + 1/2)^2 + n / (n + 1/2)^2. FunnelPlotR's "RC", with
    /// one difference: limits have this s too, with O = t n, where FunnelPlotR's have the 1 / (2 sqrt n) of a square root and are far too narrow.
    RatioOfCounts,
}

/// The scale of a ratio to an expected count E.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RatioScale {
    /// Y = sqrt(O/E), T = 1, s = 1 / (2 sqrt E): the CQC's, and defined for 0 observed. One difference to FunnelPlotR: limits are squared back, where
    /// its own stay on the scale of the root.
    SquareRoot,
    /// Y = ln(O/E), T = 0, s = 1 / sqrt E: the SHMI's. 0 observed lies infinitely far below.
    Log,
}

impl Measure {
    /// The centre where none is given: 1 for ratios to an expected count, else all observed over all denominators.
    pub(super) fn own_target(self, units: &[Unit]) -> Result<f64, Undefined> {
        if let Self::Ratio(_) = self {
            return Ok(1.0);
        }
        let observed: f64 = units.iter().map(|unit| unit.observed).sum();
        let denominator: f64 = units.iter().map(|unit| unit.denominator).sum();
        let target = computed(observed, "the sum of the numerators")?
            / computed(denominator, "the sum of the denominators")?;
        // Sums of fractions can pass 1 by a rounding error.
        Ok(if self == Self::Proportion { target.min(1.0) } else { target })
    }
}

/// A unit on its scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled {
    /// Y - T. -infinity for 0 observed on the log scale, else finite.
    pub(super) distance: f64,
    /// s, over 0 and finite.
    pub(super) error: f64,
}

/// A measure with its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    measure: Measure,
    target: f64,
}

impl Scale {
    pub(super) fn new(measure: Measure, target: f64) -> Result<Self, Undefined> {
        if measure == Measure::Proportion {
            within(target, "the target", 0.0, 1.0)?;
        } else if target == 0.0 {
            return Err(Undefined::ZeroTarget);
        } else {
            positive(target, "the target")?;
        }
        Ok(Self { measure, target })
    }

    pub(super) fn measure(self) -> Measure {
        self.measure
    }

    pub(super) fn target(self) -> f64 {
        self.target
    }

    /// The unit's distance from the target, and its error.
    pub(super) fn scaled(self, unit: Unit) -> Result<Scaled, Undefined> {
        let Unit { observed, denominator } = unit;
        let y = match self.measure {
            Measure::Proportion => (observed / denominator).sqrt().min(1.0).asin(),
            Measure::Ratio(scale) | Measure::Rate(scale) => {
                let ratio = computed(observed / (denominator * self.target), "a ratio")?;
                match scale {
                    RatioScale::SquareRoot => ratio.sqrt(),
                    RatioScale::Log => ratio.ln(),
                }
            }
            Measure::RatioOfCounts => ((observed + 0.5) / (denominator + 0.5)).ln(),
        };
        let error = match self.measure {
            Measure::RatioOfCounts => log_ratio_error(observed, denominator),
            _ => self.error(denominator),
        };
        let distance = y - self.centre();
        if distance.is_nan() || distance == f64::INFINITY {
            return Err(Undefined::BeyondArithmetic("a distance from the target"));
        }
        Ok(Scaled { distance, error: positive(computed(error, "a standard error")?, "a standard error")? })
    }

    /// T.
    pub(super) fn centre(self) -> f64 {
        match self.measure {
            Measure::Proportion => self.target.sqrt().asin(),
            Measure::Ratio(RatioScale::SquareRoot) | Measure::Rate(RatioScale::SquareRoot) => 1.0,
            Measure::Ratio(RatioScale::Log) | Measure::Rate(RatioScale::Log) => 0.0,
            Measure::RatioOfCounts => self.target.ln(),
        }
    }

    /// s of a unit at the target.
    pub(super) fn error(self, denominator: f64) -> f64 {
        match self.measure {
            Measure::Proportion => 0.5 / denominator.sqrt(),
            Measure::Ratio(RatioScale::SquareRoot) | Measure::Rate(RatioScale::SquareRoot) => {
                0.5 / (denominator * self.target).sqrt()
            }
            Measure::Ratio(RatioScale::Log) | Measure::Rate(RatioScale::Log) => {
                1.0 / (denominator * self.target).sqrt()
            }
            Measure::RatioOfCounts => log_ratio_error(denominator * self.target, denominator),
        }
    }

    /// The share, ratio or rate at Y: the way back.
    pub(super) fn value(self, y: f64) -> f64 {
        match self.measure {
            Measure::Proportion => y.clamp(0.0, FRAC_PI_2).sin().powi(2),
            Measure::Ratio(RatioScale::SquareRoot) | Measure::Rate(RatioScale::SquareRoot) => {
                self.target * y.max(0.0).powi(2)
            }
            Measure::Ratio(RatioScale::Log) | Measure::Rate(RatioScale::Log) => self.target * y.exp(),
            Measure::RatioOfCounts => y.exp(),
        }
    }
}

fn log_ratio_error(observed: f64, denominator: f64) -> f64 {
    let part = |count: f64| count / (count + 0.5) / (count + 0.5);
    (part(observed) + part(denominator)).sqrt()
}
