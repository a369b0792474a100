//! A disk without room, and room again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt as _;

use crate::made_up::{self, FRESH};
use crate::process::{Service, assert_sound, serve, serve_words};
use crate::wire::Client;

const SETTLE_ROWS: usize = 20_000;
/// The largest file at first, in bytes.
const LARGEST_FILE: u64 = 4_000_000;

/// A small file system in memory, gone when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Where this process may mount.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let told = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(at).output();
        told.is_ok_and(|told| told.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_may_not_grow_stop_commits_until_they_may() {
    let folder = TempDir::new().expect("a folder");
    // Without the signal that would end it, writing beyond the limit fails as it does on a full disk.
    let mut limited = Command::new("sh");
    let limit = format!("trap '' XFSZ; exec prlimit --fsize={LARGEST_FILE}: \"$0\" \"$@\"");
    limited.args(["-c", &limit, env!("CARGO_BIN_EXE_callgauge")]).args(serve_words(folder.path()));
    limited.env("CALLGAUGE_SETTLE_ROWS", SETTLE_ROWS.to_string());
    let service = Service::of(limited);
    let id = service.id().to_string();
    let raise = move || {
        let told = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited:"]).status();
        assert!(told.expect("prlimit is there").success());
    };
    fills_up(service, folder.path(), raise).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_commits_until_there_is_room() {
    let folder = TempDir::new().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("disk")) else {
        eprintln!("left out: this process may not mount a small disk");
        return;
    };
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 58 << 20]).expect("there is room for it");
    let data = disk.0.join("data");
    let service = Service::of(serve(&data, SETTLE_ROWS));
    fills_up(service, &data, || std::fs::remove_file(&filler).expect("it is there")).await;
}

/// Sends until it is refused, makes room, and goes on.
async fn fills_up(service: Service, data: &Path, make_room: impl FnOnce()) {
    let mut client = Client::of(&service).await;
    let mut watch = client.health.clone();
    let mut health = watch.watch(HealthCheckRequest::default()).await.expect("is told").into_inner();
    assert_eq!(health.message().await.expect("is told").expect("first").status(), ServingStatus::Serving);
    let mut taken = 0;
    let refusal = loop {
        match client.submit(made_up::batch(taken + 1)).await {
            Ok(_) => taken += 1,
            Err(refusal) => break refusal,
        }
        assert!(taken < 2_000, "there is no end of room");
    };
    assert_eq!(refusal.code(), Code::Unavailable, "{refusal:?}");
    let reason = refusal.get_details_error_info().expect("says why").reason;
    assert!(reason.ends_with("STORE_UNAVAILABLE"), "{reason}");
    let told = health.message().await.expect("is told").expect("flips").status();
    assert_eq!(told, ServingStatus::NotServing);
    assert!(taken > 0);
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(taken), "it answers as before");

    make_room();
    client.await_health(ServingStatus::Serving).await;
    let patience = Instant::now() + Duration::from_secs(20);
    let more = taken + 20;
    while taken < more {
        match client.submit(made_up::batch(taken + 1)).await {
            Ok(_) => taken += 1,
            Err(refusal) => assert!(Instant::now() < patience, "{refusal:?}"),
        }
    }
    assert_eq!(client.status().await.calls as u64, taken * FRESH);
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(taken));
    service.stop();
    assert_sound(data);
    let service = Service::start(data, SETTLE_ROWS);
    assert_eq!(Client::of(&service).await.calls_by_day().await, made_up::calls_by_day(taken));
    service.stop();
}
