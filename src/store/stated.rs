//! What is stated about days rather than calls: how far sources have delivered, whose word counts where several have some, and counts that stand for calls.
//!
//! [`Statements`] is all of it that is needed to decide what counts, small enough to be held in memory and shared by snapshots; the counts themselves stay
//! in the store. Nothing here is applied to stored calls: it is applied when a question is answered.

mod of_record;
mod stretches;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use callgauge_schema::{AccountId, Attribution, InvalidCode, Moment, OdsCode, SourceId};

use super::{AttributionKey, StoreError};
use crate::calendar::Day;
use crate::metrics::{CountShape, StatedCounts};

pub use of_record::{OfRecord, SourceOfRecord};
pub use stretches::{Covered, Stretches};

/// Practices and accounts that one source may state the delivery of.
const DELIVERED_PER_SOURCE: usize = 20_000;
/// Stretches of one practice or account that one source may state with gaps between them.
const STRETCHES: usize = 40_000;

/// Whose days a statement is about. Written as the code, or `account:ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// A practice's.
    Practice(OdsCode),
    /// Those of an account, whatever is known of where it belongs.
    Account(AccountId),
}

/// Where the host left off with a source, in bytes that only the host reads.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceProgress(Box<[u8]>);

/// Where the host left off, as it was committed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Of which source.
    pub source: SourceId,
    /// When it was committed.
    pub at: Moment,
    /// Where.
    pub progress: SourceProgress,
}

/// A source has delivered all calls of somebody that began in a stretch of time: absence of calls there is a true zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Whose calls.
    pub whose: Whose,
    /// First instant.
    pub from: Moment,
    /// End, excluded.
    pub until: Moment,
}

/// Counts that stand for the calls of one day. They replace earlier ones of the same source, practice or account, day and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTally {
    /// Whose.
    pub whose: Attribution,
    /// On which day.
    pub day: Day,
    /// The counts.
    pub counts: StatedCounts,
}

/// Counts as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTally {
    /// Who stated them.
    pub source: SourceId,
    /// Of which day.
    pub day: Day,
    /// The counts.
    pub counts: StatedCounts,
}

/// The days that a source stated counts of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TalliedDays {
    /// The source.
    pub source: SourceId,
    /// The shape.
    pub shape: CountShape,
    /// Numbers of days.
    pub days: Stretches,
}

/// What is stated, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    delivered: HashMap<Whose, Arc<Vec<(SourceId, Stretches)>>>,
    delivering: HashMap<SourceId, usize>,
    of_record: Arc<OfRecord>,
    tallied: HashMap<AttributionKey, Arc<Vec<TalliedDays>>>,
    /// Number of the submission that changed any of it last.
    pub seq: u64,
}

impl Whose {
    /// That of calls.
    pub fn of(attribution: &Attribution) -> Self {
        match attribution {
            Attribution::Practice(code) => Self::Practice(*code),
            Attribution::Account(account) => Self::Account(account.id.clone()),
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Practice(code) => f.write_str(code.as_str()),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}

impl FromStr for Whose {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        match text.trim().strip_prefix("account:") {
            Some(id) => id.parse().map(Self::Account),
            None => text.parse().map(Self::Practice),
        }
    }
}

impl SourceProgress {
    /// The most bytes.
    pub const MAX_LEN: usize = 128 * 1_024;

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for SourceProgress {
    type Error = StoreError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, StoreError> {
        if bytes.len() > Self::MAX_LEN {
            let most = Self::MAX_LEN;
            return Err(StoreError::StatementLimit(format!(
                "a source's progress has {} bytes, at most {most} are kept",
                bytes.len()
            )));
        }
        Ok(Self(bytes.into_boxed_slice()))
    }
}

/// What it holds is the host's and may be long.
impl fmt::Debug for SourceProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceProgress({} bytes)", self.0.len())
    }
}

impl Statements {
    /// Whether every call counts, and nothing but calls: nobody stated a source of record or counts.
    pub fn rule_nothing(&self) -> bool {
        self.of_record.is_empty() && self.tallied.is_empty()
    }

    /// What sources have delivered of somebody's calls, in milliseconds.
    pub fn delivered(&self, whose: &Whose) -> &[(SourceId, Stretches)] {
        self.delivered.get(whose).map_or(&[], |delivered| delivered.as_slice())
    }

    /// Whether any source stated anything delivered.
    pub fn any_delivered(&self) -> bool {
        !self.delivered.is_empty()
    }

    /// Whose word counts, on which days.
    pub fn of_record(&self) -> &OfRecord {
        &self.of_record
    }

    /// Days of which counts were stated.
    pub fn tallied(&self, whose: AttributionKey) -> &[TalliedDays] {
        self.tallied.get(&whose).map_or(&[], |tallied| tallied.as_slice())
    }

    /// Everybody of whom counts were stated.
    pub fn tallied_by(&self) -> impl Iterator<Item = AttributionKey> {
        self.tallied.keys().copied()
    }

    /// Notes a stretch; the whole stretch that it lies in now, and whether that is any news.
    ///
    /// # Errors
    /// [`StoreError::StatementLimit`] where the source states more than is kept.
    pub(super) fn deliver(
        &mut self,
        source: &SourceId,
        delivered: &Delivered,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        let Delivered { whose, from, until } = delivered;
        let ours = Arc::make_mut(self.delivered.entry(whose.clone()).or_default());
        let at = ours.iter().position(|(other, _)| other == source).unwrap_or_else(|| {
            ours.push((source.clone(), Stretches::default()));
            *self.delivering.entry(source.clone()).or_default() += 1;
            ours.len() - 1
        });
        let whole = ours[at].1.add(from.millis(), until.millis());
        let (many, of) = (self.delivering.get(source).copied().unwrap_or(0), ours[at].1.len());
        if many > DELIVERED_PER_SOURCE || of > STRETCHES {
            return Err(StoreError::StatementLimit(format!(
                "source {source} states delivery for more than is kept: at most {DELIVERED_PER_SOURCE} practices and accounts, each in at most {STRETCHES} stretches"
            )));
        }
        Ok(whole)
    }

    /// Notes that counts of a day are there.
    pub(super) fn tally(&mut self, whose: AttributionKey, source: &SourceId, shape: CountShape, day: Day) {
        let ours = Arc::make_mut(self.tallied.entry(whose).or_default());
        let at =
            ours.iter().position(|days| days.source == *source && days.shape == shape).unwrap_or_else(|| {
                ours.push(TalliedDays { source: source.clone(), shape, days: Stretches::default() });
                ours.sort_by(|one, other| (&one.source, one.shape).cmp(&(&other.source, other.shape)));
                let found = ours.iter().position(|days| days.source == *source && days.shape == shape);
                found.unwrap_or_default()
            });
        let day = i64::from(day.number());
        ours[at].days.add(day, day + 1);
    }

    /// Puts other sources of record in place of all there were.
    pub(super) fn rule(&mut self, of_record: OfRecord) {
        self.of_record = Arc::new(of_record);
    }
}

#[cfg(test)]
mod tests;
