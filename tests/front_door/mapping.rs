//! A mapping that grows while the service runs: calls that were nobody's go to whom it names, without a restart.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callgauge::ingest::host::{Mapping, MappingRule, Reread, Rereading};
use callgauge::proto::v1;
use callgauge::service::Settings;
use callgauge::store::memory::MemoryStore;
use tokio::sync::Notify;

use crate::door::{CSV, Door, NOW_SECS, february};
use crate::made_up::{MadeUp, queue};
use crate::sources::{Now, calls, counted, settings, source, sync};

const HOUR: i64 = 3_600;

/// A settings file that a test writes: its mapping of source acme, or its faults.
#[derive(Clone)]
struct Written(Arc<Mutex<Result<Vec<MappingRule>, Vec<String>>>>);

impl Written {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Ok(Vec::new()))))
    }

    fn write(&self, rules: &[MappingRule]) {
        *self.0.lock().expect("no test panicked with it") = Ok(rules.to_vec());
    }

    fn write_faults(&self, faults: &[&str]) {
        *self.0.lock().expect("no test panicked with it") =
            Err(faults.iter().map(ToString::to_string).collect());
    }

    fn rereading(&self) -> Rereading {
        let written = self.clone();
        let read = move || {
            let rules = written.0.lock().expect("no test panicked with it").clone()?;
            let mapping = Arc::new(Mapping::new(&rules).expect("a mapping"));
            let mappings = BTreeMap::from([("acme".parse().expect("an id"), mapping)]);
            Ok(Reread { mappings, of_record: None })
        };
        Rereading { read: Arc::new(read), asked: Arc::new(Notify::new()) }
    }
}

/// A service that reads acme with calls of Desk and Branch, of which only Desk is mapped; all is read once.
async fn begun(written: &Written) -> (Door, MadeUp, Rereading) {
    let desk = queue("Desk", "A81001", "", "");
    written.write(std::slice::from_ref(&desk));
    let made_up =
        MadeUp::with(&[("desk", NOW_SECS - 9 * HOUR, "Desk"), ("branch", NOW_SECS - 9 * HOUR, "Branch")]);
    let setup = made_up.source("acme", NOW_SECS - 72 * HOUR, &[desk]);
    let rereading = written.rereading();
    let settings = Settings { rereading: Some(rereading.clone()), ..settings(vec![setup], &Now::new()) };
    let door = Door::begin(settings, Arc::new(MemoryStore::new())).await;
    let import = v1::ImportOrganisationsRequest { csv: CSV.to_owned(), validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    let read = sync(&door, "acme").await;
    assert_eq!((counted(&read, v1::Verdict::Accepted), read.unmapped), (1, 1));
    (door, made_up, rereading)
}

async fn redrive(door: &Door, reason: v1::RejectReason) -> v1::RedriveRejectedRecordsResponse {
    let request = v1::RedriveRejectedRecordsRequest { source_id: String::new(), reason: reason.into() };
    door.sources().redrive_rejected_records(request).await.expect("is there").into_inner()
}

#[tokio::test]
async fn a_redrive_asks_the_mapping_as_the_file_has_it_now() {
    let written = Written::new();
    let (door, made_up, _) = begun(&written).await;
    written.write(&[queue("Desk", "A81001", "", ""), queue("Branch", "A81002", "", "")]);
    let done = redrive(&door, v1::RejectReason::Unspecified).await;
    assert_eq!((done.looked_at, done.taken, done.settings_faults.len()), (1, 1, 0));
    assert_eq!(calls(&door, "A81002").await, ["branch"]);
    assert_eq!(source(&door, "acme").await.unmapped_records, 0);

    made_up.add(&[("branch-2", NOW_SECS - HOUR / 2, "Branch")]);
    let read = sync(&door, "acme").await;
    assert_eq!((counted(&read, v1::Verdict::Accepted), read.unmapped), (1, 0), "readings take it up too");
    let answer = door.metrics().query_metrics(february(&["A81002"])).await.expect("is whole").into_inner();
    let completeness = answer.rows[0].completeness.clone().expect("is said");
    let zeros = completeness.states.iter().find(|days| days.state() == v1::PracticeDayState::TrueZero);
    assert_eq!(
        zeros.map(|days| days.days),
        Some(2),
        "days read before are delivered for it too: {completeness:?}"
    );
}

#[tokio::test]
async fn a_faulty_file_is_told_and_changes_nothing() {
    let written = Written::new();
    let (door, _, rereading) = begun(&written).await;
    written.write_faults(&["callgauge.toml: source 1 (acme): mapping 2: practice: must be a code"]);
    let done = redrive(&door, v1::RejectReason::Unmapped).await;
    assert_eq!((done.looked_at, done.taken), (1, 0));
    assert_eq!(
        done.settings_faults,
        ["callgauge.toml: source 1 (acme): mapping 2: practice: must be a code"]
    );
    rereading.asked.notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let read = sync(&door, "acme").await;
    assert!(read.done && calls(&door, "A81001").await == ["desk"], "Desk is mapped as it was");
    assert_eq!(source(&door, "acme").await.unmapped_records, 1);
}

#[tokio::test]
async fn whoever_asks_for_the_file_to_be_read_need_not_ask_for_the_rest() {
    let written = Written::new();
    let (door, _, rereading) = begun(&written).await;
    written.write(&[queue("Desk", "A81001", "", ""), queue("Branch", "A81003", "", "")]);
    rereading.asked.notify_one();
    while calls(&door, "A81003").await != ["branch"] {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(source(&door, "acme").await.unmapped_records, 0);
}
