//! Who looked at whose numbers, in the database. The organisations of an event are a list of their own, kept once however many events name the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use callgauge_schema::{Moment, OdsCode};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

use crate::store::StoreError;
use crate::store::indicators::{AccessEvent, AccessEventsAsk, KeptAccessEvent, MOST_ACCESS_EVENTS};

/// The tables, made when a folder is opened that has none of them.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS accessed (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, codes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS access_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, purpose TEXT NOT NULL, what TEXT NOT NULL,
    acknowledged TEXT NOT NULL, accessed INTEGER NOT NULL REFERENCES accessed (id));
CREATE INDEX IF NOT EXISTS access_events_accessed ON access_events (accessed, id);
";

/// Most bytes of all lists together; the oldest events go beyond that.
const MOST_BYTES: i64 = 256 * 1_024 * 1_024;

/// Keeps an event; its id. When it returns, it is on disk.
pub(super) fn record(db: &mut Connection, event: &AccessEvent) -> Result<u64, StoreError> {
    event.check()?;
    insert(db, event, MOST_ACCESS_EVENTS as i64, MOST_BYTES)
        .map_err(|fault| StoreError::Unavailable(fault.to_string()))
}

fn insert(db: &mut Connection, event: &AccessEvent, most: i64, most_bytes: i64) -> rusqlite::Result<u64> {
    let AccessEvent { at, who, purpose, what, organisations, acknowledged } = event;
    let begin = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let codes = packed(organisations);
    let hash = Sha256::digest(codes.as_bytes()).to_vec();
    let list: Option<i64> = begin
        .prepare_cached("SELECT id FROM accessed WHERE hash = ?1")?
        .query_row([&hash], |row| row.get(0))
        .optional()?;
    let list = match list {
        Some(list) => list,
        None => {
            begin.execute("INSERT INTO accessed (hash, codes) VALUES (?1, ?2)", params![hash, codes])?;
            begin.last_insert_rowid()
        }
    };
    begin.execute(
        "INSERT INTO access_events (at, who, purpose, what, acknowledged, accessed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![at.millis(), who, purpose, what, acknowledged.join("\n"), list],
    )?;
    let id = begin.last_insert_rowid();
    while begin.query_row("SELECT count(*) > ?1 FROM access_events", [most], |row| row.get(0))?
        || begin
            .query_row("SELECT sum(octet_length(codes)) > ?1 FROM accessed", [most_bytes], |row| row.get(0))?
    {
        let oldest: Option<i64> = begin
            .query_row(
                "DELETE FROM access_events WHERE id = (SELECT min(id) FROM access_events WHERE id < ?1) RETURNING accessed",
                [id],
                |row| row.get(0),
            )
            .optional()?;
        let Some(list) = oldest else { break };
        begin.execute(
            "DELETE FROM accessed WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM access_events WHERE accessed = ?1)",
            [list],
        )?;
    }
    begin.commit()?;
    Ok(id as u64)
}

/// Events asked for, newest first.
pub(super) fn list(db: &Connection, ask: &AccessEventsAsk) -> rusqlite::Result<Vec<KeptAccessEvent>> {
    let AccessEventsAsk { organisation, before, limit } = ask;
    let mut find = db.prepare_cached(
        "SELECT id, at, who, purpose, what, acknowledged, accessed FROM access_events
         WHERE id < ?1 AND (?2 IS NULL OR accessed IN (SELECT id FROM accessed WHERE instr(codes, ?2) > 0))
         ORDER BY id DESC LIMIT ?3",
    )?;
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let organisation = organisation.map(|code| format!(" {code} "));
    let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
    let mut rows = find.query(params![before, organisation, limit])?;
    let mut lists: HashMap<i64, Vec<OdsCode>> = HashMap::new();
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let list: i64 = row.get(6)?;
        let organisations = match lists.entry(list) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(unknown) => {
                let codes: String = db
                    .prepare_cached("SELECT codes FROM accessed WHERE id = ?1")?
                    .query_row([list], |row| row.get(0))?;
                unknown.insert(unpacked(&codes)?).clone()
            }
        };
        let acknowledged: String = row.get(5)?;
        events.push(KeptAccessEvent {
            id: row.get::<_, i64>(0)? as u64,
            event: AccessEvent {
                at: Moment::from_millis(row.get(1)?),
                who: row.get(2)?,
                purpose: row.get(3)?,
                what: row.get(4)?,
                organisations,
                acknowledged: acknowledged.lines().map(str::to_owned).collect(),
            },
        });
    }
    Ok(events)
}

/// Each code between two spaces, so that one can be looked for.
fn packed(codes: &[OdsCode]) -> String {
    let mut text = String::from(" ");
    for code in codes {
        text.push_str(code.as_str());
        text.push(' ');
    }
    text
}

fn unpacked(text: &str) -> rusqlite::Result<Vec<OdsCode>> {
    text.split_whitespace().map(|code| code.parse().map_err(|_| rusqlite::Error::InvalidQuery)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize) -> AccessEvent {
        AccessEvent {
            at: Moment::from_millis(number as i64),
            who: "local".to_owned(),
            purpose: "a test".to_owned(),
            what: format!("ranking {number}"),
            organisations: vec![format!("A{:05}", 81_001 + number % 3).parse().expect("a code")],
            acknowledged: vec!["short_window".to_owned()],
        }
    }

    #[test]
    fn the_oldest_are_dropped_with_lists_that_nobody_names() {
        let mut db = Connection::open_in_memory().expect("it opens");
        db.execute_batch(TABLES).expect("tables are made");
        for number in 0..10 {
            insert(&mut db, &event(number), 2, 1_000).expect("it is kept");
        }
        let kept = list(&db, &AccessEventsAsk { limit: 9, ..AccessEventsAsk::default() }).expect("a list");
        assert_eq!(kept.iter().map(|kept| kept.event.clone()).collect::<Vec<_>>(), [event(9), event(8)]);
        let lists: i64 =
            db.query_row("SELECT count(*) FROM accessed", [], |row| row.get(0)).expect("a count");
        assert_eq!(lists, 2);
        insert(&mut db, &event(10), 9, 9).expect("it is kept");
        let kept = list(&db, &AccessEventsAsk { limit: 9, ..AccessEventsAsk::default() }).expect("a list");
        assert_eq!(kept.len(), 1, "too many bytes: only the newest stays, whatever its size");
    }
}
