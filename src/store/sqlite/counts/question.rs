//! The months of one question, and the rows of groups that are made of whole months.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::view::RunSet;
use super::{Cell, KeptCounts, Layout, MonthCounts};
use crate::calendar::{Day, Days, Slots};
use crate::metrics::{KindTally, Tally};
use crate::store::{SourceKey, Span, StoreError, TallyRow};

/// Up to so many bytes of tallies are added up for everybody though few are asked about: it is done in a moment, and the next question has them.
const SMALL: u64 = 32 << 20;

/// Numbers of calls for one question.
pub(in super::super) struct QuestionCounts {
    /// Whole months inside the question, in order of time; those of which nothing is asked for are there as well.
    months: Vec<Month>,
    /// What rows are made of, in the order of rows. Buckets are those of the question.
    order: Vec<Cell>,
    /// By place in `order`, the calls of the group in hand.
    sums: Vec<i64>,
    /// A bit for each place in `order`: whether the group in hand has it.
    touched: Vec<u64>,
    by_source: bool,
}

struct Month {
    days: Days,
    counts: Arc<MonthCounts>,
    buckets: Vec<u32>,
    /// By cell of the month, its place in `order`.
    places: Vec<u32>,
}

impl QuestionCounts {
    /// All whole months of a question. For `few` attributions nothing large is added up: `None` where a month is not there.
    pub(in super::super) fn of(
        slots: &Slots,
        by_source: bool,
        few: bool,
        kept: &KeptCounts,
        set: &RunSet,
    ) -> Result<Option<Self>, StoreError> {
        let question = kept.question();
        let only_known = few && set.within(slots.days()).map(|run| run.tally_bytes()).sum::<u64>() > SMALL;
        let mut months = Vec::new();
        for days in whole_months(slots.days()) {
            let Some(layout) = Layout::of(slots, days) else { continue };
            let counts = if layout.buckets.is_empty() {
                Arc::default()
            } else if only_known {
                let Some(known) = kept.known(&layout, set) else { return Ok(None) };
                known
            } else {
                kept.of(&layout, set, question)?
            };
            months.push(Month { days, counts, buckets: layout.buckets, places: Vec::new() });
        }
        Ok((!months.is_empty()).then(|| Self::placed(months, by_source)))
    }

    fn placed(mut months: Vec<Month>, by_source: bool) -> Self {
        let of = |month: &Month, cell: &Cell| Cell {
            bucket: month.buckets[cell.bucket as usize],
            source: if by_source { cell.source } else { 0 },
            kind: cell.kind,
        };
        let cells = months.iter().flat_map(|month| month.counts.cells.iter().map(|cell| of(month, cell)));
        let mut order: BTreeMap<Cell, u32> = cells.map(|cell| (cell, 0)).collect();
        order.values_mut().zip(0..).for_each(|(place, at)| *place = at);
        for month in &mut months {
            month.places = month.counts.cells.iter().map(|cell| order[&of(month, cell)]).collect();
        }
        let order: Vec<Cell> = order.into_keys().collect();
        let (sums, touched) = (vec![0; order.len()], vec![0; order.len().div_ceil(64)]);
        Self { months, order, sums, touched, by_source }
    }

    /// The month that begins on a day and ends by another.
    fn month(&self, first: Day, end: Day) -> Option<&Month> {
        let at = self.months.binary_search_by_key(&first, |month| month.days.first).ok()?;
        Some(&self.months[at]).filter(|month| month.days.end <= end)
    }

    /// What an attribution has in the month that begins on a day and ends by another: the end of the month, and bucket, source, kind and calls.
    pub(in super::super) fn of_month(
        &self,
        first: Day,
        end: Day,
        whose: Option<u32>,
    ) -> Option<(Day, Vec<(Cell, i64)>)> {
        let month = self.month(first, end)?;
        let cell = |(at, calls): (usize, i64)| {
            let cell = month.counts.cells[at];
            (Cell { bucket: month.buckets[cell.bucket as usize], ..cell }, calls)
        };
        let cells = match whose {
            Some(whose) => month.counts.of(whose).map(cell).collect(),
            None => month.counts.all.iter().copied().enumerate().map(cell).collect(),
        };
        Some((month.days.end, cells))
    }

    /// Makes the rows of a group that has nothing but whole months; false where it has more.
    pub(in super::super) fn rows(
        &mut self,
        group: usize,
        spans: &[Span],
        window: Days,
        ready: &mut VecDeque<TallyRow>,
    ) -> bool {
        if !spans.iter().all(|span| self.covers(span.days.overlap(window))) {
            return false;
        }
        for span in spans {
            let days = span.days.overlap(window);
            let from = self.months.partition_point(|month| month.days.first < days.first);
            for month in self.months[from..].iter().take_while(|month| month.days.end <= days.end) {
                for (cell, calls) in month.counts.of(span.whose.0) {
                    let place = month.places[cell] as usize;
                    self.sums[place] += calls;
                    self.touched[place / 64] |= 1 << (place % 64);
                }
            }
        }
        self.drain(group, ready);
        true
    }

    /// Whether days are nothing but whole months.
    fn covers(&self, days: Days) -> bool {
        let mut day = days.first;
        while day < days.end {
            let Some(month) = self.month(day, days.end) else { return false };
            day = month.days.end;
        }
        true
    }

    /// Makes rows of what was added up, and leaves nothing behind.
    fn drain(&mut self, group: usize, ready: &mut VecDeque<TallyRow>) {
        let mut open: Option<(u32, u16)> = None;
        for (word, bits) in self.touched.iter_mut().enumerate() {
            let mut left = std::mem::take(bits);
            while left != 0 {
                let place = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let (calls, cell) = (std::mem::take(&mut self.sums[place]), self.order[place]);
                if calls == 0 {
                    continue;
                }
                if open != Some((cell.bucket, cell.source)) {
                    open = Some((cell.bucket, cell.source));
                    let source = self.by_source.then_some(SourceKey(u32::from(cell.source)));
                    let tally = Tally { kinds: Vec::with_capacity(4) };
                    ready.push_back(TallyRow { group, bucket: cell.bucket, source, tally });
                }
                if let Some(row) = ready.back_mut() {
                    row.tally.kinds.push(KindTally { calls, ..KindTally::none(cell.kind) });
                }
            }
        }
    }
}

/// The calendar months that lie wholly within days.
fn whole_months(days: Days) -> impl Iterator<Item = Days> {
    let begun = days.first.first_of_month();
    let first = if begun == days.first { begun } else { begun.first_of_next_month() };
    let months = std::iter::successors(Some(first), |first| Some(first.first_of_next_month()));
    months
        .map(|first| Days::new(first, first.first_of_next_month()))
        .take_while(move |month| month.end <= days.end)
}
