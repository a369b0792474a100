//! What is none of the play's business goes through as it is: a client may import its organisations first, or ask for metrics afterwards.

use tonic::Status;
use tonic::body::Body;
use tonic::transport::Channel;
use tower_service::Service as _;

/// Hands a request to the service behind, and its answer back.
pub(super) async fn through(
    mut behind: Channel,
    request: http::Request<axum::body::Body>,
) -> http::Response<Body> {
    let ready = std::future::poll_fn(|context| behind.poll_ready(context)).await;
    let answer = match ready {
        Ok(()) => behind.call(request.map(Body::new)).await,
        Err(fault) => Err(fault),
    };
    answer.unwrap_or_else(|fault| {
        Status::unavailable(format!("the service behind does not answer: {fault}")).into_http()
    })
}
