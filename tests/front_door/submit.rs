//! SubmitCallRecords, GetCallRecord, ListCallRecords.

use callgauge::proto::v1;
use callgauge::proto::v1::Verdict;

use crate::door::{Door, answered, at, missed, seconds, submission};

#[tokio::test]
async fn verdicts_come_in_the_order_sent_and_a_bad_record_is_refused_alone() {
    let door = Door::open().await;
    let corrected = v1::CallRecord { revision: Some(2), wait: seconds(50), ..answered("c-2", 1) };
    assert_eq!(
        door.submit(vec![answered("c-1", 0), v1::CallRecord { revision: Some(1), ..answered("c-2", 1) }])
            .await,
        [Verdict::Accepted, Verdict::Accepted]
    );
    let request = submission(vec![
        answered("c-1", 0),
        v1::CallRecord { talk: seconds(-1), ..answered("c-3", 2) },
        corrected.clone(),
        v1::CallRecord { wait: seconds(51), ..corrected.clone() },
        v1::CallRecord { revision: Some(1), ..answered("c-2", 1) },
        v1::CallRecord { call_id: "07700900123".into(), ..answered("c-4", 3) },
        v1::CallRecord {
            call_id: "c-1".into(),
            revision: Some(9),
            retracted: true,
            outcome: 0,
            wait: None,
            talk: None,
            ..answered("c-1", 0)
        },
    ]);
    let response = door.calls().submit_call_records(request).await.expect("is taken").into_inner();
    let verdicts: Vec<_> = response.results.iter().map(v1::RecordResult::verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Duplicate,
            Verdict::Rejected,
            Verdict::Revised,
            Verdict::Conflict,
            Verdict::Stale,
            Verdict::Rejected,
            Verdict::Retracted
        ]
    );
    let ids: Vec<_> = response.results.iter().map(|result| result.call_id.as_str()).collect();
    assert_eq!(
        ids,
        ["c-1", "c-3", "c-2", "c-2", "c-2", "", "c-1"],
        "an id that looks like a number is not sent back"
    );
    let why = |at: usize| {
        let rejection = response.results[at].rejection.clone().expect("is refused");
        assert!(!rejection.message.contains("0770"), "{}", rejection.message);
        (rejection.field.clone(), rejection.reason())
    };
    assert_eq!(why(1), ("talk".to_owned(), v1::RejectReason::DurationOutOfRange));
    assert_eq!(why(3), ("revision".to_owned(), v1::RejectReason::Conflict));
    assert_eq!(why(5), ("call_id".to_owned(), v1::RejectReason::TelephoneNumber));
    let receipt = response.receipt.expect("was taken");
    assert_eq!(receipt.counts.iter().map(|count| count.count).sum::<i64>(), 7);
    assert_eq!(receipt.hash.len(), 64);
    assert!(receipt.id.starts_with('r'));
}

#[tokio::test]
async fn validate_only_says_what_would_happen_and_does_not_do_it() {
    let door = Door::open().await;
    let request =
        v1::SubmitCallRecordsRequest { validate_only: true, ..submission(vec![answered("c-1", 0)]) };
    for _ in 0..2 {
        let response = door.calls().submit_call_records(request.clone()).await.expect("is fine").into_inner();
        assert_eq!(response.results[0].verdict(), Verdict::Accepted);
        assert_eq!(response.receipt, None);
    }
    let status = door.admin().get_status(v1::GetStatusRequest {}).await.expect("answers").into_inner();
    assert_eq!((status.calls, status.rejects), (0, 0));
}

#[tokio::test]
async fn a_source_that_cannot_know_a_duration_says_so() {
    let door = Door::open().await;
    let record = v1::CallRecord { wait: None, ..answered("c-1", 0) };
    assert_eq!(door.submit(vec![record.clone()]).await, [Verdict::Rejected]);
    let request = v1::SubmitCallRecordsRequest {
        unknown_durations: vec![v1::DurationKind::Wait.into()],
        ..submission(vec![record])
    };
    let response = door.calls().submit_call_records(request).await.expect("is taken").into_inner();
    assert_eq!(response.results[0].verdict(), Verdict::Accepted);
}

#[tokio::test]
async fn a_record_comes_back_as_it_was_sent_with_its_revision() {
    let door = Door::open().await;
    let sent = v1::CallRecord {
        line: "reception".into(),
        outcome: v1::Outcome::CallbackRequested.into(),
        talk: None,
        ivr: seconds(7),
        callback: Some(v1::Callback {
            kind: Some(v1::callback::Kind::Requested(v1::CallbackRequested {
                timing: v1::CallbackTiming::CallerTimed.into(),
            })),
        }),
        revision: Some(7),
        timing: v1::Timing::Measured.into(),
        ..answered("c-1", 0)
    };
    let made = v1::CallRecord {
        direction: v1::Direction::Outbound.into(),
        callback: Some(v1::Callback {
            kind: Some(v1::callback::Kind::Made(v1::CallbackMade {
                for_call_id: "c-1".into(),
                attempt: 2,
                automatic: Some(false),
            })),
        }),
        attribution: Some(v1::call_record::Attribution::Account(v1::Account {
            id: "shared".into(),
            sub_icb_code: "06K".into(),
            icb_code: "QHG".into(),
            ..Default::default()
        })),
        revision: Some(1),
        timing: v1::Timing::Banded.into(),
        ..answered("c-2", 9)
    };
    door.submit(vec![sent.clone(), made.clone()]).await;
    for sent in [sent, made] {
        let request = v1::GetCallRecordRequest { source_id: "acme".into(), call_id: sent.call_id.clone() };
        let got = door.calls().get_call_record(request).await.expect("is there").into_inner();
        assert_eq!(got.record.and_then(|stored| stored.record), Some(sent));
    }
}

#[tokio::test]
async fn calls_are_listed_by_day_and_filter_oldest_first() {
    let door = Door::open().await;
    door.submit(vec![
        missed("m-2", 100, 90),
        missed("m-1", 50, 10),
        answered("a-1", 0),
        answered("next-day", 86_400),
    ])
    .await;
    let ids = |request: v1::ListCallRecordsRequest| {
        let mut calls = door.calls();
        async move {
            let page = calls.list_call_records(request).await.expect("is whole").into_inner();
            let id = |stored: v1::StoredCallRecord| stored.record.expect("is there").call_id;
            assert_eq!(page.total_size as usize, page.records.len());
            page.records.into_iter().map(id).collect::<Vec<_>>()
        }
    };
    let monday = v1::ListCallRecordsRequest {
        organisation_code: "a81001".into(),
        start_date: "2026-02-02".into(),
        end_date: "2026-02-03".into(),
        ..Default::default()
    };
    assert_eq!(ids(monday.clone()).await, ["a-1", "m-1", "m-2"]);
    let missed = v1::ListCallRecordsRequest { outcomes: vec![v1::Outcome::Missed.into()], ..monday.clone() };
    assert_eq!(ids(missed).await, ["m-1", "m-2"]);
    let waited = v1::ListCallRecordsRequest { min_wait: seconds(42), ..monday.clone() };
    assert_eq!(ids(waited).await, ["a-1", "m-2"]);
    let from = |secs| Some(prost_types::Timestamp { seconds: crate::door::MONDAY_0800 + secs, nanos: 0 });
    let instants = v1::ListCallRecordsRequest {
        start_date: String::new(),
        end_date: String::new(),
        start_time: from(50),
        end_time: from(100),
        ..monday
    };
    assert_eq!(ids(instants).await, ["m-1"], "the end is excluded");
}

#[tokio::test]
async fn a_call_of_an_organisation_that_is_no_practice_is_refused_with_what_it_is() {
    let door = Door::open().await;
    let records = ["QHG", "Z99999"].map(|code| at(code, answered(code, 0))).to_vec();
    let response =
        door.calls().submit_call_records(submission(records)).await.expect("is taken").into_inner();
    for (result, told) in response.results.iter().zip(["is imported as icb", "was ever imported"]) {
        let rejection = result.rejection.clone().expect("is refused");
        assert_eq!(rejection.reason(), v1::RejectReason::UnknownPractice);
        assert!(rejection.message.contains(told), "{}", rejection.message);
    }
}
