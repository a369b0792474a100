//! One play of a script from its first round to its last: a vendor's world, a host, and what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use callgauge_schema::Moment;
use jiff::tz::TimeZone;

use super::expect::{count_differences, differences};
use super::fast_clock::FastClock;
use super::fault::{Fault, Planned};
use super::host::{Broken, Host, Kept, Kill};
use super::http::Server;
use super::logs::{Found, Outlet};
use super::marks::Marks;
use super::script::{Script, Step};
use super::select::instant;
use super::world::World;
use crate::{Settings, Vendor};

/// What is different in a play.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twist {
    pub(crate) kill: Kill,
    pub(crate) planned: Option<Planned>,
    pub(crate) more_fields: bool,
    /// By how many milliseconds the vendor's clock is ahead.
    pub(crate) ahead: i64,
}

impl Twist {
    /// Nothing is.
    pub(crate) const NONE: Self = Self { kill: Kill::Never, planned: None, more_fields: false, ahead: 0 };
}

/// What came of a play.
#[derive(Debug, Default)]
pub(crate) struct Played {
    /// How the calls differ from the expected ones, a list a round.
    pub(crate) differences: Vec<Vec<String>>,
    /// How the counts differ.
    pub(crate) counts: Vec<Vec<String>>,
    /// What was there after each round.
    pub(crate) kept: Vec<Kept>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) found: Found,
    /// Requests for data.
    pub(crate) asked: usize,
    pub(crate) pages: usize,
    pub(crate) largest_cursor: usize,
    pub(crate) strangers: Vec<String>,
    pub(crate) script_faults: Vec<String>,
    pub(crate) too_early: Option<Duration>,
    /// Whether the planned fault came.
    pub(crate) happened: bool,
}

/// A vendor's world with its server and folder, and settings to open an adapter with.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) settings: Settings,
    folder: Folder,
    _server: Server,
}

impl Stage {
    /// Puts the files of the first round in place.
    pub(crate) fn first_steps(&self, script: &Script) -> Result<(), String> {
        let first = script.step.iter().filter(|step| step.round == 1);
        first.into_iter().try_for_each(|step| self.folder.apply(step, &self.world.marks))
    }
}

/// A script, and the vendor that it is played with.
pub(crate) struct Trial<'a> {
    pub(crate) vendor: &'a dyn Vendor,
    pub(crate) script: Arc<Script>,
    /// Whether waiting takes time.
    pub(crate) real: bool,
    /// At how many requests each fault is tried, spread over all of them.
    pub(crate) places: usize,
}

impl<'a> Trial<'a> {
    /// Builds the world.
    pub(crate) async fn stage(&self) -> Result<Stage, String> {
        let script = &self.script;
        let listening = Server::bind().await.map_err(|error| format!("no port on loopback: {error}"))?;
        let folder = Folder::new().map_err(|error| format!("no temporary folder: {error}"))?;
        let marks = Arc::new(Marks::new(
            listening.base.clone(),
            folder.path.display().to_string(),
            &script.secrets,
            &script.personal,
        ));
        let mut table = script.settings.clone();
        for (_, value) in &mut table {
            fill(value, &marks)?;
        }
        let now = self.now(1)?;
        let clock = Arc::new(if self.real { FastClock::real(now) } else { FastClock::new(now) });
        let world = Arc::new(World::new(Arc::clone(script), Arc::clone(&marks), clock));
        let server = listening.serve(Arc::clone(&world) as _);
        let outlet = Outlet::new(marks);
        Ok(Stage { world, outlet, settings: Settings::from(table), folder, _server: server })
    }

    /// What the host's clock says in a round.
    pub(crate) fn now(&self, round: usize) -> Result<Moment, String> {
        let text = self.script.round.get(round - 1).map_or("", |round| round.now.as_str());
        moment(text).ok_or_else(|| format!("round {round}: now is no time: {text:?}"))
    }

    /// Where reading begins.
    pub(crate) fn since(&self) -> Result<Moment, String> {
        match self.script.round.first().and_then(|round| round.since.as_deref()) {
            Some(text) => moment(text).ok_or_else(|| format!("since is no time: {text:?}")),
            None => Ok(self.now(1)?.plus_millis(-86_400_000)),
        }
    }

    /// Plays all rounds.
    pub(crate) async fn play(&self, twist: Twist) -> Result<Played, String> {
        let stage = self.stage().await?;
        let Twist { kill, planned, more_fields, ahead } = twist;
        {
            let mut state = stage.world.state();
            (state.planned, state.more_fields, state.ahead) = (planned, more_fields, ahead);
        }
        let (world, outlet) = (Arc::clone(&stage.world), Arc::clone(&stage.outlet));
        let mut host = Host::new(self.vendor, stage.settings.clone(), world, outlet, kill);
        let mut played = Played::default();
        let sees_deletions = self.vendor.description().sees_deletions;
        for round in 1..=self.script.round.len() {
            let now = self.now(round)?;
            stage.world.state().round = round;
            stage.world.clock.set_wall(now);
            host.kept.round = Default::default();
            let mut steps = self.script.step.iter().filter(|step| step.round == round).peekable();
            if steps.peek().is_none() {
                host.sync(self.since()?, now).await;
            }
            for step in steps {
                stage.folder.apply(step, &stage.world.marks)?;
                host.sync(self.since()?, now).await;
            }
            played.differences.push(differences(&self.script, round, &host.kept, sees_deletions));
            played.counts.push(count_differences(&self.script.round[round - 1], &host.kept));
            played.kept.push(host.kept.clone());
        }
        let state = stage.world.state();
        played.broken = host.broken;
        played.pages = host.pages;
        played.largest_cursor = host.largest_cursor;
        played.found = stage.outlet.found();
        played.asked = state.asked;
        played.strangers = state.strangers.iter().cloned().collect();
        played.script_faults = state.faults.iter().cloned().collect();
        played.too_early = state.too_early;
        played.happened = state.happened;
        Ok(played)
    }

    /// Plays with a fault at a request.
    pub(crate) async fn with_fault(&self, fault: Fault, at: usize) -> Result<Played, String> {
        self.play(Twist { planned: Some(Planned { fault, at }), ..Twist::NONE }).await
    }
}

fn moment(text: &str) -> Option<Moment> {
    instant(text, &TimeZone::UTC).map(|(at, _)| Moment::from_millis(at))
}

/// Puts the kit's values into settings, however deep.
pub(crate) fn fill(value: &mut toml::Value, marks: &Marks) -> Result<(), String> {
    match value {
        toml::Value::String(text) => *text = marks.fill(text)?,
        toml::Value::Array(values) => values.iter_mut().try_for_each(|value| fill(value, marks))?,
        toml::Value::Table(table) => table.iter_mut().try_for_each(|(_, value)| fill(value, marks))?,
        _ => {}
    }
    Ok(())
}

/// A temporary folder; removed when dropped.
struct Folder {
    path: PathBuf,
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("callgauge-kit-{}-{number}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    fn apply(&self, step: &Step, marks: &Marks) -> Result<(), String> {
        let Step { round: _, file, write, append, rename, remove, latin1 } = step;
        let path = self.path.join(file);
        let failed = |error: std::io::Error| format!("step on {file}: {error}");
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let bytes = |text: &str| -> Result<Vec<u8>, String> {
            let text = marks.fill(text)?;
            Ok(if *latin1 {
                text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
            } else {
                text.into_bytes()
            })
        };
        if let Some(text) = write {
            fs::write(&path, bytes(text)?).map_err(failed)?;
        }
        if let Some(text) = append {
            append_to(&path, &bytes(text)?).map_err(failed)?;
        }
        if let Some(name) = rename {
            fs::rename(&path, self.path.join(name)).map_err(failed)?;
        }
        if *remove {
            fs::remove_file(&path).map_err(failed)?;
        }
        Ok(())
    }
}

fn append_to(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.path);
    }
}
