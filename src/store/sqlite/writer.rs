//! The one writer: takes what is waiting, rules on every record (`ruling`), puts it on disk with one sync, and only then shows it to readers and
//! answers (`commit`); hands what was gathered to the settler and switches its work in (`switch`).

mod commit;
mod ruling;
mod switch;

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use callgauge_schema::Moment;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::filter::Filter;
use super::hot::Chunk;
use super::indicators::Keeper;
use super::labels::Written;
use super::prepare::Prepared;
use super::rejects::Counts;
use super::settler::{Settled, Task};
use super::standing::Standing;
use super::view::{Shared, View};
use crate::organisations::OrganisationRow;
use crate::store::stated::OfRecord;
use crate::store::{
    AccessEvent, BreakChanges, Committed, IndicatorRow, IndicatorVerdict, Item, SourceOfRecord, Statements,
    StoreError, StoreHealth,
};

/// Rows that are put on disk in one go.
const GROUP_ROWS: usize = 60_000;
/// Submissions that are put on disk in one go.
const GROUP_JOBS: usize = 256;

/// What the writer is asked for.
pub(super) enum Job {
    Commit(Box<Prepared>, oneshot::Sender<Reply>, Option<OwnedSemaphorePermit>),
    Preview(Box<Prepared>, oneshot::Sender<Reply>),
    Organisations(Vec<OrganisationRow>, oneshot::Sender<Result<(), StoreError>>),
    Indicators(Vec<IndicatorRow>, oneshot::Sender<Result<Vec<IndicatorVerdict>, StoreError>>),
    Breaks(BreakChanges, oneshot::Sender<Result<(), StoreError>>),
    Access(Box<AccessEvent>, oneshot::Sender<Result<u64, StoreError>>),
    OfRecord(Vec<SourceOfRecord>, oneshot::Sender<Result<(), StoreError>>),
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
    pub(super) indicators: Keeper,
    /// What is stated about days, as it is on disk.
    pub(super) statements: Arc<Statements>,
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

/// A submission that waits for its verdicts.
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
            Job::Indicators(rows, reply) => {
                let _ = reply.send(self.indicators.put(&mut self.db, rows));
            }
            Job::Breaks(changes, reply) => {
                let _ = reply.send(self.indicators.put_breaks(&mut self.db, &changes));
            }
            Job::Access(event, reply) => {
                let _ = reply.send(super::access_events::record(&mut self.db, &event));
            }
            Job::OfRecord(list, reply) => {
                let _ = reply.send(self.put_sources_of_record(&list));
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

    /// Makes the view that readers get from now on.
    pub(super) fn show(&self) {
        let frozen = self.standing.frozen.iter().flat_map(|frozen| &frozen.chunks);
        let chunks: Vec<Arc<Chunk>> = frozen.chain(&self.standing.active.chunks).cloned().collect();
        let unsettled: usize =
            self.standing.active.rows + self.standing.frozen.as_ref().map_or(0, |frozen| frozen.rows);
        self.gauges.unsettled.store(unsettled as u64, Ordering::Relaxed);
        let view =
            View::new(self.shared.clone(), self.standing.runs.clone(), chunks, self.statements.clone());
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }

    fn put_organisations(&mut self, rows: &[OrganisationRow]) -> Result<(), StoreError> {
        super::organisations::put(&mut self.db, rows)
            .map_err(|fault| StoreError::Unavailable(fault.to_string()))
    }

    fn put_sources_of_record(&mut self, list: &[SourceOfRecord]) -> Result<(), StoreError> {
        let of_record = OfRecord::new(list)?;
        super::stated::put_of_record(&mut self.db, list)
            .map_err(|fault| StoreError::Unavailable(fault.to_string()))?;
        Arc::make_mut(&mut self.statements).rule(of_record);
        self.show();
        Ok(())
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
