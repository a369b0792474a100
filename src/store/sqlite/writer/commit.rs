//! Puts submissions on disk: all that wait together with one sync, all or none of them, and only then shown and answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use callgauge_schema::Moment;
use rusqlite::{TransactionBehavior, params};

use super::ruling::{Done, Open};
use super::{Commit, Writer};
use crate::store::sqlite::arrivals;
use crate::store::sqlite::hot::Chunk;
use crate::store::sqlite::labels::Written;
use crate::store::sqlite::prepare::Prepared;
use crate::store::sqlite::{rejects, stated};
use crate::store::{Committed, RecordVerdict, Statements, StoreError, StoreHealth};

/// Receipts that are kept.
const RECEIPTS: i64 = 1_000_000;

/// Why a group was not taken.
enum Refusal {
    /// One of its submissions may not be taken.
    Submission(StoreError),
    /// Nothing can be written.
    Fault(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(fault: StoreError) -> Self {
        Self::Fault(fault)
    }
}

impl Writer {
    pub(super) fn commit(&mut self, group: Vec<Commit>) {
        if let Some(why) =
            self.stuck.clone().filter(|_| self.standing.active.rows >= 2 * self.limits.settle_rows)
        {
            for (prepared, reply, _) in group {
                let _ = reply.send((Err(StoreError::Unavailable(why.clone())), prepared.items));
            }
            return;
        }
        let counts = self.counts.clone();
        let (next_seq, next_receipt) = (self.next_seq, self.next_receipt);
        let mut open = self.open(group.iter().map(|(prepared, _, _)| prepared.rows.len()).sum());
        let at = (self.clock)();
        let mut statements = self.statements.clone();
        let (written, committed) = match self.write(&mut open, &group, &mut statements, at) {
            Ok(written) => written,
            Err(refusal) => {
                self.undo(open);
                self.counts = counts;
                (self.next_seq, self.next_receipt) = (next_seq, next_receipt);
                self.refuse(group, refusal);
                return;
            }
        };
        self.written = written;
        self.statements = statements;
        let ruled: usize = group.iter().map(|(prepared, _, _)| prepared.items.len()).sum();
        self.gauges.ruled.fetch_add(ruled as u64, Ordering::Relaxed);
        self.publish(open);
        if *self.health.borrow() == StoreHealth::Failing {
            self.health.send_replace(StoreHealth::Serving);
        }
        for ((prepared, reply, _), committed) in group.into_iter().zip(committed) {
            let _ = reply.send((Ok(committed), prepared.items));
        }
    }

    /// Says why nothing of a group was taken; where only one of its submissions may not be taken, the others are taken alone.
    fn refuse(&mut self, mut group: Vec<Commit>, refusal: Refusal) {
        let fault = match refusal {
            Refusal::Submission(refused) => {
                if group.len() > 1 {
                    group.into_iter().for_each(|submission| self.commit(vec![submission]));
                } else if let Some((prepared, reply, _)) = group.pop() {
                    let _ = reply.send((Err(refused), prepared.items));
                }
                return;
            }
            Refusal::Fault(fault) => fault.to_string(),
        };
        tracing::error!(error = %fault, "a commit failed; nothing of it was taken");
        self.health.send_replace(StoreHealth::Failing);
        for (prepared, reply, _) in group {
            let _ = reply.send((Err(StoreError::Unavailable(fault.clone())), prepared.items));
        }
    }

    /// Rules on the submissions and puts them on disk, all or none of them.
    fn write(
        &mut self,
        open: &mut Open,
        group: &[Commit],
        statements: &mut Arc<Statements>,
        at: Moment,
    ) -> Result<(Written, Vec<Committed>), Refusal> {
        let unavailable = |fault: rusqlite::Error| StoreError::Unavailable(fault.to_string());
        let mut done = Vec::with_capacity(group.len());
        for (prepared, _, _) in group {
            done.push(self.rule(open, prepared)?);
        }
        let begin = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
        for ((prepared, _, _), Done { committed, rows, rejects }) in group.iter().zip(&mut done) {
            let kept = rejects::keep(
                &begin,
                &mut self.counts,
                &prepared.source,
                rejects,
                &prepared.redrives,
                at,
                self.limits.rejects_per_source,
            );
            kept.map_err(Refusal::Submission)?.map_err(unavailable)?;
            if rows.start < rows.end {
                let data = arrivals::encode(&open.chunk.rows[rows.clone()], text_of(&open.chunk, rows));
                begin
                    .prepare_cached("INSERT INTO arrivals (seq, data) VALUES (?1, ?2)")
                    .and_then(|mut insert| insert.execute(params![self.next_seq as i64, data]))
                    .map_err(unavailable)?;
                self.next_seq += 1;
            }
            committed.at = at;
            committed.receipt = self.next_receipt;
            self.next_receipt += 1;
            let stated =
                stated::write(&begin, statements, &prepared.source, &prepared.stated, committed.receipt, at);
            committed.tallies = stated.map_err(Refusal::Submission)?.map_err(unavailable)?;
            let source = self.shared.labels().source_number(&prepared.source).unwrap_or(0);
            begin
                .prepare_cached(
                    "INSERT INTO receipts (id, source, at, counts, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .and_then(|mut insert| {
                    insert.execute(params![
                        committed.receipt as i64,
                        source,
                        at.millis(),
                        counts_text(&committed.verdicts),
                        &committed.hash[..]
                    ])
                })
                .map_err(unavailable)?;
            if committed.receipt.is_multiple_of(1_024) {
                begin
                    .execute("DELETE FROM receipts WHERE id <= ?1", [committed.receipt as i64 - RECEIPTS])
                    .map_err(unavailable)?;
            }
        }
        let written = self.shared.labels().write(&begin, self.written).map_err(unavailable)?;
        begin.commit().map_err(unavailable)?;
        Ok((written, done.into_iter().map(|done| done.committed).collect()))
    }

    /// Shows readers what is on disk now.
    fn publish(&mut self, open: Open) {
        let before = open.continued.as_ref().map_or(0, |chunk| chunk.rows.len());
        let active = &mut self.standing.active;
        active.rows += open.chunk.rows.len() - before;
        if !open.chunk.rows.is_empty() {
            active.chunks.push(Arc::new(open.chunk));
            self.oldest.get_or_insert_with(Instant::now);
        }
        self.gauges.calls.fetch_add(open.new_calls, Ordering::Relaxed);
        self.gauges.rejects.store(self.counts.total(), Ordering::Relaxed);
        self.show();
    }

    /// Puts one submission through the rules and takes it back.
    pub(super) fn preview(&mut self, prepared: &mut Prepared) -> Result<Committed, StoreError> {
        let unavailable = |fault: rusqlite::Error| StoreError::Unavailable(fault.to_string());
        let mut open = self.open(prepared.rows.len());
        let ruled = self.rule(&mut open, prepared);
        self.undo(open);
        let Done { mut committed, rows: _, rejects } = ruled?;
        let begin = self.db.transaction().map_err(unavailable)?;
        let (limit, at) = (self.limits.rejects_per_source, (self.clock)());
        rejects::keep(
            &begin,
            &mut self.counts.clone(),
            &prepared.source,
            &rejects,
            &prepared.redrives,
            at,
            limit,
        )?
        .map_err(unavailable)?;
        let (statements, source) = (&mut self.statements.clone(), &prepared.source);
        committed.tallies =
            stated::write(&begin, statements, source, &prepared.stated, self.next_receipt, at)?
                .map_err(unavailable)?;
        begin.rollback().map_err(unavailable)?;
        Ok(committed)
    }
}

/// The texts of some rows of a chunk that are its last.
fn text_of<'a>(chunk: &'a Chunk, rows: &std::ops::Range<usize>) -> &'a [u8] {
    let end = chunk.rows.get(rows.end).map_or(chunk.text.len(), |next| next.text as usize);
    &chunk.text[..end]
}

fn counts_text(verdicts: &[RecordVerdict]) -> String {
    let mut counts = [0_u64; 7];
    verdicts.iter().for_each(|verdict| counts[verdict.verdict as usize] += 1);
    counts.map(|count| count.to_string()).join(" ")
}
