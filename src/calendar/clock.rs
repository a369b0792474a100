//! Stretches of the clock on London's wall: what core hours are stated in.

use std::fmt;
use std::str::FromStr;

use super::digits;

/// A half-open stretch of a day by the clock, on whole minutes: `start` is in it, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockRange {
    start: u32,
    end: u32,
}

/// Text that is no clock range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a clock range like \"08:00-18:30\", the end excluded and later than the start, \"24:00\" for midnight"
)]
pub struct NoClockRange;

impl ClockRange {
    /// The whole day.
    pub const DAY: Self = Self { start: 0, end: 86_400 };
    /// 08:00 to before 10:00.
    pub const EIGHT_TO_TEN: Self = Self { start: 28_800, end: 36_000 };

    /// First second of the day in it.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// First second of the day after it, at most 86,400.
    pub const fn end(self) -> u32 {
        self.end
    }

    /// Whether a second of the day, as the clock shows it, is in it.
    pub const fn contains(self, second: u32) -> bool {
        self.start <= second && second < self.end
    }

    /// What is in both.
    pub(crate) fn overlap(self, other: Self) -> Option<Self> {
        let both = Self { start: self.start.max(other.start), end: self.end.min(other.end) };
        (both.start < both.end).then_some(both)
    }

    /// What of the day is in none of `ranges`, which are ordered and do not overlap.
    pub(crate) fn outside(ranges: &[Self]) -> Vec<Self> {
        let mut rest = Vec::with_capacity(ranges.len() + 1);
        let mut from = 0;
        for range in ranges.iter().copied().chain([Self { start: 86_400, end: 86_400 }]) {
            if from < range.start {
                rest.push(Self { start: from, end: range.start });
            }
            from = range.end;
        }
        rest
    }
}

impl FromStr for ClockRange {
    type Err = NoClockRange;

    fn from_str(text: &str) -> Result<Self, NoClockRange> {
        let (start, end) = text.split_once('-').ok_or(NoClockRange)?;
        let range = Self { start: second(start)?, end: second(end)? };
        if range.start < range.end { Ok(range) } else { Err(NoClockRange) }
    }
}

impl fmt::Display for ClockRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", hour_and_minute(self.start), hour_and_minute(self.end))
    }
}

/// A second of the day as people write it, "08:00"; the end of the day is "24:00".
pub(crate) fn hour_and_minute(second: u32) -> String {
    digits::text(&digits::hour_and_minute(second)).to_owned()
}

fn second(text: &str) -> Result<u32, NoClockRange> {
    let (hour, minute) = text.trim().split_once(':').ok_or(NoClockRange)?;
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        if plain { digits.parse::<u32>().map_err(|_| NoClockRange) } else { Err(NoClockRange) }
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    match hour * 3_600 + minute * 60 {
        second if minute < 60 && second <= 86_400 => Ok(second),
        _ => Err(NoClockRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ordered_ranges_of_whole_minutes_within_a_day_are_read() {
        for (text, start, end) in
            [("08:00-18:30", 28_800, 66_600), ("00:00-24:00", 0, 86_400), ("08:00 - 10:00", 28_800, 36_000)]
        {
            let range: ClockRange = text.parse().unwrap();
            assert_eq!((range.start(), range.end()), (start, end), "{text}");
        }
        for text in [
            "",
            "08:00",
            "18:30-08:00",
            "08:00-08:00",
            "8:00-18:30",
            "08:60-09:00",
            "08:00-24:01",
            "+8:00-09:00",
        ] {
            assert_eq!(text.parse::<ClockRange>(), Err(NoClockRange), "{text}");
        }
    }

    #[test]
    fn what_is_outside_of_ranges_is_the_rest_of_the_day() {
        let text = |ranges: &[&str]| {
            let ranges: Vec<ClockRange> = ranges.iter().map(|text| text.parse().unwrap()).collect();
            ClockRange::outside(&ranges).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(text(&[]), ["00:00-24:00"]);
        assert_eq!(text(&["00:00-24:00"]), [""; 0]);
        assert_eq!(text(&["08:00-12:00", "13:00-18:30"]), ["00:00-08:00", "12:00-13:00", "18:30-24:00"]);
        assert_eq!(text(&["00:00-08:00", "08:00-09:00"]), ["09:00-24:00"]);
    }
}
