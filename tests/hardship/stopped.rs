//! SIGTERM in the middle of a stream.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::made_up::FRESH;
use crate::process::{Service, assert_sound};
use crate::wire::{Client, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_during_a_stream_flips_health_ends_well_and_loses_nothing() {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(folder.path(), 10_000);
    let client = Client::of(&service).await;
    let mut watch = Client::of(&service).await.health;
    let mut health = watch.watch(HealthCheckRequest::default()).await.expect("is told").into_inner();
    assert_eq!(health.message().await.expect("is told").expect("first").status(), ServingStatus::Serving);
    // Somebody who connected and says nothing more does not hold it up.
    let mut silent = TcpStream::connect(&service.address).expect("it listens");
    silent.write_all(b"PRI * HT").expect("it reads");

    let acked = Arc::new(AtomicU64::new(0));
    let sending = tokio::spawn(client.stream(1_000_000, Arc::clone(&acked)));
    until("progress", || acked.load(Ordering::Acquire) >= 30).await;
    let began = Instant::now();
    service.terminate();
    let told = health.message().await.expect("is told").expect("flips").status();
    assert_eq!(told, ServingStatus::NotServing);
    let status = tokio::task::spawn_blocking(move || service.ended(Duration::from_secs(12)));
    let status = status.await.expect("does not panic");
    assert!(status.success(), "{status:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let (verdicts, end) = sending.await.expect("the client does not panic");
    assert!(end.is_some(), "the stream says that it was ended");
    drop(silent);

    assert_sound(folder.path());
    let service = Service::start(folder.path(), 10_000);
    let mut client = Client::of(&service).await;
    let calls = client.status().await.calls as u64;
    assert!(calls >= verdicts.len() as u64 * FRESH, "{calls} of {} batches", verdicts.len());
    assert!(calls.is_multiple_of(FRESH), "{calls}: batches are there wholly");
    assert_eq!(client.counted().await, calls);
    service.stop();
}
