//! Knows how numbers are written on a picture (thousands separators, percent, a true minus sign), and which numbers it refuses.

use super::error::PictureError;

/// Beyond this no axis can be read.
const LARGEST: f64 = 1e12;

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Plain numbers: counts, rates, ratios, z. What of, the axis's title says.
    Number,
    /// A proportion between 0 and 1, written in percent.
    Proportion,
    /// Seconds, written with an "s".
    Seconds,
}

/// An axis: what it shows, with its denominator, and in which unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Axis {
    /// What is shown, denominator included: "Calls abandoned, share of calls in core hours".
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
}

impl Unit {
    /// A number with so many decimals (of what is written, so of the percentage for a proportion).
    pub(super) fn write(self, value: f64, decimals: usize) -> String {
        match self {
            Self::Number => grouped(value, decimals),
            Self::Proportion => format!("{}%", grouped(value * 100.0, decimals)),
            Self::Seconds => format!("{} s", grouped(value, decimals)),
        }
    }

    /// How many decimals tell apart two numbers that lie `step` apart.
    pub(super) fn decimals(self, step: f64) -> usize {
        let shown = if self == Self::Proportion { step * 100.0 } else { step };
        if shown.is_nan() || shown <= 0.0 {
            return 0;
        }
        let places = (-(shown.log10() + 1e-9).floor()).clamp(0.0, 9.0);
        places as usize
    }
}

/// A number in the way of English board papers: 12,345.6, with a minus sign of its own width.
pub(super) fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::with_capacity(plain.len() + 4);
    if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        text.push('\u{2212}');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A count with thousands separators: the words that stand on a picture have it too.
pub fn count(value: usize) -> String {
    grouped(value as f64, 0)
}

/// A number that has a place on an axis, or what is wrong with it.
pub(super) fn drawable(what: &'static str, value: f64) -> Result<f64, PictureError> {
    if !value.is_finite() {
        return Err(PictureError::NotFinite { what });
    }
    if value.abs() > LARGEST {
        return Err(PictureError::TooLarge { what });
    }
    Ok(value)
}

/// A limit on how much one picture carries.
pub(super) fn at_most(what: &'static str, given: usize, most: usize) -> Result<(), PictureError> {
    if given > most { Err(PictureError::TooMany { what, given, most }) } else { Ok(()) }
}
