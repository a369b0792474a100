//! SIGKILL in the middle of a stream and of settling.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use callgauge::proto::v1::Verdict;
use tempfile::TempDir;

use crate::made_up::{self, CORRECTED, FRESH};
use crate::process::{Service, assert_sound};
use crate::wire::{Client, until};

const BATCHES: u64 = 240;
const SETTLE_ROWS: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_and_resend_each_acknowledged_call_is_there_once() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let mut dice = 20_260_202_u64;
    let mut known = 0;
    for round in 0..8 {
        let service = Service::start(&data, SETTLE_ROWS);
        let mut client = Client::of(&service).await;
        assert!(client.status().await.calls as u64 >= known * FRESH, "what was acknowledged is there");
        let acked = Arc::new(AtomicU64::new(0));
        let runs = run_files(&data);
        let sending = tokio::spawn(client.clone().stream(BATCHES, Arc::clone(&acked)));
        if round % 2 == 0 {
            let wanted = (known + roll(&mut dice, 40)).min(BATCHES - 1);
            until("progress", || acked.load(Ordering::Acquire) >= wanted).await;
            tokio::time::sleep(Duration::from_micros(roll(&mut dice, 20_000))).await;
        } else {
            // A new file: settling is under way, or its files wait to be switched in.
            until("settling", || sending.is_finished() || !run_files(&data).is_subset(&runs)).await;
            tokio::time::sleep(Duration::from_micros(roll(&mut dice, 5_000))).await;
        }
        service.kill();
        let (verdicts, _) = sending.await.expect("the client does not panic");
        check(&verdicts, known);
        known = known.max(verdicts.len() as u64);
    }
    assert!(known > 0, "something was acknowledged between the kills");

    let service = Service::start(&data, SETTLE_ROWS);
    let mut client = Client::of(&service).await;
    let (verdicts, end) = client.clone().stream(BATCHES, Arc::default()).await;
    assert!(end.is_none(), "{end:?}");
    assert_eq!(verdicts.len() as u64, BATCHES);
    check(&verdicts, known);
    assert_all_there_once(&mut client).await;
    service.stop();
    assert_sound(&data);

    let service = Service::start(&data, SETTLE_ROWS);
    assert_all_there_once(&mut Client::of(&service).await).await;
}

async fn assert_all_there_once(client: &mut Client) {
    assert_eq!(client.status().await.calls as u64, BATCHES * FRESH);
    assert_eq!(client.calls_by_day().await, made_up::calls_by_day(BATCHES));
    for practice in [0, 7] {
        let expected = (0..BATCHES * FRESH).filter(|number| number % made_up::PRACTICES == practice);
        let expected: Vec<String> = expected.map(made_up::id).collect();
        assert!(client.listed(&made_up::practice(practice)).await == expected, "each call is listed once");
    }
}

/// Every batch was taken wholly, now or before; those that were known already, before.
fn check(verdicts: &[Vec<Verdict>], known: u64) {
    for (number, verdicts) in (1..).zip(verdicts) {
        let (fresh, corrections) = verdicts.split_at(FRESH as usize);
        let count = |of: &[Verdict], wanted: Verdict| of.iter().filter(|is| **is == wanted).count() as u64;
        let accepted = count(fresh, Verdict::Accepted);
        let revised = count(corrections, Verdict::Revised);
        if accepted == 0 {
            // Of those that were corrected meanwhile this is an older revision.
            let stale = count(fresh, Verdict::Stale);
            assert!(stale == 0 || stale == CORRECTED, "batch {number}: {stale} stale");
            assert_eq!(count(fresh, Verdict::Duplicate) + stale, FRESH, "batch {number}");
            assert_eq!(count(corrections, Verdict::Duplicate), corrections.len() as u64, "batch {number}");
        } else {
            assert!(number > known, "batch {number} was acknowledged before");
            assert_eq!((accepted, revised), (FRESH, corrections.len() as u64), "batch {number}");
        }
    }
}

fn run_files(data: &Path) -> BTreeSet<std::ffi::OsString> {
    let entries = std::fs::read_dir(data.join("runs")).expect("the service made it");
    entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect()
}

/// A number below `below`, the same ones in every run.
fn roll(dice: &mut u64, below: u64) -> u64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*dice >> 33) % below
}
