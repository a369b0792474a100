//! How much of what should be there is there: practice-days with calls, from one bit a day, or stretches with a value from elsewhere.

use super::counting::Counting;
use super::gather::Sources;
use super::question::Window;
use super::table::Table;
use super::units::{Unit, Units};
use crate::calendar::Days;
use crate::pictures::count;
use crate::service::errors::Fault;
use crate::service::metrics::Keys;
use crate::store::stated::Covered;
use crate::store::{AttributionKey, DaysWithCalls};

use std::sync::Arc;

/// How much of what should be there is there.
pub(super) struct Coverage {
    /// By organisation and month: whether its practices were open, and whether there were calls.
    pub(super) months: Vec<Vec<(bool, bool)>>,
    /// Practice-days on which a practice was open; of a number from elsewhere stretches of organisations.
    expected: u64,
    /// Those of them with calls, or with a value.
    received: u64,
    /// The number from elsewhere that it is of.
    of: Option<String>,
}

impl Coverage {
    /// Of these organisations in these months.
    pub(super) fn of(
        sources: &Sources,
        counting: &Counting<'_>,
        units: &Units,
        keys: &Keys,
        window: &Window,
    ) -> Result<Self, Fault> {
        let days = window.days();
        let of: Vec<AttributionKey> = units
            .list
            .iter()
            .flat_map(|unit| &unit.practices)
            .filter_map(|(code, _)| keys.practice(*code))
            .collect();
        let of = (of.len() < 1_000).then_some(of);
        let with_calls = sources.runtime.block_on(Arc::clone(&sources.snapshot).days_with_calls(days, of))?;
        let mut coverage =
            Self { months: Vec::with_capacity(units.list.len()), expected: 0, received: 0, of: None };
        let ruling = counting.ruling();
        for unit in &units.list {
            let mut months = vec![(false, false); window.months.len()];
            for (code, open) in &unit.practices {
                let key = keys.practice(*code);
                let rule = key.and_then(|key| ruling.rule(key));
                let delivery = ruling.delivery(*code);
                let there = |day| {
                    let any = key.is_some_and(|key| with_calls.has(key, day));
                    let counts =
                        rule.map_or(any, |rule| rule.has_calls(day, any) || rule.tallied(day).is_some());
                    counts || delivery.as_ref().is_some_and(|delivery| delivery.of(day) == Covered::Whole)
                };
                for (month, said) in window.months.iter().zip(&mut months) {
                    let open = open.overlap(*month);
                    if open.is_empty() {
                        continue;
                    }
                    let received = if rule.is_none() && delivery.is_none() {
                        key.map_or(0, |key| days_of(&with_calls, key, open))
                    } else {
                        open.iter().filter(|&day| there(day)).count() as u32
                    };
                    coverage.expected += open.len() as u64;
                    coverage.received += u64::from(received);
                    *said = (true, said.1 || received > 0);
                }
            }
            coverage.months.push(months);
        }
        Ok(coverage)
    }

    /// Of a number from elsewhere, in the stretches that its values are of.
    pub(super) fn elsewhere(name: &str, units: &[Unit], stretches: &[Days], table: &Table) -> Self {
        let mut coverage = Self {
            months: Vec::with_capacity(units.len()),
            expected: 0,
            received: 0,
            of: Some(name.to_owned()),
        };
        for (at, unit) in units.iter().enumerate() {
            let open =
                |stretch: &Days| unit.practices.iter().any(|(_, days)| !days.overlap(*stretch).is_empty());
            let there = table.unit(at).iter().map(Option::is_some);
            let months: Vec<(bool, bool)> = stretches.iter().map(open).zip(there).collect();
            coverage.expected += months.iter().filter(|(open, _)| *open).count() as u64;
            coverage.received += months.iter().filter(|(open, there)| *open && *there).count() as u64;
            coverage.months.push(months);
        }
        coverage
    }

    /// Months of an organisation with calls.
    pub(super) fn months_with_calls(&self, unit: usize) -> usize {
        self.months[unit].iter().filter(|(_, received)| *received).count()
    }

    /// Share of organisation-months with calls among those to be expected; none where none are.
    pub(super) fn share(&self) -> Option<f64> {
        let all = self.months.iter().flatten();
        let expected = all.clone().filter(|(open, _)| *open).count();
        let received = all.filter(|(open, received)| *open && *received).count();
        (expected > 0).then(|| received as f64 / expected as f64)
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let Self { months: _, expected, received, of } = self;
        let (received, expected) = (count(*received as usize), count(*expected as usize));
        match of {
            None => format!("calls on {received} of {expected} practice-days"),
            Some(name) => format!(
                "{name}: {received} of {expected} values that there could be of each organisation and stretch of time"
            ),
        }
    }
}

/// On how many of these days there are calls.
fn days_of(with_calls: &DaysWithCalls, key: AttributionKey, days: Days) -> u32 {
    let Some(words) = with_calls.bits.get(key.0 as usize) else { return 0 };
    let days = days.overlap(with_calls.days);
    let from = i64::from(days.first.number()) - i64::from(with_calls.days.first.number());
    let until = i64::from(days.end.number()) - i64::from(with_calls.days.first.number());
    let mask = |bits: i64| match bits.clamp(0, 64) {
        64 => u64::MAX,
        bits => (1_u64 << bits) - 1,
    };
    let within = (from / 64).max(0) as usize..((until + 63) / 64).clamp(0, words.len() as i64) as usize;
    let counted = words.iter().enumerate().take(within.end).skip(within.start).map(|(at, word)| {
        let start = at as i64 * 64;
        (word & mask(until - start) & !mask(from - start)).count_ones()
    });
    counted.sum()
}
