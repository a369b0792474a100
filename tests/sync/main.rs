//! A whole account is read through everything that is real: HTTP on loopback, the adapter, the host, the embedded store. How long it takes beside the
//! vendor's own limits, and how much memory a source holds.
//!
//! The vendor's limits are kept, on a clock on which waiting takes no time: what is left of the time is our own, and the clock says how long the vendor
//! would have had us wait. The account is one of 8x8 Work, which is asked for a page of 1,000 calls at a time.
//!
//! `CALLGAUGE_LONG=1 cargo test --release --test sync -- --nocapture` reads a year of ten practices, 500,000 calls.

mod account;
mod reading;
mod stepped;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgauge::store::sqlite::Limits;
use callgauge_adapter::clock::{self, Clock};
use callgauge_adapter::conformance::FastClock;
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{FetchRequest, Next, Settings, Window};
use peak_alloc::PeakAlloc;
use tokio::sync::Mutex;

use account::{Account, PAGE};
use reading::Reading;
use stepped::{Busy, Kind};

/// Counts what is allocated, by everything in this process.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// One test at a time: they count the bytes of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// By how much one reading may hold more than another like it: buffers come and go with the timing of two threads.
const CHANCE: usize = 192 * 1_024;

/// The most bytes that were held beyond those before while so many pages of so many rows were read, and the bytes of a page.
async fn held(pages: u64, rows: u64) -> (usize, usize) {
    let account = Account::open(pages * rows, rows, true).await;
    // The store sorts when it is time to, and what that takes is none of the source's.
    let limits = Limits { settle_after: Duration::from_secs(3_600), ..Limits::default() };
    let reading = Reading::begin(&account, limits).await;
    assert_eq!(reading.sync().await.accepted, account.calls);
    // All of it again: the store keeps nothing new, and the vendor's pages are there already.
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let again = reading.sync().await;
    let held = HEAP.peak_usage().saturating_sub(before);
    assert!(again.accepted == 0 && again.duplicates >= account.calls);
    let page = account.page_bytes();
    println!("{pages} pages of {page} bytes: {held} bytes held at most");
    (held, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_holds_two_pages_at_most_however_many_it_reads() {
    let _alone = ALONE.lock().await;
    // What does not grow with a page, such as the buffers of connections (up to 800 KiB), is the same with pages half as large.
    let (beside, small) = held(5, 2 * PAGE).await;
    for pages in [5, 15] {
        let (held, page) = held(pages, 4 * PAGE).await;
        assert!(page > small + small / 2, "{page} bytes a page are not much more than {small}");
        let room = 2 * (page - small) + CHANCE;
        assert!(held <= beside + room, "{held} bytes for pages of {page} bytes, {beside} for {small}");
    }
}

/// The most bytes that an adapter held beyond those before while it read twenty minutes of an account with so many pages of legs an hour.
async fn held_joining(kind: &Kind, pages_an_hour: f64) -> usize {
    let account = Busy::open(kind, pages_an_hour).await;
    let settings = kind.settings.replace("{{base}}", &account.base).parse::<toml::Table>().expect("is TOML");
    let adapter = (kind.vendor)().open(&Settings::from(settings)).expect("opens");
    let at = |hours: i64| Moment::from_millis(stepped::FIRST + hours * 3_600_000);
    let window = Window { from: at(2), until: at(2).plus_millis(1_200_000) };
    let clock: Arc<dyn Clock> = Arc::new(FastClock::new(at(5)));
    let calls = 0..account.legs.calls;
    let given = |call: &i64| window.contains(Moment::from_millis(account.legs.given(*call, kind)));
    let expected = calls.filter(given).count();
    let mut held = 0;
    // The second time all answers are there already.
    for _ in 0..2 {
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let (mut cursor, mut calls, mut ids) = (None, 0, HashSet::new());
        loop {
            let request = FetchRequest { window, cursor, now: at(5) };
            let page = clock::with(Arc::clone(&clock), adapter.fetch(request)).await.expect("reads");
            assert!(page.rejects.is_empty(), "{:?}", page.rejects.first());
            calls += page.calls.len();
            ids.extend(page.calls.into_iter().map(|call| call.draft.call_id));
            match page.next {
                Next::More(next) => cursor = Some(next),
                Next::Done => break,
            }
        }
        held = HEAP.peak_usage().saturating_sub(before);
        assert_eq!((calls, ids.len()), (expected, expected), "each call once");
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adapters_that_join_legs_hold_no_more_the_more_calls_there_are() {
    let _alone = ALONE.lock().await;
    for kind in stepped::kinds() {
        let vendor = (kind.vendor)().description().vendor.clone();
        let quiet = held_joining(&kind, 1.5).await;
        let busy = held_joining(&kind, 4.5).await;
        println!("{vendor}: {quiet} bytes held at most, {busy} where three times as many calls come");
        // How full steps are varies with where they are cut.
        assert!(busy <= quiet + quiet / 2 + CHANCE, "{vendor}: {busy} bytes instead of {quiet}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_ten_practices_takes_as_long_as_the_vendor_has_us_wait() {
    let _alone = ALONE.lock().await;
    let long = std::env::var_os("CALLGAUGE_LONG").is_some();
    let account = Account::open(if long { 500_000 } else { 20_000 }, PAGE, false).await;
    let reading = Reading::begin(&account, Limits::default()).await;
    let begun = Instant::now();
    let read = reading.sync().await;
    let ours = begun.elapsed();
    assert_eq!(read.accepted, account.calls);
    assert_eq!(reading.stored().await, account.calls, "each call once");
    let requests = account.requests();
    let theirs = reading.waited();
    let rate = account.calls as f64 / ours.as_secs_f64();
    println!(
        "{} calls in {requests} requests: {:.1} s without waiting ({rate:.0} calls a second), {:.0} s within the vendor's limit",
        account.calls,
        ours.as_secs_f64(),
        theirs.as_secs_f64()
    );
    // Ten requests a minute, the first ten at once.
    let least = Duration::from_secs(6) * u32::try_from(requests.saturating_sub(12)).unwrap_or(u32::MAX);
    assert!(theirs >= least, "{requests} requests in {theirs:?} are more than the vendor allows");
    assert!(ours * 5 < theirs, "{ours:?} of our own beside {theirs:?} of the vendor's");
}
