//! Why a method has no answer. Bad numbers come back as one of these, never as NaN, infinity or a panic.

/// Why a statistical method cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Undefined {
    /// A number is infinite or not a number.
    #[error("{0} is not a finite number: leave the value out, or mend its source")]
    NotFinite(&'static str),
    /// A number is below 0 where only 0 and more make sense.
    #[error("{0} is negative: give 0 or more")]
    Negative(&'static str),
    /// A number is outside what the method takes.
    #[error("{what} is {value}: give a value from {least} to {most}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The least that is taken.
        least: f64,
        /// The most that is taken.
        most: f64,
    },
    /// Nothing to divide by: also 0 of 0.
    #[error("{0} is 0, so there is nothing to divide by: leave the unit out")]
    ZeroDenominator(&'static str),
    /// More were counted than could have been.
    #[error(
        "numerator {numerator} is over denominator {denominator}: mend one of them, or compare rates instead"
    )]
    NumeratorOverDenominator {
        /// What was counted.
        numerator: f64,
        /// What it was counted out of.
        denominator: f64,
    },
    /// There are not enough values to say anything.
    #[error("too few usable {what}, {given} of {needed} that are needed: widen the group or the window")]
    TooFew {
        /// What there are too few of.
        what: &'static str,
        /// Usable ones given.
        given: usize,
        /// The fewest that would do.
        needed: usize,
    },
    /// The centre is 0, so that no ratio to it exists.
    #[error("nothing was observed in any unit, so the target is 0: compare proportions, or give a target")]
    ZeroTarget,
    /// Logarithms of zero counts leave the spread without a value.
    #[error("{zeros} of {units} units observed nothing, which has no logarithm: use the square-root scale")]
    TooManyZeros {
        /// Units that observed nothing.
        zeros: usize,
        /// Usable units.
        units: usize,
    },
    /// The approximation leaves the range of possible values.
    #[error("the approximation of {0} does not hold for so small a count: use the exact interval")]
    ApproximationFails(&'static str),
    /// The arithmetic left the range of floating-point numbers.
    #[error("{0} cannot be held in a number: the values are too large, too small or too far apart")]
    BeyondArithmetic(&'static str),
    /// Positions at which a chart starts anew have to lie inside, ascending and each once.
    #[error(
        "a rebase at position {at} of {points} points: give positions from 1 on, ascending, inside the series"
    )]
    MisplacedRebase {
        /// The position given.
        at: usize,
        /// Points in the series.
        points: usize,
    },
}

/// The number itself where it is finite.
pub(crate) fn finite(value: f64, what: &'static str) -> Result<f64, Undefined> {
    if value.is_finite() { Ok(value) } else { Err(Undefined::NotFinite(what)) }
}

/// A finite number of 0 or more.
pub(crate) fn non_negative(value: f64, what: &'static str) -> Result<f64, Undefined> {
    if finite(value, what)? < 0.0 { Err(Undefined::Negative(what)) } else { Ok(value) }
}

/// A finite number over 0: something to divide by.
pub(crate) fn positive(value: f64, what: &'static str) -> Result<f64, Undefined> {
    if non_negative(value, what)? == 0.0 { Err(Undefined::ZeroDenominator(what)) } else { Ok(value) }
}

/// A finite number within bounds, both included.
pub(crate) fn within(value: f64, what: &'static str, least: f64, most: f64) -> Result<f64, Undefined> {
    if finite(value, what)? < least || value > most {
        return Err(Undefined::OutOfRange { what, value, least, most });
    }
    Ok(value)
}

/// What came out of the arithmetic, where it is still a number.
pub(crate) fn computed(value: f64, what: &'static str) -> Result<f64, Undefined> {
    if value.is_finite() { Ok(value) } else { Err(Undefined::BeyondArithmetic(what)) }
}
