//! Answers questions about tallies from a view: with durations here, numbers of calls alone in `counted`.

mod counted;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::counts::QuestionCounts;
use super::months::{KEPT, Month};
use super::row::Weight;
use super::sums::{Decode, Dense, Dimension, Key, Sum, settle, tally, weigh};
use super::view::{Files, View, damaged};
use crate::calendar::{Day, Days, Slots};
use crate::metrics::Tally;
use crate::store::{Group, SourceKey, Span, StoreError, TallyAsk, TallyRow};

pub(super) use counted::CountRows;

/// Spans of a question from which on the unsettled calls are sorted by attribution once, instead of being searched for each.
const MANY_SPANS: usize = 64;

/// Makes the rows of a tally question, one group after the other.
pub(super) struct TallyRows {
    view: Arc<View>,
    ask: TallyAsk,
    group: usize,
    ready: VecDeque<TallyRow>,
    months: HashMap<Day, Option<Arc<Month>>>,
    /// Whether the question is of few attributions, for whose sake months are not added up for everybody.
    few: bool,
    /// Numbers of calls of whole months, where durations are not asked for.
    counts: Option<QuestionCounts>,
    files: Files,
    hot: Option<HashMap<u32, Vec<(Weight, i64)>>>,
    /// What [`TallyRows::one_month`] found last.
    one_month: Option<(Days, Option<InBucket>)>,
}

/// A month, and the bucket that all of it falls into.
type InBucket = (Arc<Month>, u32);

/// Sums of one group, by bucket and, where asked for, source.
type Parts = BTreeMap<(u32, u16), Sums>;

/// Sums that are being collected: as a list while they are few, added up where many come together.
enum Sums {
    Few(Vec<Sum>),
    Many(Dense),
}

impl Sums {
    fn add(&mut self, (key, calls): Sum) {
        match self {
            Self::Few(list) => list.push((key, calls)),
            Self::Many(dense) => dense.add(key, calls),
        }
    }

    fn settled(self) -> Vec<Sum> {
        match self {
            Self::Few(mut list) => {
                settle(&mut list);
                list
            }
            Self::Many(mut dense) => dense.drain(),
        }
    }
}

impl TallyRows {
    pub(super) fn new(view: Arc<View>, ask: TallyAsk) -> Self {
        let spans: usize = ask
            .groups
            .iter()
            .map(|group| if let Group::Spans(spans) = group { spans.len() } else { 0 })
            .sum();
        let few = spans <= MANY_SPANS && !ask.groups.iter().any(|group| matches!(group, Group::All));
        let hot = (spans > MANY_SPANS).then(|| {
            let mut hot: HashMap<u32, Vec<(Weight, i64)>> = HashMap::new();
            let days = ask.slots.days();
            for chunk in &view.chunks {
                for (weight, sign) in chunk.weights().filter(|(weight, _)| days.contains(weight.day)) {
                    hot.entry(weight.whose).or_default().push((weight, sign));
                }
            }
            hot
        });
        Self {
            view,
            ask,
            group: 0,
            ready: VecDeque::new(),
            months: HashMap::new(),
            few,
            counts: None,
            files: Files::default(),
            hot,
            one_month: None,
        }
    }

    /// Puts in what an attribution, or everybody, has in the piece of time that begins on a day and ends by another, and gives its end; `None` where that is
    /// not known by numbers of calls.
    fn counted_piece(
        &self,
        parts: &mut Parts,
        (first, end): (Day, Day),
        whose: Option<u32>,
        many: bool,
    ) -> Option<Day> {
        let (end, cells) = self.counts.as_ref()?.of_piece(first, end, whose)?;
        for (cell, calls) in cells {
            let key = Key::of_calls(if self.ask.by_source { cell.source } else { 0 }, cell.kind);
            self.part(parts, cell.bucket, cell.source, many).add((key, calls));
        }
        Some(end)
    }

    /// The one bucket that all of a month falls into, with its first day, where there is one.
    fn whole_month(&self, day: Day, within: Days) -> Option<(Days, u32)> {
        let month = Days::new(day, day.first_of_next_month());
        if day.first_of_month() != day || month.end > within.end {
            return None;
        }
        let slots = &self.ask.slots;
        let at = (day.number() - slots.first.number()) as usize;
        let rows = slots.table.get(at..at + month.len())?;
        let bucket = rows.first()?[0];
        rows.iter().all(|row| row.iter().all(|&slot| slot == bucket)).then_some((month, bucket))
    }

    fn month(&mut self, first: Day) -> Result<Arc<Month>, StoreError> {
        if let Some(Some(month)) = self.months.get(&first) {
            return Ok(month.clone());
        }
        let month = self.view.shared.months.of(first, &self.view.runs)?;
        self.months.insert(first, Some(month.clone()));
        Ok(month)
    }

    fn part<'a>(&self, parts: &'a mut Parts, bucket: u32, source: u16, many: bool) -> &'a mut Sums {
        let source = if self.ask.by_source { source } else { 0 };
        parts
            .entry((bucket, source))
            .or_insert_with(|| if many { Sums::Many(Dense::default()) } else { Sums::Few(Vec::new()) })
    }

    fn settled_span(&mut self, parts: &mut Parts, span: Span, many: bool) -> Result<(), StoreError> {
        let days = span.days.overlap(self.ask.slots.days());
        let mut day = days.first;
        // More months than are kept would be added up again and again.
        let by_month = !self.few || self.ask.slots.table.len() <= KEPT * 31;
        while day < days.end {
            if let Some(end) = self.counted_piece(parts, (day, days.end), Some(span.whose.0), many) {
                day = end;
                continue;
            }
            if by_month && let Some((month, bucket)) = self.whole_month(day, days) {
                if bucket != Slots::NONE {
                    let month = self.month(day)?;
                    self.put_in(parts, month.of(span.whose.0), |_| bucket, many);
                }
                day = month.end;
                continue;
            }
            let view = self.view.clone();
            for run in view.runs.of(day) {
                let Some(entry) = run.entry(span.whose.0).filter(|entry| entry.tally_len > 0) else {
                    continue;
                };
                let bytes = run.tally(self.files.of(run)?, entry).map_err(damaged)?;
                let slots = self.slots(day);
                self.put_in(parts, Decode::new(&bytes), |band| slots[band], many);
            }
            day = day.plus(1);
        }
        Ok(())
    }

    fn slots(&self, day: Day) -> [u32; 9] {
        self.ask.slots.table[(day.number() - self.ask.slots.first.number()) as usize]
    }

    /// Puts sums into their buckets.
    fn put_in(
        &self,
        parts: &mut Parts,
        sums: impl Iterator<Item = Sum>,
        bucket: impl Fn(usize) -> u32,
        many: bool,
    ) {
        let mut open: Option<(u32, u16)> = None;
        let mut list: &mut Sums = &mut Sums::Few(Vec::new());
        for (key, calls) in sums.filter(|(key, _)| self.wants(*key)) {
            let slot = bucket(key.band().map_or(0, |band| usize::from(band.number())));
            if slot == Slots::NONE {
                continue;
            }
            if open != Some((slot, key.source())) {
                open = Some((slot, key.source()));
                // The list is looked up anew only where the bucket or the source changes.
                list = self.part(parts, slot, key.source(), many);
            }
            let key = key.without_band();
            list.add((if self.ask.by_source { key } else { key.without_source() }, calls));
        }
    }

    fn wants(&self, key: Key) -> bool {
        self.ask.durations || key.dimension() == Dimension::Calls
    }

    fn hot_weight(&self, parts: &mut Parts, weight: &Weight, sign: i64, many: bool) {
        let slot = self.slots(weight.day)[usize::from(weight.band)];
        if slot == Slots::NONE {
            return;
        }
        let mut sums = Vec::with_capacity(3);
        weigh(&mut sums, weight, sign);
        let part = self.part(parts, slot, weight.source, many);
        for (key, calls) in sums.into_iter().filter(|(key, _)| self.wants(*key)) {
            let key = key.without_band();
            part.add((if self.ask.by_source { key } else { key.without_source() }, calls));
        }
    }

    fn spans(&mut self, spans: &[Span]) -> Result<Parts, StoreError> {
        let many = spans.len() > 4;
        let mut parts = Parts::new();
        for &span in spans {
            self.settled_span(&mut parts, span, many)?;
            let days = span.days.overlap(self.ask.slots.days());
            match &self.hot {
                Some(hot) => {
                    for (weight, sign) in hot.get(&span.whose.0).into_iter().flatten() {
                        if days.contains(weight.day) {
                            self.hot_weight(&mut parts, weight, *sign, many);
                        }
                    }
                }
                None => {
                    let view = self.view.clone();
                    for chunk in &view.chunks {
                        for (weight, sign) in chunk.weights_of(span.whose.0) {
                            if days.contains(weight.day) {
                                self.hot_weight(&mut parts, &weight, sign, many);
                            }
                        }
                    }
                }
            }
        }
        Ok(parts)
    }

    fn everybody(&mut self) -> Result<Parts, StoreError> {
        let days = self.ask.slots.days();
        let view = self.view.clone();
        let mut parts = Parts::new();
        let mut day = days.first;
        while day < days.end {
            if let Some(end) = self.counted_piece(&mut parts, (day, days.end), None, true) {
                day = end;
                continue;
            }
            if let Some((whole, bucket)) = self.whole_month(day, days) {
                if bucket != Slots::NONE {
                    let month = self.month(day)?;
                    for &(key, calls) in month.all().iter().filter(|(key, _)| self.wants(*key)) {
                        let part = self.part(&mut parts, bucket, key.source(), true);
                        part.add((if self.ask.by_source { key } else { key.without_source() }, calls));
                    }
                }
                day = whole.end;
                continue;
            }
            let slots = self.slots(day);
            for run in view.runs.of(day) {
                let (Some(first), Some(last)) = (run.directory.first(), run.directory.last()) else {
                    continue;
                };
                let bytes = run.tally_stretch(self.files.of(run)?, first, last).map_err(damaged)?;
                for entry in &run.directory {
                    let block = &bytes[entry.tally_at as usize..(entry.tally_at + entry.tally_len) as usize];
                    self.put_in(&mut parts, Decode::new(block), |band| slots[band], true);
                }
            }
            day = day.plus(1);
        }
        for chunk in &view.chunks {
            for (weight, sign) in chunk.weights() {
                if days.contains(weight.day) {
                    self.hot_weight(&mut parts, &weight, sign, true);
                }
            }
        }
        Ok(parts)
    }

    /// The month that some days are, where all of it falls into one bucket.
    fn one_month(&mut self, days: Days) -> Result<Option<InBucket>, StoreError> {
        if let Some((last, found)) = &self.one_month
            && *last == days
        {
            return Ok(found.clone());
        }
        let found = match self.whole_month(days.first, days) {
            Some((month, bucket)) if month == days && bucket != Slots::NONE => {
                Some((self.month(days.first)?, bucket))
            }
            _ => None,
        };
        self.one_month = Some((days, found.clone()));
        Ok(found)
    }

    /// The tally of a group that is one attribution in whole months of which each falls into one bucket: the case of all practices for a month.
    fn whole(&mut self, group: &Group) -> Result<Option<(u32, Tally)>, StoreError> {
        let Group::Spans(spans) = group else { return Ok(None) };
        let ([span], false, Some(hot)) = (spans.as_slice(), self.ask.by_source, &self.hot) else {
            return Ok(None);
        };
        let days = span.days.overlap(self.ask.slots.days());
        if days.is_empty() || hot.contains_key(&span.whose.0) {
            return Ok(None);
        }
        let Some((month, bucket)) = self.one_month(days)? else { return Ok(None) };
        Ok(month.tally(span.whose.0).map(|tally| (bucket, Tally::clone(&tally))))
    }

    /// The sums of a group.
    fn parts(&mut self, asked: Group) -> Result<Parts, StoreError> {
        match asked {
            Group::All => self.everybody(),
            Group::Spans(spans) => self.spans(&spans),
        }
    }

    fn make(&mut self) -> Result<(), StoreError> {
        let group = self.group;
        self.group += 1;
        let asked = std::mem::replace(&mut self.ask.groups[group], Group::All);
        if let Some((bucket, tally)) = self.whole(&asked)? {
            if !tally.is_empty() {
                self.ready.push_back(TallyRow { group, bucket, source: None, tally });
            }
            return Ok(());
        }
        for ((bucket, source), sums) in self.parts(asked)? {
            let tally = tally(&sums.settled());
            if !tally.is_empty() {
                let source = self.ask.by_source.then_some(SourceKey(u32::from(source)));
                self.ready.push_back(TallyRow { group, bucket, source, tally });
            }
        }
        Ok(())
    }
}

impl Iterator for TallyRows {
    type Item = Result<TallyRow, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && self.group < self.ask.groups.len() {
            if let Err(fault) = self.make() {
                self.group = self.ask.groups.len();
                return Some(Err(fault));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}
