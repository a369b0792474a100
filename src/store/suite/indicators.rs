//! Numbers from elsewhere, series breaks and access events.

use std::sync::Arc;

use callgauge_schema::OdsCode;

use super::dice::Dice;
use super::sample::{at, source};
use super::{Durable, Harness};
use crate::calendar::{Day, Days};
use crate::definitions::indicators::{IndicatorName, IndicatorValue};
use crate::store::indicators::LONGEST_TEXT;
use crate::store::{
    AccessEvent, AccessEventsAsk, BreakChanges, BreakOf, IndicatorRow, IndicatorVerdict, IndicatorsAsk,
    SeriesBreak, Snapshot, Store, StoreError,
};

fn name(text: &str) -> IndicatorName {
    text.parse().unwrap_or_else(|fault| panic!("{text:?} {fault}"))
}

fn code(number: usize) -> OdsCode {
    format!("A{:05}", 81_000 + number).parse().expect("a code")
}

/// A month, counted from January 2026.
fn month(number: usize) -> Days {
    let january = Day::from_number(20_454);
    let first = (0..number).fold(january, |day, _| day.first_of_next_month());
    Days::new(first, first.first_of_next_month())
}

fn row(indicator: &str, practice: usize, in_month: usize, numerator: f64) -> IndicatorRow {
    let name = name(indicator);
    let denominator = name.kind().takes_denominator().then_some(1e6);
    IndicatorRow {
        value: IndicatorValue::new(name.kind(), numerator, denominator, Some(numerator / 3.0))
            .expect("a value"),
        name,
        organisation: code(practice),
        period: month(in_month),
        source: source("elsewhere"),
        definition_version: "2".into(),
        quality_note: if practice.is_multiple_of(2) { "" } else { "as told by the hospital" }.into(),
    }
}

fn all() -> IndicatorsAsk {
    IndicatorsAsk { names: vec![], days: None, source: None, organisations: vec![], limit: usize::MAX }
}

async fn snapshot(store: &Arc<dyn Store>) -> Arc<dyn Snapshot> {
    store.snapshot().await.expect("a snapshot is given")
}

async fn found(store: &Arc<dyn Store>, ask: IndicatorsAsk) -> Vec<IndicatorRow> {
    snapshot(store).await.indicators(ask).await.expect("rows are given")
}

async fn put(store: &Arc<dyn Store>, rows: Vec<IndicatorRow>) -> Vec<IndicatorVerdict> {
    store.put_indicators(rows).await.expect("rows are taken")
}

pub(super) async fn indicators_come_back_as_they_were_put(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(found(&store, all()).await, []);
    assert_eq!(put(&store, vec![]).await, []);
    let mut rows = vec![
        row("list_size", 1, 0, 7_000.0),
        row("deprivation", 2, 0, 23.4),
        row("face_to_face_appointments", 3, 1, 0.1),
        IndicatorRow { period: Days::new(month(0).first, month(2).end), ..row("local:quarterly", 4, 0, 5.0) },
    ];
    assert_eq!(put(&store, rows.clone()).await, [IndicatorVerdict::Added; 4]);
    rows.sort_by_key(|row| row.name.clone());
    assert_eq!(found(&store, all()).await, rows, "ordered by name");
}

pub(super) async fn a_later_value_takes_the_place_of_an_earlier_one(harness: &dyn Harness) {
    let store = harness.open().await;
    let (first, second) = (row("complaints", 1, 0, 3.0), row("complaints", 1, 0, 4.0));
    let elsewhere = IndicatorRow { source: source("other"), ..first.clone() };
    assert_eq!(put(&store, vec![first.clone(), elsewhere.clone()]).await, [IndicatorVerdict::Added; 2]);
    let verdicts = put(&store, vec![first.clone(), second.clone(), row("complaints", 2, 0, 0.0)]).await;
    let expected = [IndicatorVerdict::Unchanged, IndicatorVerdict::Replaced, IndicatorVerdict::Added];
    assert_eq!(verdicts, expected, "the last of one submission counts");
    let rows = found(&store, all()).await;
    assert_eq!(rows, [second, row("complaints", 2, 0, 0.0), elsewhere], "by source, then practice");
}

pub(super) async fn many_small_puts_end_like_a_map(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut dice = Dice::new(9);
    let mut expected = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let rows: Vec<IndicatorRow> = (0..dice.below(20) as usize)
            .map(|_: usize| {
                row("appointments", dice.below(40) as usize, dice.below(2) as usize, dice.below(3) as f64)
            })
            .collect();
        for row in &rows {
            expected.insert((row.period, row.organisation), row.clone());
        }
        put(&store, rows).await;
    }
    assert_eq!(found(&store, all()).await, expected.into_values().collect::<Vec<_>>());
}

pub(super) async fn indicators_are_found_by_name_days_source_and_practice(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut rows = Vec::new();
    for indicator in ["appointments", "complaints"] {
        for in_month in 0..3 {
            rows.extend((1..4).map(|practice| row(indicator, practice, in_month, 1.0)));
        }
    }
    rows.push(IndicatorRow { source: source("other"), ..row("appointments", 1, 0, 2.0) });
    put(&store, rows.clone()).await;
    let count = async |ask: IndicatorsAsk| found(&store, ask).await.len();
    assert_eq!(count(IndicatorsAsk { names: vec![name("complaints")], ..all() }).await, 9);
    assert_eq!(
        count(IndicatorsAsk { names: vec![name("complaints"), name("appointments")], ..all() }).await,
        19
    );
    assert_eq!(count(IndicatorsAsk { source: Some(source("other")), ..all() }).await, 1);
    assert_eq!(count(IndicatorsAsk { organisations: vec![code(2)], ..all() }).await, 6);
    let days = Days::new(month(0).first.plus(1), month(2).end);
    assert_eq!(count(IndicatorsAsk { days: Some(days), ..all() }).await, 12, "periods wholly inside");
    assert_eq!(count(IndicatorsAsk { limit: 19, ..all() }).await, 19);
    let refused = snapshot(&store).await.indicators(IndicatorsAsk { limit: 18, ..all() }).await;
    assert!(matches!(refused, Err(StoreError::TooLarge(18))), "{refused:?}");
}

pub(super) async fn a_snapshot_keeps_the_indicators_it_saw(harness: &dyn Harness) {
    let store = harness.open().await;
    put(&store, (0..30).map(|practice| row("complaints", practice, 0, 1.0)).collect()).await;
    let before = snapshot(&store).await;
    for round in 2..9 {
        put(&store, (0..30).map(|practice| row("complaints", practice, 0, f64::from(round))).collect()).await;
    }
    let seen = Arc::clone(&before).indicators(all()).await.expect("rows are given");
    assert!(seen.len() == 30 && seen.iter().all(|row| row.value.numerator() == 1.0));
    drop(before);
    put(&store, vec![row("complaints", 0, 0, 9.0)]).await;
    assert_eq!(found(&store, all()).await[0].value.numerator(), 9.0);
}

pub(super) async fn a_put_over_a_limit_leaves_nothing_behind(harness: &dyn Harness) {
    let store = harness.open().await;
    let long: Arc<str> = "x".repeat(LONGEST_TEXT + 1).into();
    let rows = vec![
        row("complaints", 1, 0, 1.0),
        IndicatorRow { quality_note: long, ..row("complaints", 2, 0, 1.0) },
    ];
    let refused = store.put_indicators(rows).await;
    assert!(matches!(refused, Err(StoreError::OverLimit(_))), "{refused:?}");
    assert_eq!(found(&store, all()).await, []);
}

fn broken(of: BreakOf, number: i32, why: &str) -> SeriesBreak {
    SeriesBreak {
        of,
        day: month(0).first.plus(number),
        why: why.to_owned(),
        recorded_by: "local".to_owned(),
        recorded_at: at("2026-03-01T00:00:00Z"),
    }
}

pub(super) async fn series_breaks_are_recorded_and_taken_back(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(*snapshot(&store).await.series_breaks(), []);
    let list = vec![
        broken(BreakOf::Everybody, 1, "a new definition"),
        broken(BreakOf::Source(source("acme")), 3, "a new way to measure"),
        broken(BreakOf::Practice(code(1)), 3, "another telephone system"),
    ];
    let put = list.iter().rev().cloned().collect();
    store.put_series_breaks(BreakChanges { put, withdrawn: vec![] }).await.expect("they are taken");
    let before = snapshot(&store).await;
    assert_eq!(*before.series_breaks(), list, "by day, then by whose");
    let changed = broken(BreakOf::Everybody, 1, "for another reason");
    let changes = BreakChanges {
        put: vec![changed.clone()],
        withdrawn: vec![(BreakOf::Practice(code(1)), list[2].day), (BreakOf::Practice(code(2)), list[2].day)],
    };
    store.put_series_breaks(changes).await.expect("they are taken");
    assert_eq!(*snapshot(&store).await.series_breaks(), [changed, list[1].clone()]);
    assert_eq!(*before.series_breaks(), list);
    let long = broken(BreakOf::Everybody, 9, &"x".repeat(LONGEST_TEXT + 1));
    let refused = store.put_series_breaks(BreakChanges { put: vec![long], withdrawn: vec![] }).await;
    assert!(matches!(refused, Err(StoreError::OverLimit(_))), "{refused:?}");
}

fn event(number: usize) -> AccessEvent {
    AccessEvent {
        at: at("2026-03-01T00:00:00Z"),
        who: "local".to_owned(),
        purpose: "board meeting".to_owned(),
        what: format!("ranking {number}"),
        organisations: (0..number % 3 + 1).map(code).collect(),
        acknowledged: (0..number % 3).map(|n| format!("reason_{n}")).collect(),
    }
}

pub(super) async fn access_events_come_newest_first(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(store.record_access(event(number)).await.expect("it is kept"));
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let list = async |ask: AccessEventsAsk| store.access_events(ask).await.expect("a list");
    let ask = AccessEventsAsk { limit: 4, ..AccessEventsAsk::default() };
    let first = list(ask.clone()).await;
    assert_eq!(first.iter().map(|kept| kept.event.clone()).collect::<Vec<_>>(), [5, 4, 3, 2].map(event));
    let rest = list(AccessEventsAsk { before: Some(first[3].id), ..ask.clone() }).await;
    assert_eq!(rest.iter().map(|kept| kept.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
    let about = list(AccessEventsAsk { organisation: Some(code(2)), ..ask }).await;
    assert_eq!(about.iter().map(|kept| kept.event.clone()).collect::<Vec<_>>(), [5, 2].map(event));
    let long = AccessEvent { purpose: "x".repeat(LONGEST_TEXT + 1), ..event(1) };
    assert!(matches!(store.record_access(long).await, Err(StoreError::OverLimit(_))));
}

pub(super) async fn what_comparisons_stand_on_is_there_after_crashes_and_restarts(harness: &dyn Durable) {
    let mut store = harness.open().await;
    let breaks = vec![broken(BreakOf::Source(source("acme")), 3, "a new way to measure")];
    store
        .put_series_breaks(BreakChanges { put: breaks.clone(), withdrawn: vec![] })
        .await
        .expect("they are taken");
    let mut expected = Vec::new();
    for round in 0..6 {
        expected =
            (0..50).map(|practice| row("complaints", practice, 0, f64::from(round))).collect::<Vec<_>>();
        for part in expected.chunks(7 + round as usize) {
            put(&store, part.to_vec()).await;
        }
        let id = store.record_access(event(round as usize)).await.expect("it is kept");
        store = if round % 2 == 0 { harness.crash(store).await } else { harness.reopen(store).await };
        assert_eq!(found(&store, all()).await, expected, "round {round}");
        assert_eq!(*snapshot(&store).await.series_breaks(), breaks);
        let ask = AccessEventsAsk { limit: 9, ..AccessEventsAsk::default() };
        let events = store.access_events(ask).await.expect("a list");
        assert_eq!((events.len(), events[0].id), (round as usize + 1, id));
    }
    assert_eq!(put(&store, expected).await, [IndicatorVerdict::Unchanged; 50]);
}
