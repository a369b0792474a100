//! A caller that says how long it waits: what it is told when that time is over. The connection is a bare one, because clients of the library give up
//! by themselves before they hear what the server says.

use std::time::Duration;

use tokio::net::TcpStream;
use tonic::{Code, Status};

use crate::door::{Door, reason};

/// Begins a submission, sends nothing of it, and gives what the server says.
async fn told(door: &Door, timeout: &str) -> Status {
    let socket = TcpStream::connect(door.address).await.expect("is listening");
    let (client, connection) = h2::client::handshake(socket).await.expect("speaks HTTP/2");
    tokio::spawn(connection);
    let request = http::Request::post(format!(
        "http://{}/callgauge.v1.CallRecordService/SubmitCallRecords",
        door.address
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .header("grpc-timeout", timeout)
    .body(())
    .expect("is a request");
    let (response, _never_sent) =
        client.ready().await.expect("is open").send_request(request, false).expect("is sent");
    let answered = tokio::time::timeout(Duration::from_secs(10), response).await.expect("is answered");
    Status::from_header_map(answered.expect("is answered").headers()).expect("has a status")
}

#[tokio::test]
async fn a_deadline_that_passes_has_a_reason_like_every_other_error() {
    let door = Door::open().await;
    for timeout in ["50m", "1u", "0S"] {
        let status = told(&door, timeout).await;
        assert_eq!(
            (status.code(), reason(&status).0.as_str()),
            (Code::DeadlineExceeded, "CANCELLED"),
            "{timeout}"
        );
        assert!(status.message().contains("deadline"), "{}", status.message());
    }
}
