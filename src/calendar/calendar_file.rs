//! Reads a calendar from its file, and says everything that is wrong with it at once, each fault with its key.
//!
//! england.toml beside this file describes the format and is the built-in calendar.

use std::fmt;

use callgauge_schema::OdsCode;
use jiff::civil;
use toml::{Table, Value};

use super::clock::ClockRange;
use super::core_hours::{Calendar, OneOffDay};
use super::day::{Day, Days};

/// Everything that is wrong with a calendar file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CalendarFaults {
    /// In the order found; at most 100.
    pub faults: Vec<CalendarFault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFault {
    /// Where, for example `one_off_days[2].core`; empty where the file is no TOML at all.
    pub key: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for CalendarFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, CalendarFault { key, problem }) in self.faults.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            let colon = if key.is_empty() { "" } else { ": " };
            write!(f, "{between}{key}{colon}{problem}")?;
        }
        Ok(())
    }
}

impl Calendar {
    /// The longest calendar file, in bytes.
    pub const MAX_FILE_LEN: usize = 1 << 20;

    /// Reads a calendar file.
    ///
    /// # Errors
    /// Every fault at once, up to 100, each with its key.
    pub fn parse(text: &str) -> Result<Self, CalendarFaults> {
        let mut reader = Reader { faults: Vec::new() };
        let table = if text.len() > Self::MAX_FILE_LEN {
            reader.fault("", format!("must be at most {} bytes", Self::MAX_FILE_LEN));
            Table::new()
        } else {
            match text.parse() {
                Ok(table) => table,
                Err(error) => {
                    let error: toml::de::Error = error;
                    reader.fault("", format!("must be TOML: {}", error.message()));
                    Table::new()
                }
            }
        };
        if !reader.faults.is_empty() {
            return Err(CalendarFaults { faults: reader.faults });
        }
        let calendar = reader.calendar(table);
        if reader.faults.is_empty() { Ok(calendar) } else { Err(CalendarFaults { faults: reader.faults }) }
    }
}

const MAX_FAULTS: usize = 100;
const MAX_NAME: usize = 200;
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Walks the file; what cannot be read becomes a fault and an empty value, so that reading goes on.
struct Reader {
    faults: Vec<CalendarFault>,
}

impl Reader {
    fn calendar(&mut self, mut file: Table) -> Calendar {
        let name = self.required(&mut file, "", "name").map_or_else(String::new, |v| self.name("name", v));
        let covered = self.covers(&mut file);
        let weekdays = self.weekdays(&mut file);
        let mut bank_holidays = std::collections::BTreeMap::new();
        for (key, value) in self.optional_table(&mut file, "bank_holidays") {
            let key_path = format!("bank_holidays.{key}");
            let day = self.day(&key_path, &Value::String(key));
            let name = self.name(&key_path, value);
            let Some(day) = day else { continue };
            if !covered.is_empty() && !covered.contains(day) {
                self.fault(key_path, "must lie in a year that the file covers; widen covers".to_owned());
            }
            bank_holidays.insert(day, name);
        }
        let one_off_days = self.one_off_days(&mut file);
        self.nothing_else("", &file);
        Calendar { name, covered, weekdays, bank_holidays, one_off_days }
    }

    fn covers(&mut self, file: &mut Table) -> Days {
        let nothing = Days::new(Day::from_number(0), Day::from_number(0));
        let Some(value) = self.required(file, "", "covers") else { return nothing };
        let Value::Table(mut table) = value else {
            self.fault("covers", "must be a table like { first_year = 2018, last_year = 2028 }".to_owned());
            return nothing;
        };
        let mut year = |key: &str| {
            let value = self.required(&mut table, "covers", key)?;
            let year = value.as_integer().and_then(|year| i16::try_from(year).ok());
            let year = year.filter(|year| (2000..=2099).contains(year));
            if year.is_none() {
                self.fault(format!("covers.{key}"), "must be a year from 2000 to 2099".to_owned());
            }
            year
        };
        let (first, last) = (year("first_year"), year("last_year"));
        self.nothing_else("covers", &table);
        let (Some(first), Some(last)) = (first, last) else { return nothing };
        if last < first {
            self.fault("covers.last_year", "must not be before first_year".to_owned());
        }
        Days::new(civil::date(first, 1, 1).into(), civil::date(last + 1, 1, 1).into())
    }

    fn weekdays(&mut self, file: &mut Table) -> [Vec<ClockRange>; 7] {
        let mut weekdays = [const { Vec::new() }; 7];
        let Some(value) = self.required(file, "", "core_hours") else { return weekdays };
        let Value::Table(mut table) = value else {
            self.fault("core_hours", "must be a table of weekdays".to_owned());
            return weekdays;
        };
        for (ranges, name) in weekdays.iter_mut().zip(WEEKDAYS) {
            if let Some(value) = table.remove(name) {
                *ranges = self.ranges(&format!("core_hours.{name}"), value);
            }
        }
        self.nothing_else("core_hours", &table);
        weekdays
    }

    fn one_off_days(&mut self, file: &mut Table) -> Vec<OneOffDay> {
        let list = match file.remove("one_off_days") {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.fault("one_off_days", "must be a list of tables: [[one_off_days]]".to_owned());
                return Vec::new();
            }
        };
        let mut days: Vec<OneOffDay> = Vec::new();
        for (at, value) in list.into_iter().enumerate() {
            let path = format!("one_off_days[{at}]");
            let Value::Table(table) = value else {
                self.fault(path, "must be a table with date, name and core".to_owned());
                continue;
            };
            let Some(one) = self.one_off_day(&path, table) else { continue };
            let clash = days.iter().find(|other| {
                let same_place = match (other.areas.is_empty(), one.areas.is_empty()) {
                    (true, true) => true,
                    (false, false) => other.areas.iter().any(|area| one.areas.contains(area)),
                    _ => false,
                };
                other.day == one.day && same_place
            });
            if let Some(other) = clash {
                let problem =
                    format!("repeats {} ({}) for the same place; leave one out", one.day, other.name);
                self.fault(path, problem);
            }
            days.push(one);
        }
        days.sort_by_key(|one| one.day);
        days
    }

    fn one_off_day(&mut self, path: &str, mut table: Table) -> Option<OneOffDay> {
        let date = self.required(&mut table, path, "date");
        let name = self.required(&mut table, path, "name");
        let core = self.required(&mut table, path, "core");
        let areas = match table.remove("areas") {
            None => Vec::new(),
            Some(value) => self.areas(&format!("{path}.areas"), value),
        };
        self.nothing_else(path, &table);
        let day = date.and_then(|value| self.day(&format!("{path}.date"), &value));
        let name = name.map(|value| self.name(&format!("{path}.name"), value));
        let core = core.map(|value| self.ranges(&format!("{path}.core"), value));
        Some(OneOffDay { day: day?, name: name?, core: core?, areas })
    }

    fn areas(&mut self, path: &str, value: Value) -> Vec<OdsCode> {
        let Value::Array(list) = value else {
            self.fault(path, "must be a list of codes like [\"QHG\"]".to_owned());
            return Vec::new();
        };
        if list.is_empty() {
            self.fault(
                path,
                "must name a code; leave areas out where the day holds for all of England".to_owned(),
            );
        }
        let mut areas = Vec::new();
        for (at, value) in list.iter().enumerate() {
            match value.as_str().map(str::parse::<OdsCode>) {
                Some(Ok(code)) => areas.push(code),
                Some(Err(error)) => self.fault(format!("{path}[{at}]"), error.to_string()),
                None => self.fault(format!("{path}[{at}]"), "must be a code in quotes".to_owned()),
            }
        }
        areas
    }

    fn ranges(&mut self, path: &str, value: Value) -> Vec<ClockRange> {
        let Value::Array(list) = value else {
            self.fault(path, "must be a list of clock ranges like [\"08:00-18:30\"]".to_owned());
            return Vec::new();
        };
        let mut ranges: Vec<ClockRange> = Vec::new();
        for (at, value) in list.iter().enumerate() {
            match value.as_str().unwrap_or_default().parse::<ClockRange>() {
                Err(error) => self.fault(format!("{path}[{at}]"), error.to_string()),
                Ok(range) if ranges.last().is_some_and(|last| range.start() < last.end()) => {
                    self.fault(
                        format!("{path}[{at}]"),
                        "must not begin before the range before it ends".to_owned(),
                    );
                }
                Ok(range) => ranges.push(range),
            }
        }
        ranges
    }

    fn day(&mut self, path: &str, value: &Value) -> Option<Day> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        text.parse().map_err(|error: super::day::NoDate| self.fault(path, error.to_string())).ok()
    }

    fn name(&mut self, path: &str, value: Value) -> String {
        match value {
            Value::String(text) if !text.trim().is_empty() && text.chars().count() <= MAX_NAME => text,
            _ => {
                self.fault(path, format!("must be a name of 1 to {MAX_NAME} characters"));
                String::new()
            }
        }
    }

    fn optional_table(&mut self, file: &mut Table, key: &str) -> Table {
        match file.remove(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.fault(key, "must be a table of dates and names".to_owned());
                Table::new()
            }
        }
    }

    fn required(&mut self, table: &mut Table, path: &str, key: &str) -> Option<Value> {
        let value = table.remove(key);
        if value.is_none() {
            self.fault(join(path, key), "is missing".to_owned());
        }
        value
    }

    fn nothing_else(&mut self, path: &str, table: &Table) {
        for key in table.keys() {
            self.fault(
                join(path, key),
                "is no key of a calendar; take it out or mend its spelling".to_owned(),
            );
        }
    }

    fn fault(&mut self, key: impl Into<String>, problem: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(CalendarFault { key: key.into(), problem });
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"x\"\ncovers = { first_year = 2026, last_year = 2026 }\ncore_hours = {}\n";

    fn keys(text: &str) -> Vec<String> {
        Calendar::parse(text).unwrap_err().faults.into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_key() {
        let text = r#"
            covers = { first_year = 2028, last_year = 2018, middle_year = 2020 }
            holidays = []
            core_hours = { monday = ["08:00-18:30", "18:00-20:00"], tuesday = "all day", mittwoch = [] }
            [bank_holidays]
            2026-02-30 = "no day"
            2026-02-28 = ""
            [[one_off_days]]
            date = "yesterday"
            name = "x"
            areas = []
        "#;
        let expected = [
            "name",
            "covers.middle_year",
            "covers.last_year",
            "core_hours.monday[1]",
            "core_hours.tuesday",
            "core_hours.mittwoch",
            "bank_holidays.2026-02-28",
            "bank_holidays.2026-02-30",
            "one_off_days[0].core",
            "one_off_days[0].areas",
            "one_off_days[0].date",
            "holidays",
        ];
        assert_eq!(keys(text), expected);
    }

    #[test]
    fn a_day_may_be_stated_once_for_one_place() {
        let day =
            |areas: &str| format!("[[one_off_days]]\ndate = 2026-03-02\nname = \"n\"\ncore = []\n{areas}\n");
        let with = |days: &[String]| format!("{GOOD}{}", days.concat());
        assert_eq!(keys(&with(&[day(""), day("")])), ["one_off_days[1]"]);
        assert_eq!(
            keys(&with(&[day("areas = [\"QHG\"]"), day("areas = [\"QWE\", \"QHG\"]")])),
            ["one_off_days[1]"]
        );
        assert!(
            Calendar::parse(&with(&[day(""), day("areas = [\"QHG\"]"), day("areas = [\"QWE\"]")])).is_ok()
        );
    }

    #[test]
    fn what_is_no_toml_or_too_long_is_one_fault() {
        assert_eq!(keys("name = "), [""]);
        assert_eq!(keys(&format!("{GOOD}#{}", " ".repeat(Calendar::MAX_FILE_LEN))), [""]);
        let many: String = (0..500).map(|at| format!("x{at} = 1\n")).collect();
        assert_eq!(keys(&many).len(), 100);
    }

    #[test]
    fn a_bank_holiday_outside_the_covered_years_is_a_fault() {
        assert_eq!(
            keys(&format!("{GOOD}[bank_holidays]\n2027-01-01 = \"x\"\n")),
            ["bank_holidays.2027-01-01"]
        );
    }
}
