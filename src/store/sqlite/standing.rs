//! What stands under an identity: the writer's look-up over unsettled chunks and runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::calls::around;
use super::filter::Filter;
use super::hot::{Chunk, Generation};
use super::row::{Row, Weight};
use super::run::Run;
use super::view::{RunSet, damaged};
use crate::calendar::Day;
use crate::store::StoreError;

/// Days on either side that are looked through first.
const NEAR: i32 = 7;
/// Look-ups in one run, for rows of its own day or such as were found, after which its whole index is kept in memory for a while.
const WARM: usize = 64;
/// Rows of a run for which it takes one look-up more.
const WARM_ROWS: usize = 1_024;
/// Bytes of indexes that are kept.
const KEPT_BYTES: usize = 160 << 20;

/// The revision that stands.
pub(super) struct Found {
    pub(super) revision: u64,
    pub(super) content: u64,
    at: At,
}

enum At {
    Hot(Row),
    Run(Arc<Run>, u32),
}

impl Found {
    /// What tallies count of it.
    pub(super) fn weight(&self) -> Result<Weight, StoreError> {
        match &self.at {
            At::Hot(row) => Ok(row.weight()),
            At::Run(run, number) => {
                let file = run.file().map_err(damaged)?;
                Ok(run.row_at(&file, *number).map_err(damaged)?.weight())
            }
        }
    }
}

/// Everything that the writer looks identities up in.
pub(super) struct Standing {
    pub(super) active: Generation,
    pub(super) frozen: Option<Arc<Generation>>,
    pub(super) runs: Arc<RunSet>,
    /// Absent while it is being built: then everything may have been seen.
    pub(super) filter: Option<Filter>,
    indexes: Indexes,
}

impl Standing {
    pub(super) fn new(runs: Arc<RunSet>) -> Self {
        Self { active: Generation::default(), frozen: None, runs, filter: None, indexes: Indexes::default() }
    }

    /// What stands under the identity of a row that is said to begin on `day`, and to have begun on `before`.
    pub(super) fn find(
        &mut self,
        identity: u128,
        day: Day,
        before: Option<Day>,
        open: &Chunk,
    ) -> Result<Option<Found>, StoreError> {
        if self.filter.as_ref().is_some_and(|filter| !filter.may_hold(identity)) {
            return Ok(None);
        }
        let hot = |row: Row| Found { revision: row.revision, content: row.content, at: At::Hot(row) };
        if let Some(row) = self.active.find(identity, open) {
            return Ok(Some(hot(row)));
        }
        if let Some(frozen) = &self.frozen
            && let Some(row) = frozen.find(identity, &Chunk::default())
        {
            return Ok(Some(hot(row)));
        }
        let runs = self.runs.clone();
        let near = around(day, NEAR);
        let first = std::iter::once(day).chain(before.filter(|before| *before != day));
        for on in first.clone() {
            if let Some(found) = self.find_on(&runs, on, identity, true)? {
                return Ok(Some(found));
            }
        }
        let first: Vec<Day> = first.collect();
        for on in near.iter().filter(|on| !first.contains(on)) {
            if let Some(found) = self.find_on(&runs, on, identity, false)? {
                return Ok(Some(found));
            }
        }
        for (on, _) in runs.by_day().filter(|(on, _)| !near.contains(*on) && !first.contains(on)) {
            if let Some(found) = self.find_on(&runs, on, identity, false)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find_on(
        &mut self,
        runs: &RunSet,
        day: Day,
        identity: u128,
        likely: bool,
    ) -> Result<Option<Found>, StoreError> {
        let on = runs.of(day);
        for (at, run) in on.iter().enumerate().rev() {
            if run.rows == 0 {
                continue;
            }
            let Some(entry) = self.indexes.find(run, identity, likely)? else { continue };
            // A later run of the day that killed it does not hold it itself, or it would have been found there.
            if on[at + 1..].iter().any(|later| later.kills.binary_search(&identity).is_ok()) {
                continue;
            }
            return Ok(Some(Found {
                revision: entry.revision,
                content: entry.content,
                at: At::Run(run.clone(), entry.row),
            }));
        }
        Ok(None)
    }

    /// Reads ahead what the look-ups of these rows will need.
    pub(super) fn touch(&self, rows: &[Row]) -> u64 {
        let identities = || rows.iter().map(|row| row.identity);
        let runs = rows.first().map_or(&[][..], |first| self.runs.of(first.day()));
        let indexes = runs.iter().fold(0, |seen, run| seen ^ self.indexes.touch(run, identities()));
        self.filter.as_ref().map_or(0, |filter| filter.touch(identities()))
            ^ self.active.touch(identities())
            ^ indexes
    }

    /// Remembers an identity that is about to be stored.
    pub(super) fn remember(&mut self, identity: u128) {
        if let Some(filter) = &mut self.filter {
            filter.insert(identity);
        }
    }

    /// Takes a filter that was built over some runs; what other runs and the unsettled chunks hold is added to it.
    pub(super) fn take_filter(
        &mut self,
        mut filter: Filter,
        covered: &HashSet<i64>,
    ) -> Result<(), StoreError> {
        for run in self.runs.all().filter(|run| !covered.contains(&run.id)) {
            add_run(&mut filter, run)?;
        }
        let unsettled = self.frozen.iter().map(|frozen| &**frozen).chain([&self.active]);
        unsettled.for_each(|generation| generation.identities().for_each(|identity| filter.insert(identity)));
        self.filter = Some(filter);
        Ok(())
    }

    /// Forgets what is kept of runs that are gone.
    pub(super) fn forget(&mut self, gone: impl Iterator<Item = i64>) {
        for id in gone {
            self.indexes.forget(id);
        }
    }
}

/// Adds all identities of a run.
pub(super) fn add_run(filter: &mut Filter, run: &Run) -> Result<(), StoreError> {
    let file = run.file().map_err(damaged)?;
    run.each_identity(&file, |identity| filter.insert(identity)).map_err(damaged)
}

/// Indexes of runs that many look-ups go to.
#[derive(Default)]
struct Indexes {
    kept: HashMap<i64, Kept>,
    clock: u64,
}

#[derive(Default)]
struct Kept {
    looks: usize,
    used: u64,
    file: Option<std::fs::File>,
    bytes: Option<Vec<u8>>,
}

impl Indexes {
    /// `likely`: whether others like it will be looked for in this run.
    fn find(
        &mut self,
        run: &Arc<Run>,
        identity: u128,
        likely: bool,
    ) -> Result<Option<super::run::IndexEntry>, StoreError> {
        self.clock += 1;
        let kept = self.kept.entry(run.id).or_default();
        kept.used = self.clock;
        if let Some(bytes) = &kept.bytes {
            return Ok(run.find_in(bytes, identity));
        }
        let file = match &kept.file {
            Some(file) => file,
            None => kept.file.insert(run.file().map_err(damaged)?),
        };
        if kept.looks < WARM + run.rows / WARM_ROWS {
            let found = run.find(file, identity).map_err(damaged)?;
            kept.looks += usize::from(likely || found.is_some());
            return Ok(found);
        }
        let bytes = run.index(file).map_err(damaged)?;
        let found = run.find_in(&bytes, identity);
        kept.bytes = Some(bytes);
        self.shrink(run.id);
        Ok(found)
    }

    /// See [`Run::touch_in`]; nothing where the index is not kept.
    fn touch(&self, run: &Run, identities: impl Iterator<Item = u128> + Clone) -> u64 {
        let bytes = self.kept.get(&run.id).and_then(|kept| kept.bytes.as_ref());
        bytes.map_or(0, |bytes| run.touch_in(bytes, identities))
    }

    /// Lets go of what was used longest ago, until what is kept fits.
    fn shrink(&mut self, newest: i64) {
        let size = |kept: &HashMap<i64, Kept>| -> usize {
            kept.values().filter_map(|kept| kept.bytes.as_ref().map(Vec::len)).sum()
        };
        while size(&self.kept) > KEPT_BYTES || self.kept.len() > 512 {
            let oldest = self
                .kept
                .iter()
                .filter(|(id, _)| **id != newest)
                .min_by_key(|(_, kept)| kept.used)
                .map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.kept.remove(&oldest);
        }
    }

    fn forget(&mut self, id: i64) {
        self.kept.remove(&id);
    }
}
