//! Copies of a data folder: written while it serves, put back, and checked.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::folder::Folder;
use super::run::Run;
use super::settler::sync_folder;
use super::view::View;
use super::{labels::Labels, schema};
use crate::store::{BackupReport, StoreError};

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Calls kept, retracted ones included; those that are not yet sorted into their days are not counted.
    pub calls: u64,
    /// Records that were read and are not yet settled.
    pub unsettled: u64,
    /// Sorted files checked.
    pub runs: u64,
    /// What is wrong, in words; empty where nothing is.
    pub faults: Vec<String>,
}

fn refused(why: impl std::fmt::Display, folder: &Path) -> StoreError {
    StoreError::BackupFolder(format!("{}: {why}", folder.display()))
}

/// Makes an empty folder to write into.
fn empty(folder: &Path) -> Result<(), StoreError> {
    if !folder.is_absolute() {
        return Err(refused("give an absolute path", folder));
    }
    if let Ok(mut entries) = fs::read_dir(folder)
        && entries.next().is_some()
    {
        return Err(refused("holds something already: give a new or empty folder", folder));
    }
    fs::create_dir_all(folder.join("runs")).map_err(|fault| refused(fault, folder))
}

/// Writes what the pinned connection and the view show.
pub(super) fn backup(db: &Connection, view: &View, folder: &Path) -> Result<BackupReport, StoreError> {
    empty(folder)?;
    let mut report = BackupReport::default();
    for run in view.runs.all() {
        let name = run.path.file_name().unwrap_or_default();
        let to = folder.join("runs").join(name);
        report.bytes += fs::copy(&run.path, &to).map_err(|fault| refused(fault, folder))?;
        fs::File::open(&to).and_then(|file| file.sync_all()).map_err(|fault| refused(fault, folder))?;
        report.files += 1;
    }
    let to = folder.join("callgauge.db");
    let copied = (|| -> rusqlite::Result<()> {
        let mut copy = Connection::open(&to)?;
        Backup::new(db, &mut copy)?.step(-1)?;
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        Ok(())
    })();
    copied.map_err(|fault| refused(fault, folder))?;
    report.files += 1;
    report.bytes += fs::metadata(&to).map_err(|fault| refused(fault, folder))?.len();
    fs::File::open(&to)
        .and_then(|file| file.sync_all())
        .and_then(|()| sync_folder(&folder.join("runs")))
        .and_then(|()| sync_folder(folder))
        .map_err(|fault| refused(fault, folder))?;
    Ok(report)
}

/// Puts a backup back into a new or empty data folder, and checks it.
///
/// # Errors
/// [`StoreError::BackupFolder`] where the backup is none or is damaged, or the data folder holds something.
pub fn restore(backup: &Path, data: &Path) -> Result<BackupReport, StoreError> {
    if !backup.join("callgauge.db").is_file() {
        return Err(refused("is no backup of callgauge: there is no callgauge.db in it", backup));
    }
    if fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(refused(
            "holds something already: a backup is put back into a new or empty folder",
            data,
        ));
    }
    fs::create_dir_all(data.join("runs")).map_err(|fault| refused(fault, data))?;
    let mut report = BackupReport::default();
    let mut copy = |from: &Path, to: &Path| -> Result<(), StoreError> {
        report.bytes += fs::copy(from, to).map_err(|fault| refused(fault, from))?;
        report.files += 1;
        fs::File::open(to).and_then(|file| file.sync_all()).map_err(|fault| refused(fault, to))
    };
    if let Ok(runs) = fs::read_dir(backup.join("runs")) {
        for entry in runs {
            let entry = entry.map_err(|fault| refused(fault, backup))?;
            copy(&entry.path(), &data.join("runs").join(entry.file_name()))?;
        }
    }
    copy(&backup.join("callgauge.db"), &data.join("callgauge.db"))?;
    sync_folder(&data.join("runs")).and_then(|()| sync_folder(data)).map_err(|fault| refused(fault, data))?;
    let found = verify(data)?;
    match found.faults.first() {
        None => Ok(report),
        Some(fault) => Err(refused(format!("was damaged: {fault}"), backup)),
    }
}

/// Checks a data folder that no process has open: the database's own check, every checksum, and that every listed file is there.
///
/// # Errors
/// [`StoreError::Folder`] where it cannot be opened at all.
pub fn verify(data: &Path) -> Result<VerifyReport, StoreError> {
    if !data.join("callgauge.db").is_file() {
        return Err(StoreError::Folder(format!(
            "{} is no data folder of callgauge: there is no callgauge.db in it",
            data.display()
        )));
    }
    let folder = Folder::open(data)?;
    let unreadable = |fault: rusqlite::Error| {
        StoreError::Folder(format!("{}: callgauge.db cannot be read: {fault}", data.display()))
    };
    let mut db = schema::open(&folder)?;
    let key = schema::prepare(&mut db, || Err(std::io::Error::other("the folder has none")))?;
    let mut report = VerifyReport::default();
    let said: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(unreadable)?;
    if said != "ok" {
        report.faults.push(format!("callgauge.db: {said}"));
    }
    let (labels, _) = Labels::read(&db).map_err(unreadable)?;
    // What is stated about days came with format 2; a folder is checked as it is, not changed.
    if schema::format(&db).map_err(unreadable)? >= 2 {
        report.faults.extend(super::stated::verify(&db, &labels).map_err(unreadable)?);
    }
    let mut arrivals = db.prepare("SELECT seq, data FROM arrivals ORDER BY seq").map_err(unreadable)?;
    let mut rows = arrivals.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let (seq, data): (i64, Vec<u8>) = (row.get(0).map_err(unreadable)?, row.get(1).map_err(unreadable)?);
        match super::arrivals::decode(&data, &key, &labels) {
            Ok((rows, _)) => report.unsettled += rows.len() as u64,
            Err(fault) => report.faults.push(format!("arrival {seq}: {fault}")),
        }
    }
    let mut listed = db.prepare("SELECT id, file, calls FROM runs ORDER BY id").map_err(unreadable)?;
    let mut rows = listed.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let (id, file, calls): (i64, String, i64) = (
            row.get(0).map_err(unreadable)?,
            row.get(1).map_err(unreadable)?,
            row.get(2).map_err(unreadable)?,
        );
        let checked =
            Run::open(id, &folder.runs().join(&file), Vec::new()).and_then(|run| run.verify().map(|()| run));
        match checked {
            Ok(run) if run.rows as i64 - run.kills.len() as i64 != calls => {
                report.faults.push(format!("runs/{file}: holds other calls than the database says"));
            }
            Ok(_) => {}
            Err(fault) => report.faults.push(format!("runs/{file}: {fault}")),
        }
        report.runs += 1;
        report.calls = report.calls.saturating_add_signed(calls);
    }
    Ok(report)
}
