//! The front door: a real server in this process on a free port, and real clients.

use std::sync::Arc;

use callgauge::proto::v1::call_record_service_client::CallRecordServiceClient;
use callgauge::proto::v1::metrics_service_client::MetricsServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::proto::v1::{
    CallRecord, DurationKind, ImportOrganisationsRequest, ImportOrganisationsResponse, MetricRow,
    QueryMetricsRequest, StreamCallRecordsRequest, SubmitCallRecordsRequest, Verdict,
};
use callgauge::store::Store;
use tonic::transport::Channel;

use super::server;

/// Records in a batch of a stream.
const BATCH: usize = 5;

/// A server with its clients.
pub(crate) struct Front {
    server: server::Running,
    calls: CallRecordServiceClient<Channel>,
    metrics: MetricsServiceClient<Channel>,
    organisations: OrganisationServiceClient<Channel>,
}

impl Front {
    /// Starts a server on this store.
    pub(crate) async fn start(store: Arc<dyn Store>) -> Self {
        let server = server::start(store).await;
        let channel = Channel::from_shared(server.url())
            .expect("the address is one")
            .connect()
            .await
            .expect("the server listens");
        Self {
            server,
            calls: CallRecordServiceClient::new(channel.clone()),
            metrics: MetricsServiceClient::new(channel.clone()),
            organisations: OrganisationServiceClient::new(channel),
        }
    }

    /// Stops the server; the store stays as it is.
    pub(crate) async fn stop(self) {
        let Self { server, calls, metrics, organisations } = self;
        drop((calls, metrics, organisations));
        server.stop().await;
    }

    /// Imports organisations.
    pub(crate) async fn import(&mut self, csv: String) -> ImportOrganisationsResponse {
        let request = ImportOrganisationsRequest { csv, validate_only: false };
        self.organisations.import_organisations(request).await.expect("the import is taken").into_inner()
    }

    /// Submits records at once.
    pub(crate) async fn submit(&mut self, source: &str, records: Vec<CallRecord>) -> Vec<(Verdict, u64)> {
        let request = SubmitCallRecordsRequest {
            source_id: source.to_owned(),
            records,
            unknown_durations: unknown_durations(),
            validate_only: false,
        };
        let answer =
            self.calls.submit_call_records(request).await.expect("the records are taken").into_inner();
        answer.results.iter().map(|result| (result.verdict(), result.revision)).collect()
    }

    /// Sends records in small batches of a stream.
    pub(crate) async fn stream(&mut self, source: &str, records: Vec<CallRecord>) -> Vec<Verdict> {
        let batches: Vec<_> = (1..)
            .zip(records.chunks(BATCH))
            .map(|(batch_number, records)| StreamCallRecordsRequest {
                source_id: source.to_owned(),
                batch_number,
                records: records.to_vec(),
                unknown_durations: unknown_durations(),
            })
            .collect();
        let sent = tokio_stream::iter(batches);
        let mut answers = self.calls.stream_call_records(sent).await.expect("the stream opens").into_inner();
        let mut verdicts = Vec::new();
        let mut number = 0;
        while let Some(answer) = answers.message().await.expect("the stream goes on") {
            number += 1;
            assert_eq!(answer.batch_number, number, "batches are acknowledged in order");
            verdicts.extend(answer.verdicts());
        }
        verdicts
    }

    /// Asks, and reads all pages.
    pub(crate) async fn query(&mut self, mut request: QueryMetricsRequest) -> Result<Vec<MetricRow>, String> {
        let mut rows = Vec::new();
        loop {
            let answer = self.metrics.query_metrics(request.clone()).await;
            let page = answer.map_err(|status| format!("{request:#?}\n{status}"))?.into_inner();
            rows.extend(page.rows);
            if page.next_page_token.is_empty() {
                if page.total_size != rows.len() as i64 {
                    return Err(format!("{} rows were announced, {} came", page.total_size, rows.len()));
                }
                return Ok(rows);
            }
            request.page_token = page.next_page_token;
        }
    }
}

fn unknown_durations() -> Vec<i32> {
    vec![DurationKind::Wait.into(), DurationKind::Talk.into()]
}
