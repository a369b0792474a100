//! Cuts a range of days into buckets, and says for any instant which bucket holds it.

use std::collections::HashMap;

use callgauge_schema::Moment;

use super::bucket::{Bucket, Edge};
use super::clock::ClockRange;
use super::core_hours::Calendar;
use super::day::{Day, Days};
use super::granularity::{Granularity, Hours, Profile};
use super::london::start_of;
use super::period::{label, period};
use super::shape::{Cut, Shape, length};
use super::slots::Slots;

/// The buckets of a question, laid out so that an instant finds its own in a few steps.
#[derive(Clone, Debug)]
pub struct Buckets {
    list: Vec<Bucket>,
    /// Whole days that each bucket of a timeline lies in; empty for a profile.
    spans: Vec<Days>,
    range: Days,
    days: Vec<DayPlan>,
    shapes: Vec<Shape>,
}

/// Why a range cannot be cut as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBuckets {
    /// No day.
    #[error("the range has no day: the end, which is excluded, must be later than the first day")]
    Empty,
    /// Before 2000 or after 2099.
    #[error("the range must lie between 2000-01-01 and 2099-12-31")]
    OutOfReach,
    /// Too many days.
    #[error("the range is {days} days long; ask for at most {limit}")]
    TooLong {
        /// Days asked for.
        days: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// Too many buckets.
    #[error("the range has more than {0} buckets; ask for a shorter range or longer buckets")]
    TooMany(usize),
    /// Profile and granularity do not go together.
    #[error("profile {} does not go with granularity {}: {needed}", profile.name(), granularity.name())]
    Profile {
        /// The profile.
        profile: Profile,
        /// The granularity.
        granularity: Granularity,
        /// What would be right.
        needed: &'static str,
    },
}

#[derive(Clone, Copy, Debug)]
struct DayPlan {
    /// First second, since 1970.
    start: i64,
    /// Position in `shapes`.
    shape: u32,
    /// Bucket of the shape's part 0.
    base: u32,
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Buckets {
    /// The most days of a range: 50 years.
    pub const MAX_DAYS: usize = 18_263;
    /// The most buckets.
    pub const MAX_BUCKETS: usize = 400_000;

    /// Lays out the buckets of `days`. Buckets without any of the hours asked for are left out, so that there may be none.
    ///
    /// # Errors
    /// Where the range is empty or too long, or profile and granularity do not go together.
    pub fn plan(
        days: Days,
        granularity: Granularity,
        profile: Profile,
        hours: Hours,
        calendar: &Calendar,
    ) -> Result<Self, NoBuckets> {
        check(days, granularity, profile)?;
        let cut = Cut::new(granularity, profile);
        let mut buckets = Self {
            list: Vec::new(),
            spans: Vec::new(),
            range: days,
            days: Vec::with_capacity(days.len()),
            shapes: Vec::new(),
        };
        let weekdays = buckets.shape_days(days, cut, profile, hours, calendar);
        if !profile.is_none() {
            buckets.fold(cut, profile, &weekdays);
        } else if cut == Cut::Whole {
            buckets.line_up_periods(granularity)?;
        } else {
            buckets.line_up_parts(cut)?;
        }
        Ok(buckets)
    }

    /// The buckets in order of time; of a profile by weekday, then clock.
    pub fn list(&self) -> &[Bucket] {
        &self.list
    }

    /// The days asked for.
    pub fn range(&self) -> Days {
        self.range
    }

    /// The bucket that an instant falls into, as a position in [`Buckets::list`]; `None` outside of range or hours.
    pub fn slot(&self, at: Moment) -> Option<u32> {
        let secs = at.secs();
        let first = self.days.first()?.start;
        // Days are an hour longer or shorter only when clocks change, so the guess is off by one day at most.
        let mut guess = usize::try_from((secs - first).div_euclid(86_400)).ok()?;
        if guess >= self.days.len() || secs < self.days[guess].start {
            guess = guess.checked_sub(1)?;
        }
        if self.days.get(guess + 1).is_some_and(|next| next.start <= secs) {
            guess += 1;
        }
        let day = self.days.get(guess)?;
        let minutes = &self.shapes[day.shape as usize].minutes;
        let part = *minutes.get(usize::try_from((secs - day.start) / 60).ok()?)?;
        (part != Shape::NONE).then(|| day.base + u32::from(part))
    }

    /// The same as a table of bands; `None` where a band is split between buckets, or between a bucket and none.
    pub fn slots(&self) -> Option<Slots> {
        let mut table = Vec::with_capacity(self.days.len());
        for day in &self.days {
            let bands = self.shapes[day.shape as usize].bands?;
            table.push(bands.map(|part: u16| match part {
                Shape::NONE => Slots::NONE,
                part => day.base + u32::from(part),
            }));
        }
        Some(Slots { first: self.range.first, table })
    }

    /// The days that have any time in a bucket, as ordered stretches; of a profile all that match. Empty for no bucket of the list.
    pub fn days_of(&self, bucket: u32) -> Vec<Days> {
        let within = match self.spans.get(bucket as usize) {
            Some(&span) => span,
            None if (bucket as usize) < self.list.len() => self.range,
            None => return Vec::new(),
        };
        let folded = self.spans.is_empty();
        let mut found: Vec<Days> = Vec::new();
        for day in within.iter() {
            let Ok(at) = usize::try_from(day.number() - self.range.first.number()) else { continue };
            let shape = &self.shapes[self.days[at].shape as usize];
            let touches = if folded {
                shape.minutes.iter().any(|&part| u32::from(part) == bucket)
            } else {
                !shape.is_empty()
            };
            match found.last_mut() {
                _ if !touches => {}
                Some(last) if last.end == day => last.end = day.plus(1),
                _ => found.push(Days::new(day, day.plus(1))),
            }
        }
        found
    }

    /// Finds the shape of every day; returns the weekday that each shape is for, 0 where that does not matter.
    fn shape_days(
        &mut self,
        days: Days,
        cut: Cut,
        profile: Profile,
        hours: Hours,
        calendar: &Calendar,
    ) -> Vec<u8> {
        let mut known: HashMap<(u32, u8, Vec<ClockRange>), u32> = HashMap::new();
        let mut weekdays = Vec::new();
        for day in days.iter() {
            let weekday = if profile.weekday { day.weekday() } else { 0 };
            let key = (length(day), weekday, wanted(hours, calendar.core(day)));
            let shape = known.get(&key).copied().unwrap_or_else(|| {
                self.shapes.push(Shape::new(day, cut, &key.2));
                weekdays.push(weekday);
                let shape = self.shapes.len() as u32 - 1;
                known.insert(key, shape);
                shape
            });
            self.days.push(DayPlan { start: start_of(day).secs(), shape, base: 0 });
        }
        weekdays
    }

    /// Buckets of whole days and longer.
    fn line_up_periods(&mut self, granularity: Granularity) -> Result<(), NoBuckets> {
        let range = self.range;
        let mut open: Option<Days> = None;
        let mut at = 0;
        for day in range.iter() {
            if open.is_none_or(|period| period.end <= day) {
                open = Some(if granularity == Granularity::Total { range } else { period(granularity, day) });
                at = self.list.len();
            }
            let whole = open.unwrap_or(range);
            let plan = &mut self.days[(day.number() - range.first.number()) as usize];
            plan.base = at as u32;
            if self.shapes[plan.shape as usize].is_empty() || at < self.list.len() {
                continue;
            }
            let clipped = whole.overlap(range);
            let label = match granularity {
                Granularity::Total => format!("{} to {}", range.first, range.end.plus(-1)),
                _ => label(granularity, whole.first),
            };
            self.push(
                clipped,
                Bucket {
                    start: Edge::Instant(start_of(clipped.first)),
                    end: Edge::Instant(start_of(clipped.end)),
                    partial: clipped != whole,
                    label,
                    weekday: 0,
                },
            )?;
        }
        Ok(())
    }

    /// Buckets that are parts of days.
    fn line_up_parts(&mut self, cut: Cut) -> Result<(), NoBuckets> {
        for (at, day) in self.range.iter().enumerate() {
            self.days[at].base = self.list.len() as u32;
            let DayPlan { start, shape, .. } = self.days[at];
            let called = day.to_string();
            for at in 0..self.shapes[shape as usize].parts.len() {
                let part = self.shapes[shape as usize].parts[at];
                let instant = |minute: u32| {
                    Edge::Instant(Moment::from_millis((start + i64::from(minute) * 60) * 1_000))
                };
                self.push(
                    Days::new(day, day.plus(1)),
                    Bucket {
                        start: instant(part.from),
                        end: instant(part.until),
                        partial: false,
                        label: [called.as_str(), " ", &part.label(cut)].concat(),
                        weekday: 0,
                    },
                )?;
            }
        }
        Ok(())
    }

    /// Buckets of a profile: one for each weekday and part that any day of the range has.
    fn fold(&mut self, cut: Cut, profile: Profile, weekdays: &[u8]) {
        let mut all: Vec<(u8, u16, Bucket)> = Vec::new();
        for (shape, &weekday) in self.shapes.iter().zip(weekdays) {
            for part in &shape.parts {
                let day_name = weekday.checked_sub(1).map(|at| WEEKDAYS[usize::from(at)]);
                let (start, end, label) = if profile.time_of_day {
                    let time = part.label(cut);
                    let label = day_name.map_or(time.clone(), |name| format!("{name} {time}"));
                    (Edge::Clock(part.clock_start), Edge::Clock(part.clock_end), label)
                } else {
                    (Edge::None, Edge::None, day_name.unwrap_or_default().to_owned())
                };
                all.push((weekday, part.place, Bucket { start, end, partial: false, label, weekday }));
            }
        }
        all.sort_by_key(|&(weekday, place, _)| (weekday, place));
        all.dedup_by_key(|&mut (weekday, place, _)| (weekday, place));
        for (shape, &weekday) in self.shapes.iter_mut().zip(weekdays) {
            shape.renumber(|part| {
                all.partition_point(|&(other, place, _)| (other, place) < (weekday, part.place)) as u16
            });
        }
        self.list = all.into_iter().map(|(_, _, bucket)| bucket).collect();
    }

    fn push(&mut self, span: Days, bucket: Bucket) -> Result<(), NoBuckets> {
        if self.list.len() == Self::MAX_BUCKETS {
            return Err(NoBuckets::TooMany(Self::MAX_BUCKETS));
        }
        self.list.push(bucket);
        self.spans.push(span);
        Ok(())
    }
}

fn check(days: Days, granularity: Granularity, profile: Profile) -> Result<(), NoBuckets> {
    if days.is_empty() {
        return Err(NoBuckets::Empty);
    }
    let reach = Days::new(Day::from_number(10_957), Day::from_number(47_482));
    if days.overlap(reach) != days {
        return Err(NoBuckets::OutOfReach);
    }
    if days.len() > Buckets::MAX_DAYS {
        return Err(NoBuckets::TooLong { days: days.len(), limit: Buckets::MAX_DAYS });
    }
    let needed = match (profile.weekday, profile.time_of_day) {
        (false, false) => return Ok(()),
        (true, false) if granularity == Granularity::Day => return Ok(()),
        (_, true) if granularity.is_part_of_day() => return Ok(()),
        (true, false) => "weekday alone needs granularity day",
        (_, true) => "time_of_day needs granularity nhs_band, hour, half_hour or quarter_hour",
    };
    Err(NoBuckets::Profile { profile, granularity, needed })
}

/// The hours of a day that count, ordered, not overlapping.
fn wanted(hours: Hours, core: &[ClockRange]) -> Vec<ClockRange> {
    match hours {
        Hours::All => vec![ClockRange::DAY],
        Hours::Core => core.to_vec(),
        Hours::NonCore => ClockRange::outside(core),
        Hours::CoreEightToTen => {
            core.iter().filter_map(|range| range.overlap(ClockRange::EIGHT_TO_TEN)).collect()
        }
    }
}
