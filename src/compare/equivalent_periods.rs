//! A period against the equivalent one of another year, for one unit: what changed beyond working days, Mondays, bank holidays and list size.
//!
//! d = ln(O1 / E1) - ln(O0 / E0) with both E by the same rates ([`super::composition`]), so that E1 / E0 is what calendar and list alone would have changed.
//! SE^2 = sigma2 (1 / m0 + 1 / m1), for single months 2 sigma2; plus 1 / O0 + 1 / O1 where sigma2 is only what goes beyond chance, not the whole of the month-to-month
//! variance. Counting chance alone makes the interval far too narrow: months of one practice vary many times more than calls by chance.

use super::composition::{Composition, CompositionRefusal, DayClass, Rates};
use super::normal::Z95;
use super::variance::{UnitMean, autocorrelation_inflation};

#[cfg(test)]
mod tests;

/// Why two periods are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodRefusal {
    /// A series break between the beginning of the first and the end of the second.
    #[error("a series break lies between the periods: compare periods on one side of it")]
    SeriesBreak,
    /// Another definition.
    #[error("the definition differs between the periods: compare periods of one definition")]
    DefinitionChanged,
    /// Nothing was observed in either.
    #[error("neither period has a call: there is nothing to compare")]
    NothingObserved,
    /// Nothing was expected in one.
    #[error("nothing is expected in one of the periods: its list, its days or the peers' rates are missing")]
    NothingExpected,
    /// A number that is none.
    #[error("counts and variances must be finite and not negative, and every period at least a month")]
    NotANumber,
    /// What is expected cannot be known.
    #[error(transparent)]
    Composition(#[from] CompositionRefusal),
}

/// One of the two periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period<'a> {
    /// Calls observed.
    pub observed: f64,
    /// Patients on the list.
    pub list: f64,
    /// Months that it is long, 1 or more.
    pub months: u32,
    /// What it is made of.
    pub stretch: &'a Composition,
}

/// What lies between the periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Between {
    /// A recorded series break.
    pub series_break: bool,
    /// A change of definition.
    pub definition_changed: bool,
}

/// How much one month of a unit differs from the next, on the scale of logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthVariation {
    /// The variance of a month.
    pub sigma2: f64,
    /// Whether that is the whole variance, chance included. Where not, 1 / O is added for each period.
    pub whole: bool,
    /// Correlation of neighbouring months; counts in periods of several months.
    pub autocorrelation: f64,
}

impl MonthVariation {
    /// How many months of its own the peers' variance weighs as much as.
    pub const PEER_MONTHS: f64 = 12.0;

    /// A unit's variance, drawn towards that of its peers: (12 sigma2_e + sum r^2) / (12 + m - 1), r its residuals in m months of logarithms
    /// of observed over expected. The form is that of Smyth 2004 (Statistical Applications in Genetics 3:3); the weight of 12 months is ours.
    ///
    /// # Errors
    /// [`PeriodRefusal::NotANumber`].
    pub fn of_unit(own: &UnitMean, peers_sigma2_e: f64, autocorrelation: f64) -> Result<Self, PeriodRefusal> {
        if !is_count(peers_sigma2_e) || !is_count(own.residual_squares) {
            return Err(PeriodRefusal::NotANumber);
        }
        let freedom = own.months.saturating_sub(1) as f64;
        let squares =
            Self::PEER_MONTHS * peers_sigma2_e + if freedom > 0.0 { own.residual_squares } else { 0.0 };
        Ok(Self { sigma2: squares / (Self::PEER_MONTHS + freedom), whole: true, autocorrelation })
    }
}

/// By what factor calendar and list alone would have changed the number; the factors multiply to [`PeriodChange::expected_ratio`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedParts {
    /// List size.
    pub list: f64,
    /// The number of working days.
    pub working_days: f64,
    /// Which weekdays they are: above all Mondays.
    pub weekdays: f64,
    /// Bank holidays and weekends: days closed, and the days before and after closures.
    pub closures: f64,
}

/// How a unit changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeriodChange {
    /// Observed after over before; none where nothing was observed before.
    pub observed_ratio: Option<f64>,
    /// Expected before and after.
    pub expected: [f64; 2],
    /// Expected after over before.
    pub expected_ratio: f64,
    /// What that is made of.
    pub parts: ExpectedParts,
    /// exp(d): by what factor it changed beyond what was expected.
    pub ratio: f64,
    /// Lower end of its 95% interval.
    pub lower: f64,
    /// Upper end of its 95% interval.
    pub upper: f64,
    /// Standard error of d.
    pub standard_error: f64,
    /// Whether a half was added to observed and expected of both, because nothing was observed in one.
    pub half_added: bool,
}

impl PeriodChange {
    /// Whether the interval excludes no change.
    pub fn differs(&self) -> bool {
        self.lower > 1.0 || self.upper < 1.0
    }
}

/// Compares a unit's two periods, with the same rates of its peers for both.
///
/// # Errors
/// [`PeriodRefusal`].
pub fn compare_periods(
    before: Period<'_>,
    after: Period<'_>,
    rates: &Rates,
    variation: MonthVariation,
    between: Between,
) -> Result<PeriodChange, PeriodRefusal> {
    let Between { series_break, definition_changed } = between;
    if series_break {
        return Err(PeriodRefusal::SeriesBreak);
    }
    if definition_changed {
        return Err(PeriodRefusal::DefinitionChanged);
    }
    let expected = [
        rates.expected_of_list(before.list, before.stretch)?,
        rates.expected_of_list(after.list, after.stretch)?,
    ];
    let change =
        log_change([before.observed, after.observed], expected, [before.months, after.months], variation)?;
    let margin = Z95 * change.standard_error;
    // Beyond these nothing can be told apart from 0 and from infinity.
    let ratio = |log: f64| log.clamp(-700.0, 700.0).exp();
    Ok(PeriodChange {
        observed_ratio: Some(after.observed / before.observed).filter(|ratio| ratio.is_finite()),
        expected,
        expected_ratio: expected[1] / expected[0],
        parts: parts(before, after, rates, expected),
        ratio: ratio(change.log),
        lower: ratio(change.log - margin),
        upper: ratio(change.log + margin),
        standard_error: change.standard_error,
        half_added: change.half_added,
    })
}

/// d with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogChange {
    /// d.
    pub log: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Whether a half was added to observed and expected of both.
    pub half_added: bool,
}

/// d = ln(O1 / E1) - ln(O0 / E0) and its standard error, from observed and expected before and after, and the months of both.
///
/// Where nothing was observed in one of them, a half is added to all four.
///
/// # Errors
/// [`PeriodRefusal::NotANumber`], [`PeriodRefusal::NothingExpected`], [`PeriodRefusal::NothingObserved`].
pub fn log_change(
    observed: [f64; 2],
    expected: [f64; 2],
    months: [u32; 2],
    variation: MonthVariation,
) -> Result<LogChange, PeriodRefusal> {
    let MonthVariation { sigma2, whole, autocorrelation } = variation;
    let numbers = observed.iter().chain(&expected).chain([&sigma2]);
    if !numbers.copied().all(is_count) || months.contains(&0) {
        return Err(PeriodRefusal::NotANumber);
    }
    if expected.iter().any(|&expected| expected < 1e-9) {
        return Err(PeriodRefusal::NothingExpected);
    }
    if observed == [0.0, 0.0] {
        return Err(PeriodRefusal::NothingObserved);
    }
    let half_added = observed.contains(&0.0);
    let half = if half_added { 0.5 } else { 0.0 };
    let log = |at: usize| ((observed[at] + half) / (expected[at] + half)).ln();
    // Neighbouring months that are alike matter only to means over several.
    let inflation = |months: u32| if months > 1 { autocorrelation_inflation(autocorrelation) } else { 1.0 };
    let of_months: f64 = months.iter().map(|&months| sigma2 / f64::from(months) * inflation(months)).sum();
    let of_chance: f64 =
        if whole { 0.0 } else { observed.iter().map(|observed| 1.0 / (observed + half)).sum() };
    let (log, variance) = (log(1) - log(0), of_months + of_chance);
    if !log.is_finite() || !variance.is_finite() {
        return Err(PeriodRefusal::NotANumber);
    }
    Ok(LogChange { log, standard_error: variance.sqrt(), half_added })
}

/// Takes E1 / E0 apart, one cause after the other; what is left is that of closures.
fn parts(before: Period<'_>, after: Period<'_>, rates: &Rates, expected: [f64; 2]) -> ExpectedParts {
    let quotient =
        |after: f64, before: f64| Some(after / before).filter(|q| q.is_finite() && *q > 0.0).unwrap_or(1.0);
    let working = |period: Period<'_>| f64::from(period.stretch.working_days);
    // Mean rate of a working day by its weekday alone.
    let day = |period: Period<'_>| -> Option<f64> {
        let days = DayClass::ALL.into_iter().zip(period.stretch.working).filter(|&(_, days)| days > 0);
        let sum =
            days.map(|(class, days)| Some(rates.of_day(class)? * f64::from(days))).sum::<Option<f64>>()?;
        Some(sum / f64::from(period.stretch.working.iter().sum::<u32>()))
    };
    let list = quotient(after.list, before.list);
    let working_days = quotient(working(after), working(before));
    let weekdays = day(after).zip(day(before)).map_or(1.0, |(after, before)| quotient(after, before));
    let closures = expected[1] / expected[0] / (list * working_days * weekdays);
    ExpectedParts { list, working_days, weekdays, closures }
}

fn is_count(number: f64) -> bool {
    (0.0..1e200).contains(&number)
}
