//! Computes a metric from a tally by the rule of its definition.
//!
//! Nothing is ever NaN: a denominator of 0 is an absence. Where a known contributor is banded, seconds are not true and only bands are used.

use callgauge_schema::{Seconds, Timing};

use super::band::DurationBand;
use super::histogram::Histogram;
use super::ordered::Ordered;
use super::percent::Percent;
use super::stated::Gaps;
use super::tally::{KindTally, Tally};
use super::value::{Absence, At, Distribution, Value};
use crate::definitions::{CallDuration, Definition, Rule, Selection, Sum, WaitLimit};

/// What a question may set about its metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Percentiles of durations.
    pub percentiles: Vec<Percent>,
    /// Durations at or under which shares are given.
    pub thresholds: Vec<Seconds>,
    /// Hung up after less than this is short.
    pub abandon_threshold: Seconds,
    /// Answered after at most this is in time.
    pub service_level_threshold: Seconds,
}

impl Default for Options {
    /// The median and the 90th percentile; 60 s and 120 s; 5 s; 20 s.
    fn default() -> Self {
        let secs = |secs: u32| Seconds::try_from(secs).unwrap_or(Seconds::MAX);
        Self {
            percentiles: vec![Percent::P50, Percent::P90],
            thresholds: vec![secs(60), secs(120)],
            abandon_threshold: secs(5),
            service_level_threshold: secs(20),
        }
    }
}

/// The value of a metric over the calls of a row, of some of which not all is known.
pub fn evaluate_with_gaps(definition: &Definition, tally: &Tally, gaps: Gaps, options: &Options) -> Value {
    if gaps.touch(definition) {
        return Value::Absent(Absence::NotAvailable);
    }
    evaluate(definition, tally, options)
}

/// The value of a metric over the calls of a row.
pub fn evaluate(definition: &Definition, tally: &Tally, options: &Options) -> Value {
    match &definition.rule {
        Rule::Count(_) if tally.calls() == 0 => Value::Absent(Absence::NoCalls),
        Rule::Count(sum) => total(sum, tally, options).map_or_else(Value::Absent, Value::Count),
        Rule::Ratio { numerator, denominator } => {
            ratio(numerator, denominator, tally, options).unwrap_or_else(Value::Absent)
        }
        Rule::Distribution { of, duration } => {
            distribution(of, *duration, tally, options).map_or_else(Value::Absent, Value::Distribution)
        }
    }
}

fn ratio(numerator: &Sum, denominator: &Sum, tally: &Tally, options: &Options) -> Result<Value, Absence> {
    let numerator = total(numerator, tally, options)?;
    let denominator = total(denominator, tally, options)?;
    if denominator > 0 { Ok(Value::Ratio { numerator, denominator }) } else { Err(Absence::NoCalls) }
}

fn total(sum: &Sum, tally: &Tally, options: &Options) -> Result<i64, Absence> {
    let mut calls = 0;
    for term in &sum.terms {
        let selected = Selected::from(&term.selection, tally, CallDuration::Wait);
        let of_term = match term.selection.wait {
            None => selected.calls,
            Some(limit) => selected.limited(limit, options)?,
        };
        calls += if term.less { -of_term } else { of_term };
    }
    Ok(calls)
}

fn distribution(
    of: &Selection,
    duration: CallDuration,
    tally: &Tally,
    options: &Options,
) -> Result<Distribution, Absence> {
    let selected = Selected::from(of, tally, duration);
    if selected.calls == 0 {
        return Err(Absence::NoCalls);
    }
    let ordered = Ordered::of(&selected.histograms);
    let known = ordered.known();
    if known <= 0 {
        return Err(Absence::NotAvailable);
    }
    let banded = selected.banded;
    let percentiles = options.percentiles.iter().filter_map(|&percent| {
        let secs = ordered.at_rank(percent.rank(known))?;
        Some((percent, if banded { At::Band(DurationBand::of(secs)) } else { At::Secs(secs) }))
    });
    let shares = options.thresholds.iter().map(|&threshold| {
        let told = !banded || DurationBand::ends_at(threshold.get());
        (threshold, told.then(|| (ordered.at_or_under(threshold.get()), known)))
    });
    let [first, second, third] = DurationBand::EDGES.map(|edge| ordered.at_or_under(edge));
    Ok(Distribution {
        calls: selected.calls,
        known,
        mean_secs: (!banded).then(|| ordered.sum_secs() as f64 / known as f64),
        percentiles: percentiles.collect(),
        bands: [first, second - first, third - second, known - third],
        shares: shares.collect(),
        timing: if banded { Timing::Banded } else { Timing::Measured },
    })
}

/// The calls of a selection, as far as kinds tell, and what is known of one of their durations.
struct Selected<'a> {
    calls: i64,
    histograms: Vec<&'a Histogram>,
    /// Whether one of the known durations is true only as far as its band.
    banded: bool,
}

impl<'a> Selected<'a> {
    fn from(selection: &Selection, tally: &'a Tally, duration: CallDuration) -> Self {
        let mut selected = Self { calls: 0, histograms: Vec::new(), banded: false };
        for KindTally { kind, calls, wait, talk } in &tally.kinds {
            if !selection.takes(*kind) {
                continue;
            }
            let histogram = match duration {
                CallDuration::Wait => wait,
                CallDuration::Talk => talk,
            };
            selected.calls += calls;
            if !histogram.is_empty() {
                selected.banded |= kind.timing() == Timing::Banded;
                selected.histograms.push(histogram);
            }
        }
        selected
    }

    fn known(&self) -> i64 {
        self.histograms.iter().map(|histogram| histogram.calls()).sum()
    }

    /// How many of the calls meet a condition on their wait.
    fn limited(&self, limit: WaitLimit, options: &Options) -> Result<i64, Absence> {
        let known = self.known();
        match limit {
            WaitLimit::Unknown => Ok(self.calls - known),
            _ if self.calls == 0 => Ok(0),
            _ if known == 0 => Err(Absence::NotAvailable),
            WaitLimit::UnderAbandonThreshold => self.under(options.abandon_threshold),
            WaitLimit::NotUnderAbandonThreshold => Ok(self.calls - self.under(options.abandon_threshold)?),
            WaitLimit::WithinServiceLevelThreshold => self.at_or_under(options.service_level_threshold.get()),
        }
    }

    fn under(&self, threshold: Seconds) -> Result<i64, Absence> {
        threshold.get().checked_sub(1).map_or(Ok(0), |last| self.at_or_under(last))
    }

    fn at_or_under(&self, secs: u32) -> Result<i64, Absence> {
        if self.banded && !DurationBand::ends_at(secs) {
            return Err(Absence::NotAvailable);
        }
        Ok(self.histograms.iter().map(|histogram| histogram.at_or_under(secs)).sum())
    }
}

#[cfg(test)]
mod tests;
