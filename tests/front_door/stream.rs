//! StreamCallRecords.

use callgauge::proto::v1;
use tokio_stream::StreamExt as _;
use tonic::Code;

use crate::door::{Door, answered, reason};

pub(crate) fn batch(number: u64, records: Vec<v1::CallRecord>) -> v1::StreamCallRecordsRequest {
    v1::StreamCallRecordsRequest {
        source_id: if number == 1 { "acme".into() } else { String::new() },
        batch_number: number,
        records,
        unknown_durations: vec![],
    }
}

/// Sends these and gives the acks, and the error that ended the stream if one did.
async fn send(
    door: &Door,
    batches: Vec<v1::StreamCallRecordsRequest>,
) -> (Vec<v1::StreamCallRecordsResponse>, Option<tonic::Status>) {
    let mut acks = Vec::new();
    let mut calls = door.calls();
    let mut answer = match calls.stream_call_records(tokio_stream::iter(batches)).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return (acks, Some(status)),
    };
    while let Some(ack) = answer.next().await {
        match ack {
            Ok(ack) => acks.push(ack),
            Err(status) => return (acks, Some(status)),
        }
    }
    (acks, None)
}

#[tokio::test]
async fn every_batch_is_acked_in_order_with_a_verdict_a_record() {
    let door = Door::open().await;
    let batches = (1..=30)
        .map(|number| {
            let mut records: Vec<_> =
                (0..100).map(|call| answered(&format!("{number}-{call}"), call)).collect();
            records[7].direction = 0;
            batch(number, records)
        })
        .collect();
    let (acks, fault) = send(&door, batches).await;
    assert_eq!(fault.map(|status| status.to_string()), None);
    assert_eq!(acks.iter().map(|ack| ack.batch_number).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    for ack in &acks {
        assert_eq!(ack.verdicts.len(), 100);
        assert_eq!(ack.verdicts().filter(|&verdict| verdict == v1::Verdict::Accepted).count(), 99);
        assert_eq!(ack.rejections.len(), 1);
        let rejection = ack.rejections[0].rejection.clone().expect("says why");
        assert_eq!((ack.rejections[0].index, rejection.field.as_str()), (7, "direction"));
    }
    let status = door.admin().get_status(v1::GetStatusRequest {}).await.expect("answers").into_inner();
    assert_eq!((status.calls, status.rejects), (30 * 99, 30));
}

#[tokio::test]
async fn the_last_of_several_batches_wins_where_a_source_has_no_revisions() {
    let door = Door::open().await;
    let batches = (1..=20)
        .map(|number| {
            let record = v1::CallRecord { wait: crate::door::seconds(number as i64), ..answered("same", 0) };
            batch(number, vec![record])
        })
        .collect();
    let (acks, _) = send(&door, batches).await;
    assert_eq!(acks.len(), 20);
    let request = v1::GetCallRecordRequest { source_id: "acme".into(), call_id: "same".into() };
    let stored = door.calls().get_call_record(request).await.expect("is there").into_inner();
    let wait = stored.record.and_then(|stored| stored.record).and_then(|record| record.wait);
    assert_eq!(wait, crate::door::seconds(20));
}

#[tokio::test]
async fn faults_of_a_batch_end_the_stream_after_the_acks_before_it() {
    let too_many = (0..10_001).map(|call| answered(&format!("{call}"), 0)).collect();
    let cases: Vec<(v1::StreamCallRecordsRequest, &str, &str)> = vec![
        (batch(3, vec![]), "BATCH_OUT_OF_ORDER", "batch_number"),
        (batch(1, vec![]), "BATCH_OUT_OF_ORDER", "batch_number"),
        (batch(2, too_many), "BATCH_TOO_LARGE", "records"),
        (
            v1::StreamCallRecordsRequest { source_id: "other".into(), ..batch(2, vec![]) },
            "INVALID_FIELD",
            "source_id",
        ),
    ];
    for (second, expected, field) in cases {
        let door = Door::open().await;
        let (acks, fault) = send(&door, vec![batch(1, vec![answered("c-1", 0)]), second]).await;
        assert_eq!(acks.len(), 1, "{expected}");
        let fault = fault.expect("is refused");
        assert_eq!(fault.code(), Code::InvalidArgument, "{fault:?}");
        assert_eq!(reason(&fault), (expected.to_owned(), field.to_owned()));
        if expected == "BATCH_OUT_OF_ORDER" {
            assert!(fault.message().contains('2'), "says which it expected: {}", fault.message());
        }
    }
}

#[tokio::test]
async fn a_first_batch_without_a_source_is_refused() {
    let door = Door::open().await;
    let nobody = v1::StreamCallRecordsRequest { source_id: String::new(), ..batch(1, vec![]) };
    let (acks, fault) = send(&door, vec![nobody]).await;
    assert!(acks.is_empty());
    assert_eq!(reason(&fault.expect("is refused")), ("INVALID_FIELD".to_owned(), "source_id".to_owned()));
}

#[tokio::test]
async fn a_message_over_four_mebibytes_is_refused_with_a_reason() {
    let door = Door::open().await;
    let long = v1::CallRecord { line: "x".repeat(5 << 20), ..answered("c-2", 0) };
    let (acks, fault) = send(&door, vec![batch(1, vec![answered("c-1", 0)]), batch(2, vec![long])]).await;
    assert_eq!(acks.len(), 1);
    let fault = fault.expect("is refused");
    assert_eq!((fault.code(), reason(&fault).0.as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn a_message_of_many_empty_records_is_refused_before_they_are_made() {
    let door = Door::open().await;
    let empty = vec![v1::CallRecord::default(); 1_000_000];
    let (acks, fault) = send(&door, vec![batch(1, empty)]).await;
    assert!(acks.is_empty());
    let fault = fault.expect("is refused");
    assert_eq!(reason(&fault), ("BATCH_TOO_LARGE".to_owned(), "records".to_owned()));
}
