//! Rejects in the database: each kept once, with its reason, up to a limit for each source.

use std::collections::HashMap;

use callgauge_schema::{Moment, RejectReason, SourceId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::store::{KeptReject, Reject, RejectsAsk, StoreError};

/// How many are kept of each source.
#[derive(Clone, Default)]
pub(super) struct Counts {
    by_source: HashMap<SourceId, u64>,
}

impl Counts {
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut counts = Self::default();
        let mut rows = db.prepare("SELECT source, count(*) FROM rejects GROUP BY source")?;
        for row in rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
            let (source, count) = row?;
            if let Ok(source) = source.parse() {
                counts.by_source.insert(source, count as u64);
            }
        }
        Ok(counts)
    }

    pub(super) fn of(&self, source: &SourceId) -> u64 {
        self.by_source.get(source).copied().unwrap_or(0)
    }

    pub(super) fn total(&self) -> u64 {
        self.by_source.values().sum()
    }

    fn change(&mut self, source: &SourceId, by: i64) {
        let count = self.by_source.entry(source.clone()).or_default();
        *count = count.saturating_add_signed(by);
    }
}

/// What makes two rejects of a source the same one: reason, call id and payload.
fn same(reject: &Reject) -> Vec<u8> {
    let id = reject.call_id.as_ref().map_or("", |id| id.as_str());
    let mut same = vec![reject.reason.number(), u8::from(reject.call_id.is_some())];
    same.extend_from_slice(&(id.len() as u32).to_le_bytes());
    same.extend_from_slice(id.as_bytes());
    same.extend_from_slice(&reject.payload);
    if same.len() > 256 {
        use sha2::Digest as _;
        same = sha2::Sha256::digest(&same).to_vec();
    }
    same
}

/// Keeps rejects of a submission and drops those that it sent through again. Refuses where more would be kept than are allowed.
pub(super) fn keep(
    db: &Transaction<'_>,
    counts: &mut Counts,
    source: &SourceId,
    rejects: &[Reject],
    redrives: &[u64],
    at: Moment,
    limit: u64,
) -> Result<rusqlite::Result<()>, StoreError> {
    let mut run = || -> rusqlite::Result<Result<(), StoreError>> {
        let mut dropped: HashMap<Vec<u8>, i64> = HashMap::new();
        for &id in redrives {
            let mut find = db.prepare_cached("SELECT same FROM rejects WHERE id = ?1 AND source = ?2")?;
            let found: Option<Vec<u8>> =
                find.query_row(params![id as i64, source.as_str()], |row| row.get(0)).optional()?;
            if let Some(same) = found {
                dropped.insert(same, id as i64);
            }
        }
        let before = counts.of(source);
        let mut added = false;
        for reject in rejects {
            let same = same(reject);
            // Refused again for the same: it stays as it was and did not come once more.
            if dropped.remove(&same).is_some() {
                continue;
            }
            let again = db
                .prepare_cached("UPDATE rejects SET times = times + 1 WHERE source = ?1 AND same = ?2")?
                .execute(params![source.as_str(), same])?;
            if again > 0 {
                continue;
            }
            let Reject { call_id, practice, field, reason, message, payload } = reject;
            db.prepare_cached(
                "INSERT INTO rejects (source, same, call_id, practice, field, reason, message, payload, first_at, times)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)",
            )?
            .execute(params![
                source.as_str(),
                same,
                call_id.as_ref().map(|id| id.as_str()),
                practice.map(|code| code.to_string()),
                field,
                reason.number(),
                message,
                payload,
                at.millis()
            ])?;
            counts.change(source, 1);
            added = true;
        }
        for id in dropped.into_values() {
            let gone = db.prepare_cached("DELETE FROM rejects WHERE id = ?1")?.execute(params![id])?;
            counts.change(source, -(gone as i64));
        }
        if added && counts.of(source) > limit {
            return Ok(Err(StoreError::RejectLimit { source_id: source.clone(), kept: before }));
        }
        Ok(Ok(()))
    };
    match run() {
        Ok(Ok(())) => Ok(Ok(())),
        Ok(Err(refused)) => Err(refused),
        Err(fault) => Ok(Err(fault)),
    }
}

/// Kept rejects in order of id.
pub(super) fn list(db: &Connection, ask: &RejectsAsk) -> rusqlite::Result<Vec<KeptReject>> {
    let mut rows = db.prepare_cached(
        "SELECT id, source, call_id, practice, field, reason, message, payload, first_at, times FROM rejects
         WHERE id > ?1 AND (?2 IS NULL OR source = ?2) AND (?3 IS NULL OR reason = ?3) ORDER BY id LIMIT ?4",
    )?;
    let source = ask.source.as_ref().map(|source| source.as_str());
    let reason = ask.reason.map(RejectReason::number);
    let mut rows = rows.query(params![ask.after as i64, source, reason, ask.limit as i64])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |at: usize| row.get::<_, Option<String>>(at);
        let unfit = || rusqlite::Error::InvalidQuery;
        kept.push(KeptReject {
            id: row.get::<_, i64>(0)? as u64,
            source: row.get::<_, String>(1)?.parse().map_err(|_| unfit())?,
            first_at: Moment::from_millis(row.get(8)?),
            times: row.get::<_, i64>(9)? as u64,
            reject: Reject {
                call_id: text(2)?.and_then(|id| id.parse().ok()),
                practice: text(3)?.and_then(|code| code.parse().ok()),
                field: row.get(4)?,
                reason: RejectReason::from_number(row.get(5)?).ok_or_else(unfit)?,
                message: row.get(6)?,
                payload: row.get(7)?,
            },
        });
    }
    Ok(kept)
}
