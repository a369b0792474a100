//! A store in the plainest possible code that keeps nothing: maps in memory, answers by looking at every call. For tests and for experiments without a
//! data folder; it is what the other stores are held against.

mod indicators;
mod state;
mod stated;
mod view;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use callgauge_schema::{CallId, Moment, SourceId};
use tokio::sync::watch;

use self::state::State;
use self::view::View;
use super::content::receipt_hash;
use super::stated::OfRecord;
use super::{
    AccessEvent, AccessEventsAsk, BackupReport, BreakChanges, Committed, IndicatorRow, IndicatorVerdict,
    KeptAccessEvent, KeptReject, Previewed, RejectsAsk, Snapshot, SourceOfRecord, SourceState, Store,
    StoreError, StoreHealth, StoreStatus, StoredCall, Submission,
};
use crate::organisations::OrganisationRow;

/// A [`Store`] that forgets everything when it is dropped.
pub struct MemoryStore {
    state: Mutex<Arc<State>>,
    reject_limit: u64,
    health: watch::Sender<StoreHealth>,
}

impl MemoryStore {
    /// Rejects that are kept of a source unless said otherwise.
    pub const REJECT_LIMIT: u64 = 100_000;

    /// An empty store.
    pub fn new() -> Self {
        Self::with_reject_limit(Self::REJECT_LIMIT)
    }

    /// An empty store that keeps at most so many rejects of each source.
    pub fn with_reject_limit(reject_limit: u64) -> Self {
        Self { state: Mutex::default(), reject_limit, health: watch::Sender::new(StoreHealth::Serving) }
    }

    /// A store with the same content that is open, as if this one had been closed and opened again.
    pub fn reopened(&self) -> Self {
        Self { state: Mutex::new(Arc::clone(&self.locked())), ..Self::with_reject_limit(self.reject_limit) }
    }

    /// The state, while the store is open.
    fn open(&self) -> Result<MutexGuard<'_, Arc<State>>, StoreError> {
        match *self.health.borrow() {
            StoreHealth::Closed => Err(StoreError::Closed),
            StoreHealth::Serving | StoreHealth::Failing => Ok(self.locked()),
        }
    }

    /// A panic while the lock is held leaves a whole state behind: a plan is made before anything is changed.
    fn locked(&self) -> MutexGuard<'_, Arc<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, submission: Submission) -> Result<Committed, StoreError> {
        let hash = receipt_hash(&submission);
        let at = now();
        let mut state = self.open()?;
        let plan = state.plan(&submission, self.reject_limit)?;
        let state = Arc::make_mut(&mut state);
        let tallies = state.state_all(&submission, at)?;
        let (receipt, verdicts) = state.apply(&submission.source, plan, at);
        Ok(Committed { receipt, at, verdicts, tallies, hash })
    }

    async fn preview(&self, submission: Submission) -> Result<Previewed, StoreError> {
        let state = self.open()?;
        let verdicts = state.plan(&submission, self.reject_limit)?.verdicts;
        let tallies = State::clone(&state).state_all(&submission, now())?;
        Ok(Previewed { verdicts, tallies })
    }

    async fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(View(Arc::clone(&*self.open()?))))
    }

    async fn call(&self, source: &SourceId, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
        let state = self.open()?;
        let found = state.calls.get(&(source.clone(), id.clone()));
        Ok(found.map(|call| StoredCall { source: source.clone(), record: call.record.clone() }))
    }

    async fn rejects(&self, ask: RejectsAsk) -> Result<Vec<KeptReject>, StoreError> {
        let RejectsAsk { source, reason, after, limit } = ask;
        let asked = |kept: &&KeptReject| {
            kept.id > after
                && source.as_ref().is_none_or(|source| kept.source == *source)
                && reason.is_none_or(|reason| kept.reject.reason == reason)
        };
        Ok(self.open()?.rejects.values().filter(asked).take(limit).cloned().collect())
    }

    async fn put_indicators(&self, rows: Vec<IndicatorRow>) -> Result<Vec<IndicatorVerdict>, StoreError> {
        Arc::make_mut(&mut *self.open()?).put_indicators(rows)
    }

    async fn put_series_breaks(&self, changes: BreakChanges) -> Result<(), StoreError> {
        Arc::make_mut(&mut *self.open()?).put_series_breaks(&changes)
    }

    async fn record_access(&self, event: AccessEvent) -> Result<u64, StoreError> {
        Arc::make_mut(&mut *self.open()?).record_access(event)
    }

    async fn access_events(&self, ask: AccessEventsAsk) -> Result<Vec<KeptAccessEvent>, StoreError> {
        Ok(self.open()?.access_events(&ask))
    }

    async fn source_states(&self) -> Result<Vec<SourceState>, StoreError> {
        Ok(self.open()?.progress.values().cloned().collect())
    }

    async fn put_sources_of_record(&self, list: Vec<SourceOfRecord>) -> Result<(), StoreError> {
        let of_record = OfRecord::new(&list)?;
        let mut state = self.open()?;
        Arc::make_mut(&mut Arc::make_mut(&mut state).statements).rule(of_record);
        Ok(())
    }

    async fn organisations(&self) -> Result<Vec<OrganisationRow>, StoreError> {
        Ok(self.open()?.organisations.clone())
    }

    async fn put_organisations(&self, rows: Vec<OrganisationRow>) -> Result<(), StoreError> {
        Arc::make_mut(&mut *self.open()?).organisations = rows;
        Ok(())
    }

    async fn backup(&self, _folder: &Path) -> Result<BackupReport, StoreError> {
        drop(self.open()?);
        Err(StoreError::BackupFolder("a store in memory has no backup: serve from a data folder".to_owned()))
    }

    fn status(&self) -> StoreStatus {
        let state = self.locked();
        StoreStatus {
            calls: state.calls.len() as u64,
            unsettled: 0,
            rejects: state.rejects.len() as u64,
            disk_bytes: 0,
        }
    }

    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.subscribe()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.health.send_replace(StoreHealth::Closed);
        Ok(())
    }
}

/// The clock of the machine.
fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
