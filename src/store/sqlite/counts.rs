//! Numbers of calls by month, attribution, bucket, source and kind, without durations: what questions about many organisations over many months read.
//!
//! A month is added up from its runs when it is first asked for, for each way in which its days and bands fall into buckets (whatever numbers the
//! buckets have in a question), kept while there is room, and added up anew once it has other runs: a cache in memory, safe to lose.

mod question;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callgauge_schema::CallKind;
use hashbrown::HashMap;

use super::run::Run;
use super::stretch;
use super::sums::{Decode, Dimension};
use super::view::{Files, RunSet};
use crate::calendar::{Band, Day, Days, Slots};
use crate::metrics::varint;
use crate::store::StoreError;

pub(super) use question::QuestionCounts;

/// Most bytes of months that are kept.
const KEPT_BYTES: usize = 48 << 20;

/// A row a day: where the bucket of each band stands, or [`Slots::NONE`].
type Places = Arc<[[u32; Band::COUNT]]>;

/// How the days and bands of a month fall into buckets.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) days: Days,
    places: Places,
    /// The buckets, in the order in which they first appear.
    pub(super) buckets: Vec<u32>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cell {
    /// A bucket, as a place in the layout's list of them.
    pub(super) bucket: u32,
    pub(super) source: u16,
    pub(super) kind: CallKind,
}

/// The numbers of one month.
#[derive(Debug, Default)]
pub(super) struct MonthCounts {
    /// The runs that they were made from.
    runs: Vec<i64>,
    pub(super) cells: Vec<Cell>,
    /// By attribution, cells and calls: differences of places in `cells` and zigzagged numbers, as variable-length numbers.
    bytes: Vec<u8>,
    /// By attribution, where in `bytes` its numbers end.
    ends: Vec<u32>,
    /// By cell, the calls of everybody.
    pub(super) all: Vec<i64>,
}

/// The months that are kept.
#[derive(Default)]
pub(super) struct KeptCounts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    months: Vec<KeptMonth>,
    questions: u64,
}

struct KeptMonth {
    first: Day,
    places: Places,
    /// Locked while it is being added up, so that nobody does it twice.
    made: Arc<Mutex<Option<Arc<MonthCounts>>>>,
    bytes: usize,
    /// The question that asked for it last.
    question: u64,
}

impl Layout {
    /// Of the days of a month, all of which `slots` has.
    pub(super) fn of(slots: &Slots, days: Days) -> Option<Self> {
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

impl MonthCounts {
    /// Cells of an attribution, as places in `cells`, with the calls in them.
    pub(super) fn of(&self, whose: u32) -> Counted<'_> {
        let at = whose as usize;
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let until = self.ends.get(at).copied().unwrap_or(from);
        Counted { bytes: &self.bytes[from as usize..until as usize], cell: 0 }
    }

    /// Adds up the runs of a month.
    fn made(layout: &Layout, runs: &[&Arc<Run>]) -> Result<Self, StoreError> {
        let mut counts = Self { runs: runs.iter().map(|run| run.id).collect(), ..Self::default() };
        let mut places: HashMap<(u32, u16, u16), u32> = HashMap::new();
        let mut files = Files::default();
        // By cell what the attribution in hand has, and which cells it has.
        let (mut sums, mut touched): (Vec<i64>, Vec<u32>) = (Vec::new(), Vec::new());
        for range in stretch::stretches(runs) {
            let stretches = stretch::read(runs, &mut files, &range)?;
            for whose in range {
                for stretch in &stretches {
                    let day = (stretch.run.day.number() - layout.days.first.number()) as usize;
                    for (key, calls) in Decode::new(stretch.of(whose).unwrap_or_default()) {
                        let band = key.band().map_or(0, |band| usize::from(band.number()));
                        let bucket = layout.places[day][band];
                        if key.dimension() != Dimension::Calls || bucket == Slots::NONE {
                            continue;
                        }
                        let Some(kind) = CallKind::from_number(key.kind()) else { continue };
                        let cell = *places.entry((bucket, key.source(), key.kind())).or_insert_with(|| {
                            counts.cells.push(Cell { bucket, source: key.source(), kind });
                            sums.push(0);
                            counts.cells.len() as u32 - 1
                        });
                        touched.push(cell);
                        sums[cell as usize] += calls;
                    }
                }
                counts.push(&mut touched, &mut sums);
            }
        }
        counts.bytes.shrink_to_fit();
        Ok(counts)
    }

    /// Appends the next attribution, and leaves nothing behind.
    fn push(&mut self, touched: &mut Vec<u32>, sums: &mut [i64]) {
        touched.sort_unstable();
        touched.dedup();
        self.all.resize(sums.len(), 0);
        let mut before = 0;
        for cell in touched.drain(..) {
            let calls = std::mem::take(&mut sums[cell as usize]);
            if calls != 0 {
                self.all[cell as usize] += calls;
                varint::push(&mut self.bytes, u64::from(cell - before));
                varint::push(&mut self.bytes, varint::zigzag(calls));
                before = cell;
            }
        }
        self.ends.push(self.bytes.len() as u32);
    }

    /// About how much memory it takes.
    fn size(&self) -> usize {
        let Self { runs, cells, bytes, ends, all } = self;
        2_048 + runs.len() * 8 + cells.len() * 8 + bytes.len() + ends.len() * 4 + all.len() * 8
    }
}

/// Reads the cells of one attribution.
pub(super) struct Counted<'a> {
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
    /// A number for a question: the months of the question asked last are the last to go.
    pub(super) fn question(&self) -> u64 {
        let mut kept = self.lock();
        kept.questions += 1;
        kept.questions
    }

    /// The numbers of a month.
    pub(super) fn of(
        &self,
        layout: &Layout,
        set: &RunSet,
        question: u64,
    ) -> Result<Arc<MonthCounts>, StoreError> {
        let runs: Vec<&Arc<Run>> = set.within(layout.days).collect();
        let place = self.place(layout, question);
        let mut made = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = made.as_ref().filter(|counts| counts.are_of(&runs)) {
            return Ok(counts.clone());
        }
        let counts = Arc::new(MonthCounts::made(layout, &runs)?);
        *made = Some(counts.clone());
        drop(made);
        self.weigh(&place, counts.size(), question);
        Ok(counts)
    }

    /// The numbers of a month, if they are there.
    pub(super) fn known(&self, layout: &Layout, set: &RunSet) -> Option<Arc<MonthCounts>> {
        let made = self.lock().months.iter().find(|month| month.is(layout))?.made.clone();
        let counts = made.try_lock().ok()?.clone()?;
        let runs: Vec<&Arc<Run>> = set.within(layout.days).collect();
        counts.are_of(&runs).then_some(counts)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the numbers of a month are, or will be.
    fn place(&self, layout: &Layout, question: u64) -> Arc<Mutex<Option<Arc<MonthCounts>>>> {
        let mut kept = self.lock();
        if let Some(month) = kept.months.iter_mut().find(|month| month.is(layout)) {
            month.question = month.question.max(question);
            return month.made.clone();
        }
        let made = Arc::default();
        let (first, places) = (layout.days.first, layout.places.clone());
        kept.months.push(KeptMonth { first, places, made: Arc::clone(&made), bytes: 0, question });
        made
    }

    /// Says how large a month is, and lets go of those of earlier questions, or else of this one, while there are too many.
    fn weigh(&self, place: &Arc<Mutex<Option<Arc<MonthCounts>>>>, bytes: usize, question: u64) {
        let mut kept = self.lock();
        if let Some(month) = kept.months.iter_mut().find(|month| Arc::ptr_eq(&month.made, place)) {
            month.bytes = bytes;
        }
        while kept.months.iter().map(|month| month.bytes).sum::<usize>() > KEPT_BYTES {
            let oldest = (0..kept.months.len()).min_by_key(|&at| kept.months[at].question);
            match oldest.filter(|&at| kept.months[at].question < question) {
                Some(at) => drop(kept.months.swap_remove(at)),
                None => {
                    kept.months.retain(|month| !Arc::ptr_eq(&month.made, place));
                    break;
                }
            }
        }
    }
}

impl KeptMonth {
    fn is(&self, layout: &Layout) -> bool {
        self.first == layout.days.first && self.places == layout.places
    }
}

impl MonthCounts {
    fn are_of(&self, runs: &[&Arc<Run>]) -> bool {
        self.runs.len() == runs.len() && self.runs.iter().zip(runs).all(|(id, run)| *id == run.id)
    }
}
