//! A client that sends batches as fast as they are taken, and asks questions to the last page.

use std::time::{Duration, Instant};

use callgauge::proto::v1;
use callgauge::proto::v1::call_record_service_client::CallRecordServiceClient;
use callgauge::proto::v1::metrics_service_client::MetricsServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::Fault;

/// Records in a streamed batch.
pub(crate) const BATCH: usize = 5_000;
/// Batches that are made ahead of those that went out.
const AHEAD: usize = 8;
/// Largest answer that is taken.
const ANSWER_BYTES: usize = 16 << 20;

/// What became of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streamed {
    /// Records sent.
    pub(crate) sent: u64,
    /// Those that were ACCEPTED.
    pub(crate) accepted: u64,
    /// Those that were DUPLICATE.
    pub(crate) duplicates: u64,
    /// From sending the first to the last acknowledgement.
    pub(crate) took: Duration,
}

/// Streams records in batches; they are made while others are on their way.
pub(crate) async fn stream(
    channel: &Channel,
    source_id: &str,
    records: impl Iterator<Item = v1::CallRecord> + Send + 'static,
) -> Result<Streamed, Fault> {
    let (batches, waiting) = tokio::sync::mpsc::channel(AHEAD);
    let source_id = source_id.to_owned();
    let making = tokio::task::spawn_blocking(move || {
        let mut records = records.peekable();
        let mut batch_number = 0;
        while records.peek().is_some() {
            batch_number += 1;
            let records = records.by_ref().take(BATCH).collect();
            let request = v1::StreamCallRecordsRequest {
                source_id: source_id.clone(),
                batch_number,
                records,
                ..Default::default()
            };
            if batches.blocking_send(request).is_err() {
                break;
            }
        }
    });
    let since = Instant::now();
    let mut client = CallRecordServiceClient::new(channel.clone());
    let mut acks = client.stream_call_records(ReceiverStream::new(waiting)).await?.into_inner();
    let mut streamed = Streamed::default();
    while let Some(ack) = acks.next().await {
        for verdict in ack?.verdicts {
            streamed.sent += 1;
            streamed.accepted += u64::from(verdict == v1::Verdict::Accepted as i32);
            streamed.duplicates += u64::from(verdict == v1::Verdict::Duplicate as i32);
        }
    }
    streamed.took = since.elapsed();
    making.await?;
    Ok(streamed)
}

/// Submits one record and returns when it is acknowledged.
pub(crate) async fn submit(channel: &Channel, source_id: &str, record: v1::CallRecord) -> Result<(), Fault> {
    let mut client = CallRecordServiceClient::new(channel.clone());
    let request = v1::SubmitCallRecordsRequest {
        source_id: source_id.to_owned(),
        records: vec![record],
        ..Default::default()
    };
    let answer = client.submit_call_records(request).await?.into_inner();
    let verdict = answer.results.first().map(|result| result.verdict());
    if verdict == Some(v1::Verdict::Accepted) {
        Ok(())
    } else {
        Err(format!("not accepted: {verdict:?}").into())
    }
}

/// Asks a question and follows all its pages.
pub(crate) async fn ask(
    channel: &Channel,
    question: &v1::QueryMetricsRequest,
) -> Result<Vec<v1::MetricRow>, Fault> {
    let mut client = MetricsServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES);
    let mut question = question.clone();
    let mut rows = Vec::new();
    loop {
        let page = client.query_metrics(question.clone()).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            return Ok(rows);
        }
        question.page_token = page.next_page_token;
    }
}

/// The calls of a practice between two days.
pub(crate) async fn calls_of(
    channel: &Channel,
    practice: &str,
    days: &(String, String),
) -> Result<Vec<v1::StoredCallRecord>, Fault> {
    let mut client = CallRecordServiceClient::new(channel.clone()).max_decoding_message_size(ANSWER_BYTES);
    let mut request = v1::ListCallRecordsRequest {
        organisation_code: practice.to_owned(),
        start_date: days.0.clone(),
        end_date: days.1.clone(),
        page_size: 10_000,
        ..Default::default()
    };
    let mut records = Vec::new();
    loop {
        let page = client.list_call_records(request.clone()).await?.into_inner();
        records.extend(page.records);
        if page.next_page_token.is_empty() {
            return Ok(records);
        }
        request.page_token = page.next_page_token;
    }
}

/// Makes practices known, all of one ICB.
pub(crate) async fn import(channel: &Channel, practices: &[String]) -> Result<(), Fault> {
    let mut client = OrganisationServiceClient::new(channel.clone());
    let mut csv = String::from("code,name,level,parents,from_date,until_date\nQZZ,Everybody,icb,,,\n");
    for code in practices {
        csv.push_str(&format!("{code},Practice {code},practice,QZZ,,\n"));
    }
    client.import_organisations(v1::ImportOrganisationsRequest { csv, validate_only: false }).await?;
    Ok(())
}
