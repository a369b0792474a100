//! Files that a supplier puts into a folder, through to the answer: counts and calls, put right, half-written, taken away; what is in no file is missing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use callgauge::ingest::host::{Mapping, MappingRule, SourceSetup};
use callgauge::ingest::vendors;
use callgauge::proto::v1::{self, Absence, Granularity, PracticeDayState, RejectReason, metric_value::Value};
use callgauge::service::Settings;
use callgauge::store::memory::MemoryStore;
use callgauge_adapter::Place;
use callgauge_schema::{Attribution, Moment};
use tempfile::TempDir;

use crate::door::{CSV, Door, NOW_SECS, answered, february};

const HEADER: &str = "Date,REGION_CODE,ICB_CODE,SUB_ICB_LOCATION_CODE,PCN_CODE,PRACTICE_CODE,Indicator,";

/// A folder, and a server that reads it.
struct Watched {
    folder: TempDir,
    door: Door,
    put: AtomicU64,
}

impl Watched {
    /// `settings` beside the folder; sites and whose they are.
    async fn begin(settings: &str, sites: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let table = format!("folder = '{}'\n{settings}", folder.path().display());
        let rule = |(site, practice): &(&str, &str)| MappingRule {
            place: Some(Place::site(site)),
            whose: Attribution::Practice(practice.parse().expect("is a code")),
            first: None,
            end: None,
        };
        let rules: Vec<_> = sites.iter().map(rule).collect();
        let setup = SourceSetup {
            id: "files".parse().expect("is an id"),
            vendor: vendors::named("delimited").expect("is built in").vendor,
            settings: callgauge_adapter::Settings::from(table.parse::<toml::Table>().expect("is TOML")),
            poll_interval: Duration::from_secs(300),
            lookback: None,
            start: None,
            mapping: Arc::new(Mapping::new(&rules).expect("is sound")),
        };
        let clock = Arc::new(|| Moment::from_millis(NOW_SECS * 1_000));
        let settings = Settings { clock, sources: vec![setup], scheduled: false, ..Settings::default() };
        let door = Door::begin(settings, Arc::new(MemoryStore::new())).await;
        let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
        door.organisations().import_organisations(import).await.expect("is whole");
        Self { folder, door, put: AtomicU64::new(0) }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, ten seconds after the one before by the server's clock.
    fn put(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::write(&path, text).expect("can be written");
        let nth = self.put.fetch_add(1, Ordering::Relaxed);
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_SECS as u64 - 3_600 + nth * 10);
        let file = std::fs::File::options().write(true).open(&path).expect("is there");
        file.set_modified(at).expect("can be set");
    }

    /// Reads what is new; the last message.
    async fn sync(&self) -> v1::SyncSourceResponse {
        let request = v1::SyncSourceRequest { source_id: "files".into(), start_time: None };
        let mut events = self.door.sources().sync_source(request).await.expect("is there").into_inner();
        let mut last = None;
        while let Some(event) = events.message().await.expect("goes on") {
            last = Some(event);
        }
        let last = last.expect("has an end");
        assert!(last.done, "{last:?}");
        last
    }

    async fn rows(&self, codes: &[&str], granularity: Granularity) -> Vec<v1::MetricRow> {
        let mut request = v1::QueryMetricsRequest { granularity: granularity.into(), ..february(codes) };
        let mut rows = Vec::new();
        loop {
            let answer =
                self.door.metrics().query_metrics(request.clone()).await.expect("answers").into_inner();
            rows.extend(answer.rows);
            if answer.next_page_token.is_empty() {
                return rows;
            }
            request.page_token = answer.next_page_token;
        }
    }

    /// The day of February of A81001.
    async fn day(&self, day: usize) -> v1::MetricRow {
        self.rows(&["A81001"], Granularity::Day).await.remove(day - 1)
    }

    /// Reason, id and message of each reject.
    async fn rejects(&self) -> Vec<(RejectReason, String, String)> {
        let request = v1::ListRejectedRecordsRequest { source_id: "files".into(), ..Default::default() };
        let told = self.door.sources().list_rejected_records(request).await.expect("is whole").into_inner();
        let told = told.rejected_records.into_iter();
        told.map(|reject| (reject.reason(), reject.call_id, reject.message)).collect()
    }
}

fn value(row: &v1::MetricRow, metric: &str) -> Result<i64, Absence> {
    let found = row.values.iter().find(|value| value.metric == metric).expect("was asked for");
    match found.value.clone().expect("is there") {
        Value::Count(count) => Ok(count.count),
        Value::Distribution(durations) => Ok(durations.known),
        Value::Absence(why) => Err(Absence::try_from(why).expect("is one")),
        Value::Ratio(_) => panic!("{metric} is a share"),
    }
}

fn states(row: &v1::MetricRow) -> Vec<(PracticeDayState, i64)> {
    let completeness = row.completeness.clone().expect("is said");
    completeness.states.iter().map(|state| (state.state(), state.days)).collect()
}

/// Rows of A81001 on the 2nd.
fn published(column: &str, rows: &[(&str, &str, u64)]) -> String {
    let mut text = format!("{HEADER}{column},Value\n");
    for (indicator, band, value) in rows {
        text.push_str(&format!("2026-02-02,Y60,QHG,06K,U12345,A81001,{indicator},{band},{value}\n"));
    }
    text
}

const BANDS: [(&str, &str, u64); 6] = [
    ("CBT001", "08:00-09:59", 20),
    ("CBT001", "18:30-23:59", 3),
    ("CBT002", "08:00-09:59", 3),
    ("CBT003", "08:00-09:59", 12),
    ("CBT004", "08:00-09:59", 5),
    ("CBT002", "18:30-23:59", 3),
];
const DURATIONS: [(&str, &str, u64); 6] = [
    ("CBT001", "TOTAL", 23),
    ("CBT002", "TOTAL", 6),
    ("CBT003", "0", 4),
    ("CBT003", "1_60", 6),
    ("CBT003", ">300", 2),
    ("CBT004", "61_120", 5),
];

#[tokio::test]
async fn published_files_become_numbers_and_what_they_cannot_carry_is_not_available() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    world.put("By Day and Time.csv", &published("Time_Category", &BANDS));
    assert_eq!(world.sync().await.tallies, 1);
    let monday = world.day(2).await;
    assert_eq!(value(&monday, "call_volumes"), Ok(23));
    assert_eq!((value(&monday, "calls_abandoned"), value(&monday, "missed_call_volumes")), (Ok(6), Ok(5)));
    assert_eq!(value(&monday, "call_times_to_answer"), Err(Absence::NotAvailable), "no durations yet");
    assert_eq!(value(&monday, "call_backs_made"), Err(Absence::NotAvailable), "not counted is not 0");

    world.put("By Durations.csv", &published("Duration", &DURATIONS));
    assert_eq!(world.sync().await.tallies, 2, "the one before comes again, and says the same");
    let monday = world.day(2).await;
    assert_eq!(value(&monday, "call_volumes"), Ok(23), "one shape counts, not their sum");
    assert_eq!(value(&monday, "call_times_to_answer"), Ok(12));
    assert_eq!(value(&monday, "average_call_length"), Err(Absence::NotAvailable));
    let bands = world.rows(&["A81001"], Granularity::NhsBand).await;
    assert_eq!(value(&bands[9 + 2], "call_volumes"), Ok(20));
    assert_eq!(value(&bands[9 + 8], "call_volumes"), Ok(3));
    let hours = world.rows(&["A81001"], Granularity::Hour).await;
    assert_eq!(value(&hours[24 + 8], "call_volumes"), Err(Absence::NotAvailable), "finer than the file");
    assert_eq!(world.rejects().await, []);
}

#[tokio::test]
async fn days_of_durations_alone_and_days_without_bands_count_too() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    world.put("durations.csv", &published("Duration", &DURATIONS));
    world.sync().await;
    let monday = world.day(2).await;
    assert_eq!((value(&monday, "call_volumes"), value(&monday, "call_times_to_answer")), (Ok(23), Ok(12)));
    world.put(
        "days.csv",
        "Date,PRACTICE_CODE,Indicator,Value\n2026-02-03,A81001,CBT001,7\n2026-02-03,A81001,CBT006,2\n",
    );
    world.sync().await;
    let tuesday = world.day(3).await;
    assert_eq!((value(&tuesday, "call_volumes"), value(&tuesday, "call_backs_made")), (Ok(7), Ok(2)));
    assert_eq!(value(&tuesday, "missed_call_volumes"), Err(Absence::NotAvailable));
}

#[tokio::test]
async fn days_in_a_file_are_delivered_and_days_in_none_are_missing() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    let zero = "2026-02-03,,,,,A81001,CBT001,TOTAL,0\n";
    world.put("month.csv", &(published("Duration", &DURATIONS) + zero));
    world.sync().await;
    assert_eq!(states(&world.day(2).await), [(PracticeDayState::Complete, 1)]);
    let (stated, missing) = (world.day(3).await, world.day(4).await);
    assert_eq!(states(&stated), [(PracticeDayState::TrueZero, 1)], "the file says that there were none");
    assert_eq!(states(&missing), [(PracticeDayState::Unknown, 1)], "no file says anything");
    assert_eq!(value(&missing, "call_volumes"), Err(Absence::NoCalls));
}

#[tokio::test]
async fn a_file_of_calls_says_nothing_of_days_that_are_not_in_it() {
    let settings = "[map]\ncall_id = \"id\"\nstarted_at = \"start\"\noutcome = \"result\"\nsite = \"site\"\nwait = \"wait\"\n[outcomes]\nAnswered = \"answered\"\nMissed = \"missed\"\n";
    let world = Watched::begin(settings, &[("North", "A81001")]).await;
    world.put(
        "calls.csv",
        "id,start,result,wait,site\nc-1,2026-02-02 08:00:00,Answered,5,North\nc-2,2026-02-02 09:00:00,Missed,9,North\nc-3,2026-02-02 09:00:00,Missed,9,East\n",
    );
    let read = world.sync().await;
    assert_eq!(read.unmapped, 1);
    let from = read.window_start_time.map(|at| at.seconds);
    assert_eq!(from, Some(0), "the first reading takes whatever is there");
    let (monday, tuesday) = (world.day(2).await, world.day(3).await);
    assert_eq!((monday.calls, value(&monday, "call_times_to_answer")), (2, Ok(1)));
    assert_eq!(
        value(&monday, "average_call_length"),
        Err(Absence::NotAvailable),
        "no column tells talk times"
    );
    assert_eq!(states(&monday), [(PracticeDayState::CallsReceived, 1)]);
    assert_eq!(states(&tuesday), [(PracticeDayState::Unknown, 1)], "a file may still come: no true zero");
    let again = world.sync().await;
    let told: Vec<_> = again.counts.iter().map(|count| (count.verdict(), count.count)).collect();
    assert!(told.contains(&(v1::Verdict::Duplicate, 2)), "{told:?}");
}

#[tokio::test]
async fn calls_and_counts_of_one_day_are_never_added_up() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    world.door.submit(vec![answered("c-1", 0)]).await;
    world.put("month.csv", &published("Duration", &DURATIONS));
    world.sync().await;
    let monday = world.day(2).await;
    assert_eq!(monday.calls, 1, "calls count, and not 24");
    assert_eq!(monday.completeness.expect("is said").tallied_calls_kept_apart, 23);
}

#[tokio::test]
async fn a_file_counts_when_it_is_whole_as_it_was_last_put_right_and_after_it_is_gone() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    let text = published("Duration", &DURATIONS);
    world.put("month.csv", &text[..text.len() - 4]);
    assert_eq!(world.sync().await.tallies, 0, "half a line: still being written");
    world.put("month.csv", &text);
    world.sync().await;
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(23));
    world.put("month.csv", &text.replace("TOTAL,23", "TOTAL,30"));
    world.sync().await;
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(30));
    world.put("correction.csv", &text.replace("TOTAL,23", "TOTAL,31"));
    world.sync().await;
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(31), "written last, though first by name");
    std::fs::remove_file(world.path().join("correction.csv")).expect("was there");
    std::fs::rename(world.path().join("month.csv"), world.path().join("done.old")).expect("was there");
    world.sync().await;
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(31), "what was read stays");
}

#[tokio::test]
async fn counts_of_accounts_and_sites_go_to_whom_they_belong() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    let shared = "2026-02-02,Y60,QHG,06K,Unmapped,Unassigned,CBT001,TOTAL,7\n";
    world.put("month.csv", &(published("Duration", &DURATIONS) + shared));
    world.sync().await;
    let rows = world.rows(&["ENGLAND", "QHG", "06K", "U12345"], Granularity::Total).await;
    let calls: Vec<i64> = rows.iter().map(|row| row.calls).collect();
    assert_eq!(calls, [30, 30, 30, 23], "the account counts where all its practices are");

    let mapped = "holds = \"tallies\"\ndelimiter = \";\"\n[map]\nsite = \"Site\"\ndate = \"Day\"\nindicator = \"What\"\ncount = \"Calls\"\n";
    let world = Watched::begin(mapped, &[("North", "A81001"), ("South", "A81001")]).await;
    world.put(
        "sites.csv",
        "Site;Day;What;Calls\nNorth;02/02/2026;inbound;3\nSouth;02/02/2026;inbound;4\nEast;02/02/2026;inbound;5\n",
    );
    world.sync().await;
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(7), "both sites are the practice's");
    let told = world.rejects().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].2.contains("site:East on 2026-02-02"), "{told:?}");
}

#[tokio::test]
async fn what_is_refused_is_told_by_file_and_line() {
    let world = Watched::begin("holds = \"tallies\"", &[]).await;
    let wrong = "2026-02-02,Y60,QHG,06K,U12345,A81001,CBT009,TOTAL,7\n2026-02-02,Y60\n";
    world.put("month.csv", &(published("Duration", &DURATIONS) + wrong));
    world.put("other.csv", "Date;PRACTICE_CODE;Indicator;Value\n");
    world.sync().await;
    let mut told: Vec<_> =
        world.rejects().await.into_iter().map(|(_, id, why)| format!("{id} {why}")).collect();
    told.sort();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("month.csv:8 is no indicator"), "{told:?}");
    assert!(told[1].starts_with("month.csv:9 has 2 columns, and 9 are named"), "{told:?}");
    assert!(told[2].starts_with("other.csv") && told[2].contains("delimiter = \";\""), "{told:?}");
    assert_eq!(value(&world.day(2).await, "call_volumes"), Ok(23), "the other lines are taken");
}
