//! What all services share: the gate with everything that lies behind it, the clock, the pages, the meters.

use std::sync::Arc;

use callgauge_schema::Moment;
use tokio::sync::{Semaphore, watch};

use super::errors::Fault;
use super::observe::Meters;
use super::pages::Pages;
use crate::access::{Admitted, Asks, Behind, Gate, Principal};
use crate::calendar::Calendar;
use crate::ingest::{Clock, Ingest, SharedDirectory};
use crate::store::Store;

/// Batches that are held in memory at once, of all streams.
const BATCHES: usize = 24;
/// Questions that are computed at once; further ones wait.
const QUESTIONS: usize = 8;

/// What all services share.
pub(crate) struct House {
    gate: Gate,
    /// Calls, rejects.
    pub(crate) store: Behind<Arc<dyn Store>>,
    /// The way in.
    pub(crate) ingest: Behind<Arc<Ingest>>,
    /// Organisations.
    pub(crate) directory: Behind<SharedDirectory>,
    /// One import at a time.
    pub(crate) importing: Arc<tokio::sync::Mutex<()>>,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) clock: Clock,
    pub(crate) pages: Pages,
    pub(crate) meters: Arc<Meters>,
    /// Turns true when the service begins to drain.
    pub(crate) draining: watch::Receiver<bool>,
    /// One for each batch that may be held.
    pub(crate) batches: Arc<Semaphore>,
    /// One for each question that may be computed.
    pub(crate) questions: Arc<Semaphore>,
    pub(crate) started_at: Moment,
}

impl House {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        directory: SharedDirectory,
        calendar: Arc<Calendar>,
        clock: Clock,
        meters: Arc<Meters>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        let ingest = Ingest::new(Arc::clone(&store), directory.clone(), Arc::clone(&clock));
        let started_at = clock();
        Self {
            gate: Gate::new(),
            store: Behind::new(store),
            ingest: Behind::new(Arc::new(ingest)),
            directory: Behind::new(directory),
            importing: Arc::default(),
            calendar,
            clock,
            pages: Pages::default(),
            meters,
            draining,
            batches: Arc::new(Semaphore::new(BATCHES)),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            started_at,
        }
    }

    /// The same with another gate.
    #[cfg(test)]
    pub(crate) fn with_gate(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// Puts a question to the gate.
    ///
    /// # Errors
    /// Where the caller may not have it.
    pub(crate) fn admit<T: Asks>(&self, principal: &Principal, question: T) -> Result<Admitted<T>, Fault> {
        Ok(self.gate.admit(principal, question)?)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Moment {
        (self.clock)()
    }

    /// Computes something long on a thread of its own, after waiting for its turn. `work` is told whether anybody still waits for it.
    ///
    /// # Errors
    /// What `work` says; [`Fault::Internal`] where it panics.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Waiting) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(&self.questions).acquire_owned().await.map_err(|_| Fault::NotServing)?;
        let waits = Arc::new(());
        let waiting = Waiting(Arc::downgrade(&waits));
        let span = tracing::Span::current();
        let worked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            span.in_scope(|| work(&waiting))
        })
        .await;
        drop(waits);
        worked.unwrap_or_else(|fault| {
            Err(Fault::Internal(format!("a question could not be computed: {fault}")))
        })
    }
}

/// Whether anybody still waits for what is being computed.
pub(crate) struct Waiting(std::sync::Weak<()>);

impl Waiting {
    /// # Errors
    /// [`Fault::Cancelled`] where nobody does.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.0.strong_count() == 0 { Err(Fault::Cancelled) } else { Ok(()) }
    }
}

/// Who sent a request: without authentication everybody is local.
pub(crate) fn principal<T>(_request: &tonic::Request<T>) -> Principal {
    Principal::Local
}

/// Waits until the service begins to drain.
pub(crate) async fn drained(draining: &mut watch::Receiver<bool>) {
    // Where nobody is left to say so, the service is gone.
    let _ = draining.wait_for(|&draining| draining).await;
}
