//! What an adapter says of itself, as data: settings, reach, and what of the eight metrics it can support.

use callgauge_schema::{Outcome, Reason};
use serde::{Deserialize, Serialize};

/// An adapter, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Name in settings and on the command line: lower case, "ringcentral".
    pub vendor: String,
    /// Name for people.
    pub title: String,
    /// Version of the adapter.
    pub version: String,
    /// One sentence on what it reads.
    pub reads: String,
    /// Its settings.
    pub settings: Vec<SettingSpec>,
    /// How far back the vendor keeps call logs; `None` where without end.
    pub reaches_back: Option<Span>,
    /// How long after its end a call can still appear or change; the host reads that far back again.
    pub late_by: Span,
    /// The longest window that one fetch may be asked for.
    pub longest_window: Span,
    /// How each of the eight metrics is supported.
    pub metrics: Vec<(Metric, MetricSupport)>,
    /// Outcomes that can come, and how each is known.
    pub outcomes: Vec<OutcomeSupport>,
    /// Whether a corrected call comes again.
    pub sees_corrections: bool,
    /// Whether a deleted call is retracted.
    pub sees_deletions: bool,
    /// The vendor cannot know waits; they are absent.
    pub unknown_wait: bool,
    /// The vendor cannot know talk times; they are absent.
    pub unknown_talk: bool,
    /// What could not be confirmed from the vendor's documentation, a sentence each.
    pub unconfirmed: Vec<String>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingSpec {
    /// Its key in the settings file.
    pub key: String,
    /// What it takes.
    pub kind: SettingKind,
    /// Whether it has to be given.
    pub required: bool,
    /// What it means, what happens without it, and an example.
    pub help: String,
}

impl SettingSpec {
    /// One with its key, what it takes, whether it has to be given, and what it means.
    pub fn new(key: &str, kind: SettingKind, required: bool, help: &str) -> Self {
        Self { key: key.to_owned(), kind, required, help: help.to_owned() }
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingKind {
    /// Text.
    Text,
    /// Text that is never shown: a password, key or token.
    Secret,
    /// A whole number.
    Number,
    /// true or false.
    Switch,
    /// A list of text.
    List,
    /// A table of its own.
    Table,
}

/// A stretch of time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span {
    /// How many.
    pub secs: u64,
}

impl Span {
    /// Days of 24 hours.
    pub const fn days(days: u64) -> Self {
        Self { secs: days * 86_400 }
    }

    /// Hours.
    pub const fn hours(hours: u64) -> Self {
        Self { secs: hours * 3_600 }
    }

    /// Minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self { secs: minutes * 60 }
    }
}

/// One of the eight metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the metrics' own")]
pub enum Metric {
    CallVolumes,
    CallsAbandoned,
    CallTimesToAnswer,
    MissedCallVolumes,
    WaitTimeBeforeCallAbandoned,
    CallBacksRequested,
    CallBacksMade,
    AverageCallLength,
}

/// How far a metric can be supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricSupport {
    /// The vendor says it.
    Native,
    /// It follows from legs, events or times.
    Derived,
    /// Only for accounts that have some product or switch on; the adapter's doc says which.
    Sometimes,
    /// The vendor cannot know it: NOT_AVAILABLE in the answers.
    No,
}

/// How an outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeSupport {
    /// The outcome.
    pub outcome: Outcome,
    /// The reason, where it has one.
    pub reason: Option<Reason>,
    /// Whose word it is.
    pub how: How,
}

/// Whose word an outcome is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The vendor's own.
    Native,
    /// Derived from legs or events.
    Derived,
}
