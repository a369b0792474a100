//! How far a source was read, as it is committed with each page: a line of JSON, then the cursor as the adapter gave it.

use std::collections::BTreeMap;

use callgauge_adapter::{Cursor, UnknownWord, Window};
use callgauge_schema::Moment;
use serde::{Deserialize, Serialize};

use crate::store::{SourceProgress, StoreError};

/// The version written.
const VERSION: u8 = 1;
/// Different words that are counted.
const WORDS: usize = 50;
/// Stretches that were never read; the oldest are joined beyond that.
const GAPS: usize = 100;

/// How far a source was read. Instants are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    version: u8,
    /// Where reading began.
    pub(super) start: i64,
    /// Everything before was read once.
    pub(super) read_until: i64,
    /// Everything before was read after records had time to come late.
    pub(super) settled_until: i64,
    /// When a reading from `settled_until` on was last finished.
    pub(super) settled_at: i64,
    /// The window that is being read.
    pub(super) open: Option<OpenWindow>,
    /// When all that was due was last read.
    pub(super) last_success: Option<i64>,
    /// Stretches that the vendor no longer had when they were to be read.
    pub(super) gaps: Vec<(i64, i64)>,
    /// Words that the adapter does not know, by field.
    pub(super) words: BTreeMap<String, BTreeMap<String, u64>>,
    /// Calls in progress, as the last whole reading saw them.
    pub(super) in_progress: u64,
}

/// A window that was not read to its end yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenWindow {
    pub(super) from: i64,
    pub(super) until: i64,
    /// When reading it began.
    pub(super) began: i64,
    /// Where to go on; beside the JSON, because it may be long.
    #[serde(skip)]
    pub(super) cursor: Option<String>,
    has_cursor: bool,
}

impl OpenWindow {
    pub(super) const fn new(window: Window, began: Moment) -> Self {
        Self {
            from: window.from.millis(),
            until: window.until.millis(),
            began: began.millis(),
            cursor: None,
            has_cursor: false,
        }
    }

    pub(super) const fn window(&self) -> Window {
        Window { from: Moment::from_millis(self.from), until: Moment::from_millis(self.until) }
    }
}

impl Progress {
    /// Nothing was read yet.
    pub(super) const fn starting(at: Moment) -> Self {
        let at = at.millis();
        Self {
            version: VERSION,
            start: at,
            read_until: at,
            settled_until: at,
            settled_at: i64::MIN,
            open: None,
            last_success: None,
            gaps: Vec::new(),
            words: BTreeMap::new(),
            in_progress: 0,
        }
    }

    /// # Errors
    /// [`StoreError::StatementLimit`] where it is longer than is kept.
    pub(super) fn write(&self) -> Result<SourceProgress, StoreError> {
        let mut written = self.clone();
        let cursor = written.open.as_mut().and_then(|open| {
            open.has_cursor = open.cursor.is_some();
            open.cursor.take()
        });
        let mut bytes = serde_json::to_vec(&written).expect("progress is numbers and text");
        bytes.push(b'\n');
        bytes.extend(cursor.unwrap_or_default().into_bytes());
        SourceProgress::try_from(bytes)
    }

    /// What [`Self::write`] wrote; `None` where it is something else, such as what a later version wrote.
    pub(super) fn read(written: &SourceProgress) -> Option<Self> {
        let bytes = written.as_bytes();
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let mut progress: Self = serde_json::from_slice(&bytes[..end]).ok()?;
        if progress.version != VERSION {
            return None;
        }
        if let Some(open) = progress.open.as_mut().filter(|open| open.has_cursor) {
            open.cursor = Some(String::from_utf8(bytes[end + 1..].to_vec()).ok()?);
        }
        Some(progress)
    }

    /// The open window goes on with this cursor.
    pub(super) fn goes_on(&mut self, cursor: Option<Cursor>) {
        if let Some(open) = &mut self.open {
            open.cursor = cursor.map(|Cursor(text)| text);
        }
    }

    /// The open window was read to its end; the stretch that is settled by it, where any is.
    pub(super) fn closed(&mut self, late_by: i64) -> Option<(Moment, Moment)> {
        let OpenWindow { from, until, began, cursor: _, has_cursor: _ } = self.open.take()?;
        if from <= self.read_until {
            self.read_until = self.read_until.max(until);
        }
        let before = self.settled_until;
        if from <= before {
            self.settled_until = before.max(until.min(began.saturating_sub(late_by)));
        }
        (before < self.settled_until)
            .then(|| (Moment::from_millis(before), Moment::from_millis(self.settled_until)))
    }

    /// What lies before an instant cannot be read any more: reading goes on from there. Whether that loses anything.
    pub(super) fn skip_to(&mut self, oldest: i64) -> bool {
        if oldest <= self.settled_until {
            return false;
        }
        let lost = oldest > self.read_until;
        self.gaps.push((self.settled_until, oldest));
        if self.gaps.len() > GAPS {
            let (_, end) = self.gaps.remove(1);
            self.gaps[0].1 = end;
        }
        self.settled_until = oldest;
        self.read_until = self.read_until.max(oldest);
        lost
    }

    /// The settled stretches, without what was never read.
    pub(super) fn settled(&self) -> Vec<(Moment, Moment)> {
        let mut from = self.start;
        let mut stretches = Vec::new();
        let ends = self.gaps.iter().copied().chain([(self.settled_until, self.settled_until)]);
        for (gap, end) in ends {
            if from < gap {
                stretches.push((Moment::from_millis(from), Moment::from_millis(gap)));
            }
            from = end;
        }
        stretches
    }

    /// Counts words.
    pub(super) fn count_words(&mut self, words: Vec<UnknownWord>) {
        for UnknownWord { field, word, times } in words {
            let many: usize = self.words.values().map(BTreeMap::len).sum();
            let known = self.words.get(&field).is_some_and(|words| words.contains_key(&word));
            if known || many < WORDS {
                *self.words.entry(field).or_default().entry(word).or_default() += times;
            }
        }
    }
}
