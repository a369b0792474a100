//! SourceService: sources are read whole and once through stops at any point, each on its own, and calls go to whom the mapping names.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use callgauge::ingest::host::SourceSetup;
use callgauge::proto::v1;
use callgauge::service::Settings;
use callgauge::store::memory::MemoryStore;
use callgauge::store::{SourceOfRecord, Store};
use callgauge_adapter::Fault;
use callgauge_schema::Moment;

use crate::door::{CSV, Door, NOW_SECS, reason};
use crate::made_up::{MadeUp, Mishap, queue};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Time that a test moves.
#[derive(Clone)]
struct Now(Arc<AtomicI64>);

impl Now {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW_SECS)))
    }

    fn set(&self, secs: i64) {
        self.0.store(secs, Ordering::SeqCst);
    }
}

fn settings(sources: Vec<SourceSetup>, now: &Now) -> Settings {
    let now = now.clone();
    let clock = Arc::new(move || Moment::from_millis(now.0.load(Ordering::SeqCst) * 1_000));
    Settings { clock, sources, scheduled: false, ..Settings::default() }
}

async fn open(store: &Arc<MemoryStore>, sources: Vec<SourceSetup>, now: &Now) -> Door {
    let door = Door::begin(settings(sources, now), Arc::clone(store) as Arc<dyn Store>).await;
    let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    door
}

/// Reads a source to the end; the last message.
async fn sync(door: &Door, source: &str) -> v1::SyncSourceResponse {
    let request = v1::SyncSourceRequest { source_id: source.into(), start_time: None };
    let mut events = door.sources().sync_source(request).await.expect("is there").into_inner();
    let mut last = None;
    while let Some(event) = events.message().await.expect("goes on") {
        last = Some(event);
    }
    last.expect("has an end")
}

fn counted(event: &v1::SyncSourceResponse, verdict: v1::Verdict) -> i64 {
    event.counts.iter().filter(|count| count.verdict() == verdict).map(|count| count.count).sum()
}

async fn source(door: &Door, id: &str) -> v1::Source {
    let request = v1::GetSourceRequest { source_id: id.into() };
    door.sources().get_source(request).await.expect("is there").into_inner().source.expect("is given")
}

/// Ids of all calls of a practice, in order of time.
async fn calls(door: &Door, practice: &str) -> Vec<String> {
    let request = v1::ListCallRecordsRequest {
        organisation_code: practice.into(),
        start_date: "2026-01-01".into(),
        end_date: "2026-04-01".into(),
        ..Default::default()
    };
    let told = door.calls().list_call_records(request).await.expect("is whole").into_inner();
    told.records.into_iter().map(|record| record.record.expect("is given").call_id).collect()
}

#[tokio::test]
async fn a_source_is_read_to_the_moment_and_again_without_doubling_anything() {
    let start = NOW_SECS - 3 * DAY;
    let log: Vec<(String, i64)> = (0..30).map(|n| (format!("c-{n:02}"), start + n * 2 * HOUR)).collect();
    let log: Vec<(&str, i64, &'static str)> = log.iter().map(|(id, at)| (id.as_str(), *at, "Desk")).collect();
    let made_up = MadeUp::with(&log);
    made_up.0.lock().unwrap().bad_rows = 1;
    let now = Now::new();
    let setup = made_up.source("acme", start, &[queue("Desk", "A81001", "", "")]);
    let door = open(&Arc::new(MemoryStore::new()), vec![setup], &now).await;

    let read = sync(&door, "acme").await;
    assert!(read.done, "{read:?}");
    assert_eq!(counted(&read, v1::Verdict::Accepted), 30);
    assert_eq!(calls(&door, "A81001").await.len(), 30);
    let told = source(&door, "acme").await;
    assert_eq!(told.problem, "");
    assert_eq!(told.lag.map(|lag| lag.seconds), Some(0));
    assert_eq!(
        told.settled_until_time.map(|at| at.seconds),
        Some(NOW_SECS - 6 * HOUR),
        "less what comes late"
    );
    assert_eq!((told.rejected_records, told.unmapped_records), (1, 0), "the bad row is kept once");
    assert_eq!(told.unknown_words[0].word, "vanished");

    made_up.add(&[("late", NOW_SECS - 5 * HOUR, "Desk")]);
    now.set(NOW_SECS + HOUR);
    let again = sync(&door, "acme").await;
    assert_eq!(counted(&again, v1::Verdict::Accepted), 1, "the late one: {again:?}");
    assert_eq!(calls(&door, "A81001").await.len(), 31);
}

#[tokio::test]
async fn a_stop_at_any_page_loses_and_doubles_nothing() {
    let start = NOW_SECS - 2 * DAY;
    let log: Vec<(String, i64)> = (0..12).map(|n| (format!("c-{n:02}"), start + n * 3 * HOUR)).collect();
    let log: Vec<(&str, i64, &'static str)> = log.iter().map(|(id, at)| (id.as_str(), *at, "Desk")).collect();
    let rules = [queue("Desk", "A81001", "", "")];
    for stop_at in 0..6 {
        let made_up = MadeUp::with(&log);
        let (store, now) = (Arc::new(MemoryStore::new()), Now::new());
        // The page at which it hangs was asked for, and everything before is committed.
        made_up.then((0..stop_at).map(|_| None).chain([Some(Mishap::Hangs)]));
        let door = open(&store, vec![made_up.source("acme", start, &rules)], &now).await;
        let request = v1::SyncSourceRequest { source_id: "acme".into(), start_time: None };
        let events = door.sources().sync_source(request).await.expect("is there");
        while made_up.0.lock().unwrap().pages <= stop_at {
            tokio::task::yield_now().await;
        }
        drop(events);
        door.kill().await;
        let door = open(&store, vec![made_up.source("acme", start, &rules)], &now).await;
        let read = sync(&door, "acme").await;
        assert!(read.done, "{stop_at}: {read:?}");
        assert_eq!(calls(&door, "A81001").await.len(), 12, "{stop_at}");
        let all = made_up.0.lock().unwrap().pages;
        assert!(all <= 9, "{stop_at}: it goes on where it stopped, and asks for {all} pages");
    }
}

#[tokio::test]
async fn a_source_that_fails_holds_up_no_other_and_says_what_to_change() {
    let start = NOW_SECS - DAY;
    let (wrong, well, panics) = (MadeUp::default(), MadeUp::with(&[("a", start, "Desk")]), MadeUp::default());
    wrong.then([Some(Mishap::Fails(Fault::Credentials))]);
    panics.then([Some(Mishap::Panics)]);
    let rules = [queue("Desk", "A81001", "", "")];
    let sources = vec![
        wrong.source("wrong", start, &rules),
        well.source("well", start, &rules),
        panics.source("panics", start, &rules),
    ];
    let door = open(&Arc::new(MemoryStore::new()), sources, &Now::new()).await;
    let failed = sync(&door, "wrong").await;
    assert_eq!((failed.done, failed.problem.as_str()), (false, "the key has ended; make a new one"));
    assert!(sync(&door, "panics").await.problem.contains("fault of the adapter"));
    assert!(sync(&door, "well").await.done);
    let told =
        door.sources().list_sources(v1::ListSourcesRequest {}).await.expect("is whole").into_inner().sources;
    let status: Vec<_> = told.iter().map(|source| (source.source_id.as_str(), source.status())).collect();
    assert_eq!(
        status,
        [
            ("panics", v1::SourceStatus::Retrying),
            ("well", v1::SourceStatus::Waiting),
            ("wrong", v1::SourceStatus::Failed)
        ]
    );
    assert!(sync(&door, "panics").await.done, "the next reading is a new one");
    assert!(sync(&door, "wrong").await.done, "once the operator has changed it");
    assert_eq!(source(&door, "wrong").await.problem, "");
}

#[tokio::test]
async fn calls_of_nobody_wait_for_the_mapping_and_go_to_whom_it_names_on_their_day() {
    let start = NOW_SECS - 4 * DAY;
    let made_up = MadeUp::with(&[
        ("known", start + HOUR, "Desk"),
        ("before", start + HOUR, "Branch"),
        ("after", NOW_SECS - DAY + HOUR, "Branch"),
        ("elsewhere", start + HOUR, "Lobby"),
    ]);
    let (store, now) = (Arc::new(MemoryStore::new()), Now::new());
    let few = [queue("Desk", "A81001", "", "")];
    let door = open(&store, vec![made_up.source("acme", start, &few)], &now).await;
    let read = sync(&door, "acme").await;
    assert_eq!((counted(&read, v1::Verdict::Accepted), read.unmapped), (1, 3));
    assert_eq!(source(&door, "acme").await.unmapped_records, 3);
    let request = v1::ListRejectedRecordsRequest {
        source_id: "acme".into(),
        reason: v1::RejectReason::Unmapped.into(),
        page_size: 2,
        page_token: String::new(),
    };
    let page = door.sources().list_rejected_records(request.clone()).await.expect("is whole").into_inner();
    assert_eq!(page.rejected_records.len(), 2);
    assert_eq!(page.rejected_records[0].places, ["queue:Branch"]);
    let more = v1::ListRejectedRecordsRequest { page_token: page.next_page_token, ..request };
    let rest = door.sources().list_rejected_records(more.clone()).await.expect("is whole").into_inner();
    assert_eq!((rest.rejected_records.len(), rest.next_page_token.as_str()), (1, ""));
    let other = v1::ListRejectedRecordsRequest { source_id: String::new(), ..more };
    let refused = door.sources().list_rejected_records(other).await.expect_err("is of another query");
    assert_eq!(reason(&refused).0, "PAGE_TOKEN_MISMATCH");
    door.kill().await;

    // 2026-03-01 is the day on which Branch moves from one practice to the other.
    let more = [
        queue("Desk", "A81001", "", ""),
        queue("Branch", "A81002", "", "2026-03-01"),
        queue("Branch", "A81003", "2026-03-01", ""),
    ];
    let door = open(&store, vec![made_up.source("acme", start, &more)], &now).await;
    let request = v1::RedriveRejectedRecordsRequest { source_id: "acme".into(), reason: 0 };
    door.sources().redrive_rejected_records(request).await.expect("is there");
    assert_eq!(calls(&door, "A81002").await, ["before"]);
    assert_eq!(calls(&door, "A81003").await, ["after"]);
    assert_eq!(source(&door, "acme").await.unmapped_records, 1, "Lobby is still nobody's");
}

#[tokio::test]
async fn checking_shows_what_would_come_and_stores_nothing() {
    let made_up = MadeUp::with(&[("a", NOW_SECS - HOUR, "Desk"), ("b", NOW_SECS - HOUR, "Lobby")]);
    let setup = made_up.source("acme", NOW_SECS - DAY, &[queue("Desk", "A81001", "", "")]);
    let door = open(&Arc::new(MemoryStore::new()), vec![setup], &Now::new()).await;
    let request = v1::CheckSourceRequest { source_id: "acme".into() };
    let told = door.sources().check_source(request.clone()).await.expect("is there").into_inner();
    assert_eq!((told.works.as_slice(), told.problem.as_str()), (&["signed in".to_owned()][..], ""));
    let whose = |at: usize| told.sample[at].record.as_ref().and_then(|record| record.attribution.clone());
    assert_eq!(whose(0), Some(v1::call_record::Attribution::PracticeCode("A81001".into())));
    assert_eq!(whose(1), None);
    assert!(calls(&door, "A81001").await.is_empty());
    made_up.then([Some(Mishap::Fails(Fault::Permission))]);
    let told = door.sources().check_source(request).await.expect("is an answer").into_inner();
    assert_eq!(told.problem_kind, "permission");
    let unknown = v1::CheckSourceRequest { source_id: "other".into() };
    let refused = door.sources().check_source(unknown).await.expect_err("is not there");
    assert_eq!(reason(&refused).0, "UNKNOWN_SOURCE");
}

#[tokio::test]
async fn draining_stops_between_pages_and_does_not_wait_for_a_vendor() {
    let made_up = MadeUp::default();
    made_up.then([Some(Mishap::Hangs)]);
    let setup = made_up.source("acme", NOW_SECS - DAY, &[]);
    let mut door = open(&Arc::new(MemoryStore::new()), vec![setup], &Now::new()).await;
    let request = v1::SyncSourceRequest { source_id: "acme".into(), start_time: None };
    let mut events = door.sources().sync_source(request).await.expect("is there").into_inner();
    while made_up.0.lock().unwrap().pages == 0 {
        tokio::task::yield_now().await;
    }
    door.stop();
    let last = events.message().await.expect("goes on").expect("has an end");
    assert!(last.problem.contains("stopping"), "{last:?}");
    drop(events);
    door.stopped().await.expect("in good order");
}

#[tokio::test]
async fn a_schedule_reads_by_itself() {
    let made_up = MadeUp::with(&[("a", NOW_SECS - HOUR, "Desk")]);
    let setup = made_up.source("acme", NOW_SECS - DAY, &[queue("Desk", "A81001", "", "")]);
    let scheduled = Settings { scheduled: true, ..settings(vec![setup], &Now::new()) };
    let door = Door::begin(scheduled, Arc::new(MemoryStore::new())).await;
    let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    while calls(&door, "A81001").await != ["a"] || source(&door, "acme").await.last_success_time.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    while source(&door, "acme").await.next_read_time.map(|at| at.seconds) != Some(NOW_SECS + HOUR) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// A practice changes its supplier on 15 February; both have calls of the week before and after.
#[tokio::test]
async fn a_change_of_supplier_in_mid_month_counts_each_call_once() {
    let start = NOW_SECS - 28 * DAY;
    let on = |day: i64| start + (day - 2) * DAY + 9 * HOUR;
    let ids: Vec<String> = (0..=28).map(|day| format!("call-{day}")).collect();
    let log = |days: std::ops::RangeInclusive<i64>| -> Vec<(&str, i64, &'static str)> {
        days.map(|day| (ids[day as usize].as_str(), on(day), "Desk")).collect()
    };
    // The old one until the 18th, the new one from the 11th on: the days from the 11th to the 18th are in both.
    let (old, new) = (MadeUp::with(&log(2..=18)), MadeUp::with(&log(11..=28)));
    let rules = [queue("Desk", "A81001", "", "")];
    let sources = vec![old.source("old", start, &rules), new.source("new", start, &rules)];
    let of_record = |source: &str, first: &str, end: &str| SourceOfRecord {
        whose: "A81001".parse().unwrap(),
        source: source.parse().unwrap(),
        first: (!first.is_empty()).then(|| first.parse().unwrap()),
        end: (!end.is_empty()).then(|| end.parse().unwrap()),
    };
    let list = vec![of_record("old", "", "2026-02-15"), of_record("new", "2026-02-15", "")];
    let settings = Settings { sources_of_record: Some(list), ..settings(sources, &Now::new()) };
    let door = Door::begin(settings, Arc::new(MemoryStore::new())).await;
    let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    assert!(sync(&door, "old").await.done && sync(&door, "new").await.done);
    let answer = door.metrics().query_metrics(crate::door::february(&["A81001"])).await.expect("is whole");
    let row = &answer.into_inner().rows[0];
    let volumes = row.values.iter().find(|value| value.metric == "call_volumes").expect("is asked for");
    let Some(v1::metric_value::Value::Count(count)) = &volumes.value else {
        panic!("is a count: {volumes:?}")
    };
    assert_eq!(count.count, 27, "a call a day from the 2nd to the 28th, those of both counted once");
}
