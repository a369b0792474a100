//! A server that gives known answers, two rows a page, on a port of its own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use callgauge::proto::v1;
use callgauge::proto::v1::admin_service_server::{AdminService, AdminServiceServer};
use callgauge::proto::v1::call_record_service_server::{CallRecordService, CallRecordServiceServer};
use callgauge::proto::v1::metrics_service_server::{MetricsService, MetricsServiceServer};
use callgauge::proto::v1::organisation_service_server::{OrganisationService, OrganisationServiceServer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::answers;

/// Running until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

#[derive(Default)]
struct State {
    last_query: Mutex<v1::QueryMetricsRequest>,
}

#[derive(Clone)]
struct Known(Arc<State>);

impl Server {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let known = Known(Arc::clone(&state));
        runtime.spawn(
            tonic::transport::Server::builder()
                .add_service(MetricsServiceServer::new(known.clone()))
                .add_service(CallRecordServiceServer::new(known.clone()))
                .add_service(OrganisationServiceServer::new(known.clone()))
                .add_service(AdminServiceServer::new(known))
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        Self { address, state, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first page's request of the last query.
    pub(crate) fn last_query(&self) -> v1::QueryMetricsRequest {
        self.state.last_query.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The page behind a token, its size, and the token of the next.
fn page<T: Clone>(all: &[T], token: &str, size: usize) -> (Vec<T>, String, i64) {
    let from = if token.is_empty() { 0 } else { token.parse().expect("a token of ours") };
    let end = all.len().min(from + size);
    let next = if end < all.len() { end.to_string() } else { String::new() };
    (all[from..end].to_vec(), next, all.len() as i64)
}

#[tonic::async_trait]
impl MetricsService for Known {
    async fn query_metrics(
        &self,
        request: Request<v1::QueryMetricsRequest>,
    ) -> Result<Response<v1::QueryMetricsResponse>, Status> {
        let asked = request.into_inner();
        if asked.organisation_codes == ["X99"] {
            let field = [("field".to_owned(), "organisation_codes".to_owned())];
            let details = ErrorDetails::with_error_info("UNKNOWN_ORGANISATION", "callgauge.v1", field);
            return Err(Status::with_error_details(
                Code::NotFound,
                "no organisation has the code X99",
                details,
            ));
        }
        if asked.page_token.is_empty() {
            *self.0.last_query.lock().unwrap_or_else(PoisonError::into_inner) = asked.clone();
        }
        let (rows, next_page_token, total_size) = page(&answers::rows(&asked), &asked.page_token, 2);
        let (first_day, last_day) =
            if asked.month.is_empty() { ("2026-02-02", "2026-02-04") } else { ("2026-02-01", "2026-02-28") };
        Ok(Response::new(v1::QueryMetricsResponse {
            rows,
            next_page_token,
            total_size,
            first_day: first_day.to_owned(),
            last_day: last_day.to_owned(),
            definition_set: asked.definition_set,
            answered_at: None,
            notes: Vec::new(),
        }))
    }

    async fn list_metric_definitions(
        &self,
        _: Request<v1::ListMetricDefinitionsRequest>,
    ) -> Result<Response<v1::ListMetricDefinitionsResponse>, Status> {
        Ok(Response::new(v1::ListMetricDefinitionsResponse { sets: answers::sets() }))
    }
}

#[tonic::async_trait]
impl CallRecordService for Known {
    type StreamCallRecordsStream = tokio_stream::Empty<Result<v1::StreamCallRecordsResponse, Status>>;

    async fn submit_call_records(
        &self,
        _: Request<v1::SubmitCallRecordsRequest>,
    ) -> Result<Response<v1::SubmitCallRecordsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn stream_call_records(
        &self,
        _: Request<Streaming<v1::StreamCallRecordsRequest>>,
    ) -> Result<Response<Self::StreamCallRecordsStream>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn submit_tallies(
        &self,
        _: Request<v1::SubmitTalliesRequest>,
    ) -> Result<Response<v1::SubmitTalliesResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn state_coverage(
        &self,
        _: Request<v1::StateCoverageRequest>,
    ) -> Result<Response<v1::StateCoverageResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_call_record(
        &self,
        _: Request<v1::GetCallRecordRequest>,
    ) -> Result<Response<v1::GetCallRecordResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_call_records(
        &self,
        request: Request<v1::ListCallRecordsRequest>,
    ) -> Result<Response<v1::ListCallRecordsResponse>, Status> {
        let asked = request.into_inner();
        let many = asked.organisation_code == "MANY";
        let all = if many { answers::many_calls() } else { answers::calls() };
        let (records, next_page_token, total_size) =
            page(&all, &asked.page_token, if many { 5_000 } else { 2 });
        Ok(Response::new(v1::ListCallRecordsResponse { records, next_page_token, total_size }))
    }
}

#[tonic::async_trait]
impl OrganisationService for Known {
    async fn import_organisations(
        &self,
        request: Request<v1::ImportOrganisationsRequest>,
    ) -> Result<Response<v1::ImportOrganisationsResponse>, Status> {
        let asked = request.into_inner();
        let rows = asked.csv.lines().count() as i64 - 1;
        let organisations_added = if asked.validate_only { 0 } else { rows };
        Ok(Response::new(v1::ImportOrganisationsResponse { rows, organisations_added, ..Default::default() }))
    }

    async fn get_organisation(
        &self,
        request: Request<v1::GetOrganisationRequest>,
    ) -> Result<Response<v1::GetOrganisationResponse>, Status> {
        let asked = request.into_inner();
        let organisation = answers::organisations().into_iter().find(|known| known.code == asked.code);
        Ok(Response::new(v1::GetOrganisationResponse { organisation }))
    }

    async fn list_organisations(
        &self,
        request: Request<v1::ListOrganisationsRequest>,
    ) -> Result<Response<v1::ListOrganisationsResponse>, Status> {
        let (organisations, next_page_token, total_size) =
            page(&answers::organisations(), &request.into_inner().page_token, 2);
        Ok(Response::new(v1::ListOrganisationsResponse { organisations, next_page_token, total_size }))
    }
}

#[tonic::async_trait]
impl AdminService for Known {
    async fn backup(
        &self,
        request: Request<v1::BackupRequest>,
    ) -> Result<Response<v1::BackupResponse>, Status> {
        if std::path::Path::new(&request.into_inner().directory).is_absolute() {
            Ok(Response::new(v1::BackupResponse { files: 3, bytes: 1_234 }))
        } else {
            Err(Status::invalid_argument("directory must be absolute"))
        }
    }

    async fn get_status(
        &self,
        _: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        Ok(Response::new(answers::status()))
    }
    async fn put_sources_of_record(
        &self,
        _: Request<v1::PutSourcesOfRecordRequest>,
    ) -> Result<Response<v1::PutSourcesOfRecordResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_sources_of_record(
        &self,
        _: Request<v1::ListSourcesOfRecordRequest>,
    ) -> Result<Response<v1::ListSourcesOfRecordResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}
