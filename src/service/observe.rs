//! What is seen of every request: an id, a span, latency and status as log line and as metrics; and the reason that every error has to carry.
//!
//! The id is the caller's `x-request-id` or one of ours; the response has it too.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use callgauge_schema::CallId;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Instrument as _;

use super::deadline;
use super::errors::{self, Fault};
pub(crate) use super::meters::Meters;

const REQUEST_ID: &str = "x-request-id";

/// Wraps every service.
#[derive(Clone)]
pub(crate) struct ObserveLayer {
    meters: Arc<Meters>,
    ids: Arc<Ids>,
}

/// Makes request ids.
#[derive(Default)]
struct Ids {
    random: RandomState,
    made: AtomicU64,
}

impl ObserveLayer {
    pub(crate) fn new(meters: Arc<Meters>) -> Self {
        Self { meters, ids: Arc::default() }
    }
}

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe { inner, layer: self.clone() }
    }
}

/// A service that is observed.
#[derive(Clone)]
pub(crate) struct Observe<S> {
    inner: S,
    layer: ObserveLayer,
}

impl<S> Service<Request<Body>> for Observe<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let id = self.layer.ids.of(request.headers());
        let method = request.uri().path().to_owned();
        let span = tracing::info_span!("request", request_id = id.to_str().unwrap_or_default(), method);
        let seen = Seen::new(method, Arc::clone(&self.layer.meters), span.clone());
        let deadline = deadline::timer(request.headers());
        let answer = self.inner.call(request).instrument(span);
        Box::pin(async move {
            let mut response = within(deadline, answer).await?;
            response.headers_mut().insert(REQUEST_ID, id);
            if response.headers().contains_key("grpc-status") {
                let code = complete(response.headers_mut());
                seen.end(code, response.status() != http::StatusCode::OK);
                return Ok(response);
            }
            if response.status() != http::StatusCode::OK {
                seen.end(Code::Unknown, true);
                return Ok(response);
            }
            Ok(response.map(|body| Body::new(Watched { body, seen: Some(seen) })))
        })
    }
}

/// The answer, or word that the caller waits no longer.
async fn within<E>(
    deadline: Option<Sleep>,
    answer: impl Future<Output = Result<Response<Body>, E>>,
) -> Result<Response<Body>, E> {
    let Some(deadline) = deadline else { return answer.await };
    tokio::select! {
        biased;
        answered = answer => answered,
        () = deadline => Ok(Status::from(Fault::TooLate).into_http()),
    }
}

impl Ids {
    /// The id of a request: the caller's, where it is one that a log can hold, which a telephone number is not.
    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let fits = |value: &&HeaderValue| {
            (1..=64).contains(&value.len())
                && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(b))
                && value.to_str().is_ok_and(|id| id.parse::<CallId>().is_ok())
        };
        if let Some(theirs) = headers.get(REQUEST_ID).filter(fits) {
            return theirs.clone();
        }
        let ours = self.random.hash_one(self.made.fetch_add(1, Ordering::Relaxed));
        HeaderValue::from_str(&format!("{ours:016x}")).unwrap_or_else(|_| HeaderValue::from_static("none"))
    }
}

/// Gives a status in headers or trailers the reason that it lacks; says which code it has.
fn complete(headers: &mut HeaderMap) -> Code {
    let Some(status) = Status::from_header_map(headers) else { return Code::Unknown };
    let Some(completed) = errors::completed(&status) else { return status.code() };
    for old in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        headers.remove(old);
    }
    if completed.add_header(headers).is_err() {
        headers.insert("grpc-status", HeaderValue::from(completed.code() as i32));
    }
    completed.code()
}

/// A request that is under way.
struct Seen {
    method: String,
    began: Instant,
    meters: Arc<Meters>,
    span: tracing::Span,
    ended: bool,
}

impl Seen {
    fn new(method: String, meters: Arc<Meters>, span: tracing::Span) -> Self {
        meters.began(&method);
        Self { method, began: Instant::now(), meters, span, ended: false }
    }

    fn end(mut self, code: Code, unrouted: bool) {
        self.say(code, unrouted);
    }

    fn say(&mut self, code: Code, unrouted: bool) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let took = self.began.elapsed();
        self.meters.ended(&self.method, code, unrouted, took);
        let latency_ms = took.as_secs_f64() * 1_000.0;
        if self.method.starts_with("/callgauge.") {
            tracing::info!(parent: &self.span, code = ?code, latency_ms, "request");
        } else {
            tracing::debug!(parent: &self.span, code = ?code, latency_ms, "request");
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        // Nobody waited for the end of the answer.
        self.say(Code::Cancelled, false);
    }
}

/// A response body that is followed to its trailers.
struct Watched {
    body: Body,
    seen: Option<Seen>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        Poll::Ready(match std::task::ready!(polled) {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    let code = complete(trailers);
                    if let Some(seen) = self.seen.take() {
                        seen.end(code, false);
                    }
                }
                Some(Ok(frame))
            }
            Some(Err(status)) => {
                if let Some(seen) = self.seen.take() {
                    seen.end(status.code(), false);
                }
                Some(Err(status))
            }
            None => {
                if let Some(seen) = self.seen.take() {
                    seen.end(Code::Unknown, false);
                }
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_of_callers_are_kept_where_a_log_can_hold_them() {
        let ids = Ids::default();
        let given = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).expect("is a value"));
            ids.of(&headers).to_str().expect("is text").to_owned()
        };
        assert_eq!(given("abc-1"), "abc-1");
        for unfit in ["", "a b", &"x".repeat(65), "{\"a\":1}", "07700900123"] {
            let made = given(unfit);
            assert_ne!(made, unfit);
            assert_eq!(made.len(), 16);
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }

    #[test]
    fn a_status_without_a_reason_gets_one_and_others_are_left_alone() {
        let mut headers = HeaderMap::new();
        Status::unimplemented("").add_header(&mut headers).expect("fits");
        assert_eq!(complete(&mut headers), Code::Unimplemented);
        let once = headers.clone();
        assert!(once.contains_key("grpc-status-details-bin"));
        assert_eq!(complete(&mut headers), Code::Unimplemented);
        assert_eq!(headers, once);
    }
}
