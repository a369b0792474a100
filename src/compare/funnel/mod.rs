//! Funnel plots: which units differ from the target by more than chance, and by more than units usually differ.
//!
//! Sources: Spiegelhalter 2005, Statistics in Medicine 24:1185, and 2012, JRSS A 175:1; the algorithm of FunnelPlotR 0.6.0, from which this one departs
//! where its own documentation says so ([`Overdispersion`], [`ChanceLimits`], [`Measure`]). Each unit's value goes to a scale on which its standard
//! error depends on its size alone ([`Measure`]); z = (Y - T) / s. Limits at 95% and 99.8% are T +- z sqrt(s^2 + tau^2), brought back from the scale.

mod chance;
mod limits;
mod overdispersion;
mod phe;
mod robust;
mod scale;

pub use chance::ChanceLimits;
pub use limits::{Class, Limits};
pub use overdispersion::Overdispersion;
pub use phe::{
    EventLimits, PheProportionLimits, phe_poisson_limits, phe_proportion_class, phe_proportion_limits,
    phe_ratio_class,
};
pub use scale::{Measure, RatioScale};

use super::undefined::{Undefined, computed, non_negative, positive};
use limits::Drawn;
use scale::{Scale, Scaled};

/// Standard errors to the 95% limit, with the digits that FunnelPlotR has.
const Z_95: f64 = 1.959964;
/// Standard errors to the 99.8% limit.
const Z_998: f64 = 3.090232;

/// A practice, a PCN, or whatever is compared; known by its position in the list given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// What was counted: calls answered, complaints. 0 or more.
    pub observed: f64,
    /// What it is set against: calls offered, the expected count, patients. Over 0.
    pub denominator: f64,
}

/// How a funnel is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunnelOptions {
    /// What the values are.
    pub measure: Measure,
    /// The centre of the funnel. None: 1 for ratios to an expected count, else all observed over all denominators.
    pub target: Option<f64>,
    /// How the spread beyond chance is estimated.
    pub overdispersion: Overdispersion,
    /// Which limits are drawn where nothing is found beyond chance.
    pub chance_limits: ChanceLimits,
    /// Round denominators to 2 decimals first, as FunnelPlotR does with expected counts for the SHMI.
    pub round_denominators: bool,
}

impl FunnelOptions {
    /// What is done unless asked otherwise: the robust estimate, and exact limits where counts are small.
    pub fn new(measure: Measure) -> Self {
        Self {
            measure,
            target: None,
            overdispersion: Overdispersion::Robust,
            chance_limits: ChanceLimits::default(),
            round_denominators: false,
        }
    }
}

/// A funnel, with each unit's place in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Funnel {
    /// How it was made.
    pub options: FunnelOptions,
    /// The centre: a share, a ratio or a rate.
    pub target: f64,
    /// How many times over the units' squared z scores are what chance alone gives; 1 is chance. Made as [`Overdispersion`] says.
    pub phi: f64,
    /// The variance between units beyond chance, on the scale of the measure.
    pub tau_squared: f64,
    /// Whether limits and adjusted z scores hold `tau_squared`: it is over 0, and `phi` is over 1.
    pub adjusted: bool,
    /// Units that the estimate of spread used.
    pub used: usize,
    /// Each unit in the order given, or why it has no place.
    pub points: Vec<Result<Point, Undefined>>,
    /// How many units would be flagged by chance, if none of them truly differed.
    pub false_flags: FalseFlags,
    drawn: Drawn,
}

/// How many units fall outside by chance alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseFlags {
    /// Outside the 95% limits, those outside the 99.8% ones among them: 5% of the units placed.
    pub beyond_95: f64,
    /// Outside the 99.8% limits: 0.2% of the units placed.
    pub beyond_998: f64,
}

/// A unit in a funnel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Observed over denominator.
    pub value: f64,
    /// What would have been observed at the target.
    pub expected: f64,
    /// Standard errors away from the target, chance alone. None for 0 observed on the log scale.
    pub z: Option<f64>,
    /// The same with the spread between units in the error: what the limits go by. Equal to `z` where the funnel is not adjusted.
    pub z_adjusted: Option<f64>,
    /// The limits at this unit's denominator.
    pub limits: Limits,
    /// Where the unit lies.
    pub class: Class,
}

/// Places units in a funnel. Those that make no sense (0 of 0, numerator over denominator, not finite) are left out and say why.
///
/// # Errors
/// No usable unit, or only one where the spread is to be estimated; a target that the measure cannot have; nothing observed at all where ratios to the
/// target are formed; too many units without a logarithm; numbers beyond arithmetic.
pub fn funnel(units: &[Unit], options: &FunnelOptions) -> Result<Funnel, Undefined> {
    let checked: Vec<Result<Unit, Undefined>> = units.iter().map(|unit| checked(*unit, options)).collect();
    let usable: Vec<Unit> = checked.iter().flatten().copied().collect();
    if usable.is_empty() {
        return Err(Undefined::TooFew { what: "units", given: 0, needed: 1 });
    }
    let target = match options.target {
        Some(target) => target,
        None => options.measure.own_target(&usable)?,
    };
    let scale = Scale::new(options.measure, target)?;
    let scaled: Vec<Result<Scaled, Undefined>> =
        checked.iter().map(|unit| unit.and_then(|unit| scale.scaled(unit))).collect();
    let on_scale: Vec<Scaled> = scaled.iter().flatten().copied().collect();
    if on_scale.is_empty() {
        return Err(Undefined::TooFew { what: "units", given: 0, needed: 1 });
    }
    let spread = overdispersion::spread(&on_scale, options)?;
    let adjusted = spread.tau_squared > 0.0 && spread.phi > 1.0;
    let drawn = Drawn {
        scale,
        tau_squared: if adjusted { spread.tau_squared } else { 0.0 },
        chance: options.chance_limits,
    };
    let points: Vec<Result<Point, Undefined>> = checked
        .iter()
        .zip(scaled)
        .map(|(unit, scaled)| unit.and_then(|unit| point(unit, scaled?, &drawn)))
        .collect();
    let placed = points.iter().flatten().count() as f64;
    Ok(Funnel {
        options: *options,
        target,
        phi: spread.phi,
        tau_squared: spread.tau_squared,
        adjusted,
        used: spread.used,
        points,
        false_flags: FalseFlags { beyond_95: placed * 0.05, beyond_998: placed * 0.002 },
        drawn,
    })
}

impl Funnel {
    /// The limits at any denominator, for drawing the funnel's lines.
    ///
    /// # Errors
    /// The denominator is not finite and over 0, or a limit cannot be held in a number.
    pub fn limits_at(&self, denominator: f64) -> Result<Limits, Undefined> {
        self.drawn.limits(positive(denominator, "the denominator")?)
    }
}

/// The unit itself, where it can be compared.
fn checked(unit: Unit, options: &FunnelOptions) -> Result<Unit, Undefined> {
    let Unit { observed, denominator } = unit;
    let observed = non_negative(observed, "the numerator")?;
    let denominator = non_negative(denominator, "the denominator")?;
    let rounded = if options.round_denominators && denominator < 1e12 {
        (denominator * 100.0).round() / 100.0
    } else {
        denominator
    };
    let denominator = positive(rounded, "the denominator")?;
    if options.measure == Measure::Proportion && observed > denominator {
        return Err(Undefined::NumeratorOverDenominator { numerator: observed, denominator });
    }
    Ok(Unit { observed, denominator })
}

fn point(unit: Unit, scaled: Scaled, drawn: &Drawn) -> Result<Point, Undefined> {
    let Scaled { distance, error } = scaled;
    let limits = drawn.limits(unit.denominator)?;
    let value = computed(unit.observed / unit.denominator, "a value")?;
    let standard = |error: f64| Some(distance / error).filter(|z| z.is_finite());
    Ok(Point {
        value,
        expected: computed(drawn.scale.target() * unit.denominator, "an expected count")?,
        z: standard(error),
        z_adjusted: standard((error * error + drawn.tau_squared).sqrt()),
        limits,
        class: drawn.class(unit, value, limits)?,
    })
}

#[cfg(test)]
mod direct;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod phe_tests;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
