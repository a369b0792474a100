//! Pages of one snapshot.

use callgauge::proto::v1;

use crate::door::{Door, answered, february, reason};

#[tokio::test]
async fn pages_are_of_one_snapshot_whatever_arrives_between_them() {
    let door = Door::open().await;
    door.submit(vec![answered("c-1", 0)]).await;
    let request = v1::QueryMetricsRequest {
        granularity: v1::Granularity::Day.into(),
        page_size: 5,
        ..february(&["A81001"])
    };
    let mut page = door.metrics().query_metrics(request.clone()).await.expect("is whole").into_inner();
    let first = page.clone();
    let mut rows = page.rows.clone();
    door.submit(vec![answered("c-2", 20 * 86_400)]).await;
    while !page.next_page_token.is_empty() {
        let next = v1::QueryMetricsRequest { page_token: page.next_page_token, ..request.clone() };
        page = door.metrics().query_metrics(next).await.expect("is kept").into_inner();
        assert!(page.rows.len() <= 5);
        assert_eq!((page.total_size, &page.notes), (28, &first.notes));
        assert_eq!(page.answered_at, first.answered_at);
        rows.extend(page.rows.clone());
    }
    assert_eq!(rows.len(), 28);
    assert_eq!(rows.iter().map(|row| row.calls).sum::<i64>(), 1, "the second call came later");
    let starts: Vec<_> = rows.iter().map(|row| row.bucket.clone().expect("is there").start).collect();
    assert!(starts.is_sorted());
}

#[tokio::test]
async fn a_token_goes_with_its_query_and_no_other() {
    let door = Door::open().await;
    let request = v1::QueryMetricsRequest {
        granularity: v1::Granularity::Day.into(),
        page_size: 5,
        ..february(&["A81001"])
    };
    let page = door.metrics().query_metrics(request.clone()).await.expect("is whole").into_inner();
    let other = v1::QueryMetricsRequest {
        page_token: page.next_page_token.clone(),
        organisation_codes: vec!["A81002".into()],
        ..request.clone()
    };
    for wrong in [other, v1::QueryMetricsRequest { page_token: "made up".into(), ..request.clone() }] {
        let status = door.metrics().query_metrics(wrong).await.expect_err("is refused");
        assert_eq!(reason(&status).0, "PAGE_TOKEN_MISMATCH");
    }
    let smaller = v1::QueryMetricsRequest { page_token: page.next_page_token, page_size: 2, ..request };
    let page = door.metrics().query_metrics(smaller).await.expect("the size may change").into_inner();
    assert_eq!(page.rows.len(), 2);
}

#[tokio::test]
async fn calls_and_organisations_come_in_pages_too() {
    let door = Door::open().await;
    door.submit((0..25).map(|call| answered(&format!("c-{call:02}"), call)).collect()).await;
    let request = v1::ListCallRecordsRequest {
        organisation_code: "A81001".into(),
        start_date: "2026-02-02".into(),
        end_date: "2026-02-03".into(),
        page_size: 10,
        ..Default::default()
    };
    let (mut ids, mut token) = (Vec::new(), String::new());
    loop {
        let next = v1::ListCallRecordsRequest { page_token: token, ..request.clone() };
        let page = door.calls().list_call_records(next).await.expect("is kept").into_inner();
        assert_eq!(page.total_size, 25);
        ids.extend(page.records.into_iter().filter_map(|stored| stored.record).map(|record| record.call_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(ids, (0..25).map(|call| format!("c-{call:02}")).collect::<Vec<_>>());
    let request = v1::ListOrganisationsRequest { page_size: 6, ..Default::default() };
    let page = door.organisations().list_organisations(request.clone()).await.expect("is whole").into_inner();
    let next = v1::ListOrganisationsRequest { page_token: page.next_page_token, ..request };
    let rest = door.organisations().list_organisations(next).await.expect("is kept").into_inner();
    assert_eq!((page.organisations.len(), rest.organisations.len(), rest.total_size), (6, 1, 7));
}

#[tokio::test]
async fn an_answer_beyond_the_limits_is_refused_with_advice() {
    let door = Door::open().await;
    let request = v1::QueryMetricsRequest {
        month: String::new(),
        start_date: "2016-01-01".into(),
        end_date: "2026-01-01".into(),
        granularity: v1::Granularity::QuarterHour.into(),
        ..february(&["A81001", "A81002"])
    };
    let status = door.metrics().query_metrics(request).await.expect_err("is refused");
    assert_eq!(reason(&status).0, "ANSWER_TOO_LARGE");
    assert!(status.message().contains("shorter range"), "{}", status.message());
}
