//! Copies of a data folder: written while it serves, put back, and checked.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::settler::sync_folder;
use super::verify::verify;
use super::view::View;
use crate::store::{BackupReport, StoreError};

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

/// Refuses the data folder itself and whatever lies in it: who loses the one would lose the other.
fn elsewhere(folder: &Path, db: &Connection) -> Result<(), StoreError> {
    let data = db.path().and_then(|file| Path::new(file).parent()?.canonicalize().ok());
    let there = folder.ancestors().find_map(|at| at.canonicalize().ok());
    match (data, there) {
        (Some(data), Some(there)) if there.starts_with(&data) => {
            Err(refused("lies in the data folder: give a folder elsewhere", folder))
        }
        _ => Ok(()),
    }
}

/// Writes what the pinned connection and the view show.
pub(super) fn backup(db: &Connection, view: &View, folder: &Path) -> Result<BackupReport, StoreError> {
    elsewhere(folder, db)?;
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
