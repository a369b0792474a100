//! The oracle: recomputes every metric from the records sent, in plain code without tallies and without SQL, and holds the service to it through the front
//! door. The answers have to be equal, not close.
//!
//! Random histories (calls, corrections, moves, retractions, duplicates, reorderings, late practices, bad records, restarts) are sent to a real server by a
//! real client; then it is asked at every granularity and level. The oracle uses nothing of the service's arithmetic: London's clock is jiff's, buckets
//! are found by walking through the range in quarter hours, percentiles by sorting, memberships by scanning a table.
//!
//! `CALLGAUGE_LONG=1` takes many more cases, and other ones in each run.

mod ask;
mod buckets;
mod call;
mod front;
mod history;
mod ledger;
mod measure;
mod practice_days;
mod question;
mod rows;
mod server;
mod world;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callgauge::store::Store;
use callgauge::store::memory::MemoryStore;
use callgauge::store::sqlite::{Limits, SqliteStore};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use tempfile::TempDir;

/// Opens the stores that the server stands on.
#[async_trait]
trait Stores: Sync {
    /// An empty one.
    async fn open(&self) -> Arc<dyn Store>;

    /// The same again after the server stopped.
    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store>;
}

/// Stores in memory; the last one is kept, to be opened again.
#[derive(Default)]
struct Memory(Mutex<Arc<MemoryStore>>);

#[async_trait]
impl Stores for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        let store = Arc::new(MemoryStore::new());
        *self.0.lock().expect("nobody panics with it") = Arc::clone(&store);
        store
    }

    async fn reopen(&self, _store: Arc<dyn Store>) -> Arc<dyn Store> {
        let mut last = self.0.lock().expect("nobody panics with it");
        *last = Arc::new(last.reopened());
        Arc::clone(&*last) as Arc<dyn Store>
    }
}

/// Embedded stores, each on a folder of its own.
struct Embedded {
    folder: TempDir,
    opened: Mutex<usize>,
}

impl Embedded {
    /// Settles after this many records, so that histories meet runs, merged runs and unsettled chunks.
    const SETTLE_ROWS: [usize; 3] = [15, 4, 60];

    fn on_last_folder(&self) -> Arc<dyn Store> {
        let number = *self.opened.lock().expect("nobody panics with it");
        let folder: PathBuf = self.folder.path().join(number.to_string());
        let limits = Limits {
            settle_rows: Self::SETTLE_ROWS[number % Self::SETTLE_ROWS.len()],
            settle_after: Duration::from_millis(600),
            ..Limits::default()
        };
        Arc::new(SqliteStore::open(&folder, limits).expect("the folder opens"))
    }
}

#[async_trait]
impl Stores for Embedded {
    async fn open(&self) -> Arc<dyn Store> {
        *self.opened.lock().expect("nobody panics with it") += 1;
        self.on_last_folder()
    }

    async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        // The server closed it when it stopped.
        drop(store);
        self.on_last_folder()
    }
}

#[test]
fn every_metric_on_the_store_in_memory_is_what_the_records_say() {
    hold(&Memory::default(), 10);
}

#[test]
fn every_metric_on_the_embedded_store_is_what_the_records_say() {
    hold(&Embedded { folder: TempDir::new().expect("a folder"), opened: Mutex::default() }, 22);
}

/// Holds a server on such stores to the oracle, in this many cases.
fn hold(stores: &dyn Stores, cases: u32) {
    let long = std::env::var_os("CALLGAUGE_LONG").is_some();
    let config = Config {
        cases: if long { 2_000 } else { cases },
        rng_seed: if long { RngSeed::Random } else { RngSeed::Fixed(20_250_330) },
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let outcome = TestRunner::new(config).run(&history::history(), |history| {
        runtime.block_on(ask::replay(stores, history)).map_err(TestCaseError::fail)
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
}
