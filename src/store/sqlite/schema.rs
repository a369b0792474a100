//! The database file: its tables, its format number, and how an earlier format becomes this one.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::folder::Folder;
use super::row::FolderKey;
use crate::store::StoreError;

/// The format that this release writes. Every release opens all earlier ones and refuses newer ones.
pub(super) const FORMAT: i64 = 2;

/// Says that a SQLite file is ours ("cgdb").
const APPLICATION_ID: i64 = 0x6367_6462;

const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, brought INTEGER NOT NULL);
CREATE TABLE lines (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE attributions (
    number INTEGER PRIMARY KEY, practice TEXT, account TEXT, pcn TEXT, sub_icb TEXT, icb TEXT, region TEXT,
    CHECK ((practice IS NULL) <> (account IS NULL)));
CREATE TABLE arrivals (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE runs (id INTEGER PRIMARY KEY, day INTEGER NOT NULL, file TEXT NOT NULL, calls INTEGER NOT NULL);
CREATE TABLE receipts (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, at INTEGER NOT NULL, counts TEXT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE rejects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, same BLOB NOT NULL, call_id TEXT, practice TEXT, field TEXT NOT NULL,
    reason INTEGER NOT NULL, message TEXT NOT NULL, payload BLOB NOT NULL, first_at INTEGER NOT NULL, times INTEGER NOT NULL,
    UNIQUE (source, same));
CREATE INDEX rejects_reason ON rejects (reason, id);
CREATE TABLE organisations (code TEXT PRIMARY KEY, name TEXT NOT NULL, level INTEGER NOT NULL, first INTEGER, end INTEGER) WITHOUT ROWID;
CREATE TABLE memberships (code TEXT NOT NULL, position INTEGER NOT NULL, parent TEXT NOT NULL, first INTEGER, end INTEGER,
    PRIMARY KEY (code, position)) WITHOUT ROWID;
";

/// What format 2 has beside the tables of format 1: what is stated about days.
const TABLES_2: &str = "
CREATE TABLE source_states (source TEXT PRIMARY KEY, at INTEGER NOT NULL, progress BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE delivered (source TEXT NOT NULL, whose TEXT NOT NULL, first INTEGER NOT NULL, end INTEGER NOT NULL,
    PRIMARY KEY (source, whose, first)) WITHOUT ROWID;
CREATE TABLE sources_of_record (whose TEXT NOT NULL, source TEXT NOT NULL, first INTEGER, end INTEGER);
CREATE TABLE tallies (whose INTEGER NOT NULL, day INTEGER NOT NULL, source INTEGER NOT NULL, shape INTEGER NOT NULL, seq INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (whose, day, source, shape, seq)) WITHOUT ROWID;
";

/// Opens the database of a folder, and changes nothing in it before it is known to be one of ours, or new.
pub(super) fn open(folder: &Folder) -> Result<Connection, StoreError> {
    let path = &folder.database();
    let unusable = |fault: rusqlite::Error| {
        StoreError::Folder(format!("{} cannot be read as a database: {fault}", path.display()))
    };
    let db = Connection::open(path).map_err(unusable)?;
    if is_new(&db).map_err(unusable)? {
        folder.refuse_orphans()?;
    } else {
        refuse_strangers(&db, path)?;
    }
    connect(path).map_err(unusable)
}

/// Whether there is nothing in a database yet.
fn is_new(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn refuse_strangers(db: &Connection, path: &std::path::Path) -> Result<(), StoreError> {
    let number = |name: &str| {
        db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).map_err(|fault| {
            StoreError::Folder(format!("{} cannot be read as a database: {fault}", path.display()))
        })
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Folder(format!(
            "{} is a database, but not one of callgauge: choose another folder",
            path.display()
        )));
    }
    let format = number("user_version")?;
    if format > FORMAT {
        return Err(StoreError::Folder(format!(
            "the data folder has format {format}, which is newer than this release knows ({FORMAT}): use the release that wrote it, or a later one"
        )));
    }
    Ok(())
}

/// Opens a further connection the way this store uses it.
pub(super) fn connect(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::from_secs(10))?;
    db.pragma_update(None, "page_size", 16_384)?;
    let _: String = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 2_048)?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Makes the tables of a new file. Gives the folder's key.
pub(super) fn prepare(
    db: &mut Connection,
    fresh_key: impl FnOnce() -> std::io::Result<[u8; 16]>,
) -> Result<FolderKey, StoreError> {
    let unusable = |fault: rusqlite::Error| {
        StoreError::Folder(format!("callgauge.db cannot be read as a database: {fault}"))
    };
    if is_new(db).map_err(unusable)? {
        let key = fresh_key()
            .map_err(|fault| StoreError::Folder(format!("no randomness for the folder's key: {fault}")))?;
        let begin = db.transaction().map_err(unusable)?;
        begin.execute_batch(TABLES).map_err(unusable)?;
        begin.execute_batch(TABLES_2).map_err(unusable)?;
        begin.pragma_update(None, "application_id", APPLICATION_ID).map_err(unusable)?;
        begin.pragma_update(None, "user_version", FORMAT).map_err(unusable)?;
        begin
            .execute("INSERT INTO meta (name, value) VALUES ('key', ?1)", params![&key[..]])
            .map_err(unusable)?;
        begin.commit().map_err(unusable)?;
        return Ok(FolderKey(key));
    }
    let key: Option<Vec<u8>> = db
        .query_row("SELECT value FROM meta WHERE name = 'key'", [], |row| row.get(0))
        .optional()
        .map_err(unusable)?;
    let key = key.and_then(|key| <[u8; 16]>::try_from(key).ok());
    key.map(FolderKey).ok_or_else(|| StoreError::Damaged("callgauge.db has lost its key".to_owned()))
}

/// The format of a file.
pub(super) fn format(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables of an earlier format to this one, wholly or not at all.
pub(super) fn upgrade(db: &mut Connection) -> rusqlite::Result<()> {
    if format(db)? == 1 {
        let begin = db.transaction()?;
        begin.execute_batch(TABLES_2)?;
        begin.pragma_update(None, "user_version", FORMAT)?;
        begin.commit()?;
    }
    Ok(())
}
