//! What counts on each practice-day, where anything is stated about it: calls of all sources, of the source of record alone, or the tallies of one source.
//!
//! - Where a source of record is stated, only its calls count, and where it has none, its tallies. Others' are kept apart.
//! - Where none is stated, all calls count; where there is no call either, the tallies of one source, the first by its id.
//!
//! It is worked out for each question from what is stated at its moment; where nothing is stated it costs nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callgauge_schema::{OdsCode, SourceId};
use tokio::runtime::Handle;

use crate::calendar::{Day, Days, Slots, start_of};
use crate::metrics::DayCounts;
use crate::store::stated::{Covered, Stretches};
use crate::store::{
    AttributionKey, CountsAsk, DaysWithCalls, Group, Snapshot, SourceKey, Span, Statements, StoreError, Whose,
};

/// What counts in the answer to one question.
pub(in crate::service) struct Ruling {
    range: Days,
    statements: Arc<Statements>,
    rules: HashMap<AttributionKey, Rule>,
    /// How many attributions there are.
    everybody: u32,
}

/// What counts of the calls of one practice or account.
#[derive(Default)]
pub(in crate::service) struct Rule {
    /// Days of which a source of record is stated.
    stated: Vec<Days>,
    /// Stated days on which it has calls.
    counted: BTreeSet<Day>,
    /// Stated days on which other sources have calls: only those of this one count, of none where it never sent anything.
    only: Vec<(Days, Option<SourceKey>)>,
    /// Days that count by tallies, and whose these are.
    tallied: BTreeMap<Day, SourceId>,
    /// Whether there are any tallies.
    has_tallies: bool,
}

/// A group of a question, taken apart.
pub(in crate::service) struct Split {
    /// What counts whatever its source.
    pub(in crate::service) plain: Group,
    /// What counts of one source alone.
    pub(in crate::service) only: Vec<(Option<SourceKey>, Group)>,
    /// Where there are tallies.
    pub(in crate::service) tallied: Vec<Span>,
}

/// What one source states of one day of somebody's calls.
pub(in crate::service) struct StatedDay {
    pub(in crate::service) source: SourceId,
    pub(in crate::service) day: Day,
    pub(in crate::service) counts: DayCounts,
}

/// How far somebody's days were delivered.
pub(in crate::service) struct Delivery<'a> {
    of_record: Vec<(Days, &'a SourceId)>,
    by_source: &'a [(SourceId, Stretches)],
    union: Stretches,
}

impl Ruling {
    /// Blocks.
    pub(in crate::service) fn new(
        snapshot: &Arc<dyn Snapshot>,
        with_calls: &DaysWithCalls,
        runtime: &Handle,
    ) -> Result<Self, StoreError> {
        let (statements, range) = (snapshot.statements(), with_calls.days);
        let mut ruling = Self { range, statements, rules: HashMap::new(), everybody: 0 };
        if ruling.statements.rule_nothing() {
            return Ok(ruling);
        }
        let attributions = snapshot.attributions();
        ruling.everybody = attributions.list().len() as u32;
        let mut of_record: Vec<(AttributionKey, Vec<(Days, SourceId)>)> = Vec::new();
        for (key, attribution) in (0..).map(AttributionKey).zip(attributions.list()) {
            let whose = Whose::of(attribution);
            let stated = ruling.statements.of_record().within(&whose, range);
            let stated: Vec<_> = stated.map(|(days, source)| (days, source.clone())).collect();
            if !stated.is_empty() {
                of_record.push((key, stated));
            } else if !ruling.statements.tallied(key).is_empty() {
                ruling.rules.insert(key, Rule::default());
            }
        }
        ruling.rule_of_record(snapshot, runtime, of_record)?;
        for (&key, rule) in &mut ruling.rules {
            rule.take_tallies(&ruling.statements, key, with_calls);
        }
        Ok(ruling)
    }

    /// Finds out on which stated days who has calls.
    fn rule_of_record(
        &mut self,
        snapshot: &Arc<dyn Snapshot>,
        runtime: &Handle,
        of_record: Vec<(AttributionKey, Vec<(Days, SourceId)>)>,
    ) -> Result<(), StoreError> {
        if of_record.is_empty() {
            return Ok(());
        }
        let groups = of_record.iter().map(|(key, stated)| {
            Group::Spans(stated.iter().map(|&(days, _)| Span { whose: *key, days }).collect())
        });
        let table = (0..self.range.len() as u32).map(|day| [day; 9]).collect();
        let slots = Slots { first: self.range.first, table };
        let ask = CountsAsk { groups: groups.collect(), slots, by_source: true };
        let mut rows = runtime.block_on(Arc::clone(snapshot).counts(ask))?.peekable();
        let sources: HashMap<SourceId, SourceKey> =
            snapshot.sources().into_iter().zip((0..).map(SourceKey)).collect();
        for (group, (key, stated)) in of_record.into_iter().enumerate() {
            let mut calls: BTreeMap<Day, Vec<SourceKey>> = BTreeMap::new();
            while let Some(row) = rows.next_if(|row| row.as_ref().map_or(true, |row| row.group <= group)) {
                let row = row?;
                let by_day = row
                    .counts
                    .chunk_by(|one, other| (one.bucket, one.source) == (other.bucket, other.source));
                for of in by_day.filter(|of| of.iter().map(|count| count.calls).sum::<i64>() > 0) {
                    let on = calls.entry(self.range.first.plus(of[0].bucket as i32)).or_default();
                    on.extend(of[0].source);
                }
            }
            let rule = self.rules.entry(key).or_default();
            for (days, source) in stated {
                rule.stated.push(days);
                let own = sources.get(&source).copied();
                for (&day, of) in calls.range(days.first..days.end) {
                    if own.is_some_and(|own| of.contains(&own)) {
                        rule.counted.insert(day);
                    }
                    if of.iter().any(|&other| Some(other) != own) {
                        rule.keep_apart(day, own);
                    }
                }
                for tallied in self.statements.tallied(key).iter().filter(|tallied| tallied.source == source)
                {
                    for day in days_in(&tallied.days, days).filter(|day| !rule.counted.contains(day)) {
                        rule.tallied.insert(day, source.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// What a group is made of.
    pub(in crate::service) fn split(&self, group: Group) -> Split {
        if self.rules.is_empty() {
            return Split { plain: group, only: Vec::new(), tallied: Vec::new() };
        }
        let spans = match group {
            Group::Spans(spans) => spans,
            Group::All => {
                let everybody = (0..self.everybody).map(AttributionKey);
                let spans: Vec<Span> = everybody.map(|whose| Span { whose, days: self.range }).collect();
                if self.rules.values().all(|rule| rule.only.is_empty()) {
                    return Split { plain: Group::All, only: Vec::new(), tallied: self.with_tallies(&spans) };
                }
                spans
            }
        };
        let tallied = self.with_tallies(&spans);
        let mut only: BTreeMap<Option<SourceKey>, Vec<Span>> = BTreeMap::new();
        let mut plain = Vec::with_capacity(spans.len());
        for Span { whose, mut days } in spans {
            for &(apart, source) in self.rules.get(&whose).map_or(&[][..], |rule| &rule.only) {
                let within = apart.overlap(days);
                if within.is_empty() {
                    continue;
                }
                only.entry(source).or_default().push(Span { whose, days: within });
                if days.first < within.first {
                    plain.push(Span { whose, days: Days::new(days.first, within.first) });
                }
                days = Days::new(within.end, days.end);
            }
            if !days.is_empty() {
                plain.push(Span { whose, days });
            }
        }
        let only = only.into_iter().map(|(source, spans)| (source, Group::Spans(spans))).collect();
        Split { plain: Group::Spans(plain), only, tallied }
    }

    fn with_tallies(&self, spans: &[Span]) -> Vec<Span> {
        let has = |span: &&Span| self.rules.get(&span.whose).is_some_and(|rule| rule.has_tallies);
        spans.iter().filter(has).copied().collect()
    }

    /// Whether every call counts, and nothing but calls.
    pub(in crate::service) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The counts that stand for somebody's calls, each with whether it counts. Blocks.
    pub(in crate::service) fn counts(
        &self,
        snapshot: &dyn Snapshot,
        Span { whose, days }: Span,
    ) -> Result<Vec<(StatedDay, bool)>, StoreError> {
        let mut found = Vec::new();
        let mut stored = snapshot.day_tallies(whose, days)?.into_iter().peekable();
        while let Some(first) = stored.next() {
            let (source, day) = (first.source, first.day);
            let mut counts = DayCounts::default();
            counts.put(first.counts);
            while let Some(next) = stored.next_if(|next| next.day == day && next.source == source) {
                counts.put(next.counts);
            }
            let counting = self.rule(whose).and_then(|rule| rule.tallied(day)) == Some(&source);
            found.push((StatedDay { source, day, counts }, counting));
        }
        Ok(found)
    }

    /// What is ruled of somebody's calls, where anything is.
    pub(in crate::service) fn rule(&self, key: AttributionKey) -> Option<&Rule> {
        self.rules.get(&key)
    }

    /// How far a practice's days were delivered, where anything is stated of it.
    pub(in crate::service) fn delivery(&self, code: OdsCode) -> Option<Delivery<'_>> {
        if !self.statements.any_delivered() {
            return None;
        }
        let whose = Whose::Practice(code);
        let by_source = self.statements.delivered(&whose);
        if by_source.is_empty() {
            return None;
        }
        let union = by_source.iter().fold(Stretches::default(), |all, (_, theirs)| all.union(theirs));
        let of_record = self.statements.of_record().within(&whose, self.range).collect();
        Some(Delivery { of_record, by_source, union })
    }
}

impl Rule {
    fn keep_apart(&mut self, day: Day, source: Option<SourceKey>) {
        match self.only.last_mut() {
            Some((days, last)) if days.end == day && *last == source => days.end = day.plus(1),
            _ => self.only.push((Days::new(day, day.plus(1)), source)),
        }
    }

    fn take_tallies(&mut self, statements: &Statements, key: AttributionKey, with_calls: &DaysWithCalls) {
        let all = statements.tallied(key);
        // In order of source: the first one counts.
        for tallied in all {
            for day in days_in(&tallied.days, with_calls.days) {
                self.has_tallies = true;
                if !self.is_stated(day) && !with_calls.has(key, day) {
                    self.tallied.entry(day).or_insert_with(|| tallied.source.clone());
                }
            }
        }
    }

    fn is_stated(&self, day: Day) -> bool {
        self.stated.iter().any(|days| days.contains(day))
    }

    /// Whether calls count on a day, where `any` says whether there are any.
    pub(in crate::service) fn has_calls(&self, day: Day, any: bool) -> bool {
        if self.is_stated(day) { self.counted.contains(&day) } else { any }
    }

    /// Whose tallies count on any of these days.
    pub(in crate::service) fn tallied_in(&self, days: Days) -> impl Iterator<Item = &SourceId> {
        self.tallied.range(days.first..days.end).map(|(_, source)| source)
    }

    /// Whose tallies count on a day.
    pub(in crate::service) fn tallied(&self, day: Day) -> Option<&SourceId> {
        self.tallied.get(&day)
    }
}

impl Delivery<'_> {
    /// How much of a day: by its source of record, or by all sources together.
    pub(in crate::service) fn of(&self, day: Day) -> Covered {
        let stated = self.of_record.iter().find(|(days, _)| days.contains(day));
        let stretches = match stated {
            None => Some(&self.union),
            Some((_, source)) => {
                self.by_source.iter().find(|(other, _)| other == *source).map(|(_, stretches)| stretches)
            }
        };
        let (from, until) = (start_of(day).millis(), start_of(day.plus(1)).millis());
        stretches.map_or(Covered::None, |stretches| stretches.cover(from, until))
    }
}

/// The days of a stretch that are in some numbers of days.
fn days_in(numbers: &Stretches, within: Days) -> impl Iterator<Item = Day> {
    numbers.iter().flat_map(move |(from, until)| {
        let clipped = (from.max(within.first.number().into()), until.min(within.end.number().into()));
        (clipped.0..clipped.1).map(|number| Day::from_number(number as i32))
    })
}
