//! The stretch of days that a question is about: a month, or a first day and the day after the last one.

use crate::calendar::Day;

/// Which days. Either a month or both dates.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct StretchArgs {
    /// A calendar month, for example 2026-02
    #[arg(long, value_name = "YYYY-MM", value_parser = month, conflicts_with_all = ["from", "to"], help_heading = "Which days")]
    pub(super) month: Option<Month>,

    /// First day, for example 2026-02-02
    #[arg(long, value_name = "DATE", requires = "to", value_parser = day, help_heading = "Which days")]
    pub(super) from: Option<Day>,

    /// The day AFTER the last one: a week is --from 2026-02-02 --to 2026-02-09
    #[arg(long, value_name = "DATE", requires = "from", value_parser = day, help_heading = "Which days")]
    pub(super) to: Option<Day>,
}

/// A calendar month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Month(Day);

impl StretchArgs {
    /// The month as the API has it; empty where the question is about dates.
    pub(super) fn month_text(&self) -> String {
        self.month.map(|Month(first)| first.date().strftime("%Y-%m").to_string()).unwrap_or_default()
    }

    /// First day and the day after the last one, as the API has them; empty where the question is about a month.
    pub(super) fn dates_text(&self) -> (String, String) {
        let text = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        (text(self.from), text(self.to))
    }

    /// First day and the day after the last one, whichever way the question was put.
    pub(super) fn days_text(&self) -> (String, String) {
        match self.month {
            Some(Month(first)) => (first.to_string(), first.first_of_next_month().to_string()),
            None => self.dates_text(),
        }
    }
}

fn month(text: &str) -> Result<Month, String> {
    let first = (text.len() == 7).then(|| format!("{text}-01")).and_then(|text| text.parse().ok());
    first.map(Month).ok_or_else(|| "must be a month like 2026-02, from 2000-01 to 2099-12".to_owned())
}

fn day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|error: crate::calendar::NoDate| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        stretch: StretchArgs,
    }

    fn read(line: &str) -> Option<(String, String)> {
        let line = std::iter::once("x").chain(line.split_whitespace());
        Only::try_parse_from(line).ok().map(|only| only.stretch.days_text())
    }

    #[test]
    fn a_stretch_is_a_month_or_both_dates_and_never_a_mixture() {
        let days = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        for (line, expected) in [
            ("--month 2026-02", days("2026-02-01", "2026-03-01")),
            ("--month 2026-12", days("2026-12-01", "2027-01-01")),
            ("--from 2026-02-02 --to 2026-02-09", days("2026-02-02", "2026-02-09")),
            ("", None),
            ("--from 2026-02-02", None),
            ("--to 2026-02-02", None),
            ("--month 2026-02 --from 2026-02-02 --to 2026-02-09", None),
            ("--month 2026-2", None),
            ("--month 2026-13", None),
            ("--from 2026-02-30 --to 2026-03-01", None),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
