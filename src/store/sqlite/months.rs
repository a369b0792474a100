//! Tallies of whole months, an attribution at a time and all together: a cache, derived from the runs and brought up to date when asked for.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::newer::{Newer, newer};
use super::run::Run;
use super::stretch;
use super::sums::{Decode, Dense, Sum, encode, only_source, settle, sums_of, tally};
use super::view::{Files, RunSet};
use crate::calendar::{Day, Days};
use crate::metrics::Tally;
use crate::store::StoreError;

/// Months that are kept.
pub(super) const KEPT: usize = 3;

/// The tallies of one month.
#[derive(Clone, Default)]
pub(super) struct Month {
    runs: HashSet<i64>,
    by_whose: BTreeMap<u32, Theirs>,
    /// The same for everybody.
    all: Arc<Vec<Sum>>,
    /// By attribution: the sources that have calls of it, each with the days of the month, lowest bit first.
    days: BTreeMap<u32, Vec<(u16, u32)>>,
}

/// The calls of one attribution in a month.
#[derive(Clone)]
enum Theirs {
    /// All of one source: packed, ready to be answered with.
    OfOneSource(u16, Arc<Tally>),
    /// Encoded sums without bands.
    OfSeveral(Arc<[u8]>),
}

impl Month {
    /// Sums of an attribution, without bands, in order.
    pub(super) fn of(&self, whose: u32) -> impl Iterator<Item = Sum> {
        let (one, several) = match self.by_whose.get(&whose) {
            None => (None, &[][..]),
            Some(Theirs::OfOneSource(source, tally)) => (Some(sums_of(*source, tally)), &[][..]),
            Some(Theirs::OfSeveral(bytes)) => (None, &**bytes),
        };
        one.into_iter().flatten().chain(Decode::new(several))
    }

    /// The tally of an attribution; `None` where several sources have calls of it.
    pub(super) fn tally(&self, whose: u32) -> Option<Arc<Tally>> {
        match self.by_whose.get(&whose) {
            None => Some(Arc::default()),
            Some(Theirs::OfOneSource(_, tally)) => Some(tally.clone()),
            Some(Theirs::OfSeveral(_)) => None,
        }
    }

    /// Who has calls, with the sources of each and their days of the month, lowest bit first.
    pub(super) fn days(&self) -> impl Iterator<Item = (u32, &[(u16, u32)])> {
        self.days.iter().map(|(&whose, sources)| (whose, sources.as_slice()))
    }

    /// The same of one attribution.
    pub(super) fn days_of(&self, whose: u32) -> &[(u16, u32)] {
        self.days.get(&whose).map_or(&[], Vec::as_slice)
    }

    fn note(&mut self, whose: u32, source: u16, day: u32) {
        let theirs = self.days.entry(whose).or_default();
        match theirs.iter_mut().find(|(other, _)| *other == source) {
            Some((_, days)) => *days |= day,
            None => theirs.push((source, day)),
        }
    }

    /// Sums of everybody.
    pub(super) fn all(&self) -> &[Sum] {
        &self.all
    }
}

impl Theirs {
    /// Of settled sums; `None` where there are none.
    fn of(sums: &[Sum]) -> Option<Self> {
        if sums.is_empty() {
            return None;
        }
        let Some(source) = only_source(sums) else {
            let mut bytes = Vec::new();
            encode(sums, &mut bytes);
            return Some(Self::OfSeveral(bytes.into()));
        };
        let mut tally = tally(sums);
        for kind in &mut tally.kinds {
            (kind.wait, kind.talk) = (kind.wait.packed(), kind.talk.packed());
        }
        Some(Self::OfOneSource(source, Arc::new(tally)))
    }
}

/// The months that were asked for last.
#[derive(Default)]
pub(super) struct Months {
    kept: Mutex<Vec<(Day, Arc<Month>)>>,
}

impl Months {
    /// The tallies of the runs of a month, by its first day.
    pub(super) fn of(&self, first: Day, set: &RunSet) -> Result<Arc<Month>, StoreError> {
        let days = Days::new(first, first.first_of_next_month());
        let runs: Vec<&Arc<Run>> = set.within(days).collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.iter().position(|(month, _)| *month == first).map(|at| kept.remove(at).1);
        let month = match before {
            Some(month)
                if month.runs.len() == runs.len() && runs.iter().all(|run| month.runs.contains(&run.id)) =>
            {
                month
            }
            Some(month) => Arc::new(brought_up(&month, &runs)?),
            None => Arc::new(added(&Month::default(), &runs)?),
        };
        kept.truncate(KEPT - 1);
        kept.insert(0, (first, month.clone()));
        Ok(month)
    }
}

impl Months {
    /// The same where it is there, up to date and nobody works on it.
    pub(super) fn ready(&self, first: Day, set: &RunSet) -> Option<Arc<Month>> {
        let kept = self.kept.try_lock().ok()?;
        let (_, month) = kept.iter().find(|(month, _)| *month == first)?;
        let runs = || set.within(Days::new(first, first.first_of_next_month()));
        (runs().count() == month.runs.len() && runs().all(|run| month.runs.contains(&run.id)))
            .then(|| month.clone())
    }
}

/// A month that knew other runs: those that are new are added; otherwise all over again.
fn brought_up(month: &Month, runs: &[&Arc<Run>]) -> Result<Month, StoreError> {
    match newer(&month.runs, runs) {
        Some(Newer { known, runs }) => added(&Month { runs: known, ..month.clone() }, &runs),
        None => added(&Month::default(), runs),
    }
}

/// A month and further runs of it.
fn added(month: &Month, runs: &[&Arc<Run>]) -> Result<Month, StoreError> {
    let mut whole = month.clone();
    let mut files = Files::default();
    let (mut one, mut all) = (Dense::default(), Dense::default());
    for &(key, calls) in month.all.iter() {
        all.add(key, calls);
    }
    for range in stretch::stretches(runs) {
        let stretches = stretch::read(runs, &mut files, &range)?;
        for whose in range {
            let mut touched = false;
            for stretch in &stretches {
                let day = stretch.run.day;
                let day = 1 << (day.number() - day.first_of_month().number());
                let mut source = None;
                for (key, calls) in Decode::new(stretch.of(whose).unwrap_or_default()) {
                    if source.replace(key.source()) != Some(key.source()) {
                        whole.note(whose, key.source(), day);
                    }
                    one.add(key.without_band(), calls);
                    all.add(key.without_band(), calls);
                    touched = true;
                }
            }
            if touched {
                for (key, calls) in month.of(whose) {
                    one.add(key, calls);
                }
                let mut sums = one.drain();
                settle(&mut sums);
                match Theirs::of(&sums) {
                    Some(theirs) => whole.by_whose.insert(whose, theirs),
                    None => whole.by_whose.remove(&whose),
                };
            }
        }
    }
    whole.all = Arc::new(all.drain());
    whole.runs.extend(runs.iter().map(|run| run.id));
    Ok(whole)
}
