//! A store that stops taking commits, as on a full disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use callgauge::organisations::OrganisationRow;
use callgauge::proto::v1;
use callgauge::store::memory::MemoryStore;
use callgauge::store::{
    AccessEvent, AccessEventsAsk, BackupReport, BreakChanges, Committed, IndicatorRow, IndicatorVerdict,
    KeptAccessEvent, KeptReject, Previewed, RejectsAsk, Snapshot, SourceOfRecord, SourceState, Store,
    StoreError, StoreHealth, StoreStatus, StoredCall, Submission,
};
use callgauge_schema::{CallId, SourceId};
use tokio::sync::watch;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::door::{Door, answered, at, reason, submission};
use crate::stream::batch;

/// Takes so many commits, then says that the disk is full.
struct FullDisk {
    inner: MemoryStore,
    left: AtomicU64,
    health: watch::Sender<StoreHealth>,
}

impl FullDisk {
    fn after(commits: u64) -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::new(),
            left: AtomicU64::new(commits),
            health: watch::Sender::new(StoreHealth::Serving),
        })
    }

    fn empty_it(&self) {
        self.left.store(u64::MAX, Ordering::SeqCst);
        self.health.send_replace(StoreHealth::Serving);
    }
}

#[async_trait]
impl Store for FullDisk {
    async fn commit(&self, submission: Submission) -> Result<Committed, StoreError> {
        let took = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if took.is_err() {
            self.health.send_replace(StoreHealth::Failing);
            return Err(StoreError::Unavailable("no space left in /var/lib/secret".into()));
        }
        self.inner.commit(submission).await
    }

    async fn preview(&self, submission: Submission) -> Result<Previewed, StoreError> {
        self.inner.preview(submission).await
    }

    async fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot().await
    }

    async fn call(&self, source: &SourceId, id: &CallId) -> Result<Option<StoredCall>, StoreError> {
        self.inner.call(source, id).await
    }

    async fn rejects(&self, ask: RejectsAsk) -> Result<Vec<KeptReject>, StoreError> {
        self.inner.rejects(ask).await
    }

    async fn put_indicators(&self, rows: Vec<IndicatorRow>) -> Result<Vec<IndicatorVerdict>, StoreError> {
        self.inner.put_indicators(rows).await
    }

    async fn put_series_breaks(&self, changes: BreakChanges) -> Result<(), StoreError> {
        self.inner.put_series_breaks(changes).await
    }

    async fn record_access(&self, event: AccessEvent) -> Result<u64, StoreError> {
        self.inner.record_access(event).await
    }

    async fn access_events(&self, ask: AccessEventsAsk) -> Result<Vec<KeptAccessEvent>, StoreError> {
        self.inner.access_events(ask).await
    }

    async fn source_states(&self) -> Result<Vec<SourceState>, StoreError> {
        self.inner.source_states().await
    }

    async fn put_sources_of_record(&self, list: Vec<SourceOfRecord>) -> Result<(), StoreError> {
        self.inner.put_sources_of_record(list).await
    }

    async fn organisations(&self) -> Result<Vec<OrganisationRow>, StoreError> {
        self.inner.organisations().await
    }

    async fn put_organisations(&self, rows: Vec<OrganisationRow>) -> Result<(), StoreError> {
        self.inner.put_organisations(rows).await
    }

    async fn backup(&self, folder: &Path) -> Result<BackupReport, StoreError> {
        self.inner.backup(folder).await
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }

    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.subscribe()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

fn unknown(id: &str) -> v1::CallRecord {
    at("Z99999", answered(id, 0))
}

#[tokio::test]
async fn a_commit_that_fails_ends_the_stream_after_the_acks_before_it() {
    let door = Door::on(FullDisk::after(3)).await;
    let batches: Vec<_> = (1..=6).map(|number| batch(number, vec![unknown(&format!("{number}"))])).collect();
    let mut acks =
        door.calls().stream_call_records(tokio_stream::iter(batches)).await.expect("opens").into_inner();
    for number in 1..=3 {
        assert_eq!(acks.message().await.expect("is good").expect("an ack").batch_number, number);
    }
    let status = acks.message().await.expect_err("the fourth failed");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
    assert!(!status.message().contains("secret"), "the cause stays in the log: {}", status.message());
}

#[tokio::test]
async fn health_says_not_serving_while_commits_fail_and_serving_afterwards() {
    let store = FullDisk::after(0);
    let door = Door::on(Arc::clone(&store) as Arc<dyn Store>).await;
    let mut health = HealthClient::new(door.channel.clone())
        .watch(HealthCheckRequest { service: "callgauge.v1.CallRecordService".into() })
        .await
        .expect("is told")
        .into_inner();
    let mut told = async || health.message().await.expect("is told").expect("goes on").status();
    while told().await != ServingStatus::Serving {}
    let status = door.calls().submit_call_records(submission(vec![unknown("1")])).await.expect_err("is full");
    assert_eq!(reason(&status).0, "STORE_UNAVAILABLE");
    assert_eq!(told().await, ServingStatus::NotServing);
    store.empty_it();
    assert_eq!(told().await, ServingStatus::Serving);
    door.calls().submit_call_records(submission(vec![unknown("1")])).await.expect("is taken");
}
