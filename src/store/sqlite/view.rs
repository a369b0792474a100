//! What readers see: the runs and chunks of one moment. Nothing in it ever changes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::counts::KeptCounts;
use super::hot::{Chunk, Order};
use super::labels::Labels;
use super::months::Months;
use super::row::{FolderKey, Row, texts};
use super::run::Run;
use crate::calendar::{Day, Days};
use crate::store::{AttributionKey, DaysWithCalls, Statements, StoreError};

/// What all views of a store share.
pub(super) struct Shared {
    pub(super) key: FolderKey,
    pub(super) labels: RwLock<Labels>,
    pub(super) months: Months,
    pub(super) counts: KeptCounts,
}

impl Shared {
    pub(super) fn labels(&self) -> std::sync::RwLockReadGuard<'_, Labels> {
        self.labels.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runs that count, by day, each day's in order of arrival.
#[derive(Clone, Default)]
pub(super) struct RunSet {
    days: BTreeMap<Day, Vec<Arc<Run>>>,
}

impl RunSet {
    /// With some runs added and some taken away.
    pub(super) fn changed(&self, added: &[Arc<Run>], gone: &HashSet<i64>) -> Self {
        let mut days = self.days.clone();
        if !gone.is_empty() {
            days.values_mut().for_each(|runs| runs.retain(|run| !gone.contains(&run.id)));
        }
        for run in added {
            days.entry(run.day).or_default().push(run.clone());
        }
        days.values_mut().for_each(|runs| runs.sort_by_key(|run| run.order));
        days.retain(|_, runs| !runs.is_empty());
        Self { days }
    }

    pub(super) fn of(&self, day: Day) -> &[Arc<Run>] {
        self.days.get(&day).map_or(&[], Vec::as_slice)
    }

    pub(super) fn within(&self, days: Days) -> impl DoubleEndedIterator<Item = &Arc<Run>> {
        let end = days.end.max(days.first);
        self.days.range(days.first..end).flat_map(|(_, runs)| runs)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.days.values().flatten()
    }

    pub(super) fn by_day(&self) -> impl DoubleEndedIterator<Item = (Day, &[Arc<Run>])> {
        self.days.iter().map(|(&day, runs)| (day, runs.as_slice()))
    }
}

/// The store at one moment.
pub(super) struct View {
    pub(super) shared: Arc<Shared>,
    pub(super) runs: Arc<RunSet>,
    /// Chunks in order of arrival, all of them after all runs.
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) statements: Arc<Statements>,
    kills: OnceLock<Kills>,
}

/// Where revisions were replaced: identity to day and place in the order of arrival.
#[derive(Default)]
struct Kills {
    of: HashMap<u128, Vec<(Day, Order)>>,
    days: HashSet<Day>,
}

impl View {
    pub(super) fn new(
        shared: Arc<Shared>,
        runs: Arc<RunSet>,
        chunks: Vec<Arc<Chunk>>,
        statements: Arc<Statements>,
    ) -> Arc<Self> {
        Arc::new(Self { shared, runs, chunks, statements, kills: OnceLock::new() })
    }

    fn kills(&self) -> &Kills {
        self.kills.get_or_init(|| {
            let mut kills = Kills::default();
            for run in self.runs.all() {
                for &identity in &run.kills {
                    kills.of.entry(identity).or_default().push((run.day, run.order));
                    kills.days.insert(run.day);
                }
            }
            for chunk in &self.chunks {
                for kill in &chunk.kills {
                    kills
                        .of
                        .entry(kill.identity)
                        .or_default()
                        .push((kill.old.day, (chunk.seq, kill.before_row)));
                    kills.days.insert(kill.old.day);
                }
            }
            kills
        })
    }

    /// Whether a row was replaced by a later revision.
    pub(super) fn dead(&self, identity: u128, day: Day, order: Order) -> bool {
        let kills = self.kills();
        !kills.of.is_empty()
            && kills
                .of
                .get(&identity)
                .is_some_and(|kills| kills.iter().any(|&(on, at)| on == day && at > order))
    }

    /// Whether any revision of that day was replaced.
    pub(super) fn replaced_on(&self, day: Day) -> bool {
        self.kills().days.contains(&day)
    }

    /// On which days everybody has calls.
    pub(super) fn days_with_calls(&self, days: Days) -> DaysWithCalls {
        let everybody = self.shared.labels().attributions().list().len();
        let words = days.len().div_ceil(64);
        let mut bits = vec![vec![0_u64; words]; everybody];
        let mut hot: HashMap<Day, HashMap<u32, i64>> = HashMap::new();
        for chunk in &self.chunks {
            for (weight, sign) in chunk.weights().filter(|(weight, _)| days.contains(weight.day)) {
                *hot.entry(weight.day).or_default().entry(weight.whose).or_default() += sign;
            }
        }
        let mut calls = vec![0_i64; everybody];
        // Of everybody: up to 64 days.
        let mut word = vec![0_u64; everybody];
        for (at, day) in days.iter().enumerate() {
            match (self.runs.of(day), hot.get(&day)) {
                ([], None) => {}
                ([run], None) => {
                    for (word, whose) in word.chunks_mut(64).zip(run.whose_with_calls()) {
                        word.iter_mut()
                            .enumerate()
                            .for_each(|(of, word)| *word |= (whose >> of & 1) << (at % 64));
                    }
                }
                (runs, unsettled) => {
                    calls.fill(0);
                    let settled = runs.iter().flat_map(|run| &run.directory);
                    let settled = settled.map(|entry| (entry.whose, i64::from(entry.calls)));
                    let unsettled = unsettled.into_iter().flatten().map(|(&whose, &calls)| (whose, calls));
                    settled.chain(unsettled).for_each(|(whose, more)| calls[whose as usize] += more);
                    for (word, _) in word.iter_mut().zip(&calls).filter(|(_, calls)| **calls > 0) {
                        *word |= 1 << (at % 64);
                    }
                }
            }
            if at % 64 == 63 || at + 1 == days.len() {
                bits.iter_mut().zip(&mut word).for_each(|(bits, word)| bits[at / 64] = std::mem::take(word));
            }
        }
        DaysWithCalls { days, bits }
    }

    /// On which days these have calls.
    pub(super) fn days_with_calls_of(&self, days: Days, of: &[AttributionKey]) -> DaysWithCalls {
        let mut bits = vec![Vec::new(); self.shared.labels().attributions().list().len()];
        for whose in of.iter().map(|key| key.0) {
            let mut calls = vec![0_i64; days.len()];
            let at = |day: Day| (day.number() - days.first.number()) as usize;
            for run in self.runs.within(days) {
                calls[at(run.day)] += run.entry(whose).map_or(0, |entry| i64::from(entry.calls));
            }
            for chunk in &self.chunks {
                for (weight, sign) in chunk.weights_of(whose).filter(|(weight, _)| days.contains(weight.day))
                {
                    calls[at(weight.day)] += sign;
                }
            }
            let mut words = vec![0_u64; days.len().div_ceil(64)];
            for at in (0..calls.len()).filter(|&at| calls[at] > 0) {
                words[at / 64] |= 1 << (at % 64);
            }
            bits[whose as usize] = words;
        }
        DaysWithCalls { days, bits }
    }

    /// The rows of an attribution in a run that still count or are retractions, with the run's text around them where `texts` asks for it.
    pub(super) fn run_rows(
        &self,
        run: &Run,
        file: &File,
        whose: u32,
        with_texts: bool,
    ) -> Result<(Vec<Row>, Vec<u8>), StoreError> {
        let Some(entry) = run.entry(whose).filter(|entry| entry.rows > 0) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let mut rows = run.rows(file, whose, entry.first_row, entry.rows).map_err(damaged)?;
        let replaced = self.replaced_on(run.day);
        let mut text = Vec::new();
        if with_texts || replaced {
            let from = rows.first().map_or(0, |row| row.text);
            let next = entry.first_row + entry.rows;
            let until = if (next as usize) < run.rows {
                Some(run.rows(file, whose, next, 1).map_err(damaged)?[0].text)
            } else {
                None
            };
            text = run.text(file, from, until).map_err(damaged)?;
            let labels = self.shared.labels();
            for row in &mut rows {
                row.text -= from;
                let source = labels.source(row.source).ok_or_else(|| missing("source"))?;
                let call_id =
                    texts(&text, row.text as usize, row.kind).ok_or_else(|| missing("call id"))?.call_id;
                row.identity = self.shared.key.identity(source.as_str(), call_id);
            }
            if replaced {
                rows.retain(|row| !self.dead(row.identity, run.day, run.order));
            }
        }
        Ok((rows, text))
    }

    /// The rows of an attribution in a chunk that still count or are retractions.
    pub(super) fn chunk_rows<'a>(&'a self, chunk: &'a Chunk, whose: u32) -> impl Iterator<Item = &'a Row> {
        let kills = !self.kills().of.is_empty();
        chunk
            .rows_of(whose)
            .filter(move |(at, row)| !kills || !self.dead(row.identity, row.day(), chunk.order(*at)))
            .map(|(_, row)| row)
    }
}

/// An error of reading what was written.
pub(super) fn damaged(fault: io::Error) -> StoreError {
    match fault.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => {
            StoreError::Damaged(fault.to_string())
        }
        _ => StoreError::Unavailable(fault.to_string()),
    }
}

/// Something that was written is not there.
pub(super) fn missing(what: &str) -> StoreError {
    StoreError::Damaged(format!("a {what} is missing"))
}

/// Run files that are being read, each opened once.
#[derive(Default)]
pub(super) struct Files {
    open: HashMap<i64, File>,
}

/// Files that one question keeps open at most.
const OPEN_FILES: usize = 256;

impl Files {
    /// The file of a run.
    pub(super) fn of<'a>(&'a mut self, run: &'a Run) -> Result<&'a File, StoreError> {
        if let Some(file) = run.kept_file().map_err(damaged)? {
            return Ok(file);
        }
        if self.open.len() >= OPEN_FILES && !self.open.contains_key(&run.id) {
            self.open.clear();
        }
        match self.open.entry(run.id) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                Ok(entry.insert(run.file().map_err(damaged)?))
            }
        }
    }
}
