//! One value of an indicator: finite, not negative, and within what its kind allows. What has passed here needs no further look.

use super::IndicatorKind;

/// The largest number that is taken: far over anything counted in England, and far under what arithmetic carries exactly enough.
const LARGEST: f64 = 1e12;

/// Numerator, denominator and expected value of an indicator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndicatorValue {
    numerator: f64,
    denominator: Option<f64>,
    expected: Option<f64>,
}

/// Numbers that are no value of their indicator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct InvalidIndicatorValue {
    /// "numerator", "denominator" or "expected".
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl IndicatorValue {
    /// A value of that kind.
    ///
    /// # Errors
    /// [`InvalidIndicatorValue`], which names the first field that is wrong.
    pub fn new(
        kind: IndicatorKind,
        numerator: f64,
        denominator: Option<f64>,
        expected: Option<f64>,
    ) -> Result<Self, InvalidIndicatorValue> {
        fit("numerator", numerator)?;
        if let Some(denominator) = denominator {
            fit("denominator", denominator)?;
        }
        if let Some(expected) = expected {
            fit("expected", expected)?;
        }
        let wrong = |field, why: String| Err(InvalidIndicatorValue { field, why });
        match (kind, denominator) {
            (IndicatorKind::Share, None) => {
                return wrong(
                    "denominator",
                    "must be given: this indicator is a share of something".to_owned(),
                );
            }
            (IndicatorKind::Share, Some(denominator)) if numerator > denominator => {
                let why = format!(
                    "must be at most the denominator, {denominator}, of which it is a share; and is {numerator}"
                );
                return wrong("numerator", why);
            }
            (IndicatorKind::Count | IndicatorKind::Score, Some(_)) => {
                let why = format!(
                    "must be left out: this indicator is a {} and is not laid over anything",
                    kind.name()
                );
                return wrong("denominator", why);
            }
            (IndicatorKind::Share | IndicatorKind::Rate, Some(_)) | (_, None) => {}
        }
        if kind == IndicatorKind::Share
            && let (Some(expected), Some(denominator)) = (expected, denominator)
            && expected > denominator
        {
            let why = format!("must be at most the denominator, {denominator}; and is {expected}");
            return wrong("expected", why);
        }
        Ok(Self { numerator, denominator, expected })
    }

    /// What was counted, or the score.
    pub const fn numerator(&self) -> f64 {
        self.numerator
    }

    /// What it is laid over, where there is something.
    pub const fn denominator(&self) -> Option<f64> {
        self.denominator
    }

    /// What the source would expect the numerator to be, where it says so.
    pub const fn expected(&self) -> Option<f64> {
        self.expected
    }
}

fn fit(field: &'static str, number: f64) -> Result<(), InvalidIndicatorValue> {
    let why = if number.is_nan() {
        "must be a number, and is none".to_owned()
    } else if number.is_infinite() {
        "must be finite; leave the row out where there is no value".to_owned()
    } else if number < 0.0 {
        format!("must be 0 or more, and is {number}")
    } else if number > LARGEST {
        format!("must be at most {LARGEST}, and is {number}")
    } else {
        return Ok(());
    };
    Err(InvalidIndicatorValue { field, why })
}
