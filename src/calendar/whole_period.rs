//! Periods that numbers from elsewhere are about: a whole day, week, month, quarter or year, so that periods of two sources can be laid side by side.

use std::fmt;

use super::{Day, Days};

/// How long a whole period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WholePeriod {
    /// One day.
    Day,
    /// Seven days from a Monday.
    Week,
    /// A calendar month.
    Month,
    /// Three months from 1 January, April, July or October.
    Quarter,
    /// Twelve months from 1 January or 1 April.
    Year,
}

impl WholePeriod {
    /// What these days are; `None` where they do not begin and end with a whole period.
    pub fn of(days: Days) -> Option<Self> {
        let Days { first, end } = days;
        if end == first.plus(1) {
            return Some(Self::Day);
        }
        if first.weekday() == 1 && end == first.plus(7) {
            return Some(Self::Week);
        }
        if first != first.first_of_month() {
            return None;
        }
        let month = first.date().month();
        let after = |months| (0..months).fold(first, |day: Day, _| day.first_of_next_month());
        if end == after(1) {
            Some(Self::Month)
        } else if month % 3 == 1 && end == after(3) {
            Some(Self::Quarter)
        } else if (month == 1 || month == 4) && end == after(12) {
            Some(Self::Year)
        } else {
            None
        }
    }
}

impl fmt::Display for WholePeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_periods_are_periods() {
        let cases = [
            ("2026-02-03", "2026-02-04", Some(WholePeriod::Day)),
            ("2026-02-02", "2026-02-09", Some(WholePeriod::Week)),
            ("2026-02-03", "2026-02-10", None),
            ("2026-02-01", "2026-03-01", Some(WholePeriod::Month)),
            ("2024-02-01", "2024-02-29", None),
            ("2024-02-01", "2024-03-01", Some(WholePeriod::Month)),
            ("2026-02-02", "2026-03-02", None),
            ("2026-01-01", "2026-04-01", Some(WholePeriod::Quarter)),
            ("2026-02-01", "2026-05-01", None),
            ("2026-01-01", "2027-01-01", Some(WholePeriod::Year)),
            ("2025-04-01", "2026-04-01", Some(WholePeriod::Year)),
            ("2025-07-01", "2026-07-01", None),
            ("2026-02-01", "2026-02-01", None),
            ("2026-03-01", "2026-02-01", None),
        ];
        for (first, end, expected) in cases {
            let day = |text: &str| text.parse().expect("a date");
            assert_eq!(WholePeriod::of(Days::new(day(first), day(end))), expected, "{first} to {end}");
        }
    }
}
