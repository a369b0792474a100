//! Reads a run.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use rustix::process::{Resource, getrlimit};

use super::super::hot::Order;
use super::super::row::{Row, UNKNOWN};
use super::{
    DIRECTORY_LEN, Entry, HEADER_LEN, INDEX_LEN, KILL_LEN, MAGIC, PARTS, Part, Place, ROW_LEN, bucket,
};
use crate::calendar::{Day, start_of};

/// A run that the database lists, opened once: header, directory and fences are kept, all else is read when asked for.
#[derive(Debug)]
pub(in super::super) struct Run {
    /// Number in the database.
    pub(in super::super) id: i64,
    pub(in super::super) day: Day,
    /// Stands after everything that arrived up to here.
    pub(in super::super) order: Order,
    pub(in super::super) rows: usize,
    pub(in super::super) bytes: u64,
    pub(in super::super) path: PathBuf,
    /// Ids of the runs that it took the place of.
    pub(in super::super) merged_from: Vec<i64>,
    /// By attribution, ordered.
    pub(in super::super) directory: Vec<Entry>,
    /// Identities of which rows in earlier runs of the day count no more, ordered.
    pub(in super::super) kills: Vec<u128>,
    /// The first and the last attribution.
    whose: Option<RangeInclusive<u32>>,
    doomed: AtomicBool,
    /// A bit for each attribution that has calls in it, made when it is first asked for.
    with_calls: OnceLock<Vec<u64>>,
    /// Its file, where it is kept open.
    kept: OnceLock<File>,
    day_start: i64,
    fences: Vec<u32>,
    fence_bits: u32,
    places: [Place; PARTS.len()],
}

/// Files of runs that are kept open, of all stores of this process.
static KEPT_OPEN: AtomicUsize = AtomicUsize::new(0);

/// Most of them: a third of the files that the process may open, so that connections have the rest.
static MOST_KEPT_OPEN: LazyLock<usize> = LazyLock::new(|| {
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(allowed / 3).unwrap_or(usize::MAX).min(4_096)
});

/// What the index of a run says of an identity.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct IndexEntry {
    pub(in super::super) content: u64,
    pub(in super::super) revision: u64,
    pub(in super::super) row: u32,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Run {
    /// Opens a run file.
    pub(in super::super) fn open(id: i64, path: &Path, merged_from: Vec<i64>) -> io::Result<Arc<Self>> {
        let file = File::open(path)?;
        let mut header = [0; HEADER_LEN];
        file.read_exact_at(&mut header, 0)?;
        let (body, crc) = header.split_at(HEADER_LEN - 4);
        if !body.starts_with(MAGIC) || crc32fast::hash(body).to_le_bytes() != crc {
            return Err(damaged("the header of a run is not what was written"));
        }
        let mut at = MAGIC.len();
        let mut take = |len: usize| {
            at += len;
            &body[at - len..at]
        };
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let day = Day::from_number(number(take(4)) as u32 as i32);
        let fence_bits = number(take(4)) as u32;
        let seq = number(take(8));
        let rows = number(take(8)) as usize;
        let places =
            PARTS.map(|_| Place { at: number(take(8)), len: number(take(8)), crc: number(take(4)) as u32 });
        let section = |part: Part| -> io::Result<Vec<u8>> {
            let place = places[part as usize];
            let mut bytes =
                vec![0; usize::try_from(place.len).map_err(|_| damaged("a run is larger than memory"))?];
            file.read_exact_at(&mut bytes, place.at)?;
            if crc32fast::hash(&bytes) == place.crc {
                Ok(bytes)
            } else {
                Err(damaged("a section of a run is not what was written"))
            }
        };
        let entry = |bytes: &[u8]| {
            let at = |n: usize| number(&bytes[n * 4..n * 4 + 4]) as u32;
            Entry {
                whose: at(0),
                first_row: at(1),
                rows: at(2),
                tally_at: at(3),
                tally_len: at(4),
                calls: at(5) as i32,
            }
        };
        let directory: Vec<Entry> =
            section(Part::Directory)?.chunks_exact(DIRECTORY_LEN).map(entry).collect();
        let whose = directory.first().zip(directory.last()).map(|(first, last)| first.whose..=last.whose);
        Ok(Arc::new(Self {
            id,
            day,
            order: (seq, 0),
            rows,
            bytes: file.metadata()?.len(),
            path: path.to_owned(),
            merged_from,
            directory,
            whose,
            kills: section(Part::Kills)?.chunks_exact(KILL_LEN).map(identity).collect(),
            doomed: AtomicBool::new(false),
            with_calls: OnceLock::new(),
            kept: OnceLock::new(),
            day_start: start_of(day).millis(),
            fences: section(Part::Fences)?.chunks_exact(4).map(|bytes| number(bytes) as u32).collect(),
            fence_bits,
            places,
        }))
    }

    /// What an attribution has in it.
    pub(in super::super) fn entry(&self, whose: u32) -> Option<&Entry> {
        find_entry(&self.directory, self.whose.as_ref()?, whose)
    }

    /// Who has more calls in it than it takes away: a bit for each attribution, lowest bit of the first word for the first.
    pub(in super::super) fn whose_with_calls(&self) -> &[u64] {
        self.with_calls.get_or_init(|| {
            let words = self.directory.last().map_or(0, |entry| entry.whose as usize / 64 + 1);
            let mut bits = vec![0; words];
            for entry in self.directory.iter().filter(|entry| entry.calls > 0) {
                bits[entry.whose as usize / 64] |= 1 << (entry.whose % 64);
            }
            bits
        })
    }

    /// The database lists it no more: the file goes when the last reader has let go of it.
    pub(in super::super) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// Every identity, in order.
    pub(in super::super) fn each_identity(&self, file: &File, mut visit: impl FnMut(u128)) -> io::Result<()> {
        let step = 16_384;
        for from in (0..self.rows).step_by(step) {
            let rows = step.min(self.rows - from);
            let bytes = self.read(file, Part::Index, (from * INDEX_LEN) as u64, rows * INDEX_LEN)?;
            bytes.chunks_exact(INDEX_LEN).for_each(|bytes| visit(identity(bytes)));
        }
        Ok(())
    }

    fn read(&self, file: &File, part: Part, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let place = self.places[part as usize];
        if at + len as u64 > place.len {
            return Err(damaged("a run points outside of itself"));
        }
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, place.at + at)?;
        Ok(bytes)
    }

    /// Opens the file for reading.
    pub(in super::super) fn file(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// The file, to be kept open for whoever reads the run next; `None` where enough are open.
    pub(in super::super) fn kept_file(&self) -> io::Result<Option<&File>> {
        if self.kept.get().is_none() {
            if KEPT_OPEN.load(Ordering::Relaxed) >= *MOST_KEPT_OPEN {
                return Ok(None);
            }
            if self.kept.set(self.file()?).is_ok() {
                KEPT_OPEN.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(self.kept.get())
    }

    /// How long the encoded sums of all attributions are.
    pub(in super::super) fn tally_bytes(&self) -> u64 {
        self.places[Part::Tallies as usize].len
    }

    /// The encoded sums of an attribution.
    pub(in super::super) fn tally(&self, file: &File, entry: &Entry) -> io::Result<Vec<u8>> {
        self.read(file, Part::Tallies, u64::from(entry.tally_at), entry.tally_len as usize)
    }

    /// The encoded sums of all attributions from one to another, one after the other as the directory says.
    pub(in super::super) fn tally_stretch(
        &self,
        file: &File,
        first: &Entry,
        last: &Entry,
    ) -> io::Result<Vec<u8>> {
        let len = (last.tally_at + last.tally_len).saturating_sub(first.tally_at);
        self.read(file, Part::Tallies, u64::from(first.tally_at), len as usize)
    }

    /// Some rows of an attribution, without identity, content and revision, which only the index has. `text` is a place in the run's text section.
    pub(in super::super) fn rows(
        &self,
        file: &File,
        whose: u32,
        first: u32,
        rows: u32,
    ) -> io::Result<Vec<Row>> {
        let bytes =
            self.read(file, Part::Rows, u64::from(first) * ROW_LEN as u64, rows as usize * ROW_LEN)?;
        Ok(bytes.chunks_exact(ROW_LEN).map(|bytes| self.row(whose, bytes)).collect())
    }

    fn row(&self, whose: u32, bytes: &[u8]) -> Row {
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let packed = u64::from(word(12)) | u64::from(word(16)) << 32;
        let duration = |shift: u32| match (packed >> shift) as u32 & 0x1_ffff {
            0x1_ffff => UNKNOWN,
            secs => secs,
        };
        Row {
            identity: 0,
            content: 0,
            revision: 0,
            started: self.day_start + i64::from(word(0)),
            whose,
            line: word(8),
            wait: duration(0),
            talk: duration(17),
            ivr: duration(34),
            text: word(20),
            kind: short(4),
            source: short(6),
            retracted: packed >> 63 == 1,
            unversioned: false,
            replaces: false,
        }
    }

    /// One row by its number.
    pub(in super::super) fn row_at(&self, file: &File, number: u32) -> io::Result<Row> {
        let at = self.directory.partition_point(|entry| entry.first_row <= number);
        let entries = self.directory[..at].iter().rev();
        let whose = entries
            .take_while(|e| e.first_row + e.rows >= number)
            .find(|e| e.rows > 0 && number < e.first_row + e.rows);
        let whose = whose.ok_or_else(|| damaged("a run's index points outside of its rows"))?.whose;
        self.rows(file, whose, number, 1)?.first().copied().ok_or_else(|| damaged("a row is missing"))
    }

    /// Texts from the place of one row's to the place of another's, or to the end.
    pub(in super::super) fn text(&self, file: &File, from: u32, until: Option<u32>) -> io::Result<Vec<u8>> {
        let end = until.map_or(self.places[Part::Text as usize].len, u64::from);
        self.read(file, Part::Text, u64::from(from), end.saturating_sub(u64::from(from)) as usize)
    }

    /// Bytes of all texts.
    pub(in super::super) fn text_len(&self) -> u64 {
        self.places[Part::Text as usize].len
    }

    /// The whole index, as [`Run::find_in`] takes it.
    pub(in super::super) fn index(&self, file: &File) -> io::Result<Vec<u8>> {
        self.read(file, Part::Index, 0, self.rows * INDEX_LEN)
    }

    /// Looks an identity up in the file.
    pub(in super::super) fn find(&self, file: &File, wanted: u128) -> io::Result<Option<IndexEntry>> {
        let (from, until) = self.bucket(wanted);
        if from == until {
            return Ok(None);
        }
        let bytes = self.read(file, Part::Index, (from * INDEX_LEN) as u64, (until - from) * INDEX_LEN)?;
        Ok(search(&bytes, wanted))
    }

    /// Looks an identity up in the whole index.
    pub(in super::super) fn find_in(&self, index: &[u8], wanted: u128) -> Option<IndexEntry> {
        let (from, until) = self.bucket(wanted);
        search(&index[from * INDEX_LEN..until * INDEX_LEN], wanted)
    }

    /// Reads the cache lines that [`Run::find_in`] will need, so that many look-ups miss the cache side by side; the result only keeps the reads alive.
    pub(in super::super) fn touch_in(&self, index: &[u8], wanted: impl Iterator<Item = u128> + Clone) -> u64 {
        let fences = wanted.clone().fold(0, |seen, identity| seen ^ self.bucket(identity).0);
        let entries = wanted.fold(0, |seen, identity| {
            seen ^ index.get(self.bucket(identity).0 * INDEX_LEN).copied().unwrap_or(0)
        });
        fences as u64 ^ u64::from(entries)
    }

    fn bucket(&self, identity: u128) -> (usize, usize) {
        let bucket = bucket(identity, self.fence_bits);
        (self.fences[bucket] as usize, self.fences[bucket + 1] as usize)
    }

    /// Identity, content and revision of every row, by row number.
    pub(in super::super) fn identities(&self, file: &File) -> io::Result<Vec<(u128, u64, u64)>> {
        let mut by_row = vec![(0, 0, 0); self.rows];
        for bytes in self.index(file)?.chunks_exact(INDEX_LEN) {
            let IndexEntry { content, revision, row } = index_entry(bytes);
            *by_row
                .get_mut(row as usize)
                .ok_or_else(|| damaged("a run's index points outside of its rows"))? =
                (identity(bytes), content, revision);
        }
        Ok(by_row)
    }

    /// Compares every section with its checksum.
    pub(in super::super) fn verify(&self) -> io::Result<()> {
        let file = self.file()?;
        let mut buffer = vec![0; 1 << 20];
        for place in self.places {
            let mut hasher = crc32fast::Hasher::new();
            let mut at = 0;
            while at < place.len {
                let step = buffer.len().min((place.len - at) as usize);
                file.read_exact_at(&mut buffer[..step], place.at + at)?;
                hasher.update(&buffer[..step]);
                at += step as u64;
            }
            if hasher.finalize() != place.crc {
                return Err(damaged("a section of a run is not what was written"));
            }
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.kept.take().is_some() {
            KEPT_OPEN.fetch_sub(1, Ordering::Relaxed);
        }
        if self.doomed.load(Ordering::Relaxed) {
            // What is left behind is cleared away when the folder is opened again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The identities of a run in order, read a stretch at a time.
pub(in super::super) struct Identities<'a> {
    run: &'a Run,
    file: File,
    /// Rows that were read.
    read: usize,
    stretch: Vec<u8>,
    /// Position in the stretch.
    at: usize,
}

/// Index entries that are read at once.
const STRETCH: usize = 1_024;

impl<'a> Identities<'a> {
    /// From the first on.
    pub(in super::super) fn of(run: &'a Run) -> io::Result<Self> {
        Ok(Self { run, file: run.file()?, read: 0, stretch: Vec::new(), at: 0 })
    }

    /// The next one; `None` after the last.
    pub(in super::super) fn next(&mut self) -> io::Result<Option<u128>> {
        if self.at == self.stretch.len() {
            let rows = STRETCH.min(self.run.rows - self.read);
            if rows == 0 {
                return Ok(None);
            }
            let from = (self.read * INDEX_LEN) as u64;
            self.stretch = self.run.read(&self.file, Part::Index, from, rows * INDEX_LEN)?;
            (self.read, self.at) = (self.read + rows, 0);
        }
        let entry = &self.stretch[self.at..self.at + INDEX_LEN];
        self.at += INDEX_LEN;
        Ok(Some(identity(entry)))
    }
}

fn identity(bytes: &[u8]) -> u128 {
    bytes[..16].iter().fold(0, |identity, &byte| identity << 8 | u128::from(byte))
}

/// Looks an attribution up in a directory that goes from one to another. Most of the numbers between them are in it, so it is looked for around where it would
/// stand if they were spread evenly, and wider and wider: a question about one practice touches a few neighbouring lines of memory of each day.
fn find_entry<'a>(directory: &'a [Entry], within: &RangeInclusive<u32>, whose: u32) -> Option<&'a Entry> {
    if !within.contains(&whose) {
        return None;
    }
    let (first, last) = (u64::from(*within.start()), u64::from(*within.end()));
    let even = (u64::from(whose) - first) * (directory.len() as u64 - 1) / (last - first).max(1);
    let mut wide = 16;
    loop {
        let near =
            &directory[(even as usize).saturating_sub(wide)..directory.len().min(even as usize + wide)];
        if let (Some(from), Some(until)) = (near.first(), near.last())
            && (from.whose..=until.whose).contains(&whose)
        {
            return near.binary_search_by_key(&whose, |entry| entry.whose).ok().map(|at| &near[at]);
        }
        wide *= 4;
    }
}

fn index_entry(bytes: &[u8]) -> IndexEntry {
    let long =
        |at: usize| bytes[at..at + 8].iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let row = bytes[32..36].iter().rev().fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
    IndexEntry { content: long(16), revision: long(24), row }
}

fn search(bucket: &[u8], wanted: u128) -> Option<IndexEntry> {
    let key = wanted.to_be_bytes();
    bucket.chunks_exact(INDEX_LEN).find(|bytes| bytes[..16] == key).map(index_entry)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn directory(whose: impl IntoIterator<Item = u32>) -> Vec<Entry> {
        whose.into_iter().map(|whose| Entry { whose, ..Entry::default() }).collect()
    }

    proptest! {
        #[test]
        fn who_is_there_is_found_however_uneven_the_numbers_are(
            dense in prop::collection::btree_set(0_u32..400, 0..400),
            sparse in prop::collection::btree_set(any::<u32>(), 1..40),
            other: u32,
        ) {
            let directory = directory(dense.union(&sparse).copied());
            let within = directory[0].whose..=directory[directory.len() - 1].whose;
            for whose in (0..410).chain(sparse).chain([other, u32::MAX]) {
                let expected = directory.iter().find(|entry| entry.whose == whose);
                prop_assert_eq!(find_entry(&directory, &within, whose), expected);
            }
        }
    }
}
