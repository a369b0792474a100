//! Every way to be refused, with code, reason and field.

use std::sync::Arc;

use callgauge::proto::v1;
use callgauge::store::memory::MemoryStore;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::door::{Door, answered, at, february, reason, submission};

fn shown(status: Status) -> (Code, String, String) {
    assert!(!status.message().is_empty());
    let (reason, field) = reason(&status);
    if status.code() == Code::InvalidArgument {
        let bad = status.get_details_bad_request().expect("has the field as BadRequest too");
        assert_eq!(bad.field_violations[0].field, field);
    }
    (status.code(), reason, field)
}

fn invalid(field: &str) -> (Code, String, String) {
    (Code::InvalidArgument, "INVALID_FIELD".to_owned(), field.to_owned())
}

#[tokio::test]
async fn questions_are_refused_with_the_field() {
    let door = Door::open().await;
    let cases: Vec<(v1::QueryMetricsRequest, (Code, String, String))> = vec![
        (v1::QueryMetricsRequest::default(), invalid("organisation_codes")),
        (february(&["A8100!"]), invalid("organisation_codes[0]")),
        (
            february(&["A81001", "Z00000"]),
            (Code::NotFound, "UNKNOWN_ORGANISATION".into(), "organisation_codes[1]".into()),
        ),
        (v1::QueryMetricsRequest { month: "02/2026".into(), ..february(&["A81001"]) }, invalid("month")),
        (v1::QueryMetricsRequest { page_size: -1, ..february(&["A81001"]) }, invalid("page_size")),
        (v1::QueryMetricsRequest { page_size: 5_001, ..february(&["A81001"]) }, invalid("page_size")),
        (v1::QueryMetricsRequest { group_by: 5, ..february(&["A81001"]) }, invalid("group_by")),
        (
            v1::QueryMetricsRequest {
                profile: vec![v1::Profile::TimeOfDay.into()],
                granularity: v1::Granularity::Month.into(),
                ..february(&["A81001"])
            },
            invalid("profile"),
        ),
    ];
    for (request, expected) in cases {
        let asked = format!("{request:?}");
        let status = door.metrics().query_metrics(request).await.expect_err("is refused");
        assert_eq!(shown(status), expected, "{asked}");
    }
}

#[tokio::test]
async fn an_empty_question_is_answered_with_one_that_works() {
    let door = Door::open().await;
    let status =
        door.metrics().query_metrics(v1::QueryMetricsRequest::default()).await.expect_err("is refused");
    assert!(status.message().contains(r#"{"organisation_codes":["A81001"],"month":"2026-02"}"#));
    let status =
        door.calls().list_call_records(v1::ListCallRecordsRequest::default()).await.expect_err("is refused");
    assert!(status.message().contains(r#""start_date":"2026-02-02""#), "{}", status.message());
}

#[tokio::test]
async fn submissions_are_refused_as_a_whole_only_for_what_is_wrong_with_the_whole() {
    let door = Door::open().await;
    let too_many = submission((0..1_001).map(|call| answered(&format!("{call}"), 0)).collect());
    let cases = [
        (too_many, (Code::InvalidArgument, "BATCH_TOO_LARGE".to_owned(), "records".to_owned())),
        (
            v1::SubmitCallRecordsRequest { source_id: String::new(), ..submission(vec![]) },
            invalid("source_id"),
        ),
        (
            v1::SubmitCallRecordsRequest { source_id: "A B".into(), ..submission(vec![]) },
            invalid("source_id"),
        ),
        (
            v1::SubmitCallRecordsRequest { unknown_durations: vec![3], ..submission(vec![]) },
            invalid("unknown_durations"),
        ),
    ];
    for (request, expected) in cases {
        let status = door.calls().submit_call_records(request).await.expect_err("is refused");
        assert_eq!(shown(status), expected);
    }
}

#[tokio::test]
async fn the_limit_of_rejects_is_told() {
    let door = Door::on(Arc::new(MemoryStore::with_reject_limit(2))).await;
    let refused = |ids: &[&str]| submission(ids.iter().map(|id| at("Z99999", answered(id, 0))).collect());
    door.calls().submit_call_records(refused(&["1", "2"])).await.expect("are kept");
    let status = door.calls().submit_call_records(refused(&["3"])).await.expect_err("is one too many");
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::ResourceExhausted, "REJECT_LIMIT"));
}

#[tokio::test]
async fn single_records_organisations_and_backups_are_refused_with_the_field() {
    let door = Door::open().await;
    let get = |source_id: &str, call_id: &str| {
        let request = v1::GetCallRecordRequest { source_id: source_id.into(), call_id: call_id.into() };
        let mut calls = door.calls();
        async move { shown(calls.get_call_record(request).await.expect_err("is refused")) }
    };
    assert_eq!(get("acme", "nope").await, (Code::NotFound, "UNKNOWN_CALL".into(), String::new()));
    assert_eq!(get("acme", "").await, invalid("call_id"));
    assert_eq!(get("", "c-1").await, invalid("source_id"));

    let organisation = |code: &str| {
        let request = v1::GetOrganisationRequest { code: code.into() };
        let mut organisations = door.organisations();
        async move { shown(organisations.get_organisation(request).await.expect_err("is refused")) }
    };
    assert_eq!(organisation("Z1").await, (Code::NotFound, "UNKNOWN_ORGANISATION".into(), "code".into()));
    assert_eq!(organisation("").await, invalid("code"));

    let import = |csv: &str| {
        let request = v1::ImportOrganisationsRequest { csv: csv.into(), validate_only: false };
        let mut organisations = door.organisations();
        async move { shown(organisations.import_organisations(request).await.expect_err("is refused")) }
    };
    assert_eq!(import("").await, invalid("csv"));
    assert_eq!(
        import("code,name\nA,B\n").await,
        (Code::FailedPrecondition, "IMPORT_REFUSED".into(), "csv".into())
    );

    let backup = v1::BackupRequest { directory: "not/absolute".into() };
    assert_eq!(shown(door.admin().backup(backup).await.expect_err("is refused")), invalid("directory"));

    let list = |request: v1::ListCallRecordsRequest| {
        let mut calls = door.calls();
        async move { shown(calls.list_call_records(request).await.expect_err("is refused")) }
    };
    let day = v1::ListCallRecordsRequest {
        organisation_code: "A81001".into(),
        start_date: "2026-02-02".into(),
        end_date: "2026-02-03".into(),
        ..Default::default()
    };
    let nobody = v1::ListCallRecordsRequest { organisation_code: "Z00000".into(), ..day.clone() };
    assert_eq!(
        list(nobody).await,
        (Code::NotFound, "UNKNOWN_ORGANISATION".into(), "organisation_code".into())
    );
    let no_practice = v1::ListCallRecordsRequest { organisation_code: "QHG".into(), ..day.clone() };
    assert_eq!(
        list(no_practice).await,
        invalid("organisation_code"),
        "it is known, and has no calls of its own"
    );
    let no_end = v1::ListCallRecordsRequest { end_date: String::new(), ..day.clone() };
    assert_eq!(list(no_end).await, invalid("end_date"));
    let no_outcome = v1::ListCallRecordsRequest { outcomes: vec![0], ..day.clone() };
    assert_eq!(list(no_outcome).await, invalid("outcomes"));
    let same = v1::ListCallRecordsRequest { outcomes: vec![1; 101], ..day.clone() };
    assert_eq!(list(same).await, invalid("outcomes"));
    let lines = (0..101).map(|line| format!("line {line}")).collect();
    assert_eq!(list(v1::ListCallRecordsRequest { lines, ..day }).await, invalid("lines"));
}

#[tokio::test]
async fn methods_that_do_not_exist_and_messages_that_are_none_get_a_reason_too() {
    let door = Door::open().await;
    let mut client = tonic::client::Grpc::new(door.channel.clone());
    let mut call = async |path: &'static str, sent: v1::GetCallRecordRequest| {
        client.ready().await.expect("is connected");
        let codec = tonic_prost::ProstCodec::<_, v1::GetCallRecordResponse>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        client.unary(tonic::Request::new(sent), path, codec).await.expect_err("is refused")
    };
    let sent = || v1::GetCallRecordRequest { source_id: "acme".into(), call_id: "c-1".into() };
    for path in ["/callgauge.v1.MetricsService/Guess", "/no.such.Service/Method"] {
        let status = call(path, sent()).await;
        assert_eq!((status.code(), reason(&status).0.as_str()), (Code::Unimplemented, "UNIMPLEMENTED"));
    }
    // Field 2 of a submission is a message, and here it is text that is none.
    let status = call("/callgauge.v1.CallRecordService/SubmitCallRecords", sent()).await;
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::InvalidArgument, "INVALID_FIELD"));
    let large = v1::GetCallRecordRequest { source_id: "x".repeat(5 << 20), call_id: String::new() };
    let status = call("/callgauge.v1.CallRecordService/GetCallRecord", large).await;
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}
