//! A client of the service.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use callgauge::proto::v1::admin_service_client::AdminServiceClient;
use callgauge::proto::v1::call_record_service_client::CallRecordServiceClient;
use callgauge::proto::v1::metrics_service_client::MetricsServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::proto::v1::{
    CallRecord, GetStatusRequest, GetStatusResponse, Granularity, ImportOrganisationsRequest,
    ListCallRecordsRequest, QueryMetricsRequest, StreamCallRecordsRequest, SubmitCallRecordsRequest, Verdict,
};
use tonic::Status;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::made_up;
use crate::process::Service;

/// The source of everything that is sent.
pub(crate) const SOURCE: &str = "made-up";

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) calls: CallRecordServiceClient<Channel>,
    metrics: MetricsServiceClient<Channel>,
    organisations: OrganisationServiceClient<Channel>,
    admin: AdminServiceClient<Channel>,
    pub(crate) health: HealthClient<Channel>,
}

impl Client {
    /// Connected to this service once it serves, with the made-up practices imported.
    pub(crate) async fn of(service: &Service) -> Self {
        let channel = Channel::from_shared(service.url()).expect("is a URL").connect().await;
        let channel = channel.expect("it listens");
        let mut client = Self {
            calls: CallRecordServiceClient::new(channel.clone()),
            metrics: MetricsServiceClient::new(channel.clone()),
            organisations: OrganisationServiceClient::new(channel.clone()),
            admin: AdminServiceClient::new(channel.clone()),
            health: HealthClient::new(channel),
        };
        let import = ImportOrganisationsRequest { csv: made_up::csv(), validate_only: false };
        client.organisations.import_organisations(import).await.expect("the practices are taken");
        // It listens a moment before it says that it serves.
        client.await_health(ServingStatus::Serving).await;
        client
    }

    pub(crate) async fn submit(&mut self, records: Vec<CallRecord>) -> Result<Vec<Verdict>, Status> {
        let submission = SubmitCallRecordsRequest {
            source_id: SOURCE.to_owned(),
            records,
            unknown_durations: Vec::new(),
            validate_only: false,
        };
        let answer = self.calls.submit_call_records(submission).await?.into_inner();
        Ok(answer.results.iter().map(|result| result.verdict()).collect())
    }

    /// Streams the batches up to this one; gives the verdicts of those that were acknowledged, and what ended the stream early.
    pub(crate) async fn stream(
        mut self,
        batches: u64,
        acked: Arc<AtomicU64>,
    ) -> (Vec<Vec<Verdict>>, Option<Status>) {
        let messages = (1..=batches).map(|batch_number| StreamCallRecordsRequest {
            source_id: SOURCE.to_owned(),
            batch_number,
            records: made_up::batch(batch_number),
            unknown_durations: Vec::new(),
        });
        let mut verdicts = Vec::new();
        let mut acks = match self.calls.stream_call_records(tokio_stream::iter(messages)).await {
            Ok(acks) => acks.into_inner(),
            Err(status) => return (verdicts, Some(status)),
        };
        loop {
            match acks.message().await {
                Ok(Some(ack)) => {
                    verdicts.push(ack.verdicts().collect::<Vec<_>>());
                    assert_eq!(ack.batch_number, verdicts.len() as u64, "batches are acknowledged in order");
                    acked.store(ack.batch_number, Ordering::Release);
                }
                Ok(None) => return (verdicts, None),
                Err(status) => return (verdicts, Some(status)),
            }
        }
    }

    pub(crate) async fn status(&mut self) -> GetStatusResponse {
        self.admin.get_status(GetStatusRequest {}).await.expect("it answers").into_inner()
    }

    /// Calls by day as metrics count them; days counted from Monday, 2 February 2026.
    pub(crate) async fn calls_by_day(&mut self) -> BTreeMap<i64, i64> {
        let question = QueryMetricsRequest {
            organisation_codes: vec!["ENGLAND".to_owned()],
            start_date: "2026-02-02".to_owned(),
            end_date: "2026-02-10".to_owned(),
            granularity: Granularity::Day.into(),
            ..QueryMetricsRequest::default()
        };
        let answer = self.metrics.query_metrics(question).await.expect("it answers").into_inner();
        assert_eq!(answer.rows.len(), 8);
        (0..).zip(answer.rows.iter().map(|row| row.calls)).filter(|(_, calls)| *calls > 0).collect()
    }

    /// Calls as metrics count them.
    pub(crate) async fn counted(&mut self) -> u64 {
        self.calls_by_day().await.values().sum::<i64>() as u64
    }

    /// The ids of a practice's calls, in order of number.
    pub(crate) async fn listed(&mut self, practice: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut ask = ListCallRecordsRequest {
            organisation_code: practice.to_owned(),
            start_date: "2026-02-02".to_owned(),
            end_date: "2026-02-10".to_owned(),
            page_size: 10_000,
            ..ListCallRecordsRequest::default()
        };
        loop {
            let page = self.calls.list_call_records(ask.clone()).await.expect("it answers").into_inner();
            ids.extend(page.records.into_iter().filter_map(|stored| stored.record).map(|call| call.call_id));
            if page.next_page_token.is_empty() {
                assert_eq!(page.total_size, ids.len() as i64);
                ids.sort_by_key(|id| (id.len(), id.clone()));
                return ids;
            }
            ask.page_token = page.next_page_token;
        }
    }

    /// Waits until health says this.
    pub(crate) async fn await_health(&mut self, wanted: ServingStatus) {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let told = self.health.check(HealthCheckRequest::default()).await.expect("it answers");
            if told.into_inner().status() == wanted {
                return;
            }
            assert!(Instant::now() < patience, "health does not become {wanted:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < patience, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
