//! The one writer: takes what is waiting, rules on every record, puts it on disk with one sync, and only then shows it to readers and answers.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use callgauge_schema::Moment;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::arrivals;
use super::filter::Filter;
use super::hot::{Chunk, Generation, Kill, Place};
use super::labels::Written;
use super::prepare::Prepared;
use super::rejects::{self, Counts};
use super::row::Row;
use super::settler::{Settled, Task};
use super::standing::Standing;
use super::view::{Shared, View};
use crate::organisations::OrganisationRow;
use crate::store::revision::{Arriving, Effect, Standing as Stands, conflict, rule};
use crate::store::{Committed, Item, RecordVerdict, Reject, StoreError, StoreHealth, Verdict};

/// Rows that are put on disk in one go.
const GROUP_ROWS: usize = 60_000;
/// Submissions that are put on disk in one go.
const GROUP_JOBS: usize = 256;
/// A chunk with fewer rows than this is added to instead of beginning another.
const SMALL_CHUNK: usize = 2_048;
/// Receipts that are kept.
const RECEIPTS: i64 = 1_000_000;

/// What the writer is asked for.
pub(super) enum Job {
    Commit(Box<Prepared>, oneshot::Sender<Reply>, Option<OwnedSemaphorePermit>),
    Preview(Box<Prepared>, oneshot::Sender<Reply>),
    Organisations(Vec<OrganisationRow>, oneshot::Sender<Result<(), StoreError>>),
    /// A connection that sees the database as it is at this moment, and the view that belongs to it.
    Pin(oneshot::Sender<Result<(Connection, Arc<View>), StoreError>>),
    Settled(Box<Settled>),
    /// A filter over the runs with these ids.
    Filter(Filter, HashSet<i64>),
    Close(oneshot::Sender<()>),
}

/// The verdicts, and the submission's items to be dropped by who brought them.
pub(super) type Reply = (Result<Committed, StoreError>, Vec<Item>);

/// Numbers that others look at without asking.
#[derive(Default)]
pub(super) struct Gauges {
    pub(super) calls: AtomicU64,
    pub(super) unsettled: AtomicU64,
    pub(super) rejects: AtomicU64,
    pub(super) run_bytes: AtomicU64,
    /// Records that were ruled on since the start, duplicates too.
    pub(super) ruled: AtomicU64,
}

/// Limits and times of a store.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rejects kept for a source.
    pub rejects_per_source: u64,
    /// Unsettled records at which settling begins.
    pub settle_rows: usize,
    /// Age of the oldest unsettled record at which settling begins.
    pub settle_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rejects_per_source: 100_000, settle_rows: 1_000_000, settle_after: Duration::from_secs(20) }
    }
}

/// The writer's thread.
pub(super) struct Writer {
    pub(super) db: Connection,
    pub(super) file: PathBuf,
    pub(super) shared: Arc<Shared>,
    pub(super) written: Written,
    pub(super) standing: Standing,
    pub(super) counts: Counts,
    pub(super) next_seq: u64,
    pub(super) next_receipt: u64,
    pub(super) view: Arc<Mutex<Arc<View>>>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) health: watch::Sender<StoreHealth>,
    pub(super) limits: Limits,
    pub(super) settler: std::sync::mpsc::Sender<Task>,
    pub(super) clock: fn() -> Moment,
    /// When the oldest record of the active generation came.
    pub(super) oldest: Option<Instant>,
    /// Settling does not succeed at present.
    pub(super) stuck: Option<String>,
    /// Jobs that came while the writer waited for room.
    pub(super) pending: VecDeque<Job>,
}

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

/// What is being put on disk together, and how to undo it.
struct Open {
    chunk: Chunk,
    /// The small chunk that `chunk` continues.
    continued: Option<Arc<Chunk>>,
    notes: Vec<(u128, Option<Place>)>,
    new_calls: u64,
}

/// One submission within it.
struct Done {
    committed: Committed,
    rows: std::ops::Range<usize>,
    rejects: Vec<Reject>,
}

type Commit = (Box<Prepared>, oneshot::Sender<Reply>, Option<OwnedSemaphorePermit>);

impl Writer {
    /// Works until it is closed or nobody can ask any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match self.pending.pop_front() {
                Some(job) => job,
                None => match jobs.recv_timeout(Duration::from_millis(500)) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout) => {
                        self.idle();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                },
            };
            match job {
                Job::Commit(prepared, reply, permit) => {
                    let mut rows = prepared.rows.len();
                    let mut group = vec![(prepared, reply, permit)];
                    while rows < GROUP_ROWS && group.len() < GROUP_JOBS {
                        match self.pending.pop_front().or_else(|| jobs.try_recv().ok()) {
                            Some(Job::Commit(prepared, reply, permit)) => {
                                rows += prepared.rows.len();
                                group.push((prepared, reply, permit));
                            }
                            // Not put back: it is what `make_room` waits for, and looks for among the newly come only.
                            Some(Job::Settled(settled)) => self.switch(*settled),
                            Some(other) => {
                                self.pending.push_front(other);
                                break;
                            }
                            None => break,
                        }
                    }
                    self.make_room(jobs);
                    self.commit(group);
                    self.settle_if_due();
                }
                Job::Close(reply) => {
                    self.health.send_replace(StoreHealth::Closed);
                    drop(self);
                    let _ = reply.send(());
                    return;
                }
                other => self.other(other),
            }
        }
        self.health.send_replace(StoreHealth::Closed);
    }

    fn other(&mut self, job: Job) {
        match job {
            Job::Preview(mut prepared, reply) => {
                let result = self.preview(&mut prepared);
                let _ = reply.send((result, prepared.items));
            }
            Job::Organisations(rows, reply) => {
                let _ = reply.send(self.put_organisations(&rows));
            }
            Job::Pin(reply) => {
                let _ = reply.send(self.pin());
            }
            Job::Settled(settled) => self.switch(*settled),
            Job::Filter(filter, covered) => {
                if let Err(fault) = self.standing.take_filter(filter, &covered) {
                    tracing::error!(error = %fault, "the filter could not be completed; look-ups go without it");
                }
            }
            Job::Commit(prepared, reply, _) => {
                let _ = reply.send((Err(StoreError::Closed), prepared.items));
            }
            Job::Close(reply) => {
                let _ = reply.send(());
            }
        }
    }

    /// Nobody asked for half a second.
    fn idle(&mut self) {
        if *self.health.borrow() == StoreHealth::Failing && self.stuck.is_none() {
            let try_writing =
                self.db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('tried', x'01')", []);
            if try_writing.is_ok() {
                self.health.send_replace(StoreHealth::Serving);
            }
        }
        self.settle_if_due();
    }

    fn commit(&mut self, group: Vec<Commit>) {
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
        let (written, committed) = match self.write(&mut open, &group, at) {
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

    /// Begins a chunk, or continues the last one while it is small.
    fn open(&mut self, rows: usize) -> Open {
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

    fn undo(&mut self, open: Open) {
        let active = &mut self.standing.active;
        for (identity, before) in open.notes.into_iter().rev() {
            active.unnote(identity, before, &open.chunk);
        }
        active.chunks.extend(open.continued);
    }

    /// Rules on every record of a submission, in order, and adds what is to be stored to the open chunk.
    fn rule(&mut self, open: &mut Open, prepared: &Prepared) -> Result<Done, StoreError> {
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
                    self.store(open, Row { revision: verdict.revision, unversioned: false, ..*row }, text);
                }
            }
            verdicts.push(verdict);
        }
        let committed = Committed { receipt: 0, at: Moment::from_millis(0), verdicts, hash: prepared.hash };
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

    /// Makes the view that readers get from now on.
    pub(super) fn show(&self) {
        let frozen = self.standing.frozen.iter().flat_map(|frozen| &frozen.chunks);
        let chunks: Vec<Arc<Chunk>> = frozen.chain(&self.standing.active.chunks).cloned().collect();
        let unsettled: usize =
            self.standing.active.rows + self.standing.frozen.as_ref().map_or(0, |frozen| frozen.rows);
        self.gauges.unsettled.store(unsettled as u64, Ordering::Relaxed);
        let view = View::new(self.shared.clone(), self.standing.runs.clone(), chunks);
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }

    /// Puts one submission through the rules and takes it back.
    fn preview(&mut self, prepared: &mut Prepared) -> Result<Committed, StoreError> {
        let unavailable = |fault: rusqlite::Error| StoreError::Unavailable(fault.to_string());
        let mut open = self.open(prepared.rows.len());
        let ruled = self.rule(&mut open, prepared);
        self.undo(open);
        let Done { committed, rows: _, rejects } = ruled?;
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
        begin.rollback().map_err(unavailable)?;
        Ok(committed)
    }

    /// Waits where a full generation is still being settled, so that memory is bounded: this is what slows a fast client.
    fn make_room(&mut self, jobs: &Receiver<Job>) {
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

    fn settle_if_due(&mut self) {
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
    fn switch(&mut self, settled: Settled) {
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

    fn put_organisations(&mut self, rows: &[OrganisationRow]) -> Result<(), StoreError> {
        super::organisations::put(&mut self.db, rows)
            .map_err(|fault| StoreError::Unavailable(fault.to_string()))
    }

    fn pin(&mut self) -> Result<(Connection, Arc<View>), StoreError> {
        let pinned = (|| {
            let db = super::schema::connect(&self.file)?;
            db.execute_batch("BEGIN")?;
            let _: i64 = db.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
            Ok(db)
        })();
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner).clone();
        pinned
            .map(|db| (db, view))
            .map_err(|fault: rusqlite::Error| StoreError::Unavailable(fault.to_string()))
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
