//! Days of Europe/London as plain numbers, half-open stretches of them, and the nine bands of a day.

use std::fmt;
use std::str::FromStr;

use jiff::tz::Offset;
use jiff::{Timestamp, civil};

use super::digits;

/// A calendar day in Europe/London: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// From days since 1970-01-01.
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// This many days later.
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// The civil date.
    pub fn date(self) -> civil::Date {
        let midnight = Timestamp::from_second(i64::from(self.0) * 86_400);
        Offset::UTC.to_datetime(midnight.expect("a day lies within the years that jiff knows")).date()
    }

    /// 1 for Monday to 7 for Sunday.
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        ((self.0 + 3).rem_euclid(7) + 1) as u8
    }

    /// First day of the month that this day is in.
    pub fn first_of_month(self) -> Self {
        Self::from(self.date().first_of_month())
    }

    /// First day of the month after the one that this day is in.
    pub fn first_of_next_month(self) -> Self {
        Self::from(self.date().last_of_month()).plus(1)
    }
}

impl From<civil::Date> for Day {
    fn from(date: civil::Date) -> Self {
        let days = date
            .since((jiff::Unit::Day, civil::date(1970, 1, 1)))
            .map(|span| span.get_days())
            .unwrap_or_default();
        Self(days)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        let Ok(year) = u32::try_from(date.year()) else { return write!(f, "{date}") };
        let mut text = *b"0000-00-00";
        digits::write(year, &mut text[..4]);
        digits::write(date.month().unsigned_abs().into(), &mut text[5..7]);
        digits::write(date.day().unsigned_abs().into(), &mut text[8..]);
        f.write_str(digits::text(&text))
    }
}

/// Text that is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a date like 2026-02-01, from 2000-01-01 to 2099-12-31")]
pub struct NoDate;

impl FromStr for Day {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let whole = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date: civil::Date = text.parse().map_err(|_| NoDate)?;
        if whole && (2000..=2099).contains(&date.year()) { Ok(Self::from(date)) } else { Err(NoDate) }
    }
}

/// A half-open stretch of days: `first` is in it, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days {
    /// The first day.
    pub first: Day,
    /// The day after the last one.
    pub end: Day,
}

impl Days {
    /// From the first day to the one after the last; empty where that is not later.
    pub const fn new(first: Day, end: Day) -> Self {
        Self { first, end }
    }

    /// Number of days.
    pub fn len(self) -> usize {
        usize::try_from(self.end.0 - self.first.0).unwrap_or(0)
    }

    /// Whether there is no day in it.
    pub fn is_empty(self) -> bool {
        self.end <= self.first
    }

    /// Whether `day` is in it.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day < self.end
    }

    /// The days that are in both.
    pub fn overlap(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), end: self.end.min(other.end) }
    }

    /// Day by day.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Day> + Clone {
        (self.first.0..self.end.0).map(Day)
    }
}

/// One of the nine time bands that NHS England publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Band(u8);

impl Band {
    /// How many there are.
    pub const COUNT: usize = 9;
    /// Where each begins, in seconds from midnight; the last ends at midnight.
    pub const STARTS: [u32; Self::COUNT] =
        [0, 21_600, 28_800, 36_000, 43_200, 50_400, 57_600, 64_800, 66_600];

    /// The band that holds a second of the day (by the clock).
    pub fn at(second_of_day: u32) -> Self {
        Self((Self::STARTS.partition_point(|&start| start <= second_of_day) - 1) as u8)
    }

    /// By number, from 0.
    pub const fn from_number(number: u8) -> Option<Self> {
        if (number as usize) < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Its number, from 0.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// All nine.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// First second of the day in it.
    pub const fn start(self) -> u32 {
        Self::STARTS[self.0 as usize]
    }

    /// First second after it.
    pub const fn end(self) -> u32 {
        if self.0 as usize + 1 < Self::COUNT { Self::STARTS[self.0 as usize + 1] } else { 86_400 }
    }
}
