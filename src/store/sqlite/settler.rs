//! Sorts what arrived into runs, a file for each London day, and merges runs of one day. A thread of its own; the writer switches its work in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use super::hot::{Generation, Kill};
use super::row::Row;
use super::run::{Run, RunRow, RunWriter};
use super::sums::{Decode, Sum, settle, weigh};
use super::view::{RunSet, Shared};
use super::writer::{Gauges, Job};
use crate::calendar::Day;

/// Time over which is seen whether the writer is busy.
const QUIET: Duration = Duration::from_secs(2);
/// Records in that time with which it is not.
const QUIET_RECORDS: u64 = 50_000;
/// Quiet times, a minute of them, after which runs are merged: who loads a month asks about it next, and is not to share the machine with that.
const QUIET_TIMES: u32 = 30;
/// Runs of one day at which they are merged without waiting for quiet.
const CROWDED: usize = 8;
/// A run is merged with the later ones where it has fewer than so many times their rows.
const RATIO: usize = 4;

/// What the settler is told.
pub(super) enum Task {
    /// Make runs of these chunks, which hold everything that arrived up to here.
    Settle { generation: Arc<Generation>, upto: u64 },
    /// These are the runs now: see whether some are to be merged.
    Compact(Arc<RunSet>),
    /// The writer could not switch this in; it is handed back after a while.
    Again(Box<Settled>),
}

/// What the settler made, for the writer to switch in.
pub(super) struct Settled {
    /// What it was made of; absent where runs were merged.
    pub(super) generation: Option<Arc<Generation>>,
    pub(super) upto: u64,
    pub(super) added: Vec<Arc<Run>>,
    pub(super) gone: Vec<i64>,
    /// Why nothing was made.
    pub(super) fault: Option<String>,
}

/// The settler's thread.
pub(super) struct Settler {
    pub(super) folder: PathBuf,
    pub(super) next_id: i64,
    pub(super) writer: Sender<Job>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) shared: Arc<Shared>,
}

impl Settler {
    /// Works until the writer is gone.
    pub(super) fn run(mut self, orders: &Receiver<Task>) {
        let mut runs: Option<Arc<RunSet>> = None;
        let mut ruled_before = 0;
        let mut quiet_times = 0;
        loop {
            match orders.recv_timeout(QUIET) {
                Ok(Task::Settle { generation, upto }) => {
                    if !self.settle_until_done(&generation, upto, orders) {
                        return;
                    }
                }
                Ok(Task::Again(settled)) => {
                    std::thread::sleep(QUIET);
                    if self.writer.send(Job::Settled(settled)).is_err() {
                        return;
                    }
                }
                Ok(Task::Compact(now)) => {
                    if now.by_day().any(|(_, runs)| runs.len() > CROWDED) {
                        self.compact(&now);
                    } else {
                        runs = Some(now);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let ruled = self.gauges.ruled.load(Ordering::Relaxed);
                    quiet_times = if ruled - ruled_before < QUIET_RECORDS { quiet_times + 1 } else { 0 };
                    ruled_before = ruled;
                    if quiet_times == 0 {
                        continue;
                    }
                    if let Some(now) = &runs {
                        self.warm(now);
                    }
                    if let Some(now) = runs.take_if(|_| quiet_times >= QUIET_TIMES) {
                        self.compact(&now);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Tries until it succeeds, for example until the disk has room again. False where the writer is gone.
    fn settle_until_done(
        &mut self,
        generation: &Arc<Generation>,
        upto: u64,
        orders: &Receiver<Task>,
    ) -> bool {
        loop {
            let made = self.settle(generation, upto);
            let (added, fault) = match made {
                Ok(added) => (added, None),
                Err(fault) => (Vec::new(), Some(fault.to_string())),
            };
            let failed = fault.is_some();
            let settled =
                Settled { generation: Some(generation.clone()), upto, added, gone: Vec::new(), fault };
            if self.writer.send(Job::Settled(Box::new(settled))).is_err() {
                return false;
            }
            if !failed {
                return true;
            }
            if matches!(orders.recv_timeout(QUIET), Err(RecvTimeoutError::Disconnected)) {
                return false;
            }
        }
    }

    /// Brings the tallies of the newest month up to date, so that nobody who asks has to wait for it.
    fn warm(&self, set: &RunSet) {
        if let Some((day, _)) = set.by_day().next_back()
            && let Err(fault) = self.shared.months.of(day.first_of_month(), set)
        {
            tracing::warn!(error = %fault, "the tallies of the newest month could not be read");
        }
    }

    fn path(&mut self, day: Day) -> (i64, PathBuf) {
        let id = self.next_id;
        self.next_id += 1;
        (id, self.folder.join(format!("{day}-{id}.run")))
    }

    /// One run for each day of a generation.
    fn settle(&mut self, generation: &Generation, upto: u64) -> io::Result<Vec<Arc<Run>>> {
        let kills = outside_kills(generation);
        let mut days: BTreeMap<Day, Vec<Position>> = BTreeMap::new();
        for kill in &kills {
            days.entry(kill.old.day).or_default();
        }
        let replaced = generation.chunks.iter().any(|chunk| !chunk.kills.is_empty());
        for (at, chunk) in generation.chunks.iter().enumerate() {
            for (number, row) in chunk.rows.iter().enumerate() {
                if !replaced || generation.stands(row.identity, at as u32, number as u32) {
                    days.entry(row.day()).or_default().push(Position {
                        whose: row.whose,
                        started: row.started,
                        identity: row.identity,
                        chunk: at as u32,
                        row: number as u32,
                    });
                }
            }
        }
        let mut runs = Vec::with_capacity(days.len());
        for (day, mut positions) in days {
            positions.sort_unstable();
            let kills: Vec<&Kill> = kills.iter().filter(|kill| kill.old.day == day).collect();
            let (id, path) = self.path(day);
            let written = write_run(generation, &positions, kills, &path, day, upto)
                .and_then(|()| Run::open(id, &path, Vec::new()));
            match written {
                Ok(run) => runs.push(run),
                Err(fault) => {
                    let _ = std::fs::remove_file(&path);
                    runs.iter().for_each(|run: &Arc<Run>| run.doom());
                    return Err(fault);
                }
            }
        }
        sync_folder(&self.folder)?;
        Ok(runs)
    }

    /// Merges the runs of one day that needs it most.
    fn compact(&mut self, set: &RunSet) {
        let mut crowded: Vec<(Day, &[Arc<Run>])> = set.by_day().filter(|(_, runs)| runs.len() > 1).collect();
        crowded.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.len()));
        for (day, runs) in crowded {
            let from = first_to_merge(runs);
            if runs.len() - from < 2 {
                continue;
            }
            let (id, path) = self.path(day);
            let merged_from: Vec<i64> = runs[from..].iter().map(|run| run.id).collect();
            let merged = merge(&runs[from..], from > 0, &path)
                .and_then(|()| sync_folder(&self.folder))
                .and_then(|()| Run::open(id, &path, merged_from.clone()));
            let settled = match merged {
                Ok(run) => {
                    Settled { generation: None, upto: 0, added: vec![run], gone: merged_from, fault: None }
                }
                Err(fault) => {
                    let _ = std::fs::remove_file(&path);
                    let fault = Some(format!("runs of {day} could not be merged: {fault}"));
                    Settled { generation: None, upto: 0, added: Vec::new(), gone: Vec::new(), fault }
                }
            };
            let _ = self.writer.send(Job::Settled(Box::new(settled)));
            return;
        }
    }
}

/// A row of a generation in the order of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    whose: u32,
    started: i64,
    identity: u128,
    chunk: u32,
    row: u32,
}

/// Kills of which the older revision lies in a run, not in the generation itself.
fn outside_kills(generation: &Generation) -> Vec<Kill> {
    let mut kills = Vec::new();
    if generation.chunks.iter().all(|chunk| chunk.kills.is_empty()) {
        return kills;
    }
    let mut seen: HashSet<u128> = HashSet::new();
    for chunk in &generation.chunks {
        let mut due = chunk.kills.iter().peekable();
        for (number, row) in chunk.rows.iter().enumerate() {
            while let Some(kill) = due.next_if(|kill| kill.before_row as usize <= number) {
                if !seen.contains(&kill.identity) {
                    kills.push(*kill);
                }
            }
            seen.insert(row.identity);
        }
    }
    kills
}

fn write_run(
    generation: &Generation,
    positions: &[Position],
    mut kills: Vec<&Kill>,
    path: &std::path::Path,
    day: Day,
    upto: u64,
) -> io::Result<()> {
    let text = |at: &Position| -> &[u8] {
        let chunk = &generation.chunks[at.chunk as usize];
        let end = chunk.rows.get(at.row as usize + 1).map_or(chunk.text.len(), |next| next.text as usize);
        &chunk.text[chunk.rows[at.row as usize].text as usize..end]
    };
    let text_len = positions.iter().map(|at| text(at).len() as u64).sum();
    let mut run = RunWriter::create(path, day, (upto, 0), positions.len(), text_len)?;
    kills.sort_by_key(|kill| kill.old.whose);
    let mut taken = kills.iter().peekable();
    let mut sums: Vec<Sum> = Vec::new();
    let mut rest = positions;
    while let Some(whose) =
        [rest.first().map(|at| at.whose), taken.peek().map(|kill| kill.old.whose)].into_iter().flatten().min()
    {
        let own = rest.partition_point(|at| at.whose == whose);
        for at in &rest[..own] {
            let row = generation.chunks[at.chunk as usize].rows[at.row as usize];
            run.push(RunRow { row, text: text(at) })?;
            if !row.retracted {
                weigh(&mut sums, &row.weight(), 1);
            }
        }
        while let Some(kill) = taken.next_if(|kill| kill.old.whose == whose) {
            if kill.old.counts {
                weigh(&mut sums, &kill.old, -1);
            }
        }
        settle(&mut sums);
        run.tally(whose, &sums);
        sums.clear();
        rest = &rest[own..];
    }
    let mut identities: Vec<u128> = kills.iter().map(|kill| kill.identity).collect();
    identities.sort_unstable();
    run.finish(&identities).map(|_| ())
}

/// From which run on those of a day are merged.
fn first_to_merge(runs: &[Arc<Run>]) -> usize {
    let rows: usize = runs.iter().map(|run| run.rows).sum();
    let kills: usize = runs.iter().map(|run| run.kills.len()).sum();
    if kills * 10 > rows {
        return 0;
    }
    let mut from = runs.len() - 1;
    let mut later = runs[from].rows;
    while from > 0 && runs[from - 1].rows < RATIO * later.max(1) {
        from -= 1;
        later += runs[from].rows;
    }
    from
}

/// A row of the runs that are merged, with where its texts are.
type Merging = (Row, usize, usize);

/// Writes one run in place of several that follow each other. `older`: there are runs before them, so that kills have to be kept.
fn merge(runs: &[Arc<Run>], older: bool, path: &std::path::Path) -> io::Result<()> {
    let files = runs.iter().map(|run| run.file()).collect::<io::Result<Vec<_>>>()?;
    let identities =
        runs.iter().zip(&files).map(|(run, file)| run.identities(file)).collect::<io::Result<Vec<_>>>()?;
    // For each identity that was killed: the last run that did it, and how many kills have not met their row: each is for one row.
    let mut killed: HashMap<u128, (usize, i32)> = HashMap::new();
    for (at, run) in runs.iter().enumerate() {
        for &identity in &run.kills {
            let (last, unmet) = killed.entry(identity).or_default();
            (*last, *unmet) = (at, *unmet + 1);
        }
    }
    let mut kept_rows = 0;
    let mut dead: Vec<HashSet<u32>> = vec![HashSet::new(); runs.len()];
    for (at, rows) in identities.iter().enumerate() {
        kept_rows += rows.len();
        if killed.is_empty() {
            continue;
        }
        for (number, (identity, _, _)) in rows.iter().enumerate() {
            if let Some((by, unmet)) = killed.get_mut(identity)
                && at < *by
            {
                *unmet -= 1;
                dead[at].insert(number as u32);
                kept_rows -= 1;
            }
        }
    }
    let text_len = text_len(runs, &files, &dead)?;
    let day = runs[0].day;
    let order = runs[runs.len() - 1].order;
    let mut out = RunWriter::create(path, day, order, kept_rows, text_len)?;
    let mut everybody: Vec<u32> =
        runs.iter().flat_map(|run| run.directory.iter().map(|entry| entry.whose)).collect();
    everybody.sort_unstable();
    everybody.dedup();
    let mut sums: Vec<Sum> = Vec::new();
    for whose in everybody {
        let mut rows: Vec<Merging> = Vec::new();
        let mut texts: Vec<Vec<u8>> = Vec::with_capacity(runs.len());
        for (at, run) in runs.iter().enumerate() {
            let mut text = Vec::new();
            if let Some(entry) = run.entry(whose) {
                sums.extend(Decode::new(&run.tally(&files[at], entry)?));
                text = read_rows(run, &files[at], entry, &identities[at], &dead[at], at, &mut rows)?;
            }
            texts.push(text);
        }
        rows.sort_unstable_by_key(|(row, _, _)| (row.started, row.identity));
        for (row, at, len) in rows {
            let from = row.text as usize;
            out.push(RunRow { row, text: &texts[at][from..from + len] })?;
        }
        settle(&mut sums);
        out.tally(whose, &sums);
        sums.clear();
    }
    let mut kills: Vec<u128> = Vec::new();
    if older {
        kills.extend(killed.into_iter().filter(|(_, (_, unmet))| *unmet > 0).map(|(identity, _)| identity));
    }
    kills.sort_unstable();
    out.finish(&kills).map(|_| ())
}

/// Bytes of text of the rows that stay.
fn text_len(runs: &[Arc<Run>], files: &[std::fs::File], dead: &[HashSet<u32>]) -> io::Result<u64> {
    let mut total = 0;
    for ((run, file), dead) in runs.iter().zip(files).zip(dead) {
        total += run.text_len();
        for &number in dead {
            let from = run.row_at(file, number)?.text;
            let until = if (number as usize) + 1 < run.rows {
                u64::from(run.row_at(file, number + 1)?.text)
            } else {
                run.text_len()
            };
            total -= until - u64::from(from);
        }
    }
    Ok(total)
}

/// Adds the rows of an attribution that stay to `rows`, with the length of their texts; gives the texts.
fn read_rows(
    run: &Run,
    file: &std::fs::File,
    entry: &super::run::Entry,
    identities: &[(u128, u64, u64)],
    dead: &HashSet<u32>,
    at: usize,
    rows: &mut Vec<Merging>,
) -> io::Result<Vec<u8>> {
    if entry.rows == 0 {
        return Ok(Vec::new());
    }
    let own = run.rows(file, entry.whose, entry.first_row, entry.rows)?;
    let next = entry.first_row + entry.rows;
    let until = if (next as usize) < run.rows { Some(run.rows(file, 0, next, 1)?[0].text) } else { None };
    let base = own[0].text;
    let text = run.text(file, base, until)?;
    for (number, row) in own.iter().enumerate() {
        let global = entry.first_row + number as u32;
        if dead.contains(&global) {
            continue;
        }
        let (identity, content, revision) = identities[global as usize];
        let from = row.text - base;
        let end = own.get(number + 1).map_or(text.len() as u32, |next| next.text - base);
        rows.push((Row { identity, content, revision, text: from, ..*row }, at, (end - from) as usize));
    }
    Ok(text)
}

/// Makes new names in a folder last.
pub(super) fn sync_folder(folder: &std::path::Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
