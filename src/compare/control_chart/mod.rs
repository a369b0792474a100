//! XmR control charts by the NHS rules ("Making Data Count"): has a series changed, or is it only varying as it does?
//!
//! Source: the algorithm of NHSRplotthedots 0.2.2. In each stretch between rebasings, with R the absolute differences of neighbours: centre mean(y),
//! limits mean -+ 2.66 mean(R), near limits mean -+ (2/3) 2.66 mean(R). Points are signals when they lie outside the limits, in a trend of 7, among two of
//! three near a limit, or in a run of 7 on one side ([`Signal`]).
//!
//! Two things are done otherwise. Where moving ranges leave nothing to make limits of (a constant series), there are none, and a warning: NHSRplotthedots
//! has NaN. Where screening leaves only ranges of 0 (a constant series with one jump), the unscreened ones are used, with a warning: NHSRplotthedots
//! has limits of no width and every point outside.

mod false_signals;
mod process;
mod rules;

pub use false_signals::FalseSignals;
pub use process::{ProcessLimits, Stretch};
pub use rules::{Signal, TwoOfThree};

use super::undefined::{Undefined, computed, finite};
use rules::Place;

/// Points under which a stretch says little: NHSRplotthedots warns under 13.
pub const FEWEST_POINTS: usize = 13;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Improvement {
    /// More is better.
    Increase,
    /// Less is better.
    Decrease,
    /// Neither.
    Neutral,
}

/// How a chart is made.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartOptions {
    /// Which way is better.
    pub improvement: Improvement,
    /// How many points at the start of each stretch its limits are made of. None: all.
    pub fix_after: Option<usize>,
    /// Positions, from 1, at which the chart starts anew with limits of their own: where the process is known to have changed. Ascending.
    pub rebase_at: Vec<usize>,
    /// What is aimed at. Only with it is there an [`Assurance`].
    pub target: Option<f64>,
    /// Leave out moving ranges of 3.267 times their mean or more, once, before the limits are made. NHSRplotthedots does, the NHS's Excel tool does not.
    pub screen_moving_ranges: bool,
    /// Which points count as near a limit.
    pub two_of_three: TwoOfThree,
}

impl Default for ChartOptions {
    /// As NHSRplotthedots 0.2.2 does, with neither way better.
    fn default() -> Self {
        Self {
            improvement: Improvement::Neutral,
            fix_after: None,
            rebase_at: Vec::new(),
            target: None,
            screen_moving_ranges: true,
            two_of_three: TwoOfThree::Near,
        }
    }
}

/// A control chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlChart {
    /// The stretches between rebasings, in order; one where there are none.
    pub stretches: Vec<Stretch>,
    /// Every point, in the order given.
    pub points: Vec<ChartPoint>,
    /// The variation icon: what the last point is. None where its value is missing.
    pub variation: Option<Meaning>,
    /// The assurance icon: whether the target can be relied on. None without target, limits or a better way.
    pub assurance: Option<Assurance>,
    /// What a reader has to know before trusting it.
    pub warnings: Vec<Warning>,
    /// How many signals to expect of a process that does not change.
    pub false_signals: FalseSignals,
}

/// A point of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartPoint {
    /// Its value. None where it is missing.
    pub value: Option<f64>,
    /// Its stretch.
    pub stretch: usize,
    /// The distance from the point before, where both are known and of one stretch.
    pub moving_range: Option<f64>,
    /// Why it stands out. None: it does not.
    pub signal: Option<Signal>,
    /// What that means.
    pub meaning: Meaning,
}

/// What a point, or a series by its last point, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Variation as usual: no cause to look for.
    CommonCause,
    /// A change for the better.
    Improvement,
    /// A change for the worse.
    Concern,
    /// A change upwards where neither way is better.
    High,
    /// A change downwards where neither way is better.
    Low,
}

/// Whether a process that goes on like this meets its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assurance {
    /// The target lies beyond the limits, on the worse side: it will be met.
    ConsistentlyMet,
    /// The target lies beyond the limits, on the better side: it will not be met without change.
    ConsistentlyMissed,
    /// The target lies within the limits: it is met or missed by chance.
    Inconsistent,
}

/// What a reader has to know before trusting a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Warning {
    /// A stretch has fewer than [`FEWEST_POINTS`] known points.
    FewPoints {
        /// The stretch.
        stretch: usize,
        /// Known points in it.
        points: usize,
    },
    /// A stretch has missing points; rules do not reach across them.
    MissingPoints {
        /// The stretch.
        stretch: usize,
        /// Missing points in it.
        missing: usize,
    },
    /// Nothing varies in what a stretch's limits would be made of, so that there are none.
    NothingVaries {
        /// The stretch.
        stretch: usize,
    },
    /// Screening would have left only ranges of 0: the limits are made of all of them.
    NotScreened {
        /// The stretch.
        stretch: usize,
    },
}

/// Charts a series in time order; a missing value is none, and breaks every run that it lies in.
///
/// # Errors
/// No value; a value or the target is not finite; `fix_after` is 0; a position to rebase at is not inside the series or not ascending; numbers beyond
/// arithmetic.
pub fn control_chart(values: &[Option<f64>], options: &ChartOptions) -> Result<ControlChart, Undefined> {
    for value in values.iter().flatten() {
        finite(*value, "a value")?;
    }
    if values.iter().flatten().next().is_none() {
        return Err(Undefined::TooFew { what: "points", given: 0, needed: 1 });
    }
    if let Some(target) = options.target {
        finite(target, "the target")?;
    }
    let mut stretches = Vec::new();
    let mut points = Vec::with_capacity(values.len());
    let mut warnings = Vec::new();
    for (from, to) in between(values.len(), &options.rebase_at)? {
        let stretch = stretches.len();
        let part = &values[from..to];
        let (made, warned) = process::stretch(from, part, options)?;
        warnings.extend(warned.into_iter().map(|warning| warning.of(stretch)));
        let places: Vec<Option<Place>> =
            part.iter().map(|value| value.map(|value| made.place(value))).collect();
        let signals = rules::signals(part, &places, options.two_of_three);
        for (at, signal) in signals.into_iter().enumerate() {
            let range = at.checked_sub(1).and_then(|before| Some((part[at]? - part[before]?).abs()));
            points.push(ChartPoint {
                value: part[at],
                stretch,
                moving_range: range.map(|range| computed(range, "a moving range")).transpose()?,
                signal,
                meaning: meaning(signal, options.improvement),
            });
        }
        stretches.push(made);
    }
    let last = points.last().filter(|point| point.value.is_some());
    let limits = stretches.last().and_then(|stretch| stretch.limits);
    Ok(ControlChart {
        variation: last.map(|point| point.meaning),
        assurance: assurance(limits, options),
        false_signals: FalseSignals::expected(&stretches, options),
        stretches,
        points,
        warnings,
    })
}

/// The stretches [from, to) between the positions at which a series starts anew.
fn between(points: usize, rebase_at: &[usize]) -> Result<Vec<(usize, usize)>, Undefined> {
    let mut from = 0;
    let mut stretches = Vec::with_capacity(rebase_at.len() + 1);
    for at in rebase_at.iter().copied() {
        if at <= from || at >= points {
            return Err(Undefined::MisplacedRebase { at, points });
        }
        stretches.push((from, at));
        from = at;
    }
    stretches.push((from, points));
    Ok(stretches)
}

fn meaning(signal: Option<Signal>, improvement: Improvement) -> Meaning {
    let Some(signal) = signal else { return Meaning::CommonCause };
    match (improvement, signal.is_high()) {
        (Improvement::Neutral, true) => Meaning::High,
        (Improvement::Neutral, false) => Meaning::Low,
        (Improvement::Increase, true) | (Improvement::Decrease, false) => Meaning::Improvement,
        (Improvement::Increase, false) | (Improvement::Decrease, true) => Meaning::Concern,
    }
}

fn assurance(limits: Option<ProcessLimits>, options: &ChartOptions) -> Option<Assurance> {
    let (target, limits) = (options.target?, limits?);
    let above = match options.improvement {
        Improvement::Increase => Assurance::ConsistentlyMissed,
        Improvement::Decrease => Assurance::ConsistentlyMet,
        Improvement::Neutral => return None,
    };
    let below = if above == Assurance::ConsistentlyMet {
        Assurance::ConsistentlyMissed
    } else {
        Assurance::ConsistentlyMet
    };
    Some(if target > limits.upper {
        above
    } else if target < limits.lower {
        below
    } else {
        Assurance::Inconsistent
    })
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
