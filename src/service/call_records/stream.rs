//! StreamCallRecords: numbered batches up, an ack down for each when it is on disk.
//!
//! While earlier batches are being committed the next ones are read and converted, up to a window; then reading stops, and HTTP/2 slows the
//! client. Batches take effect, and acks come, in the order sent. A batch that fails ends the stream after the acks of those before it.
//! When the service drains, what was received is finished and acked before the stream ends.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use callgauge_schema::{SourceId, UnknownDurations};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tracing::Instrument as _;

use super::{SubmitFor, receipt};
use crate::access::{Admitted, Principal};
use crate::ingest::Taken;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::{House, drained};
use crate::store::StoreError;

/// Most records of a batch.
const STREAMED: usize = 10_000;
/// Batches of a stream that are read and not yet acknowledged.
const WINDOW: usize = 8;
/// How long a draining stream waits for what the client sent before.
const STILL_COMING: Duration = Duration::from_millis(100);

type Acks = mpsc::Sender<Result<v1::StreamCallRecordsResponse, Status>>;
type Commit = Pin<Box<dyn Future<Output = Result<Taken, StoreError>> + Send>>;

/// Takes the batches of a stream; gives its acks.
pub(super) fn take(
    house: Arc<House>,
    caller: Principal,
    incoming: Streaming<v1::StreamCallRecordsRequest>,
) -> ReceiverStream<Result<v1::StreamCallRecordsResponse, Status>> {
    let (acks, answer) = mpsc::channel(WINDOW);
    let upload = Upload { house, caller, opened: None, expected: 1 };
    tokio::spawn(upload.run(incoming, acks).in_current_span());
    ReceiverStream::new(answer)
}

/// A stream as far as it has come.
struct Upload {
    house: Arc<House>,
    caller: Principal,
    opened: Option<Opened>,
    expected: u64,
}

/// What the first batch said.
struct Opened {
    admitted: Admitted<SubmitFor>,
    source: SourceId,
    unknown: UnknownDurations,
}

/// Batches that are being committed, in the order sent.
#[derive(Default)]
struct InFlight(VecDeque<Batch>);

struct Batch {
    number: u64,
    began: Instant,
    state: State,
}

enum State {
    Running(Commit, OwnedSemaphorePermit),
    Done(Result<Taken, StoreError>),
}

impl Upload {
    async fn run(mut self, mut incoming: Streaming<v1::StreamCallRecordsRequest>, acks: Acks) {
        let mut draining = self.house.draining.clone();
        let batches = Arc::clone(&self.house.batches);
        let mut in_flight = InFlight::default();
        // A batch that was read and waits for its turn to be held.
        let mut read: Option<v1::StreamCallRecordsRequest> = None;
        // Whether more is read; why not, where that is a fault.
        let mut open = true;
        let mut fault: Option<Status> = None;
        let mut drains = false;
        // How many more batches are read once the service drains.
        let mut last_ones = 2 * WINDOW;
        while open || read.is_some() || !in_flight.0.is_empty() {
            let room = read.is_none() && in_flight.0.len() < WINDOW;
            tokio::select! {
                biased;
                (number, began, done) = in_flight.next(), if !in_flight.0.is_empty() => {
                    let answer = done.map(|taken| self.ack(number, taken, began)).map_err(|f| Fault::from(f).into());
                    let failed = answer.is_err();
                    if acks.send(answer).await.is_err() || failed {
                        return;
                    }
                }
                turn = Arc::clone(&batches).acquire_owned(), if read.is_some() => {
                    let (Ok(turn), Some(batch)) = (turn, read.take()) else { return };
                    in_flight.push(self.begin(batch, turn));
                }
                () = drained(&mut draining), if open && !drains => drains = true,
                message = incoming.message(), if open && room => match message {
                    Ok(Some(batch)) => match self.check(&batch) {
                        Ok(()) => {
                            read = Some(batch);
                            last_ones -= usize::from(drains);
                            if last_ones == 0 {
                                (open, fault) = (false, Some(Fault::NotServing.into()));
                            }
                        }
                        Err(refused) => (open, fault) = (false, Some(refused.into())),
                    },
                    Ok(None) => open = false,
                    Err(broken) => (open, fault) = (false, Some(broken)),
                },
                () = tokio::time::sleep(STILL_COMING), if drains && open && room => {
                    (open, fault) = (false, Some(Fault::NotServing.into()));
                }
            }
        }
        if let Some(fault) = fault {
            // Nobody is left to be told where this fails.
            let _ = acks.send(Err(fault)).await;
        }
    }

    /// Everything about a batch that can be checked before its records are.
    fn check(&mut self, batch: &v1::StreamCallRecordsRequest) -> Result<(), Fault> {
        let v1::StreamCallRecordsRequest { source_id, batch_number, records, unknown_durations } = batch;
        if records.len() > STREAMED {
            return Err(Fault::BatchTooLarge { records: records.len(), limit: STREAMED });
        }
        if *batch_number != self.expected {
            return Err(Fault::BatchOutOfOrder { expected: self.expected, got: *batch_number });
        }
        match &self.opened {
            None => {
                let source = fields::source(source_id.clone())?;
                let unknown = fields::unknown_durations(unknown_durations)?;
                let admitted = self.house.admit(&self.caller, SubmitFor(source.clone()))?;
                self.opened = Some(Opened { admitted, source, unknown });
            }
            Some(opened) if !source_id.is_empty() && source_id != opened.source.as_str() => {
                return Err(Fault::field(
                    "source_id",
                    "must be that of the first message or empty; open another stream for another source",
                ));
            }
            Some(_) => {}
        }
        self.expected += 1;
        Ok(())
    }

    /// Converts a batch that was checked.
    fn begin(&self, batch: v1::StreamCallRecordsRequest, turn: OwnedSemaphorePermit) -> Batch {
        let v1::StreamCallRecordsRequest { source_id: _, batch_number, records, unknown_durations: _ } = batch;
        let began = Instant::now();
        let state = match &self.opened {
            Some(Opened { admitted, source, unknown }) => {
                let ingest = self.house.ingest.open(admitted);
                let batch = ingest.convert(source.clone(), records, *unknown);
                State::Running(Box::pin(ingest.commit(batch)), turn)
            }
            None => State::Done(Err(StoreError::Closed)),
        };
        Batch { number: batch_number, began, state }
    }

    fn ack(&self, batch_number: u64, taken: Taken, began: Instant) -> v1::StreamCallRecordsResponse {
        let receipt = receipt::receipt(&taken, &self.house.meters, began.elapsed());
        let Taken { committed, refusals, latest: _ } = taken;
        v1::StreamCallRecordsResponse {
            batch_number,
            receipt: Some(receipt),
            verdicts: committed.verdicts.iter().map(|v| receipt::verdict(v.verdict).into()).collect(),
            rejections: refusals
                .into_iter()
                .map(|refusal| v1::BatchRejection {
                    index: refusal.index,
                    rejection: Some(receipt::rejection(refusal)),
                })
                .collect(),
        }
    }
}

impl InFlight {
    fn push(&mut self, batch: Batch) {
        self.0.push_back(batch);
    }

    /// The oldest batch, when it is done. All are polled, oldest first: they take effect in the order in which they are first polled.
    async fn next(&mut self) -> (u64, Instant, Result<Taken, StoreError>) {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(u64, Instant, Result<Taken, StoreError>)> {
        for batch in &mut self.0 {
            if let State::Running(commit, _) = &mut batch.state
                && let Poll::Ready(done) = commit.as_mut().poll(cx)
            {
                batch.state = State::Done(done);
            }
        }
        match self.0.pop_front() {
            Some(Batch { number, began, state: State::Done(done) }) => Poll::Ready((number, began, done)),
            Some(running) => {
                self.0.push_front(running);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
