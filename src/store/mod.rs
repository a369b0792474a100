//! The store's contract: what a second store has to do as well as the first. `sqlite` beside this file is the embedded one.
//!
//! As a user can observe it:
//! - After a crash a submission counts wholly or not at all, and one whose [`Store::commit`] returned counts.
//! - The same record again is a duplicate, however often, late and reordered; of several revisions the highest stays, in every order of arrival.
//! - What a submission says beside its records (how far its source was read, what it has delivered, counts that stand for calls) stands or falls with
//!   them: a source's progress is never ahead of its records.
//! - A [`Snapshot`] shows everything whose commit returned before it was taken, and nothing else for as long as it is held.
//! - Numbers from elsewhere and series breaks are taken wholly or not at all, and belong to a snapshot as calls do.
//! - Nothing is lost in silence: what is refused is kept once, with its reason, up to a limit per source after which nothing more is taken from it.
//! - A folder of an earlier format opens; a newer or foreign one, one in use by another process, or one on a network file system is refused.

mod attributions;
pub mod content;
mod error;
pub mod indicators;
pub mod memory;
pub mod revision;
pub mod sqlite;
pub mod stated;
#[doc(hidden)]
pub mod suite;
mod tallies;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use callgauge_schema::{
    CallId, CallKind, CallRecord, Line, Moment, OdsCode, RejectReason, Seconds, SourceId,
};
use tokio::sync::watch;

use crate::calendar::{Day, Days};
use crate::organisations::OrganisationRow;

pub use attributions::Attributions;
pub use error::StoreError;
pub use indicators::{
    AccessEvent, AccessEventsAsk, BreakChanges, BreakOf, IndicatorRow, IndicatorVerdict, IndicatorsAsk,
    KeptAccessEvent, SeriesBreak,
};
pub use stated::{
    DayTally, Delivered, SourceOfRecord, SourceProgress, SourceState, Statements, StoredTally, Whose,
};
pub use tallies::{
    AttributionKey, CallCount, CountsAsk, Group, GroupCounts, LineKey, SourceKey, Span, TallyAsk, TallyRow,
};

/// Keeps calls, rejects and organisations.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Takes a submission, wholly or not at all; when it returns, everything it says is on disk.
    /// Submissions take effect in the order in which these futures are first polled, so that whoever has several under way keeps their order.
    ///
    /// # Errors
    /// [`StoreError::RejectLimit`]: nothing was taken. [`StoreError::Unavailable`]: nothing was taken, try again.
    async fn commit(&self, submission: Submission) -> Result<Committed, StoreError>;

    /// What [`Store::commit`] would say now, without doing it.
    async fn preview(&self, submission: Submission) -> Result<Previewed, StoreError>;

    /// A view of everything committed so far, that does not change while it is held. Cheap.
    async fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError>;

    /// One call as it stands, retracted or not.
    async fn call(&self, source: &SourceId, id: &CallId) -> Result<Option<StoredCall>, StoreError>;

    /// Rejects with a higher id than `after`, in order of id.
    async fn rejects(&self, ask: RejectsAsk) -> Result<Vec<KeptReject>, StoreError>;

    /// Takes rows of indicators, wholly or not at all; each replaces the one of the same name, practice, period and source. One verdict a row, in order.
    ///
    /// # Errors
    /// [`StoreError::OverLimit`]: nothing was taken.
    async fn put_indicators(&self, rows: Vec<IndicatorRow>) -> Result<Vec<IndicatorVerdict>, StoreError>;

    /// Records series breaks and takes some back, wholly or not at all.
    ///
    /// # Errors
    /// [`StoreError::OverLimit`]: nothing was taken.
    async fn put_series_breaks(&self, changes: BreakChanges) -> Result<(), StoreError>;

    /// Writes down that somebody looked; its id. Only the last [`indicators::MOST_ACCESS_EVENTS`] are kept, fewer where their lists of organisations are
    /// very long and all different.
    ///
    /// # Errors
    /// [`StoreError::OverLimit`]: it is larger than what is kept, and nothing was written down.
    async fn record_access(&self, event: AccessEvent) -> Result<u64, StoreError>;

    /// Who looked, newest first.
    async fn access_events(&self, ask: AccessEventsAsk) -> Result<Vec<KeptAccessEvent>, StoreError>;
    /// Where the host left off with each source that it reads, ordered by source.
    async fn source_states(&self) -> Result<Vec<SourceState>, StoreError>;

    /// Replaces all sources of record, wholly or not at all. They are applied when a question is answered; nothing that is stored changes.
    ///
    /// # Errors
    /// [`StoreError::OfRecord`] where they contradict each other: nothing was taken.
    async fn put_sources_of_record(&self, list: Vec<SourceOfRecord>) -> Result<(), StoreError>;

    /// All organisations and memberships.
    async fn organisations(&self) -> Result<Vec<OrganisationRow>, StoreError>;

    /// Replaces all organisations and memberships, wholly or not at all.
    async fn put_organisations(&self, rows: Vec<OrganisationRow>) -> Result<(), StoreError>;

    /// Writes a copy of the store as it is at this moment into an empty or new folder, while it goes on serving.
    async fn backup(&self, folder: &Path) -> Result<BackupReport, StoreError>;

    /// How it is doing, at no cost.
    fn status(&self) -> StoreStatus;

    /// Whether it can take commits; changes are seen by those who wait for them.
    fn health(&self) -> watch::Receiver<StoreHealth>;

    /// Finishes what was begun and closes. Later calls are refused.
    async fn close(&self) -> Result<(), StoreError>;
}

/// A view of the store at one moment.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// Everybody who has calls, or counts that stand for calls.
    fn attributions(&self) -> Arc<Attributions>;

    /// What is stated about days: what was delivered, whose word counts, of which days there are counts that stand for calls.
    fn statements(&self) -> Arc<Statements>;

    /// Every source that ever submitted; the position is the key.
    fn sources(&self) -> Vec<SourceId>;

    /// The source behind a key.
    fn source(&self, key: SourceKey) -> SourceId;

    /// The line behind a key.
    fn line(&self, key: LineKey) -> Line;

    /// Tallies of groups in buckets made of whole bands: for each group in the order asked for, for each bucket (and source) in which it has calls, one row.
    /// Rows are made one by one as the iterator is read, which blocks.
    async fn tallies(self: Arc<Self>, ask: TallyAsk) -> Result<Rows<TallyRow>, StoreError>;

    /// Numbers of calls of groups in buckets made of whole bands, without their durations: for each group in the order asked for that has calls, one row. Rows
    /// are made one by one as the iterator is read, which blocks.
    async fn counts(self: Arc<Self>, ask: CountsAsk) -> Result<Rows<GroupCounts>, StoreError>;

    /// The single calls of groups, for buckets finer than bands and for lines: for each group in the order asked for, chunks in no order. Blocks as it is read.
    async fn facts(self: Arc<Self>, ask: FactsAsk) -> Result<Rows<FactsChunk>, StoreError>;

    /// On which days attributions have calls: these, or everybody.
    async fn days_with_calls(
        self: Arc<Self>,
        days: Days,
        of: Option<Vec<AttributionKey>>,
    ) -> Result<DaysWithCalls, StoreError>;

    /// Whether several sources have calls of one attribution on one day that a group has of it. Calls that were replaced or retracted later may count.
    async fn several_sources(self: Arc<Self>, groups: Vec<Group>, days: Days) -> Result<bool, StoreError>;

    /// Rows of indicators, by name, period, source and practice.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] where more than `ask.limit` match.
    async fn indicators(self: Arc<Self>, ask: IndicatorsAsk) -> Result<Vec<IndicatorRow>, StoreError>;

    /// All series breaks, by day, then by whose.
    fn series_breaks(&self) -> Arc<Vec<SeriesBreak>>;
    /// The counts that stand for somebody's calls on these days, in order of day. Blocks.
    fn day_tallies(&self, whose: AttributionKey, days: Days) -> Result<Vec<StoredTally>, StoreError>;

    /// Whole calls, oldest first, then by source and call id; retracted ones left out.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] where more than `ask.limit` match.
    async fn calls(self: Arc<Self>, ask: CallsAsk) -> Result<Vec<StoredCall>, StoreError>;
}

/// Rows that are made as they are read.
pub type Rows<T> = Box<dyn Iterator<Item = Result<T, StoreError>> + Send>;

/// Records of one source that are taken together.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who submits.
    pub source: SourceId,
    /// The records in the order sent, refused ones among them.
    pub items: Vec<Item>,
    /// Rejects that this submission sends through again: they are dropped in the same commit.
    pub redrives: Vec<u64>,
    /// Where the host left off with the source after these records; `None` leaves it as it was.
    pub progress: Option<SourceProgress>,
    /// What the source has delivered in full with these records; added to what it had before.
    pub delivered: Vec<Delivered>,
    /// Counts that stand for calls; each replaces that of the same practice or account, day and shape.
    pub tallies: Vec<DayTally>,
}

impl Submission {
    /// Records and nothing else.
    pub fn new(source: SourceId, items: Vec<Item>) -> Self {
        Self {
            source,
            items,
            redrives: Vec::new(),
            progress: None,
            delivered: Vec::new(),
            tallies: Vec::new(),
        }
    }
}

/// One record of a submission.
#[derive(Clone, Debug)]
pub enum Item {
    /// Good.
    Record(CallRecord),
    /// Refused at the edge; to be kept as a reject.
    Reject(Box<Reject>),
}

/// A refused record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its call id, where that itself is fit to be kept.
    pub call_id: Option<CallId>,
    /// The practice it named, where that is a code.
    pub practice: Option<OdsCode>,
    /// Field.
    pub field: String,
    /// Reason.
    pub reason: RejectReason,
    /// In words.
    pub message: String,
    /// The record without anything that could hold personal data, in the form that `ingest` reads again. Of a conflict, which only a store sees:
    /// its content, see [`revision::conflict`].
    pub payload: Vec<u8>,
}

/// A kept reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReject {
    /// Its id: later ones are higher.
    pub id: u64,
    /// Who submitted it.
    pub source: SourceId,
    /// When it first came.
    pub first_at: Moment,
    /// How often it came.
    pub times: u64,
    /// What was refused and why.
    pub reject: Reject,
}

/// Which rejects.
#[derive(Clone, Debug, Default)]
pub struct RejectsAsk {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only with this reason.
    pub reason: Option<RejectReason>,
    /// Only with a higher id.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

/// What was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Number of the submission: later ones are higher.
    pub receipt: u64,
    /// When it was on disk.
    pub at: Moment,
    /// One for each item, in order.
    pub verdicts: Vec<RecordVerdict>,
    /// One for each tally, in order: accepted, duplicate or revised.
    pub tallies: Vec<Verdict>,
    /// SHA-256 over identity and content of the items and tallies, in order.
    pub hash: [u8; 32],
}

/// What would be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// One for each item, in order.
    pub verdicts: Vec<RecordVerdict>,
    /// One for each tally, in order.
    pub tallies: Vec<Verdict>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// The revision stored now; 0 where rejected.
    pub revision: u64,
}

/// What became of a record. See `Verdict` in the proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the proto says what each means")]
pub enum Verdict {
    Accepted,
    Duplicate,
    Revised,
    Stale,
    Conflict,
    Retracted,
    Rejected,
}

/// A call as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCall {
    /// Who submitted it.
    pub source: SourceId,
    /// The record; its revision is present, `previous_started_at` is not kept.
    pub record: CallRecord,
}

/// Which single calls.
#[derive(Clone, Debug)]
pub struct FactsAsk {
    /// The rows.
    pub groups: Vec<Group>,
    /// Days outside are left out, whatever the spans say.
    pub days: Days,
}

/// Some calls of one group.
#[derive(Clone, Debug)]
pub struct FactsChunk {
    /// Position in `groups`.
    pub group: usize,
    /// The calls, retracted ones left out.
    pub facts: Vec<CallFacts>,
}

/// What metrics need of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Whose.
    pub whose: AttributionKey,
    /// Submitted by.
    pub source: SourceKey,
    /// When.
    pub started_at: Moment,
    /// What became of it.
    pub kind: CallKind,
    /// Wait, where known.
    pub wait: Option<Seconds>,
    /// Talk time, where known.
    pub talk: Option<Seconds>,
    /// Line, where given.
    pub line: Option<LineKey>,
}

/// On which days attributions have calls.
#[derive(Clone, Debug)]
pub struct DaysWithCalls {
    /// The stretch asked for.
    pub days: Days,
    /// By key: one bit a day, lowest bit of the first word for the first day. Shorter or missing means no calls.
    pub bits: Vec<Vec<u64>>,
}

impl DaysWithCalls {
    /// Whether there are calls on that day.
    pub fn has(&self, whose: AttributionKey, day: Day) -> bool {
        let at = day.number() - self.days.first.number();
        let Ok(at) = usize::try_from(at) else { return false };
        self.bits
            .get(whose.0 as usize)
            .and_then(|words| words.get(at / 64))
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

/// Which whole calls.
#[derive(Clone, Debug)]
pub struct CallsAsk {
    /// Whose and on which days.
    pub spans: Vec<Span>,
    /// First instant.
    pub from: Moment,
    /// End, excluded.
    pub until: Moment,
    /// Further conditions.
    pub filter: CallFilter,
    /// Refuse rather than give more than this.
    pub limit: usize,
}

/// Conditions that a call has to meet; empty ones are met by all.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Of this source.
    pub source: Option<SourceId>,
    /// Of this direction.
    pub direction: Option<callgauge_schema::Direction>,
    /// With one of these outcomes.
    pub outcomes: Vec<callgauge_schema::Outcome>,
    /// With one of these reasons.
    pub reasons: Vec<callgauge_schema::Reason>,
    /// On one of these lines.
    pub lines: Vec<Line>,
    /// Known to have waited at least this long.
    pub min_wait: Option<Seconds>,
    /// Known to have waited at most this long.
    pub max_wait: Option<Seconds>,
}

/// What a backup wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// How a store is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// Calls kept, retracted ones included.
    pub calls: u64,
    /// Committed records that are not yet sorted into their days.
    pub unsettled: u64,
    /// Rejects kept.
    pub rejects: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
}

/// Whether a store can take commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// It can.
    Serving,
    /// The last commit failed, for example because the disk is full; it tries again.
    Failing,
    /// It is closed.
    Closed,
}
