//! Whole calls out of a view: rows and texts back into records.

use std::sync::Arc;

use callgauge_schema::{
    Attribution, CallId, CallRecord, Draft, DraftAccount, DraftAttribution, DraftDuration, Moment, SourceId,
    UnknownDurations,
};

use super::prepare::ANY_TIME;
use super::row::{Row, UNKNOWN, kind, seconds, texts};
use super::view::{Files, View, damaged, missing};
use crate::calendar::Days;
use crate::store::{CallFilter, CallsAsk, StoreError, StoredCall};

impl View {
    /// Whole calls that match, oldest first.
    pub(super) fn matching(self: &Arc<Self>, ask: &CallsAsk) -> Result<Vec<StoredCall>, StoreError> {
        let mut files = Files::default();
        let mut found: Vec<StoredCall> = Vec::new();
        let fits = |row: &Row| {
            !row.retracted && row.started >= ask.from.millis() && row.started < ask.until.millis()
        };
        for span in &ask.spans {
            let whose = span.whose.0;
            for run in self.runs.within(span.days) {
                if run.entry(whose).is_none_or(|entry| entry.rows == 0) {
                    continue;
                }
                let (rows, text) = self.run_rows(run, files.of(run)?, whose, true)?;
                for row in rows.iter().filter(|row| fits(row)) {
                    if !self.meets(row, &ask.filter)? {
                        continue;
                    }
                    let entry = run
                        .find(files.of(run)?, row.identity)
                        .map_err(damaged)?
                        .ok_or_else(|| missing("row's index entry"))?;
                    let row = Row { revision: entry.revision, ..*row };
                    push(&mut found, self.whole(&row, &text)?, ask.limit)?;
                }
            }
            for chunk in &self.chunks {
                for row in
                    self.chunk_rows(chunk, whose).filter(|row| fits(row) && span.days.contains(row.day()))
                {
                    if self.meets(row, &ask.filter)? {
                        push(&mut found, self.whole(row, &chunk.text)?, ask.limit)?;
                    }
                }
            }
        }
        found.sort_by(|a, b| {
            let key = |call: &StoredCall| call.record.started_at();
            key(a)
                .cmp(&key(b))
                .then_with(|| a.source.cmp(&b.source))
                .then_with(|| a.record.id().cmp(b.record.id()))
        });
        Ok(found)
    }

    /// One call as it stands.
    pub(super) fn one(
        self: &Arc<Self>,
        source: &SourceId,
        id: &CallId,
    ) -> Result<Option<StoredCall>, StoreError> {
        let identity = self.shared.key.identity(source.as_str(), id.as_str());
        for chunk in self.chunks.iter().rev() {
            // The newest row of an identity is the one that stands.
            if let Some(row) = chunk.rows.iter().rev().find(|row| row.identity == identity) {
                return self.whole(row, &chunk.text).map(Some);
            }
        }
        for (day, runs) in self.runs.by_day() {
            for run in runs.iter().rev() {
                let file = run.file().map_err(damaged)?;
                let Some(entry) = run.find(&file, identity).map_err(damaged)? else { continue };
                if self.dead(identity, day, run.order) {
                    continue;
                }
                let row = run.row_at(&file, entry.row).map_err(damaged)?;
                let until = if (entry.row as usize) + 1 < run.rows {
                    Some(run.row_at(&file, entry.row + 1).map_err(damaged)?.text)
                } else {
                    None
                };
                let text = run.text(&file, row.text, until).map_err(damaged)?;
                let row = Row { text: 0, identity, content: entry.content, revision: entry.revision, ..row };
                return self.whole(&row, &text).map(Some);
            }
        }
        Ok(None)
    }

    fn meets(&self, row: &Row, filter: &CallFilter) -> Result<bool, StoreError> {
        let CallFilter { source, direction, outcomes, reasons, lines, min_wait, max_wait } = filter;
        let kind = kind(row.kind).ok_or_else(|| missing("kind of call that this release knows"))?;
        let labels = self.shared.labels();
        let wait = seconds(row.wait);
        Ok(source.as_ref().is_none_or(|source| labels.source(row.source) == Some(source))
            && direction.is_none_or(|direction| kind.direction() == direction)
            && (outcomes.is_empty() || outcomes.contains(&kind.outcome()))
            && (reasons.is_empty() || kind.reason().is_some_and(|reason| reasons.contains(&reason)))
            && (lines.is_empty()
                || row
                    .line
                    .checked_sub(1)
                    .and_then(|number| labels.line(number))
                    .is_some_and(|line| lines.contains(line)))
            && min_wait.is_none_or(|min| wait.is_some_and(|wait| wait >= min))
            && max_wait.is_none_or(|max| wait.is_some_and(|wait| wait <= max)))
    }

    /// A row and its texts as the record that they were.
    fn whole(&self, row: &Row, heap: &[u8]) -> Result<StoredCall, StoreError> {
        let labels = self.shared.labels();
        let kind = kind(row.kind).ok_or_else(|| missing("kind of call that this release knows"))?;
        let texts = texts(heap, row.text as usize, row.kind).ok_or_else(|| missing("call id"))?;
        let secs = |secs: u32| (secs != UNKNOWN).then(|| DraftDuration::from_secs(i64::from(secs)));
        let attribution = match labels.attribution(row.whose).ok_or_else(|| missing("practice or account"))? {
            Attribution::Practice(code) => DraftAttribution::Practice(code.to_string()),
            Attribution::Account(account) => {
                let text = |code: Option<callgauge_schema::OdsCode>| {
                    code.map(|code| code.to_string()).unwrap_or_default()
                };
                DraftAttribution::Account(Box::new(DraftAccount {
                    id: account.id.to_string(),
                    pcn: text(account.pcn),
                    sub_icb: text(account.sub_icb),
                    icb: text(account.icb),
                    region: text(account.region),
                }))
            }
        };
        let line = match row.line.checked_sub(1) {
            None => String::new(),
            Some(number) => labels.line(number).ok_or_else(|| missing("line"))?.to_string(),
        };
        let draft = Draft {
            call_id: texts.call_id.to_owned(),
            attribution: Some(attribution),
            revision: Some(row.revision),
            retracted: row.retracted,
            direction: Some(kind.direction()),
            started_at: Some(Moment::from_millis(row.started)),
            previous_started_at: None,
            outcome: (!row.retracted).then(|| kind.outcome()),
            reason: kind.reason(),
            ivr: secs(row.ivr),
            wait: secs(row.wait),
            talk: secs(row.talk),
            line,
            callback_requested: kind.callback_requested(),
            callback_made: kind
                .callback_made()
                .map(|automatic| (texts.for_call.to_owned(), u32::from(texts.attempt), automatic)),
            timing: Some(kind.timing()),
        };
        let record: CallRecord = draft
            .check(ANY_TIME, UnknownDurations { wait: true, talk: true })
            .map_err(|fault| StoreError::Damaged(format!("a stored call is none: {fault}")))?;
        let source = labels.source(row.source).ok_or_else(|| missing("source"))?.clone();
        Ok(StoredCall { source, record })
    }
}

fn push(found: &mut Vec<StoredCall>, call: StoredCall, limit: usize) -> Result<(), StoreError> {
    if found.len() >= limit {
        return Err(StoreError::TooLarge(limit));
    }
    found.push(call);
    Ok(())
}

/// The day and one on either side.
pub(super) fn around(day: crate::calendar::Day, days: i32) -> Days {
    Days::new(day.plus(-days), day.plus(days + 1))
}
