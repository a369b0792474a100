//! Sends batches through StreamCallRecords: several in flight on one stream, and after a break again whatever was not acknowledged.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{BufMut as _, Bytes};
use prost::encoding::{WireType, encode_key, encode_varint};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstDecoder;
use tonic_types::StatusExt as _;

use super::encode::Batch;
use crate::proto::v1;

/// Batches that are sent ahead of their acknowledgements.
const IN_FLIGHT: usize = 16;
/// Breaks in a row, without one acknowledgement between them, after which sending is given up.
const MAX_BREAKS: u32 = 8;
/// Wait before the first new attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest that a service may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const METHOD: &str = "/callgauge.v1.CallRecordService/StreamCallRecords";

/// Who sends, and what it cannot know.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    /// Source id of the records.
    pub source_id: String,
    /// Some waits are not known.
    pub unknown_wait: bool,
    /// Some talk times are not known.
    pub unknown_talk: bool,
}

/// What the service said to the records sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Records acknowledged.
    pub records: u64,
    /// Records by verdict (by its number).
    pub verdicts: [u64; 8],
    /// The first refusals, in words.
    pub refusals: Vec<String>,
    /// How often the stream broke and was begun again.
    pub breaks: u32,
}

/// Connects with windows that hold several batches, so that the way there never idles.
///
/// # Errors
/// One line that names the URL.
pub async fn connect(url: &str) -> Result<Channel, String> {
    let endpoint = endpoint(url)?;
    endpoint.connect().await.map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        format!("cannot reach {url}: is `callgauge serve` running there? ({cause})")
    })
}

fn endpoint(url: &str) -> Result<Endpoint, String> {
    let endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|_| format!("{url} is no URL: give one like http://127.0.0.1:50051"))?;
    Ok(endpoint
        .connect_timeout(Duration::from_secs(10))
        .initial_stream_window_size(4 * 1024 * 1024)
        .initial_connection_window_size(8 * 1024 * 1024)
        .tcp_nodelay(true))
}

/// Sends what comes out of `batches` until that ends, telling `progress` after every acknowledgement.
///
/// # Errors
/// One line: what the service refuses for good, or the last break after too many.
pub async fn send(
    url: &str,
    sender: &Sender,
    mut batches: mpsc::Receiver<Batch>,
    mut progress: impl FnMut(&Sent),
) -> Result<Sent, String> {
    let mut sent = Sent::default();
    let mut unacked: VecDeque<Batch> = VecDeque::new();
    let mut breaks = 0;
    loop {
        let before = sent.records;
        let broken = match one_stream(url, sender, &mut batches, &mut unacked, &mut sent, &mut progress).await
        {
            Ok(()) => return Ok(sent),
            Err(broken) => broken,
        };
        if sent.records > before {
            breaks = 0;
        }
        breaks += 1;
        if !broken.passing || breaks > MAX_BREAKS {
            return Err(format!(
                "sending to {url} failed after {} records: {}",
                sent.records, broken.message
            ));
        }
        sent.breaks += 1;
        let pause = FIRST_PAUSE * 2_u32.pow(breaks - 1);
        tokio::time::sleep(pause.max(broken.wait.min(LONGEST_WAIT))).await;
    }
}

/// Why a stream ended early.
struct Broken {
    message: String,
    /// Whether a new attempt may help.
    passing: bool,
    /// How long the service asks to wait before.
    wait: Duration,
}

impl Broken {
    const fn new(message: String, passing: bool) -> Self {
        Self { message, passing, wait: Duration::ZERO }
    }
}

impl From<Status> for Broken {
    fn from(status: Status) -> Self {
        let passing = matches!(
            status.code(),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown | Code::Aborted
        ) || (status.code() == Code::Internal && std::error::Error::source(&status).is_some());
        let message = status.message().split_whitespace().collect::<Vec<_>>().join(" ");
        let told = status.get_details_retry_info().and_then(|info| info.retry_delay);
        let asked = told.filter(|_| status.code() == Code::ResourceExhausted);
        Self {
            message: format!("{message} ({:?})", status.code()),
            passing: passing || asked.is_some(),
            wait: told.unwrap_or_default(),
        }
    }
}

async fn one_stream(
    url: &str,
    sender: &Sender,
    batches: &mut mpsc::Receiver<Batch>,
    unacked: &mut VecDeque<Batch>,
    sent: &mut Sent,
    progress: &mut impl FnMut(&Sent),
) -> Result<(), Broken> {
    let channel = connect(url).await.map_err(|message| Broken::new(message, true))?;
    let (frames, queue) = mpsc::channel::<Frame>(IN_FLIGHT);
    let mut numbered = 0_u64;
    let mut frame = |batch: &Batch| {
        numbered += 1;
        Frame { head: sender.head(numbered), records: batch.bytes.clone() }
    };
    // What was not acknowledged goes first; there is room for all of it.
    for batch in unacked.iter() {
        let _ = frames.try_send(frame(batch));
    }
    let mut frames = Some(frames);
    // A server may answer the call only after the first batch.
    if unacked.is_empty() {
        match batches.recv().await {
            Some(batch) => {
                if let Some(frames) = &frames {
                    let _ = frames.try_send(frame(&batch));
                }
                unacked.push_back(batch);
            }
            None => return Ok(()),
        }
    }
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Broken::new(error.to_string(), true))?;
    let path = http::uri::PathAndQuery::from_static(METHOD);
    let request = Request::new(ReceiverStream::new(queue));
    let response = client.streaming(request, path, RawCodec).await?;
    let mut acks: Streaming<v1::StreamCallRecordsResponse> = response.into_inner();
    let mut acked = 0_u64;
    loop {
        tokio::select! {
            ack = acks.message() => {
                let Some(ack) = ack? else {
                    if unacked.is_empty() && frames.is_none() {
                        return Ok(());
                    }
                    return Err(Broken::new("the service ended the stream early".to_owned(), true));
                };
                acked += 1;
                if ack.batch_number != acked {
                    let message = format!("batch {} was acknowledged instead of batch {acked}", ack.batch_number);
                    return Err(Broken::new(message, false));
                }
                if let Some(batch) = unacked.pop_front() {
                    sent.count(&batch, &ack);
                    progress(sent);
                }
                if frames.is_none() && unacked.is_empty() {
                    return Ok(());
                }
            }
            batch = batches.recv(), if frames.is_some() && unacked.len() < IN_FLIGHT => match batch {
                Some(batch) => {
                    // There is room: the queue holds as many as may be unacknowledged. A closed one is told of by `acks`.
                    if let Some(frames) = &frames {
                        let _ = frames.try_send(frame(&batch));
                    }
                    unacked.push_back(batch);
                }
                None => {
                    frames = None;
                    if unacked.is_empty() {
                        return Ok(());
                    }
                }
            },
        }
    }
}

impl Sender {
    /// Everything of a message but its records.
    fn head(&self, number: u64) -> Vec<u8> {
        let mut head = Vec::with_capacity(32);
        if number == 1 {
            encode_key(1, WireType::LengthDelimited, &mut head);
            encode_varint(self.source_id.len() as u64, &mut head);
            head.extend_from_slice(self.source_id.as_bytes());
            for (unknown, kind) in
                [(self.unknown_wait, v1::DurationKind::Wait), (self.unknown_talk, v1::DurationKind::Talk)]
            {
                if unknown {
                    encode_key(4, WireType::Varint, &mut head);
                    encode_varint(kind as u64, &mut head);
                }
            }
        }
        encode_key(2, WireType::Varint, &mut head);
        encode_varint(number, &mut head);
        head
    }
}

impl Sent {
    /// Records with one verdict.
    pub fn with(&self, verdict: v1::Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    fn count(&mut self, batch: &Batch, ack: &v1::StreamCallRecordsResponse) {
        const KEPT_REFUSALS: usize = 5;
        self.records += u64::from(batch.records);
        match ack.receipt.as_ref().filter(|receipt| !receipt.counts.is_empty()) {
            Some(receipt) => {
                for counted in &receipt.counts {
                    if let Some(count) = self.verdicts.get_mut(counted.verdict as usize) {
                        *count += counted.count.unsigned_abs();
                    }
                }
            }
            None => {
                for &verdict in &ack.verdicts {
                    if let Some(count) = self.verdicts.get_mut(verdict as usize) {
                        *count += 1;
                    }
                }
            }
        }
        for rejection in ack.rejections.iter().filter_map(|rejected| rejected.rejection.as_ref()) {
            let words = format!("{}: {}", rejection.field, rejection.message);
            if self.refusals.len() < KEPT_REFUSALS && !self.refusals.contains(&words) {
                self.refusals.push(words);
            }
        }
    }
}

/// A message that is encoded already.
struct Frame {
    head: Vec<u8>,
    records: Bytes,
}

/// Writes frames as they are, reads acknowledgements.
#[derive(Clone, Copy, Debug, Default)]
struct RawCodec;

/// Writes frames as they are.
#[derive(Clone, Copy, Debug, Default)]
struct RawEncoder;

impl Codec for RawCodec {
    type Encode = Frame;
    type Decode = v1::StreamCallRecordsResponse;
    type Encoder = RawEncoder;
    type Decoder = ProstDecoder<v1::StreamCallRecordsResponse>;

    fn encoder(&mut self) -> RawEncoder {
        RawEncoder
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

impl Encoder for RawEncoder {
    type Item = Frame;
    type Error = Status;

    fn encode(&mut self, frame: Frame, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(frame.head.len() + frame.records.len());
        out.put_slice(&frame.head);
        out.put_slice(&frame.records);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        // One batch at a time goes out: waiting to put two together gains nothing.
        BufferSettings::new(1024 * 1024, 256 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn a_service_that_asks_for_a_pause_is_tried_again_after_it() {
        let asked = |details| Status::with_error_details(Code::ResourceExhausted, "wait", details);
        let pause = Duration::from_secs(3);
        let broken = Broken::from(asked(ErrorDetails::with_retry_info(Some(pause))));
        assert!(broken.passing && broken.wait == pause, "{}", broken.message);
        assert!(!Broken::from(asked(ErrorDetails::new())).passing, "a limit does not pass by waiting");
    }

    #[test]
    fn the_first_message_of_a_stream_says_who_sends_and_what_it_cannot_know() {
        let sender =
            Sender { source_id: "replay-2026-02".to_owned(), unknown_wait: true, unknown_talk: false };
        let first = v1::StreamCallRecordsRequest::decode(&*sender.head(1)).expect("a message");
        assert_eq!((first.source_id.as_str(), first.batch_number), ("replay-2026-02", 1));
        assert_eq!(first.unknown_durations, [v1::DurationKind::Wait as i32]);
        let later = v1::StreamCallRecordsRequest::decode(&*sender.head(300)).expect("a message");
        assert_eq!((later.source_id.as_str(), later.batch_number), ("", 300));
    }
}
