//! The stored folder of format 1 in tests/fixtures: this release and every later one has to open it and find in it what was put there.
//!
//! `CALLGAUGE_REWRITE_FIXTURE=1` makes it anew, which is for a new format in a folder of its own, never for an old one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use callgauge::calendar::{Day, Days, Slots};
use callgauge::proto::v1::{Account, CallRecord, call_record::Attribution};
use callgauge::store::sqlite::{Limits, SqliteStore};
use callgauge::store::{Group, RejectsAsk, Snapshot, Store, TallyAsk};
use callgauge_schema::{CallId, RejectReason, SourceId};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::folders::{copy, run_files};
use crate::made_up::{call, corrected, id};
use crate::process::{Service, assert_sound};
use crate::wire::{Client, SOURCE};

/// Monday, 2 February 2026, in days since 1970.
const MONDAY: i32 = 20_486;

#[tokio::test]
async fn a_folder_of_format_1_opens_and_holds_what_was_put_into_it() {
    if std::env::var_os("CALLGAUGE_REWRITE_FIXTURE").is_some() {
        rewrite().await;
    }
    assert!(run_files(&fixture()).len() >= 2, "it has settled days");
    let folder = TempDir::new().expect("a folder");
    copy(&fixture(), folder.path());
    let store = SqliteStore::open(folder.path(), Limits::default()).expect("it opens");

    let status = store.status();
    assert_eq!((status.calls, status.unsettled, status.rejects), (300, 50, 3));
    assert_eq!(store.organisations().await.expect("it answers").len(), 21);
    let snapshot = store.snapshot().await.expect("it answers");
    // 300 calls, one of them retracted; 0 to 249 of practices, then 50 of which every fifth is of the account.
    assert_eq!(tallied(&snapshot).await, CALLS_BY_DAY.into_iter().collect());
    let attributions = snapshot.attributions();
    assert_eq!(attributions.list.len(), 21, "20 practices and an account");

    let source: SourceId = SOURCE.parse().expect("a source");
    let find = async |number: u64| {
        let id: CallId = id(number).parse().expect("an id");
        store.call(&source, &id).await.expect("it answers").expect("it is there").record
    };
    let plain = find(100).await;
    assert_eq!((plain.revision(), plain.retracted(), plain.line().is_some()), (Some(1), false, false));
    let moved = find(7).await;
    assert_eq!(moved.revision(), Some(2));
    assert_eq!(moved.line().map(|line| line.as_str()), Some("corrected"));
    // 2026-02-02T00:00:00Z, 7 times 7,919 seconds, and the day by which it was corrected.
    assert_eq!(moved.started_at().millis(), (1_769_990_400 + 55_433 + 86_400) * 1_000);
    let gone = find(30).await;
    assert_eq!((gone.revision(), gone.retracted()), (Some(2), true));

    let ask = RejectsAsk { limit: 10, ..RejectsAsk::default() };
    let rejects = store.rejects(ask).await.expect("it answers");
    let reasons: Vec<_> = rejects.iter().map(|kept| (kept.reject.reason, kept.times)).collect();
    assert_eq!(
        reasons,
        [
            (RejectReason::DurationOutOfRange, 2),
            (RejectReason::UnknownPractice, 1),
            (RejectReason::Missing, 1),
        ]
    );
    drop(snapshot);
    store.close().await.expect("it closes");
    assert_sound(folder.path());
}

/// Calls by days since Monday that count: 300, without the one that was retracted.
const CALLS_BY_DAY: [(i32, i64); 5] = [(0, 55), (1, 67), (2, 67), (3, 55), (4, 55)];

async fn tallied(snapshot: &Arc<dyn Snapshot>) -> BTreeMap<i32, i64> {
    let days = Days::new(Day::from_number(MONDAY - 7), Day::from_number(MONDAY + 14));
    let table = (0..days.len() as u32).map(|day| [day; 9]).collect();
    let slots = Slots { first: days.first, table };
    let ask = TallyAsk { groups: vec![Group::All], slots, by_source: false, durations: true };
    let mut found = BTreeMap::new();
    for row in Arc::clone(snapshot).tallies(ask).await.expect("it answers") {
        let row = row.expect("a row");
        let calls: i64 = row.tally.kinds.iter().map(|kind| kind.calls).sum();
        *found.entry(row.bucket as i32 - 7).or_default() += calls;
    }
    found
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1")
}

async fn rewrite() {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(folder.path(), 100);
    let mut client = Client::of(&service).await;
    client.submit((0..150).map(call).collect()).await.expect("it is taken");
    settled(&mut client).await;
    let retraction =
        CallRecord { revision: Some(2), retracted: true, outcome: 0, wait: None, talk: None, ..call(30) };
    let more = (0..20).map(corrected).chain([retraction]).chain((150..250).map(call));
    client.submit(more.collect()).await.expect("it is taken");
    settled(&mut client).await;
    let account = Account { id: "hub".to_owned(), icb_code: "QXX".to_owned(), ..Account::default() };
    let late = (250..300).map(|number| CallRecord {
        attribution: if number % 5 == 0 {
            Some(Attribution::Account(account.clone()))
        } else {
            call(number).attribution
        },
        line: "reception".to_owned(),
        ..call(number)
    });
    client.submit(late.collect()).await.expect("it is taken");
    let secs = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let negative = CallRecord { wait: secs(-1), ..call(900) };
    let unknown = Some(Attribution::PracticeCode("X99999".to_owned()));
    let unknown = CallRecord { attribution: unknown, ..call(901) };
    let undirected = CallRecord { direction: 0, ..call(902) };
    client.submit(vec![negative.clone(), unknown, undirected, negative]).await.expect("it is taken");
    service.stop();

    let db = Connection::open(folder.path().join("callgauge.db")).expect("it opens");
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").expect("it can be written");
    db.close().expect("it closes");
    let _ = fs::remove_dir_all(fixture());
    copy(folder.path(), &fixture());
    let sizes = run_files(&fixture()).into_iter().chain([fixture().join("callgauge.db")]);
    let bytes: u64 = sizes.map(|file| fs::metadata(file).expect("it is there").len()).sum();
    assert!(bytes < 300_000, "{bytes} bytes are too many to keep");
}

async fn settled(client: &mut Client) {
    while client.status().await.unsettled > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
