//! What is stated about days, in the database: where the host left off, what was delivered, sources of record, counts that stand for calls.
//!
//! Counts are kept in two versions, the last and the one before, so that a snapshot reads those of its moment.

use std::sync::{Arc, PoisonError, RwLock};

use callgauge_schema::{Moment, SourceId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::labels::{Full, Labels};
use crate::calendar::{Day, Days};
use crate::metrics::{CountShape, StatedCounts};
use crate::store::stated::OfRecord;
use crate::store::{
    AttributionKey, DayTally, Delivered, SourceOfRecord, SourceProgress, SourceState, Statements, StoreError,
    StoredTally, Verdict, Whose,
};

/// What a submission says beside its records, with names as numbers.
pub(super) struct Stated {
    /// The source's number.
    pub(super) number: u16,
    pub(super) progress: Option<SourceProgress>,
    pub(super) delivered: Vec<Delivered>,
    pub(super) tallies: Vec<(u32, DayTally)>,
}

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("callgauge.db: {what}"))
}

/// Gives numbers to whom counts are of.
pub(super) fn number(
    tallies: Vec<DayTally>,
    source: u16,
    labels: &RwLock<Labels>,
) -> Result<Vec<(u32, DayTally)>, StoreError> {
    let mut numbered = Vec::with_capacity(tallies.len());
    for tally in tallies {
        let known = labels.read().unwrap_or_else(PoisonError::into_inner).whose(&tally.whose);
        let whose = match known {
            Some(whose) => whose,
            None => {
                let mut labels = labels.write().unwrap_or_else(PoisonError::into_inner);
                labels.add_whose(source, &tally.whose).map_err(|Full| {
                    StoreError::StatementLimit(
                        "the source has more different accounts than are kept (10,000)".to_owned(),
                    )
                })?
            }
        };
        numbered.push((whose, tally));
    }
    Ok(numbered)
}

/// Writes what a submission says beside its records, and notes it in `statements`. One verdict for each tally.
pub(super) fn write(
    db: &Transaction<'_>,
    statements: &mut Arc<Statements>,
    source: &SourceId,
    stated: &Stated,
    receipt: u64,
    at: Moment,
) -> Result<rusqlite::Result<Vec<Verdict>>, StoreError> {
    let Stated { number, progress, delivered, tallies } = stated;
    if let Some(progress) = progress {
        let put = db
            .prepare_cached("INSERT OR REPLACE INTO source_states (source, at, progress) VALUES (?1, ?2, ?3)")
            .and_then(|mut put| put.execute(params![source.as_str(), at.millis(), progress.as_bytes()]));
        if let Err(fault) = put {
            return Ok(Err(fault));
        }
    }
    if delivered.is_empty() && tallies.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let statements = Arc::make_mut(statements);
    statements.seq = receipt;
    for one in delivered {
        if let Some(whole) = statements.deliver(source, one)?
            && let Err(fault) = deliver(db, source, &one.whose, whole)
        {
            return Ok(Err(fault));
        }
    }
    let mut verdicts = Vec::with_capacity(tallies.len());
    for (whose, tally) in tallies {
        match put_tally(db, *whose, *number, tally, receipt) {
            Ok(verdict) => verdicts.push(verdict),
            Err(fault) => return Ok(Err(fault)),
        }
        statements.tally(AttributionKey(*whose), source, tally.counts.shape(), tally.day);
    }
    Ok(Ok(verdicts))
}

/// Puts a stretch in place of those that lie in it.
fn deliver(
    db: &Transaction<'_>,
    source: &SourceId,
    whose: &Whose,
    (from, until): (i64, i64),
) -> rusqlite::Result<()> {
    let whose = whose.to_string();
    db.prepare_cached(
        "DELETE FROM delivered WHERE source = ?1 AND whose = ?2 AND first >= ?3 AND end <= ?4",
    )?
    .execute(params![source.as_str(), whose, from, until])?;
    db.prepare_cached("INSERT INTO delivered (source, whose, first, end) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![source.as_str(), whose, from, until])?;
    Ok(())
}

fn put_tally(
    db: &Transaction<'_>,
    whose: u32,
    source: u16,
    tally: &DayTally,
    receipt: u64,
) -> rusqlite::Result<Verdict> {
    let DayTally { whose: _, day, counts } = tally;
    let data = counts.to_bytes();
    let (day, shape) = (day.number(), counts.shape().number());
    let last: Option<(i64, Vec<u8>)> = db
        .prepare_cached(
            "SELECT seq, data FROM tallies WHERE whose = ?1 AND day = ?2 AND source = ?3 AND shape = ?4 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![whose, day, source, shape], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let verdict = match &last {
        None => Verdict::Accepted,
        Some((_, before)) if *before == data => return Ok(Verdict::Duplicate),
        Some(_) => Verdict::Revised,
    };
    if let Some((seq, _)) = last {
        db.prepare_cached(
            "DELETE FROM tallies WHERE whose = ?1 AND day = ?2 AND source = ?3 AND shape = ?4 AND seq < ?5",
        )?
        .execute(params![whose, day, source, shape, seq])?;
    }
    db.prepare_cached(
        "INSERT OR REPLACE INTO tallies (whose, day, source, shape, seq, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![whose, day, source, shape, receipt as i64, data])?;
    Ok(verdict)
}

/// Replaces all sources of record.
pub(super) fn put_of_record(db: &mut Connection, list: &[SourceOfRecord]) -> rusqlite::Result<()> {
    let begin = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    begin.execute("DELETE FROM sources_of_record", [])?;
    for SourceOfRecord { whose, source, first, end } in list {
        begin
            .prepare_cached(
                "INSERT INTO sources_of_record (whose, source, first, end) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                whose.to_string(),
                source.as_str(),
                first.map(Day::number),
                end.map(Day::number)
            ])?;
    }
    begin.commit()
}

/// Where the host left off with each source.
pub(super) fn states(db: &Connection) -> rusqlite::Result<Vec<SourceState>> {
    let mut rows = db.prepare_cached("SELECT source, at, progress FROM source_states ORDER BY source")?;
    let states = rows.query_map([], |row| {
        let unfit = || rusqlite::Error::InvalidQuery;
        Ok(SourceState {
            source: row.get::<_, String>(0)?.parse().map_err(|_| unfit())?,
            at: Moment::from_millis(row.get(1)?),
            progress: SourceProgress::try_from(row.get::<_, Vec<u8>>(2)?).map_err(|_| unfit())?,
        })
    })?;
    states.collect()
}

/// Everything that is stated.
pub(super) fn read(db: &Connection, labels: &Labels) -> Result<Statements, StoreError> {
    let mut statements = Statements::default();
    read_delivered(db, &mut statements)?;
    statements.rule(OfRecord::new(&of_record(db).map_err(damaged)?)?);
    let mut rows = db
        .prepare("SELECT whose, source, shape, day, max(seq) FROM tallies GROUP BY whose, day, source, shape")
        .map_err(damaged)?;
    let mut rows = rows.query([]).map_err(damaged)?;
    while let Some(row) = rows.next().map_err(damaged)? {
        let number = |at: usize| row.get::<_, i64>(at).map_err(damaged);
        let (Ok(whose), Ok(source), Ok(shape), Ok(day)) = (
            u32::try_from(number(0)?),
            u16::try_from(number(1)?),
            u8::try_from(number(2)?),
            i32::try_from(number(3)?),
        ) else {
            return Err(damaged("a tally has a number that is none"));
        };
        let (Some(_), Some(source), Some(shape)) =
            (labels.attribution(whose), labels.source(source), CountShape::from_number(shape))
        else {
            return Err(damaged("a tally is of nobody that is known"));
        };
        statements.tally(AttributionKey(whose), source, shape, Day::from_number(day));
        statements.seq = statements.seq.max(number(4)? as u64);
    }
    Ok(statements)
}

fn read_delivered(db: &Connection, statements: &mut Statements) -> Result<(), StoreError> {
    let mut rows =
        db.prepare("SELECT source, whose, first, end FROM delivered ORDER BY 1, 2, 3").map_err(damaged)?;
    let mut rows = rows.query([]).map_err(damaged)?;
    while let Some(row) = rows.next().map_err(damaged)? {
        let text = |at: usize| row.get::<_, String>(at).map_err(damaged);
        let moment = |at: usize| row.get(at).map(Moment::from_millis).map_err(damaged);
        let source: SourceId = text(0)?.parse().map_err(damaged)?;
        let delivered =
            Delivered { whose: text(1)?.parse().map_err(damaged)?, from: moment(2)?, until: moment(3)? };
        statements.deliver(&source, &delivered)?;
    }
    Ok(())
}

fn of_record(db: &Connection) -> rusqlite::Result<Vec<SourceOfRecord>> {
    let mut rows = db.prepare("SELECT whose, source, first, end FROM sources_of_record")?;
    let list = rows.query_map([], |row| {
        let unfit = |_| rusqlite::Error::InvalidQuery;
        Ok(SourceOfRecord {
            whose: row.get::<_, String>(0)?.parse().map_err(unfit)?,
            source: row.get::<_, String>(1)?.parse().map_err(unfit)?,
            first: row.get::<_, Option<i32>>(2)?.map(Day::from_number),
            end: row.get::<_, Option<i32>>(3)?.map(Day::from_number),
        })
    })?;
    list.collect()
}

/// The counts of somebody's days as they were at the moment of `statements`.
pub(super) fn day_tallies(
    db: &Connection,
    statements: &Statements,
    whose: AttributionKey,
    days: Days,
    source: impl Fn(u16) -> Option<SourceId>,
) -> Result<Vec<StoredTally>, StoreError> {
    if statements.tallied(whose).is_empty() {
        return Ok(Vec::new());
    }
    let unavailable = |fault: rusqlite::Error| StoreError::Unavailable(fault.to_string());
    let mut rows = db
        .prepare_cached(
            "SELECT day, source, shape, data, max(seq) FROM tallies WHERE whose = ?1 AND day >= ?2 AND day < ?3 AND seq <= ?4
             GROUP BY day, source, shape ORDER BY day, source, shape",
        )
        .map_err(unavailable)?;
    let mut rows = rows
        .query(params![whose.0, days.first.number(), days.end.number(), statements.seq as i64])
        .map_err(unavailable)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(unavailable)? {
        let day = Day::from_number(row.get(0).map_err(unavailable)?);
        let number: u16 = row.get(1).map_err(unavailable)?;
        let data = row.get_ref(3).and_then(|data| Ok(data.as_blob()?)).map_err(unavailable)?;
        let counts = StatedCounts::from_bytes(data).ok_or_else(|| damaged("a tally cannot be read"))?;
        let source = source(number).ok_or_else(|| damaged("a tally is of no source that is known"))?;
        found.push(StoredTally { source, day, counts });
    }
    let shapes = statements.tallied(whose).iter();
    let stated: usize =
        shapes.map(|stated| days.iter().filter(|day| stated.days.has(i64::from(day.number()))).count()).sum();
    if stated != found.len() {
        let told = "counts were replaced twice while they were read; ask again";
        return Err(StoreError::Unavailable(told.to_owned()));
    }
    Ok(found)
}

/// What is wrong with what is stated; empty where nothing is.
pub(super) fn verify(db: &Connection, labels: &Labels) -> rusqlite::Result<Vec<String>> {
    let mut faults: Vec<String> = read(db, labels).err().into_iter().map(|fault| fault.to_string()).collect();
    faults.extend(states(db).err().map(|fault| format!("callgauge.db: a source's state: {fault}")));
    let mut rows = db.prepare("SELECT whose, day, data FROM tallies")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        if StatedCounts::from_bytes(row.get_ref(2)?.as_blob()?).is_none() {
            let (whose, day): (i64, i32) = (row.get(0)?, row.get(1)?);
            faults.push(format!(
                "callgauge.db: the tally of {whose} on {} cannot be read",
                Day::from_number(day)
            ));
        }
    }
    Ok(faults)
}
