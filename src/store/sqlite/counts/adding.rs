//! Adds numbers of calls up from runs, on two threads.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use callgauge_schema::CallKind;
use hashbrown::HashMap;

use super::super::run::Run;
use super::super::stretch::{self, WIDE};
use super::super::sums::{Decode, Dimension};
use super::super::view::Files;
use super::{Cell, Layout, Piece, Shard};
use crate::calendar::Slots;
use crate::store::StoreError;

/// What was known, if anything, and further runs: `known` are the runs that what was known is made of.
pub(super) fn added(
    before: Option<&Arc<Piece>>,
    layout: &Layout,
    known: HashSet<i64>,
    runs: &[&Arc<Run>],
) -> Result<Piece, StoreError> {
    let last = runs.iter().filter_map(|run| run.directory.last()).map(|entry| entry.whose).max();
    let end = last.map_or(0, |last| last + 1);
    let shards = match before {
        Some(piece) => {
            let firsts = piece.shards.iter().skip(1).map(|shard| shard.first);
            let known_end = piece.shards.last().map_or(0, |shard| shard.first + shard.ends.len() as u32);
            let ends = firsts.chain([known_end.max(end)]);
            both(piece.shards.iter().zip(ends).map(|(shard, end)| (shard.clone(), end)), layout, runs)?
        }
        None => {
            let half = (end / 2).next_multiple_of(WIDE).min(end);
            let empty = |first| Shard { first, ..Shard::default() };
            both([(empty(0), half), (empty(half), end)].into_iter(), layout, runs)?
        }
    };
    let runs = known.into_iter().chain(runs.iter().map(|run| run.id)).collect();
    Ok(Piece { runs, shards })
}

/// Adds runs to shards, each of which goes up to an attribution; the second beside the first.
fn both(
    mut shards: impl Iterator<Item = (Shard, u32)>,
    layout: &Layout,
    runs: &[&Arc<Run>],
) -> Result<Vec<Shard>, StoreError> {
    let (first, second) = (shards.next(), shards.next());
    let add = |(shard, end): (Shard, u32)| Adding::to(shard, end, layout, runs);
    std::thread::scope(|scope| {
        let other = second.map(|shard| scope.spawn(|| add(shard)));
        let first = first.map(add);
        let second = other.map(|thread| {
            let broken = |_| StoreError::Unavailable("adding up broke off".to_owned());
            thread.join().map_err(broken).flatten()
        });
        first.into_iter().chain(second).collect()
    })
}

/// Numbers being added up.
struct Adding<'a> {
    layout: &'a Layout,
    shard: Shard,
    /// Where cells stand.
    places: HashMap<(u32, u16, u16), u32>,
    /// By attribution of the stretch in hand, the calls in each cell.
    rows: Vec<Vec<i64>>,
}

impl<'a> Adding<'a> {
    fn to(before: Shard, end: u32, layout: &'a Layout, runs: &[&Arc<Run>]) -> Result<Shard, StoreError> {
        let cells = before.cells.clone();
        let places = cells.iter().zip(0..);
        let places = places.map(|(cell, at)| ((cell.bucket, cell.source, cell.kind.number()), at)).collect();
        let shard = Shard { first: before.first, cells, ..Shard::default() };
        let mut adding = Self { layout, shard, places, rows: vec![Vec::new(); WIDE as usize] };
        let mut files = Files::default();
        for from in (before.first..end).step_by(WIDE as usize) {
            let range = from..(from + WIDE).min(end);
            for (whose, row) in range.clone().zip(&mut adding.rows) {
                row.resize(adding.shard.cells.len(), 0);
                before.of(whose).for_each(|(cell, calls)| row[cell] += calls);
            }
            for run in runs {
                adding.add(run, &mut files, &range)?;
            }
            for row in &mut adding.rows[..range.len()] {
                adding.shard.push(row);
            }
        }
        let Shard { first: _, cells, bytes, ends, all } = &mut adding.shard;
        cells.shrink_to_fit();
        bytes.shrink_to_fit();
        ends.shrink_to_fit();
        all.shrink_to_fit();
        Ok(adding.shard)
    }

    fn add(&mut self, run: &Arc<Run>, files: &mut Files, range: &Range<u32>) -> Result<(), StoreError> {
        let buckets = self.layout.places[(run.day.number() - self.layout.days.first.number()) as usize];
        for stretch in stretch::read(&[run], files, range)? {
            for (whose, sums) in stretch.each() {
                let row = &mut self.rows[(whose - range.start) as usize];
                for (key, calls) in Decode::new(sums) {
                    if key.dimension() != Dimension::Calls {
                        continue;
                    }
                    let bucket = buckets[key.band().map_or(0, |band| usize::from(band.number()))];
                    if bucket == Slots::NONE {
                        continue;
                    }
                    let (source, number) = (key.source(), key.kind());
                    let cell = match self.places.get(&(bucket, source, number)) {
                        Some(&cell) => cell,
                        None => {
                            let Some(kind) = CallKind::from_number(number) else { continue };
                            let cell = self.shard.cells.len() as u32;
                            self.shard.cells.push(Cell { bucket, source, kind });
                            self.places.insert((bucket, source, number), cell);
                            cell
                        }
                    } as usize;
                    if row.len() <= cell {
                        row.resize(self.shard.cells.len(), 0);
                    }
                    row[cell] += calls;
                }
            }
        }
        Ok(())
    }
}
