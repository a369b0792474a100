//! Backups while records stream in, and what is made of them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::made_up::{self, FRESH};
use crate::process::{Service, assert_sound, callgauge, run};
use crate::wire::{Client, until};

const SETTLE_ROWS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_busy_service_restores_what_was_acknowledged_before_it_began() {
    let folder = TempDir::new().expect("a folder");
    let [data, backup, restored] = ["data", "backup", "restored"].map(|name| folder.path().join(name));
    let service = Service::start(&data, SETTLE_ROWS);
    let mut client = Client::of(&service).await;
    let acked = Arc::new(AtomicU64::new(0));
    let sending = tokio::spawn(client.clone().stream(200, Arc::clone(&acked)));
    until("progress", || acked.load(Ordering::Acquire) >= 40).await;
    let before = acked.load(Ordering::Acquire);
    let (url, to) = (service.url(), backup.clone());
    let told =
        tokio::task::spawn_blocking(move || run(callgauge().arg("backup").arg(to).args(["--server", &url])));
    let told = told.await.expect("does not panic");
    assert!(told.status.success(), "{told:?}");
    let (verdicts, end) = sending.await.expect("the client does not panic");
    assert!(end.is_none() && verdicts.len() == 200, "the stream was not disturbed: {end:?}");
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(200));

    // A folder that holds something is no place for a backup.
    let again = run(callgauge().arg("backup").arg(&backup).args(["--server", &service.url()]));
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    service.stop();
    assert_sound(&data);

    let told = run(callgauge().arg("restore").arg(&backup).arg("--data").arg(&restored));
    assert!(told.status.success(), "{told:?}");
    assert_sound(&restored);
    let service = Service::start(&restored, SETTLE_ROWS);
    let mut client = Client::of(&service).await;
    let calls = client.status().await.calls as u64;
    assert!(calls.is_multiple_of(FRESH) && calls >= before * FRESH, "{calls} of {before} batches");
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(calls / FRESH));
    let expected = (0..calls).filter(|number| number % made_up::PRACTICES == 3).map(made_up::id);
    assert!(client.listed(&made_up::practice(3)).await == expected.collect::<Vec<_>>());
    let (verdicts, end) = client.clone().stream(200, Arc::default()).await;
    assert!(end.is_none() && verdicts.len() == 200, "what is missing can be sent again: {end:?}");
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(200));
    service.stop();
}

#[test]
fn a_backup_is_not_made_in_the_data_folder_nor_restored_into_one_that_holds_something_nor_of_nothing() {
    let folder = TempDir::new().expect("a folder");
    let [data, backup, full, new] = ["data", "backup", "full", "new"].map(|name| folder.path().join(name));
    let service = Service::start(&data, SETTLE_ROWS);
    let told = run(callgauge().arg("backup").arg(&backup).args(["--server", &service.url()]));
    assert!(told.status.success(), "{told:?}");
    for inside in [data.clone(), data.join("runs"), data.join("copies/of/it")] {
        let told = run(callgauge().arg("backup").arg(&inside).args(["--server", &service.url()]));
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.code() == Some(1) && said.contains("lies in the data folder"), "{told:?}");
    }
    assert!(!data.join("copies").exists());
    service.stop();
    fs::create_dir(&full).expect("a folder");
    fs::write(full.join("letters.txt"), "Dear all").expect("it can be written");
    for (from, to, expected) in [(&backup, &full, "holds something already"), (&full, &new, "is no backup")] {
        let told = run(callgauge().arg("restore").arg(from).arg("--data").arg(to));
        let said = String::from_utf8_lossy(&told.stderr);
        assert_eq!(told.status.code(), Some(1), "{told:?}");
        assert!(said.starts_with("callgauge: ") && said.lines().count() == 1, "{said}");
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(fs::read_dir(&full).expect("it is there").count(), 1, "nothing was added");
    assert!(!new.exists());
}
