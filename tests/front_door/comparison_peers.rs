//! Who is compared with whom: fifths, suppliers; and that calls count in comparisons as they do in MetricsService, whoever's word it is.

use callgauge::proto::v1;
use jiff::civil::date;

use crate::comparison::{MISSED, PRACTICES, compare, control, rank, year};
use crate::comparison_elsewhere::{submit, value};
use crate::comparison_world::{calls, code, door, months};
use crate::door::{Door, reason, submission};

fn peers(by: v1::PeersBy, fifth: i32, like: &str) -> Option<v1::PeerGroup> {
    Some(v1::PeerGroup {
        organisation_codes: vec!["QHG".into()],
        by: by.into(),
        fifth,
        like_code: like.into(),
        ..Default::default()
    })
}

async fn compared(door: &Door, peers: Option<v1::PeerGroup>) -> v1::CompareOrganisationsResponse {
    let request = v1::CompareOrganisationsRequest { peers, ..compare("2025-03", "2026-02") };
    door.comparison().compare_organisations(request).await.expect("is whole").into_inner()
}

fn codes(answer: &v1::CompareOrganisationsResponse, placed: bool) -> Vec<String> {
    let is_placed = |row: &&v1::ComparedOrganisation| {
        matches!(row.values[0].result, Some(v1::compared_value::Result::Place(_))) == placed
    };
    answer
        .organisations
        .iter()
        .filter(is_placed)
        .map(|row| row.organisation.clone().expect("is there").code)
        .collect()
}

#[tokio::test]
async fn a_fifth_is_compared_with_itself_and_who_has_no_value_is_left_out_by_name() {
    use v1::PeersBy::{DeprivationFifth, ListSizeFifth};
    let (door, ..) = year().await;
    let month = date(2026, 2, 1);
    // Lists grow with the number of the practice; of the last four nobody knows them.
    let lists =
        (0..20).map(|practice| value("list_size", practice, month, 1_000.0 + 100.0 * practice as f64));
    submit(&door, "register", lists.collect()).await;
    let scores = (0..PRACTICES).map(|practice| v1::Indicator {
        start_date: "2019-01-01".into(),
        end_date: "2020-01-01".into(),
        ..value("deprivation", practice, month, 10.0 + practice as f64)
    });
    submit(&door, "imd", scores.collect()).await;
    let smallest = compared(&door, peers(ListSizeFifth, 1, "")).await;
    assert_eq!(codes(&smallest, true), (0..4).map(code).collect::<Vec<_>>());
    assert_eq!(codes(&smallest, false), (20..24).map(code).collect::<Vec<_>>());
    let Some(v1::compared_value::Result::LeftOut(why)) = &smallest.organisations[4].values[0].result else {
        panic!("is left out")
    };
    assert!(why.contains("list size"), "{why}");
    assert_eq!((smallest.total_size, smallest.metrics[0].placed, smallest.metrics[0].left_out), (8, 4, 4));
    assert!(
        smallest.notes.iter().any(|note| note.contains("fifth 1 by list size of the 20")),
        "{:?}",
        smallest.notes
    );
    let like = compared(&door, peers(ListSizeFifth, 0, &code(18))).await;
    assert_eq!(codes(&like, true), (16..20).map(code).collect::<Vec<_>>());
    let deprived = compared(&door, peers(DeprivationFifth, 1, "")).await;
    assert!(codes(&deprived, true).contains(&code(23)) && codes(&deprived, false).is_empty());
    // The same peers in every method that has some.
    let request =
        v1::RankOrganisationsRequest { peers: peers(ListSizeFifth, 1, ""), ..rank("2025-03", "2026-02") };
    let status = door.comparison().rank_organisations(request).await.expect_err("four are no league");
    assert!(status.message().contains("4 can be ranked"), "{}", status.message());
    let request = v1::CompareEquivalentPeriodsRequest {
        peers: peers(ListSizeFifth, 1, ""),
        metric: MISSED.into(),
        before_first_month: "2025-03".into(),
        after_first_month: "2026-02".into(),
        ..Default::default()
    };
    let changed = door.comparison().compare_equivalent_periods(request).await.expect("is whole").into_inner();
    assert_eq!(changed.organisations.len(), 8);
    for (peers, field) in [
        (peers(ListSizeFifth, 0, ""), "peers.fifth"),
        (peers(ListSizeFifth, 6, ""), "peers.fifth"),
        (peers(ListSizeFifth, 1, &code(1)), "peers.fifth"),
        (peers(v1::PeersBy::All, 1, ""), "peers.fifth"),
        (peers(ListSizeFifth, 0, "A81999"), "peers.like_code"),
        (peers(ListSizeFifth, 0, &code(22)), "peers.like_code"),
        (peers(v1::PeersBy::Supplier, 0, ""), "peers.like_code"),
        (peers(v1::PeersBy::All, 0, &code(1)), "peers.like_code"),
    ] {
        let request = v1::CompareOrganisationsRequest { peers, ..compare("2025-03", "2026-02") };
        let status = door.comparison().compare_organisations(request).await.expect_err(field);
        assert_eq!(reason(&status), ("INVALID_FIELD".to_owned(), field.to_owned()), "{}", status.message());
    }
}

#[tokio::test]
async fn a_year_that_the_window_lies_in_makes_fifths_and_of_several_sources_one_is_named() {
    let (door, ..) = year().await;
    let scores = |plus: f64| {
        let score = |practice: usize| v1::Indicator {
            start_date: "2025-04-01".into(),
            end_date: "2026-04-01".into(),
            ..value("deprivation", practice, date(2026, 2, 1), plus + practice as f64)
        };
        (0..PRACTICES).map(score).collect::<Vec<_>>()
    };
    submit(&door, "imd", scores(10.0)).await;
    let deprived = compared(&door, peers(v1::PeersBy::DeprivationFifth, 1, "")).await;
    assert_eq!(codes(&deprived, true), (19..24).map(code).collect::<Vec<_>>());
    assert!(deprived.notes.iter().all(|note| !note.contains("sources")), "{:?}", deprived.notes);
    submit(&door, "zz-other", scores(20.0)).await;
    let deprived = compared(&door, peers(v1::PeersBy::DeprivationFifth, 1, "")).await;
    let told = "fifths are by the deprivation score of imd; 1 more sources have some";
    assert!(deprived.notes.iter().any(|note| note == told), "{:?}", deprived.notes);
}

#[tokio::test]
async fn without_values_there_are_no_fifths() {
    let (door, ..) = year().await;
    let request = v1::CompareOrganisationsRequest {
        peers: peers(v1::PeersBy::DeprivationFifth, 1, ""),
        ..compare("2025-03", "2026-02")
    };
    let status = door.comparison().compare_organisations(request).await.expect_err("nobody has a score");
    assert_eq!(reason(&status).0, "NOT_COMPARABLE");
    assert!(status.message().contains("no fifths by deprivation score"), "{}", status.message());
}

#[tokio::test]
async fn one_supplier_is_whose_calls_came_from_its_source_or_who_has_it_as_source_of_record() {
    let months = months(date(2025, 3, 1), 12);
    let sent = calls(8, &months, 10, |_, _| 0.2);
    let door = door(10, &[]).await;
    for (source, theirs) in [("acme", 0..5), ("other", 5..8)] {
        let own = sent.iter().enumerate().filter(|(_, call)| theirs.contains(&call.practice));
        let records = own.map(crate::comparison_world::record).collect();
        let request = v1::SubmitCallRecordsRequest { source_id: source.into(), ..submission(records) };
        door.calls().submit_call_records(request).await.expect("is taken");
    }
    // The ninth has no calls, and acme is to count for it; of the tenth nobody knows.
    let request = v1::PutSourcesOfRecordRequest {
        sources_of_record: vec![v1::SourceOfRecord {
            whose: Some(v1::source_of_record::Whose::PracticeCode(code(8))),
            source_id: "acme".into(),
            ..Default::default()
        }],
        validate_only: false,
    };
    door.admin().put_sources_of_record(request).await.expect("is taken");
    let like = compared(&door, peers(v1::PeersBy::Supplier, 0, &code(2))).await;
    assert_eq!(codes(&like, true), (0..5).map(code).collect::<Vec<_>>());
    assert_eq!(codes(&like, false), [code(8), code(9)]);
    assert_eq!(like.metrics[0].source_ids, ["acme"]);
    let all = compared(&door, peers(v1::PeersBy::All, 0, "")).await;
    assert_eq!(all.metrics[0].source_ids, ["acme", "other"]);
}

/// Numerator and denominator of a month by MetricsService; none where it has no value.
async fn by_metrics(door: &Door, practice: usize, month: &str) -> Option<(i64, i64)> {
    let request = v1::QueryMetricsRequest {
        organisation_codes: vec![code(practice)],
        month: month.into(),
        metrics: vec![MISSED.into()],
        ..Default::default()
    };
    let answer = door.metrics().query_metrics(request).await.expect("is whole").into_inner();
    match &answer.rows[0].values[0].value {
        Some(v1::metric_value::Value::Ratio(ratio)) => Some((ratio.numerator, ratio.denominator)),
        Some(v1::metric_value::Value::Absence(_)) => None,
        other => panic!("is no share: {other:?}"),
    }
}

#[tokio::test]
async fn sources_of_record_and_tallies_count_as_in_the_metrics_service() {
    use v1::TallyIndicator::{Answered, Inbound, Missed};
    let window = months(date(2025, 12, 1), 3);
    let sent = calls(6, &window, 60, |practice, _| 0.1 + 0.05 * practice as f64);
    let door = door(6, &sent).await;
    // The first two are measured twice, and the second source is to count for one of them.
    let twice: Vec<_> = sent.iter().enumerate().filter(|(_, call)| call.practice < 2).collect();
    let records: Vec<v1::CallRecord> = twice
        .iter()
        .filter(|(at, _)| at % 3 != 0)
        .map(|&(at, call)| crate::comparison_world::record((at, call)))
        .collect();
    let request = v1::SubmitCallRecordsRequest { source_id: "twin".into(), ..submission(records) };
    door.calls().submit_call_records(request).await.expect("is taken");
    let stated = |practice: usize, source: &str| v1::SourceOfRecord {
        whose: Some(v1::source_of_record::Whose::PracticeCode(code(practice))),
        source_id: source.into(),
        from_date: "2026-01-01".into(),
        ..Default::default()
    };
    let request = v1::PutSourcesOfRecordRequest {
        sources_of_record: vec![stated(0, "twin"), stated(3, "files")],
        validate_only: false,
    };
    door.admin().put_sources_of_record(request).await.expect("is taken");
    // Counts of whole days: for the third on Sundays without calls, for the fourth as its source of record; for the sixth without the missed ones.
    let tally = |practice: usize, date: &str, counts: &[(v1::TallyIndicator, i64)]| v1::DayTally {
        attribution: Some(v1::day_tally::Attribution::PracticeCode(code(practice))),
        date: date.into(),
        shape: v1::TallyShape::Day.into(),
        indicators: vec![],
        counts: counts
            .iter()
            .map(|&(indicator, calls)| v1::TallyCount {
                indicator: indicator.into(),
                calls,
                ..Default::default()
            })
            .collect(),
    };
    let whole = [(Inbound, 90), (Answered, 70), (Missed, 20)];
    let tallies = vec![
        tally(2, "2025-12-30", &whole),
        tally(3, "2026-01-05", &whole),
        tally(3, "2026-01-06", &whole),
        tally(5, "2026-01-30", &[(Inbound, 50)]),
    ];
    let request = v1::SubmitTalliesRequest { source_id: "files".into(), tallies, validate_only: false };
    let taken = door.calls().submit_tallies(request).await.expect("is taken").into_inner();
    assert!(taken.results.iter().all(|result| result.verdict() == v1::Verdict::Accepted), "{taken:?}");
    let mut gaps = 0;
    for month in ["2025-12", "2026-01", "2026-02"] {
        let request = compare(month, month);
        let answer = door.comparison().compare_organisations(request).await.expect("is whole").into_inner();
        for (practice, row) in answer.organisations.iter().enumerate() {
            let ours = &row.values[0];
            match by_metrics(&door, practice, month).await {
                Some(theirs) => {
                    assert_eq!((ours.numerator, ours.denominator), theirs, "{practice} in {month}")
                }
                None => {
                    gaps += 1;
                    let Some(v1::compared_value::Result::LeftOut(_)) = &ours.result else {
                        panic!("{practice} in {month} has {ours:?}")
                    };
                }
            }
        }
    }
    assert!(gaps >= 2, "a day without its missed calls cannot be told");
    for practice in 0..6 {
        let request =
            v1::GetControlChartRequest { metric: MISSED.into(), ..control(practice, "2025-12", "2026-02") };
        let chart = door.comparison().get_control_chart(request).await.expect("is whole").into_inner();
        for (point, month) in chart.points.iter().zip(["2025-12", "2026-01", "2026-02"]) {
            let theirs = by_metrics(&door, practice, month).await;
            let share = theirs.map(|(n, d)| n as f64 / d as f64);
            assert_eq!(point.value, share, "{practice} in {month}");
        }
    }
}
