//! The data folder: whose it is, whether it can be used, and what lies in it.
//!
//! | name | holds |
//! |---|---|
//! | `callgauge.db` | the database: everything that is true |
//! | `runs/` | settled days, each file listed in the database |
//! | `callgauge.lock` | locked by the process that has the folder open |

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// An open folder, locked until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

/// Network file systems, on which neither locks nor syncs can be trusted, by the number that the kernel has for them.
const NETWORK: &[(i64, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x564c, "NCP"),
    (0x7375_7245, "Coda"),
];

impl Folder {
    /// Opens a folder, and makes it where there is none.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let shown = path.display();
        let refused = |why: String| StoreError::Folder(why);
        if path.exists() && !path.is_dir() {
            return Err(refused(format!("{shown} is a file: give a folder")));
        }
        if let Ok(entries) = fs::read_dir(path) {
            let mut strangers = entries.flatten().filter(|entry| {
                let name = entry.file_name();
                !["callgauge.db", "callgauge.lock", "runs", "lost+found"].iter().any(|ours| name == *ours)
            });
            if !path.join("callgauge.db").exists()
                && let Some(stranger) = strangers.next()
            {
                let name = stranger.file_name();
                return Err(refused(format!(
                    "{shown} holds {} and is no data folder of callgauge: give an empty or new folder",
                    name.to_string_lossy()
                )));
            }
        }
        fs::create_dir_all(path.join("runs"))
            .map_err(|fault| refused(format!("{shown} cannot be made or written: {fault}")))?;
        on_network(path)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("callgauge.lock"))
            .map_err(|fault| refused(format!("{shown} cannot be written: {fault}")))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(refused(format!(
                "{shown} is in use by another callgauge process: stop that one first, or give another folder"
            ))),
            Err(TryLockError::Error(fault)) => Err(refused(format!("{shown} cannot be locked: {fault}"))),
        }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("callgauge.db")
    }

    pub(super) fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }

    /// Refuses settled days without the database that lists them: beginning anew would clear them away.
    pub(super) fn refuse_orphans(&self) -> Result<(), StoreError> {
        let holds_some = fs::read_dir(self.runs()).is_ok_and(|mut entries| entries.next().is_some());
        if !holds_some {
            return Ok(());
        }
        Err(StoreError::Damaged(format!(
            "{} holds settled days, but callgauge.db is missing or empty; put it back or restore a backup",
            self.path.display()
        )))
    }

    /// Clears away run files that the database does not list: work that was cut off.
    pub(super) fn clear(&self, listed: &[String]) -> std::io::Result<()> {
        for entry in fs::read_dir(self.runs())? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_string_lossy().ends_with(".run") && !listed.iter().any(|file| name == file.as_str()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn on_network(path: &Path) -> Result<(), StoreError> {
    let Ok(found) = rustix::fs::statfs(path) else { return Ok(()) };
    #[allow(clippy::unnecessary_cast, reason = "the type differs between platforms")]
    let kind = found.f_type as i64 & 0xffff_ffff;
    match NETWORK.iter().find(|(number, _)| *number == kind) {
        None => Ok(()),
        Some((_, name)) => Err(StoreError::Folder(format!(
            "{} lies on a network file system ({name}), where a crash could lose calls: give a folder on a local disk",
            path.display()
        ))),
    }
}
