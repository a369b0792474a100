//! Calls that are on disk and count, but are not yet sorted into their days: immutable chunks, shared with readers.

use std::sync::{Arc, OnceLock};

use super::newest::Newest;
use super::row::{Row, Weight};

/// Where in the order of arrival something stands: number of the arrival, then the row within its chunk.
pub(super) type Order = (u64, u32);

/// Rows that were committed together, in the order of arrival. Never changes once readers have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    /// Number of the first arrival in it.
    pub(super) seq: u64,
    pub(super) rows: Vec<Row>,
    /// Texts of the rows.
    pub(super) text: Vec<u8>,
    pub(super) kills: Vec<Kill>,
    by_whose: OnceLock<Vec<u32>>,
}

/// An older revision that counts no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    pub(super) identity: u128,
    /// Kills what stands before this row of its chunk.
    pub(super) before_row: u32,
    /// What is to be taken out of the tallies.
    pub(super) old: Weight,
}

impl Chunk {
    pub(super) fn new(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }

    /// Order of one of its rows.
    pub(super) fn order(&self, row: usize) -> Order {
        (self.seq, row as u32)
    }

    /// The rows of one attribution, in order of arrival.
    pub(super) fn rows_of(&self, whose: u32) -> impl Iterator<Item = (usize, &Row)> {
        let sorted = self.by_whose.get_or_init(|| {
            let mut rows: Vec<u32> = (0..self.rows.len() as u32).collect();
            rows.sort_by_key(|&row| self.rows[row as usize].whose);
            rows
        });
        let from = sorted.partition_point(|&row| self.rows[row as usize].whose < whose);
        sorted[from..]
            .iter()
            .map(|&row| (row as usize, &self.rows[row as usize]))
            .take_while(move |(_, row)| row.whose == whose)
    }

    /// Everything that the chunk adds to tallies (+1) or takes out of them (-1).
    pub(super) fn weights(&self) -> impl Iterator<Item = (Weight, i64)> + '_ {
        let added = self.rows.iter().filter(|row| !row.retracted).map(|row| (row.weight(), 1));
        let taken = self.kills.iter().filter(|kill| kill.old.counts).map(|kill| (kill.old, -1));
        added.chain(taken)
    }

    /// The same for one attribution.
    pub(super) fn weights_of(&self, whose: u32) -> impl Iterator<Item = (Weight, i64)> + '_ {
        let added = self.rows_of(whose).filter(|(_, row)| !row.retracted).map(|(_, row)| (row.weight(), 1));
        let taken = self
            .kills
            .iter()
            .filter(move |kill| kill.old.counts && kill.old.whose == whose)
            .map(|kill| (kill.old, -1));
        added.chain(taken)
    }

    /// Forgets what was derived, before the chunk is added to.
    pub(super) fn reset(&mut self) {
        self.by_whose = OnceLock::new();
    }
}

/// The chunks since the last settling began, with their newest revisions by identity. The writer's own.
#[derive(Default)]
pub(super) struct Generation {
    pub(super) chunks: Vec<Arc<Chunk>>,
    newest: Newest,
    pub(super) rows: usize,
}

/// A row of a generation: chunk and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) chunk: u32,
    pub(super) row: u32,
}

impl Generation {
    /// The newest row of an identity, with `open` as the chunk that is still being filled (the one after the last).
    pub(super) fn find(&self, identity: u128, open: &Chunk) -> Option<Row> {
        let place = self.newest.find(identity, |place| self.row(place, open).identity == identity)?;
        Some(*self.row(place, open))
    }

    fn row<'a>(&'a self, place: Place, open: &'a Chunk) -> &'a Row {
        row_of(&self.chunks, place, open)
    }

    /// Notes the newest row of an identity; gives back the one before.
    pub(super) fn note(&mut self, identity: u128, place: Place, open: &Chunk) -> Option<Place> {
        let Self { chunks, newest, .. } = self;
        newest.put(identity, place, |at| row_of(chunks, at, open).identity)
    }

    /// Undoes a [`Generation::note`].
    pub(super) fn unnote(&mut self, identity: u128, before: Option<Place>, open: &Chunk) {
        let Self { chunks, newest, .. } = self;
        newest.put_back(identity, before, |at| row_of(chunks, at, open).identity);
    }

    /// Room for more rows, so that the table does not grow in the middle of a batch.
    pub(super) fn reserve(&mut self, rows: usize, open: &Chunk) {
        let Self { chunks, newest, .. } = self;
        newest.reserve(rows, |at| row_of(chunks, at, open).identity);
    }

    /// Reads what noting these identities will need, so that many of them miss the cache side by side.
    pub(super) fn touch(&self, identities: impl Iterator<Item = u128>) -> u64 {
        self.newest.touch(identities)
    }

    /// Whether the row at this place is the newest of its identity, in a generation that is not filled any more.
    pub(super) fn stands(&self, identity: u128, chunk: u32, row: u32) -> bool {
        let at = Place { chunk, row };
        self.newest.find(identity, |place| place == at).is_some()
    }

    /// All identities in it.
    pub(super) fn identities(&self) -> impl Iterator<Item = u128> + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.rows.iter().map(|row| row.identity))
    }
}

fn row_of<'a>(chunks: &'a [Arc<Chunk>], place: Place, open: &'a Chunk) -> &'a Row {
    let chunk = chunks.get(place.chunk as usize).map_or(open, |chunk| &**chunk);
    &chunk.rows[place.row as usize]
}
