//! The host of adapters: reads the vendor accounts of the settings file on a schedule, each on a task of its own, so that one that fails holds up no other.
//!
//! What holds for each source:
//! - A page is committed together with the cursor behind it, so that a stop at any moment loses and doubles nothing (`progress`, `reader`).
//! - A window counts as read when it was read to its end, and as delivered when that was done once more after the vendor's records had time to come
//!   late (`windows`): then absence of calls is a true zero for those that the mapping names.
//! - Whose a call is says the dated mapping, at the call's own start (`mapping`). Calls of nobody are kept and sent through again when the mapping grows,
//!   also while sources are being read (`rereading`).
//! - Failures that may pass are tried again after growing pauses; others wait for the operator and are tried at the usual interval.
//! - Memory is one page of the vendor's and what is being made of it.

mod convert;
mod counts;
mod mapping;
mod program;
mod progress;
mod reader;
mod rereading;
mod seen;
mod tokens;
mod windows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use callgauge_adapter::{AdapterError, CheckReport, Fault, Secrets, SettingFaults, Settings, Span, Vendor};
use callgauge_schema::{Moment, SourceId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::{Clock, Ingest, Redriven};
use crate::store::{Store, StoreError};

pub(crate) use convert::attribution;
pub use convert::{places_of, row_of, to_message};
pub use mapping::{Mapping, MappingRule};
pub use program::{ANSWER, Program, Reached};
pub use rereading::{Read, Reread, Rereading};
pub use seen::{Doing, Seen, View};

/// How long trying a source's credentials may take.
const CHECK_LIMIT: Duration = Duration::from_secs(60);
/// Readings that may wait for one source.
const WAITING: usize = 8;
/// Messages about a reading that may wait for whoever follows it; further ones are left out.
const EVENTS: usize = 64;

/// A source of the settings file.
#[derive(Clone)]
pub struct SourceSetup {
    /// Its id.
    pub id: SourceId,
    /// What reads it.
    pub vendor: Arc<dyn Vendor>,
    /// The adapter's own settings.
    pub settings: Settings,
    /// How long to wait between readings.
    pub poll_interval: Duration,
    /// How far back to read again, where not as long as the adapter says that records come late.
    pub lookback: Option<Span>,
    /// Where to begin reading the first time; a day before the first reading where not said.
    pub start: Option<Moment>,
    /// Whose calls its are.
    pub mapping: Arc<Mapping>,
}

/// What the host works with.
pub struct HostRoom {
    /// The way in.
    pub ingest: Arc<Ingest>,
    /// Where progress is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Clock,
    /// Turns true when reading has to stop.
    pub draining: watch::Receiver<bool>,
    /// Whether sources are read by themselves, or only when asked.
    pub scheduled: bool,
    /// Folder for tokens that vendors change; without one they live as long as the process.
    pub tokens: Option<PathBuf>,
    /// How the settings file is read again; `None` where there is none.
    pub rereading: Option<Rereading>,
}

/// The sources that are read.
pub struct Host {
    sources: BTreeMap<SourceId, Source>,
    ingest: Arc<Ingest>,
    store: Arc<dyn Store>,
    clock: Clock,
    rereading: Option<Rereading>,
}

struct Source {
    setup: SourceSetup,
    /// The mapping as it is now; its task is told of changes.
    mapping: watch::Sender<Arc<Mapping>>,
    seen: Arc<Seen>,
    commands: mpsc::Sender<Command>,
}

impl Source {
    /// The setup with the mapping as it is now.
    fn setup(&self) -> SourceSetup {
        SourceSetup { mapping: Arc::clone(&self.mapping.borrow()), ..self.setup.clone() }
    }
}

/// What a source's task can be told.
struct Command {
    /// Read again from here.
    start: Option<Moment>,
    /// Who follows it.
    tell: mpsc::Sender<Event>,
}

/// How far a reading got.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// The window.
    pub window: Option<callgauge_adapter::Window>,
    /// Pages so far.
    pub pages: u64,
    /// Calls by verdict so far, by number of [`crate::store::Verdict`].
    pub verdicts: [u64; 7],
    /// Of the rejected, those without anybody.
    pub unmapped: u64,
    /// Tallies so far.
    pub tallies: u64,
    /// Whether all that was due is read.
    pub done: bool,
    /// Why it ended before that.
    pub problem: Option<String>,
}

/// Why a source cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum NoSource {
    /// The settings file has none with this id.
    #[error("the settings file has no source {0}")]
    Unknown(SourceId),
    /// Its task has ended.
    #[error("source {0} is not being read: the service is stopping")]
    Stopped(SourceId),
    /// Too many wait for it.
    #[error("{WAITING} readings of source {0} wait already; follow one of them")]
    Busy(SourceId),
}

/// Why trying a source found nothing.
#[derive(Debug, thiserror::Error)]
pub enum CheckFault {
    /// The adapter cannot be opened.
    #[error("{0}")]
    Settings(#[from] SettingFaults),
    /// The vendor refuses.
    #[error("{0}")]
    Adapter(#[from] AdapterError),
}

impl Host {
    /// Begins to read. The tasks end when `draining` turns true, each between two pages.
    ///
    /// # Errors
    /// Where the store cannot say how far sources were read.
    pub async fn begin(setups: Vec<SourceSetup>, room: HostRoom) -> Result<(Self, JoinSet<()>), StoreError> {
        let HostRoom { ingest, store, clock, draining, scheduled, tokens, rereading } = room;
        let mut states: BTreeMap<SourceId, _> =
            store.source_states().await?.into_iter().map(|state| (state.source.clone(), state)).collect();
        let mut tasks = JoinSet::new();
        let mut sources = BTreeMap::new();
        for mut setup in setups {
            if let Some(folder) = &tokens {
                let keeper = tokens::FileKeeper::new(folder, &setup.id);
                setup.settings = setup.settings.with_keeper(Arc::new(keeper));
            }
            let seen = Arc::new(Seen::default());
            let (commands, told) = mpsc::channel(WAITING);
            let (mapping, mappings) = watch::channel(Arc::clone(&setup.mapping));
            let source = Source { setup: setup.clone(), mapping, seen: Arc::clone(&seen), commands };
            let reader = reader::Reader::new(
                setup,
                states.remove(&source.setup.id),
                reader::Tools {
                    ingest: Arc::clone(&ingest),
                    store: Arc::clone(&store),
                    clock: Arc::clone(&clock),
                    draining: draining.clone(),
                    scheduled,
                    mappings,
                },
                seen,
            );
            tasks.spawn(reader.run(told));
            sources.insert(source.setup.id.clone(), source);
        }
        Ok((Self { sources, ingest, store, clock, rereading }, tasks))
    }

    /// All sources, ordered by id, with how they are doing.
    pub fn sources(&self) -> impl Iterator<Item = (SourceSetup, &Seen)> {
        self.sources.values().map(|source| (source.setup(), &*source.seen))
    }

    /// One source.
    ///
    /// # Errors
    /// [`NoSource::Unknown`].
    pub fn source(&self, id: &SourceId) -> Result<(SourceSetup, &Seen), NoSource> {
        let source = self.sources.get(id).ok_or_else(|| NoSource::Unknown(id.clone()))?;
        Ok((source.setup(), &source.seen))
    }

    /// Tries a source with an adapter of its own; nothing is stored.
    ///
    /// # Errors
    /// What an operator has to change.
    pub async fn check(&self, setup: &SourceSetup) -> Result<CheckReport, CheckFault> {
        setup.vendor.prepare().await?;
        let adapter = setup.vendor.open(&setup.settings)?;
        let checked = tokio::time::timeout(CHECK_LIMIT, adapter.check((self.clock)())).await;
        let secrets = Secrets::of(&setup.settings, &setup.vendor.description().settings);
        match checked {
            Ok(Ok(CheckReport { works, warnings, sample })) => {
                let cleaned = |lines: Vec<String>| lines.iter().map(|line| secrets.cleaned(line)).collect();
                Ok(CheckReport { works: cleaned(works), warnings: cleaned(warnings), sample })
            }
            Ok(Err(AdapterError { fault, message })) => {
                Err(AdapterError::new(fault, secrets.cleaned(&message)).into())
            }
            Err(_) => {
                let told = format!("no answer within {} s; try again later", CHECK_LIMIT.as_secs());
                Err(AdapterError::new(Fault::Unavailable, told).into())
            }
        }
    }

    /// Reads a source now; how far it gets comes on the channel, the last event with `done` or a problem.
    ///
    /// # Errors
    /// [`NoSource`].
    pub fn sync(&self, id: &SourceId, start: Option<Moment>) -> Result<mpsc::Receiver<Event>, NoSource> {
        let source = self.sources.get(id).ok_or_else(|| NoSource::Unknown(id.clone()))?;
        let (tell, events) = mpsc::channel(EVENTS);
        source.commands.try_send(Command { start, tell }).map_err(|fault| match fault {
            mpsc::error::TrySendError::Full(_) => NoSource::Busy(id.clone()),
            mpsc::error::TrySendError::Closed(_) => NoSource::Stopped(id.clone()),
        })?;
        Ok(events)
    }

    /// Sends unmapped calls through again: of one source or all.
    ///
    /// # Errors
    /// What the store refuses.
    pub async fn redrive(&self, of: Option<&SourceId>) -> Result<Redriven, StoreError> {
        let mut all = Redriven::default();
        for source in self.sources.values().filter(|source| of.is_none_or(|of| *of == source.setup.id)) {
            let Redriven { looked_at, taken } = redrive(&self.ingest, &source.setup()).await?;
            all.looked_at += looked_at;
            all.taken += taken;
        }
        Ok(all)
    }

    /// Reads the settings file again: mappings and sources of record count from now on, nothing else of it does. Where it is faulty, everything stays as it
    /// was. [`Host::tell`] has to follow, with what this gives.
    ///
    /// # Errors
    /// What is wrong with the file, a line each.
    pub async fn reread(&self) -> Result<Vec<SourceId>, Vec<String>> {
        let Some(Rereading { read, asked: _ }) = self.rereading.clone() else { return Ok(Vec::new()) };
        let read = tokio::task::spawn_blocking(move || read()).await;
        let Reread { mappings, of_record } =
            read.unwrap_or_else(|_| Err(vec!["the settings file could not be read".to_owned()]))?;
        if let Some(list) = of_record {
            self.store.put_sources_of_record(list).await.map_err(|fault| vec![fault.to_string()])?;
        }
        let mut changed = Vec::new();
        for (id, source) in &self.sources {
            // A source that the file does not name any more is read until the next start, as it was.
            let Some(mapping) = mappings.get(id).filter(|mapping| **mapping != *source.mapping.borrow())
            else {
                continue;
            };
            // Its task is told later, so that who asked can send calls through first and count them.
            source.mapping.send_if_modified(|current| {
                *current = Arc::clone(mapping);
                false
            });
            changed.push(id.clone());
        }
        Ok(changed)
    }

    /// Tells the tasks of sources whose mapping changed: they give calls that were nobody's to whom it names now, and say what was delivered for them.
    pub fn tell(&self, changed: &[SourceId]) {
        for source in changed.iter().filter_map(|id| self.sources.get(id)) {
            source.mapping.send_modify(|_| ());
        }
    }

    /// Reads the settings file again whenever that is asked for, until the service drains.
    pub async fn follow(self: Arc<Self>, mut draining: watch::Receiver<bool>) {
        let Some(Rereading { read: _, asked }) = self.rereading.clone() else { return };
        loop {
            tokio::select! {
                biased;
                () = reader::drained(&mut draining) => return,
                () = asked.notified() => {}
            }
            match self.reread().await {
                Ok(changed) => {
                    self.tell(&changed);
                    tracing::info!(changed = changed.len(), "mappings and sources of record were read again");
                }
                Err(faults) => {
                    for fault in faults {
                        tracing::warn!(
                            fault,
                            "the settings file was not taken: mappings and sources of record stay as they are"
                        );
                    }
                }
            }
        }
    }
}

/// Sends a source's unmapped calls through again.
async fn redrive(ingest: &Ingest, setup: &SourceSetup) -> Result<Redriven, StoreError> {
    let mapping = Arc::clone(&setup.mapping);
    let whose = move |places: &[u8], began: Moment| {
        let places = convert::read_places(places)?;
        mapping.whose(&places, began).map(attribution)
    };
    ingest.redrive_unmapped(&setup.id, whose).await
}
