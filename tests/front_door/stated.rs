//! What is stated about days: delivery, tallies, sources of record; on the store in memory and on the embedded one.

use std::sync::Arc;

use callgauge::proto::v1::{
    self, Absence, Granularity, PracticeDayState, RejectReason, TallyIndicator, TallyShape, TimeBand,
    Verdict, metric_value::Value,
};
use callgauge::store::Store;
use callgauge::store::memory::MemoryStore;
use callgauge::store::sqlite::{Limits, SqliteStore};
use tempfile::TempDir;
use tonic::Code;

use crate::door::{CSV, Door, answered, at, february, missed, reason, submission};

/// Doors on every store; the folder lives as long as its door.
async fn doors() -> Vec<(Door, Option<TempDir>)> {
    let folder = TempDir::new().expect("a folder");
    let limits = Limits { settle_rows: 5, ..Limits::default() };
    let embedded = SqliteStore::open(&folder.path().join("data"), limits).expect("it opens");
    let stores: [(Arc<dyn Store>, Option<TempDir>); 2] =
        [(Arc::new(MemoryStore::new()), None), (Arc::new(embedded), Some(folder))];
    let mut doors = Vec::new();
    for (store, folder) in stores {
        let door = Door::on(store).await;
        let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
        door.organisations().import_organisations(import).await.expect("is whole");
        doors.push((door, folder));
    }
    doors
}

const DAY: i64 = 86_400;

fn coverage(source: &str, start: &str, end: &str) -> v1::StateCoverageRequest {
    v1::StateCoverageRequest {
        source_id: source.into(),
        practice_codes: vec!["A81001".into()],
        start_date: start.into(),
        end_date: end.into(),
        ..Default::default()
    }
}

/// The rows of all pages, and the notes.
async fn rows(door: &Door, mut request: v1::QueryMetricsRequest) -> (Vec<v1::MetricRow>, Vec<String>) {
    let mut rows = Vec::new();
    loop {
        let answer = door.metrics().query_metrics(request.clone()).await.expect("answers").into_inner();
        rows.extend(answer.rows);
        if answer.next_page_token.is_empty() {
            return (rows, answer.notes);
        }
        request.page_token = answer.next_page_token;
    }
}

fn by(granularity: Granularity, request: v1::QueryMetricsRequest) -> v1::QueryMetricsRequest {
    v1::QueryMetricsRequest { granularity: granularity.into(), ..request }
}

fn states(row: &v1::MetricRow) -> Vec<(PracticeDayState, i64)> {
    let completeness = row.completeness.clone().expect("is said");
    completeness.states.iter().map(|state| (state.state(), state.days)).collect()
}

/// A value of a row: a count, or why there is none.
fn value(row: &v1::MetricRow, metric: &str) -> Result<i64, Absence> {
    let found = row.values.iter().find(|value| value.metric == metric).expect("was asked for");
    match found.value.clone().expect("is there") {
        Value::Count(count) => Ok(count.count),
        Value::Distribution(durations) => Ok(durations.known),
        Value::Absence(why) => Err(Absence::try_from(why).expect("is one")),
        Value::Ratio(_) => panic!("{metric} is a share"),
    }
}

#[tokio::test]
async fn a_day_delivered_without_calls_is_a_true_zero_and_any_other_is_missing() {
    for (door, _folder) in doors().await {
        door.submit(vec![answered("c-1", 0)]).await;
        let calls = || door.calls();
        let half = v1::StateCoverageRequest {
            start_time: Some(prost_types::Timestamp {
                seconds: crate::door::MONDAY_0800 + 3 * DAY,
                nanos: 0,
            }),
            end_time: Some(prost_types::Timestamp { seconds: crate::door::MONDAY_0800 + 4 * DAY, nanos: 0 }),
            ..coverage("acme", "", "")
        };
        let tried =
            v1::StateCoverageRequest { validate_only: true, ..coverage("acme", "2026-02-01", "2026-03-01") };
        calls().state_coverage(tried).await.expect("would be taken");
        for _ in 0..2 {
            calls().state_coverage(coverage("acme", "2026-02-02", "2026-02-04")).await.expect("is taken");
            calls().state_coverage(half.clone()).await.expect("is taken");
        }
        let (found, notes) = rows(&door, february(&["A81001"])).await;
        let expected = [
            (PracticeDayState::Complete, 1),
            (PracticeDayState::TrueZero, 1),
            (PracticeDayState::Partial, 2),
            (PracticeDayState::Unknown, 24),
        ];
        assert_eq!(states(&found[0]), expected);
        assert!(notes.iter().any(|note| note.contains("missing is not zero")), "{notes:?}");
        let (days, _) = rows(&door, by(Granularity::Day, february(&["A81001"]))).await;
        assert_eq!(states(&days[2]), [(PracticeDayState::TrueZero, 1)]);
        assert_eq!(value(&days[2], "call_volumes"), Err(Absence::NoCalls));
        let (other, _) = rows(&door, february(&["A81002"])).await;
        assert_eq!(states(&other[0]), [(PracticeDayState::Unknown, 28)]);
    }
}

#[tokio::test]
async fn coverage_is_refused_where_nothing_can_have_been_delivered() {
    let door = Door::open().await;
    let good = coverage("acme", "2026-02-02", "2026-02-03");
    let cases = [
        (v1::StateCoverageRequest { end_date: "2026-03-03".into(), ..good.clone() }, "end_date"),
        (v1::StateCoverageRequest { practice_codes: vec![], ..good.clone() }, "practice_codes"),
        (v1::StateCoverageRequest { practice_codes: vec!["A".into()], ..good.clone() }, "practice_codes[0]"),
        (
            v1::StateCoverageRequest { account_ids: vec!["07700900123".into()], ..good.clone() },
            "account_ids[0]",
        ),
        (v1::StateCoverageRequest { source_id: "A".into(), ..good.clone() }, "source_id"),
        (v1::StateCoverageRequest { start_date: String::new(), ..good.clone() }, "start_date"),
    ];
    for (request, field) in cases {
        let status = door.calls().state_coverage(request).await.expect_err(field);
        assert_eq!((status.code(), reason(&status).1.as_str()), (Code::InvalidArgument, field));
    }
    let unknown = v1::StateCoverageRequest { practice_codes: vec!["Z99999".into()], ..good };
    let status = door.calls().state_coverage(unknown).await.expect_err("nobody knows it");
    assert_eq!(reason(&status).0, "UNKNOWN_ORGANISATION");
}

fn of_record(source: &str, from: &str, until: &str) -> v1::SourceOfRecord {
    v1::SourceOfRecord {
        whose: Some(v1::source_of_record::Whose::PracticeCode("A81001".into())),
        source_id: source.into(),
        from_date: from.into(),
        until_date: until.into(),
    }
}

async fn put(door: &Door, list: Vec<v1::SourceOfRecord>) {
    let request = v1::PutSourcesOfRecordRequest { sources_of_record: list, validate_only: false };
    door.admin().put_sources_of_record(request).await.expect("is taken");
}

/// A practice changes its supplier on Monday 16 February. The old one has calls until the 22nd, the new one from the 9th on: a week of both on either
/// side. On day d (from Monday the 2nd) each has a call every hour from 08:00, d + 1 of the old and 2 d + 1 of the new.
async fn change_of_supplier(door: &Door) {
    for day in 0..26_i64 {
        let hourly = |name: &str, calls: i64| {
            let call =
                |n: i64| missed(&format!("{name}-{day}-{n}"), day * DAY + n % 10 * 3_600 + 900, n % 200);
            (0..calls).map(call).collect::<Vec<_>>()
        };
        let mut sent = vec![("old", hourly("o", day + 1)), ("new", hourly("n", 2 * day + 1))];
        sent.retain(|(source, _)| if *source == "old" { day < 21 } else { day >= 7 });
        for (source, records) in sent {
            let request = v1::SubmitCallRecordsRequest { source_id: source.into(), ..submission(records) };
            door.calls().submit_call_records(request).await.expect("is taken");
        }
    }
    door.submit(vec![at("A81002", answered("elsewhere", 0))]).await;
}

#[tokio::test]
async fn a_change_of_supplier_with_a_week_of_both_counts_each_call_once_at_every_granularity() {
    for (door, _folder) in doors().await {
        change_of_supplier(&door).await;
        let old = |day: i64| if day < 21 { day + 1 } else { 0 };
        let new = |day: i64| if day >= 7 { 2 * day + 1 } else { 0 };
        let both: i64 = (0..26).map(|day| old(day) + new(day)).sum();
        let (found, notes) = rows(&door, february(&["A81001"])).await;
        assert_eq!(value(&found[0], "call_volumes"), Ok(both), "nothing is stated: both count");
        assert!(notes.iter().any(|note| note.contains("no source of record is stated")), "{notes:?}");

        put(&door, vec![of_record("old", "", "2026-02-16"), of_record("new", "2026-02-16", "")]).await;
        let counted = |day: i64| if day < 14 { old(day) } else { new(day) };
        let apart = |day: i64| if day < 14 { new(day) } else { old(day) };
        let total: i64 = (0..26).map(counted).sum();
        let all_apart: i64 = (0..26).map(apart).sum();
        for granularity in [
            Granularity::Total,
            Granularity::Week,
            Granularity::Day,
            Granularity::NhsBand,
            Granularity::Hour,
            Granularity::QuarterHour,
        ] {
            let (found, notes) = rows(&door, by(granularity, february(&["A81001"]))).await;
            let calls: i64 = found.iter().map(|row| row.calls).sum();
            let kept: i64 =
                found.iter().map(|row| row.completeness.as_ref().expect("is said").calls_kept_apart).sum();
            assert_eq!((calls, kept), (total, all_apart), "{granularity:?}");
            assert!(notes.iter().any(|note| note.contains("kept apart")), "{notes:?}");
        }
        let (days, _) = rows(&door, by(Granularity::Day, february(&["A81001"]))).await;
        for day in 0..26 {
            let row = &days[day as usize + 1];
            let known = value(row, "wait_time_before_call_abandoned");
            assert_eq!((row.calls, known), (counted(day), Ok(counted(day))), "day {day}");
            assert_eq!(row.completeness.as_ref().expect("is said").calls_kept_apart, apart(day), "day {day}");
        }
        let (england, _) = rows(&door, february(&["ENGLAND", "U12345"])).await;
        assert_eq!((england[0].calls, england[1].calls), (total + 1, total + 1));
        let split =
            v1::QueryMetricsRequest { breakdown: v1::Breakdown::Source.into(), ..february(&["A81001"]) };
        let (parts, _) = rows(&door, split).await;
        let parts: Vec<i64> = parts.iter().map(|row| row.calls).collect();
        assert_eq!(parts, [(14..26).map(new).sum::<i64>(), (0..14).map(old).sum()], "new, old");
        put(&door, vec![]).await;
        let (found, _) = rows(&door, february(&["A81001"])).await;
        assert_eq!(value(&found[0], "call_volumes"), Ok(both), "nothing was baked in");
    }
}

#[tokio::test]
async fn a_source_of_record_that_has_no_calls_leaves_days_missing_or_truly_zero() {
    for (door, _folder) in doors().await {
        door.submit(vec![answered("c-1", 0), answered("c-2", DAY)]).await;
        door.calls().state_coverage(coverage("new", "2026-02-02", "2026-02-03")).await.expect("is taken");
        door.calls().state_coverage(coverage("acme", "2026-02-01", "2026-03-01")).await.expect("is taken");
        put(&door, vec![of_record("new", "", "")]).await;
        let (days, _) = rows(&door, by(Granularity::Day, february(&["A81001"]))).await;
        assert_eq!(states(&days[1]), [(PracticeDayState::TrueZero, 1)], "its source of record delivered it");
        assert_eq!(
            states(&days[2]),
            [(PracticeDayState::Unknown, 1)],
            "another source's word does not count"
        );
        assert_eq!((days[1].calls, days[2].calls), (0, 0));
    }
}

#[tokio::test]
async fn sources_of_record_that_contradict_each_other_are_refused_whole() {
    let door = Door::open().await;
    put(&door, vec![of_record("old", "", "2026-02-16")]).await;
    let cases = [
        (vec![of_record("old", "", ""), of_record("new", "2026-02-16", "")], "sources_of_record"),
        (vec![of_record("old", "2026-02-16", "2026-02-16")], "sources_of_record"),
        (vec![of_record("old", "16.2.2026", "")], "sources_of_record[0].from_date"),
        (vec![of_record("OLD", "", "")], "sources_of_record[0].source_id"),
        (
            vec![v1::SourceOfRecord { whose: None, ..of_record("old", "", "") }],
            "sources_of_record[0].practice_code",
        ),
    ];
    for (list, field) in cases {
        let request = v1::PutSourcesOfRecordRequest { sources_of_record: list, validate_only: false };
        let status = door.admin().put_sources_of_record(request).await.expect_err(field);
        assert_eq!((status.code(), reason(&status).1.as_str()), (Code::InvalidArgument, field));
    }
    let tried = v1::PutSourcesOfRecordRequest { sources_of_record: vec![], validate_only: true };
    door.admin().put_sources_of_record(tried).await.expect("would be taken");
    let list = door.admin().list_sources_of_record(v1::ListSourcesOfRecordRequest {}).await.expect("answers");
    assert_eq!(list.into_inner().sources_of_record, [of_record("old", "", "2026-02-16")]);
}

type Counts<'a> = &'a [(TallyIndicator, i32, i64)];

/// A tally of A81001; parts are numbers of bands.
fn tally(date: &str, shape: TallyShape, counts: Counts<'_>) -> v1::DayTally {
    let count = |&(indicator, part, calls): &(TallyIndicator, i32, i64)| v1::TallyCount {
        indicator: indicator.into(),
        time_band: if shape == TallyShape::TimeBands { part } else { 0 },
        duration_band: if shape == TallyShape::DurationBands { part } else { 0 },
        calls,
    };
    v1::DayTally {
        attribution: Some(v1::day_tally::Attribution::PracticeCode("A81001".into())),
        date: date.into(),
        shape: shape.into(),
        indicators: vec![],
        counts: counts.iter().map(count).collect(),
    }
}

async fn submit_tallies(door: &Door, source: &str, tallies: Vec<v1::DayTally>) -> Vec<v1::TallyResult> {
    let request = v1::SubmitTalliesRequest { source_id: source.into(), tallies, validate_only: false };
    door.calls().submit_tallies(request).await.expect("is taken").into_inner().results
}

fn verdicts(results: &[v1::TallyResult]) -> Vec<Verdict> {
    results.iter().map(v1::TallyResult::verdict).collect()
}

#[tokio::test]
async fn tallies_count_as_far_as_they_go_and_the_rest_is_not_available() {
    use TallyIndicator::{Answered, CallbackMade, Inbound, Missed};
    let (eight, evening) = (TimeBand::TimeBand0800To1000 as i32, TimeBand::TimeBand1830To2400 as i32);
    for (door, _folder) in doors().await {
        let monday = tally(
            "2026-02-02",
            TallyShape::TimeBands,
            &[(Inbound, eight, 20), (Answered, eight, 12), (Missed, eight, 5), (Inbound, evening, 3)],
        );
        let waits = tally(
            "2026-02-02",
            TallyShape::DurationBands,
            &[(Inbound, 0, 23), (Answered, 1, 10), (Answered, 4, 2), (Missed, 1, 5)],
        );
        let tuesday = tally("2026-02-03", TallyShape::Day, &[(Inbound, 0, 7), (CallbackMade, 0, 2)]);
        let nothing = tally("2026-02-04", TallyShape::Day, &[(Inbound, 0, 0)]);
        let all = vec![monday, waits, tuesday, nothing];
        assert_eq!(verdicts(&submit_tallies(&door, "files", all.clone()).await), [Verdict::Accepted; 4]);
        assert_eq!(verdicts(&submit_tallies(&door, "files", all).await), [Verdict::Duplicate; 4]);

        let (found, notes) = rows(&door, by(Granularity::Day, february(&["A81001"]))).await;
        let (monday, tuesday, nothing) = (&found[1], &found[2], &found[3]);
        assert_eq!((value(monday, "call_volumes"), value(monday, "missed_call_volumes")), (Ok(23), Ok(5)));
        assert_eq!(value(monday, "call_times_to_answer"), Ok(12), "their bands are known");
        assert_eq!(value(monday, "average_call_length"), Err(Absence::NotAvailable));
        assert_eq!(value(monday, "call_backs_made"), Err(Absence::NotAvailable), "not stated, not 0");
        assert_eq!((value(tuesday, "call_volumes"), value(tuesday, "call_backs_made")), (Ok(7), Ok(2)));
        assert_eq!(value(tuesday, "missed_call_volumes"), Err(Absence::NotAvailable));
        assert_eq!(states(monday), [(PracticeDayState::Complete, 1)]);
        assert_eq!(states(nothing), [(PracticeDayState::TrueZero, 1)]);
        assert_eq!(value(nothing, "call_volumes"), Err(Absence::NoCalls));
        assert!(notes.iter().any(|note| note.contains("tallies")), "{notes:?}");

        let (total, _) = rows(&door, february(&["A81001"])).await;
        assert_eq!(value(&total[0], "call_volumes"), Ok(30));
        assert_eq!(total[0].completeness.as_ref().expect("is said").practice_days_tallied, 3);
        let (england, _) = rows(&door, february(&["ENGLAND"])).await;
        assert_eq!(value(&england[0], "call_volumes"), Ok(30), "they count above as well");

        let (bands, _) = rows(&door, by(Granularity::NhsBand, february(&["A81001"]))).await;
        assert_eq!(value(&bands[9 + 2], "call_volumes"), Ok(20));
        assert_eq!(value(&bands[9 + 8], "call_volumes"), Ok(3));
        assert_eq!(value(&bands[18 + 2], "call_volumes"), Err(Absence::NotAvailable), "the day has no bands");
        assert_eq!(value(&bands[27 + 2], "call_volumes"), Err(Absence::NoCalls), "no call in no band");
        let (hours, notes) = rows(&door, by(Granularity::Hour, february(&["A81001"]))).await;
        assert_eq!(value(&hours[24 + 8], "call_volumes"), Err(Absence::NotAvailable));
        assert!(notes.iter().any(|note| note.contains("coarser")), "{notes:?}");
    }
}

#[tokio::test]
async fn a_practice_day_counts_by_calls_or_by_tallies_of_one_source_never_by_both() {
    use TallyIndicator::Inbound;
    for (door, _folder) in doors().await {
        let day = |date: &str, calls| tally(date, TallyShape::Day, &[(Inbound, 0, calls)]);
        submit_tallies(&door, "files-b", vec![day("2026-02-02", 100), day("2026-02-03", 40)]).await;
        submit_tallies(&door, "files-a", vec![day("2026-02-03", 50)]).await;
        door.submit(vec![answered("c-1", 0)]).await;
        let found = async || rows(&door, by(Granularity::Day, february(&["A81001"]))).await.0;
        let apart =
            |row: &v1::MetricRow| row.completeness.as_ref().expect("is said").tallied_calls_kept_apart;
        let days = found().await;
        assert_eq!((days[1].calls, apart(&days[1])), (1, 100), "calls before tallies");
        assert_eq!((days[2].calls, apart(&days[2])), (50, 40), "of one source, the first by its id");

        put(&door, vec![of_record("files-b", "", "")]).await;
        let days = found().await;
        let kept = days[1].completeness.as_ref().expect("is said").calls_kept_apart;
        assert_eq!((days[1].calls, kept), (100, 1), "its source of record has tallies only");
        assert_eq!((days[2].calls, apart(&days[2])), (40, 50));
        assert_eq!(states(&days[1]), [(PracticeDayState::Complete, 1)]);
    }
}

#[tokio::test]
async fn bad_tallies_are_refused_alone_and_go_through_when_their_practice_is_known() {
    use TallyIndicator::{Answered, Inbound};
    for (door, _folder) in doors().await {
        let good = tally("2026-02-02", TallyShape::Day, &[(Inbound, 0, 5)]);
        let late = v1::DayTally {
            attribution: Some(v1::day_tally::Attribution::PracticeCode("A81009".into())),
            ..good.clone()
        };
        let date = |date: &str| v1::DayTally { date: date.into(), ..good.clone() };
        let cases = [
            (v1::DayTally { attribution: None, ..good.clone() }, "practice_code", RejectReason::Missing),
            (date(""), "date", RejectReason::Missing),
            (date("2.2.2026"), "date", RejectReason::Malformed),
            (date("2026-03-02"), "date", RejectReason::InTheFuture),
            (v1::DayTally { shape: 0, ..good.clone() }, "shape", RejectReason::Missing),
            (tally("2026-02-02", TallyShape::Day, &[(Answered, 0, 5)]), "indicators", RejectReason::Missing),
            (
                tally("2026-02-02", TallyShape::TimeBands, &[(Inbound, 3, 1), (Inbound, 0, 5)]),
                "counts[1].time_band",
                RejectReason::Malformed,
            ),
            (
                tally("2026-02-02", TallyShape::Day, &[(Inbound, 0, -1)]),
                "counts[0].calls",
                RejectReason::Malformed,
            ),
            (
                tally("2026-02-02", TallyShape::Day, &[(Inbound, 0, 1), (Answered, 0, 2)]),
                "counts",
                RejectReason::Contradiction,
            ),
            (late, "practice_code", RejectReason::UnknownPractice),
        ];
        let sent: Vec<_> = [good].into_iter().chain(cases.iter().map(|case| case.0.clone())).collect();
        let results = submit_tallies(&door, "files", sent).await;
        assert_eq!(results[0].verdict(), Verdict::Accepted);
        for (result, (_, field, reason)) in results[1..].iter().zip(&cases) {
            let rejection = result.rejection.clone().expect("is refused");
            assert_eq!((rejection.field.as_str(), rejection.reason()), (*field, *reason));
        }
        let csv = format!("{CSV}A81009,Ninth Surgery,practice,06K,,\n");
        let import = v1::ImportOrganisationsRequest { csv, validate_only: false };
        door.organisations().import_organisations(import).await.expect("is whole");
        let (found, _) = rows(&door, february(&["A81009"])).await;
        assert_eq!(value(&found[0], "call_volumes"), Ok(5), "it went through by itself");
    }
}
