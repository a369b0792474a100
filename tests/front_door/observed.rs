//! Health, reflection, request ids, and what Prometheus reads.

use callgauge::proto::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::door::{Door, answered, february};

#[tokio::test]
async fn health_is_told_for_the_whole_and_for_each_service() {
    let door = Door::empty().await;
    let mut health = HealthClient::new(door.channel.clone());
    for service in [
        "",
        "callgauge.v1.CallRecordService",
        "callgauge.v1.MetricsService",
        "callgauge.v1.OrganisationService",
        "callgauge.v1.IndicatorService",
        "callgauge.v1.AdminService",
    ] {
        let check = HealthCheckRequest { service: service.into() };
        let told = health.check(check).await.expect("is known").into_inner();
        assert_eq!(told.status(), ServingStatus::Serving, "{service}");
    }
    let status = health.check(HealthCheckRequest { service: "x".into() }).await.expect_err("is unknown");
    assert_eq!(crate::door::reason(&status).0, "INVALID_FIELD");
}

#[tokio::test]
async fn reflection_speaks_both_versions() {
    use tonic_reflection::pb::{v1 as new, v1alpha as old};
    let door = Door::empty().await;
    let mut client = new::server_reflection_client::ServerReflectionClient::new(door.channel.clone());
    let ask = new::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(new::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([ask])).await.expect("answers").into_inner();
    let answer = answers.message().await.expect("is whole").expect("is there");
    let Some(new::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
        answer.message_response
    else {
        panic!("no list")
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(
        names.contains(&"callgauge.v1.MetricsService") && names.contains(&"grpc.health.v1.Health"),
        "{names:?}"
    );
    let mut client = old::server_reflection_client::ServerReflectionClient::new(door.channel.clone());
    let symbol = "callgauge.v1.QueryMetricsRequest".to_owned();
    let ask = old::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(old::server_reflection_request::MessageRequest::FileContainingSymbol(symbol)),
    };
    let mut answers =
        client.server_reflection_info(tokio_stream::iter([ask])).await.expect("answers").into_inner();
    let answer = answers.message().await.expect("is whole").expect("is there");
    assert!(matches!(
        answer.message_response,
        Some(old::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
    ));
}

#[tokio::test]
async fn a_request_id_is_given_back_or_made() {
    let door = Door::open().await;
    let mut request = Request::new(february(&["A81001"]));
    request.metadata_mut().insert("x-request-id", "mine-1".parse().expect("is a value"));
    let response = door.metrics().query_metrics(request).await.expect("is whole");
    assert_eq!(response.metadata().get("x-request-id").and_then(|id| id.to_str().ok()), Some("mine-1"));
    let status = door.metrics().query_metrics(february(&[])).await.expect_err("is refused");
    assert!(status.metadata().get("x-request-id").is_some_and(|id| id.len() == 16));
}

#[tokio::test]
async fn prometheus_reads_requests_records_and_the_store() {
    let door = Door::open().await;
    door.submit(vec![answered("c-1", 0), v1::CallRecord::default()]).await;
    let mut connection = tokio::net::TcpStream::connect(door.metrics).await.expect("listens");
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await.expect("is sent");
    let mut text = String::new();
    connection.read_to_string(&mut text).await.expect("is text");
    for line in [
        "callgauge_records_total{verdict=\"accepted\"} 1",
        "callgauge_records_total{verdict=\"rejected\"} 1",
        "callgauge_requests_total{method=\"/callgauge.v1.CallRecordService/SubmitCallRecords\",code=\"Ok\"} 1",
        "callgauge_rejects_kept 1",
        "callgauge_calls_kept 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
