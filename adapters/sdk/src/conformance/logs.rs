//! Everything that an adapter logs while the kit runs it, at every level, and everything else that it says: looked through for what was planted.

use std::fmt::{Debug, Write};
use std::sync::{Arc, LazyLock, Mutex, Weak};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::marks::Marks;

/// How many leaks are told apart in a report.
const LEAKS: usize = 20;

/// Looks through what comes out.
#[derive(Debug)]
pub(crate) struct Outlet {
    marks: Arc<Marks>,
    found: Mutex<Found>,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Where a secret came out.
    pub(crate) secrets: Vec<String>,
    /// Where something personal came out, and what.
    pub(crate) personal: Vec<String>,
    /// Texts looked through.
    pub(crate) texts: u64,
    /// Of them log events and spans.
    pub(crate) logged: u64,
}

impl Outlet {
    /// One for what was planted with these marks.
    pub(crate) fn new(marks: Arc<Marks>) -> Arc<Self> {
        let outlet = Arc::new(Self { marks, found: Mutex::new(Found::default()) });
        Facade::tells(&outlet);
        outlet
    }

    /// Looks through a text that came out at `place`.
    pub(crate) fn says(&self, place: &str, text: &str) {
        let mut found = self.found.lock().expect("nobody panics while holding it");
        found.texts += 1;
        let note = |list: &mut Vec<String>, line: String| {
            if list.len() < LEAKS && !list.contains(&line) {
                list.push(line);
            }
        };
        if self.marks.secrets_in(text) {
            note(&mut found.secrets, format!("a secret in {place}"));
        }
        if let Some(what) = self.marks.personal_in(text) {
            note(&mut found.personal, format!("{what} in {place}"));
        }
    }

    /// Looks through a value as it prints itself.
    pub(crate) fn shows(&self, place: &str, value: &impl Debug) {
        self.says(place, &format!("{value:?}"));
    }

    /// What was found so far.
    pub(crate) fn found(&self) -> Found {
        self.found.lock().expect("nobody panics while holding it").clone()
    }

    fn logged(&self, metadata: &Metadata<'_>, text: &Text) {
        self.found.lock().expect("nobody panics while holding it").logged += 1;
        self.says(&format!("a log line of {} ({})", metadata.target(), metadata.level()), &text.0);
    }
}

/// Hears everything.
#[derive(Debug)]
pub(crate) struct Listener(pub(crate) Arc<Outlet>);

#[derive(Debug, Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, "{}={value} ", field.name());
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text::default();
        span.record(&mut text);
        self.0.logged(span.metadata(), &text);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text::default();
        values.record(&mut text);
        self.0.says("a field of a log span", &text.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.0.logged(event.metadata(), &text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Hears what libraries log through the `log` crate. The logger is the process's one and only: where there is another already, it keeps its place.
#[derive(Debug)]
struct Facade;

/// Who is told.
static TOLD: Mutex<Vec<Weak<Outlet>>> = Mutex::new(Vec::new());

/// Whether the logger is ours.
static OURS: LazyLock<bool> = LazyLock::new(|| {
    let ours = log::set_logger(&Facade).is_ok();
    if ours {
        log::set_max_level(log::LevelFilter::Trace);
    }
    ours
});

impl Facade {
    fn tells(outlet: &Arc<Outlet>) {
        if *OURS {
            let mut told = TOLD.lock().expect("nobody panics while holding it");
            told.retain(|other| other.strong_count() > 0);
            told.push(Arc::downgrade(outlet));
        }
    }
}

impl log::Log for Facade {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let told: Vec<Arc<Outlet>> = {
            let told = TOLD.lock().expect("nobody panics while holding it");
            told.iter().filter_map(Weak::upgrade).collect()
        };
        let text = record.args().to_string();
        for outlet in told {
            outlet.found.lock().expect("nobody panics while holding it").logged += 1;
            outlet.says(&format!("a log line of {} ({})", record.target(), record.level()), &text);
        }
    }

    fn flush(&self) {}
}
