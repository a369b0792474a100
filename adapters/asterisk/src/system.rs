//! What the operator says of an Asterisk system.

use callgauge_adapter::SettingsReader;
use callgauge_adapter::time::Zone;

/// Contexts that FreePBX and the samples of Asterisk give to calls from outside.
const INBOUND: [&str; 4] = ["from-trunk", "from-pstn", "from-did-direct", "ext-did"];

/// A system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// Of times without an offset.
    pub(crate) zone: Zone,
    /// Keys that ask for a callback.
    pub(crate) keys: Vec<String>,
    /// Callers whose number has at most so many digits are colleagues.
    pub(crate) internal_digits: u64,
    inbound: Vec<String>,
    callbacks: Vec<String>,
    queue_log: String,
    cdr: String,
}

impl System {
    /// Reads the settings.
    pub(crate) fn read(read: &mut SettingsReader<'_>) -> Self {
        let inbound = read.list("inbound_contexts");
        Self {
            zone: read.zone_or("time_zone", Zone::london()),
            keys: read.list("callback_keys"),
            internal_digits: read.number_or("internal_digits", 0..=9, 0),
            inbound: if inbound.is_empty() { INBOUND.map(str::to_owned).to_vec() } else { inbound },
            callbacks: read.list("callback_contexts"),
            queue_log: read.text_or("queue_log", "queue_log"),
            cdr: read.text_or("cdr", "Master"),
        }
    }

    /// Whether a file of this name is taken.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.is_queue_log(name) || name.starts_with(&self.cdr)
    }

    /// Whether it is a queue log.
    pub(crate) fn is_queue_log(&self, name: &str) -> bool {
        name.starts_with(&self.queue_log)
    }

    /// Whether calls of a context come from outside.
    pub(crate) fn inbound(&self, context: &str) -> bool {
        fits(&self.inbound, context)
    }

    /// Whether calls of a context are callbacks that the system dials.
    pub(crate) fn callback(&self, context: &str) -> bool {
        fits(&self.callbacks, context)
    }

    /// What names begin with, for messages: of queue logs, and of CDR files.
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.queue_log, &self.cdr)
    }
}

/// Whether a context is among those named; `*` at the end of one stands for anything.
fn fits(named: &[String], context: &str) -> bool {
    named.iter().any(|name| match name.strip_suffix('*') {
        Some(begins) => context.starts_with(begins),
        None => name == context,
    })
}
