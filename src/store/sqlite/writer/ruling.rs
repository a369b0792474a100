//! Rules on records one after the other, and adds what is to be stored to a chunk that can be taken back.

use std::sync::Arc;

use callgauge_schema::Moment;

use super::Writer;
use crate::store::revision::{Arriving, Effect, Standing as Stands, conflict, rule};
use crate::store::sqlite::hot::{Chunk, Kill, Place};
use crate::store::sqlite::prepare::Prepared;
use crate::store::sqlite::row::Row;
use crate::store::{Committed, Item, RecordVerdict, Reject, StoreError, Verdict};

/// A chunk with fewer rows than this is added to instead of beginning another.
const SMALL_CHUNK: usize = 2_048;

/// What is being put on disk together, and how to undo it.
pub(super) struct Open {
    pub(super) chunk: Chunk,
    /// The small chunk that `chunk` continues.
    pub(super) continued: Option<Arc<Chunk>>,
    pub(super) notes: Vec<(u128, Option<Place>)>,
    pub(super) new_calls: u64,
}

/// One submission within it.
pub(super) struct Done {
    pub(super) committed: Committed,
    pub(super) rows: std::ops::Range<usize>,
    pub(super) rejects: Vec<Reject>,
}

impl Writer {
    /// Begins a chunk, or continues the last one while it is small.
    pub(super) fn open(&mut self, rows: usize) -> Open {
        let active = &mut self.standing.active;
        let small = active.chunks.last().is_some_and(|last| last.rows.len() < SMALL_CHUNK);
        let continued = if small { active.chunks.pop() } else { None };
        let mut chunk = match &continued {
            Some(last) => Chunk::clone(last),
            None => Chunk::new(self.next_seq),
        };
        chunk.reset();
        chunk.rows.reserve(rows);
        active.reserve(rows, &chunk);
        Open { chunk, continued, notes: Vec::with_capacity(rows), new_calls: 0 }
    }

    pub(super) fn undo(&mut self, open: Open) {
        let active = &mut self.standing.active;
        for (identity, before) in open.notes.into_iter().rev() {
            active.unnote(identity, before, &open.chunk);
        }
        active.chunks.extend(open.continued);
    }

    /// Rules on every record of a submission, in order, and adds what is to be stored to the open chunk.
    pub(super) fn rule(&mut self, open: &mut Open, prepared: &Prepared) -> Result<Done, StoreError> {
        let from = open.chunk.rows.len();
        let mut verdicts = Vec::with_capacity(prepared.items.len());
        let mut rejects = Vec::new();
        let mut rows = prepared.rows.iter().enumerate();
        let mut previous = prepared.previous.iter().peekable();
        std::hint::black_box(self.standing.touch(&prepared.rows));
        for item in &prepared.items {
            let record = match item {
                Item::Reject(reject) => {
                    rejects.push(Reject::clone(reject));
                    verdicts.push(RecordVerdict { verdict: Verdict::Rejected, revision: 0 });
                    continue;
                }
                Item::Record(record) => record,
            };
            let Some((at, row)) = rows.next() else { break };
            let before = previous.next_if(|(of, _)| *of as usize == at).map(|(_, day)| *day);
            let found = self.standing.find(row.identity, row.day(), before, &open.chunk)?;
            let stands = found
                .as_ref()
                .map(|found| Stands { revision: found.revision, same_content: found.content == row.content });
            let arriving =
                Arriving { revision: (!row.unversioned).then_some(row.revision), retracted: row.retracted };
            let (verdict, effect) = rule(arriving, stands);
            match effect {
                Effect::Nothing => {}
                Effect::Refuse => rejects.push(conflict(record)),
                Effect::Insert | Effect::Replace | Effect::Advance => {
                    match &found {
                        None => {
                            self.standing.remember(row.identity);
                            open.new_calls += 1;
                        }
                        Some(found) => {
                            let before_row = open.chunk.rows.len() as u32;
                            open.chunk.kills.push(Kill {
                                identity: row.identity,
                                before_row,
                                old: found.weight()?,
                            });
                        }
                    }
                    let end =
                        prepared.rows.get(at + 1).map_or(prepared.heap.len(), |next| next.text as usize);
                    let text = &prepared.heap[row.text as usize..end];
                    self.store(
                        open,
                        Row {
                            revision: verdict.revision,
                            unversioned: false,
                            replaces: found.is_some(),
                            ..*row
                        },
                        text,
                    );
                }
            }
            verdicts.push(verdict);
        }
        let (at, hash) = (Moment::from_millis(0), prepared.hash);
        let committed = Committed { receipt: 0, at, verdicts, tallies: Vec::new(), hash };
        Ok(Done { committed, rows: from..open.chunk.rows.len(), rejects })
    }

    fn store(&mut self, open: &mut Open, row: Row, text: &[u8]) {
        let place =
            Place { chunk: self.standing.active.chunks.len() as u32, row: open.chunk.rows.len() as u32 };
        open.chunk.rows.push(Row { text: open.chunk.text.len() as u32, ..row });
        open.chunk.text.extend_from_slice(text);
        let before = self.standing.active.note(row.identity, place, &open.chunk);
        open.notes.push((row.identity, before));
    }
}
