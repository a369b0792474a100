//! Counts of days and months on which organisations have calls, from one bit a day: what coverage is said from.

use super::gather::Sources;
use super::question::Window;
use super::units::Units;
use crate::calendar::Days;
use crate::service::errors::Fault;
use crate::service::metrics::Keys;
use crate::store::{AttributionKey, DaysWithCalls};

use std::sync::Arc;

/// How much of what should be there is there.
pub(super) struct Coverage {
    /// By organisation and month: whether its practices were open, and whether there were calls.
    pub(super) months: Vec<Vec<(bool, bool)>>,
    /// Practice-days on which a practice was open.
    pub(super) expected: u64,
    /// Those of them with calls.
    pub(super) received: u64,
}

impl Coverage {
    /// Of these organisations in these months.
    pub(super) fn of(sources: &Sources, units: &Units, keys: &Keys, window: &Window) -> Result<Self, Fault> {
        let days = window.days();
        let of: Vec<AttributionKey> = units
            .list
            .iter()
            .flat_map(|unit| &unit.practices)
            .filter_map(|(code, _)| keys.practices.get(code).copied())
            .collect();
        let of = (of.len() < 1_000).then_some(of);
        let with_calls = sources.runtime.block_on(Arc::clone(&sources.snapshot).days_with_calls(days, of))?;
        let mut coverage = Self { months: Vec::with_capacity(units.list.len()), expected: 0, received: 0 };
        for unit in &units.list {
            let mut months = vec![(false, false); window.months.len()];
            for (code, open) in &unit.practices {
                let key = keys.practices.get(code).copied();
                for (month, said) in window.months.iter().zip(&mut months) {
                    let open = open.overlap(*month);
                    if open.is_empty() {
                        continue;
                    }
                    let received = key.map_or(0, |key| days_of(&with_calls, key, open));
                    coverage.expected += open.len() as u64;
                    coverage.received += u64::from(received);
                    *said = (true, said.1 || received > 0);
                }
            }
            coverage.months.push(months);
        }
        Ok(coverage)
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
        let Self { months: _, expected, received } = self;
        format!("calls on {received} of {expected} practice-days")
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
    let counted = words.iter().enumerate().map(|(at, word)| {
        let start = at as i64 * 64;
        (word & mask(until - start) & !mask(from - start)).count_ones()
    });
    counted.sum()
}
