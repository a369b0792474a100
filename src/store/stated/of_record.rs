//! The source of record: whose calls count for a practice or account on a day, where several sources have some.

use std::collections::HashMap;

use callgauge_schema::SourceId;

use super::Whose;
use crate::calendar::{Day, Days};
use crate::store::StoreError;

/// The most statements that are kept.
const STATEMENTS: usize = 100_000;

/// Only the calls of one source count for a practice or account in a stretch of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceOfRecord {
    /// Whose calls.
    pub whose: Whose,
    /// The source.
    pub source: SourceId,
    /// First day; `None` for since ever.
    pub first: Option<Day>,
    /// The day after the last one; `None` for no end in sight.
    pub end: Option<Day>,
}

/// All of them, checked: for each practice or account ordered by day, at most one a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfRecord(HashMap<Whose, Vec<(Days, SourceId)>>);

impl OfRecord {
    /// # Errors
    /// [`StoreError::OfRecord`] where a stretch has no day, or two of one practice or account share a day.
    pub fn new(list: &[SourceOfRecord]) -> Result<Self, StoreError> {
        if list.len() > STATEMENTS {
            return Err(StoreError::OfRecord(format!("more than {STATEMENTS} statements")));
        }
        let mut all: HashMap<Whose, Vec<(Days, SourceId)>> = HashMap::new();
        for SourceOfRecord { whose, source, first, end } in list {
            let days = Days::new(
                first.unwrap_or(Day::from_number(i32::MIN / 2)),
                end.unwrap_or(Day::from_number(i32::MAX / 2)),
            );
            if days.is_empty() {
                return Err(StoreError::OfRecord(format!("{whose}, {source}: until has to be after from")));
            }
            all.entry(whose.clone()).or_default().push((days, source.clone()));
        }
        for (whose, stretches) in &mut all {
            stretches.sort();
            for pair in stretches.windows(2) {
                if pair[1].0.first < pair[0].0.end {
                    return Err(StoreError::OfRecord(format!(
                        "{whose}: {} and {} share days; one source counts on a day",
                        pair[0].1, pair[1].1
                    )));
                }
            }
        }
        Ok(Self(all))
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is stated of somebody's days, clipped to these.
    pub fn within(&self, whose: &Whose, days: Days) -> impl Iterator<Item = (Days, &SourceId)> {
        let theirs = self.0.get(whose).into_iter().flatten();
        theirs.map(move |(own, source)| (own.overlap(days), source)).filter(|(days, _)| !days.is_empty())
    }

    /// As a list, in order.
    pub fn list(&self) -> Vec<SourceOfRecord> {
        let bound = |day: Day, open: i32| (day != Day::from_number(open)).then_some(day);
        let mut list: Vec<SourceOfRecord> = (self.0.iter())
            .flat_map(|(whose, stretches)| stretches.iter().map(move |stretch| (whose, stretch)))
            .map(|(whose, (days, source))| SourceOfRecord {
                whose: whose.clone(),
                source: source.clone(),
                first: bound(days.first, i32::MIN / 2),
                end: bound(days.end, i32::MAX / 2),
            })
            .collect();
        list.sort_by(|one, other| (&one.whose, one.first).cmp(&(&other.whose, other.first)));
        list
    }
}
