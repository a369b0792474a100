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
