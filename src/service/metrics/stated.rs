//! The part of a row that is not simply all calls of its members: calls of which only one source's count, and tallies that stand for calls.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use callgauge_schema::SourceId;

use super::answer::Answering;
use super::cells::{Cell, Cells, Part, belongs};
use super::parse::Breakdown;
use super::ruling::{Ruling, Split, StatedDay};
use crate::calendar::{Buckets, Day, Slots, start_of};
use crate::metrics::{DayCounts, Gaps, Placed};
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::store::{
    AttributionKey, FactsAsk, FactsChunk, Group, Rows, Snapshot, SourceKey, Span, StoreError, TallyAsk,
    TallyRow,
};

/// Finest buckets are quarters of an hour.
const STEP_MILLIS: i64 = 900_000;

/// What is read of the store beside the plain calls.
pub(super) struct Stated<'a> {
    ruling: &'a Ruling,
    buckets: &'a Arc<Buckets>,
    slots: Option<Slots>,
    breakdown: Breakdown,
    snapshot: Arc<dyn Snapshot>,
    /// For each row, where there are tallies.
    tallied: Vec<Vec<Span>>,
    /// The row and the source of each group that is asked for.
    only: Vec<(usize, Option<SourceKey>)>,
    calls: Option<Calls>,
    /// Buckets of a day, where they are finer than bands.
    touched: HashMap<Day, Vec<u32>>,
    pub(super) seen: Seen,
}

/// Calls of all sources, of which one's count.
enum Calls {
    Tallied(std::iter::Peekable<Rows<TallyRow>>),
    Single(std::iter::Peekable<Rows<FactsChunk>>),
}

/// What was seen, for the notes.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    tallied: bool,
    unplaced: bool,
    apart: bool,
    several: bool,
}

/// What belongs to one row beside its cells.
#[derive(Default)]
pub(super) struct Aside {
    gaps: HashMap<(u32, Option<SourceId>), Gaps>,
    calls_apart: HashMap<u32, i64>,
    tallied_apart: HashMap<u32, i64>,
}

/// The tallies of one row.
#[derive(Default)]
pub(super) struct Tallies {
    counting: Vec<(SourceId, Day, DayCounts)>,
    apart: Vec<(Day, DayCounts)>,
    /// Days that count by tallies of no call.
    pub(super) zero: HashSet<(AttributionKey, Day)>,
}

impl<'a> Stated<'a> {
    /// Takes groups apart: leaves what can be asked for as ever, and keeps the rest. Blocks.
    pub(super) fn take(
        answering: &Answering<'_>,
        ruling: &'a Ruling,
        buckets: &'a Arc<Buckets>,
        groups: Vec<Group>,
    ) -> Result<(Vec<Group>, Self), Fault> {
        let question = answering.admitted.question();
        let (mut plain, mut tallied) = (Vec::with_capacity(groups.len()), Vec::with_capacity(groups.len()));
        let (mut only, mut asked) = (Vec::new(), Vec::new());
        for (row, group) in groups.into_iter().enumerate() {
            let Split { plain: rest, only: apart, tallied: with_tallies } = ruling.split(group);
            plain.push(rest);
            tallied.push(with_tallies);
            for (source, group) in apart {
                only.push((row, source));
                asked.push(group);
            }
        }
        let slots = buckets.slots();
        let snapshot = &answering.snapshot;
        let several = snapshot.sources().len() > 1 && {
            let asked = Arc::clone(snapshot).several_sources(plain.clone(), question.days);
            answering.runtime.block_on(asked)?
        };
        let calls = match (&slots, question.breakdown) {
            _ if asked.is_empty() => None,
            (Some(slots), Breakdown::None | Breakdown::Outcome | Breakdown::Source) => {
                let durations = question.metrics.iter().any(|metric| metric.needs_durations());
                let ask = TallyAsk { groups: asked, slots: slots.clone(), by_source: true, durations };
                let rows = answering.runtime.block_on(Arc::clone(snapshot).tallies(ask))?;
                Some(Calls::Tallied(rows.peekable()))
            }
            (None, _) | (_, Breakdown::Line) => {
                let ask = FactsAsk { groups: asked, days: question.days };
                let chunks = answering.runtime.block_on(Arc::clone(snapshot).facts(ask))?;
                Some(Calls::Single(chunks.peekable()))
            }
        };
        let stated = Self {
            ruling,
            buckets,
            slots,
            breakdown: question.breakdown,
            snapshot: Arc::clone(snapshot),
            tallied,
            only,
            calls,
            touched: HashMap::new(),
            seen: Seen { several, ..Seen::default() },
        };
        Ok((plain, stated))
    }

    /// The tallies of a row. Blocks.
    pub(super) fn tallies(&mut self, row: usize) -> Result<Tallies, Fault> {
        let mut tallies = Tallies::default();
        for span in std::mem::take(&mut self.tallied[row]) {
            for (StatedDay { source, day, counts }, counting) in self.ruling.counts(&*self.snapshot, span)? {
                if !counting {
                    tallies.apart.push((day, counts));
                    continue;
                }
                if counts.is_zero() {
                    tallies.zero.insert((span.whose, day));
                }
                tallies.counting.push((source, day, counts));
            }
        }
        Ok(tallies)
    }

    /// Adds to the cells of a row what belongs to them, and says what does not.
    pub(super) fn add(
        &mut self,
        row: usize,
        tallies: Tallies,
        cells: &mut Vec<Cell>,
        waiting: &Waiting,
    ) -> Result<Aside, Fault> {
        let mut aside = Aside::default();
        let mut added = self.calls(row, &mut aside, waiting)?;
        let Tallies { counting, apart, zero: _ } = tallies;
        for (day, counts) in apart {
            self.seen.apart = true;
            for Placed { bucket, tally, gaps: _ } in self.place(day, &counts) {
                *aside.tallied_apart.entry(bucket).or_default() += tally.calls();
            }
        }
        let mut placed: Vec<TallyRow> = Vec::new();
        for (source, day, counts) in counting {
            self.seen.tallied = true;
            for Placed { bucket, tally, gaps } in self.place(day, &counts) {
                let part = (self.breakdown == Breakdown::Source).then(|| source.clone());
                if gaps == Gaps::EVERYTHING {
                    self.seen.unplaced = true;
                    added.extend(part.clone().map(|source| Cell {
                        bucket,
                        part: Part::Source(source),
                        tally: tally.clone(),
                    }));
                }
                let known = aside.gaps.entry((bucket, part.clone())).or_default();
                *known = known.and(gaps);
                if tally.is_empty() {
                    continue;
                }
                match part {
                    Some(source) => added.push(Cell { bucket, part: Part::Source(source), tally }),
                    None if self.breakdown == Breakdown::Line => {
                        added.push(Cell { bucket, part: Part::Line(None), tally });
                    }
                    None => placed.push(TallyRow { group: row, bucket, source: None, tally }),
                }
            }
        }
        added.extend(self.celled(row, placed, waiting)?);
        if !added.is_empty() {
            cells.extend(added);
            cells.sort_by(|one, other| (one.bucket, &one.part).cmp(&(other.bucket, &other.part)));
            cells.dedup_by(|next, kept| {
                let same = (next.bucket, &next.part) == (kept.bucket, &kept.part);
                if same {
                    kept.tally.add(&next.tally);
                }
                same
            });
        }
        Ok(aside)
    }

    /// Calls of which one source's count.
    fn calls(&mut self, row: usize, aside: &mut Aside, waiting: &Waiting) -> Result<Vec<Cell>, Fault> {
        let (from, until) = (
            self.only.partition_point(|&(other, _)| other < row),
            self.only.partition_point(|&(other, _)| other <= row),
        );
        let mut cells = Vec::new();
        for group in from..until {
            let only = self.only[group].1;
            self.seen.apart = true;
            match &mut self.calls {
                None => {}
                Some(Calls::Tallied(rows)) => {
                    let mut counted = Vec::new();
                    while let Some(next) = rows.next_if(|next| belongs(next, group, |next| next.group)) {
                        let TallyRow { group: _, bucket, source, tally } = next?;
                        if source == only && only.is_some() {
                            let source = source.filter(|_| self.breakdown == Breakdown::Source);
                            counted.push(TallyRow { group: row, bucket, source, tally });
                        } else {
                            *aside.calls_apart.entry(bucket).or_default() += tally.calls();
                        }
                    }
                    cells.extend(self.celled(row, counted, waiting)?);
                }
                Some(Calls::Single(chunks)) => {
                    let mut counted: Vec<Result<FactsChunk, StoreError>> = Vec::new();
                    while let Some(next) = chunks.next_if(|next| belongs(next, group, |next| next.group)) {
                        let FactsChunk { group: _, mut facts } = next?;
                        facts.retain(|call| {
                            let counts = Some(call.source) == only;
                            if !counts && let Some(bucket) = self.buckets.slot(call.started_at) {
                                *aside.calls_apart.entry(bucket).or_default() += 1;
                            }
                            counts
                        });
                        counted.push(Ok(FactsChunk { group: row, facts }));
                    }
                    let chunks: Rows<FactsChunk> = Box::new(counted.into_iter());
                    let mut single = Cells::Single {
                        chunks: chunks.peekable(),
                        buckets: Arc::clone(self.buckets),
                        breakdown: self.breakdown,
                        snapshot: Arc::clone(&self.snapshot),
                    };
                    cells.extend(single.of(row, waiting)?);
                }
            }
        }
        Ok(cells)
    }

    /// Tallies as cells of the breakdown asked for.
    fn celled(&self, row: usize, tallies: Vec<TallyRow>, waiting: &Waiting) -> Result<Vec<Cell>, Fault> {
        if tallies.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Rows<TallyRow> = Box::new(tallies.into_iter().map(Ok));
        let snapshot = Arc::clone(&self.snapshot);
        Cells::Tallied { rows: rows.peekable(), breakdown: self.breakdown, snapshot }.of(row, waiting)
    }

    /// The counts of a day in the buckets asked for.
    fn place(&mut self, day: Day, counts: &DayCounts) -> Vec<Placed> {
        if let Some(slots) = &self.slots {
            let at = usize::try_from(day.number() - slots.first.number()).unwrap_or(usize::MAX);
            return slots.table.get(at).map(|bands| counts.by_band(bands, Slots::NONE)).unwrap_or_default();
        }
        let gaps = counts.unplaced();
        let buckets = self.buckets;
        let touched = self.touched.entry(day).or_insert_with(|| {
            let mut touched = Vec::new();
            let mut at = start_of(day);
            while at < start_of(day.plus(1)) {
                touched.extend(buckets.slot(at));
                at = at.plus_millis(STEP_MILLIS);
            }
            touched.sort_unstable();
            touched.dedup();
            touched
        });
        let nothing = || Placed { bucket: 0, tally: crate::metrics::Tally::default(), gaps };
        touched.iter().map(|&bucket| Placed { bucket, ..nothing() }).collect()
    }
}

impl Seen {
    pub(super) fn add(&mut self, other: Self) {
        let Self { tallied, unplaced, apart, several } = other;
        self.tallied |= tallied;
        self.unplaced |= unplaced;
        self.apart |= apart;
        self.several |= several;
    }

    /// What a reader has to know of it, in words.
    pub(super) fn notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.tallied {
            notes.push(
                "some practice-days count by tallies that a supplier stated instead of calls: what these cannot carry is NOT_AVAILABLE, see practice_days_tallied"
                    .to_owned(),
            );
        }
        if self.unplaced {
            notes.push(
                "some tallies are coarser than the buckets or hours asked for: every metric of a bucket that they may belong to is NOT_AVAILABLE"
                    .to_owned(),
            );
        }
        if self.apart {
            notes.push(
                "on some practice-days another source's calls or tallies are kept apart and do not count: see calls_kept_apart and tallied_calls_kept_apart"
                    .to_owned(),
            );
        }
        if self.several {
            notes.push(
                "on some practice-days several sources have calls and no source of record is stated, so all of them count: breakdown by source tells them apart"
                    .to_owned(),
            );
        }
        notes
    }
}

impl Aside {
    /// What is not known of a cell.
    pub(super) fn gaps(&self, bucket: usize, cell: Option<&Cell>) -> Gaps {
        if self.gaps.is_empty() {
            return Gaps::NONE;
        }
        let part = cell.and_then(|cell| match &cell.part {
            Part::Source(source) => Some(source.clone()),
            Part::Whole | Part::Outcome(_) | Part::Line(_) => None,
        });
        self.gaps.get(&(bucket as u32, part)).copied().unwrap_or_default()
    }

    /// Calls, and calls in tallies, of a bucket that do not count.
    pub(super) fn kept_apart(&self, bucket: usize) -> (i64, i64) {
        let of = |apart: &HashMap<u32, i64>| apart.get(&(bucket as u32)).copied().unwrap_or(0);
        (of(&self.calls_apart), of(&self.tallied_apart))
    }
}
