//! The change of one organisation between two periods, against what was to be expected of it.

use super::breaks;
use super::gather::by_hour;
use super::gathering::{GAP, HIDDEN, NO_CALLS, hidden};
use super::measure::Kind;
use super::periods::{Gathered, Question};
use super::table::{Pair, sum};
use super::units::Unit;
use crate::access::SmallNumbers;
use crate::calendar::Days;
use crate::compare::composition::{Cells, Composition, Rates};
use crate::compare::equivalent_periods::{
    Between, ExpectedParts, MonthVariation, Period, PeriodChange, compare_periods, log_change,
};
use crate::compare::variance::{Scale, VarianceComponents};
use crate::service::errors::Fault;
use crate::store::{BreakOf, SeriesBreak};

/// Why an organisation has no change though it has values.
const MISSING: &str = "no value in a month of the two periods: what is missing is not zero";

/// What is expected, by the peers.
pub(super) enum Expecting {
    /// Of a number of calls: by kind of day and hour.
    Calls(Rates),
    /// Of a share of calls: by kind of day and band; and all together.
    Share(Vec<Option<f64>>, f64),
    /// Of a number from elsewhere: the peers' value; of a plain number the same in every month.
    Elsewhere(Option<f64>),
}

impl Expecting {
    /// `exposure` has the hours of each kind in all months with calls of all organisations.
    pub(super) fn calls(all: &[Pair], exposure: &Cells) -> Result<Self, Fault> {
        let counts: Vec<f64> = all.iter().map(|&(n, _)| n).collect();
        let rates = Rates::new(&by_hour(&counts), exposure);
        rates.map(Self::Calls).map_err(|fault| Fault::NotComparable(fault.to_string()))
    }

    pub(super) fn share(all: &[Pair]) -> Result<Self, Fault> {
        let share = |&(n, d): &Pair| (d > 0.0).then(|| n / d);
        let whole = share(&sum(all.iter()));
        let whole = whole.ok_or_else(|| Fault::NotComparable("no organisation has calls".to_owned()))?;
        Ok(Self::Share(all.iter().map(share).collect(), whole))
    }

    /// A month on the scale of logarithms: observed over expected.
    pub(super) fn month(&self, (n, d): Pair, patients: f64, composition: &Composition) -> Option<f64> {
        let expected = match self {
            Self::Calls(rates) => rates.expected_of_list(patients, composition).ok()?,
            Self::Share(_, rate) | Self::Elsewhere(Some(rate)) => rate * d,
            Self::Elsewhere(None) => 1.0,
        };
        // Without anything expected a month has no place.
        (expected > 0.0).then(|| Scale::Log.transform(n, expected).ok()).flatten()
    }
}

/// What a change is made with.
pub(super) struct Comparing<'a> {
    pub(super) question: &'a Question,
    pub(super) gathered: &'a Gathered,
    pub(super) stretches: &'a [Composition; 2],
    pub(super) components: &'a VarianceComponents,
    pub(super) small: SmallNumbers,
}

impl Comparing<'_> {
    /// Counted before and after.
    pub(super) fn counted(&self, unit: usize) -> [Pair; 2] {
        let (before, after) = self.gathered.periods.unit(unit).split_at(self.gathered.wide);
        let of_calls = self.question.measure.metric().is_some();
        [before, after].map(|cells| {
            let (n, d) = sum(cells.iter().flatten());
            // Calls are whole, also where a day's were spread over its bands.
            if of_calls { (n.round(), d.round()) } else { (n, d) }
        })
    }

    pub(super) fn change(
        &self,
        at: usize,
        unit: &Unit,
        counted: &[Pair; 2],
        broken: &[SeriesBreak],
    ) -> Result<PeriodChange, String> {
        let gathered = self.gathered;
        let own = |found: &&SeriesBreak| {
            unit.practices.iter().any(|(code, _)| found.of == BreakOf::Practice(*code))
        };
        if let Some(found) = broken.iter().find(own) {
            return Err(format!("{} lies between the periods", breaks::words(found)));
        }
        if gathered.periods.has_gap(at) {
            return Err(GAP.to_owned());
        }
        if counted.iter().any(|&pair| hidden(self.small, gathered.kind, pair)) {
            return Err(HIDDEN.to_owned());
        }
        if self.lacks_a_month(at) {
            return Err(MISSING.to_owned());
        }
        let own = self.components.units.get(at).copied();
        let own = own.filter(|own| own.months > 0).ok_or_else(|| {
            if self.question.measure.metric().is_some() { NO_CALLS } else { "no month with a value" }
                .to_owned()
        })?;
        let rho = self.components.autocorrelation.unwrap_or(0.0);
        let variation = MonthVariation::of_unit(&own, self.components.sigma2_e, rho);
        let variation = variation.map_err(|fault| fault.to_string())?;
        let lengths = [self.question.before.months.len() as u32, self.question.after.months.len() as u32];
        match &gathered.expecting {
            Expecting::Calls(rates) => {
                let list = self.list(at);
                let period = |of: usize| Period {
                    observed: counted[of].0,
                    list: list[of],
                    months: lengths[of],
                    stretch: &self.stretches[of],
                };
                compare_periods(period(0), period(1), rates, variation, Between::default())
                    .map_err(|fault| fault.to_string())
            }
            Expecting::Share(shares, _) => {
                let own = |cells: &[Option<Pair>]| -> f64 {
                    let cells = cells.iter().zip(shares);
                    cells.filter_map(|(pair, share)| Some(pair.as_ref()?.1 * (*share)?)).sum()
                };
                let (before, after) = gathered.periods.unit(at).split_at(gathered.wide);
                over_expected(counted, [own(before), own(after)], lengths, variation)
            }
            Expecting::Elsewhere(rate) => {
                let months = |of: usize| f64::from(lengths[of]);
                let expected = match rate {
                    Some(rate) => [rate * counted[0].1, rate * counted[1].1],
                    None => [months(0), months(1)],
                };
                if gathered.periods.unit(at).iter().any(Option::is_none) {
                    return Err("has no value in one of the periods".to_owned());
                }
                over_expected(counted, expected, lengths, variation)
            }
        }
    }

    /// Whether a month of a period has no value that should be added up with the others: nothing arrived, which is not the same as nothing happened.
    fn lacks_a_month(&self, unit: usize) -> bool {
        let (question, gathered) = (self.question, self.gathered);
        let within = |month: &Days| {
            [&question.before, &question.after].iter().any(|period| period.days().contains(month.first))
        };
        let mut months = question.all.months.iter().zip(gathered.months.unit(unit));
        gathered.kind == Kind::Number && months.any(|(month, pair)| within(month) && pair.is_none())
    }

    /// Patients in the periods, on average, relative to each other.
    fn list(&self, unit: usize) -> [f64; 2] {
        let Some(list) = &self.gathered.lists[unit] else { return [1.0, 1.0] };
        [&self.question.before, &self.question.after].map(|period| {
            let months = self.question.all.months.iter().zip(list);
            let within = months.filter(|(month, _)| period.days().contains(month.first));
            within.map(|(_, patients)| patients).sum::<f64>() / period.months.len() as f64
        })
    }
}

/// A change of what is laid over something.
fn over_expected(
    counted: &[Pair; 2],
    expected: [f64; 2],
    months: [u32; 2],
    variation: MonthVariation,
) -> Result<PeriodChange, String> {
    let observed = counted.map(|(n, _)| n);
    let change = log_change(observed, expected, months, variation).map_err(|fault| fault.to_string())?;
    let ratio = |log: f64| log.clamp(-700.0, 700.0).exp();
    let margin = 1.959_963_984_540_054 * change.standard_error;
    // What is laid over nothing is a plain number.
    let raw = |at: usize| if counted[at].1 > 0.0 { observed[at] / counted[at].1 } else { observed[at] };
    let of_denominators =
        |at: usize| if counted[at].1 > 0.0 { expected[at] / counted[at].1 } else { expected[at] };
    Ok(PeriodChange {
        observed_ratio: Some(raw(1) / raw(0)).filter(|ratio| ratio.is_finite()),
        expected,
        expected_ratio: of_denominators(1) / of_denominators(0),
        parts: ExpectedParts { list: 1.0, working_days: 1.0, weekdays: 1.0, closures: 1.0 },
        ratio: ratio(change.log),
        lower: ratio(change.log - margin),
        upper: ratio(change.log + margin),
        standard_error: change.standard_error,
        half_added: change.half_added,
    })
}
