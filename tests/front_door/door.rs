//! Starts a server and speaks to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use callgauge::proto::v1;
use callgauge::proto::v1::admin_service_client::AdminServiceClient;
use callgauge::proto::v1::call_record_service_client::CallRecordServiceClient;
use callgauge::proto::v1::comparison_service_client::ComparisonServiceClient;
use callgauge::proto::v1::indicator_service_client::IndicatorServiceClient;
use callgauge::proto::v1::metrics_service_client::MetricsServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::proto::v1::source_service_client::SourceServiceClient;
use callgauge::service::{ServeError, Settings, bind};
use callgauge::store::Store;
use callgauge::store::memory::MemoryStore;
use callgauge_schema::Moment;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

/// 2026-03-02T00:00:00Z: what the server takes for now.
pub(crate) const NOW_SECS: i64 = 1_772_409_600;
/// 2026-02-02T08:00:00Z, a Monday in winter.
pub(crate) const MONDAY_0800: i64 = 1_770_019_200;

pub(crate) const CSV: &str = "code,name,level,parents,from_date,until_date\n\
    Y60,Midlands,region,,,\n\
    QHG,Example ICB,icb,Y60,,\n\
    06K,Example place,sub_icb,QHG,,\n\
    U12345,Example PCN,pcn,,,\n\
    A81001,First Surgery,practice,06K U12345,,\n\
    A81002,Second Surgery,practice,06K U12345,,\n\
    A81003,Third Surgery,practice,06K,,\n";

/// A running server.
pub(crate) struct Door {
    pub(crate) channel: Channel,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Door {
    /// Nothing imported.
    pub(crate) async fn empty() -> Self {
        Self::on(Arc::new(MemoryStore::new())).await
    }

    /// With the organisations of [`CSV`].
    pub(crate) async fn open() -> Self {
        let door = Self::empty().await;
        let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
        door.organisations().import_organisations(import).await.expect("is whole");
        door
    }

    pub(crate) async fn on(store: Arc<dyn Store>) -> Self {
        Self::with(store, Duration::from_secs(2)).await
    }

    pub(crate) async fn with(store: Arc<dyn Store>, drain: Duration) -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = Settings {
            listen: loopback,
            metrics_listen: Some(loopback),
            drain,
            clock: Arc::new(|| Moment::from_millis(NOW_SECS * 1_000)),
            ..Settings::default()
        };
        Self::begin(settings, store).await
    }

    /// With settings of the test's own; ports are any free ones.
    pub(crate) async fn begin(settings: Settings, store: Arc<dyn Store>) -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = Settings { listen: loopback, metrics_listen: Some(loopback), ..settings };
        let bound = bind(settings, store).await.expect("ports are free");
        let (address, metrics) = (bound.address, bound.metrics_address.expect("asked for"));
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(bound.serve(async {
            let _ = stopped.await;
        }));
        let channel = Channel::from_shared(format!("http://{address}"))
            .expect("is a URL")
            .connect()
            .await
            .expect("is listening");
        Self { channel, address, metrics, stop: Some(stop), serving }
    }

    pub(crate) fn calls(&self) -> CallRecordServiceClient<Channel> {
        CallRecordServiceClient::new(self.channel.clone())
    }

    pub(crate) fn metrics(&self) -> MetricsServiceClient<Channel> {
        MetricsServiceClient::new(self.channel.clone())
    }

    pub(crate) fn comparison(&self) -> ComparisonServiceClient<Channel> {
        ComparisonServiceClient::new(self.channel.clone()).max_decoding_message_size(16 << 20)
    }

    pub(crate) fn organisations(&self) -> OrganisationServiceClient<Channel> {
        OrganisationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn indicators(&self) -> IndicatorServiceClient<Channel> {
        IndicatorServiceClient::new(self.channel.clone())
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub(crate) fn sources(&self) -> SourceServiceClient<Channel> {
        SourceServiceClient::new(self.channel.clone())
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) async fn kill(self) {
        self.serving.abort();
        assert!(self.serving.await.is_err(), "was serving");
    }

    /// Tells it to drain.
    pub(crate) fn stop(&mut self) {
        self.stop.take().expect("once").send(()).expect("still serves");
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(self) -> Result<(), ServeError> {
        self.serving.await.expect("does not panic")
    }

    /// Submits, and gives the verdicts.
    pub(crate) async fn submit(&self, records: Vec<v1::CallRecord>) -> Vec<v1::Verdict> {
        let response = self.calls().submit_call_records(submission(records)).await.expect("is taken");
        response.into_inner().results.iter().map(|result| result.verdict()).collect()
    }
}

pub(crate) fn submission(records: Vec<v1::CallRecord>) -> v1::SubmitCallRecordsRequest {
    v1::SubmitCallRecordsRequest {
        source_id: "acme".into(),
        records,
        unknown_durations: vec![],
        validate_only: false,
    }
}

/// An inbound call of A81001, answered after 42 s, `secs` after Monday 08:00.
pub(crate) fn answered(id: &str, secs: i64) -> v1::CallRecord {
    v1::CallRecord {
        call_id: id.to_owned(),
        attribution: Some(v1::call_record::Attribution::PracticeCode("A81001".into())),
        direction: v1::Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: MONDAY_0800 + secs, nanos: 0 }),
        outcome: v1::Outcome::Answered.into(),
        wait: seconds(42),
        talk: seconds(180),
        ..Default::default()
    }
}

/// The same at another practice.
pub(crate) fn at(practice: &str, record: v1::CallRecord) -> v1::CallRecord {
    v1::CallRecord {
        attribution: Some(v1::call_record::Attribution::PracticeCode(practice.into())),
        ..record
    }
}

/// A missed one.
pub(crate) fn missed(id: &str, secs: i64, wait: i64) -> v1::CallRecord {
    v1::CallRecord {
        outcome: v1::Outcome::Missed.into(),
        talk: None,
        wait: seconds(wait),
        ..answered(id, secs)
    }
}

pub(crate) fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// The eight for February 2026.
pub(crate) fn february(codes: &[&str]) -> v1::QueryMetricsRequest {
    v1::QueryMetricsRequest {
        organisation_codes: codes.iter().map(|&code| code.to_owned()).collect(),
        month: "2026-02".into(),
        ..Default::default()
    }
}

/// Reason and field of an error; every error has them from the one domain.
pub(crate) fn reason(status: &Status) -> (String, String) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "callgauge.v1");
    (info.reason, info.metadata.get("field").cloned().unwrap_or_default())
}
