//! Writes a run.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::super::hot::Order;
use super::super::row::Row;
use super::super::sums::{self, Sum};
use super::{
    DIRECTORY_LEN, Entry, HEADER_LEN, INDEX_LEN, MAGIC, PARTS, Part, Place, ROW_LEN, bucket, fence_bits,
};
use crate::calendar::{Day, start_of};

/// A row for a run, with its texts.
#[derive(Clone, Copy)]
pub(in super::super) struct RunRow<'a> {
    pub(in super::super) row: Row,
    pub(in super::super) text: &'a [u8],
}

/// One section that is being written at its place.
struct Section {
    out: BufWriter<File>,
    at: u64,
    len: u64,
    crc: crc32fast::Hasher,
}

impl Section {
    fn open(path: &Path, at: u64) -> io::Result<Self> {
        let mut file = File::options().write(true).open(path)?;
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { out: BufWriter::with_capacity(1 << 18, file), at, len: 0, crc: crc32fast::Hasher::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.len += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn close(mut self) -> io::Result<Place> {
        self.out.flush()?;
        Ok(Place { at: self.at, len: self.len, crc: self.crc.finalize() })
    }
}

/// Writes one run: rows in order, and after the rows of each attribution its tallies.
pub(in super::super) struct RunWriter {
    path: PathBuf,
    day: Day,
    day_start: i64,
    order: Order,
    rows: Section,
    text: Section,
    index: Vec<(u128, u64, u64, u32)>,
    tallies: Vec<u8>,
    directory: Vec<Entry>,
    after_text: u64,
}

impl RunWriter {
    /// Begins a file for so many rows with so many bytes of text.
    pub(in super::super) fn create(
        path: &Path,
        day: Day,
        order: Order,
        rows: usize,
        text_len: u64,
    ) -> io::Result<Self> {
        File::create(path)?;
        let text_at = (HEADER_LEN + rows * ROW_LEN) as u64;
        Ok(Self {
            path: path.to_owned(),
            day,
            day_start: start_of(day).millis(),
            order,
            rows: Section::open(path, HEADER_LEN as u64)?,
            text: Section::open(path, text_at)?,
            index: Vec::with_capacity(rows),
            tallies: Vec::new(),
            directory: Vec::new(),
            after_text: text_at + text_len,
        })
    }

    /// Adds a row; it must not come before the last one in order of attribution, time and identity.
    pub(in super::super) fn push(&mut self, RunRow { row, text }: RunRow<'_>) -> io::Result<()> {
        let number = self.index.len() as u32;
        match self.directory.last_mut() {
            Some(entry) if entry.whose == row.whose => entry.rows += 1,
            _ => self.directory.push(Entry {
                whose: row.whose,
                first_row: number,
                rows: 1,
                ..Entry::default()
            }),
        }
        let mut bytes = [0; ROW_LEN];
        bytes[..4].copy_from_slice(&((row.started - self.day_start) as u32).to_le_bytes());
        bytes[4..6].copy_from_slice(&row.kind.to_le_bytes());
        bytes[6..8].copy_from_slice(&row.source.to_le_bytes());
        bytes[8..12].copy_from_slice(&row.line.to_le_bytes());
        bytes[12..20].copy_from_slice(&durations(&row).to_le_bytes());
        bytes[20..].copy_from_slice(&(self.text.len as u32).to_le_bytes());
        self.rows.write(&bytes)?;
        self.text.write(text)?;
        self.index.push((row.identity, row.content, row.revision, number));
        Ok(())
    }

    /// Settled sums of an attribution: after its rows, before those of the next; or of one without rows, in order of attribution.
    pub(in super::super) fn tally(&mut self, whose: u32, settled: &[Sum]) {
        if self.directory.last().is_none_or(|entry| entry.whose != whose) {
            self.directory.push(Entry { whose, first_row: self.index.len() as u32, ..Entry::default() });
        }
        let at = self.tallies.len();
        sums::encode(settled, &mut self.tallies);
        if let Some(entry) = self.directory.last_mut() {
            entry.tally_at = at as u32;
            entry.tally_len = (self.tallies.len() - at) as u32;
            entry.calls = sums::calls(settled) as i32;
        }
    }

    /// Writes what is left and makes the file last. Gives its length in bytes.
    pub(in super::super) fn finish(mut self, kills: &[u128]) -> io::Result<u64> {
        let rows = self.index.len();
        let mut places = [Place::default(); PARTS.len()];
        places[Part::Rows as usize] = self.rows.close()?;
        places[Part::Text as usize] = self.text.close()?;
        self.index.sort_unstable_by_key(|entry| entry.0);
        let bits = fence_bits(rows);
        let mut fences = vec![0_u32; (1 << bits) + 1];
        let mut section = Section::open(&self.path, self.after_text)?;
        for &(identity, content, revision, row) in &self.index {
            fences[bucket(identity, bits) + 1] += 1;
            let mut bytes = [0; INDEX_LEN];
            bytes[..16].copy_from_slice(&identity.to_be_bytes());
            bytes[16..24].copy_from_slice(&content.to_le_bytes());
            bytes[24..32].copy_from_slice(&revision.to_le_bytes());
            bytes[32..].copy_from_slice(&row.to_le_bytes());
            section.write(&bytes)?;
        }
        places[Part::Index as usize] = section.close()?;
        let mut sum = 0;
        for fence in &mut fences {
            sum += *fence;
            *fence = sum;
        }
        let mut at = self.after_text + places[Part::Index as usize].len;
        let mut put = |part: Part, bytes: &mut dyn Iterator<Item = &[u8]>| -> io::Result<()> {
            let mut section = Section::open(&self.path, at)?;
            for bytes in bytes {
                section.write(bytes)?;
            }
            places[part as usize] = section.close()?;
            at += places[part as usize].len;
            Ok(())
        };
        let fences: Vec<u8> = fences.iter().flat_map(|fence| fence.to_le_bytes()).collect();
        put(Part::Fences, &mut std::iter::once(&fences[..]))?;
        put(Part::Tallies, &mut std::iter::once(&self.tallies[..]))?;
        let mut directory = Vec::with_capacity(self.directory.len() * DIRECTORY_LEN);
        for Entry { whose, first_row, rows, tally_at, tally_len, calls } in &self.directory {
            for number in [whose, first_row, rows, tally_at, tally_len] {
                directory.extend_from_slice(&number.to_le_bytes());
            }
            directory.extend_from_slice(&calls.to_le_bytes());
        }
        put(Part::Directory, &mut std::iter::once(&directory[..]))?;
        let kills: Vec<u8> = kills.iter().flat_map(|kill| kill.to_be_bytes()).collect();
        put(Part::Kills, &mut std::iter::once(&kills[..]))?;

        let mut header = Vec::with_capacity(HEADER_LEN);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&self.day.number().to_le_bytes());
        header.extend_from_slice(&bits.to_le_bytes());
        header.extend_from_slice(&self.order.0.to_le_bytes());
        header.extend_from_slice(&(rows as u64).to_le_bytes());
        for Place { at, len, crc } in places {
            header.extend_from_slice(&at.to_le_bytes());
            header.extend_from_slice(&len.to_le_bytes());
            header.extend_from_slice(&crc.to_le_bytes());
        }
        header.resize(HEADER_LEN - 4, 0);
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        let mut file = File::options().write(true).open(&self.path)?;
        file.write_all(&header)?;
        file.sync_all()?;
        Ok(at)
    }
}

/// Three durations of 17 bits each, all ones where unknown, and whether the row is a retraction in the highest bit.
fn durations(row: &Row) -> u64 {
    let bits = |secs: u32| u64::from(secs.min(0x1_ffff));
    bits(row.wait) | bits(row.talk) << 17 | bits(row.ivr) << 34 | u64::from(row.retracted) << 63
}
