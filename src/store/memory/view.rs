//! A snapshot of the store in memory: every answer looks at every call.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use callgauge_schema::{CallKind, Line, SourceId};

use super::state::{State, Stored};
use crate::calendar::{Band, Day, Days, Slots, london};
use crate::metrics::{Histogram, KindTally, Tally};
use crate::store::{
    AttributionKey, Attributions, CallCount, CallFacts, CallFilter, CallsAsk, CountsAsk, DaysWithCalls,
    FactsAsk, FactsChunk, Group, GroupCounts, IndicatorRow, IndicatorsAsk, LineKey, Rows, SeriesBreak,
    Snapshot, SourceKey, Span, Statements, StoreError, StoredCall, StoredTally, TallyAsk, TallyRow,
};

/// Calls in a chunk of facts.
const CHUNK: usize = 4_096;

/// The state as it was.
pub(super) struct View(pub(super) Arc<State>);

impl View {
    /// What metrics need of every call that counts, in order of source and call id.
    fn facts(&self) -> impl Iterator<Item = &CallFacts> {
        self.0.calls.values().filter(|call| !call.record.retracted()).map(|call| &call.facts)
    }
}

#[async_trait]
impl Snapshot for View {
    fn attributions(&self) -> Arc<Attributions> {
        Arc::new(Attributions::new(self.0.attributions.list.clone()))
    }

    fn source(&self, key: SourceKey) -> SourceId {
        self.0.sources.list[key.0 as usize].clone()
    }

    fn line(&self, key: LineKey) -> Line {
        self.0.lines.list[key.0 as usize].clone()
    }

    fn statements(&self) -> Arc<Statements> {
        Arc::clone(&self.0.statements)
    }

    fn sources(&self) -> Vec<SourceId> {
        self.0.sources.list.clone()
    }

    fn day_tallies(&self, whose: AttributionKey, days: Days) -> Result<Vec<StoredTally>, StoreError> {
        let theirs = self.0.tallies.iter().filter(|((of, day, _, _), _)| *of == whose && days.contains(*day));
        let stored = theirs.map(|((_, day, source, _), counts)| StoredTally {
            source: source.clone(),
            day: *day,
            counts: counts.clone(),
        });
        Ok(stored.collect())
    }

    async fn tallies(self: Arc<Self>, ask: TallyAsk) -> Result<Rows<TallyRow>, StoreError> {
        let TallyAsk { groups, slots, by_source, durations } = ask;
        let rows = groups.into_iter().enumerate().flat_map(move |(group, of)| {
            let wanted = Wanted::of(&of);
            let mut cells: BTreeMap<(u32, Option<SourceKey>), BTreeMap<CallKind, Cell>> = BTreeMap::new();
            for call in View::facts(&self) {
                let at = london(call.started_at);
                if !wanted.has(call.whose, at.day) {
                    continue;
                }
                let Some(bucket) = bucket_of(&slots, at.day, at.second) else { continue };
                let cell = cells.entry((bucket, by_source.then_some(call.source))).or_default();
                cell.entry(call.kind).or_default().add(call, durations);
            }
            cells.into_iter().map(move |((bucket, source), kinds)| {
                let kinds = kinds.into_iter().map(|(kind, cell)| cell.tallied(kind)).collect();
                Ok(TallyRow { group, bucket, source, tally: Tally { kinds } })
            })
        });
        Ok(Box::new(rows))
    }

    async fn counts(self: Arc<Self>, ask: CountsAsk) -> Result<Rows<GroupCounts>, StoreError> {
        let CountsAsk { groups, slots, by_source } = ask;
        let rows = groups.into_iter().enumerate().filter_map(move |(group, of)| {
            let wanted = Wanted::of(&of);
            let mut cells: BTreeMap<(u32, Option<SourceKey>, CallKind), i64> = BTreeMap::new();
            for call in View::facts(&self) {
                let at = london(call.started_at);
                if wanted.has(call.whose, at.day)
                    && let Some(bucket) = bucket_of(&slots, at.day, at.second)
                {
                    *cells.entry((bucket, by_source.then_some(call.source), call.kind)).or_default() += 1;
                }
            }
            let count = |((bucket, source, kind), calls)| CallCount { bucket, source, kind, calls };
            let counts: Vec<CallCount> = cells.into_iter().map(count).collect();
            (!counts.is_empty()).then_some(Ok(GroupCounts { group, counts }))
        });
        Ok(Box::new(rows))
    }

    async fn facts(self: Arc<Self>, ask: FactsAsk) -> Result<Rows<FactsChunk>, StoreError> {
        let FactsAsk { groups, days } = ask;
        let chunks = groups.into_iter().enumerate().flat_map(move |(group, of)| {
            let wanted = Wanted::of(&of);
            let asked = |call: &&CallFacts| {
                let day = london(call.started_at).day;
                days.contains(day) && wanted.has(call.whose, day)
            };
            let facts: Vec<CallFacts> = View::facts(&self).filter(asked).copied().collect();
            let chunks: Vec<_> =
                facts.chunks(CHUNK).map(|facts| Ok(FactsChunk { group, facts: facts.to_vec() })).collect();
            chunks
        });
        Ok(Box::new(chunks))
    }

    async fn days_with_calls(
        self: Arc<Self>,
        days: Days,
        of: Option<Vec<AttributionKey>>,
    ) -> Result<DaysWithCalls, StoreError> {
        let mut bits = vec![vec![0_u64; days.len().div_ceil(64)]; self.0.attributions.list.len()];
        for call in View::facts(&self) {
            let day = london(call.started_at).day;
            if days.contains(day) && of.as_ref().is_none_or(|of| of.contains(&call.whose)) {
                let at = (day.number() - days.first.number()) as usize;
                bits[call.whose.0 as usize][at / 64] |= 1 << (at % 64);
            }
        }
        Ok(DaysWithCalls { days, bits })
    }

    async fn several_sources(self: Arc<Self>, groups: Vec<Group>, days: Days) -> Result<bool, StoreError> {
        let wanted: Vec<Wanted> = groups.iter().map(Wanted::of).collect();
        let mut seen: HashMap<(AttributionKey, Day), SourceKey> = HashMap::new();
        Ok(View::facts(&self).any(|call| {
            let day = london(call.started_at).day;
            days.contains(day)
                && wanted.iter().any(|wanted| wanted.has(call.whose, day))
                && *seen.entry((call.whose, day)).or_insert(call.source) != call.source
        }))
    }

    async fn indicators(self: Arc<Self>, ask: IndicatorsAsk) -> Result<Vec<IndicatorRow>, StoreError> {
        self.0.indicators(&ask)
    }

    fn series_breaks(&self) -> Arc<Vec<SeriesBreak>> {
        self.0.series_breaks()
    }

    async fn calls(self: Arc<Self>, ask: CallsAsk) -> Result<Vec<StoredCall>, StoreError> {
        let CallsAsk { spans, from, until, filter, limit } = ask;
        let wanted = Wanted::of(&Group::Spans(spans));
        let asked = |call: &Stored| {
            let at = call.facts.started_at;
            !call.record.retracted()
                && from <= at
                && at < until
                && wanted.has(call.facts.whose, london(at).day)
        };
        let mut found: Vec<StoredCall> = (self.0.calls.iter())
            .filter(|(_, call)| asked(call))
            .map(|((source, _), call)| StoredCall { source: source.clone(), record: call.record.clone() })
            .filter(|call| meets(&filter, call))
            .collect();
        if found.len() > limit {
            return Err(StoreError::TooLarge(limit));
        }
        // Stable: calls of one moment stay in order of source and call id.
        found.sort_by_key(|call| call.record.started_at());
        Ok(found)
    }
}

/// Whose calls on which days belong to a group; `None` for everybody's.
struct Wanted(Option<HashMap<AttributionKey, Vec<Days>>>);

impl Wanted {
    fn of(group: &Group) -> Self {
        let Group::Spans(spans) = group else { return Self(None) };
        let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
        for &Span { whose, days } in spans {
            wanted.entry(whose).or_default().push(days);
        }
        Self(Some(wanted))
    }

    fn has(&self, whose: AttributionKey, day: Day) -> bool {
        self.0.as_ref().is_none_or(|wanted| {
            wanted.get(&whose).is_some_and(|stretches| stretches.iter().any(|days| days.contains(day)))
        })
    }
}

/// The calls of one kind in one bucket.
#[derive(Default)]
struct Cell {
    calls: i64,
    wait: Vec<(u32, i64)>,
    talk: Vec<(u32, i64)>,
}

impl Cell {
    fn add(&mut self, call: &CallFacts, durations: bool) {
        self.calls += 1;
        if durations {
            self.wait.extend(call.wait.map(|wait| (wait.get(), 1)));
            self.talk.extend(call.talk.map(|talk| (talk.get(), 1)));
        }
    }

    fn tallied(self, kind: CallKind) -> KindTally {
        let Self { calls, wait, talk } = self;
        KindTally { kind, calls, wait: Histogram::from_bins(wait), talk: Histogram::from_bins(talk) }
    }
}

fn bucket_of(slots: &Slots, day: Day, second: u32) -> Option<u32> {
    let row = usize::try_from(day.number() - slots.first.number()).ok()?;
    let bucket = slots.table.get(row)?[Band::at(second).number() as usize];
    (bucket != Slots::NONE).then_some(bucket)
}

fn meets(filter: &CallFilter, call: &StoredCall) -> bool {
    let CallFilter { source, direction, outcomes, reasons, lines, min_wait, max_wait } = filter;
    let record = &call.record;
    source.as_ref().is_none_or(|source| call.source == *source)
        && direction.is_none_or(|direction| record.direction() == direction)
        && (outcomes.is_empty() || outcomes.contains(&record.outcome()))
        && (reasons.is_empty() || record.reason().is_some_and(|reason| reasons.contains(&reason)))
        && (lines.is_empty() || record.line().is_some_and(|line| lines.contains(line)))
        && min_wait.is_none_or(|least| record.wait().is_some_and(|wait| wait >= least))
        && max_wait.is_none_or(|most| record.wait().is_some_and(|wait| wait <= most))
}
