//! The stored folders in tests/fixtures, one of each format: this release and every later one has to open them and find in them what was put there.
//!
//! `CALLGAUGE_REWRITE_FIXTURE=1` makes that of the present format anew, which is for a new format in a folder of its own, never for an old one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use callgauge::calendar::{Day, Days, Slots};
use callgauge::metrics::{CountShape, Indicator, StatedCount, StatedCounts};
use callgauge::proto::v1::{Account, CallRecord, call_record};
use callgauge::store::sqlite::{Limits, SqliteStore};
use callgauge::store::{
    DayTally, Delivered, Group, RejectsAsk, Snapshot, SourceOfRecord, SourceProgress, Store, Submission,
    TallyAsk, Whose,
};
use callgauge_schema::{Attribution, CallId, RejectReason, SourceId};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::folders::{copy, run_files};
use crate::made_up::{call, corrected, id, practice};
use crate::process::{Service, assert_sound};
use crate::wire::{Client, SOURCE};

/// Monday, 2 February 2026, in days since 1970.
const MONDAY: i32 = 20_486;

/// The format that this release writes.
const PRESENT: i64 = 2;

#[tokio::test]
async fn a_folder_of_format_1_opens_holds_what_was_put_into_it_and_takes_what_came_later() {
    let folder = TempDir::new().expect("a folder");
    copy(&fixture(1), folder.path());
    assert_sound(folder.path());
    assert_eq!(format(folder.path()), 1, "checking a folder does not change it");
    let store = SqliteStore::open(folder.path(), Limits::default()).expect("it opens");
    holds_the_calls(&store).await;
    assert!(store.snapshot().await.expect("it answers").statements().rule_nothing());
    put_statements(&store).await;
    store.close().await.expect("it closes");
    assert_eq!(format(folder.path()), PRESENT);
    let store = SqliteStore::open(folder.path(), Limits::default()).expect("it opens again");
    holds_the_calls(&store).await;
    holds_the_statements(&store).await;
    store.close().await.expect("it closes");
    assert_sound(folder.path());
}

#[tokio::test]
async fn a_folder_of_format_2_opens_and_holds_what_was_put_into_it() {
    if std::env::var_os("CALLGAUGE_REWRITE_FIXTURE").is_some() {
        rewrite().await;
    }
    let folder = TempDir::new().expect("a folder");
    copy(&fixture(2), folder.path());
    let store = SqliteStore::open(folder.path(), Limits::default()).expect("it opens");
    holds_the_calls(&store).await;
    holds_the_statements(&store).await;
    let backup = folder.path().join("backup");
    store.backup(&backup).await.expect("it is written");
    store.close().await.expect("it closes");
    assert_sound(folder.path());
    let restored = folder.path().join("restored");
    callgauge::store::sqlite::restore(&backup, &restored).expect("it is put back");
    let store = SqliteStore::open(&restored, Limits::default()).expect("it opens");
    holds_the_statements(&store).await;
}

#[tokio::test]
async fn a_tally_that_cannot_be_read_is_found_by_verify() {
    let folder = TempDir::new().expect("a folder");
    copy(&fixture(2), folder.path());
    let db = Connection::open(folder.path().join("callgauge.db")).expect("it opens");
    db.execute("UPDATE tallies SET data = x'0901'", []).expect("it can be written");
    db.close().expect("it closes");
    let report = callgauge::store::sqlite::verify(folder.path()).expect("it opens");
    assert!(report.faults.iter().any(|fault| fault.contains("tally")), "{:?}", report.faults);
}

fn format(folder: &Path) -> i64 {
    let db = Connection::open(folder.join("callgauge.db")).expect("it opens");
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("it has one")
}

fn source(name: &str) -> SourceId {
    name.parse().expect("a source")
}

/// How far a source was read, what it delivered, counts of one day twice, a source of record.
async fn put_statements(store: &SqliteStore) {
    let whose: Whose = practice(3).parse().expect("a code");
    let Whose::Practice(code) = whose.clone() else { panic!("it is a practice") };
    let midnight = |day: i32| callgauge::calendar::start_of(Day::from_number(MONDAY + day));
    for calls in [7, 8] {
        let count = StatedCount { indicator: Indicator::Inbound, part: 0, calls };
        let counts = StatedCounts::new(CountShape::Day, &[], vec![count]).expect("is whole");
        let day = Day::from_number(MONDAY + 6);
        let submission = Submission {
            progress: SourceProgress::try_from(b"page 9".to_vec()).ok(),
            delivered: vec![Delivered { whose: whose.clone(), from: midnight(0), until: midnight(7) }],
            tallies: vec![DayTally { whose: Attribution::Practice(code), day, counts }],
            ..Submission::new(source("files"), vec![])
        };
        store.commit(submission).await.expect("it is taken");
    }
    let of_record = SourceOfRecord {
        whose,
        source: source(SOURCE),
        first: None,
        end: Some(Day::from_number(MONDAY + 5)),
    };
    store.put_sources_of_record(vec![of_record]).await.expect("it is taken");
}

async fn holds_the_statements(store: &SqliteStore) {
    let states = store.source_states().await.expect("it answers");
    let states: Vec<_> =
        states.iter().map(|state| (state.source.as_str(), state.progress.as_bytes())).collect();
    assert_eq!(states, [("files", &b"page 9"[..])]);
    let snapshot = store.snapshot().await.expect("it answers");
    let statements = snapshot.statements();
    let whose: Whose = practice(3).parse().expect("a code");
    assert_eq!(statements.delivered(&whose).len(), 1);
    let of_record = statements.of_record().list();
    assert_eq!((of_record.len(), of_record[0].source.as_str()), (1, SOURCE));
    let key = statements.tallied_by().next().expect("there are counts");
    let days = Days::new(Day::from_number(MONDAY), Day::from_number(MONDAY + 14));
    let tallies = snapshot.day_tallies(key, days).expect("it answers");
    let inbound: Vec<i64> = tallies.iter().map(|tally| tally.counts.total(Indicator::Inbound)).collect();
    assert_eq!(inbound, [8]);
}

async fn holds_the_calls(store: &SqliteStore) {
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

fn fixture(format: i64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("format-{format}"))
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
            Some(call_record::Attribution::Account(account.clone()))
        } else {
            call(number).attribution
        },
        line: "reception".to_owned(),
        ..call(number)
    });
    client.submit(late.collect()).await.expect("it is taken");
    let secs = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let negative = CallRecord { wait: secs(-1), ..call(900) };
    let unknown = Some(call_record::Attribution::PracticeCode("X99999".to_owned()));
    let unknown = CallRecord { attribution: unknown, ..call(901) };
    let undirected = CallRecord { direction: 0, ..call(902) };
    client.submit(vec![negative.clone(), unknown, undirected, negative]).await.expect("it is taken");
    service.stop();
    let store = SqliteStore::open(folder.path(), Limits::default()).expect("it opens");
    put_statements(&store).await;
    store.close().await.expect("it closes");

    let db = Connection::open(folder.path().join("callgauge.db")).expect("it opens");
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").expect("it can be written");
    db.close().expect("it closes");
    let _ = fs::remove_dir_all(fixture(PRESENT));
    copy(folder.path(), &fixture(PRESENT));
    let sizes = run_files(&fixture(PRESENT)).into_iter().chain([fixture(PRESENT).join("callgauge.db")]);
    let bytes: u64 = sizes.map(|file| fs::metadata(file).expect("it is there").len()).sum();
    assert!(bytes < 450_000, "{bytes} bytes are too many to keep");
}

async fn settled(client: &mut Client) {
    while client.status().await.unsettled > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
