//! A source of callgauge's on such an account: the real adapter, host and embedded store in a folder that goes away.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callgauge::ingest::host::{Event, Host, HostRoom, Mapping, MappingRule, SourceSetup};
use callgauge::ingest::{Ingest, SharedDirectory};
use callgauge::organisations::{Directory, Level, OrganisationRow};
use callgauge::store::Store;
use callgauge::store::sqlite::{Limits, SqliteStore};
use callgauge_adapter::clock::{self, Clock};
use callgauge_adapter::conformance::FastClock;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Description, FetchRequest, MapRequest, Page, Place, SettingFaults,
    Settings, Vendor,
};
use callgauge_schema::{Attribution, Moment, SourceId};
use tokio::sync::watch;

use crate::account::{Account, FIRST, LAST, PRACTICES};

/// What came of a reading. What lies on the border of two windows comes twice.
pub(crate) struct Read {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
}

/// A source that is read when it is told to.
pub(crate) struct Reading {
    host: Host,
    store: Arc<dyn Store>,
    clock: Arc<FastClock>,
    _tasks: tokio::task::JoinSet<()>,
    _stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Reading {
    /// Opens everything; nothing is read yet.
    pub(crate) async fn begin(account: &Account, limits: Limits) -> Self {
        let now = Moment::from_millis(LAST);
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(folder.path(), limits).expect("opens");
        let store: Arc<dyn Store> = Arc::new(store);
        let rows = (0..PRACTICES).map(practice).collect();
        let directory = SharedDirectory::new(Directory::new(rows).expect("is whole"));
        let tell: callgauge::ingest::Clock = Arc::new(move || now);
        let ingest = Arc::new(Ingest::new(Arc::clone(&store), directory, Arc::clone(&tell)));
        let clock = Arc::new(FastClock::new(now));
        let text = format!(
            "product = \"work\"\napi_key = \"k\"\nusername = \"u\"\npassword = \"p\"\nbase_url = \"{}\"",
            account.base_url
        );
        let setup = SourceSetup {
            id: source(),
            vendor: Arc::new(InNoTime { vendor: callgauge_adapter_8x8::vendor(), clock: Arc::clone(&clock) }),
            settings: Settings::from(text.parse::<toml::Table>().expect("is TOML")),
            poll_interval: Duration::from_secs(300),
            lookback: None,
            start: Some(Moment::from_millis(FIRST)),
            mapping: Arc::new(mapping()),
        };
        let (stop, draining) = watch::channel(false);
        let room = HostRoom {
            ingest,
            store: Arc::clone(&store),
            clock: tell,
            draining,
            scheduled: false,
            tokens: None,
            rereading: None,
        };
        let (host, tasks) = Host::begin(vec![setup], room).await.expect("begins");
        Self { host, store, clock, _tasks: tasks, _stop: stop, _folder: folder }
    }

    /// Reads the year, from its first day.
    pub(crate) async fn sync(&self) -> Read {
        let start = Some(Moment::from_millis(FIRST));
        let mut events = self.host.sync(&source(), start).expect("is there");
        let mut last = Event::default();
        while let Some(event) = events.recv().await {
            last = event;
        }
        assert!(last.done, "{last:?}");
        let [accepted, duplicates, ..] = last.verdicts;
        Read { accepted, duplicates }
    }

    /// Calls that the store has.
    pub(crate) async fn stored(&self) -> u64 {
        self.store.status().calls
    }

    /// How long the vendor's limits had it wait.
    pub(crate) fn waited(&self) -> Duration {
        self.clock.elapsed()
    }
}

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

fn code(number: u64) -> String {
    format!("A8100{number}")
}

fn practice(number: u64) -> OrganisationRow {
    OrganisationRow {
        code: code(number).parse().expect("a code"),
        name: format!("Surgery {number}"),
        level: Level::Practice,
        first: None,
        end: None,
        memberships: Vec::new(),
    }
}

fn mapping() -> Mapping {
    let rule = |number: u64| MappingRule {
        place: Place::number(&format!("0163296000{number}")),
        whose: Attribution::Practice(code(number).parse().expect("a code")),
        first: None,
        end: None,
    };
    let rules: Vec<MappingRule> = (0..PRACTICES).map(rule).collect();
    Mapping::new(&rules).expect("one rule a number")
}

/// A vendor whose adapters wait by a clock on which waiting takes no time.
struct InNoTime {
    vendor: Box<dyn Vendor>,
    clock: Arc<FastClock>,
}

impl InNoTime {
    fn clock(clock: &Arc<FastClock>) -> Arc<dyn Clock> {
        Arc::clone(clock) as Arc<dyn Clock>
    }
}

impl Vendor for InNoTime {
    fn description(&self) -> &Description {
        self.vendor.description()
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let adapter = self.vendor.open(settings)?;
        Ok(Box::new(Open { adapter, clock: Arc::clone(&self.clock) }))
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        self.vendor.map(request)
    }
}

struct Open {
    adapter: Box<dyn Adapter>,
    clock: Arc<FastClock>,
}

#[async_trait]
impl Adapter for Open {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        clock::with(InNoTime::clock(&self.clock), self.adapter.check(now)).await
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        clock::with(InNoTime::clock(&self.clock), self.adapter.fetch(request)).await
    }
}
