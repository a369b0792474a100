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
mod question;
mod rows;
mod server;
mod world;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callgauge::store::Store;
use callgauge::store::memory::MemoryStore;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

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

#[test]
fn every_metric_on_the_store_in_memory_is_what_the_records_say() {
    hold(&Memory::default());
}

/// Holds a server on such stores to the oracle.
fn hold(stores: &dyn Stores) {
    let long = std::env::var_os("CALLGAUGE_LONG").is_some();
    let config = Config {
        cases: if long { 2_000 } else { 40 },
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
