//! Tallies of neighbouring attributions in several runs, each run's read in one go: bounds what is read at once, and how often.

use super::run::{Entry, Run};
use super::view::{Files, damaged};
use crate::store::StoreError;
use std::ops::Range;
use std::sync::Arc;

/// Attributions that are added up in one go.
pub(super) const WIDE: u32 = 256;

/// The tallies of some attributions in one run.
pub(super) struct Stretch<'a> {
    pub(super) run: &'a Run,
    entries: &'a [Entry],
    bytes: Vec<u8>,
}

/// All attributions of these runs, in stretches.
pub(super) fn stretches(runs: &[&Arc<Run>]) -> impl Iterator<Item = Range<u32>> + use<> {
    let last = runs.iter().filter_map(|run| run.directory.last()).map(|entry| entry.whose).max();
    let end = last.map_or(0, |last| last + 1);
    (0..end).step_by(WIDE as usize).map(move |from| from..(from + WIDE).min(end))
}

/// Reads a stretch of each run that has something there.
pub(super) fn read<'a>(
    runs: &[&'a Arc<Run>],
    files: &mut Files,
    whose: &Range<u32>,
) -> Result<Vec<Stretch<'a>>, StoreError> {
    let mut read = Vec::with_capacity(runs.len());
    for run in runs {
        let place = |at: u32| run.directory.partition_point(|entry| entry.whose < at);
        let entries = &run.directory[place(whose.start)..place(whose.end)];
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            let bytes = run.tally_stretch(files.of(run)?, first, last).map_err(damaged)?;
            read.push(Stretch { run, entries, bytes });
        }
    }
    Ok(read)
}

impl Stretch<'_> {
    /// Every attribution that has some, with its encoded sums.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let begin = self.entries.first().map_or(0, |entry| entry.tally_at);
        self.entries.iter().filter_map(move |entry| {
            let from = (entry.tally_at - begin) as usize;
            Some((entry.whose, self.bytes.get(from..from + entry.tally_len as usize)?))
        })
    }

    /// The encoded sums of an attribution, where it has any.
    pub(super) fn of(&self, whose: u32) -> Option<&[u8]> {
        let at = self.entries.binary_search_by_key(&whose, |entry| entry.whose).ok()?;
        let begin = (self.entries[at].tally_at - self.entries[0].tally_at) as usize;
        self.bytes.get(begin..begin + self.entries[at].tally_len as usize)
    }
}
