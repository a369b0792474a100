//! What the clock on a wall in London shows, fast: jiff's rules for Europe/London, laid out as a table once.

use std::sync::OnceLock;

use callgauge_schema::Moment;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::day::Day;

/// A time on London's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LondonTime {
    /// The day.
    pub day: Day,
    /// Second of the day as the clock shows it, 0 to 86,399. When clocks go back, one hour shows the same twice.
    pub second: u32,
    /// Offset from UTC in seconds: 0 or 3,600.
    pub offset: i32,
}

/// The time zone, from jiff's bundled data.
pub fn zone() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| {
        TimeZone::get("Europe/London").unwrap_or_else(|_| unreachable!("jiff bundles Europe/London"))
    })
}

/// When the offset changed, in seconds since 1970, and what it was from then on; from 1999 to the end of 2100.
fn transitions() -> &'static [(i64, i32)] {
    static TABLE: OnceLock<Vec<(i64, i32)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let from = Timestamp::constant(915_148_800, 0);
        let end = Timestamp::constant(4_133_980_800, 0);
        let mut table = vec![(i64::MIN, zone().to_offset(from).seconds())];
        table.extend(
            zone()
                .following(from)
                .take_while(|t| t.timestamp() < end)
                .map(|t| (t.timestamp().as_second(), t.offset().seconds())),
        );
        table
    })
}

/// What London's clock shows at an instant.
pub fn london(at: Moment) -> LondonTime {
    let table = transitions();
    let secs = at.secs();
    let offset = table[table.partition_point(|&(from, _)| from <= secs) - 1].1;
    let local = secs + i64::from(offset);
    LondonTime {
        day: Day::from_number(local.div_euclid(86_400) as i32),
        second: local.rem_euclid(86_400) as u32,
        offset,
    }
}

/// The instant at which a day begins in London.
pub fn start_of(day: Day) -> Moment {
    let secs = i64::from(day.number()) * 86_400;
    // Clocks change at 01:00 UTC, so at midnight the offset is what it was an hour before or is an hour after.
    let summer = Moment::from_millis((secs - 3_600) * 1_000);
    if london(summer).day == day { summer } else { Moment::from_millis(secs * 1_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_jiff_says_at_every_quarter_hour_of_clock_changes_and_through_the_years() {
        let check = |secs: i64| {
            let ours = london(Moment::from_millis(secs * 1_000 + 7));
            let theirs = Timestamp::from_second(secs).expect("in range").to_zoned(zone().clone());
            assert_eq!(Day::from(theirs.date()), ours.day, "{theirs}");
            let time = theirs.time();
            assert_eq!(
                time.hour() as u32 * 3_600 + time.minute() as u32 * 60 + time.second() as u32,
                ours.second,
                "{theirs}"
            );
        };
        for step in 0..200_000_i64 {
            check(946_684_800 + step * 15_551);
        }
        for &(at, _) in &transitions()[1..] {
            for quarter in -10..10 {
                check(at + quarter * 900);
                check(at + quarter * 900 - 1);
            }
        }
    }

    #[test]
    fn a_day_begins_where_its_first_second_is() {
        for number in 10_957..30_000 {
            let day = Day::from_number(number);
            let start = start_of(day);
            assert_eq!((london(start).day, london(start).second), (day, 0), "{day}");
            assert_eq!(london(start.plus_millis(-1)).day, day.plus(-1), "{day}");
        }
    }
}
