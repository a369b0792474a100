//! Hands full generations to the settler, waits for it where memory would grow without end, and switches its runs in.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{TransactionBehavior, params};

use super::{Job, Writer};
use crate::store::StoreHealth;
use crate::store::sqlite::hot::{Chunk, Generation};
use crate::store::sqlite::settler::{Settled, Task};

impl Writer {
    /// Waits where a full generation is still being settled, so that memory is bounded: this is what slows a fast client.
    pub(super) fn make_room(&mut self, jobs: &Receiver<Job>) {
        let full = |writer: &Self| {
            writer.standing.frozen.is_some()
                && writer.stuck.is_none()
                && writer.standing.active.rows >= writer.limits.settle_rows
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while full(self) && Instant::now() < patience {
            match jobs.recv_timeout(Duration::from_millis(100)) {
                Ok(Job::Settled(settled)) => self.switch(*settled),
                Ok(job) => self.pending.push_back(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    pub(super) fn settle_if_due(&mut self) {
        let active = &self.standing.active;
        let old = self.oldest.is_some_and(|oldest| oldest.elapsed() >= self.limits.settle_after);
        if self.standing.frozen.is_some()
            || active.chunks.is_empty()
            || !(old || active.rows >= self.limits.settle_rows)
        {
            return;
        }
        self.oldest = None;
        let frozen = Arc::new(std::mem::take(&mut self.standing.active));
        if frozen.rows >= self.limits.settle_rows {
            // It goes on like this: room for as many again, instead of growing there step by step.
            self.standing.active.reserve(frozen.rows, &Chunk::default());
        }
        self.standing.frozen = Some(frozen.clone());
        self.hand_over(frozen);
    }

    fn hand_over(&self, frozen: Arc<Generation>) {
        let upto = self.next_seq - 1;
        let _ = self.settler.send(Task::Settle { generation: frozen, upto });
    }

    /// Switches runs in: they count from the moment that the database lists them, and the arrivals that they were made of are gone in the same moment.
    pub(super) fn switch(&mut self, settled: Settled) {
        let Settled { generation, upto, added, gone, fault } = settled;
        if let Some(why) = fault {
            tracing::error!(error = %why, "settling failed; it is tried again");
            if generation.is_some() {
                self.stuck = Some(why);
                self.health.send_replace(StoreHealth::Failing);
            }
            return;
        }
        let mut known: HashSet<i64> = self.standing.runs.all().map(|run| run.id).collect();
        if !gone.iter().all(|id| known.remove(id)) {
            // Merged of a list that was old already: some of these runs are in another one now, and would count twice.
            added.iter().for_each(|run| run.doom());
            return;
        }
        let ids: HashSet<i64> = gone.iter().copied().collect();
        let listed = (|| -> rusqlite::Result<()> {
            let begin = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for id in &gone {
                begin.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([id])?;
            }
            for run in &added {
                let file =
                    run.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let calls = run.rows as i64 - run.kills.len() as i64;
                begin
                    .prepare_cached("INSERT INTO runs (id, day, file, calls) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![run.id, run.day.number(), file, calls])?;
            }
            if generation.is_some() {
                begin.execute("DELETE FROM arrivals WHERE seq <= ?1", [upto as i64])?;
            }
            begin.commit()
        })();
        if let Err(fault) = listed {
            tracing::error!(error = %fault, "runs could not be switched in; it is tried again");
            self.health.send_replace(StoreHealth::Failing);
            let again = Settled { generation, upto, added, gone, fault: None };
            let _ = self.settler.send(Task::Again(Box::new(again)));
            return;
        }
        for run in self.standing.runs.all().filter(|run| ids.contains(&run.id)) {
            run.doom();
        }
        self.standing.forget(gone.into_iter());
        self.standing.runs = Arc::new(self.standing.runs.changed(&added, &ids));
        let bytes: u64 = self.standing.runs.all().map(|run| run.bytes).sum();
        self.gauges.run_bytes.store(bytes, Ordering::Relaxed);
        if generation.is_some() {
            self.standing.frozen = None;
            self.stuck = None;
        }
        self.show();
        let _ = self.settler.send(Task::Compact(self.standing.runs.clone()));
        self.settle_if_due();
    }
}
