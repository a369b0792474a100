//! The pieces of one question, and the numbers of groups that are made of whole pieces.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::view::RunSet;
use super::{Cell, KeptCounts, Layout, Piece};
use crate::calendar::{Day, Days, Slots};
use crate::store::{CallCount, SourceKey, Span, StoreError};

/// Up to so many bytes of tallies are added up for everybody though few are asked about: it is done in a moment, and the next question has them.
const SMALL: u64 = 32 << 20;

/// Numbers of calls for one question.
pub(in super::super) struct QuestionCounts {
    /// Whole months inside the question, joined to quarters and financial years where all of those is inside, in order of time and without gaps.
    parts: Vec<Part>,
    /// What numbers are made of, in the order of answers. Buckets are those of the question.
    order: Vec<Cell>,
    /// By place in `order`, the calls of the group in hand.
    sums: Vec<i64>,
    /// A bit for each place in `order`: whether the group in hand has it.
    touched: Vec<u64>,
    by_source: bool,
}

struct Part {
    days: Days,
    piece: Arc<Piece>,
    buckets: Vec<u32>,
    /// By shard and cell, its place in `order`.
    places: Vec<Vec<u32>>,
}

impl QuestionCounts {
    /// All whole months of a question. For `few` attributions nothing large is added up: `None` where a piece is not there.
    pub(in super::super) fn of(
        slots: &Slots,
        by_source: bool,
        few: bool,
        kept: &KeptCounts,
        set: &RunSet,
    ) -> Result<Option<Self>, StoreError> {
        let question = kept.question();
        let only_known = few && set.within(slots.days()).map(|run| run.tally_bytes()).sum::<u64>() > SMALL;
        let mut parts = Vec::new();
        for days in pieces(slots.days()) {
            let Some(layout) = Layout::of(slots, days) else { return Ok(None) };
            let piece = if layout.buckets.is_empty() {
                Arc::default()
            } else if only_known {
                let Some(known) = kept.known(&layout, set) else { return Ok(None) };
                known
            } else {
                kept.of(&layout, set, question)?
            };
            parts.push(Part { days, piece, buckets: layout.buckets, places: Vec::new() });
        }
        Ok((!parts.is_empty()).then(|| Self::placed(parts, by_source)))
    }

    fn placed(mut parts: Vec<Part>, by_source: bool) -> Self {
        let of = |part: &Part, cell: &Cell| {
            let source = if by_source { cell.source } else { 0 };
            Cell { bucket: part.buckets[cell.bucket as usize], source, kind: cell.kind }
        };
        let mut order: BTreeMap<Cell, u32> = BTreeMap::new();
        for part in &parts {
            let cells = part.piece.shards.iter().flat_map(|shard| &shard.cells);
            order.extend(cells.map(|cell| (of(part, cell), 0)));
        }
        order.values_mut().zip(0..).for_each(|(place, at)| *place = at);
        for part in &mut parts {
            let shards = part.piece.shards.iter();
            let places = shards.map(|shard| shard.cells.iter().map(|cell| order[&of(part, cell)]).collect());
            part.places = places.collect();
        }
        let order: Vec<Cell> = order.into_keys().collect();
        let (sums, touched) = (vec![0; order.len()], vec![0; order.len().div_ceil(64)]);
        Self { parts, order, sums, touched, by_source }
    }

    /// What an attribution, or everybody, has in the piece that begins on a day and ends by another: the end of the piece, and bucket, source, kind and calls.
    pub(in super::super) fn of_piece(
        &self,
        first: Day,
        end: Day,
        whose: Option<u32>,
    ) -> Option<(Day, Vec<(Cell, i64)>)> {
        let at = self.parts.binary_search_by_key(&first, |part| part.days.first).ok()?;
        let part = Some(&self.parts[at]).filter(|part| part.days.end <= end)?;
        let mut found = Vec::new();
        for shard in &part.piece.shards {
            let cell = |(at, calls): (usize, i64)| {
                let cell = shard.cells[at];
                (Cell { bucket: part.buckets[cell.bucket as usize], ..cell }, calls)
            };
            match whose {
                Some(whose) => found.extend(shard.of(whose).map(cell)),
                None => found.extend(shard.all.iter().copied().enumerate().map(cell)),
            }
        }
        Some((part.days.end, found))
    }

    /// The numbers of a group; `None` where it has more than these pieces hold of it, or less.
    pub(in super::super) fn counts(
        &mut self,
        spans: &[Span],
        window: Days,
        set: &RunSet,
    ) -> Option<Vec<CallCount>> {
        let mut asked = Vec::with_capacity(spans.len());
        for span in spans {
            let days = span.days.overlap(window);
            if !days.is_empty() {
                asked.push((span.whose.0, self.covering(span.whose.0, days, set)?));
            }
        }
        for (whose, parts) in asked {
            for part in &self.parts[parts] {
                let Some(shard) = part.piece.shard_of(whose) else { continue };
                let places = &part.places[shard];
                for (cell, calls) in part.piece.shards[shard].of(whose) {
                    let place = places[cell] as usize;
                    self.sums[place] += calls;
                    self.touched[place / 64] |= 1 << (place % 64);
                }
            }
        }
        Some(self.drain())
    }

    /// The pieces that hold what somebody has on some days, and nothing else of theirs.
    fn covering(&self, whose: u32, days: Days, set: &RunSet) -> Option<std::ops::Range<usize>> {
        let (first, last) = (self.parts.first()?, self.parts.last()?);
        if days.first < first.days.first || days.end > last.days.end {
            return None;
        }
        let from = self.parts.partition_point(|part| part.days.end <= days.first);
        let until = self.parts.partition_point(|part| part.days.first < days.end);
        let whole = Days::new(self.parts[from].days.first, self.parts[until - 1].days.end);
        // Days outside are part of a piece, which holds nothing of them where there is nothing.
        let has =
            |days: Days| set.within(days).any(|run| run.entry(whose).is_some_and(|of| of.tally_len > 0));
        let outside = [Days::new(whole.first, days.first), Days::new(days.end, whole.end)];
        (!outside.into_iter().any(has)).then_some(from..until)
    }

    /// What was added up, and leaves nothing behind.
    fn drain(&mut self) -> Vec<CallCount> {
        let found: u32 = self.touched.iter().map(|word| word.count_ones()).sum();
        let mut counts = Vec::with_capacity(found as usize);
        for (word, bits) in self.touched.iter_mut().enumerate() {
            let mut left = std::mem::take(bits);
            while left != 0 {
                let place = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let (calls, cell) = (std::mem::take(&mut self.sums[place]), self.order[place]);
                if calls != 0 {
                    let source = self.by_source.then_some(SourceKey(u32::from(cell.source)));
                    counts.push(CallCount { bucket: cell.bucket, source, kind: cell.kind, calls });
                }
            }
        }
        counts
    }
}

/// The calendar months that lie wholly within days, joined where all of a quarter or of a financial year does.
fn pieces(days: Days) -> Vec<Days> {
    let begun = days.first.first_of_month();
    let mut first = if begun == days.first { begun } else { begun.first_of_next_month() };
    let mut found = Vec::new();
    loop {
        // Quarters and financial years begin with April; of the lengths that may begin here the longest that fits.
        let lengths: &[usize] = match first.date().month() {
            4 => &[12, 3, 1],
            1 | 7 | 10 => &[3, 1],
            _ => &[1],
        };
        let end_of = |months: &usize| (0..*months).fold(first, |day, _| day.first_of_next_month());
        let Some(end) = lengths.iter().map(end_of).find(|&end| end <= days.end) else { return found };
        found.push(Days::new(first, end));
        first = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn months_are_joined_to_quarters_and_financial_years() {
        let found = pieces(Days::new(day("2024-02-10"), day("2026-03-01")));
        let firsts: Vec<String> = found.iter().map(|days| days.first.to_string()).collect();
        let expected = [
            "2024-03-01",
            "2024-04-01",
            "2025-04-01",
            "2025-07-01",
            "2025-10-01",
            "2026-01-01",
            "2026-02-01",
        ];
        assert_eq!(firsts, expected);
        assert!(found.windows(2).all(|two| two[0].end == two[1].first), "without gaps");
        assert_eq!(found.last().map(|days| days.end), Some(day("2026-03-01")));
        assert!(pieces(Days::new(day("2024-02-10"), day("2024-03-31"))).is_empty());
        assert!(pieces(Days::new(day("2024-02-01"), day("2024-02-01"))).is_empty());
    }
}
