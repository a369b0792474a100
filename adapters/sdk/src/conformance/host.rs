//! A host in small: asks for windows page by page, keeps cursor and calls in one commit, and is killed and started again wherever it hurts.
//!
//! It keeps the law of the store: a call of one source and one id is there once; changed content is a revision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use callgauge_schema::{CallRecord, DraftAttribution, Moment};
use tracing::instrument::WithSubscriber;

use super::logs::{Listener, Outlet};
use super::world::World;
use crate::clock;
use crate::{
    Adapter, AdapterError, Cursor, Description, Fault, FetchRequest, Next, Page, Place, Settings, TallyRow,
    Vendor, Window,
};

/// Pages of one window, before it is said that it never ends.
const PAGES: usize = 200;
/// Errors in a row, before the host gives up.
const TRIES: usize = 8;
/// Real time that one fetch may take; and where the adapter is a program, which may have to start first.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE_WITH_PROGRAMS: Duration = Duration::from_secs(90);
/// The largest cursor.
const CURSOR_BYTES: usize = 64 * 1024;

/// When the host is killed. The adapter is dropped and opened anew, and what was not committed is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    Never,
    AfterCommit,
    BeforeCommit,
}

/// A call in the store.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) record: CallRecord,
    pub(crate) places: Vec<Place>,
    /// How often its content changed.
    pub(crate) changes: u32,
}

/// What survives a kill.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) calls: BTreeMap<String, Stored>,
    pub(crate) tallies: BTreeMap<String, TallyRow>,
    /// Of the round that is being read.
    pub(crate) round: RoundSums,
    /// Read to the end up to here.
    done_until: Option<Moment>,
}

/// What is counted by round.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoundSums {
    pub(crate) in_progress: u64,
    pub(crate) rejects: BTreeSet<String>,
    pub(crate) words: BTreeSet<String>,
}

/// Something that must not be, under the check that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) law: Law,
    pub(crate) what: String,
}

/// Laws that the host watches at every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    /// It goes on to the end.
    Ends,
    /// Done only when read to the end.
    WholeWindows,
    /// Records pass the schema.
    Schema,
    /// Cursors are small.
    Cursor,
}

/// The host, for one run.
pub(crate) struct Host<'a> {
    pub(crate) vendor: &'a dyn Vendor,
    pub(crate) settings: Settings,
    pub(crate) world: Arc<World>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) kill: Kill,
    pub(crate) kept: Kept,
    pub(crate) broken: Vec<Broken>,
    pub(crate) pages: usize,
    pub(crate) largest_cursor: usize,
    adapter: Option<Box<dyn Adapter>>,
}

impl<'a> Host<'a> {
    /// A host that has read nothing.
    pub(crate) fn new(
        vendor: &'a dyn Vendor,
        settings: Settings,
        world: Arc<World>,
        outlet: Arc<Outlet>,
        kill: Kill,
    ) -> Self {
        Self {
            vendor,
            settings,
            world,
            outlet,
            kill,
            kept: Kept::default(),
            broken: Vec::new(),
            pages: 0,
            largest_cursor: 0,
            adapter: None,
        }
    }

    /// Runs something of the adapter's by the kit's clock, with everything that it logs heard.
    pub(crate) async fn inside<F: Future>(&self, future: F) -> F::Output {
        let clock: Arc<dyn clock::Clock> = Arc::clone(&self.world.clock) as _;
        clock::with(clock, future).with_subscriber(Listener(Arc::clone(&self.outlet))).await
    }

    fn breaks(&mut self, law: Law, what: String) {
        let broken = Broken { law, what };
        if self.broken.len() < 50 && !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    /// The adapter, opened where it is not.
    pub(crate) async fn open(&mut self) -> Option<Box<dyn Adapter>> {
        if let Some(adapter) = self.adapter.take() {
            return Some(adapter);
        }
        let opened = self.inside(async { self.vendor.open(&self.settings) }).await;
        match opened {
            Ok(adapter) => Some(adapter),
            Err(faults) => {
                self.outlet.shows("the faults of the settings", &faults);
                let first = faults.faults.first().map(ToString::to_string).unwrap_or_default();
                self.breaks(
                    Law::Ends,
                    format!("the adapter does not open with the script's settings: {first}"),
                );
                None
            }
        }
    }

    /// Reads everything that is due at `now`: from `since`, or as far back as records can still change.
    pub(crate) async fn sync(&mut self, since: Moment, now: Moment) {
        let Description { reaches_back, late_by, longest_window, .. } = self.vendor.description().clone();
        let back = |span: crate::Span| i64::try_from(span.secs.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.kept.round.in_progress = 0;
        let mut from = self.kept.done_until.map_or(since, |done| done.plus_millis(-back(late_by)).max(since));
        if let Some(reach) = reaches_back {
            from = from.max(now.plus_millis(-back(reach)));
        }
        while from < now {
            let until = from.plus_millis(back(longest_window).max(1)).min(now);
            if !self.window(Window { from, until }, now).await {
                return;
            }
            from = until;
        }
        self.kept.done_until = Some(now);
    }

    /// Reads a window to its end; false where that cannot be done.
    pub(crate) async fn window(&mut self, window: Window, now: Moment) -> bool {
        let mut cursor: Option<Cursor> = None;
        let mut errors = 0;
        // Killed before each commit, but once for each page only: it has to go on at some time.
        let mut spared: Option<Option<Cursor>> = None;
        for _ in 0..PAGES {
            let Some(adapter) = self.open().await else { return false };
            let request = FetchRequest { window, cursor: cursor.clone(), now };
            let patience = if self.world.clock.is_real() { PATIENCE_WITH_PROGRAMS } else { PATIENCE };
            let fetched = {
                let world = Arc::clone(&self.world);
                let fetch = self.inside(adapter.fetch(request));
                tokio::select! {
                    fetched = tokio::time::timeout(patience, fetch) => fetched.ok(),
                    // The host gives up: the future is dropped, and the adapter with it.
                    () = world.hung.notified() => continue,
                }
            };
            let Some(fetched) = fetched else {
                self.breaks(
                    Law::Ends,
                    format!("a fetch took more than {} s of real time", patience.as_secs()),
                );
                return false;
            };
            self.pages += 1;
            let page = match fetched {
                Ok(page) => page,
                Err(error) => {
                    errors += 1;
                    if !self.bears(&error, errors).await {
                        return false;
                    }
                    if error.fault == Fault::CursorLost {
                        cursor = None;
                    }
                    self.adapter = Some(adapter);
                    continue;
                }
            };
            errors = 0;
            self.listen(&page);
            if self.kill == Kill::BeforeCommit && spared.as_ref() != Some(&cursor) {
                spared = Some(cursor.clone());
                continue;
            }
            let next = page.next.clone();
            self.commit(page, now);
            if self.kill == Kill::Never {
                self.adapter = Some(adapter);
            }
            match next {
                Next::More(more) => cursor = Some(more),
                Next::Done => {
                    self.ended(window);
                    return true;
                }
            }
        }
        self.breaks(Law::Ends, format!("a window did not end after {PAGES} pages"));
        false
    }

    /// Waits after an error, if it is one that may pass.
    async fn bears(&mut self, error: &AdapterError, errors: usize) -> bool {
        self.outlet.says("an error", &error.message);
        self.outlet.shows("an error", error);
        if !error.may_retry() {
            self.breaks(Law::Ends, format!("gave up with {:?}: {}", error.fault, error.message));
            return false;
        }
        if errors >= TRIES {
            self.breaks(
                Law::Ends,
                format!("{TRIES} errors in a row, the last {:?}: {}", error.fault, error.message),
            );
            return false;
        }
        let pause = match error.fault {
            Fault::RateLimited { retry_after: Some(wait) } => wait,
            _ => Duration::from_secs(60),
        };
        self.world.clock.pass(pause);
        true
    }

    /// Looks through everything on a page.
    fn listen(&mut self, page: &Page) {
        let Page { calls, rejects, tallies, unknown_words, in_progress: _, next } = page;
        for call in calls {
            self.outlet.shows("a call", call);
        }
        for reject in rejects {
            self.outlet.shows("a reject", reject);
            self.outlet.says("the row of a reject", &reject.row.to_string());
        }
        self.outlet.shows("a tally", tallies);
        self.outlet.shows("an unknown word", unknown_words);
        if let Next::More(Cursor(cursor)) = next {
            self.outlet.says("a cursor", cursor);
            self.largest_cursor = self.largest_cursor.max(cursor.len());
            if cursor.len() > CURSOR_BYTES {
                self.breaks(
                    Law::Cursor,
                    format!("a cursor of {} bytes; {CURSOR_BYTES} are the most", cursor.len()),
                );
            }
        }
    }

    /// Calls and cursor, in one.
    fn commit(&mut self, page: Page, now: Moment) {
        let Page { calls, rejects, tallies, unknown_words, in_progress, next: _ } = page;
        let unknown = self.vendor.unknown_durations(&self.settings);
        for call in calls {
            let mut draft = call.draft;
            let id = draft.call_id.clone();
            // Whose call it is, the real host finds from the places.
            draft.attribution.get_or_insert_with(|| DraftAttribution::Practice("A81001".to_owned()));
            match draft.check(now, unknown) {
                Ok(record) => self.store(record, call.places),
                Err(fault) => self.breaks(Law::Schema, format!("call {id}: {fault}")),
            }
        }
        for tally in tallies {
            let key = format!("{:?}", TallyRow { count: 0, ..tally.clone() });
            self.kept.tallies.insert(key, tally);
        }
        let sums = &mut self.kept.round;
        sums.in_progress += in_progress;
        sums.rejects.extend(rejects.into_iter().map(|reject| reject.id));
        sums.words.extend(unknown_words.into_iter().map(|word| format!("{}:{}", word.field, word.word)));
    }

    /// The law of the store.
    fn store(&mut self, record: CallRecord, places: Vec<Place>) {
        let id = record.id().as_str().to_owned();
        let Some(old) = self.kept.calls.get(&id) else {
            self.kept.calls.insert(id, Stored { record, places, changes: 0 });
            return;
        };
        if old.record.as_plain() == record.as_plain() && old.places == places {
            return;
        }
        match (old.record.revision(), record.revision()) {
            (Some(before), Some(after)) if after < before => return,
            (Some(before), Some(after)) if after == before => {
                self.breaks(
                    Law::Schema,
                    format!("call {id} came with other content under the same revision"),
                );
                return;
            }
            _ => {}
        }
        let changes = old.changes + 1;
        self.kept.calls.insert(id, Stored { record, places, changes });
    }

    /// A window is said to be at its end: nothing of it may be left.
    fn ended(&mut self, window: Window) {
        let left = self.world.left_of(window);
        self.world.state().open.clear();
        if left > 0 {
            self.breaks(
                Law::WholeWindows,
                format!("Next::Done while the vendor had {left} more rows of the window to give"),
            );
        }
    }
}

/// A record without what only tells where it stood before.
trait Plain {
    fn as_plain(&self) -> CallRecord;
}

impl Plain for CallRecord {
    fn as_plain(&self) -> CallRecord {
        self.clone().as_stored(0)
    }
}
