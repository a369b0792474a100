//! Organisations, status, health and closing.

use std::path::Path;

use callgauge_schema::RejectReason;

use super::Harness;
use super::sample::{answered, call_id, commit, record, reject, retraction, revised, source};
use crate::calendar::Day;
use crate::organisations::{Level, OrganisationRow};
use crate::store::{AccessEventsAsk, BreakChanges, Item, RejectsAsk, StoreError, StoreHealth, Submission};

pub(super) async fn organisations_come_back_as_they_were_put(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!(store.organisations().await.expect("organisations are given"), []);
    for count in [3, 1, 0, 200] {
        let rows = organisations(count);
        store.put_organisations(rows.clone()).await.expect("organisations are taken");
        let mut found = store.organisations().await.expect("organisations are given");
        found.sort_by_key(|row| row.code);
        assert_eq!(found, rows, "all are replaced by {count}");
    }
}

pub(super) async fn the_status_counts_calls_and_rejects(harness: &dyn Harness) {
    let store = harness.open().await;
    assert_eq!((store.status().calls, store.status().rejects), (0, 0));
    let items = vec![
        Item::Record(record(answered("c-1"))),
        Item::Record(record(revised(retraction("c-1"), 5))),
        Item::Record(record(answered("c-2"))),
        Item::Record(record(retraction("never-was"))),
        reject("c-4", RejectReason::DurationMissing, "x"),
        reject("c-4", RejectReason::DurationMissing, "x"),
    ];
    commit(&store, &source("acme"), items).await;
    assert_eq!(store.status().calls, 3, "retracted ones too, revisions once");
    assert_eq!(store.status().rejects, 1, "kept once");
}

pub(super) async fn a_closed_store_refuses_everything(harness: &dyn Harness) {
    let store = harness.open().await;
    let acme = source("acme");
    let health = store.health();
    assert_eq!(*health.borrow(), StoreHealth::Serving);
    commit(&store, &acme, vec![Item::Record(record(answered("c-1")))]).await;
    store.close().await.expect("the store closes");
    assert_eq!(*health.borrow(), StoreHealth::Closed);
    let submission = Submission::new(acme.clone(), vec![]);
    let refusals = [
        ("commit", store.commit(submission.clone()).await.err()),
        ("preview", store.preview(submission).await.err()),
        ("snapshot", store.snapshot().await.err()),
        ("call", store.call(&acme, &call_id("c-1")).await.err()),
        ("rejects", store.rejects(RejectsAsk::default()).await.err()),
        ("source_states", store.source_states().await.err()),
        ("put_sources_of_record", store.put_sources_of_record(vec![]).await.err()),
        ("organisations", store.organisations().await.err()),
        ("put_organisations", store.put_organisations(vec![]).await.err()),
        ("put_indicators", store.put_indicators(vec![]).await.err()),
        ("put_series_breaks", store.put_series_breaks(BreakChanges::default()).await.err()),
        ("access_events", store.access_events(AccessEventsAsk::default()).await.err()),
        ("backup", store.backup(Path::new("never-made")).await.err()),
    ];
    for (method, refusal) in refusals {
        assert!(matches!(refusal, Some(StoreError::Closed)), "{method} says {refusal:?}");
    }
}

/// A region and so many practices less one, ordered by code, with every combination of known and open days.
pub(super) fn organisations(count: usize) -> Vec<OrganisationRow> {
    let code = |text: &str| text.parse().unwrap_or_else(|fault| panic!("{text:?} {fault}"));
    let day =
        |n: usize, every: usize| (!n.is_multiple_of(every)).then(|| Day::from_number(18_000 + n as i32));
    (0..count)
        .map(|n| OrganisationRow {
            code: code(&if n == 0 { "A0".to_owned() } else { format!("A{:05}", 10_000 + n) }),
            name: format!("Dr. Ó Súilleabháin, \"Sons\" & Partners №{n}"),
            level: if n == 0 { Level::Region } else { Level::Practice },
            first: day(n, 2),
            end: day(n + 700, 3),
            memberships: (0..n % 4)
                .map(|m| (code(&format!("P{m}")), day(n + m, 2), day(n + m + 90, 3)))
                .collect(),
        })
        .collect()
}
