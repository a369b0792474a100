//! A vendor of our own making, in memory: a log of calls that tests change while it is read, pages of two, and failures on order.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callgauge::ingest::host::{Mapping, MappingRule, SourceSetup};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Description, Fault, FetchRequest, MapRequest, Next, Page,
    Place, RejectedRow, RowReason, SettingFault, SettingFaults, Settings, SettingsReader, Span, UnknownWord,
    Vendor, VendorCall,
};
use callgauge_schema::{Attribution, Direction, Draft, DraftAttribution, DraftDuration, Moment, Outcome};

/// A call in the log: id, start in milliseconds, queue.
pub(crate) type Call = (String, i64, &'static str);

/// What the vendor does instead of answering.
#[derive(Clone, Debug)]
pub(crate) enum Mishap {
    Fails(Fault),
    Hangs,
    Panics,
}

/// The vendor, shared with the test.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) calls: Vec<Call>,
    /// Taken one by one as pages are asked for; `None` is an answer.
    pub(crate) mishaps: VecDeque<Option<Mishap>>,
    /// Rows that cannot be mapped, on every first page.
    pub(crate) bad_rows: u32,
    pub(crate) pages: u32,
}

#[derive(Clone, Default)]
pub(crate) struct MadeUp(pub(crate) Arc<Mutex<Log>>);

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| Description {
    vendor: "made_up".to_owned(),
    title: "Made up".to_owned(),
    version: "1".to_owned(),
    reads: "A log in memory.".to_owned(),
    settings: Vec::new(),
    reaches_back: Some(Span::days(60)),
    late_by: Span::hours(6),
    longest_window: Span::days(1),
    metrics: Vec::new(),
    outcomes: Vec::new(),
    sees_corrections: true,
    sees_deletions: false,
    unknown_wait: false,
    unknown_talk: false,
    unconfirmed: Vec::new(),
});

impl MadeUp {
    pub(crate) fn with(calls: &[(&str, i64, &'static str)]) -> Self {
        let made_up = Self::default();
        made_up.add(calls);
        made_up
    }

    /// Adds calls: id, start in seconds, queue.
    pub(crate) fn add(&self, calls: &[(&str, i64, &'static str)]) {
        let more = calls.iter().map(|(id, secs, queue)| ((*id).to_owned(), secs * 1_000, *queue));
        self.0.lock().expect("no test panicked with it").calls.extend(more);
    }

    pub(crate) fn then(&self, mishaps: impl IntoIterator<Item = Option<Mishap>>) {
        self.0.lock().expect("no test panicked with it").mishaps = mishaps.into_iter().collect();
    }

    /// A source that reads it from `start`, seconds since 1970, on.
    pub(crate) fn source(&self, id: &str, start: i64, rules: &[MappingRule]) -> SourceSetup {
        SourceSetup {
            id: id.parse().expect("an id"),
            vendor: Arc::new(self.clone()),
            settings: Settings::from(toml::Table::new()),
            poll_interval: Duration::from_secs(3_600),
            lookback: None,
            start: Some(Moment::from_millis(start * 1_000)),
            mapping: Arc::new(Mapping::new(rules).expect("a mapping")),
        }
    }
}

/// Calls of a queue are a practice's, on these days.
pub(crate) fn queue(name: &str, practice: &str, from: &str, until: &str) -> MappingRule {
    let day = |text: &str| (!text.is_empty()).then(|| text.parse().expect("a day"));
    let whose = DraftAttribution::check(Some(DraftAttribution::Practice(practice.to_owned())));
    let whose: Attribution = whose.expect("a code");
    MappingRule { place: Some(Place::queue(name)), whose, first: day(from), end: day(until) }
}

impl Vendor for MadeUp {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let broken = read.switch_or("broken", false);
        read.finish()?;
        if broken {
            let fault = SettingFault { key: "broken".to_owned(), message: "must be false".to_owned() };
            return Err(SettingFaults { faults: vec![fault] });
        }
        Ok(Box::new(self.clone()))
    }

    fn map(&self, _: MapRequest<'_>) -> Result<Page, AdapterError> {
        Err(AdapterError::new(Fault::Protocol, "has no payloads"))
    }
}

fn vendor_call((id, start, queue): &Call) -> VendorCall {
    let draft = Draft {
        call_id: id.clone(),
        direction: Some(Direction::Inbound),
        started_at: Some(Moment::from_millis(*start)),
        outcome: Some(Outcome::Answered),
        wait: Some(DraftDuration::from_secs(20)),
        talk: Some(DraftDuration::from_secs(60)),
        ..Draft::default()
    };
    VendorCall { draft, places: vec![Place::queue(queue)] }
}

#[async_trait]
impl Adapter for MadeUp {
    async fn check(&self, _: Moment) -> Result<CheckReport, AdapterError> {
        let log = self.0.lock().expect("no test panicked with it");
        if let Some(Some(Mishap::Fails(fault))) = log.mishaps.front() {
            return Err(AdapterError::new(*fault, "the key has ended; make a new one"));
        }
        let sample = log.calls.iter().take(3).map(vendor_call).collect();
        Ok(CheckReport { works: vec!["signed in".to_owned()], warnings: Vec::new(), sample })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let mishap = {
            let mut log = self.0.lock().expect("no test panicked with it");
            log.pages += 1;
            log.mishaps.pop_front().flatten()
        };
        match mishap {
            Some(Mishap::Fails(fault)) => {
                return Err(AdapterError::new(fault, "the key has ended; make a new one"));
            }
            Some(Mishap::Hangs) => std::future::pending().await,
            Some(Mishap::Panics) => panic!("as the test wants it"),
            None => {}
        }
        let log = self.0.lock().expect("no test panicked with it");
        let from: usize = request.cursor.as_ref().map_or(Ok(0), Cursor::read)?;
        let all: Vec<&Call> = log
            .calls
            .iter()
            .filter(|(_, start, _)| request.window.contains(Moment::from_millis(*start)))
            .collect();
        let calls = all.iter().skip(from).take(2).map(|call| vendor_call(call)).collect();
        let next = if from + 2 < all.len() { Next::More(Cursor::write(&(from + 2))) } else { Next::Done };
        let mut page = Page { calls, ..Page::empty(next) };
        if from == 0 {
            page.rejects = (0..log.bad_rows)
                .map(|row| RejectedRow {
                    id: format!("row-{row}"),
                    field: "began".to_owned(),
                    reason: RowReason::Malformed,
                    message: "must be a time".to_owned(),
                    row: serde_json::json!({ "id": format!("row-{row}"), "began": "soon" }),
                })
                .collect();
            page.unknown_words =
                vec![UnknownWord { field: "result".to_owned(), word: "vanished".to_owned(), times: 1 }];
        }
        Ok(page)
    }
}
