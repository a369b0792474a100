//! Small numbers: what is hidden from those who may not see single calls, and how the rest is shown.
//!
//! A count of 1 to 7 is hidden, and so is the rest of what it is part of: of 5 missed among 200 calls the 195 tell the 5. What is not hidden is rounded to the
//! nearest 5, and shares are made of rounded parts. It is the rule that NHS Digital has had below England since September 2018.

/// The largest count that is hidden; 0 is not.
const LARGEST_HIDDEN: f64 = 7.0;
/// What shown counts are rounded to.
const STEP: f64 = 5.0;

/// Whether small numbers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmallNumbers {
    /// As they are, exact.
    #[default]
    Shown,
    /// Hidden, and everything else rounded.
    Hidden,
}

impl SmallNumbers {
    /// Whether they are hidden.
    pub const fn hidden(self) -> bool {
        matches!(self, Self::Hidden)
    }

    /// Whether a count may not be shown.
    pub fn hides(self, count: f64) -> bool {
        self.hidden() && count > 0.0 && count <= LARGEST_HIDDEN
    }

    /// Whether a part of a whole may not be shown, nor the whole beside it: the part, the rest or the whole is small.
    pub fn hides_part(self, part: f64, whole: f64) -> bool {
        self.hides(part) || self.hides(whole) || self.hides(whole - part)
    }

    /// A count as it is shown: rounded to the nearest 5 where small numbers are hidden.
    pub fn count(self, count: f64) -> f64 {
        if self.hidden() { (count / STEP).round() * STEP } else { count }
    }

    /// A number that was made of exact counts, as it is shown: so coarse that no count follows from it. Three digits where small numbers are hidden.
    pub fn made(self, number: f64) -> f64 {
        if !self.hidden() || number == 0.0 || !number.is_finite() {
            return number;
        }
        let digits = 2 - number.abs().log10().floor() as i32;
        let step = 10_f64.powi(digits.clamp(-300, 300));
        let rounded = (number * step).round() / step;
        if rounded.is_finite() { rounded } else { number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_and_what_they_are_the_rest_of_are_hidden_and_others_rounded() {
        use SmallNumbers::{Hidden, Shown};
        for (count, hidden, shown) in
            [(0.0, false, 0.0), (1.0, true, 0.0), (7.0, true, 5.0), (8.0, false, 10.0), (12.0, false, 10.0)]
        {
            assert_eq!((Hidden.hides(count), Hidden.count(count)), (hidden, shown), "{count}");
            assert_eq!((Shown.hides(count), Shown.count(count)), (false, count), "{count}");
        }
        for (part, whole, hidden) in [
            (0.0, 100.0, false),
            (5.0, 100.0, true),
            (95.0, 100.0, true),
            (0.0, 5.0, true),
            (100.0, 100.0, false),
        ] {
            assert_eq!(Hidden.hides_part(part, whole), hidden, "{part} of {whole}");
        }
    }

    #[test]
    fn what_is_made_of_exact_counts_has_three_digits() {
        for (number, shown) in [(0.123_456, 0.123), (-1_234.5, -1_230.0), (0.0, 0.0), (1e-9, 1e-9)] {
            assert!((SmallNumbers::Hidden.made(number) - shown).abs() <= 1e-12 * f64::abs(shown).max(1e-9));
            assert_eq!(SmallNumbers::Shown.made(number), number);
        }
    }
}
