//! Adds up many tallies, fast: thousands of sparse histograms into one.
//!
//! A few bins are kept as they come; more are spread over an array with a cell a second, which stays allocated from row to row. Durations beyond
//! two hours are rare and kept apart, so that the array stays small enough for the cache.

use std::collections::BTreeMap;

use callgauge_schema::{CallKind, Seconds};

use super::histogram::Histogram;
use super::tally::{KindTally, Tally};

/// Up to so many bins are kept as they come.
const FEW: usize = 64;
/// Seconds from here on are kept apart.
const FAR: u32 = 7_200;
/// Empty stretches are skipped so many seconds at a time.
const BLOCK: usize = 8;

/// Adds up calls and tallies, and is used again for the next row. Counts may be negative, as differences have them.
#[derive(Clone, Debug, Default)]
pub struct TallyBuilder {
    slots: Vec<Slot>,
    /// Position in `slots` plus 1 by number of the kind; 0 for none.
    places: Vec<u16>,
}

#[derive(Clone, Debug)]
struct Slot {
    kind: CallKind,
    calls: i64,
    wait: Scratch,
    talk: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    /// Bins as they came, while `cells` are not in use.
    few: Vec<(u32, i64)>,
    /// Calls by second.
    cells: Vec<i64>,
    /// The first and last of the cells that are not zero; none while they are not in use.
    used: Option<(u32, u32)>,
    far: BTreeMap<u32, i64>,
}

impl TallyBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One call.
    pub fn add_call(&mut self, kind: CallKind, wait: Option<Seconds>, talk: Option<Seconds>) {
        let slot = self.slot(kind);
        slot.calls += 1;
        if let Some(wait) = wait {
            slot.wait.add(&[(wait.get(), 1)]);
        }
        if let Some(talk) = talk {
            slot.talk.add(&[(talk.get(), 1)]);
        }
    }

    /// All of a tally.
    pub fn add_tally(&mut self, tally: &Tally) {
        for KindTally { kind, calls, wait, talk } in &tally.kinds {
            self.add_bins(*kind, *calls, &wait.bins(), &talk.bins());
        }
    }

    /// So many calls of a kind, with those of their durations that are known: seconds and calls, in any order.
    pub fn add_bins(&mut self, kind: CallKind, calls: i64, wait: &[(u32, i64)], talk: &[(u32, i64)]) {
        let slot = self.slot(kind);
        slot.calls += calls;
        slot.wait.add(wait);
        slot.talk.add(talk);
    }

    /// What was added since the last time, without zeros; nothing is left here.
    pub fn finish(&mut self) -> Tally {
        let mut kinds: Vec<KindTally> = self.slots.iter_mut().filter_map(Slot::drain).collect();
        kinds.sort_unstable_by_key(|kind| kind.kind);
        Tally { kinds }
    }

    fn slot(&mut self, kind: CallKind) -> &mut Slot {
        let number = usize::from(kind.number());
        if number >= self.places.len() {
            self.places.resize(number + 1, 0);
        }
        if self.places[number] == 0 {
            self.slots.push(Slot { kind, calls: 0, wait: Scratch::default(), talk: Scratch::default() });
            // There are fewer kinds than numbers of kinds, which are 16 bits wide.
            self.places[number] = self.slots.len() as u16;
        }
        &mut self.slots[usize::from(self.places[number]) - 1]
    }
}

impl Slot {
    fn drain(&mut self) -> Option<KindTally> {
        let kind = KindTally {
            kind: self.kind,
            calls: std::mem::take(&mut self.calls),
            wait: self.wait.drain(),
            talk: self.talk.drain(),
        };
        (!kind.is_empty()).then_some(kind)
    }
}

impl Scratch {
    fn add(&mut self, bins: &[(u32, i64)]) {
        if self.used.is_none() {
            // The only histogram of a row is often a large one: it is kept as it is.
            if self.few.is_empty() || self.few.len() + bins.len() <= FEW {
                self.few.extend_from_slice(bins);
                return;
            }
            let mut few = std::mem::take(&mut self.few);
            self.spread(&few);
            few.clear();
            self.few = few;
        }
        self.spread(bins);
    }

    fn spread(&mut self, bins: &[(u32, i64)]) {
        let (mut low, mut high) = self.used.unwrap_or((FAR, 0));
        for &(secs, calls) in bins {
            if let Some(cell) = self.cells.get_mut(secs as usize) {
                *cell += calls;
            } else if secs < FAR {
                self.cells.resize((secs as usize + 1).next_multiple_of(512).min(FAR as usize), 0);
                self.cells[secs as usize] += calls;
            } else {
                *self.far.entry(secs).or_default() += calls;
                continue;
            }
            low = low.min(secs);
            high = high.max(secs);
        }
        self.used = Some((low, high));
    }

    fn drain(&mut self) -> Histogram {
        let Some((low, high)) = self.used.take() else {
            let histogram = Histogram::from_bins(self.few.clone());
            self.few.clear();
            return histogram;
        };
        let far = std::mem::take(&mut self.far);
        let cells = if low <= high { &mut self.cells[low as usize..=high as usize] } else { &mut [] };
        let near = cells.iter().filter(|&&calls| calls != 0).count();
        let mut bins = Vec::with_capacity(near + far.len());
        for (secs, block) in (low..).step_by(BLOCK).zip(cells.chunks(BLOCK)) {
            if block.iter().any(|&calls| calls != 0) {
                bins.extend((secs..).zip(block.iter().copied()).filter(|&(_, calls)| calls != 0));
            }
        }
        cells.fill(0);
        bins.extend(far.into_iter().filter(|&(_, calls)| calls != 0));
        Histogram::from_ordered(bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::samples;

    #[test]
    fn many_bins_add_up_like_few_and_nothing_is_left_for_the_next_row() {
        let answered = samples::answered();
        let missed = samples::missed(None);
        let far = [(FAR - 1, 2), (FAR, 3), (86_400, 1)];
        let many: Vec<(u32, i64)> = (0..500).rev().map(|secs| (secs, 1)).collect();
        let mut builder = TallyBuilder::new();
        for _ in 0..2 {
            builder.add_bins(missed, 1, &[(4, 1)], &[]);
            builder.add_bins(answered, 500, &many, &far);
            builder.add_bins(answered, 6, &far, &many);
            let mut wait: Vec<_> = (0..500).map(|secs| (secs, 1)).collect();
            wait.extend(far);
            let tally = builder.finish();
            assert_eq!(tally.kinds.len(), 2);
            let of_answered = tally.kinds.iter().find(|kind| kind.kind == answered).unwrap();
            assert_eq!((of_answered.calls, &*of_answered.wait.bins()), (506, &wait[..]));
            assert_eq!(*of_answered.talk.bins(), wait);
            assert!(tally.kinds.is_sorted_by_key(|kind| kind.kind));
            assert!(builder.finish().is_empty());
        }
    }

    #[test]
    fn the_seconds_around_two_hours_stay_apart_in_every_order() {
        let around: Vec<(u32, i64)> = (FAR - 100..FAR + 100).map(|secs| (secs, 1)).collect();
        let backwards: Vec<(u32, i64)> = around.iter().rev().copied().collect();
        for orders in [[&around, &backwards], [&backwards, &around], [&backwards, &backwards]] {
            let mut builder = TallyBuilder::new();
            orders.into_iter().for_each(|bins| builder.add_bins(samples::answered(), 200, bins, &[]));
            let expected: Vec<(u32, i64)> = around.iter().map(|&(secs, _)| (secs, 2)).collect();
            assert_eq!(*builder.finish().kinds[0].wait.bins(), expected);
        }
    }

    #[test]
    fn what_is_added_and_taken_off_again_leaves_no_bin_and_no_kind() {
        let mut builder = TallyBuilder::new();
        for bins in [10_u32, 200] {
            let more: Vec<(u32, i64)> = (0..bins).map(|secs| (secs * 50, 1)).collect();
            let less: Vec<(u32, i64)> = more.iter().map(|&(secs, calls)| (secs, -calls)).collect();
            builder.add_bins(samples::answered(), 3, &more, &more);
            builder.add_bins(samples::answered(), -3, &less, &less);
            assert_eq!(builder.finish(), Tally::default());
        }
    }
}
