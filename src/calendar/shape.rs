//! How a day of one kind is cut, minute by minute: most days of a range are alike, so that few shapes serve all of them.

use super::clock::{ClockRange, hour_and_minute};
use super::day::{Band, Day};
use super::granularity::{Granularity, Profile};
use super::london::{london, start_of};

/// Minutes of a day and the parts they fall into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// By minutes since the day began: a part, or [`Shape::NONE`]. In a timeline counted from the day's first part, in a profile from the first of all.
    pub(super) minutes: Vec<u16>,
    /// The parts that any minute falls into, in order of time.
    pub(super) parts: Vec<Part>,
    /// By band the part that all its minutes fall into, or none; absent where a band is split.
    pub(super) bands: Option<[u16; Band::COUNT]>,
}

/// A part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The place of the part among all parts that such a day could have.
    pub(super) place: u16,
    /// First minute since the day began.
    pub(super) from: u32,
    /// First minute after it, since the day began.
    pub(super) until: u32,
    /// First second by the clock.
    pub(super) clock_start: u32,
    /// First second after it by the clock.
    pub(super) clock_end: u32,
}

/// What days are cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Not at all.
    Whole,
    /// Bands.
    Bands,
    /// Stretches of this many minutes, as time passes: an hour that happens twice is two.
    Passing(u32),
    /// Stretches of this many minutes by the clock: an hour that happens twice is one.
    Clock(u32),
}

impl Cut {
    pub(super) fn new(granularity: Granularity, profile: Profile) -> Self {
        let every = if profile.time_of_day { Self::Clock } else { Self::Passing };
        match granularity {
            Granularity::NhsBand => Self::Bands,
            Granularity::Hour => every(60),
            Granularity::HalfHour => every(30),
            Granularity::QuarterHour => every(15),
            Granularity::Total
            | Granularity::Year
            | Granularity::FinancialYear
            | Granularity::Quarter
            | Granularity::FinancialQuarter
            | Granularity::Month
            | Granularity::Week
            | Granularity::Day => Self::Whole,
        }
    }

    fn place(self, passed: u32, clock: u32) -> u32 {
        match self {
            Self::Whole => 0,
            Self::Bands => u32::from(Band::at(clock * 60).number()),
            Self::Passing(every) => passed / every,
            Self::Clock(every) => clock / every,
        }
    }

    /// Clock seconds of the part that this clock minute falls into.
    fn clock(self, clock: u32) -> (u32, u32) {
        match self {
            Self::Whole => (0, 86_400),
            Self::Bands => (Band::at(clock * 60).start(), Band::at(clock * 60).end()),
            Self::Passing(every) | Self::Clock(every) => {
                let start = clock / every * every * 60;
                (start, start + every * 60)
            }
        }
    }
}

impl Part {
    /// What people call it by the clock: "08:00", a band "08:00-09:59".
    pub(super) fn label(&self, cut: Cut) -> String {
        match cut {
            Cut::Bands => {
                format!("{}-{}", hour_and_minute(self.clock_start), hour_and_minute(self.clock_end - 60))
            }
            Cut::Whole | Cut::Passing(_) | Cut::Clock(_) => hour_and_minute(self.clock_start),
        }
    }
}

impl Shape {
    /// No part: this minute is not asked for.
    pub(super) const NONE: u16 = u16::MAX;

    /// The shape of a day, and of all days of the same length and with the same hours. `hours` are ordered and do not overlap.
    pub(super) fn new(day: Day, cut: Cut, hours: &[ClockRange]) -> Self {
        let clock = clock_minutes(day);
        let counts = |clock: u32| hours.iter().any(|range| range.contains(clock * 60));
        let mut all: Vec<(Part, bool)> = Vec::new();
        let mut positions = Vec::with_capacity(clock.len());
        for (passed, &clock) in clock.iter().enumerate() {
            let passed = passed as u32;
            let place = cut.place(passed, clock) as u16;
            let at = all.iter().rposition(|(part, _)| part.place == place).unwrap_or_else(|| {
                let (clock_start, clock_end) = cut.clock(clock);
                all.push((Part { place, from: passed, until: passed, clock_start, clock_end }, false));
                all.len() - 1
            });
            all[at].0.until = passed + 1;
            all[at].1 |= counts(clock);
            positions.push(at);
        }
        let mut kept = 0;
        let renumbered: Vec<u16> = all
            .iter()
            .map(|&(_, used)| {
                kept += u16::from(used);
                if used { kept - 1 } else { Self::NONE }
            })
            .collect();
        let minutes: Vec<u16> = positions
            .iter()
            .zip(&clock)
            .map(|(&at, &clock)| if counts(clock) { renumbered[at] } else { Self::NONE })
            .collect();
        let bands = bands(&minutes, &clock);
        Self {
            minutes,
            parts: all.into_iter().filter(|&(_, used)| used).map(|(part, _)| part).collect(),
            bands,
        }
    }

    /// Whether no minute of such a day is asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Gives every part another number.
    pub(super) fn renumber(&mut self, number: impl Fn(&Part) -> u16) {
        let numbers: Vec<u16> = self.parts.iter().map(number).collect();
        let all = self.minutes.iter_mut().chain(self.bands.iter_mut().flatten());
        for part in all.filter(|part| **part != Self::NONE) {
            *part = numbers[usize::from(*part)];
        }
    }
}

/// Minutes of a day, 1,380 and 1,500 when clocks change.
pub(super) fn length(day: Day) -> u32 {
    ((start_of(day.plus(1)).secs() - start_of(day).secs()) / 60) as u32
}

/// What the clock shows, minute by minute as the day passes, in minutes.
fn clock_minutes(day: Day) -> Vec<u32> {
    let start = start_of(day);
    (0..length(day)).map(|passed| london(start.plus_millis(i64::from(passed) * 60_000)).second / 60).collect()
}

fn bands(minutes: &[u16], clock: &[u32]) -> Option<[u16; Band::COUNT]> {
    let mut bands = [None; Band::COUNT];
    for (&part, &clock) in minutes.iter().zip(clock) {
        let band = &mut bands[usize::from(Band::at(clock * 60).number())];
        if *band.get_or_insert(part) != part {
            return None;
        }
    }
    Some(bands.map(|part| part.unwrap_or(Shape::NONE)))
}
