//! What a list from one month would have said: who is on it, who stays on it, and how much of that is chance or choice.
//!
//! For each month the worst share of units by the raw value; how many of them are there in the next month and in all other months taken together; how many when the same
//! numerator is put over another denominator; and how many can be told to be among the worst, given how much months differ ([`super::variance`], [`super::ranks`]).
//! All lists are of the same units, those that have every number in every month, so that they are equally long.

use super::ranks::{RankBand, RankRefusal, Worst, probability_among_worst, worst_of};
use super::shrinkage::{shrink, shrink_units_by};
use super::variance::{Scale, VarianceComponents, VarianceRefusal, variance_components};

#[cfg(test)]
mod tests;

/// A number for each month of each unit; absent ones are none.
pub type Months = [Vec<Option<f64>>];

/// Why nothing can be said of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StabilityRefusal {
    /// No denominator to begin with.
    #[error("give at least one denominator: the first is the one that the list is by")]
    NoDenominator,
    /// Tables of different shapes.
    #[error(
        "the numbers of unit {unit} are not of the same units and months as the first row: give every table one shape"
    )]
    Ragged {
        /// Its position.
        unit: usize,
    },
    /// One month.
    #[error("too few months, {months}: whether a list lasts is seen in two or more")]
    TooFewMonths {
        /// How many.
        months: usize,
    },
    /// Too few units with all numbers.
    #[error(
        "every number in every month is there of {units} only, and lists of the worst need five or more: widen the group"
    )]
    TooFewUnits {
        /// How many.
        units: usize,
    },
    /// A share that is none.
    #[error(transparent)]
    Rank(#[from] RankRefusal),
    /// No variances.
    #[error(transparent)]
    Variance(#[from] VarianceRefusal),
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListQuestion {
    /// How much of the units a list holds, over 0 and under 1.
    pub share: f64,
    /// Which values are the worst.
    pub worst: Worst,
    /// On which scale months and units add up: [`Scale::ArcsineRoot`] for proportions.
    pub scale: Scale,
}

/// The list of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthList {
    /// The units on it, worst first; equal ones in their given order.
    pub units: Vec<usize>,
    /// How many units that are not on it have the same value as its last: whether they are is a matter of order.
    pub tied: usize,
    /// How many are on the next month's list; none for the last month.
    pub stay_next: Option<usize>,
    /// How many are on the list of all other months together (sums over sums).
    pub stay_rest: usize,
    /// By further denominator, in the order given: how many are on the same month's list by that one.
    pub by_denominator: Vec<usize>,
    /// Units that are surely among the worst by what this month alone says, with the months' variation counted.
    pub surely_alone: usize,
}

/// What lists of one month would have said.
#[derive(Clone, Debug, PartialEq)]
pub struct ListStability {
    /// Units on each list.
    pub listed: usize,
    /// Units that were assessed, by position.
    pub assessed: Vec<usize>,
    /// Month by month.
    pub months: Vec<MonthList>,
    /// Units that are on at least one list.
    pub ever: usize,
    /// Units that are on every list.
    pub always: usize,
    /// Mean share of a list that is on the next.
    pub stay_next: f64,
    /// Mean share of a list that is on that of all other months together.
    pub stay_rest: f64,
    /// Units that are surely among the worst by all months together.
    pub surely: Vec<usize>,
    /// Variances between units and between months.
    pub components: VarianceComponents,
}

/// Assesses the lists that each month would have given, by `numerators` over the first of `denominators`.
///
/// Units that lack a number, have a denominator of 0 or a value off the scale in any month are left out.
///
/// # Errors
/// [`StabilityRefusal`].
pub fn assess_lists(
    numerators: &Months,
    denominators: &[&Months],
    question: ListQuestion,
) -> Result<ListStability, StabilityRefusal> {
    let ListQuestion { share, worst, scale } = question;
    let first = *denominators.first().ok_or(StabilityRefusal::NoDenominator)?;
    let months = shape(numerators, denominators)?;
    let assessed: Vec<usize> =
        (0..numerators.len()).filter(|&unit| complete(unit, numerators, denominators, scale)).collect();
    if assessed.len() < 5 {
        return Err(StabilityRefusal::TooFewUnits { units: assessed.len() });
    }
    let listed = worst_of(share, assessed.len())?;
    let number = |table: &Months, unit: usize, month: usize| table[unit][month].unwrap_or(0.0);
    let list = |value: &dyn Fn(usize) -> f64| worst_units(&assessed, listed, worst, value);
    let by = |denominator: &Months, month: usize| {
        list(&|unit| number(numerators, unit, month) / number(denominator, unit, month))
    };
    let lists: Vec<(Vec<usize>, usize)> = (0..months).map(|month| by(first, month)).collect();
    let values: Vec<Vec<Option<f64>>> = assessed
        .iter()
        .map(|&unit| {
            let place =
                |month| scale.transform(number(numerators, unit, month), number(first, unit, month)).ok();
            (0..months).map(place).collect()
        })
        .collect();
    let components = variance_components(&values)?;
    let chances = chances(&assessed, numerators, first, scale);
    let variances = components.month_variances(&chances);
    let found = (0..months)
        .map(|month| {
            let (units, tied) = &lists[month];
            let rest = list(&|unit| {
                let others = |table: &Months| -> f64 {
                    (0..months).filter(|&other| other != month).map(|other| number(table, unit, other)).sum()
                };
                others(numerators) / others(first)
            });
            Ok(MonthList {
                units: units.clone(),
                tied: *tied,
                stay_next: lists.get(month + 1).map(|next| in_both(units, &next.0)),
                stay_rest: in_both(units, &rest.0),
                by_denominator: denominators[1..]
                    .iter()
                    .map(|denominator| in_both(units, &by(denominator, month).0))
                    .collect(),
                surely_alone: surely_alone(&components, (&values, &variances), month, worst, listed)?,
            })
        })
        .collect::<Result<Vec<MonthList>, StabilityRefusal>>()?;
    let mut on = vec![0_usize; numerators.len()];
    lists.iter().flat_map(|(units, _)| units).for_each(|&unit| on[unit] += 1);
    let mean = |stays: &[usize]| stays.iter().sum::<usize>() as f64 / (stays.len().max(1) * listed) as f64;
    let next: Vec<usize> = found.iter().filter_map(|month| month.stay_next).collect();
    let rest: Vec<usize> = found.iter().map(|month| month.stay_rest).collect();
    Ok(ListStability {
        listed,
        ever: on.iter().filter(|&&lists| lists > 0).count(),
        always: on.iter().filter(|&&lists| lists == months).count(),
        stay_next: mean(&next),
        stay_rest: mean(&rest),
        surely: surely(&components, &components.variances_of_means(&chances), &assessed, worst, listed)?,
        months: found,
        assessed,
        components,
    })
}

/// The variance that chance alone gives each month of these units.
fn chances(
    assessed: &[usize],
    numerators: &Months,
    denominators: &Months,
    scale: Scale,
) -> Vec<Vec<Option<f64>>> {
    let sum =
        |table: &Months| -> f64 { assessed.iter().flat_map(|&unit| table[unit].iter().flatten()).sum() };
    // Of a ratio the number that is to be expected, by all units together.
    let volume = match scale {
        Scale::ArcsineRoot => 1.0,
        Scale::Log => sum(numerators) / sum(denominators),
    };
    let of = |denominator: &Option<f64>| denominator.map(|size| scale.chance(volume * size));
    assessed.iter().map(|&unit| denominators[unit].iter().map(of).collect()).collect()
}

/// The number of months, which all tables have alike.
fn shape(numerators: &Months, denominators: &[&Months]) -> Result<usize, StabilityRefusal> {
    let months = numerators.first().map_or(0, Vec::len);
    for table in denominators.iter().chain([&numerators]) {
        if table.len() != numerators.len() {
            return Err(StabilityRefusal::Ragged { unit: table.len().min(numerators.len()) });
        }
        if let Some(unit) = table.iter().position(|row| row.len() != months) {
            return Err(StabilityRefusal::Ragged { unit });
        }
    }
    if months < 2 { Err(StabilityRefusal::TooFewMonths { months }) } else { Ok(months) }
}

fn complete(unit: usize, numerators: &Months, denominators: &[&Months], scale: Scale) -> bool {
    // What is over 1e100 is no count, and could not be summed.
    let count = |number: Option<f64>| number.filter(|number| (0.0..1e100).contains(number));
    numerators[unit].iter().enumerate().all(|(month, &numerator)| {
        count(numerator).is_some_and(|numerator| {
            denominators.iter().enumerate().all(|(at, table)| {
                count(table[unit][month]).is_some_and(|denominator| {
                    denominator >= 1e-9 && (at > 0 || scale.transform(numerator, denominator).is_ok())
                })
            })
        })
    })
}

/// The worst units by a value, worst first, and how many more have the value of the last.
fn worst_units(
    units: &[usize],
    listed: usize,
    worst: Worst,
    value: &dyn Fn(usize) -> f64,
) -> (Vec<usize>, usize) {
    let mut order: Vec<(f64, usize)> = units.iter().map(|&unit| (value(unit), unit)).collect();
    order.sort_by(|a, b| {
        let worse = match worst {
            Worst::Highest => b.0.total_cmp(&a.0),
            Worst::Lowest => a.0.total_cmp(&b.0),
        };
        worse.then(a.1.cmp(&b.1))
    });
    let last = order[listed - 1].0;
    let tied = order[listed..].iter().take_while(|(value, _)| *value == last).count();
    (order[..listed].iter().map(|&(_, unit)| unit).collect(), tied)
}

fn in_both(a: &[usize], b: &[usize]) -> usize {
    let mut sorted = b.to_vec();
    sorted.sort_unstable();
    a.iter().filter(|unit| sorted.binary_search(unit).is_ok()).count()
}

/// Units that are surely among the worst by all months.
fn surely(
    components: &VarianceComponents,
    of_means: &[Option<f64>],
    assessed: &[usize],
    worst: Worst,
    listed: usize,
) -> Result<Vec<usize>, StabilityRefusal> {
    let shrunk = shrink_units_by(components, of_means);
    let posteriors: Vec<_> = shrunk.into_iter().flatten().map(|unit| unit.posterior()).collect();
    let bands = probability_among_worst(&posteriors, worst, listed)?.bands();
    Ok(assessed
        .iter()
        .zip(bands)
        .filter(|(_, band)| *band == RankBand::Surely)
        .map(|(&unit, _)| unit)
        .collect())
}

/// How many units are surely among the worst by one month, whose variance is that of a single month.
fn surely_alone(
    components: &VarianceComponents,
    (values, variances): (&Months, &Months),
    month: usize,
    worst: Worst,
    listed: usize,
) -> Result<usize, StabilityRefusal> {
    let level = components.months.get(month).copied().flatten().unwrap_or(components.mean);
    let posteriors: Vec<_> = values
        .iter()
        .zip(variances)
        .filter_map(|(row, own)| shrink(level, components.tau2, row[month]?, own[month]?).ok())
        .map(|unit| unit.posterior())
        .collect();
    let bands = probability_among_worst(&posteriors, worst, listed)?.bands();
    Ok(bands.into_iter().filter(|band| *band == RankBand::Surely).count())
}
