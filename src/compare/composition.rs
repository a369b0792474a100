//! What a stretch of time is made of: working days, Mondays, bank holidays, hours. Calls follow these closely, so nothing is like for like without them.
//!
//! Expected calls are indirectly standardised: E = list x sum over day classes and hours of (hours of that kind x r), with r = all calls of the peers / (their lists x hours of
//! that kind). An expected number of answered calls is the same sum over calls instead of hours, with r the peers' answered share.

use crate::calendar::{Calendar, Day, Days, london, start_of};

#[cfg(test)]
mod tests;

/// What kind of day it is, as far as calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayClass {
    /// A working Monday after an ordinary weekend.
    Monday,
    /// A working Tuesday.
    Tuesday,
    /// A working Wednesday.
    Wednesday,
    /// A working Thursday.
    Thursday,
    /// A working Friday before an ordinary weekend.
    Friday,
    /// The first working day after a bank holiday or another closure on a weekday.
    AfterClosure,
    /// The last working day before one. A day that is both counts as [`DayClass::AfterClosure`].
    BeforeClosure,
    /// No core hours: weekends, bank holidays, other closures.
    Closed,
}

impl DayClass {
    /// How many there are.
    pub const COUNT: usize = 8;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::AfterClosure,
        Self::BeforeClosure,
        Self::Closed,
    ];

    /// The class of a day.
    pub fn of(calendar: &Calendar, day: Day) -> Self {
        let open = |day: Day| !calendar.core(day).is_empty();
        if !open(day) {
            return Self::Closed;
        }
        // A run of closed days holds a closure where one of them is a weekday. No run is as long as a month.
        let closure = |step: i32| {
            (1..31).map(|by| day.plus(step * by)).take_while(|&day| !open(day)).any(|day| day.weekday() <= 5)
        };
        if closure(-1) {
            return Self::AfterClosure;
        }
        if closure(1) {
            return Self::BeforeClosure;
        }
        match day.weekday() {
            1 => Self::Monday,
            2 => Self::Tuesday,
            3 => Self::Wednesday,
            4 => Self::Thursday,
            5 => Self::Friday,
            // A Saturday that a one-off day opens is like the day before it.
            _ => Self::Friday,
        }
    }
}

/// A number for every class of day and hour of London's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells(pub [[f64; 24]; DayClass::COUNT]);

impl Default for Cells {
    fn default() -> Self {
        Self([[0.0; 24]; DayClass::COUNT])
    }
}

impl Cells {
    /// The number of a class and hour (0 to 23).
    pub fn at(&self, class: DayClass, hour: usize) -> Option<f64> {
        self.0[class as usize].get(hour).copied()
    }

    /// Adds to a class and hour; an hour over 23 is none.
    pub fn add(&mut self, class: DayClass, hour: usize, number: f64) {
        if let Some(cell) = self.0[class as usize].get_mut(hour) {
            *cell += number;
        }
    }

    /// Adds `times` the numbers of another.
    pub fn add_all(&mut self, other: &Self, times: f64) {
        let others = other.0.iter().flatten();
        self.0.iter_mut().flatten().zip(others).for_each(|(cell, other)| *cell += times * other);
    }

    /// The sum of all.
    pub fn total(&self) -> f64 {
        self.0.iter().flatten().sum()
    }

    /// Every class and hour with its number.
    pub fn iter(&self) -> impl Iterator<Item = (DayClass, usize, f64)> + '_ {
        DayClass::ALL.into_iter().zip(&self.0).flat_map(|(class, hours)| {
            hours.iter().enumerate().map(move |(hour, &number)| (class, hour, number))
        })
    }
}

/// Why nothing can be said of what a stretch is made of, or expected in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompositionRefusal {
    /// No day.
    #[error("the stretch has no day in it")]
    Empty,
    /// Days over 40 years.
    #[error("the stretch is over {} days long: take a shorter one", Composition::MOST_DAYS)]
    TooLong,
    /// Bank holidays not known.
    #[error("the calendar does not list the bank holidays of {0}: replace it by one that does")]
    NotCovered(Day),
    /// No rate for what occurs.
    #[error(
        "the peers have nothing on days of class {class:?} at {hour}:00, which the stretch holds: take a longer window for them"
    )]
    NoRate {
        /// The class of day.
        class: DayClass,
        /// The hour, 0 to 23.
        hour: usize,
    },
    /// A number that is none.
    #[error("numbers of calls, lists and hours must be finite and not negative")]
    NotACount,
}

/// What a stretch of days is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition {
    /// All days.
    pub days: u32,
    /// Mondays to Fridays.
    pub weekdays: u32,
    /// Bank holidays on weekdays.
    pub bank_holidays: u32,
    /// Days with core hours.
    pub working_days: u32,
    /// Days with core hours, Mondays first; weekends are in none.
    pub working: [u32; 5],
    /// Working days after a day without core hours, ordinary Mondays among them.
    pub after_any_closure: u32,
    /// Days by class, in the order of [`DayClass::ALL`].
    pub classes: [u32; DayClass::COUNT],
    /// Hours by class and hour of the clock. When clocks go back an hour is there twice, when they go forward not at all.
    pub hours: Cells,
}

impl Composition {
    /// Longest stretch: 40 years.
    pub const MOST_DAYS: usize = 14_610;

    /// Of the days of a stretch, by the core hours and bank holidays of a calendar.
    ///
    /// # Errors
    /// [`CompositionRefusal::Empty`], [`CompositionRefusal::TooLong`], and [`CompositionRefusal::NotCovered`] where the calendar cannot know.
    pub fn of(calendar: &Calendar, days: Days) -> Result<Self, CompositionRefusal> {
        if days.is_empty() {
            return Err(CompositionRefusal::Empty);
        }
        if days.len() > Self::MOST_DAYS {
            return Err(CompositionRefusal::TooLong);
        }
        if let Some(day) = days.iter().find(|&day| !calendar.covers(day)) {
            return Err(CompositionRefusal::NotCovered(day));
        }
        let mut found = Self {
            days: days.len() as u32,
            weekdays: 0,
            bank_holidays: 0,
            working_days: 0,
            working: [0; 5],
            after_any_closure: 0,
            classes: [0; DayClass::COUNT],
            hours: Cells::default(),
        };
        for day in days.iter() {
            found.add(calendar, day);
        }
        Ok(found)
    }

    fn add(&mut self, calendar: &Calendar, day: Day) {
        let class = DayClass::of(calendar, day);
        let weekday = usize::from(day.weekday()) - 1;
        self.classes[class as usize] += 1;
        self.weekdays += u32::from(weekday < 5);
        self.bank_holidays += u32::from(weekday < 5 && calendar.bank_holiday(day).is_some());
        if class != DayClass::Closed {
            self.working_days += 1;
            self.after_any_closure += u32::from(calendar.core(day.plus(-1)).is_empty());
            if let Some(working) = self.working.get_mut(weekday) {
                *working += 1;
            }
        }
        let start = start_of(day);
        let hours = (start_of(day.plus(1)).secs() - start.secs()) / 3_600;
        for passed in 0..hours {
            let hour = london(start.plus_millis(passed * 3_600_000)).second / 3_600;
            self.hours.add(class, hour as usize, 1.0);
        }
    }

    /// Working Mondays.
    pub fn working_mondays(&self) -> u32 {
        self.working[0]
    }
}

/// What the peers have in every class and hour, for each unit of what gives rise to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    rates: [[Option<f64>; 24]; DayClass::COUNT],
}

impl Rates {
    /// The peers' events over what gives rise to them: calls over list x hours, or answered calls over calls.
    ///
    /// # Errors
    /// [`CompositionRefusal::NotACount`].
    pub fn new(events: &Cells, exposure: &Cells) -> Result<Self, CompositionRefusal> {
        let mut rates = [[None; 24]; DayClass::COUNT];
        for ((class, hour, event), (.., exposed)) in events.iter().zip(exposure.iter()) {
            if !is_count(event) || !is_count(exposed) {
                return Err(CompositionRefusal::NotACount);
            }
            let rate = event / exposed;
            rates[class as usize][hour] = (exposed > 0.0 && rate.is_finite()).then_some(rate);
        }
        Ok(Self { rates })
    }

    /// The rate of a class and hour (0 to 23); none where the peers had nothing that could give rise to it.
    pub fn at(&self, class: DayClass, hour: usize) -> Option<f64> {
        self.rates[class as usize].get(hour).copied().flatten()
    }

    /// The number expected of this exposure: the sum over its cells of exposure x rate.
    ///
    /// # Errors
    /// [`CompositionRefusal::NoRate`] where there is exposure and the peers have none, [`CompositionRefusal::NotACount`].
    pub fn expected(&self, exposure: &Cells) -> Result<f64, CompositionRefusal> {
        let mut sum = 0.0;
        for (class, hour, exposed) in exposure.iter() {
            if !is_count(exposed) {
                return Err(CompositionRefusal::NotACount);
            }
            if exposed > 0.0 {
                sum += exposed * self.at(class, hour).ok_or(CompositionRefusal::NoRate { class, hour })?;
            }
        }
        if sum.is_finite() { Ok(sum) } else { Err(CompositionRefusal::NotACount) }
    }

    /// The number expected of a list of patients over a stretch.
    ///
    /// # Errors
    /// As [`Rates::expected`].
    pub fn expected_of_list(&self, list: f64, stretch: &Composition) -> Result<f64, CompositionRefusal> {
        if !is_count(list) {
            return Err(CompositionRefusal::NotACount);
        }
        let mut exposure = Cells::default();
        exposure.add_all(&stretch.hours, list);
        self.expected(&exposure)
    }

    /// The number expected of one patient on a whole day of a class, where all its hours have a rate.
    pub fn of_day(&self, class: DayClass) -> Option<f64> {
        self.rates[class as usize].iter().try_fold(0.0, |sum, rate| Some(sum + (*rate)?))
    }
}

fn is_count(number: f64) -> bool {
    (0.0..1e200).contains(&number)
}
