//! Numbers of calls by attribution, bucket, source and kind, without durations: what questions about many organisations over many months read.
//!
//! They are added up from runs for pieces of time: whole financial years, quarters and months, and for each way in which the days and bands of a piece
//! fall into buckets (whatever numbers the buckets have in a question). Pieces are kept while there is room, and brought up to date with the runs that
//! are new to them: a cache in memory, safe to lose.

mod adding;
mod question;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgauge_schema::CallKind;
use hashbrown::HashMap;

use super::newer::newer;
use super::run::Run;
use super::view::RunSet;
use crate::calendar::{Band, Days, Slots};
use crate::metrics::varint;
use crate::store::StoreError;

pub(super) use question::QuestionCounts;

/// Most bytes of pieces that are kept.
const KEPT_BYTES: usize = 48 << 20;

/// A row a day: where the bucket of each band stands, or [`Slots::NONE`].
type Places = Arc<[[u32; Band::COUNT]]>;

/// How the days and bands of a piece fall into buckets.
#[derive(Debug)]
pub(super) struct Layout {
    days: Days,
    places: Places,
    /// The buckets, in the order in which they first appear.
    buckets: Vec<u32>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cell {
    /// A bucket, as a place in the layout's list of them.
    pub(super) bucket: u32,
    pub(super) source: u16,
    pub(super) kind: CallKind,
}

/// The numbers of one piece.
#[derive(Debug, Default)]
struct Piece {
    /// The runs that they were made from.
    runs: HashSet<i64>,
    /// In order of attribution.
    shards: Vec<Shard>,
}

/// The numbers of some neighbouring attributions.
#[derive(Clone, Debug, Default)]
struct Shard {
    /// The first attribution.
    first: u32,
    cells: Vec<Cell>,
    /// By attribution, cells and calls: differences of places in `cells` and zigzagged numbers, as variable-length numbers.
    bytes: Vec<u8>,
    /// By attribution, where in `bytes` its numbers end.
    ends: Vec<u32>,
    /// By cell, the calls of all of them.
    all: Vec<i64>,
}

/// The pieces that are kept.
#[derive(Default)]
pub(super) struct KeptCounts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    pieces: Vec<KeptPiece>,
    questions: u64,
}

struct KeptPiece {
    days: Days,
    places: Places,
    /// Locked while it is being added up, so that nobody does it twice.
    made: Arc<Mutex<Option<Arc<Piece>>>>,
    bytes: usize,
    /// The question that asked for it last.
    question: u64,
}

impl Layout {
    /// Of days that `slots` has, all of them.
    fn of(slots: &Slots, days: Days) -> Option<Self> {
        let from = usize::try_from(days.first.number() - slots.first.number()).ok()?;
        let rows = slots.table.get(from..from + days.len())?;
        let mut buckets = Vec::new();
        let mut known: HashMap<u32, u32> = HashMap::new();
        let mut place = |bucket: u32| {
            if bucket == Slots::NONE {
                return Slots::NONE;
            }
            *known.entry(bucket).or_insert_with(|| {
                buckets.push(bucket);
                buckets.len() as u32 - 1
            })
        };
        let places = rows.iter().map(|row| row.map(&mut place)).collect();
        Some(Self { days, places, buckets })
    }
}

impl Piece {
    /// The shard of an attribution, by place.
    fn shard_of(&self, whose: u32) -> Option<usize> {
        self.shards.partition_point(|shard| shard.first <= whose).checked_sub(1)
    }

    fn is_of(&self, runs: &[&Arc<Run>]) -> bool {
        self.runs.len() == runs.len() && runs.iter().all(|run| self.runs.contains(&run.id))
    }

    /// About how much memory it takes.
    fn size(&self) -> usize {
        2_048 + self.runs.len() * 16 + self.shards.iter().map(Shard::size).sum::<usize>()
    }
}

impl Shard {
    /// Cells of an attribution, as places in `cells`, with the calls in them.
    fn of(&self, whose: u32) -> Counted<'_> {
        let bytes = whose.checked_sub(self.first).and_then(|at| {
            let at = at as usize;
            let until = *self.ends.get(at)? as usize;
            let from = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
            self.bytes.get(from..until)
        });
        Counted { bytes: bytes.unwrap_or_default(), cell: 0 }
    }

    /// Appends the next attribution, and leaves nothing behind.
    fn push(&mut self, sums: &mut [i64]) {
        self.all.resize(self.cells.len(), 0);
        let mut before = 0;
        for (cell, calls) in sums.iter_mut().enumerate().filter(|(_, calls)| **calls != 0) {
            let calls = std::mem::take(calls);
            self.all[cell] += calls;
            varint::push(&mut self.bytes, (cell - before) as u64);
            varint::push(&mut self.bytes, varint::zigzag(calls));
            before = cell;
        }
        self.ends.push(self.bytes.len() as u32);
    }

    fn size(&self) -> usize {
        let Self { first: _, cells, bytes, ends, all } = self;
        cells.len() * 8 + bytes.len() + ends.len() * 4 + all.len() * 8
    }
}

/// Reads the cells of one attribution.
struct Counted<'a> {
    bytes: &'a [u8],
    cell: u64,
}

impl Iterator for Counted<'_> {
    type Item = (usize, i64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Nearly always a cell nearby, and few calls: one byte each.
        if let [step, zigzag, rest @ ..] = self.bytes
            && (step | zigzag) < 0x80
        {
            self.bytes = rest;
            self.cell += u64::from(*step);
            return Some((self.cell as usize, i64::from(zigzag >> 1) ^ -i64::from(zigzag & 1)));
        }
        let step = varint::read(&mut self.bytes)?;
        let zigzag = varint::read(&mut self.bytes)?;
        self.cell += step;
        Some((self.cell as usize, varint::unzigzag(zigzag)))
    }
}

impl KeptCounts {
    /// A number for a question: the pieces of the question asked last are the last to go.
    fn question(&self) -> u64 {
        let mut kept = self.lock();
        kept.questions += 1;
        kept.questions
    }

    /// The numbers of a piece.
    fn of(&self, layout: &Layout, set: &RunSet, question: u64) -> Result<Arc<Piece>, StoreError> {
        let runs: Vec<&Arc<Run>> = set.within(layout.days).collect();
        let place = self.place(layout, question);
        let mut made = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = made.as_ref().filter(|piece| piece.is_of(&runs)) {
            return Ok(piece.clone());
        }
        let known = made.as_ref().and_then(|piece| Some((piece, newer(&piece.runs, &runs)?)));
        let piece = match known {
            Some((piece, newer)) => adding::added(Some(piece), layout, newer.known, &newer.runs)?,
            None => adding::added(None, layout, HashSet::new(), &runs)?,
        };
        let piece = Arc::new(piece);
        *made = Some(piece.clone());
        drop(made);
        self.weigh(&place, piece.size(), question);
        Ok(piece)
    }

    /// The numbers of a piece, if they are there.
    fn known(&self, layout: &Layout, set: &RunSet) -> Option<Arc<Piece>> {
        let made = self.lock().pieces.iter().find(|piece| piece.is(layout))?.made.clone();
        let piece = made.try_lock().ok()?.clone()?;
        let runs: Vec<&Arc<Run>> = set.within(layout.days).collect();
        piece.is_of(&runs).then_some(piece)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the numbers of a piece are, or will be.
    fn place(&self, layout: &Layout, question: u64) -> Arc<Mutex<Option<Arc<Piece>>>> {
        let mut kept = self.lock();
        if let Some(piece) = kept.pieces.iter_mut().find(|piece| piece.is(layout)) {
            piece.question = piece.question.max(question);
            return piece.made.clone();
        }
        let made = Arc::default();
        let Layout { days, places, buckets: _ } = layout;
        let (days, places) = (*days, places.clone());
        kept.pieces.push(KeptPiece { days, places, made: Arc::clone(&made), bytes: 0, question });
        made
    }

    /// Says how large a piece is, and lets go of those of earlier questions, or else of this one, while there are too many.
    fn weigh(&self, place: &Arc<Mutex<Option<Arc<Piece>>>>, bytes: usize, question: u64) {
        let mut kept = self.lock();
        if let Some(piece) = kept.pieces.iter_mut().find(|piece| Arc::ptr_eq(&piece.made, place)) {
            piece.bytes = bytes;
        }
        while kept.pieces.iter().map(|piece| piece.bytes).sum::<usize>() > KEPT_BYTES {
            let oldest = (0..kept.pieces.len()).min_by_key(|&at| kept.pieces[at].question);
            match oldest.filter(|&at| kept.pieces[at].question < question) {
                Some(at) => drop(kept.pieces.swap_remove(at)),
                None => {
                    kept.pieces.retain(|piece| !Arc::ptr_eq(&piece.made, place));
                    break;
                }
            }
        }
    }
}

impl KeptPiece {
    fn is(&self, layout: &Layout) -> bool {
        self.days == layout.days && self.places == layout.places
    }
}
