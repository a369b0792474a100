//! What holds in which stretch of days: the arithmetic behind effective dates.

use crate::calendar::{Day, Days};

/// All days there are: what an open date stands for.
pub(super) const ALWAYS: Days = Days::new(Day::from_number(i32::MIN / 2), Day::from_number(i32::MAX / 2));

/// A stretch from dates that may be open.
pub(super) fn closed(first: Option<Day>, end: Option<Day>) -> Days {
    Days::new(first.unwrap_or(ALWAYS.first), end.unwrap_or(ALWAYS.end))
}

/// The dates of a stretch, open where nothing bounds it.
pub(super) fn open(days: Days) -> (Option<Day>, Option<Day>) {
    ((days.first != ALWAYS.first).then_some(days.first), (days.end != ALWAYS.end).then_some(days.end))
}

/// Values by stretches of days: ordered, at most one value a day, neighbours differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretches<T>(Vec<(Days, T)>);

/// What [`Stretches::set`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing: it was so before.
    None,
    /// There was nothing on the days that differ.
    Added,
    /// Something else was there on some day.
    Replaced,
}

impl<T> Default for Stretches<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Eq> Stretches<T> {
    /// One value on all days.
    pub(super) fn always(value: T) -> Self {
        Self(vec![(ALWAYS, value)])
    }

    /// Stretch by stretch.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Days, T)> {
        self.0.iter().copied()
    }

    /// The value of a day.
    pub(super) fn at(&self, day: Day) -> Option<T> {
        self.within(Days::new(day, day.plus(1))).next().map(|(_, value)| value)
    }

    /// The stretches that have any of these days, clipped to them.
    pub(super) fn within(&self, days: Days) -> impl Iterator<Item = (Days, T)> {
        let from = self.0.partition_point(|(stretch, _)| stretch.end <= days.first);
        self.0[from..]
            .iter()
            .map(move |&(stretch, value)| (stretch.overlap(days), value))
            .take_while(|(stretch, _)| !stretch.is_empty())
    }

    /// All of these days in order, each stretch with its value or with none.
    pub(super) fn parts(&self, days: Days, mut each: impl FnMut(Option<T>, Days)) {
        let mut from = days.first;
        for (stretch, value) in self.within(days) {
            if from < stretch.first {
                each(None, Days::new(from, stretch.first));
            }
            each(Some(value), stretch);
            from = stretch.end;
        }
        if from < days.end {
            each(None, Days::new(from, days.end));
        }
    }

    /// Sets the value on those of these days that have none.
    pub(super) fn fill(&mut self, days: Days, value: T) {
        let mut gaps = Vec::new();
        self.parts(days, |there, gap| gaps.extend(there.is_none().then_some(gap)));
        for gap in gaps {
            self.set(gap, Some(value));
        }
    }

    /// Sets or clears the value on all of these days.
    pub(super) fn set(&mut self, days: Days, value: Option<T>) -> Change {
        let mut change = Change::None;
        self.parts(days, |there, _| {
            change = match there {
                _ if there == value || change == Change::Replaced => change,
                None => Change::Added,
                Some(_) => Change::Replaced,
            }
        });
        if change == Change::None {
            return change;
        }
        let before = |(stretch, old): (Days, T)| (stretch.overlap(Days::new(ALWAYS.first, days.first)), old);
        let after = |(stretch, old): (Days, T)| (stretch.overlap(Days::new(days.end, ALWAYS.end)), old);
        let all =
            self.iter().map(before).chain(value.map(|value| (days, value))).chain(self.iter().map(after));
        let mut kept: Vec<(Days, T)> = Vec::with_capacity(self.0.len() + 2);
        for (stretch, value) in all.filter(|(stretch, _)| !stretch.is_empty()) {
            match kept.last_mut() {
                Some((last, same)) if *same == value && last.end == stretch.first => last.end = stretch.end,
                _ => kept.push((stretch, value)),
            }
        }
        self.0 = kept;
        change
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(first: i32, end: i32) -> Days {
        Days::new(Day::from_number(first), Day::from_number(end))
    }

    proptest! {
        #[test]
        fn stretches_say_what_a_day_by_day_table_says(
            steps in prop::collection::vec((0..40_i32, 0..40_i32, prop::option::of(0..3_u8), any::<bool>()), 0..12)
        ) {
            let mut table = [None; 40];
            let mut stretches = Stretches::default();
            for (from, len, value, fill) in steps {
                let end = (from + len).min(40);
                let old = table;
                for cell in &mut table[from as usize..end as usize] {
                    *cell = if fill { cell.or(value) } else { value };
                }
                if fill {
                    if let Some(value) = value {
                        stretches.fill(days(from, end), value);
                    }
                    continue;
                }
                let differ = || old.iter().zip(&table).filter(|(old, new)| old != new);
                let expected = match (differ().count(), differ().any(|(old, _)| old.is_some())) {
                    (0, _) => Change::None,
                    (_, true) => Change::Replaced,
                    (_, false) => Change::Added,
                };
                prop_assert_eq!(stretches.set(days(from, end), value), expected);
            }
            for day in 0..40 {
                prop_assert_eq!(stretches.at(Day::from_number(day)), table[day as usize]);
            }
            prop_assert!(stretches.0.windows(2).all(|w| w[0].0.end < w[1].0.first
                || (w[0].0.end == w[1].0.first && w[0].1 != w[1].1)));
            let mut parts = Vec::new();
            stretches.parts(days(3, 33), |value, part| parts.extend(part.iter().map(|day| (day.number(), value))));
            prop_assert_eq!(parts, (3..33).map(|day| (day, table[day as usize])).collect::<Vec<_>>());
        }
    }
}
