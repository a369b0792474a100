//! Buckets, found by walking through the range in quarter hours and looking at the clock: every edge there is lies on a quarter hour.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use callgauge::proto::v1::{Bucket, Granularity, Hours};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};

use super::call::{Clock, london};

const QUARTER_HOUR: i64 = 900_000;

/// Days without core hours though they are weekdays: bank holidays of England and Wales, as gov.uk lists them.
const HOLIDAYS: [(i16, i8, i8); 12] = [
    (2024, 12, 25),
    (2024, 12, 26),
    (2025, 1, 1),
    (2025, 4, 18),
    (2025, 4, 21),
    (2025, 5, 5),
    (2025, 5, 26),
    (2025, 8, 25),
    (2025, 12, 25),
    (2025, 12, 26),
    (2026, 1, 1),
    (2026, 4, 3),
];

/// Which bucket: numbers that tell two buckets apart and order them by time.
pub(crate) type Key = [i64; 4];

/// How time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cut {
    pub(crate) first: Date,
    pub(crate) end: Date,
    pub(crate) granularity: Granularity,
    pub(crate) weekday: bool,
    pub(crate) time_of_day: bool,
    pub(crate) hours: Hours,
}

/// The buckets of a cut.
pub(crate) struct Buckets {
    /// In order of time.
    pub(crate) by_key: BTreeMap<Key, Bucket>,
    /// The days that have any time in each, in order.
    pub(crate) days: HashMap<Key, Vec<Date>>,
    keys: HashMap<(String, String, i32), Key>,
}

impl Buckets {
    /// The key of a bucket as the service shows it.
    pub(crate) fn key(&self, shown: &Bucket) -> Option<Key> {
        self.keys.get(&edges(shown)).copied()
    }
}

impl Cut {
    /// The bucket of an instant; none outside the range or the hours.
    pub(crate) fn key(&self, clock: Clock) -> Option<Key> {
        (self.first <= clock.date && clock.date < self.end && self.counts(clock)).then(|| self.name(clock))
    }

    /// Every bucket with any time in it, in order, as the service should show it; labels left out. Kept, since the same cuts come again and again.
    pub(crate) fn buckets(&self) -> Arc<Buckets> {
        static CUTS: OnceLock<Mutex<HashMap<Cut, Arc<Buckets>>>> = OnceLock::new();
        let mut cuts = CUTS.get_or_init(Mutex::default).lock().expect("nobody panics with it");
        Arc::clone(cuts.entry(*self).or_insert_with(|| Arc::new(self.walk())))
    }

    fn walk(&self) -> Buckets {
        let quarters = quarter_hours(self.first, self.end);
        let mut stretches: HashMap<Key, (i64, i64, Clock)> = HashMap::new();
        let mut wanted: Vec<Key> = Vec::new();
        let mut days: HashMap<Key, Vec<Date>> = HashMap::new();
        for &(millis, clock) in quarters.iter() {
            let name = self.name(clock);
            stretches.entry(name).or_insert((millis, millis, clock)).1 = millis + QUARTER_HOUR;
            if self.counts(clock) && wanted.last() != Some(&name) {
                wanted.push(name);
            }
            if self.counts(clock) {
                let days = days.entry(name).or_default();
                if days.last() != Some(&clock.date) {
                    days.push(clock.date);
                }
            }
        }
        let (first, last) = (quarters[0].0, quarters[quarters.len() - 1].0);
        let outside = [first - QUARTER_HOUR, last + QUARTER_HOUR].map(|millis| self.name(Clock::at(millis)));
        let folded = self.weekday || self.time_of_day;
        let bucket = |name: Key| {
            let (from, until, clock) = stretches[&name];
            let (start, end) = match (folded, self.time_of_day) {
                (true, true) => self.clock_edges(clock),
                (true, false) => (String::new(), String::new()),
                (false, _) => (iso(from), iso(until)),
            };
            Bucket {
                start,
                end,
                partial: !folded && self.granularity != Granularity::Total && outside.contains(&name),
                label: String::new(),
                weekday: if self.weekday { name[0] as i32 } else { 0 },
            }
        };
        let by_key: BTreeMap<Key, Bucket> = wanted.into_iter().map(|name| (name, bucket(name))).collect();
        let keys = by_key.iter().map(|(key, bucket)| (edges(bucket), *key)).collect();
        Buckets { by_key, days, keys }
    }

    fn counts(&self, clock: Clock) -> bool {
        let weekend = clock.date.weekday().to_monday_one_offset() > 5;
        let holiday = HOLIDAYS.iter().any(|&(year, month, day)| clock.date == date(year, month, day));
        let minutes = clock.hour * 60 + clock.minute;
        let core = !weekend && !holiday && (8 * 60..18 * 60 + 30).contains(&minutes);
        match self.hours {
            Hours::Unspecified | Hours::All => true,
            Hours::Core => core,
            Hours::NonCore => !core,
            Hours::Core0800To1000 => core && clock.hour < 10,
        }
    }

    fn name(&self, clock: Clock) -> Key {
        let Clock { date, hour, minute, offset } = clock;
        let (year, month) = (i64::from(date.year()), i64::from(date.month()));
        let day = number(date);
        let weekday = i64::from(date.weekday().to_monday_one_offset());
        let band = band(hour, minute);
        if self.weekday || self.time_of_day {
            let weekday = if self.weekday { weekday } else { 0 };
            return match self.granularity {
                _ if !self.time_of_day => [weekday, 0, 0, 0],
                Granularity::NhsBand => [weekday, band, 0, 0],
                Granularity::Hour => [weekday, hour, 0, 0],
                Granularity::HalfHour => [weekday, hour, minute / 30, 0],
                _ => [weekday, hour, minute / 15, 0],
            };
        }
        match self.granularity {
            Granularity::Unspecified | Granularity::Total => [0; 4],
            Granularity::Year => [year, 0, 0, 0],
            Granularity::FinancialYear => [if month < 4 { year - 1 } else { year }, 0, 0, 0],
            Granularity::Quarter | Granularity::FinancialQuarter => [year, (month - 1) / 3, 0, 0],
            Granularity::Month => [year, month, 0, 0],
            Granularity::Week => [day - weekday, 0, 0, 0],
            Granularity::Day => [day, 0, 0, 0],
            Granularity::NhsBand => [day, band, 0, 0],
            // In October an hour comes twice, first in summer time.
            Granularity::Hour => [day, hour, -offset, 0],
            Granularity::HalfHour => [day, hour, -offset, minute / 30],
            Granularity::QuarterHour => [day, hour, -offset, minute / 15],
        }
    }

    fn clock_edges(&self, clock: Clock) -> (String, String) {
        let minutes = match self.granularity {
            Granularity::NhsBand => {
                let edges = [0, 360, 480, 600, 720, 840, 960, 1_080, 1_110, 1_440];
                let band = band(clock.hour, clock.minute) as usize;
                (edges[band], edges[band + 1])
            }
            granularity => {
                let long = match granularity {
                    Granularity::Hour => 60,
                    Granularity::HalfHour => 30,
                    _ => 15,
                };
                let start = (clock.hour * 60 + clock.minute) / long * long;
                (start, start + long)
            }
        };
        let text = |minutes: i64| format!("{:02}:{:02}:00", minutes / 60, minutes % 60);
        (text(minutes.0), text(minutes.1))
    }
}

/// Days since 1970.
fn number(day: Date) -> i64 {
    let since = day.since((jiff::Unit::Day, date(1970, 1, 1))).expect("dates are in range");
    since.get_days().into()
}

fn band(hour: i64, minute: i64) -> i64 {
    match (hour, minute) {
        (0..=5, _) => 0,
        (6..=7, _) => 1,
        (8..=9, _) => 2,
        (10..=11, _) => 3,
        (12..=13, _) => 4,
        (14..=15, _) => 5,
        (16..=17, _) => 6,
        (18, 0..=29) => 7,
        _ => 8,
    }
}

fn iso(millis: i64) -> String {
    let instant = Timestamp::from_millisecond(millis).expect("the range is in range");
    instant.to_zoned(london()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// What tells two buckets of a cut apart in an answer.
fn edges(bucket: &Bucket) -> (String, String, i32) {
    (bucket.start.clone(), bucket.end.clone(), bucket.weekday)
}

/// Every quarter hour of a range with what the clock shows.
fn quarter_hours(first: Date, end: Date) -> Vec<(i64, Clock)> {
    let noon = first.at(12, 0, 0, 0).to_zoned(london()).expect("noon is once a day");
    let mut millis = (noon.timestamp() - 14.hours()).as_millisecond();
    let mut walk = Vec::new();
    loop {
        let clock = Clock::at(millis);
        if clock.date >= end {
            return walk;
        }
        if clock.date >= first {
            walk.push((millis, clock));
        }
        millis += QUARTER_HOUR;
    }
}
