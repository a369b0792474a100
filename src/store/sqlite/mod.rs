//! The embedded store: one SQLite file for everything that is true, and sorted files beside it for settled days.
//!
//! Records are appended as they arrive, with one sync for everything that waits together, and count from then on. They are sorted into runs later
//! (`settler`), a file for each London day, and a run counts from the moment that one row in the database lists it; the arrivals that it was made of
//! go in the same moment. One thread writes (`writer`); readers look at a view that never changes (`view`).

mod access_events;
mod answer;
mod arrivals;
mod backup;
mod calls;
mod counts;
mod facts;
mod filter;
mod folder;
mod hot;
mod indicators;
mod labels;
mod months;
mod newer;
mod newest;
mod open;
mod organisations;
mod prepare;
mod rejects;
mod row;
mod run;
mod schema;
mod settler;
mod several;
mod sheets;
mod standing;
mod stated;
mod stretch;
mod sums;
mod verify;
mod view;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use callgauge_schema::{CallId, Line, SourceId};
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot, watch};

pub use backup::restore;
pub use verify::{VerifyReport, verify};
pub use writer::Limits;

use self::answer::{CountRows, TallyRows};
use self::facts::Facts;
use self::prepare::prepare;
use self::view::{Shared, View};
use self::writer::{Gauges, Job};
use crate::calendar::Days;
use crate::organisations::OrganisationRow;
use crate::store::{
    AccessEvent, AccessEventsAsk, AttributionKey, Attributions, BackupReport, BreakChanges, CallsAsk,
    Committed, CountsAsk, DaysWithCalls, FactsAsk, FactsChunk, Group, GroupCounts, IndicatorRow,
    IndicatorVerdict, IndicatorsAsk, KeptAccessEvent, KeptReject, LineKey, Previewed, RejectsAsk, Rows,
    SeriesBreak, Snapshot, SourceKey, SourceOfRecord, SourceState, Statements, Store, StoreError,
    StoreHealth, StoreStatus, StoredCall, StoredTally, Submission, TallyAsk, TallyRow,
};

/// Submissions that wait for the writer at most; who brings more waits.
const WAITING: usize = 64;

/// The embedded store.
pub struct SqliteStore {
    jobs: Mutex<Option<Sender<Job>>>,
    room: Arc<Semaphore>,
    /// Held by who is next to get room.
    turn: tokio::sync::Mutex<()>,
    shared: Arc<Shared>,
    view: Arc<Mutex<Arc<View>>>,
    gauges: Arc<Gauges>,
    health: watch::Receiver<StoreHealth>,
    /// Indicators and series breaks as readers see them now.
    known: indicators::Shown,
    /// For reading rejects, organisations and indicators.
    reader: Arc<Mutex<Connection>>,
    database: PathBuf,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens a data folder, and makes it where there is none. Blocks until everything that was acknowledged is there.
    ///
    /// # Errors
    /// [`StoreError::Folder`] or [`StoreError::Damaged`], in one line that says what to do.
    pub fn open(folder: &Path, limits: Limits) -> Result<Self, StoreError> {
        open::open(folder, limits)
    }

    /// What readers see now.
    fn view(&self) -> Result<Arc<View>, StoreError> {
        if self.jobs.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(StoreError::Closed);
        }
        Ok(self.view.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref().ok_or(StoreError::Closed)?.send(job).map_err(|_| StoreError::Closed)
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.view()?;
        let reader = self.reader.clone();
        blocking(move || {
            let db = reader.lock().unwrap_or_else(PoisonError::into_inner);
            read(&db).map_err(|fault| StoreError::Unavailable(fault.to_string()))
        })
        .await
    }
}

impl Drop for SqliteStore {
    /// Stops the threads of a store that nobody closed. What was acknowledged is on disk already.
    fn drop(&mut self) {
        if let Some(jobs) = self.jobs.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let (reply, _) = oneshot::channel();
            // Where the writer is gone, there is nothing to stop.
            let _ = jobs.send(Job::Close(reply));
        }
        for thread in std::mem::take(self.threads.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            let _ = thread.join();
        }
    }
}

/// Runs what blocks where blocking is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Closed),
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, submission: Submission) -> Result<Committed, StoreError> {
        let prepared = prepare(submission, &self.shared.key, &self.shared.labels)?;
        let (reply, answer) = oneshot::channel();
        // Whoever comes first waits first: commits take effect in the order in which they were begun.
        let turn = self.turn.lock().await;
        let permit = self.room.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        self.send(Job::Commit(Box::new(prepared), reply, Some(permit)))?;
        drop(turn);
        let (result, items) = answer.await.map_err(|_| StoreError::Closed)?;
        drop(items);
        result
    }

    async fn preview(&self, submission: Submission) -> Result<Previewed, StoreError> {
        let prepared = prepare(submission, &self.shared.key, &self.shared.labels)?;
        let (reply, answer) = oneshot::channel();
        self.send(Job::Preview(Box::new(prepared), reply))?;
        let (result, _) = answer.await.map_err(|_| StoreError::Closed)?;
        result.map(|Committed { verdicts, tallies, .. }| Previewed { verdicts, tallies })
    }

    async fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        let view = self.view()?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Arc::new(Taken { view, known, reader: self.reader.clone() }))
    }

    async fn call(&self, source: &SourceId, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
        let (view, source, id) = (self.view()?, source.clone(), id.clone());
        blocking(move || view.one(&source, &id)).await
    }

    async fn rejects(&self, ask: RejectsAsk) -> Result<Vec<KeptReject>, StoreError> {
        self.read(move |db| rejects::list(db, &ask)).await
    }

    async fn put_indicators(&self, rows: Vec<IndicatorRow>) -> Result<Vec<IndicatorVerdict>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Indicators(rows, reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn put_series_breaks(&self, changes: BreakChanges) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Breaks(changes, reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn record_access(&self, event: AccessEvent) -> Result<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Access(Box::new(event), reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn access_events(&self, ask: AccessEventsAsk) -> Result<Vec<KeptAccessEvent>, StoreError> {
        self.read(move |db| access_events::list(db, &ask)).await
    }

    async fn source_states(&self) -> Result<Vec<SourceState>, StoreError> {
        self.read(stated::states).await
    }

    async fn put_sources_of_record(&self, list: Vec<SourceOfRecord>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::OfRecord(list, reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn organisations(&self) -> Result<Vec<OrganisationRow>, StoreError> {
        self.read(organisations::read).await
    }

    async fn put_organisations(&self, rows: Vec<OrganisationRow>) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Organisations(rows, reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn backup(&self, folder: &Path) -> Result<BackupReport, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Pin(reply))?;
        let (db, view) = answer.await.map_err(|_| StoreError::Closed)??;
        let folder = folder.to_owned();
        blocking(move || backup::backup(&db, &view, &folder)).await
    }

    fn status(&self) -> StoreStatus {
        let length = |name: &str| {
            let mut path = self.database.clone().into_os_string();
            path.push(name);
            std::fs::metadata(path).map(|file| file.len()).unwrap_or(0)
        };
        StoreStatus {
            calls: self.gauges.calls.load(Ordering::Relaxed),
            unsettled: self.gauges.unsettled.load(Ordering::Relaxed),
            rejects: self.gauges.rejects.load(Ordering::Relaxed),
            disk_bytes: self.gauges.run_bytes.load(Ordering::Relaxed) + length("") + length("-wal"),
        }
    }

    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.clone()
    }

    async fn close(&self) -> Result<(), StoreError> {
        let jobs =
            self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        jobs.send(Job::Close(reply)).map_err(|_| StoreError::Closed)?;
        drop(jobs);
        let _ = answer.await;
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        blocking(move || {
            threads.into_iter().for_each(|thread| drop(thread.join()));
            Ok(())
        })
        .await
    }
}

/// A view that was asked for.
struct Taken {
    view: Arc<View>,
    known: Arc<indicators::Known>,
    reader: Arc<Mutex<Connection>>,
}

#[async_trait]
impl Snapshot for Taken {
    fn attributions(&self) -> Arc<Attributions> {
        self.view.shared.labels().attributions()
    }

    fn source(&self, key: SourceKey) -> SourceId {
        let labels = self.view.shared.labels();
        let source = u16::try_from(key.0).ok().and_then(|number| labels.source(number).cloned());
        source.unwrap_or_else(|| unreachable!("a key of a source comes from the store"))
    }

    fn line(&self, key: LineKey) -> Line {
        let line = self.view.shared.labels().line(key.0).cloned();
        line.unwrap_or_else(|| unreachable!("a key of a line comes from the store"))
    }

    fn statements(&self) -> Arc<Statements> {
        self.view.statements.clone()
    }

    fn sources(&self) -> Vec<SourceId> {
        self.view.shared.labels().sources().to_vec()
    }

    fn day_tallies(&self, whose: AttributionKey, days: Days) -> Result<Vec<StoredTally>, StoreError> {
        let db = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let source = |number| self.view.shared.labels().source(number).cloned();
        stated::day_tallies(&db, &self.view.statements, whose, days, source)
    }

    async fn tallies(self: Arc<Self>, ask: TallyAsk) -> Result<Rows<TallyRow>, StoreError> {
        if ask.durations {
            return Ok(Box::new(TallyRows::new(self.view.clone(), ask)));
        }
        let TallyAsk { groups, slots, by_source, durations: _ } = ask;
        let counts = self.counts(CountsAsk { groups, slots, by_source }).await?;
        Ok(Box::new(counts.flat_map(|row| match row {
            Ok(counts) => counts.tallies().into_iter().map(Ok).collect(),
            Err(fault) => vec![Err(fault)],
        })))
    }

    async fn counts(self: Arc<Self>, ask: CountsAsk) -> Result<Rows<GroupCounts>, StoreError> {
        Ok(Box::new(CountRows::new(self.view.clone(), ask)))
    }

    async fn facts(self: Arc<Self>, ask: FactsAsk) -> Result<Rows<FactsChunk>, StoreError> {
        Ok(Box::new(Facts::new(self.view.clone(), ask)))
    }

    async fn days_with_calls(
        self: Arc<Self>,
        days: Days,
        of: Option<Vec<AttributionKey>>,
    ) -> Result<DaysWithCalls, StoreError> {
        let view = self.view.clone();
        blocking(move || {
            Ok(match of {
                None => view.days_with_calls(days),
                Some(of) => view.days_with_calls_of(days, &of),
            })
        })
        .await
    }

    async fn several_sources(self: Arc<Self>, groups: Vec<Group>, days: Days) -> Result<bool, StoreError> {
        let view = self.view.clone();
        blocking(move || view.several_sources(&groups, days)).await
    }

    async fn indicators(self: Arc<Self>, ask: IndicatorsAsk) -> Result<Vec<IndicatorRow>, StoreError> {
        blocking(move || {
            let db = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            self.known.rows(&db, &ask)
        })
        .await
    }

    fn series_breaks(&self) -> Arc<Vec<SeriesBreak>> {
        self.known.breaks.clone()
    }

    async fn calls(self: Arc<Self>, ask: CallsAsk) -> Result<Vec<StoredCall>, StoreError> {
        let view = self.view.clone();
        blocking(move || view.matching(&ask)).await
    }
}
