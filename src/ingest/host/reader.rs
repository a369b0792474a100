//! One source's task: waits for its time, reads what is due window by window and page by page, and commits each page with the progress behind it.

use std::sync::Arc;
use std::time::Duration;

use callgauge_adapter::{Adapter, AdapterError, Cursor, Fault, FetchRequest, Next, Page, Secrets, Window};
use callgauge_schema::Moment;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::convert::{Converted, convert};
use super::progress::{OpenWindow, Progress};
use super::windows::{due, millis, windows};
use super::{Command, Doing, Event, Mapping, Seen, SourceSetup};
use crate::ingest::{Batch, Clock, Ingest};
use crate::store::{SourceState, Store, StoreError, Submission, Verdict};

/// How long one page may take, waiting for a rate budget included.
const PAGE_LIMIT: Duration = Duration::from_secs(1_800);
/// Pages of one window, and windows after which a reading ends and the next begins.
const PAGES: u64 = 100_000;
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// A day, in milliseconds.
const DAY: i64 = 86_400_000;

/// What a task works with.
pub(super) struct Tools {
    pub(super) ingest: Arc<Ingest>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) draining: watch::Receiver<bool>,
    pub(super) scheduled: bool,
    /// The mapping, as it changes.
    pub(super) mappings: watch::Receiver<Arc<Mapping>>,
}

/// One source's task.
pub(super) struct Reader {
    setup: SourceSetup,
    tools: Tools,
    seen: Arc<Seen>,
    state: Option<SourceState>,
    progress: Option<Progress>,
    adapter: Option<Arc<dyn Adapter>>,
    /// Failures one after the other.
    failures: u32,
    /// The mapping has changed, and what was nobody's was not asked again yet.
    gained: bool,
}

/// Why a reading ended early.
#[derive(Debug)]
enum End {
    /// The service is stopping.
    Stopping,
    /// Something may pass by itself.
    Passing(String, Option<Duration>),
    /// Somebody has to change something.
    Lasting(String),
}

/// Who follows a reading, and what they were told.
#[derive(Default)]
struct Following {
    tell: Option<mpsc::Sender<Event>>,
    event: Event,
    in_progress: u64,
}

impl Reader {
    pub(super) const fn new(
        setup: SourceSetup,
        state: Option<SourceState>,
        tools: Tools,
        seen: Arc<Seen>,
    ) -> Self {
        Self { setup, tools, seen, state, progress: None, adapter: None, failures: 0, gained: false }
    }

    /// Reads until the service stops.
    pub(super) async fn run(mut self, mut told: mpsc::Receiver<Command>) {
        let source = self.setup.id.clone();
        if let Err(end) = self.take_up().await {
            self.ended(Err(end), &mut Following::default()).await;
        }
        let mut due = Instant::now();
        if !self.tools.scheduled {
            self.seen.change(|view| view.doing = Doing::Stopped);
        }
        loop {
            let mut draining = self.tools.draining.clone();
            let command = tokio::select! {
                biased;
                () = drained(&mut draining) => break,
                Ok(()) = self.tools.mappings.changed() => {
                    self.take_mapping();
                    self.regain_or_warn().await;
                    continue;
                }
                command = told.recv() => match command {
                    Some(command) => Some(command),
                    None => break,
                },
                () = tokio::time::sleep_until(due), if self.tools.scheduled => None,
            };
            let (start, tell) = match command {
                Some(Command { start, tell }) => (start, Some(tell)),
                None => (None, None),
            };
            let mut following = Following { tell, ..Following::default() };
            self.seen.change(|view| {
                view.doing = Doing::Reading;
                view.next_read = None;
            });
            let read = self.read(start, &mut following).await;
            let stopping = matches!(read, Err(End::Stopping));
            let pause = self.ended(read, &mut following).await;
            // A vendor may ask for a pause that no clock can express.
            due = Instant::now().checked_add(pause).unwrap_or_else(|| Instant::now() + LONGEST_PAUSE);
            if stopping {
                break;
            }
            if self.gained {
                self.regain_or_warn().await;
            }
        }
        self.seen.change(|view| {
            view.doing = Doing::Stopped;
            view.next_read = None;
        });
        tracing::debug!(%source, "no longer read");
    }

    /// Takes up where the last process left off; what the mapping gained since then is given to whom it names.
    async fn take_up(&mut self) -> Result<(), End> {
        let Some(state) = &self.state else { return Ok(()) };
        let Some(progress) = Progress::read(&state.progress) else {
            let told = "how far the source was read was written by another version of callgauge; go back to that version";
            return Err(End::Lasting(told.to_owned()));
        };
        self.seen.got(&progress);
        self.progress = Some(progress);
        self.state = None;
        self.regain().await
    }

    /// The mapping as it is now.
    fn take_mapping(&mut self) {
        self.setup.mapping = Arc::clone(&self.tools.mappings.borrow_and_update());
        self.gained = true;
    }

    async fn regain_or_warn(&mut self) {
        if let Err(End::Passing(why, _) | End::Lasting(why)) = self.regain().await {
            tracing::warn!(source = %self.setup.id, why, "calls of the new mapping were not sent through again; the next reading tries again");
        }
    }

    /// Gives calls that were nobody's to whom the mapping names now, and says what was delivered for them.
    async fn regain(&mut self) -> Result<(), End> {
        self.gained = true;
        let redriven = super::redrive(&self.tools.ingest, &self.setup).await.map_err(stored)?;
        if redriven.taken > 0 {
            tracing::info!(source = %self.setup.id, records = redriven.taken, "calls went through: the mapping names their places now");
        }
        let settled = self.progress.as_ref().map(Progress::settled).unwrap_or_default();
        if self.setup.vendor.delivers() {
            let mut submission = Submission::new(self.setup.id.clone(), Vec::new());
            submission.delivered = settled
                .into_iter()
                .flat_map(|(from, until)| self.setup.mapping.delivered(from, until))
                .collect();
            if !submission.delivered.is_empty() {
                self.tools.store.commit(submission).await.map_err(stored)?;
            }
        }
        self.gained = false;
        Ok(())
    }

    /// Says how a reading ended; gives the pause before the next.
    async fn ended(&mut self, read: Result<(), End>, following: &mut Following) -> Duration {
        let poll = self.setup.poll_interval;
        let (doing, problem, pause) = match read {
            Ok(()) => {
                self.failures = 0;
                following.event.done = true;
                (Doing::Waiting, String::new(), poll)
            }
            Err(End::Stopping) => (Doing::Stopped, String::new(), poll),
            Err(End::Passing(problem, wait)) => {
                self.failures += 1;
                (Doing::Retrying, problem, wait.unwrap_or_else(|| backoff(self.failures)))
            }
            Err(End::Lasting(problem)) => {
                self.failures += 1;
                // What the operator changed is read with a new adapter.
                self.adapter = None;
                (Doing::Failed, problem, poll)
            }
        };
        let secrets = Secrets::of(&self.setup.settings, &self.setup.vendor.description().settings);
        let problem = secrets.cleaned(&problem);
        if !problem.is_empty() {
            tracing::warn!(source = %self.setup.id, problem, "a reading failed");
            following.event.problem = Some(problem.clone());
        } else if doing == Doing::Stopped {
            following.event.problem =
                Some("the service is stopping; what was read so far is kept".to_owned());
        }
        let next = (self.tools.clock)().plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        let scheduled = self.tools.scheduled;
        self.seen.change(|view| {
            view.doing = doing;
            view.problem = problem;
            view.next_read = scheduled.then_some(next);
        });
        if let Some(tell) = following.tell.take() {
            // Where nobody follows any more, nobody is told. The last event is never left out.
            let _ = tell.send(following.event.clone()).await;
        }
        pause
    }

    /// Reads what is due.
    async fn read(&mut self, start: Option<Moment>, following: &mut Following) -> Result<(), End> {
        if self.progress.is_none() && self.state.is_some() {
            self.take_up().await?;
        }
        self.setup.vendor.prepare().await.map_err(|fault| ended_by(&fault))?;
        let begun = (self.tools.clock)();
        let earliest = if self.setup.vendor.begins_with_all() {
            Moment::from_millis(0)
        } else {
            begun.plus_millis(-DAY)
        };
        let first = self.setup.start.unwrap_or(earliest).min(begun);
        let progress = self.progress.get_or_insert_with(|| Progress::starting(first));
        if progress.open.is_some() {
            self.window(following).await?;
        }
        let (late_by, longest, keeps) = {
            let description = self.setup.vendor.description();
            let late_by = self.setup.lookback.unwrap_or(description.late_by);
            (millis(late_by), description.longest_window, description.reaches_back.map(millis))
        };
        let poll = i64::try_from(self.setup.poll_interval.as_millis()).unwrap_or(i64::MAX);
        let now = (self.tools.clock)();
        let progress = self.progress.get_or_insert_with(|| Progress::starting(first));
        let mut due = due(progress, now, late_by, poll);
        if let Some(keeps) = keeps {
            let oldest = now.millis().saturating_sub(keeps);
            if due.from.millis() < oldest && progress.skip_to(oldest) {
                self.seen.change(|view| {
                    let told = "the vendor keeps calls for a shorter time than the source was not read: what lies between is lost";
                    view.warnings = vec![told.to_owned()];
                });
            }
            due.from = due.from.max(Moment::from_millis(oldest));
        }
        let from = start.map_or(due.from, |start| start.min(due.from));
        for window in windows(from, now, longest) {
            let began = (self.tools.clock)();
            if let Some(progress) = &mut self.progress {
                progress.open = Some(OpenWindow::new(window, began));
            }
            self.window(following).await?;
        }
        let done = (self.tools.clock)();
        let Some(progress) = &mut self.progress else { return Ok(()) };
        if due.whole {
            progress.settled_at = now.millis();
        }
        progress.last_success = Some(done.millis());
        progress.in_progress = following.in_progress;
        let mut submission = Submission::new(self.setup.id.clone(), Vec::new());
        submission.progress = Some(progress.write().map_err(stored)?);
        self.seen.got(progress);
        self.tools.store.commit(submission).await.map_err(stored)?;
        Ok(())
    }

    /// Reads the open window to its end.
    async fn window(&mut self, following: &mut Following) -> Result<(), End> {
        let mut lost = false;
        for _ in 0..PAGES {
            let Some(OpenWindow { cursor, .. }) =
                self.progress.as_ref().and_then(|progress| progress.open.clone())
            else {
                return Ok(());
            };
            let window =
                self.progress.as_ref().and_then(|progress| progress.open.as_ref()).map(OpenWindow::window);
            let Some(window) = window else { return Ok(()) };
            let before = cursor.map(Cursor);
            let page = match self.page(window, before.clone()).await {
                Err(Stop::Adapter(fault))
                    if fault.fault == Fault::CursorLost && !lost && before.is_some() =>
                {
                    lost = true;
                    if let Some(progress) = &mut self.progress {
                        progress.goes_on(None);
                    }
                    continue;
                }
                Err(Stop::Adapter(fault)) => return Err(ended_by(&fault)),
                Err(Stop::End(end)) => return Err(end),
                Ok(page) => page,
            };
            if let Next::More(next) = &page.next {
                check_cursor(next, before.as_ref())?;
            }
            following.event.window = Some(window);
            self.commit(page, following).await?;
        }
        Err(End::Lasting(format!("the window has more than {PAGES} pages: the adapter does not end it")))
    }

    /// One page from the vendor. Dropped where the service stops: what was not given back did not happen.
    async fn page(&mut self, window: Window, cursor: Option<Cursor>) -> Result<Page, Stop> {
        let adapter = match &self.adapter {
            Some(adapter) => Arc::clone(adapter),
            None => {
                let opened = self.setup.vendor.open(&self.setup.settings);
                let opened = opened
                    .map_err(|faults| Stop::End(End::Lasting(faults.to_string().replace('\n', "; "))))?;
                Arc::clone(self.adapter.insert(Arc::from(opened)))
            }
        };
        let request = FetchRequest { window, cursor, now: (self.tools.clock)() };
        // On a task of its own: an adapter that panics is a failure of its source, not of the service.
        let mut fetching = Dropped(tokio::spawn(async move { adapter.fetch(request).await }));
        let mut draining = self.tools.draining.clone();
        let fetched = tokio::select! {
            biased;
            () = drained(&mut draining) => return Err(Stop::End(End::Stopping)),
            fetched = tokio::time::timeout(PAGE_LIMIT, &mut fetching.0) => fetched,
        };
        match fetched {
            Ok(Ok(page)) => page.map_err(Stop::Adapter),
            Ok(Err(_)) => {
                self.adapter = None;
                let told = "the adapter failed on what the vendor answered; this is a fault of the adapter";
                Err(Stop::End(End::Passing(told.to_owned(), None)))
            }
            Err(_) => {
                self.adapter = None;
                let told = format!("no page within {} minutes", PAGE_LIMIT.as_secs() / 60);
                Err(Stop::End(End::Passing(told, None)))
            }
        }
    }

    /// Commits a page with the progress behind it.
    async fn commit(&mut self, mut page: Page, following: &mut Following) -> Result<(), End> {
        let words = std::mem::take(&mut page.unknown_words);
        let next = page.next.clone();
        following.in_progress += page.in_progress;
        if self.tools.mappings.has_changed().unwrap_or(false) {
            self.take_mapping();
        }
        let now = (self.tools.clock)();
        let ingest = Arc::clone(&self.tools.ingest);
        let Converted { batch, unmapped, tallies } = convert(&ingest, &self.setup, now, page);
        let late_by = millis(self.setup.lookback.unwrap_or(self.setup.vendor.description().late_by));
        let Some(before) = &self.progress else { return Ok(()) };
        let mut after = before.clone();
        after.count_words(words);
        let mut delivered = Vec::new();
        match next {
            Next::More(cursor) => after.goes_on(Some(cursor)),
            Next::Done => {
                if let Some((from, until)) = after.closed(late_by)
                    && self.setup.vendor.delivers()
                {
                    delivered = self.setup.mapping.delivered(from, until);
                }
            }
        }
        let batch: Batch = batch.with_statements(Some(after.write().map_err(stored)?), delivered);
        let taken = ingest.commit(batch).await.map_err(stored)?;
        self.seen.got(&after);
        self.progress = Some(after);
        let event = &mut following.event;
        event.pages += 1;
        event.unmapped += unmapped;
        event.tallies += tallies;
        for verdict in &taken.committed.verdicts {
            event.verdicts[number(verdict.verdict)] += 1;
        }
        if let Some(tell) = &following.tell {
            // Who follows too slowly misses steps, never the last.
            let _ = tell.try_send(event.clone());
        }
        Ok(())
    }
}

/// Why there is no page.
enum Stop {
    Adapter(AdapterError),
    End(End),
}

/// A task that ends when nobody waits for it.
struct Dropped<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Dropped<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Position of a verdict in [`Event::verdicts`].
pub(super) const fn number(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Accepted => 0,
        Verdict::Duplicate => 1,
        Verdict::Revised => 2,
        Verdict::Stale => 3,
        Verdict::Conflict => 4,
        Verdict::Retracted => 5,
        Verdict::Rejected => 6,
    }
}

fn check_cursor(next: &Cursor, before: Option<&Cursor>) -> Result<(), End> {
    let Cursor(text) = next;
    if text.len() > Cursor::LIMIT {
        return Err(End::Lasting(format!(
            "the adapter gave a cursor of {} bytes; at most {} are kept",
            text.len(),
            Cursor::LIMIT
        )));
    }
    if before == Some(next) {
        return Err(End::Passing(
            "the adapter gave the same cursor twice: the vendor repeats a page".to_owned(),
            None,
        ));
    }
    Ok(())
}

fn ended_by(fault: &AdapterError) -> End {
    let wait = match fault.fault {
        Fault::RateLimited { retry_after } => retry_after,
        _ => None,
    };
    if fault.may_retry() {
        End::Passing(fault.message.clone(), wait)
    } else {
        End::Lasting(fault.message.clone())
    }
}

fn stored(fault: StoreError) -> End {
    match fault {
        StoreError::Closed => End::Stopping,
        StoreError::Unavailable(cause) => {
            tracing::error!(%cause, "the store cannot write");
            End::Passing("the store cannot write at the moment".to_owned(), None)
        }
        fault @ (StoreError::RejectLimit { .. }
        | StoreError::StatementLimit(_)
        | StoreError::OverLimit(_)
        | StoreError::TooLarge(_)
        | StoreError::OfRecord(_)
        | StoreError::BackupFolder(_)
        | StoreError::Folder(_)
        | StoreError::Damaged(_)) => End::Lasting(fault.to_string()),
    }
}

/// A pause that grows with each failure, and is different for each source: between half of it and all.
fn backoff(failures: u32) -> Duration {
    let most =
        PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16))).min(LONGEST_PAUSE);
    let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    most.mul_f64(0.5 + share / 2.0)
}

/// Waits until the service begins to drain.
pub(super) async fn drained(draining: &mut watch::Receiver<bool>) {
    // Where nobody is left to say so, the service is gone.
    let _ = draining.wait_for(|&draining| draining).await;
}
