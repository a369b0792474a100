//! CallRecordService: records in, durably and once; single records out.

mod list;
mod receipt;
mod stated;
mod stream;

use std::sync::Arc;

use callgauge_schema::{CallId, SourceId};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::errors::Fault;
use super::fields;
use super::house::{House, principal};
use crate::access::{Ask, Asks, Purpose};
use crate::ingest;
use crate::proto::v1;
use crate::proto::v1::call_record_service_server::CallRecordService;
use crate::store::StoredCall;

/// Most records of one SubmitCallRecords.
const SUBMITTED: usize = 1_000;

/// The service.
pub(crate) struct CallRecords {
    house: Arc<House>,
}

impl CallRecords {
    pub(crate) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

/// To submit for a source.
pub(super) struct SubmitFor(SourceId);

impl Asks for SubmitFor {
    fn ask(&self) -> Ask<'_> {
        Ask { source: Some(self.0.as_str()), ..Ask::about(Purpose::Submission) }
    }
}

/// To read one call.
struct OneCall {
    source: SourceId,
    id: CallId,
}

impl Asks for OneCall {
    fn ask(&self) -> Ask<'_> {
        Ask { source: Some(self.source.as_str()), ..Ask::about(Purpose::Calls) }
    }
}

#[tonic::async_trait]
impl CallRecordService for CallRecords {
    type StreamCallRecordsStream = ReceiverStream<Result<v1::StreamCallRecordsResponse, Status>>;

    async fn submit_call_records(
        &self,
        request: Request<v1::SubmitCallRecordsRequest>,
    ) -> Result<Response<v1::SubmitCallRecordsResponse>, Status> {
        let caller = principal(&request);
        let v1::SubmitCallRecordsRequest { source_id, records, unknown_durations, validate_only } =
            request.into_inner();
        if records.len() > SUBMITTED {
            return Err(Fault::BatchTooLarge { records: records.len(), limit: SUBMITTED }.into());
        }
        let source = fields::source(source_id)?;
        let unknown = fields::unknown_durations(&unknown_durations)?;
        let admitted = self.house.admit(&caller, SubmitFor(source.clone()))?;
        let ingest = self.house.ingest.open(&admitted);
        let _turn = self.house.batches.acquire().await.map_err(|_| Fault::NotServing)?;
        let ids: Vec<String> = records.iter().map(|record| record.call_id.clone()).collect();
        let batch = ingest.convert(source, records, unknown);
        if validate_only {
            let (verdicts, refusals) = ingest.preview(batch).await.map_err(Fault::from)?;
            let results = receipt::results(ids, &verdicts, refusals);
            return Ok(Response::new(v1::SubmitCallRecordsResponse { receipt: None, results }));
        }
        let began = std::time::Instant::now();
        let taken = ingest.commit(batch).await.map_err(Fault::from)?;
        let receipt = receipt::receipt(&taken, &self.house.meters, began.elapsed());
        let results = receipt::results(ids, &taken.committed.verdicts, taken.refusals);
        Ok(Response::new(v1::SubmitCallRecordsResponse { receipt: Some(receipt), results }))
    }

    async fn stream_call_records(
        &self,
        request: Request<Streaming<v1::StreamCallRecordsRequest>>,
    ) -> Result<Response<Self::StreamCallRecordsStream>, Status> {
        let caller = principal(&request);
        Ok(Response::new(stream::take(Arc::clone(&self.house), caller, request.into_inner())))
    }

    async fn submit_tallies(
        &self,
        request: Request<v1::SubmitTalliesRequest>,
    ) -> Result<Response<v1::SubmitTalliesResponse>, Status> {
        let caller = principal(&request);
        Ok(Response::new(stated::tallies(&self.house, &caller, request.into_inner()).await?))
    }

    async fn state_coverage(
        &self,
        request: Request<v1::StateCoverageRequest>,
    ) -> Result<Response<v1::StateCoverageResponse>, Status> {
        let caller = principal(&request);
        Ok(Response::new(stated::coverage(&self.house, &caller, request.into_inner()).await?))
    }

    async fn get_call_record(
        &self,
        request: Request<v1::GetCallRecordRequest>,
    ) -> Result<Response<v1::GetCallRecordResponse>, Status> {
        let caller = principal(&request);
        let v1::GetCallRecordRequest { source_id, call_id } = request.into_inner();
        let source = fields::source(source_id)?;
        let id = CallId::try_from(call_id).map_err(|fault| Fault::field("call_id", fault.to_string()))?;
        let admitted = self.house.admit(&caller, OneCall { source, id })?;
        let store = self.house.store.open(&admitted);
        let OneCall { source, id } = admitted.question();
        let call = store.call(source, id).await.map_err(Fault::from)?;
        let call = call.ok_or_else(|| Fault::UnknownCall { source_id: source.to_string() })?;
        Ok(Response::new(v1::GetCallRecordResponse { record: Some(stored(&call)) }))
    }

    async fn list_call_records(
        &self,
        request: Request<v1::ListCallRecordsRequest>,
    ) -> Result<Response<v1::ListCallRecordsResponse>, Status> {
        let caller = principal(&request);
        Ok(Response::new(list::list(&self.house, &caller, request.into_inner()).await?))
    }
}

/// A stored call as a message.
fn stored(call: &StoredCall) -> v1::StoredCallRecord {
    let StoredCall { source, record } = call;
    v1::StoredCallRecord { source_id: source.as_str().to_owned(), record: Some(ingest::to_wire(record)) }
}
