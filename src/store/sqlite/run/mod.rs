//! Runs: the calls of one London day, sorted and never changed again, each in a file of its own.
//!
//! A run holds rows ordered by attribution and time, their texts, an index ordered by identity, tallies an attribution, and the identities whose older
//! revisions (in earlier runs of the day) count no more. A file counts only once the database lists it; until then it is rubbish that opening clears away.
//!
//! | section | holds |
//! |---|---|
//! | header | 256 bytes: magic, format, day, order, numbers, place and checksum of each section, its own checksum |
//! | rows | 24 bytes each, ordered by attribution, time and identity |
//! | text | texts of the rows, in the same order |
//! | index | 36 bytes each, ordered by identity: identity, content, revision, row |
//! | fences | where in the index each bucket of leading bits begins |
//! | tallies | a block for each attribution: sorted sums, signed, so that a correction is a difference |
//! | directory | 24 bytes for each attribution: its rows, its tallies, its calls |
//! | kills | 16 bytes each |

mod read;
mod write;

pub(super) use read::{Identities, IndexEntry, Run};
pub(super) use write::{RunRow, RunWriter};

const MAGIC: &[u8; 8] = b"CGRUN\0\x00\x01";
const HEADER_LEN: usize = 256;
const ROW_LEN: usize = 24;
const INDEX_LEN: usize = 36;
const DIRECTORY_LEN: usize = 24;
const KILL_LEN: usize = 16;

/// The sections, in the order in which they stand in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Rows,
    Text,
    Index,
    Fences,
    Tallies,
    Directory,
    Kills,
}

const PARTS: [Part; 7] =
    [Part::Rows, Part::Text, Part::Index, Part::Fences, Part::Tallies, Part::Directory, Part::Kills];

/// Where a section lies.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: u64,
    len: u64,
    crc: u32,
}

/// What one attribution has in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) whose: u32,
    pub(super) first_row: u32,
    pub(super) rows: u32,
    pub(super) tally_at: u32,
    pub(super) tally_len: u32,
    /// Calls that the tallies add up to: may be negative, where a later run takes out calls of an earlier one.
    pub(super) calls: i32,
}

/// Leading bits of an identity that choose its bucket of the index, for so many rows: about 8 rows a bucket.
fn fence_bits(rows: usize) -> u32 {
    (rows / 8).max(1).next_power_of_two().trailing_zeros()
}

fn bucket(identity: u128, bits: u32) -> usize {
    if bits == 0 { 0 } else { (identity >> (128 - bits)) as usize }
}
