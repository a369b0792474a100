//! Files that somebody puts into a folder: which of them are to be read, and pieces of them, so that a file of any length is read in little memory.
//!
//! A folder has no windows of its own. For a window every file is read that was written, or put there, since the window began (less ten minutes for clocks
//! that differ); what the host has already is a duplicate to it. So a file that came late is taken whatever days it speaks of, a file that grew is read
//! again with its new lines, and no list of files that were read can get lost. Files are read in the order of their names, hidden ones and unfinished
//! copies (`.part`, `.filepart`, `.tmp`, `.crdownload`) are passed over.
//!
//! Within a window the cursor is a [`FileAt`]: name, size, fingerprint of the beginning, byte and line. Where the file is another one by now it is read
//! from its start. A last line without an end waits for the rest of it; when nothing was written for ten minutes it is taken as it is.

mod groups;
mod records;

#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use callgauge_schema::Moment;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use groups::{Given, Groups, TAIL, Taken, fingerprint};
pub use records::{Broken, Fields, Item, Line, RECORD_LIMIT, Records, Shape};

use crate::{AdapterError, Fault, SettingsReader, call_id_of};

/// The most bytes of a file that are read for one page.
pub const PIECE: usize = 1024 * 1024;
/// How much of a file's beginning every piece brings along, for its header.
pub const HEAD: usize = 64 * 1024;
/// Files looked at in a folder.
const FILES: usize = 100_000;
/// Bytes of the beginning by which a file is known again.
const KNOWN_BY: usize = 1024;
/// After so long without a change a last line is whole.
const QUIET_MILLIS: i64 = 10 * 60 * 1_000;
/// How far clocks may differ, of this machine and of the one that writes.
const MARGIN_MILLIS: i64 = 10 * 60 * 1_000;

/// A folder that is watched.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A file of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was last written or put there.
    pub changed_at: Moment,
}

impl Listed {
    /// Its name as it may be shown: hashed where it holds a telephone number.
    pub fn shown(&self) -> String {
        call_id_of(&[&self.name])
    }
}

/// A place in a folder, for cursors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAt {
    name: String,
    size: u64,
    known_by: String,
    offset: u64,
    line: u64,
    /// Inside a line that is too long.
    skipping: bool,
    /// There is no more of it for now.
    done: bool,
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Which file.
    pub file: Listed,
    /// Its beginning, up to [`HEAD`] bytes.
    pub head: Vec<u8>,
    /// From `offset` on, up to [`PIECE`] bytes.
    pub bytes: Vec<u8>,
    /// Where the piece begins.
    pub offset: u64,
    /// The number of its first line, from 1.
    pub line: u64,
    /// Whether the file has nothing after it.
    pub last: bool,
    /// Whether the file was not changed for ten minutes.
    pub quiet: bool,
    skipping: bool,
}

impl Folder {
    /// The setting `folder`.
    pub fn read(read: &mut SettingsReader<'_>) -> Self {
        Self { path: PathBuf::from(read.text("folder")) }
    }

    /// A folder.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }

    /// The files that `takes` says yes to, in the order of their names.
    ///
    /// # Errors
    /// [`Fault::File`] where the folder cannot be read or holds more than 100,000 files.
    pub fn files(&self, takes: impl Fn(&str) -> bool) -> Result<Vec<Listed>, AdapterError> {
        let path = self.path.display();
        let failed = |what: &std::io::Error| {
            AdapterError::new(
                Fault::File,
                format!(
                    "the folder {path} cannot be read ({}): make it, let callgauge read it, or mend the setting folder",
                    what.kind()
                ),
            )
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(|what| failed(&what))? {
            let entry = entry.map_err(|what| failed(&what))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if unfinished(&name) || !takes(&name) {
                continue;
            }
            // A file that is moved away meanwhile is not there.
            let Ok(seen) = std::fs::metadata(entry.path()) else { continue };
            if !seen.is_file() {
                continue;
            }
            if found.len() >= FILES {
                return Err(AdapterError::new(
                    Fault::File,
                    format!(
                        "the folder {path} holds more than {FILES} files: move those away that were read"
                    ),
                ));
            }
            found.push(Listed { name, size: seen.len(), changed_at: changed_at(&seen) });
        }
        found.sort();
        Ok(found)
    }

    /// The next piece to read: of the files written since `since`, the one at or after `at`. `None` where there is no more.
    ///
    /// # Errors
    /// [`Fault::File`].
    pub fn piece(
        &self,
        files: &[Listed],
        since: Moment,
        at: Option<&FileAt>,
        now: Moment,
    ) -> Result<Option<Piece>, AdapterError> {
        let since = since.plus_millis(-MARGIN_MILLIS);
        for file in files.iter().filter(|file| file.changed_at >= since) {
            let from = match at {
                Some(at) if file.name < at.name || (file.name == at.name && at.done) => continue,
                Some(at) if file.name == at.name => Some(at),
                _ => None,
            };
            match self.piece_of(file, from, now) {
                Ok(piece) => return Ok(Some(piece)),
                // Moved away since it was listed.
                Err(what) if what.kind() == std::io::ErrorKind::NotFound => {}
                Err(what) => {
                    return Err(AdapterError::new(
                        Fault::File,
                        format!("the file {} cannot be read: {}", file.shown(), what.kind()),
                    ));
                }
            }
        }
        Ok(None)
    }

    fn piece_of(&self, file: &Listed, at: Option<&FileAt>, now: Moment) -> std::io::Result<Piece> {
        let mut open = File::open(self.path.join(&file.name))?;
        let size = open.metadata()?.len();
        let mut head = Vec::new();
        open.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        // Another file under the same name is read from its start.
        let same = at.filter(|at| at.offset <= size && at.known_by == known_by(&head, at.size));
        let (offset, line, skipping) = same.map_or((0, 1, false), |at| (at.offset, at.line, at.skipping));
        open.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(PIECE.min(usize::try_from(size - offset).unwrap_or(PIECE)));
        open.take(PIECE as u64).read_to_end(&mut bytes)?;
        let last = offset + bytes.len() as u64 >= size;
        let quiet = now.millis().saturating_sub(file.changed_at.millis()) >= QUIET_MILLIS;
        let file = Listed { size, ..file.clone() };
        Ok(Piece { file, head, bytes, offset, line, last, quiet, skipping })
    }
}

impl Piece {
    /// Its records.
    pub fn records(&self, shape: Shape) -> Records<'_> {
        Records::new(&self.bytes, self.line, shape, self.last, self.quiet).skipping(self.skipping)
    }

    /// Where to go on after what was read of its records.
    pub fn after(&self, read: &Records<'_>) -> FileAt {
        let taken = read.taken();
        FileAt {
            done: self.last && read.exhausted(),
            offset: self.offset + taken as u64,
            line: read.line(),
            skipping: read.is_skipping(),
            ..self.at()
        }
    }

    /// Where to go on to read again from a record on: `begins` bytes into the piece, on that line. For calls whose records lie on both sides of a
    /// piece's end.
    pub fn again_from(&self, begins: usize, line: u64) -> FileAt {
        FileAt { offset: self.offset + begins as u64, line, ..self.at() }
    }

    /// Where to go on where nothing more of this file is to be read.
    pub fn passed(&self) -> FileAt {
        FileAt { done: true, ..self.at() }
    }

    fn at(&self) -> FileAt {
        FileAt {
            name: self.file.name.clone(),
            size: self.file.size,
            known_by: known_by(&self.head, self.file.size),
            offset: self.offset,
            line: self.line,
            skipping: false,
            done: false,
        }
    }
}

/// What the beginning of a file is known by; only as much of it as it had when it was `size` long, so that a file that grew is the same.
fn known_by(head: &[u8], size: u64) -> String {
    let len = KNOWN_BY.min(head.len()).min(usize::try_from(size).unwrap_or(KNOWN_BY));
    Sha256::digest(&head[..len]).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A copy that is still being made, or a hidden file.
fn unfinished(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.')
        || [".part", ".filepart", ".tmp", ".crdownload"].iter().any(|end| lower.ends_with(end))
}

/// When a file was written or put there, whichever is later: copies can bring an old time of writing with them.
fn changed_at(seen: &Metadata) -> Moment {
    let written = seen.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let written = written.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Moment::from_millis(written.max(put_there(seen)))
}

#[cfg(unix)]
fn put_there(seen: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    seen.ctime().saturating_mul(1_000)
}

#[cfg(not(unix))]
fn put_there(seen: &Metadata) -> i64 {
    let made = seen.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    made.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
