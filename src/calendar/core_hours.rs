//! The calendar that decides which hours are core hours: data that can be replaced, applied when a question is answered and never
//! baked into what is stored.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use callgauge_schema::OdsCode;

use super::clock::ClockRange;
use super::day::{Day, Days};

/// Core hours by weekday, bank holidays, and days of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub(super) name: String,
    pub(super) covered: Days,
    pub(super) weekdays: [Vec<ClockRange>; 7],
    pub(super) bank_holidays: BTreeMap<Day, String>,
    pub(super) one_off_days: Vec<OneOffDay>,
}

/// A day with core hours of its own, for all of England or for some areas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOffDay {
    /// The day.
    pub day: Day,
    /// What happened.
    pub name: String,
    /// Its core hours in order; empty for none.
    pub core: Vec<ClockRange>,
    /// Where it holds (a local suspension or extension of core hours); empty for all of England.
    pub areas: Vec<OdsCode>,
}

impl Calendar {
    /// The built-in one: core hours of the GP contract, bank holidays of England and Wales.
    pub fn england() -> &'static Self {
        static ENGLAND: OnceLock<Calendar> = OnceLock::new();
        ENGLAND.get_or_init(|| {
            Self::parse(include_str!("england.toml")).expect("a test reads the built-in calendar")
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the bank holiday on that day, if it is one.
    pub fn bank_holiday(&self, day: Day) -> Option<&str> {
        self.bank_holidays.get(&day).map(String::as_str)
    }

    /// Core hours of that day by London's clock, in order; empty where it has none.
    ///
    /// A one-off day goes before bank holiday and weekday. Only what holds for all of England counts: one-off days with areas
    /// are kept ([`Calendar::one_off_days`]) and change nothing here.
    pub fn core(&self, day: Day) -> &[ClockRange] {
        let at = self.one_off_days.partition_point(|one| one.day < day);
        let nation_wide =
            self.one_off_days[at..].iter().take_while(|one| one.day == day).find(|one| one.areas.is_empty());
        match nation_wide {
            Some(one) => &one.core,
            None if self.bank_holidays.contains_key(&day) => &[],
            None => &self.weekdays[usize::from(day.weekday()) - 1],
        }
    }

    /// Whether every bank holiday of that day's year is listed. Outside, weekdays alone decide, which counts bank holidays as core.
    pub fn covers(&self, day: Day) -> bool {
        self.covered.contains(day)
    }

    /// The days for which every bank holiday is listed.
    pub fn covered(&self) -> Days {
        self.covered
    }

    /// All one-off days in order of day, those of single areas among them.
    pub fn one_off_days(&self) -> &[OneOffDay] {
        &self.one_off_days
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Easter Sunday in the Gregorian calendar, by golden number, century and the Sunday after the full moon.
    fn easter(year: i32) -> Day {
        let (golden, century) = (year % 19, year / 100);
        let epact = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
        let moon = epact - (epact / 28) * (1 - (epact / 28) * (29 / (epact + 1)) * ((21 - golden) / 11));
        let weekday = (year + year / 4 + moon + 2 - century + century / 4) % 7;
        let from_march = moon - weekday;
        let month = 3 + (from_march + 40) / 44;
        let of_month = from_march + 28 - 31 * (month / 4);
        Day::from(civil::date(year as i16, month as i8, of_month as i8))
    }

    /// Days off by the standing rules: the last Monday of May and August, substitutes for weekend days, and so on.
    fn by_rule(year: i32) -> Vec<Day> {
        let at = |month: i8, of_month: i8| Day::from(civil::date(year as i16, month, of_month));
        let monday_from = |day: Day| day.plus((8 - i32::from(day.weekday())) % 7);
        let working = |mut day: Day, taken: &[Day]| {
            while day.weekday() > 5 || taken.contains(&day) {
                day = day.plus(1);
            }
            day
        };
        let christmas = working(at(12, 25), &[]);
        // Boxing Day keeps its day where it can; Christmas Day on a Sunday moves behind it.
        let (christmas, boxing) = if at(12, 25).weekday() == 7 {
            (at(12, 27), at(12, 26))
        } else {
            (christmas, working(at(12, 26), &[christmas]))
        };
        let mut days = vec![
            working(at(1, 1), &[]),
            easter(year).plus(-2),
            easter(year).plus(1),
            monday_from(at(5, 1)),
            monday_from(at(5, 25)),
            monday_from(at(8, 25)),
            christmas,
            boxing,
        ];
        days.sort();
        days
    }

    #[test]
    fn bank_holidays_are_those_of_the_standing_rules_and_the_exceptions_that_were_proclaimed() {
        let moved = [("2020-05-04", "2020-05-08"), ("2022-05-30", "2022-06-02")];
        let added = ["2022-06-03", "2022-09-19", "2023-05-08"];
        let mut expected: Vec<Day> = (2018..=2028).flat_map(by_rule).collect();
        for (from, to) in moved {
            let at = expected.iter().position(|&d| d == day(from)).unwrap();
            expected[at] = day(to);
        }
        expected.extend(added.map(day));
        expected.sort();
        let listed: Vec<Day> = Calendar::england().bank_holidays.keys().copied().collect();
        assert_eq!(listed, expected);
    }

    #[test]
    fn core_hours_are_eight_to_half_past_six_on_working_days() {
        let england = Calendar::england();
        for (text, core, holiday) in [
            ("2026-02-02", "08:00-18:30", None),
            ("2026-02-06", "08:00-18:30", None),
            ("2026-02-07", "", None),
            ("2026-02-08", "", None),
            ("2026-04-03", "", Some("Good Friday")),
            ("2026-12-25", "", Some("Christmas Day")),
            ("2026-12-26", "", None),
            ("2026-12-28", "", Some("Boxing Day (substitute day)")),
            ("2020-05-04", "08:00-18:30", None),
            ("2022-09-19", "", Some("Bank holiday for the State Funeral of Queen Elizabeth II")),
            ("2028-01-03", "", Some("New Year's Day (substitute day)")),
        ] {
            let found: Vec<_> = england.core(day(text)).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), core, "{text}");
            assert_eq!(england.bank_holiday(day(text)), holiday, "{text}");
        }
    }

    #[test]
    fn it_covers_2018_to_2028() {
        for (text, covered) in
            [("2017-12-31", false), ("2018-01-01", true), ("2028-12-31", true), ("2029-01-01", false)]
        {
            assert_eq!(Calendar::england().covers(day(text)), covered, "{text}");
        }
    }

    #[test]
    fn a_one_off_day_goes_before_the_bank_holiday_unless_it_is_local() {
        let calendar = Calendar::parse(
            r#"
            name = "with a pandemic"
            covers = { first_year = 2020, last_year = 2020 }
            core_hours = { monday = ["08:00-18:30"], friday = ["08:00-18:30"] }
            [bank_holidays]
            2020-04-10 = "Good Friday"
            2020-04-13 = "Easter Monday"
            [[one_off_days]]
            date = 2020-04-13
            name = "core hours in one area only"
            core = ["08:00-18:30"]
            areas = ["qhg", "QWE"]
            [[one_off_days]]
            date = "2020-04-10"
            name = "core hours on Good Friday"
            core = ["08:00-12:00", "14:00-18:30"]
            [[one_off_days]]
            date = "2020-04-17"
            name = "a day off"
            core = []
            "#,
        )
        .unwrap();
        let core = |text| calendar.core(day(text)).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(core("2020-04-10"), ["08:00-12:00", "14:00-18:30"]);
        assert_eq!(calendar.bank_holiday(day("2020-04-10")), Some("Good Friday"), "it stays a bank holiday");
        assert_eq!(core("2020-04-13"), [""; 0]);
        assert_eq!(core("2020-04-17"), [""; 0]);
        assert_eq!(core("2020-04-20"), ["08:00-18:30"]);
        let local: Vec<_> = calendar.one_off_days().iter().filter(|one| !one.areas.is_empty()).collect();
        assert_eq!(local.len(), 1);
        assert_eq!(local[0].areas, ["QHG".parse().unwrap(), "QWE".parse().unwrap()]);
    }
}
