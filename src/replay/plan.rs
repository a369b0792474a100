//! How many calls each row has in each band of each day, so that rows add up to what is published of them and days and bands to Table 2.
//!
//! What a workbook says twice, it does not always say alike. The rules, each listed as a [`Finding`]:
//! - outcomes fall short of inbound calls: the rest is sent as UNCLASSIFIED;
//! - outcomes exceed inbound calls: all outcomes are sent, so more calls come in than published. The surplus of the whole file lies in the month's
//!   busiest band; every other band of every day equals Table 2;
//! - duration bands fall short of their calls: the rest is sent without that duration;
//! - duration bands exceed their calls: the surplus is left out, longest band first.
//!
//! The placement: every row's calls are spread evenly over a common time that runs from 0 to 1 while Table 2's calls are used up, each row with an
//! offset of its own. A band ends at the moment when as many calls have come as it holds. So both margins hold exactly and a row's share in a band is
//! within a call or so of its share in the month.

use super::month::{Column, Counts, DurationOf, Month};
use crate::calendar::Band;

/// A month, and how many calls of each row come when.
#[derive(Clone, Debug)]
pub struct Plan {
    month: Month,
    sent: Vec<Counts>,
    findings: Vec<Finding>,
    /// For each day, for each row, calls in each band.
    cells: Vec<[u32; Band::COUNT]>,
    /// Inbound calls of all rows by day and band.
    totals: Vec<[u64; Band::COUNT]>,
}

/// Something that the published counts say twice and not alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which row of the month.
    pub row: usize,
    /// What.
    pub kind: FindingKind,
    /// How many calls.
    pub calls: u64,
}

/// In which way counts disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Fewer outcomes than inbound calls: sent as UNCLASSIFIED.
    Shortfall,
    /// More outcomes than inbound calls: all sent.
    Excess,
    /// Fewer calls in bands than calls: sent without the duration.
    NoBand(DurationOf),
    /// More calls in bands than calls: left out.
    TooManyInBands(DurationOf),
}

/// Counts that no placement can fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("days and bands hold {in_bands} calls, the rows {in_rows}: they have to be as many")]
pub struct UnevenMonth {
    /// Published by day and band.
    pub in_bands: u64,
    /// Published by row.
    pub in_rows: u64,
}

impl FindingKind {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Shortfall => "outcomes fall short of inbound calls; sent as unclassified".to_owned(),
            Self::Excess => "outcomes exceed inbound calls; all sent".to_owned(),
            Self::NoBand(of) => format!("{}: no band; sent without it", of.name()),
            Self::TooManyInBands(of) => format!("{}: more in bands than calls; left out", of.name()),
        }
    }
}

impl Plan {
    /// Plans a month.
    ///
    /// # Errors
    /// [`UnevenMonth`] where the rows' inbound calls are not those of the days and bands.
    pub fn new(month: Month) -> Result<Self, UnevenMonth> {
        let in_bands = month.days.iter().flat_map(|day| day.bands).sum();
        let in_rows = month.rows.iter().map(|row| row.counts[Column::Inbound]).sum();
        let too_many = month.rows.iter().any(|row| row.counts.outcomes() >= u64::from(u32::MAX));
        if in_bands != in_rows || in_rows >= u64::from(u32::MAX) || too_many {
            return Err(UnevenMonth { in_bands, in_rows });
        }
        let mut findings = Vec::new();
        let sent: Vec<Counts> = month
            .rows
            .iter()
            .enumerate()
            .map(|(row, published)| sendable(row, &published.counts, &mut findings))
            .collect();
        let mut totals: Vec<[u64; Band::COUNT]> = month.days.iter().map(|day| day.bands).collect();
        let calls: Vec<u64> = sent.iter().map(|counts| counts[Column::Inbound]).collect();
        let surplus = calls.iter().sum::<u64>() - in_bands;
        // The first of the busiest ones, so that it does not hang on anything else.
        let busiest =
            totals.iter_mut().flatten().reduce(|busiest, next| if *next > *busiest { next } else { busiest });
        if let Some(busiest) = busiest {
            *busiest += surplus;
        }
        let cells = place(&calls, &totals);
        Ok(Self { month, sent, findings, cells, totals })
    }

    /// The month as published.
    pub fn month(&self) -> &Month {
        &self.month
    }

    /// The counts that the records of a row add up to: as published, but for its findings.
    pub fn sent(&self, row: usize) -> &Counts {
        &self.sent[row]
    }

    /// What the published counts say twice and not alike, by row.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Inbound calls of all rows by day (as in the month) and band.
    pub fn totals(&self) -> &[[u64; Band::COUNT]] {
        &self.totals
    }

    /// Inbound calls of a row in each band of a day (counted from the month's first in Table 2).
    pub fn cells(&self, day: usize, row: usize) -> &[u32; Band::COUNT] {
        &self.cells[day * self.month.rows.len() + row]
    }

    /// Whether some records are sent without a wait, or without a talk time.
    pub fn unknown_durations(&self) -> (bool, bool) {
        let lacking = |of: &[DurationOf]| {
            self.findings
                .iter()
                .any(|finding| matches!(finding.kind, FindingKind::NoBand(this) if of.contains(&this)))
        };
        (lacking(&[DurationOf::AnsweredWait, DurationOf::MissedWait]), lacking(&[DurationOf::Talk]))
    }
}

/// What is sent for a row, noting where that is not what is published.
fn sendable(row: usize, published: &Counts, findings: &mut Vec<Finding>) -> Counts {
    let mut sent = *published;
    let mut find = |kind, calls| findings.push(Finding { row, kind, calls });
    let (outcomes, inbound) = (published.outcomes(), published[Column::Inbound]);
    if outcomes < inbound {
        sent[Column::Unclassified] = inbound - outcomes;
        find(FindingKind::Shortfall, inbound - outcomes);
    } else if outcomes > inbound {
        sent[Column::Inbound] = outcomes;
        find(FindingKind::Excess, outcomes - inbound);
    }
    for of in DurationOf::ALL {
        let (calls, in_bands) = (published[of.calls()], published.bands(of).iter().sum::<u64>());
        if in_bands < calls {
            find(FindingKind::NoBand(of), calls - in_bands);
        } else if in_bands > calls {
            find(FindingKind::TooManyInBands(of), in_bands - calls);
            let mut surplus = in_bands - calls;
            for band in (0..4).rev() {
                let count = &mut sent[Column::Duration(of, band)];
                let dropped = surplus.min(*count);
                *count -= dropped;
                surplus -= dropped;
            }
        }
    }
    sent
}

/// Calls by day, row and band; sums over rows are `totals`, sums over days and bands are `calls`, which have to be equally many.
fn place(calls: &[u64], totals: &[[u64; Band::COUNT]]) -> Vec<[u32; Band::COUNT]> {
    let spread = Spread::new(calls);
    let all: u64 = calls.iter().sum();
    let mut cells = vec![[0; Band::COUNT]; totals.len() * calls.len()];
    let (mut before, mut now) = (vec![0_u64; calls.len()], vec![0_u64; calls.len()]);
    let mut target = 0;
    for (day, bands) in totals.iter().enumerate() {
        for (band, &count) in bands.iter().enumerate() {
            if count == 0 {
                continue;
            }
            target += count;
            if target == all {
                now.copy_from_slice(calls)
            } else {
                spread.until(target, &mut now)
            }
            for (row, (now, before)) in now.iter().zip(&mut before).enumerate() {
                cells[day * calls.len() + row][band] = (now - *before) as u32;
                *before = *now;
            }
        }
    }
    cells
}

/// Rows whose calls come evenly in a time from 0 to [`Spread::END`], each with an offset of its own.
struct Spread<'a> {
    calls: &'a [u64],
    offsets: Vec<u64>,
}

impl<'a> Spread<'a> {
    const END: u128 = 1 << 64;

    fn new(calls: &'a [u64]) -> Self {
        let offsets = (0..calls.len() as u64).map(scatter).collect();
        Self { calls, offsets }
    }

    fn come(&self, row: usize, time: u128) -> u64 {
        ((u128::from(self.calls[row]) * time + u128::from(self.offsets[row])) >> 64) as u64
    }

    fn all_come(&self, time: u128) -> u64 {
        (0..self.calls.len()).map(|row| self.come(row, time)).sum()
    }

    /// How many calls of each row are among the first `target` of all.
    fn until(&self, target: u64, now: &mut [u64]) {
        // The last moment at which no more than that have come.
        let (mut not_more, mut more) = (0, Self::END);
        while more - not_more > 1 {
            let middle = not_more + (more - not_more) / 2;
            if self.all_come(middle) <= target {
                not_more = middle;
            } else {
                more = middle;
            }
        }
        let mut lacking = target;
        for (row, now) in now.iter_mut().enumerate() {
            *now = self.come(row, not_more);
            lacking -= *now;
        }
        // Of those that come together in the next moment, the first rows' are in.
        for (row, now) in now.iter_mut().enumerate() {
            let next = (self.come(row, more) - *now).min(lacking);
            *now += next;
            lacking -= next;
        }
    }
}

/// A number scattered over 64 bits (a step of splitmix64).
pub(super) fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn both_margins_hold_exactly(
            calls in proptest::collection::vec(0..400_u64, 1..30),
            weights in proptest::collection::vec(0..50_u64, 18..60),
        ) {
            let all: u64 = calls.iter().sum();
            let days = weights.len() / Band::COUNT;
            let mut totals = vec![[0; Band::COUNT]; days];
            // Share the calls out by weight; what is left over goes to the last band.
            let weight: u64 = weights[..days * Band::COUNT].iter().sum::<u64>().max(1);
            let mut left = all;
            for (at, total) in totals.iter_mut().flatten().enumerate() {
                *total = (all * weights[at] / weight).min(left);
                left -= *total;
            }
            totals[days - 1][8] += left;
            let cells = place(&calls, &totals);
            for (day, bands) in totals.iter().enumerate() {
                for (band, total) in bands.iter().enumerate() {
                    let sum: u64 = (0..calls.len()).map(|row| u64::from(cells[day * calls.len() + row][band])).sum();
                    prop_assert_eq!(sum, *total);
                }
            }
            for (row, &calls_of_row) in calls.iter().enumerate() {
                let sum: u64 = (0..days).flat_map(|day| cells[day * calls.len() + row]).map(u64::from).sum();
                prop_assert_eq!(sum, calls_of_row);
            }
        }
    }

    #[test]
    fn a_row_has_its_share_of_every_band() {
        let calls: Vec<u64> = (0..200).map(|row| 500 + row * 7).collect();
        let all: u64 = calls.iter().sum();
        let mut totals = vec![[all / 18; Band::COUNT]; 2];
        totals[1][8] += all - 18 * (all / 18);
        let cells = place(&calls, &totals);
        for (row, &calls) in calls.iter().enumerate() {
            for day in 0..2 {
                for &count in &cells[day * 200 + row] {
                    let share = calls as f64 / 18.0;
                    assert!((f64::from(count) - share).abs() <= 3.0, "row {row}: {count} for {share}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_sent_by_rule_and_noted() {
        let mut published = Counts::default();
        published[Column::Inbound] = 100;
        published[Column::Answered] = 70;
        published[Column::Missed] = 40;
        published[Column::Duration(DurationOf::AnsweredWait, 0)] = 60;
        published[Column::Duration(DurationOf::Talk, 1)] = 65;
        published[Column::Duration(DurationOf::Talk, 3)] = 8;
        published[Column::Duration(DurationOf::MissedWait, 2)] = 40;
        let mut findings = Vec::new();
        let sent = sendable(3, &published, &mut findings);
        assert_eq!(sent[Column::Inbound], 110);
        assert_eq!(sent[Column::Unclassified], 0);
        assert_eq!(sent.bands(DurationOf::Talk), [0, 65, 0, 5]);
        let find = |kind, calls| Finding { row: 3, kind, calls };
        assert_eq!(
            findings,
            [
                find(FindingKind::Excess, 10),
                find(FindingKind::NoBand(DurationOf::AnsweredWait), 10),
                find(FindingKind::TooManyInBands(DurationOf::Talk), 3),
            ]
        );
        published[Column::Inbound] = 115;
        let sent = sendable(3, &published, &mut Vec::new());
        assert_eq!((sent[Column::Inbound], sent[Column::Unclassified]), (115, 5));
    }
}
