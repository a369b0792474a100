//! Files that somebody puts into a folder: which of them are to be read, and pieces of them, so that a file of any length is read in little memory.
//!
//! A folder has no windows of its own. For a window every file is read that was written, or put there, since the window began (less ten minutes for clocks
//! that differ); what the host has already is a duplicate to it. So a file that came late is taken whatever days it speaks of, a file that grew is read
//! again with its new lines, and no list of files that were read can get lost. A file that is removed changes nothing of what was read from it. Files are
//! read in the order in which they were written, so that a correction comes after what it corrects; those written since the window began to be read come
//! last, each once, so that a file that never rests does not keep the window open. Hidden files and unfinished copies (`.part`, `.filepart`, `.tmp`,
//! `.crdownload`) are passed over.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was last written; a copy can bring the time of its original along.
    pub written_at: Moment,
    /// When it was last written or put there.
    pub changed_at: Moment,
}

impl Listed {
    /// Its name as it may be shown: hashed where it holds a telephone number.
    pub fn shown(&self) -> String {
        call_id_of(&[&self.name])
    }

    /// Its place in the order of reading, for a window that began to be read then.
    fn place(&self, begun: i64) -> (i64, &str) {
        (self.written_at.millis().min(begun), &self.name)
    }
}

/// A place in a folder, for cursors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAt {
    /// When the window began to be read, and the file's place in its order. Milliseconds since 1970.
    begun: i64,
    written: i64,
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
    /// Which file, as it was listed.
    pub file: Listed,
    /// How many bytes it has by now.
    size: u64,
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
    begun: i64,
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

    /// The files that `takes` says yes to, the one that was written first before the others.
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
            let Some(file) = self.listed(name) else { continue };
            if found.len() >= FILES {
                return Err(AdapterError::new(
                    Fault::File,
                    format!(
                        "the folder {path} holds more than {FILES} files: move those away that were read"
                    ),
                ));
            }
            found.push(file);
        }
        found.sort_by(|one, other| one.place(i64::MAX).cmp(&other.place(i64::MAX)));
        Ok(found)
    }

    /// A file as it is now; `None` where there is none, such as one that was moved away meanwhile.
    fn listed(&self, name: String) -> Option<Listed> {
        let seen = std::fs::metadata(self.path.join(&name)).ok().filter(Metadata::is_file)?;
        let written_at = written_at(&seen);
        let changed_at = Moment::from_millis(written_at.millis().max(put_there(&seen)));
        Some(Listed { name, size: seen.len(), written_at, changed_at })
    }

    /// Whether a file is still as it was when it was listed.
    pub fn unchanged(&self, file: &Listed) -> bool {
        self.listed(file.name.clone()).as_ref() == Some(file)
    }

    /// The next piece to read: of the files written or put there since `since`, the one at or after `at`. `None` where there is no more.
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
        let begun = at.map_or(now.millis(), |at| at.begun);
        let mut due: Vec<&Listed> = files.iter().filter(|file| file.changed_at >= since).collect();
        due.sort_by_key(|file| file.place(begun));
        for file in due {
            let from = match at {
                Some(at) => {
                    let order = file.place(begun).cmp(&(at.written, at.name.as_str()));
                    if order.is_lt() || (order.is_eq() && at.done) {
                        continue;
                    }
                    Some(at).filter(|at| at.name == file.name)
                }
                None => None,
            };
            match self.piece_of(file, from, begun, now) {
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

    fn piece_of(
        &self,
        file: &Listed,
        at: Option<&FileAt>,
        begun: i64,
        now: Moment,
    ) -> std::io::Result<Piece> {
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
        let file = file.clone();
        Ok(Piece { file, size, head, bytes, offset, line, last, quiet, skipping, begun })
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
        let (written, name) = self.file.place(self.begun);
        FileAt {
            begun: self.begun,
            written,
            name: name.to_owned(),
            size: self.size,
            known_by: known_by(&self.head, self.size),
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

/// When a file was written. A time before 1970 is none.
fn written_at(seen: &Metadata) -> Moment {
    let written = seen.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Moment::from_millis(written.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// When a file was put there: copies can bring an old time of writing with them.
#[cfg(unix)]
fn put_there(seen: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    seen.ctime().saturating_mul(1_000).saturating_add(seen.ctime_nsec() / 1_000_000)
}

#[cfg(not(unix))]
fn put_there(seen: &Metadata) -> i64 {
    let made = seen.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    made.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
