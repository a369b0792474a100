//! Indicators and series breaks in the database.
//!
//! All practices' values of one name, period and source are a sheet, kept in few parts that never change: what comes later goes into a new part, which swallows
//! earlier ones that are not much larger, so that a value is written again only a few times. Snapshots share the list of parts; a part that was swallowed stays
//! until no snapshot has it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use callgauge_schema::Moment;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::sheets;
use crate::calendar::{Day, Days};
use crate::store::StoreError;
use crate::store::indicators::{
    BreakChanges, BreakOf, IndicatorRow, IndicatorVerdict, IndicatorsAsk, SeriesBreak, Sheet, SheetKey,
    by_sheet, change_breaks, place, text, within_limits,
};

/// The tables, made when a folder is opened that has none of them.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS indicator_parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, first INTEGER NOT NULL, end INTEGER NOT NULL, source TEXT NOT NULL,
    swallowed INTEGER NOT NULL, entries INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS series_breaks (
    whose TEXT NOT NULL, day INTEGER NOT NULL, why TEXT NOT NULL, recorded_by TEXT NOT NULL, recorded_at INTEGER NOT NULL,
    PRIMARY KEY (whose, day)) WITHOUT ROWID;
";

/// What there is at one moment.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// The parts of each sheet, later ones last.
    sheets: BTreeMap<SheetKey, Vec<Arc<Part>>>,
    pub(super) breaks: Arc<Vec<SeriesBreak>>,
}

/// Values that never change.
struct Part {
    id: i64,
    entries: usize,
}

/// What readers are shown.
pub(super) type Shown = Arc<Mutex<Arc<Known>>>;

/// The writer's side.
pub(super) struct Keeper {
    known: Arc<Known>,
    shown: Shown,
    /// Parts that were swallowed and may still be held by a snapshot.
    swallowed: Vec<(Weak<Part>, i64)>,
}

fn unavailable(fault: rusqlite::Error) -> StoreError {
    StoreError::Unavailable(fault.to_string())
}

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("callgauge.db: {what}"))
}

impl Keeper {
    /// Takes up what is in the database.
    pub(super) fn open(db: &Connection) -> Result<Self, StoreError> {
        let known = (|| {
            db.execute_batch(TABLES)?;
            db.execute("DELETE FROM indicator_parts WHERE swallowed = 1", [])?;
            read(db)
        })();
        let known = Arc::new(known.map_err(damaged)?);
        let shown = Arc::new(Mutex::new(Arc::clone(&known)));
        Ok(Self { known, shown, swallowed: Vec::new() })
    }

    pub(super) fn shown(&self) -> Shown {
        Arc::clone(&self.shown)
    }

    /// Takes rows, wholly or not at all.
    pub(super) fn put(
        &mut self,
        db: &mut Connection,
        rows: Vec<IndicatorRow>,
    ) -> Result<Vec<IndicatorVerdict>, StoreError> {
        for row in &rows {
            text("definition_version", &row.definition_version)?;
            text("quality_note", &row.quality_note)?;
        }
        let mut verdicts = vec![IndicatorVerdict::Unchanged; rows.len()];
        let mut after = Known::clone(&self.known);
        let mut gone = Vec::new();
        let begin = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
        self.forget(&begin).map_err(unavailable)?;
        for (key, entries) in by_sheet(rows) {
            let parts = after.sheets.get(&key).cloned().unwrap_or_default();
            let stored = parts
                .iter()
                .map(|part| read_part(&begin, &key, part))
                .collect::<Result<Vec<Sheet>, StoreError>>()?;
            let mut whole: Sheet = stored.iter().flat_map(Sheet::clone).collect();
            let mut fresh = Sheet::new();
            for (at, organisation, entry) in entries {
                verdicts[at] = place(&mut whole, organisation, entry.clone());
                if verdicts[at] != IndicatorVerdict::Unchanged {
                    fresh.insert(organisation, entry);
                }
            }
            if fresh.is_empty() {
                continue;
            }
            let mut left = parts;
            for mut sheet in stored.into_iter().rev() {
                let Some(last) = left.pop_if(|last| last.entries <= 2 * fresh.len()) else { break };
                sheet.append(&mut fresh);
                fresh = sheet;
                gone.push(last);
            }
            left.push(Arc::new(write_part(&begin, &key, &fresh).map_err(unavailable)?));
            after.sheets.insert(key, left);
            within_limits(after.sheets.len(), whole.len())?;
        }
        for part in &gone {
            begin
                .prepare_cached("UPDATE indicator_parts SET swallowed = 1 WHERE id = ?1")
                .and_then(|mut mark| mark.execute([part.id]))
                .map_err(unavailable)?;
        }
        begin.commit().map_err(unavailable)?;
        self.swallowed.retain(|(part, _)| part.strong_count() > 0);
        self.swallowed.extend(gone.iter().map(|part| (Arc::downgrade(part), part.id)));
        self.show(after);
        Ok(verdicts)
    }

    /// Drops parts that no snapshot has any more.
    fn forget(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        for (_, id) in self.swallowed.iter().filter(|(part, _)| part.strong_count() == 0) {
            db.prepare_cached("DELETE FROM indicator_parts WHERE id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    /// Records breaks and takes some back, wholly or not at all.
    pub(super) fn put_breaks(
        &mut self,
        db: &mut Connection,
        changes: &BreakChanges,
    ) -> Result<(), StoreError> {
        let breaks = change_breaks(&self.known.breaks, changes)?;
        let begin = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
        let written = (|| {
            begin.execute("DELETE FROM series_breaks", [])?;
            let mut put = begin.prepare_cached(
                "INSERT INTO series_breaks (whose, day, why, recorded_by, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for SeriesBreak { of, day, why, recorded_by, recorded_at } in &breaks {
                put.execute(params![whose(of), day.number(), why, recorded_by, recorded_at.millis()])?;
            }
            Ok(())
        })();
        written.and_then(|()| begin.commit()).map_err(unavailable)?;
        self.show(Known { sheets: self.known.sheets.clone(), breaks: Arc::new(breaks) });
        Ok(())
    }

    fn show(&mut self, known: Known) {
        self.known = Arc::new(known);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&self.known);
    }
}

impl Known {
    /// The rows asked for, by name, period, source and practice.
    pub(super) fn rows(&self, db: &Connection, ask: &IndicatorsAsk) -> Result<Vec<IndicatorRow>, StoreError> {
        let mut rows = Vec::new();
        for (key, parts) in self.sheets.iter().filter(|(key, _)| ask.wants(key)) {
            let mut sheet = Sheet::new();
            for part in parts {
                sheet.append(&mut read_part(db, key, part)?);
            }
            ask.take(key, sheet, &mut rows)?;
        }
        Ok(rows)
    }
}

fn read_part(db: &Connection, key: &SheetKey, part: &Part) -> Result<Sheet, StoreError> {
    let sheet = db
        .prepare_cached("SELECT data FROM indicator_parts WHERE id = ?1")
        .and_then(|mut find| {
            find.query_row([part.id], |row| {
                Ok(row.get_ref(0)?.as_blob().ok().and_then(|data| sheets::decode(data, key.name.kind())))
            })
        })
        .map_err(unavailable)?;
    sheet.ok_or_else(|| damaged(format!("values of {} from {} cannot be read", key.name, key.source)))
}

fn write_part(db: &Transaction<'_>, key: &SheetKey, sheet: &Sheet) -> rusqlite::Result<Part> {
    let SheetKey { name, period, source } = key;
    db.prepare_cached(
        "INSERT INTO indicator_parts (name, first, end, source, swallowed, entries, data) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)",
    )?
    .execute(params![
        name.as_str(),
        period.first.number(),
        period.end.number(),
        source.as_str(),
        sheet.len() as i64,
        sheets::encode(sheet)
    ])?;
    Ok(Part { id: db.last_insert_rowid(), entries: sheet.len() })
}

/// Everything that counts.
fn read(db: &Connection) -> rusqlite::Result<Known> {
    let unfit = || rusqlite::Error::InvalidQuery;
    let mut known = Known::default();
    let mut parts = db.prepare(
        "SELECT id, name, first, end, source, entries FROM indicator_parts WHERE swallowed = 0 ORDER BY id",
    )?;
    let mut rows = parts.query([])?;
    while let Some(row) = rows.next()? {
        let period = Days::new(Day::from_number(row.get(2)?), Day::from_number(row.get(3)?));
        let name = row.get::<_, String>(1)?.parse().map_err(|_| unfit())?;
        let source = row.get::<_, String>(4)?.parse().map_err(|_| unfit())?;
        let part = Part { id: row.get(0)?, entries: row.get::<_, i64>(5)? as usize };
        known.sheets.entry(SheetKey { name, period, source }).or_default().push(Arc::new(part));
    }
    let mut breaks = db
        .prepare("SELECT whose, day, why, recorded_by, recorded_at FROM series_breaks ORDER BY day, whose")?;
    let breaks = breaks.query_map([], |row| {
        Ok(SeriesBreak {
            of: broken(&row.get::<_, String>(0)?).ok_or_else(unfit)?,
            day: Day::from_number(row.get(1)?),
            why: row.get(2)?,
            recorded_by: row.get(3)?,
            recorded_at: Moment::from_millis(row.get(4)?),
        })
    })?;
    let mut breaks = breaks.collect::<rusqlite::Result<Vec<_>>>()?;
    breaks.sort_by(|one, other| (one.day, &one.of).cmp(&(other.day, &other.of)));
    known.breaks = Arc::new(breaks);
    Ok(known)
}

/// Whose numbers break, as a text: a word, a code, or a source behind a colon.
fn whose(of: &BreakOf) -> String {
    match of {
        BreakOf::Everybody => "everybody".to_owned(),
        BreakOf::Source(source) => format!("source:{source}"),
        BreakOf::Practice(code) => code.to_string(),
    }
}

fn broken(text: &str) -> Option<BreakOf> {
    match text.strip_prefix("source:") {
        Some(source) => source.parse().ok().map(BreakOf::Source),
        None if text == "everybody" => Some(BreakOf::Everybody),
        None => text.parse().ok().map(BreakOf::Practice),
    }
}

/// What is wrong with the indicators of a database, in words. A folder that has none is in order.
pub(super) fn verify(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let there: bool = db.query_row(
        "SELECT count(*) = 2 FROM sqlite_schema WHERE name IN ('indicator_parts', 'series_breaks')",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(Vec::new());
    }
    let known = match read(db) {
        Ok(known) => known,
        Err(fault) => return Ok(vec![format!("callgauge.db: indicators: {fault}")]),
    };
    let mut faults = Vec::new();
    for (key, parts) in &known.sheets {
        for part in parts {
            match read_part(db, key, part) {
                Ok(sheet) if sheet.len() != part.entries => {
                    faults.push(format!("indicators: part {} holds other values than it says", part.id));
                }
                Ok(_) => {}
                Err(fault) => faults.push(fault.to_string()),
            }
        }
    }
    Ok(faults)
}
