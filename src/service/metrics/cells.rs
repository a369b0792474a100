//! The calls of all organisations of a question, read from one snapshot group by group: tallied by the store, or gathered from single calls.

use std::sync::Arc;

use callgauge_schema::{Line, SourceId};
use tokio::runtime::Handle;

use super::parse::{Breakdown, Question};
use crate::calendar::Buckets;
use crate::metrics::{Gatherer, OutcomePart, Tally, split_by_outcome};
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::store::{
    CallFacts, FactsAsk, FactsChunk, Group, LineKey, Rows, Snapshot, SourceKey, StoreError, TallyAsk,
    TallyRow,
};

/// The part of a breakdown that a tally is of, in the order of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Whole,
    Outcome(OutcomePart),
    Line(Option<Line>),
    Source(SourceId),
}

/// The calls of one organisation in one bucket, or a part of them.
pub(super) struct Cell {
    pub(super) bucket: u32,
    pub(super) part: Part,
    pub(super) tally: Tally,
}

/// The calls of all groups as they are read from the snapshot.
pub(super) enum Cells {
    Tallied {
        rows: std::iter::Peekable<Rows<TallyRow>>,
        breakdown: Breakdown,
        snapshot: Arc<dyn Snapshot>,
    },
    Single {
        chunks: std::iter::Peekable<Rows<FactsChunk>>,
        buckets: Arc<Buckets>,
        breakdown: Breakdown,
        snapshot: Arc<dyn Snapshot>,
    },
}

impl Cells {
    /// Asks for the calls of all groups, to be read group by group.
    pub(super) fn ask(
        question: &Question,
        groups: Vec<Group>,
        buckets: &Arc<Buckets>,
        snapshot: &Arc<dyn Snapshot>,
        runtime: &Handle,
    ) -> Result<Self, Fault> {
        let snapshot = Arc::clone(snapshot);
        match (buckets.slots(), question.breakdown) {
            (Some(slots), Breakdown::None | Breakdown::Outcome | Breakdown::Source) => {
                let ask = TallyAsk {
                    groups,
                    slots,
                    by_source: question.breakdown == Breakdown::Source,
                    durations: question.metrics.iter().any(|metric| metric.needs_durations()),
                };
                let rows = runtime.block_on(Arc::clone(&snapshot).tallies(ask))?;
                Ok(Cells::Tallied { rows: rows.peekable(), breakdown: question.breakdown, snapshot })
            }
            (None, _) | (_, Breakdown::Line) => {
                let ask = FactsAsk { groups, days: question.days };
                let chunks = runtime.block_on(Arc::clone(&snapshot).facts(ask))?;
                Ok(Cells::Single {
                    chunks: chunks.peekable(),
                    buckets: Arc::clone(buckets),
                    breakdown: question.breakdown,
                    snapshot,
                })
            }
        }
    }

    /// Those of one group, by bucket, then part. Groups have to be asked for in order.
    pub(super) fn of(&mut self, group: usize, waiting: &Waiting) -> Result<Vec<Cell>, Fault> {
        let mut cells = Vec::new();
        match self {
            Self::Tallied { rows, breakdown, snapshot } => {
                while let Some(row) = rows.next_if(|row| belongs(row, group, |row| row.group)) {
                    let TallyRow { group: _, bucket, source, tally } = row?;
                    match breakdown {
                        Breakdown::Outcome => {
                            cells.extend(split_by_outcome(&tally).into_iter().map(|(part, tally)| Cell {
                                bucket,
                                part: Part::Outcome(part),
                                tally,
                            }))
                        }
                        Breakdown::None | Breakdown::Line | Breakdown::Source => {
                            let part = source.map_or(Part::Whole, |key| Part::Source(snapshot.source(key)));
                            cells.push(Cell { bucket, part, tally });
                        }
                    }
                }
            }
            Self::Single { chunks, buckets, breakdown, snapshot } => match breakdown {
                Breakdown::None => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |_| (),
                    |(), tally, bucket| {
                        cells.push(Cell { bucket, part: Part::Whole, tally });
                    },
                )?,
                Breakdown::Outcome => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |_| (),
                    |(), tally, bucket| {
                        cells.extend(split_by_outcome(&tally).into_iter().map(|(part, tally)| Cell {
                            bucket,
                            part: Part::Outcome(part),
                            tally,
                        }));
                    },
                )?,
                Breakdown::Line => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |call| call.line,
                    |line: Option<LineKey>, tally, bucket| {
                        let part = Part::Line(line.map(|line| snapshot.line(line)));
                        cells.push(Cell { bucket, part, tally });
                    },
                )?,
                Breakdown::Source => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |call| call.source,
                    |source: SourceKey, tally, bucket| {
                        cells.push(Cell { bucket, part: Part::Source(snapshot.source(source)), tally });
                    },
                )?,
            },
        }
        cells.sort_by(|one, other| (one.bucket, &one.part).cmp(&(other.bucket, &other.part)));
        Ok(cells)
    }
}

/// Gathers the calls of one group into tallies by bucket and part.
fn gather<P: Ord>(
    group: usize,
    chunks: &mut std::iter::Peekable<Rows<FactsChunk>>,
    buckets: &Buckets,
    waiting: &Waiting,
    part: impl Fn(&CallFacts) -> P,
    mut take: impl FnMut(P, Tally, u32),
) -> Result<(), Fault> {
    let mut gatherer = None;
    while let Some(chunk) = chunks.next_if(|chunk| belongs(chunk, group, |chunk| chunk.group)) {
        let gatherer = gatherer.get_or_insert_with(|| Gatherer::new(buckets.list().len()));
        for call in chunk?.facts {
            if let Some(bucket) = buckets.slot(call.started_at) {
                gatherer.add(bucket, part(&call), call.kind, call.wait, call.talk);
            }
        }
        waiting.check()?;
    }
    for (bucket, part, tally) in gatherer.into_iter().flat_map(Gatherer::finish) {
        take(part, tally, bucket);
    }
    Ok(())
}

/// Whether what comes next is of this group; a fault is everybody's.
pub(super) fn belongs<T>(next: &Result<T, StoreError>, group: usize, group_of: impl Fn(&T) -> usize) -> bool {
    next.as_ref().map_or(true, |next| group_of(next) <= group)
}
