//! Aggregated files: rows of counts, summed into whole practice-days in the bands that NHS England publishes.
//!
//! What is stated of a practice-day replaces what was stated before, so that all its rows have to be on one page, wherever in the file they stand. The file
//! is therefore read once for each page, and every time the next [`DAYS`] practice-days (in the order of practice and day) are kept: memory stays the same
//! whatever the file's length.

use std::collections::BTreeMap;

use callgauge_adapter::folder::Fields;
use callgauge_adapter::schema::OdsCode;
use callgauge_adapter::{Place, RowReason, TallyRow, time};

use crate::mapping::{Columns, Field, Mapping, Times, look_up};
use crate::wire::places;

/// Practice-days on a page.
pub(crate) const DAYS: usize = 500;

/// Codes of the collection and our names.
pub(crate) const INDICATORS: [(&str, &str); 7] = [
    ("CBT001", "inbound"),
    ("CBT002", "ended_in_ivr"),
    ("CBT003", "answered"),
    ("CBT004", "missed"),
    ("CBT005", "callback_requested"),
    ("CBT006", "callback_made"),
    ("CBT007", "answered_by_length"),
];

/// Indicators that a file by durations cuts.
const CUT_BY_DURATION: [&str; 3] = ["answered", "missed", "answered_by_length"];

/// Columns of the published layout, where the operator maps none. The band is by time or by duration.
const PUBLISHED: [(Field, &str); 6] = [
    (Field::Date, "Date"),
    (Field::Practice, "PRACTICE_CODE"),
    (Field::Indicator, "Indicator"),
    (Field::TimeBand, "Time_Category"),
    (Field::DurationBand, "Duration"),
    (Field::Count, "Value"),
];

const TIME_BANDS: [(&str, &str); 9] = [
    ("0000", "00:00-06:00"),
    ("0600", "06:00-08:00"),
    ("0800", "08:00-10:00"),
    ("1000", "10:00-12:00"),
    ("1200", "12:00-14:00"),
    ("1400", "14:00-16:00"),
    ("1600", "16:00-18:00"),
    ("1800", "18:00-18:30"),
    ("1830", "18:30-24:00"),
];

/// Whose counts, of which day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Key {
    practice: String,
    account: String,
    places: Vec<Place>,
    date: String,
}

/// Counts by indicator, band of the day and band of the duration.
type Counts = BTreeMap<(&'static str, &'static str, &'static str), u64>;

/// The practice-days of one page.
#[derive(Debug, Default)]
pub(crate) struct Days {
    after: Option<Key>,
    days: BTreeMap<Key, Counts>,
    more: bool,
}

/// The mapping to use for a file: the operator's, or the published layout's columns as far as the header has them.
pub(crate) fn mapping_for<'a>(mapping: &Mapping, names: impl Iterator<Item = &'a str>) -> Mapping {
    let mut mapping = mapping.clone();
    if mapping.map.is_empty() {
        let names: Vec<&str> = names.collect();
        let banded = |field| matches!(field, Field::TimeBand | Field::DurationBand);
        let there = PUBLISHED.iter().filter(|(field, name)| !banded(*field) || names.contains(name));
        mapping.map = there.map(|(field, name)| (*field, (*name).to_owned())).collect();
    }
    mapping
}

impl Days {
    /// The days behind a key.
    pub(crate) fn after(after: Option<Key>) -> Self {
        Self { after, ..Self::default() }
    }

    /// Adds a row.
    pub(crate) fn add(
        &mut self,
        fields: &Fields,
        columns: &Columns,
        mapping: &Mapping,
    ) -> Result<(), (&'static str, RowReason, &'static str)> {
        let malformed = |field, message| (field, RowReason::Malformed, message);
        let get = |field| columns.get(fields, field);
        let indicator = INDICATORS
            .iter()
            .find(|(code, name)| {
                code.eq_ignore_ascii_case(get(Field::Indicator)) || *name == get(Field::Indicator)
            })
            .map(|(_, name)| *name)
            .or_else(|| look_up(&mapping.indicators, get(Field::Indicator)))
            .ok_or_else(|| {
                malformed(
                    "indicator",
                    "is no indicator that is known: add their word to the setting indicators",
                )
            })?;
        let date = date(get(Field::Date), mapping.times)
            .ok_or_else(|| malformed("date", "is no date of the form 2026-02-01 or 01/02/2026"))?;
        let time = time_band(get(Field::TimeBand))
            .ok_or_else(|| malformed("time_band", "is no band of the day that is known"))?;
        let duration = duration_band(get(Field::DurationBand)).ok_or_else(|| {
            malformed("duration_band", "is no band of seconds that is known, such as 61_120")
        })?;
        let count: u64 =
            get(Field::Count).parse().map_err(|_| malformed("count", "is no whole number of calls"))?;
        let key = key(fields, columns, date)?;
        if self.after.as_ref().is_some_and(|after| key <= *after) {
            return Ok(());
        }
        let sum = self.days.entry(key).or_default().entry((indicator, time, duration)).or_default();
        *sum = sum.saturating_add(count);
        if self.days.len() > DAYS {
            self.days.pop_last();
            self.more = true;
        }
        Ok(())
    }

    /// The rows of the page, and the last day on it where there are more.
    pub(crate) fn into_rows(self) -> (Vec<TallyRow>, Option<Key>) {
        let last = self.days.last_key_value().map(|(key, _)| key.clone()).filter(|_| self.more);
        let mut rows = Vec::new();
        for (key, counts) in self.days {
            let cut: Vec<&str> =
                counts.keys().filter(|(_, _, duration)| !duration.is_empty()).map(|(of, _, _)| *of).collect();
            for ((indicator, time, duration), count) in counts {
                // The total beside its own bands.
                if duration.is_empty() && CUT_BY_DURATION.contains(&indicator) && cut.contains(&indicator) {
                    continue;
                }
                rows.push(TallyRow {
                    practice: key.practice.clone(),
                    account: key.account.clone(),
                    places: key.places.clone(),
                    date: key.date.clone(),
                    indicator: indicator.into(),
                    time_band: time.into(),
                    duration_band: duration.into(),
                    count,
                });
            }
        }
        (rows, last)
    }
}

fn key(
    fields: &Fields,
    columns: &Columns,
    date: String,
) -> Result<Key, (&'static str, RowReason, &'static str)> {
    let practice = columns.get(fields, Field::Practice);
    let account = columns.get(fields, Field::Account).to_owned();
    let places = places(fields, columns);
    let known = practice.parse::<OdsCode>();
    if known.is_err() && account.is_empty() && places.is_empty() {
        let why = "is no practice's code, and no account or place says whose calls these are: rows of accounts that nobody could split cannot be taken";
        return Err(("practice", RowReason::Malformed, why));
    }
    let practice = known.map(|code| code.to_string()).unwrap_or_default();
    Ok(Key { practice, account, places, date })
}

/// `2026-02-01`, `2026-02-01 00:00:00`, `01/02/2026` as ISO 8601.
fn date(text: &str, times: Times) -> Option<String> {
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    let noon = format!("{text} 12:00");
    let utc = time::Zone::utc();
    let moment = match times {
        Times::Iso => time::local(&noon, &utc),
        Times::DayFirst => time::day_month_year(&noon, &utc),
        Times::Any | Times::Epoch => time::local(&noon, &utc).or_else(|_| time::day_month_year(&noon, &utc)),
    };
    moment.ok().map(|moment| time::to_local(moment, &utc, "%Y-%m-%d"))
}

/// The band of the day in which theirs begins; empty for the whole day. Times are London's.
fn time_band(text: &str) -> Option<&'static str> {
    if whole(text) {
        return Some("");
    }
    let digits: String =
        text.split(['-', '_', ' ']).next()?.chars().filter(char::is_ascii_digit).take(4).collect();
    let start = if digits.len() == 3 { format!("0{digits}") } else { digits };
    let valid = start.len() == 4 && start < "2400".to_owned() && &start[2..] < "60";
    TIME_BANDS.iter().rev().find(|(from, _)| valid && start.as_str() >= *from).map(|(_, name)| *name)
}

/// The band of seconds in which theirs lies; empty for all. 60 and 120 s belong to the lower band.
fn duration_band(text: &str) -> Option<&'static str> {
    if whole(text) {
        return Some("");
    }
    let over = text.strip_prefix('>').or_else(|| text.strip_suffix('+'));
    let upper: u32 = match over {
        Some(from) => from.trim().parse::<u32>().ok()?.saturating_add(1),
        None => text.rsplit(['_', '-', ' ']).next()?.trim_start_matches(['<', '=']).parse().ok()?,
    };
    Some(match upper {
        0..=60 => "up_to_60",
        61..=120 => "61_to_120",
        121..=300 => "121_to_300",
        _ => "over_300",
    })
}

fn whole(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("total") || text.eq_ignore_ascii_case("all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_summed_into_those_that_are_published() {
        for (theirs, ours) in [
            ("00:00-05:59", "00:00-06:00"),
            ("0800_0959", "08:00-10:00"),
            ("08:30-08:59", "08:00-10:00"),
            ("18:00-18:29", "18:00-18:30"),
            ("18:30-23:59", "18:30-24:00"),
            ("TOTAL", ""),
        ] {
            assert_eq!(time_band(theirs), Some(ours), "{theirs}");
        }
        for (theirs, ours) in [
            ("0", "up_to_60"),
            ("1_60", "up_to_60"),
            ("61_120", "61_to_120"),
            ("121_180", "121_to_300"),
            (">300", "over_300"),
            ("TOTAL", ""),
        ] {
            assert_eq!(duration_band(theirs), Some(ours), "{theirs}");
        }
        assert_eq!((time_band("morning"), time_band("25:00")), (None, None));
        assert_eq!(duration_band("long"), None);
    }

    #[test]
    fn dates_are_read_year_first_or_day_first() {
        assert_eq!(date("2026-02-01", Times::Any).as_deref(), Some("2026-02-01"));
        assert_eq!(date("01/02/2026", Times::Any).as_deref(), Some("2026-02-01"));
        assert_eq!(date("01/02/2026", Times::Iso), None);
        assert_eq!(date("February", Times::Any), None);
    }
}
