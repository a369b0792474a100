//! Sending over a real connection, to a service that breaks off as services do.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::*;
use crate::proto::v1::call_record_service_server::{CallRecordService, CallRecordServiceServer};
use crate::replay::made_up;

type Answer<T> = Result<Response<T>, Status>;

/// Keeps what it acknowledges; ends every stream with a fault after so many batches, one of them taken but not acknowledged.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<String, u32>,
    sources: Vec<String>,
    streams: u32,
    break_after: Option<u64>,
    fault: Option<Status>,
}

#[tonic::async_trait]
impl CallRecordService for Fake {
    type StreamCallRecordsStream =
        Pin<Box<dyn Stream<Item = Result<v1::StreamCallRecordsResponse, Status>> + Send>>;

    async fn stream_call_records(
        &self,
        request: Request<Streaming<v1::StreamCallRecordsRequest>>,
    ) -> Answer<Self::StreamCallRecordsStream> {
        let (kept, mut batches) = (Arc::clone(&self.0), request.into_inner());
        let (acks, queue) = mpsc::channel(4);
        tokio::spawn(async move {
            kept.lock().expect("lock").streams += 1;
            let mut number = 0;
            while let Some(Ok(batch)) = batches.next().await {
                number += 1;
                assert_eq!(batch.batch_number, number, "batches are numbered from 1 in each stream");
                assert!(batch.records.len() <= BATCH_RECORDS as usize);
                let ack = {
                    let mut kept = kept.lock().expect("lock");
                    if number == 1 {
                        kept.sources.push(batch.source_id.clone());
                    }
                    let mut ack =
                        v1::StreamCallRecordsResponse { batch_number: number, ..Default::default() };
                    for record in &batch.records {
                        let times = kept.by_id.entry(record.call_id.clone()).or_default();
                        *times += 1;
                        let verdict =
                            if *times == 1 { v1::Verdict::Accepted } else { v1::Verdict::Duplicate };
                        ack.verdicts.push(verdict as i32);
                    }
                    if kept.break_after.is_some_and(|after| number > after) {
                        Err(kept.fault.clone().unwrap_or_else(|| Status::unavailable("going away")))
                    } else {
                        Ok(ack)
                    }
                };
                let broken = ack.is_err();
                if acks.send(ack).await.is_err() || broken {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(queue))))
    }

    async fn submit_call_records(
        &self,
        _: Request<v1::SubmitCallRecordsRequest>,
    ) -> Answer<v1::SubmitCallRecordsResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn submit_tallies(
        &self,
        _: Request<v1::SubmitTalliesRequest>,
    ) -> Answer<v1::SubmitTalliesResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn state_coverage(
        &self,
        _: Request<v1::StateCoverageRequest>,
    ) -> Answer<v1::StateCoverageResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_call_record(
        &self,
        _: Request<v1::GetCallRecordRequest>,
    ) -> Answer<v1::GetCallRecordResponse> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_call_records(
        &self,
        _: Request<v1::ListCallRecordsRequest>,
    ) -> Answer<v1::ListCallRecordsResponse> {
        Err(Status::unimplemented("not here"))
    }
}

impl Fake {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let service = CallRecordServiceServer::new(self.clone());
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpListenerStream::new(listener)),
        );
        url
    }
}

fn plan() -> Arc<Plan> {
    Arc::new(Plan::new(made_up::month(3)).expect("even"))
}

async fn delivered(fake: &Fake, plan: &Arc<Plan>) -> Result<Delivered, String> {
    let url = fake.serve().await;
    deliver(&url, plan, vec![true; plan.month().rows.len()], Style::default()).await
}

#[tokio::test]
async fn every_call_of_the_month_arrives_once() {
    let (fake, plan) = (Fake::default(), plan());
    let delivered = delivered(&fake, &plan).await.expect("sent");
    let kept = fake.0.lock().expect("lock");
    assert_eq!(kept.by_id.len() as u64, delivered.sent.records);
    assert_eq!(delivered.sent.with(v1::Verdict::Accepted), delivered.sent.records);
    assert_eq!((kept.streams, kept.sources.as_slice()), (1, &["replay-2026-02".to_owned()][..]));
    assert!(delivered.summary(plan.month()).contains("accepted"));
}

#[tokio::test]
async fn after_a_break_what_was_not_acknowledged_is_sent_again() {
    let (fake, plan) = (Fake::default(), plan());
    fake.0.lock().expect("lock").break_after = Some(9);
    let delivered = delivered(&fake, &plan).await.expect("sent");
    let kept = fake.0.lock().expect("lock");
    assert_eq!(kept.by_id.len() as u64, delivered.sent.records, "none is missing");
    let Sent { records, breaks, .. } = delivered.sent;
    assert!(breaks > 0 && kept.streams == breaks + 1, "{breaks} breaks, {} streams", kept.streams);
    let said = delivered.sent.with(v1::Verdict::Accepted) + delivered.sent.with(v1::Verdict::Duplicate);
    assert_eq!(said, records, "one verdict a record");
    assert!(delivered.sent.with(v1::Verdict::Duplicate) > 0, "a batch was taken but not acknowledged");
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again() {
    let (fake, plan) = (Fake::default(), plan());
    {
        let mut kept = fake.0.lock().expect("lock");
        kept.break_after = Some(0);
        kept.fault = Some(Status::resource_exhausted("look at the rejects first"));
    }
    let told = delivered(&fake, &plan).await.expect_err("refused");
    assert!(told.contains("look at the rejects first"), "{told}");
    assert_eq!(fake.0.lock().expect("lock").streams, 1);
}

#[tokio::test]
async fn nobody_there_is_said_in_one_line() {
    let told = connect("http://127.0.0.1:1").await.expect_err("nobody");
    assert!(told.starts_with("cannot reach http://127.0.0.1:1"), "{told}");
    assert_eq!(told.lines().count(), 1);
    assert!(connect("no url").await.is_err());
}
