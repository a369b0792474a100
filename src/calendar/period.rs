//! Periods of whole days: years, quarters, months, weeks, and what people call them.

use jiff::civil;

use super::day::{Day, Days};
use super::granularity::Granularity;

/// Text that is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a month like 2026-02, from 2000-01 to 2099-12")]
pub struct NoMonth;

/// The days of a month, "2026-02".
///
/// # Errors
/// Anything else, in words.
pub fn month(text: &str) -> Result<Days, NoMonth> {
    if text.len() != 7 {
        return Err(NoMonth);
    }
    let first: Day = format!("{text}-01").parse().map_err(|_| NoMonth)?;
    Ok(Days::new(first, first.first_of_next_month()))
}

/// The whole period of this granularity that holds the day; the day itself for granularities that are not longer.
pub(super) fn period(granularity: Granularity, day: Day) -> Days {
    let date = day.date();
    let months = |first: civil::Date, months: i32| {
        Days::new(first.into(), first.saturating_add(jiff::Span::new().months(months)).into())
    };
    let quarter = || civil::date(date.year(), (date.month() - 1) / 3 * 3 + 1, 1);
    match granularity {
        Granularity::Year => months(civil::date(date.year(), 1, 1), 12),
        Granularity::FinancialYear => months(civil::date(financial_year(day), 4, 1), 12),
        Granularity::Quarter | Granularity::FinancialQuarter => months(quarter(), 3),
        Granularity::Month => months(date.first_of_month(), 1),
        Granularity::Week => {
            let monday = day.plus(1 - i32::from(day.weekday()));
            Days::new(monday, monday.plus(7))
        }
        Granularity::Total
        | Granularity::Day
        | Granularity::NhsBand
        | Granularity::Hour
        | Granularity::HalfHour
        | Granularity::QuarterHour => Days::new(day, day.plus(1)),
    }
}

/// What people call the period of this granularity that begins on this day.
pub(super) fn label(granularity: Granularity, first: Day) -> String {
    let date = first.date();
    let quarter = (date.month() - 1) / 3 + 1;
    match granularity {
        Granularity::Year => format!("{}", date.year()),
        Granularity::FinancialYear => financial_label(first),
        Granularity::Quarter => format!("{}-Q{quarter}", date.year()),
        Granularity::FinancialQuarter => format!("{} Q{}", financial_label(first), (quarter + 2) % 4 + 1),
        Granularity::Month => format!("{}-{:02}", date.year(), date.month()),
        Granularity::Week => {
            let week = date.iso_week_date();
            format!("{}-W{:02}", week.year(), week.week())
        }
        Granularity::Total
        | Granularity::Day
        | Granularity::NhsBand
        | Granularity::Hour
        | Granularity::HalfHour
        | Granularity::QuarterHour => first.to_string(),
    }
}

/// The year in which the financial year of this day began, on 1 April.
fn financial_year(day: Day) -> i16 {
    let date = day.date();
    if date.month() >= 4 { date.year() } else { date.year() - 1 }
}

fn financial_label(day: Day) -> String {
    let year = financial_year(day);
    format!("{year}/{:02}", (year + 1) % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_are_called_as_people_expect() {
        use Granularity as G;
        for (granularity, day, first, end, called) in [
            (G::Year, "2024-02-29", "2024-01-01", "2025-01-01", "2024"),
            (G::FinancialYear, "2026-03-31", "2025-04-01", "2026-04-01", "2025/26"),
            (G::FinancialYear, "2026-04-01", "2026-04-01", "2027-04-01", "2026/27"),
            (G::FinancialYear, "2099-06-01", "2099-04-01", "2100-04-01", "2099/00"),
            (G::Quarter, "2026-02-28", "2026-01-01", "2026-04-01", "2026-Q1"),
            (G::Quarter, "2026-12-31", "2026-10-01", "2027-01-01", "2026-Q4"),
            (G::FinancialQuarter, "2026-02-28", "2026-01-01", "2026-04-01", "2025/26 Q4"),
            (G::FinancialQuarter, "2026-04-01", "2026-04-01", "2026-07-01", "2026/27 Q1"),
            (G::FinancialQuarter, "2026-12-31", "2026-10-01", "2027-01-01", "2026/27 Q3"),
            (G::Month, "2024-02-29", "2024-02-01", "2024-03-01", "2024-02"),
            (G::Week, "2026-02-08", "2026-02-02", "2026-02-09", "2026-W06"),
            (G::Week, "2027-01-03", "2026-12-28", "2027-01-04", "2026-W53"),
            (G::Week, "2027-01-04", "2027-01-04", "2027-01-11", "2027-W01"),
            (G::Week, "2024-12-31", "2024-12-30", "2025-01-06", "2025-W01"),
            (G::Day, "2024-02-29", "2024-02-29", "2024-03-01", "2024-02-29"),
        ] {
            // 2100 cannot be written as a date of the service, so days are compared by their text.
            let found = period(granularity, day.parse().unwrap());
            assert_eq!((found.first.to_string(), found.end.to_string()), (first.into(), end.into()), "{day}");
            assert_eq!(label(granularity, found.first), called, "{day}");
        }
    }

    #[test]
    fn a_month_is_four_digits_and_two() {
        assert_eq!(month("2024-02").map(Days::len), Ok(29));
        assert_eq!(month("2099-12").map(Days::len), Ok(31));
        for text in ["2026-13", "2026-2", "02-2026", "2026-02-01", "1999-01", "2026/02", ""] {
            assert_eq!(month(text), Err(NoMonth), "{text}");
        }
    }
}
