//! The service that a client under test sees: CallRecordService, of which everything is done by the callgauge behind, with faults between the two.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use callgauge_schema::RejectReason;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_health::ServingStatus;
use tonic_types::{ErrorDetails, StatusExt as _};

use super::faults::{Fault, WINDOW};
use super::ledger::Way;
use super::play::{Arrived, Happens, Play};
use super::port::Port;
use crate::proto::v1::call_record_service_client::CallRecordServiceClient;
use crate::proto::v1::call_record_service_server::CallRecordService;
use crate::proto::v1::{self, ErrorReason, Verdict};
use crate::service::Page;

/// Acknowledgements that wait for the client.
const ACKS: usize = 8;
/// How long to look for batches that were sent after the one that meets a fault, and how many.
const STILL_COMING: Duration = Duration::from_millis(50);
const BEHIND: usize = 16;
/// How long a request whose connection was cut is held; it ends with the connection.
const HELD: Duration = Duration::from_secs(60);

/// Between the client and the service.
#[derive(Clone)]
pub(super) struct Between {
    play: Arc<Mutex<Play>>,
    service: CallRecordServiceClient<Channel>,
    port: Port,
    health: tonic_health::server::HealthReporter,
    /// Counts how often the client is to be killed.
    kills: Arc<watch::Sender<u32>>,
}

impl Between {
    pub(super) fn new(
        play: Arc<Mutex<Play>>,
        channel: Channel,
        port: Port,
        health: tonic_health::server::HealthReporter,
        kills: Arc<watch::Sender<u32>>,
    ) -> Self {
        Self { play, service: CallRecordServiceClient::new(channel), port, health, kills }
    }

    fn play(&self) -> MutexGuard<'_, Play> {
        self.play.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the client is told of a fault that is told in words; the others show themselves in [`Between::breaks`].
    fn words(happens: Happens) -> Option<Status> {
        match happens {
            Happens::Meets(Fault::Unavailable) => Some(status(
                Code::Unavailable,
                ErrorReason::StoreUnavailable,
                "the store cannot write at the moment; nothing was taken, try again later",
                None,
            )),
            Happens::Meets(Fault::SlowDown) => Some(slow_down(WINDOW)),
            Happens::Closed(Fault::SlowDown, wait) => Some(slow_down(wait)),
            Happens::Closed(_, _) => Some(stopping()),
            Happens::Passes | Happens::Meets(_) => None,
        }
    }

    /// Ends the client's connections as the fault has it, and never answers.
    async fn breaks(&self, fault: Fault) -> Status {
        match fault {
            Fault::Restart => self.port.be_gone(WINDOW),
            Fault::Killed => self.kills.send_modify(|kills| *kills += 1),
            _ => self.port.cut(),
        }
        tokio::time::sleep(HELD).await;
        stopping()
    }

    /// Health says that the service is stopping, for as long as it is.
    fn stops(&self) {
        let health = self.health.clone();
        tokio::spawn(async move {
            for (status, length) in
                [(ServingStatus::NotServing, WINDOW), (ServingStatus::Serving, Duration::ZERO)]
            {
                for name in ["", super::SERVICE] {
                    health.set_service_status(name, status).await;
                }
                tokio::time::sleep(length).await;
            }
        });
    }

    fn refused_by_service(&self, status: &Status) {
        let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        let words = format!("{:?} {reason}: {}", status.code(), status.message());
        self.play().ledger.refused_by_service(words);
    }

    fn refused_records<'a>(&self, rejections: impl Iterator<Item = &'a v1::Rejection>) {
        let mut play = self.play();
        for v1::Rejection { field, reason: _, message } in rejections {
            play.ledger.refused_by_service(format!("a record: {field}: {message}"));
        }
    }

    async fn submit(
        &self,
        request: v1::SubmitCallRecordsRequest,
    ) -> Result<v1::SubmitCallRecordsResponse, Status> {
        let Arrived { keys, happens, refused } =
            self.play().arrives(Way::Submit, &request.source_id, &request.records, Instant::now());
        if let Some(status) = Self::words(happens) {
            return Err(status);
        }
        if let Happens::Meets(fault @ (Fault::Cut | Fault::Restart)) = happens {
            return Err(self.breaks(fault).await);
        }
        let ids: Vec<String> = refused.iter().map(|(at, _)| request.records[*at].call_id.clone()).collect();
        let mut request = request;
        request.records = without(request.records, &refused);
        let answer = self.service.clone().submit_call_records(request).await;
        let mut answer = answer.inspect_err(|status| self.refused_by_service(status))?.into_inner();
        self.refused_records(answer.results.iter().filter_map(|result| result.rejection.as_ref()));
        for ((at, fault), call_id) in refused.iter().zip(ids) {
            let (verdict, rejection) = refusal(*fault);
            let result = v1::RecordResult {
                call_id,
                verdict: verdict.into(),
                revision: 0,
                rejection: Some(rejection),
            };
            answer.results.insert((*at).min(answer.results.len()), result);
        }
        count(&mut answer.receipt, &refused);
        match happens {
            Happens::Meets(fault @ (Fault::LostAck | Fault::Killed)) => return Err(self.breaks(fault).await),
            Happens::Meets(Fault::Drain) => self.stops(),
            _ => {}
        }
        let verdicts: Vec<i32> = answer.results.iter().map(|result| result.verdict).collect();
        self.play().ledger.told(&keys, &verdicts);
        Ok(answer)
    }

    /// One stream of a client, batch by batch.
    async fn stream(
        self,
        mut incoming: Streaming<v1::StreamCallRecordsRequest>,
        acks: mpsc::Sender<Result<v1::StreamCallRecordsResponse, Status>>,
    ) {
        let mut upstream: Option<Upstream> = None;
        let mut source = String::new();
        loop {
            let batch = match incoming.message().await {
                Ok(Some(batch)) => batch,
                Ok(None) | Err(_) => return,
            };
            if !batch.source_id.is_empty() {
                source.clone_from(&batch.source_id);
            }
            let arrived = self.play().arrives(Way::Stream, &source, &batch.records, Instant::now());
            let taken = self.one(batch, &arrived, &mut upstream).await;
            let happens = arrived.happens;
            let end = match taken {
                Ok(Some(ack)) => {
                    let verdicts = ack.verdicts.clone();
                    if acks.send(Ok(ack)).await.is_err() {
                        return;
                    }
                    self.play().ledger.told(&arrived.keys, &verdicts);
                    (happens == Happens::Meets(Fault::Drain)).then(stopping)
                }
                Ok(None) => None,
                Err(status) => Some(status),
            };
            if end.is_none() && happens == Happens::Passes {
                continue;
            }
            if let Happens::Meets(fault) = happens {
                self.also_behind(fault, &mut incoming, &source).await;
                match fault {
                    Fault::Drain => self.stops(),
                    Fault::LostAck | Fault::Cut | Fault::Restart | Fault::Killed => {
                        self.breaks(fault).await;
                        return;
                    }
                    _ => {}
                }
            }
            if let Some(status) = end {
                // Nobody is left to be told where this fails.
                let _ = acks.send(Err(status)).await;
            }
            return;
        }
    }

    /// One batch: its acknowledgement, nothing where the client gets none, or how its stream ends.
    async fn one(
        &self,
        mut batch: v1::StreamCallRecordsRequest,
        arrived: &Arrived,
        upstream: &mut Option<Upstream>,
    ) -> Result<Option<v1::StreamCallRecordsResponse>, Status> {
        let Arrived { keys: _, happens, refused } = arrived;
        if let Some(status) = Self::words(*happens) {
            return Err(status);
        }
        if matches!(happens, Happens::Meets(Fault::Cut | Fault::Restart | Fault::EarlyEnd)) {
            return Ok(None);
        }
        batch.records = without(batch.records, refused);
        let answer = self.through(batch, upstream).await;
        let mut ack = answer.inspect_err(|status| self.refused_by_service(status))?;
        self.refused_records(ack.rejections.iter().filter_map(|rejected| rejected.rejection.as_ref()));
        for (at, fault) in refused {
            let (verdict, rejection) = refusal(*fault);
            ack.verdicts.insert((*at).min(ack.verdicts.len()), verdict.into());
            let index = u32::try_from(*at).unwrap_or(u32::MAX);
            for later in ack.rejections.iter_mut().filter(|rejected| rejected.index >= index) {
                later.index += 1;
            }
            ack.rejections.push(v1::BatchRejection { index, rejection: Some(rejection) });
            ack.rejections.sort_by_key(|rejected| rejected.index);
        }
        count(&mut ack.receipt, refused);
        Ok((!matches!(happens, Happens::Meets(Fault::LostAck | Fault::Killed))).then_some(ack))
    }

    /// Through to the service behind, on a stream that is opened with the first batch.
    async fn through(
        &self,
        batch: v1::StreamCallRecordsRequest,
        upstream: &mut Option<Upstream>,
    ) -> Result<v1::StreamCallRecordsResponse, Status> {
        let early = || Status::unavailable("the service behind ended the stream");
        let up = match upstream {
            Some(up) => {
                up.batches.send(batch).await.map_err(|_| early())?;
                up
            }
            None => {
                let (batches, queue) = mpsc::channel(1);
                // There is room for one.
                let _ = batches.try_send(batch);
                let opened = self.service.clone().stream_call_records(ReceiverStream::new(queue)).await?;
                upstream.insert(Upstream { batches, acks: opened.into_inner() })
            }
        };
        up.acks.message().await?.ok_or_else(early)
    }

    /// What the client sent behind a batch that met a fault meets it too.
    async fn also_behind(
        &self,
        fault: Fault,
        incoming: &mut Streaming<v1::StreamCallRecordsRequest>,
        source: &str,
    ) {
        for _ in 0..BEHIND {
            let Ok(Ok(Some(batch))) = tokio::time::timeout(STILL_COMING, incoming.message()).await else {
                return;
            };
            self.play().goes_down(fault, Way::Stream, source, &batch.records);
        }
    }
}

/// A stream to the service behind.
struct Upstream {
    batches: mpsc::Sender<v1::StreamCallRecordsRequest>,
    acks: Streaming<v1::StreamCallRecordsResponse>,
}

#[tonic::async_trait]
impl CallRecordService for Between {
    type StreamCallRecordsStream = ReceiverStream<Result<v1::StreamCallRecordsResponse, Status>>;

    async fn submit_call_records(
        &self,
        request: Request<v1::SubmitCallRecordsRequest>,
    ) -> Result<Response<v1::SubmitCallRecordsResponse>, Status> {
        let request = request.into_inner();
        if request.validate_only {
            return self.service.clone().submit_call_records(request).await;
        }
        self.submit(request).await.map(Response::new)
    }

    async fn stream_call_records(
        &self,
        request: Request<Streaming<v1::StreamCallRecordsRequest>>,
    ) -> Result<Response<Self::StreamCallRecordsStream>, Status> {
        let (acks, answer) = mpsc::channel(ACKS);
        tokio::spawn(self.clone().stream(request.into_inner(), acks));
        Ok(Response::new(ReceiverStream::new(answer)))
    }

    async fn submit_tallies(
        &self,
        request: Request<v1::SubmitTalliesRequest>,
    ) -> Result<Response<v1::SubmitTalliesResponse>, Status> {
        self.service.clone().submit_tallies(request.into_inner()).await
    }

    async fn state_coverage(
        &self,
        request: Request<v1::StateCoverageRequest>,
    ) -> Result<Response<v1::StateCoverageResponse>, Status> {
        self.service.clone().state_coverage(request.into_inner()).await
    }

    async fn get_call_record(
        &self,
        request: Request<v1::GetCallRecordRequest>,
    ) -> Result<Response<v1::GetCallRecordResponse>, Status> {
        self.service.clone().get_call_record(request.into_inner()).await
    }

    async fn list_call_records(
        &self,
        request: Request<v1::ListCallRecordsRequest>,
    ) -> Result<Response<Page<v1::ListCallRecordsResponse>>, Status> {
        Ok(self.service.clone().list_call_records(request.into_inner()).await?.map(Page::from))
    }
}

/// The records but those that are refused.
fn without(records: Vec<v1::CallRecord>, refused: &[(usize, Fault)]) -> Vec<v1::CallRecord> {
    let refused = |at: usize| refused.iter().any(|(refused, _)| *refused == at);
    records.into_iter().enumerate().filter(|(at, _)| !refused(*at)).map(|(_, record)| record).collect()
}

/// How a record is refused.
fn refusal(fault: Fault) -> (Verdict, v1::Rejection) {
    let (verdict, field, reason, message) = match fault {
        Fault::Conflict => (
            Verdict::Conflict,
            "revision",
            RejectReason::Conflict,
            "this revision is stored with other content, which stays; send a correction with a higher revision",
        ),
        _ => (
            Verdict::Rejected,
            "line",
            RejectReason::Malformed,
            "is refused by `callgauge conform push`, to see what becomes of it",
        ),
    };
    let reason = i32::from(reason.number());
    (verdict, v1::Rejection { field: field.to_owned(), reason, message: message.to_owned() })
}

/// Counts the refused ones in the receipt too.
fn count(receipt: &mut Option<v1::Receipt>, refused: &[(usize, Fault)]) {
    let Some(receipt) = receipt else { return };
    for (_, fault) in refused {
        let verdict = i32::from(refusal(*fault).0);
        match receipt.counts.iter_mut().find(|counted| counted.verdict == verdict) {
            Some(counted) => counted.count += 1,
            None => receipt.counts.push(v1::VerdictCount { verdict, count: 1 }),
        }
    }
}

fn slow_down(wait: Duration) -> Status {
    let told = "more comes than can be taken at the moment; wait as long as RetryInfo says";
    status(Code::ResourceExhausted, ErrorReason::SlowDown, told, Some(wait))
}

fn stopping() -> Status {
    let told = "the service is stopping; connect again and send what was not acknowledged";
    status(Code::Unavailable, ErrorReason::NotServing, told, None)
}

fn status(code: Code, reason: ErrorReason, message: &str, wait: Option<Duration>) -> Status {
    let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
    let mut details =
        ErrorDetails::with_error_info(name, crate::service::DOMAIN, std::collections::HashMap::new());
    if wait.is_some() {
        details.set_retry_info(wait);
    }
    Status::with_error_details(code, message, details)
}
