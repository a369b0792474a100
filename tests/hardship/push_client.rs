//! A supplier's pushing client in small: right, or wrong in one way. It knows nothing of the program but what the proto says.

use std::collections::VecDeque;
use std::time::Duration;

use callgauge::proto::v1::call_record::Attribution;
use callgauge::proto::v1::call_record_service_client::CallRecordServiceClient;
use callgauge::proto::v1::{CallRecord, StreamCallRecordsRequest, SubmitCallRecordsRequest, Verdict};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use crate::made_up;

/// The source of everything that it sends.
pub(crate) const SOURCE: &str = "supplier";
/// Batches, and records of one.
const BATCHES: u64 = 26;
const RECORDS: u64 = 3;
/// Batches on the way.
const AHEAD: usize = 3;
/// The first pause after a failure, and the longest.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_millis(800);
/// How often a refused record is sent again by a client that does so.
const AGAIN: u32 = 6;

/// What a client does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// What was sent once is not sent again.
    DoesNotResend,
    /// What is sent again gets another id.
    OtherId,
    /// What is sent again comes at once, whatever the client is told.
    DoesNotWait,
    /// What is sent again is no longer what it was.
    ChangesContent,
    /// Whatever an acknowledgement says of a record, it is delivered.
    RejectIsAck,
    /// A refused record is sent over and over.
    SendsRefusedAgain,
}

/// How it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Streams,
    Submissions,
}

/// The client, with what it has to send and what it takes for delivered.
pub(crate) struct Client {
    url: String,
    by: By,
    planted: Planted,
    batches: VecDeque<Vec<CallRecord>>,
    delivered: Vec<CallRecord>,
    pause: Duration,
    again: u32,
}

impl Client {
    pub(crate) fn new(url: &str, by: By, planted: Planted) -> Self {
        let batch = |number: u64| (number * RECORDS..(number + 1) * RECORDS).map(made_up::call).collect();
        Self {
            url: url.to_owned(),
            by,
            planted,
            batches: (0..BATCHES).map(batch).collect(),
            delivered: Vec::new(),
            pause: FIRST,
            again: 0,
        }
    }

    /// Delivers everything that it can.
    pub(crate) async fn run(&mut self) {
        while !self.batches.is_empty() {
            let tried = match self.by {
                By::Streams => self.stream().await,
                By::Submissions => self.submissions().await,
            };
            if let Err(status) = tried {
                self.bears(&status).await;
            }
        }
    }

    /// What it claims: a line for each call.
    pub(crate) fn claims(&self) -> String {
        self.delivered.iter().map(|record| line(record) + "\n").collect()
    }

    async fn connect(&self) -> Result<CallRecordServiceClient<Channel>, Status> {
        let endpoint = Channel::from_shared(self.url.clone()).expect("is a URL");
        let channel = endpoint.connect().await.map_err(|_| Status::unavailable("nobody listens"))?;
        Ok(CallRecordServiceClient::new(channel))
    }

    async fn submissions(&mut self) -> Result<(), Status> {
        let mut client = self.connect().await?;
        while let Some(records) = self.batches.front().cloned() {
            let request = SubmitCallRecordsRequest {
                source_id: SOURCE.to_owned(),
                records,
                ..SubmitCallRecordsRequest::default()
            };
            match client.submit_call_records(request).await {
                Ok(answer) => {
                    let results = answer.into_inner().results;
                    self.acknowledged(results.iter().map(|result| result.verdict()).collect());
                }
                Err(status) => {
                    self.goes_wrong(1);
                    return Err(status);
                }
            }
        }
        Ok(())
    }

    async fn stream(&mut self) -> Result<(), Status> {
        let mut client = self.connect().await?;
        let (outgoing, queue) = mpsc::channel(AHEAD);
        let (mut number, mut ahead) = (0, 0);
        self.send_ahead(&outgoing, &mut number, &mut ahead);
        let mut acks = match client.stream_call_records(ReceiverStream::new(queue)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                self.goes_wrong(ahead);
                return Err(status);
            }
        };
        loop {
            match acks.message().await {
                Ok(Some(ack)) => {
                    ahead -= 1;
                    self.acknowledged(ack.verdicts().collect());
                    if self.batches.is_empty() {
                        return Ok(());
                    }
                    self.send_ahead(&outgoing, &mut number, &mut ahead);
                }
                end => {
                    self.goes_wrong(ahead);
                    return Err(end.err().unwrap_or_else(|| Status::unavailable("the stream ended early")));
                }
            }
        }
    }

    fn send_ahead(
        &self,
        outgoing: &mpsc::Sender<StreamCallRecordsRequest>,
        number: &mut u64,
        ahead: &mut usize,
    ) {
        while *ahead < AHEAD.min(self.batches.len()) {
            *number += 1;
            let request = StreamCallRecordsRequest {
                source_id: SOURCE.to_owned(),
                batch_number: *number,
                records: self.batches[*ahead].clone(),
                unknown_durations: Vec::new(),
            };
            // There is room for as many as may be ahead; where the stream has ended, its end says so.
            let _ = outgoing.try_send(request);
            *ahead += 1;
        }
    }

    /// The oldest batch is on disk.
    fn acknowledged(&mut self, verdicts: Vec<Verdict>) {
        self.pause = FIRST;
        let batch = self.batches.pop_front().expect("only what was sent is acknowledged");
        assert_eq!(batch.len(), verdicts.len(), "a verdict a record");
        for (record, verdict) in batch.into_iter().zip(verdicts) {
            let refused = matches!(verdict, Verdict::Conflict | Verdict::Rejected);
            if !refused || self.planted == Planted::RejectIsAck {
                self.delivered.push(record);
            } else if self.planted == Planted::SendsRefusedAgain && self.again < AGAIN {
                self.again += 1;
                self.batches.push_back(vec![record]);
            } else if verdict == Verdict::Conflict && self.planted == Planted::Nothing {
                let revision = record.revision.map(|revision| revision + 1);
                self.batches.push_back(vec![CallRecord { revision, ..record }]);
            }
        }
    }

    /// So many batches were sent and not acknowledged.
    fn goes_wrong(&mut self, ahead: usize) {
        if self.planted == Planted::DoesNotResend {
            self.delivered.extend(self.batches.drain(..ahead).flatten());
            return;
        }
        for record in self.batches.iter_mut().take(ahead).flatten() {
            match self.planted {
                Planted::OtherId => record.call_id.push_str("-again"),
                Planted::ChangesContent => record.line = "changed".to_owned(),
                _ => {}
            }
        }
    }

    /// Waits after a failure.
    async fn bears(&mut self, status: &Status) {
        if self.planted == Planted::DoesNotWait {
            return tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let told = status.get_details_retry_info().and_then(|info| info.retry_delay);
        tokio::time::sleep(told.unwrap_or(self.pause)).await;
        self.pause = (self.pause * 2).min(LONGEST);
    }
}

/// A record in the JSON form of protobuf.
fn line(record: &CallRecord) -> String {
    let Some(Attribution::PracticeCode(practice)) = &record.attribution else {
        panic!("made-up calls have one")
    };
    let started = record.started_at.expect("made-up calls have a start");
    let started = jiff::Timestamp::from_second(started.seconds).expect("a time of this century");
    let secs = |of: Option<prost_types::Duration>| of.map(|of| format!("{}s", of.seconds));
    serde_json::json!({
        "callId": record.call_id,
        "practiceCode": practice,
        "revision": record.revision.map(|revision| revision.to_string()),
        "direction": record.direction().as_str_name(),
        "startedAt": started.to_string(),
        "outcome": record.outcome().as_str_name(),
        "wait": secs(record.wait),
        "talk": secs(record.talk),
        "line": record.line,
    })
    .to_string()
}
