//! Aggregated files: rows of counts, gathered into whole days in the bands that NHS England publishes.
//!
//! What is stated of a practice's day takes the place of what was stated before, so that all its rows have to be on one page, wherever in the file they
//! stand; and several sites can be one practice's. The file is therefore read once for each page, and every time the next dates of it are kept, about
//! [`ENTRIES`] practices and days of them: memory stays the same whatever the file's length.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use callgauge_adapter::folder::Fields;
use callgauge_adapter::schema::{InvalidCode, OdsCode};
use callgauge_adapter::{Place, RowReason, TallyRow, time};
use serde::{Deserialize, Serialize};

use crate::bands::{duration_band, time_band};
use crate::mapping::{Columns, Field, Mapping, Times, look_up};
use crate::wire::{Groups, places};

/// Practices and days on a page, unless a single date has more.
pub(crate) const ENTRIES: usize = 500;
/// Practices, accounts and places that one date may have: more than England has.
const A_DATE: usize = 20_000;

/// Ways of writing a band that are remembered.
const KNOWN_BANDS: usize = 1_000;

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

/// Columns of the published layout, where the operator maps none, and whether a file has to have them.
const PUBLISHED: [(Field, &str, bool); 10] = [
    (Field::Date, "Date", true),
    (Field::Region, "REGION_CODE", false),
    (Field::Icb, "ICB_CODE", false),
    (Field::SubIcb, "SUB_ICB_LOCATION_CODE", false),
    (Field::Pcn, "PCN_CODE", false),
    (Field::Practice, "PRACTICE_CODE", true),
    (Field::Indicator, "Indicator", true),
    (Field::TimeBand, "Time_Category", false),
    (Field::DurationBand, "Duration", false),
    (Field::Count, "Value", true),
];

/// Columns of the published file that holds answered calls alone, cut in a way of its own.
const ANSWERED_ALONE: [&str; 2] = ["Wait_Time", "Core_Category"];

/// Why a row is refused: the field, the reason, and what is wrong.
pub(crate) type Fault = (&'static str, RowReason, &'static str);

/// Whose counts, of which date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    date: String,
    practice: String,
    account: String,
    /// PCN, sub-ICB location, ICB, region of an account.
    groups: [String; 4],
    places: Vec<Place>,
}

/// Counts by indicator, band of the day and band of the duration.
type Counts = BTreeMap<(&'static str, &'static str, &'static str), u64>;

/// The dates of one page.
#[derive(Debug, Default)]
pub(crate) struct Days {
    after: Option<String>,
    days: BTreeMap<Key, Counts>,
    /// Dates from here on are left to later pages.
    until: Option<String>,
    counted: Counted,
    /// The date that was last read, as it was written and as it is understood.
    dated: (String, String),
    times: Bands,
    durations: Bands,
}

/// What was given of a file: for the next page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// The last date.
    date: String,
    counted: Counted,
}

/// Of the indicators, in order, those that the whole file has: whether any row of it cuts them by time, by duration.
type Counted = [Option<(bool, bool)>; INDICATORS.len()];

/// Bands as they were written, and what they are part of: a file has few.
#[derive(Debug, Default)]
struct Bands(HashMap<String, Option<&'static str>>);

impl Bands {
    fn look_up(&mut self, text: &str, read: impl Fn(&str) -> Option<&'static str>) -> Option<&'static str> {
        if let Some(known) = self.0.get(text) {
            return *known;
        }
        let found = read(text);
        if self.0.len() < KNOWN_BANDS {
            self.0.insert(text.to_owned(), found);
        }
        found
    }
}

/// The mapping to use for a file: the operator's, or the published layout's columns as far as the header has them.
///
/// # Errors
/// Where it is a published file of another kind.
pub(crate) fn mapping_for(mapping: &Mapping, names: &[&str]) -> Result<Mapping, String> {
    let mut mapping = mapping.clone();
    if !mapping.map.is_empty() {
        return Ok(mapping);
    }
    if ANSWERED_ALONE.iter().any(|column| names.contains(column)) {
        return Err(
            "holds answered calls alone (a column Wait_Time or Core_Category): take \"By Day and Time\" and \"By Durations\""
                .into(),
        );
    }
    let there = PUBLISHED.iter().filter(|(_, name, needed)| *needed || names.contains(name));
    mapping.map = there.map(|(field, name, _)| (*field, (*name).to_owned())).collect();
    // Files of a month have fewer than half the rows that all bands and indicators would need: rows of 0 are left out.
    mapping.missing_is_zero = mapping.missing_is_zero.or(Some(true));
    Ok(mapping)
}

impl Days {
    /// The days behind those that were given.
    pub(crate) fn after(given: Option<Given>) -> Self {
        let (after, counted) =
            given.map_or_else(Default::default, |Given { date, counted }| (Some(date), counted));
        Self { after, counted, ..Self::default() }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, fields: &Fields, columns: &Columns, mapping: &Mapping) -> Result<(), Fault> {
        let get = |field| columns.get(fields, field);
        self.read_date(get(Field::Date), mapping.times)?;
        let date = &self.dated.1;
        let passed_by = self.after.as_ref().is_some_and(|after| date <= after)
            || self.until.as_ref().is_some_and(|until| date >= until);
        // What is wrong with a row, and what the file counts, is told with the first page.
        if passed_by && self.after.is_some() {
            return Ok(());
        }
        let at = indicator(get(Field::Indicator), mapping)?;
        let malformed = |field, message| (field, RowReason::Malformed, message);
        let time = self.times.look_up(get(Field::TimeBand), time_band).ok_or_else(|| {
            malformed("time_band", "is no part of one of the nine time bands, such as 08:00-09:59")
        })?;
        let duration = self.durations.look_up(get(Field::DurationBand), duration_band).ok_or_else(|| {
            malformed("duration_band", "is no part of one of the four duration bands, such as 61_120")
        })?;
        let (timed, cut) = self.counted[at].get_or_insert_default();
        (*timed, *cut) = (*timed || !time.is_empty(), *cut || !duration.is_empty());
        let count: u64 =
            get(Field::Count).parse().map_err(|_| malformed("count", "is no whole number of calls"))?;
        let whose = whose(fields, columns)?;
        if passed_by {
            return Ok(());
        }
        let key = Key { date: self.dated.1.clone(), ..whose };
        let part = (INDICATORS[at].1, time, duration);
        let sum = self.days.entry(key).or_default().entry(part).or_default();
        *sum = sum.saturating_add(count);
        self.shed()
    }

    /// Gives the last date up where there are too many entries and earlier dates.
    fn shed(&mut self) -> Result<(), Fault> {
        if self.days.len() <= ENTRIES {
            return Ok(());
        }
        let ends = self.days.first_key_value().zip(self.days.last_key_value());
        let Some((first, last)) = ends.map(|((first, _), (last, _))| (&first.date, last.date.clone())) else {
            return Ok(());
        };
        if *first != last {
            self.days.retain(|key, _| key.date != last);
            self.until = Some(last);
        } else if self.days.len() > A_DATE {
            self.days.pop_last();
            return Err(("date", RowReason::Malformed, "has more practices and accounts than 20,000"));
        }
        Ok(())
    }

    fn read_date(&mut self, text: &str, times: Times) -> Result<(), Fault> {
        if self.dated.0 != text || text.is_empty() {
            let wrong = "is no date of the form 2026-02-01 or 01/02/2026";
            let date = date(text, times).ok_or(("date", RowReason::Malformed, wrong))?;
            self.dated = (text.to_owned(), date);
        }
        Ok(())
    }

    /// The rows of the page, and what was given by now where there are more.
    pub(crate) fn into_rows(self, missing_is_zero: bool) -> (Vec<TallyRow>, Option<Given>) {
        let Self { after: _, days, until, counted, dated: _, times: _, durations: _ } = self;
        let last = days.last_key_value().filter(|_| until.is_some());
        let last = last.map(|(key, _)| Given { date: key.date.clone(), counted });
        let mut rows = Vec::new();
        for (key, mut counts) in days {
            if missing_is_zero {
                fill(&mut counts, &counted);
            }
            let Key { date, practice, account, groups: [pcn, sub_icb, icb, region], places } = key;
            let day = TallyRow {
                practice,
                account,
                pcn,
                sub_icb,
                icb,
                region,
                places,
                date,
                ..TallyRow::default()
            };
            rows.extend(counts.into_iter().map(|((indicator, time, duration), count)| TallyRow {
                indicator: indicator.into(),
                time_band: time.into(),
                duration_band: duration.into(),
                count,
                ..day.clone()
            }));
        }
        (rows, last)
    }
}

/// Counts of 0 for the indicators that have no row on a day on which others have, cut as they are elsewhere. Not of inbound calls: a day without them is
/// refused.
fn fill(counts: &mut Counts, counted: &Counted) {
    let there: BTreeSet<&str> = counts.keys().map(|(indicator, _, _)| *indicator).collect();
    for ((_, indicator), cuts) in INDICATORS.iter().zip(counted) {
        let Some((timed, cut)) = cuts else { continue };
        if there.contains(indicator) || *indicator == "inbound" {
            continue;
        }
        let time = if *timed { "00:00-06:00" } else { "" };
        let duration = if *cut { "up_to_60" } else { "" };
        counts.insert((indicator, time, duration), 0);
    }
}

/// The position of an indicator among [`INDICATORS`].
fn indicator(text: &str, mapping: &Mapping) -> Result<usize, Fault> {
    let named = |name: &str| INDICATORS.iter().position(|(_, known)| *known == name);
    let code = INDICATORS.iter().position(|(code, _)| code.eq_ignore_ascii_case(text));
    code.or_else(|| named(text)).or_else(|| look_up(&mapping.indicators, text).and_then(named)).ok_or((
        "indicator",
        RowReason::Malformed,
        "is no indicator that is known: add their word to the setting indicators",
    ))
}

/// Whose counts a row has; without the date.
fn whose(fields: &Fields, columns: &Columns) -> Result<Key, Fault> {
    let practice = columns.get(fields, Field::Practice).parse::<OdsCode>();
    let mut account = columns.get(fields, Field::Account).to_owned();
    let places = places(fields, columns, Field::Number);
    let groups = Groups::read(fields, columns);
    let shared = [Field::Pcn, Field::SubIcb, Field::Icb, Field::Region].into_iter().any(|f| columns.has(f));
    if practice.is_err() && account.is_empty() && places.is_empty() {
        if practice != Err(InvalidCode::Sentinel) || !shared {
            let why = "is no practice's code, and no account or place says whose calls these are";
            return Err(("practice", RowReason::Malformed, why));
        }
        account = groups.shared_account();
    }
    let Groups { pcn, sub_icb, icb, region } = groups;
    let of_account = practice.is_err() && !account.is_empty();
    let groups = [pcn, sub_icb, icb, region]
        .map(|code| code.filter(|_| of_account).map(|code| code.to_string()).unwrap_or_default());
    let practice = practice.map(|code| code.to_string()).unwrap_or_default();
    let account = if practice.is_empty() { account } else { String::new() };
    Ok(Key { date: String::new(), practice, account, groups, places })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_year_first_or_day_first() {
        assert_eq!(date("2026-02-01", Times::Any).as_deref(), Some("2026-02-01"));
        assert_eq!(date("2026-02-01 00:00:00", Times::Any).as_deref(), Some("2026-02-01"));
        assert_eq!(date("01/02/2026", Times::Any).as_deref(), Some("2026-02-01"));
        assert_eq!(date("01/02/2026", Times::Iso), None);
        assert_eq!(date("February", Times::Any), None);
    }

    #[test]
    fn what_a_file_counts_elsewhere_is_0_and_cut_as_it_is_there() {
        let mut counts = Counts::from([(("inbound", "", ""), 7), (("missed", "", "61_to_120"), 2)]);
        let cut = |cut| Some((false, cut));
        fill(&mut counts, &[cut(false), None, cut(true), cut(true), None, cut(false), None]);
        let zeros: Vec<_> = counts.into_iter().filter(|(_, count)| *count == 0).map(|(key, _)| key).collect();
        assert_eq!(zeros, [("answered", "", "up_to_60"), ("callback_made", "", "")]);
    }
}
