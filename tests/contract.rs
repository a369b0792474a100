//! Puts every store through the contract suite. A store that joins gets a module here.

/// The store in memory: everything but durability.
mod memory {
    use std::sync::Arc;

    use async_trait::async_trait;
    use callgauge::store::Store;
    use callgauge::store::memory::MemoryStore;
    use callgauge::store::suite::Harness;

    struct Memory;

    #[async_trait]
    impl Harness for Memory {
        async fn open(&self) -> Arc<dyn Store> {
            Arc::new(MemoryStore::new())
        }

        async fn open_with_reject_limit(&self, reject_limit: u64) -> Arc<dyn Store> {
            Arc::new(MemoryStore::with_reject_limit(reject_limit))
        }
    }

    callgauge::contract_suite!(Memory);
}

/// The embedded store, each on a folder of its own.
mod sqlite {
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use async_trait::async_trait;
    use callgauge::store::Store;
    use callgauge::store::sqlite::{Limits, SqliteStore};
    use callgauge::store::suite::{Durable, Harness};
    use tempfile::TempDir;

    /// Settles after a few records, so that every check meets runs, unsettled chunks and merges.
    struct Sqlite {
        folder: TempDir,
        /// The folders of the stores, newest last.
        opened: Mutex<Vec<PathBuf>>,
    }

    fn harness() -> Sqlite {
        Sqlite { folder: TempDir::new().expect("a folder"), opened: Mutex::default() }
    }

    fn small() -> Limits {
        Limits { settle_rows: 40, settle_after: Duration::from_millis(700), ..Limits::default() }
    }

    impl Sqlite {
        fn fresh(&self, limits: Limits) -> Arc<dyn Store> {
            let mut opened = self.opened.lock().expect("nobody panics with it");
            let folder = self.folder.path().join(opened.len().to_string());
            opened.push(folder.clone());
            Arc::new(SqliteStore::open(&folder, limits).expect("the folder opens"))
        }

        fn again(&self) -> Arc<dyn Store> {
            let opened = self.opened.lock().expect("nobody panics with it");
            let folder = opened.last().expect("one was opened");
            Arc::new(SqliteStore::open(folder, small()).expect("the folder opens again"))
        }
    }

    #[async_trait]
    impl Harness for Sqlite {
        async fn open(&self) -> Arc<dyn Store> {
            self.fresh(small())
        }

        async fn open_with_reject_limit(&self, reject_limit: u64) -> Arc<dyn Store> {
            self.fresh(Limits { rejects_per_source: reject_limit, ..small() })
        }
    }

    #[async_trait]
    impl Durable for Sqlite {
        async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
            store.close().await.expect("it closes");
            drop(store);
            self.again()
        }

        async fn crash(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
            assert_eq!(Arc::strong_count(&store), 1, "nobody else holds it open");
            drop(store);
            self.again()
        }
    }

    callgauge::contract_suite!(harness());
    callgauge::durability_suite!(harness());
}
