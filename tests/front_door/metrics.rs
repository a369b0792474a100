//! QueryMetrics: that every layer between the wire and the pure rooms passes on what it should.

use callgauge::proto::v1;
use callgauge::proto::v1::metric_value::Value;

use crate::door::{Door, answered, at, february, missed};

async fn ask(door: &Door, request: v1::QueryMetricsRequest) -> v1::QueryMetricsResponse {
    door.metrics().query_metrics(request).await.expect("is whole").into_inner()
}

fn value(row: &v1::MetricRow, metric: &str) -> Value {
    let found = row.values.iter().find(|value| value.metric == metric);
    found.and_then(|value| value.value.clone()).unwrap_or_else(|| panic!("no {metric}"))
}

fn count(row: &v1::MetricRow, metric: &str) -> i64 {
    match value(row, metric) {
        Value::Count(count) => count.count,
        other => panic!("{metric} is {other:?}"),
    }
}

/// Three calls at A81001, two at A81002, none at A81003, one of an account of 06K.
async fn filled() -> Door {
    let door = Door::open().await;
    let shared = v1::CallRecord {
        attribution: Some(v1::call_record::Attribution::Account(v1::Account {
            id: "shared".into(),
            sub_icb_code: "06K".into(),
            ..Default::default()
        })),
        ..answered("s-1", 30)
    };
    door.submit(vec![
        answered("a-1", 0),
        v1::CallRecord { line: "reception".into(), ..answered("a-2", 7_200) },
        missed("a-3", 86_400, 95),
        at("A81002", answered("b-1", 60)),
        at("A81002", missed("b-2", 120, 20)),
        shared,
    ])
    .await;
    door
}

#[tokio::test]
async fn the_eight_of_a_practice_for_a_month() {
    let door = filled().await;
    let answer = ask(&door, february(&["A81001"])).await;
    assert_eq!((answer.first_day.as_str(), answer.last_day.as_str()), ("2026-02-01", "2026-02-28"));
    assert_eq!(answer.definition_set, "nhs-cbt-2025-06");
    assert_eq!(answer.total_size, 1);
    let row = &answer.rows[0];
    assert_eq!(row.values.len(), 8);
    assert_eq!(count(row, "call_volumes"), 3);
    assert_eq!(count(row, "missed_call_volumes"), 1);
    let Value::Distribution(waits) = value(row, "call_times_to_answer") else { panic!("is a distribution") };
    assert_eq!((waits.calls, waits.known, waits.mean_secs), (2, 2, Some(42.0)));
    assert_eq!(waits.bands.iter().map(|band| band.calls).collect::<Vec<_>>(), [2, 0, 0, 0]);
    let check = row.outcome_check.expect("is there");
    assert_eq!((check.inbound, check.answered, check.missed), (3, 2, 1));
    let organisation = row.organisation.clone().expect("is there");
    assert_eq!((organisation.code.as_str(), organisation.name.as_str()), ("A81001", "First Surgery"));
    let completeness = row.completeness.clone().expect("is there");
    assert_eq!(completeness.practice_days_expected, 28);
    let states: Vec<_> = completeness.states.iter().map(|state| (state.state(), state.days)).collect();
    assert_eq!(states, [(v1::PracticeDayState::CallsReceived, 2), (v1::PracticeDayState::Unknown, 26)]);
    assert!(answer.notes[0].contains("2026-02: 20 working days, 4 Mondays"), "{:?}", answer.notes);
}

#[tokio::test]
async fn days_after_a_practice_closed_are_told_and_not_expected() {
    let door = filled().await;
    let csv = "code,name,level,parents,from_date,until_date\n\
        A81002,Second Surgery,practice,06K U12345,,2026-02-11\n";
    let import = v1::ImportOrganisationsRequest { csv: csv.to_owned(), validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    let told = |row: &v1::MetricRow| {
        let completeness = row.completeness.clone().expect("is there");
        let states: Vec<_> = completeness.states.iter().map(|state| (state.state(), state.days)).collect();
        (completeness.practice_days_expected, states)
    };
    let answer = ask(&door, february(&["A81002", "QHG"])).await;
    let (closed, received, unknown) =
        (v1::PracticeDayState::Closed, v1::PracticeDayState::CallsReceived, v1::PracticeDayState::Unknown);
    assert_eq!(told(&answer.rows[0]), (10, vec![(closed, 18), (received, 1), (unknown, 9)]));
    assert_eq!(told(&answer.rows[1]), (66, vec![(closed, 18), (received, 3), (unknown, 63)]));
    assert_eq!(count(&answer.rows[0], "call_volumes"), 2);
    assert_eq!(answer.rows[1].practices, 3);
}

#[tokio::test]
async fn rows_below_an_organisation_add_up_to_its_own_and_empty_ones_are_there() {
    let door = filled().await;
    let whole = ask(&door, february(&["QHG"])).await;
    assert_eq!(count(&whole.rows[0], "call_volumes"), 6);
    assert_eq!(whole.rows[0].practices, 3);
    let request = v1::QueryMetricsRequest { group_by: v1::Level::Practice.into(), ..february(&["QHG"]) };
    let parts = ask(&door, request).await;
    let rows: Vec<_> = parts
        .rows
        .iter()
        .map(|row| {
            let organisation = row.organisation.clone().expect("is there");
            assert_eq!(organisation.within_code, "QHG");
            (organisation.code, row.calls)
        })
        .collect();
    let expected = [("A81001", 3), ("A81002", 2), ("A81003", 0), ("Unassigned", 1)];
    assert_eq!(rows, expected.map(|(code, calls)| (code.to_owned(), calls)));
    assert_eq!(value(&parts.rows[2], "call_volumes"), Value::Absence(v1::Absence::NoCalls.into()));
    assert_eq!(ask(&door, february(&["ENGLAND"])).await.rows[0].calls, 6);
}

#[tokio::test]
async fn the_same_calls_by_any_length_of_bucket_add_up() {
    let door = filled().await;
    for granularity in [
        v1::Granularity::Total,
        v1::Granularity::Week,
        v1::Granularity::Day,
        v1::Granularity::NhsBand,
        v1::Granularity::Hour,
        v1::Granularity::QuarterHour,
    ] {
        let request = v1::QueryMetricsRequest {
            granularity: granularity.into(),
            page_size: 5_000,
            ..february(&["A81001", "A81002"])
        };
        let mut page = ask(&door, request.clone()).await;
        let (mut rows, mut calls) = (0, 0);
        loop {
            rows += page.rows.len() as i64;
            calls += page.rows.iter().map(|row| row.calls).sum::<i64>();
            if page.next_page_token.is_empty() {
                break;
            }
            let next = v1::QueryMetricsRequest { page_token: page.next_page_token, ..request.clone() };
            page = ask(&door, next).await;
        }
        assert_eq!((rows, calls), (page.total_size, 5), "{granularity:?}");
    }
}

#[tokio::test]
async fn a_breakdown_has_a_row_for_each_part_that_occurs_and_one_without_where_there_are_no_calls() {
    let door = filled().await;
    let by = |breakdown: v1::Breakdown| v1::QueryMetricsRequest {
        breakdown: breakdown.into(),
        ..february(&["A81001", "A81003"])
    };
    let lines = ask(&door, by(v1::Breakdown::Line)).await;
    let parts: Vec<_> = lines
        .rows
        .iter()
        .map(|row| (row.breakdown.clone().and_then(|breakdown| breakdown.part), row.calls))
        .collect();
    let line = |name: &str| Some(v1::breakdown_value::Part::Line(name.into()));
    assert_eq!(parts, [(line(""), 2), (line("reception"), 1), (None, 0)]);
    let sources = ask(&door, by(v1::Breakdown::Source)).await;
    let source = v1::breakdown_value::Part::SourceId("acme".into());
    assert_eq!(sources.rows[0].breakdown.clone().and_then(|breakdown| breakdown.part), Some(source));
    let outcomes = ask(&door, by(v1::Breakdown::OutcomeReason)).await;
    assert_eq!(outcomes.rows.iter().map(|row| row.calls).collect::<Vec<_>>(), [2, 1, 0]);
}

#[tokio::test]
async fn what_was_acked_is_in_the_next_answer() {
    let door = Door::open().await;
    for calls in 1..=5 {
        door.submit(vec![answered(&format!("c-{calls}"), calls)]).await;
        assert_eq!(ask(&door, february(&["A81001"])).await.rows[0].calls, calls);
    }
}

#[tokio::test]
async fn definitions_are_listed_with_their_wording() {
    let door = Door::empty().await;
    let all = door.metrics().list_metric_definitions(v1::ListMetricDefinitionsRequest::default()).await;
    let sets = all.expect("answers").into_inner().sets;
    assert!(sets.iter().any(|set| set.name == "nhs-cbt-2025-06") && sets.len() >= 2);
    assert!(sets.iter().flat_map(|set| &set.metrics).all(|metric| !metric.wording.is_empty()));
}
