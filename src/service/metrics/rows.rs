//! Makes the rows of an answer, organisation by organisation; many rows on two threads.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use super::answer::{Answering, Keys};
use super::cells::{Cell, Cells};
use super::days::{BucketDays, Known, PracticeDays};
use super::render;
use super::ruling::Ruling;
use super::stated::{self, Aside, Stated};
use crate::calendar::{Buckets, Day};
use crate::organisations::RowPlan;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::pages::Rows;
use crate::store::{AttributionKey, DaysWithCalls};

/// Rows that one thread makes in one turn, for answers that two threads share.
const TURN_ROWS: usize = 2_048;
/// Organisations of which an answer has so many at least are shared by two threads.
pub(super) const SHARED: usize = 128;

/// What is seen while rows are made, for the notes.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) unknown_days: bool,
    pub(super) banded: bool,
    pub(super) stated: stated::Seen,
}

/// What all rows of an answer are made with.
pub(super) struct Work<'a> {
    pub(super) answering: &'a Answering<'a>,
    pub(super) plans: &'a [RowPlan],
    pub(super) keys: &'a Keys,
    pub(super) buckets: &'a Buckets,
    pub(super) bucket_days: BucketDays,
    pub(super) bucket_messages: Vec<v1::Bucket>,
    pub(super) with_calls: DaysWithCalls,
    pub(super) ruling: Ruling,
    pub(super) waiting: &'a Waiting,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        let Self { unknown_days, banded, stated } = other;
        self.unknown_days |= unknown_days;
        self.banded |= banded;
        self.stated.add(*stated);
    }
}

impl Work<'_> {
    /// Makes all rows: of many organisations on two threads, which take turns, so that little is made ahead.
    pub(super) fn all(&self, rows: &mut Rows<v1::MetricRow>) -> Result<Seen, Fault> {
        if self.plans.len() < SHARED {
            return self.turns(std::iter::once(0..self.plans.len()), |row| rows.push(row), || Ok(()));
        }
        let length = (TURN_ROWS / self.bucket_messages.len().max(1)).max(1);
        let turns = (0..self.plans.len()).step_by(length);
        let turns: Vec<_> = turns.map(|from| from..(from + length).min(self.plans.len())).collect();
        std::thread::scope(|scope| {
            let (made, taken) = std::sync::mpsc::sync_channel(1);
            let of_other = turns.iter().skip(1).step_by(2).cloned();
            let other = scope.spawn(move || {
                let turn = RefCell::new(Vec::new());
                self.turns(
                    of_other,
                    |row| {
                        turn.borrow_mut().push(row);
                        Ok(())
                    },
                    || {
                        made.send(turn.take())
                            .map_err(|_| Fault::Internal("rows are wanted no more".to_owned()))
                    },
                )
            });
            let rows = RefCell::new(rows);
            let push = |row| rows.borrow_mut().push(row);
            let ours = self.turns(turns.iter().step_by(2).cloned(), push, || {
                taken.recv().into_iter().flatten().try_for_each(push)
            });
            drop(taken);
            let theirs = other.join().map_err(|_| broken_off())?;
            let mut seen = ours?;
            seen.add(&theirs?);
            Ok(seen)
        })
    }

    /// Makes the rows of some stretches of organisations; `turned` is called after each stretch.
    fn turns(
        &self,
        turns: impl Iterator<Item = Range<usize>> + Clone,
        mut put: impl FnMut(v1::MetricRow) -> Result<(), Fault>,
        mut turned: impl FnMut() -> Result<(), Fault>,
    ) -> Result<Seen, Fault> {
        let Answering { admitted, snapshot, runtime, .. } = self.answering;
        let question = admitted.question();
        let groups =
            turns.clone().flatten().map(|at| self.keys.group(&self.plans[at], question.days)).collect();
        let (groups, mut stated) = Stated::take(self.answering, &self.ruling, self.buckets, groups)?;
        let mut cells = Cells::ask(question, groups, self.buckets, snapshot, runtime)?;
        let mut seen = Seen::default();
        let mut group = 0;
        for turn in turns {
            for plan in &self.plans[turn] {
                let tallies = stated.tallies(group)?;
                let zero = tallies.zero.clone();
                let mut theirs = cells.of(group, self.waiting)?;
                let aside = stated.add(group, tallies, &mut theirs, self.waiting)?;
                self.organisation(plan, (theirs, aside), &zero, &mut seen, &mut put)?;
                group += 1;
                self.waiting.check()?;
            }
            turned()?;
        }
        seen.stated = stated.seen;
        Ok(seen)
    }

    /// Makes the rows of one organisation.
    fn organisation(
        &self,
        plan: &RowPlan,
        (cells, aside): (Vec<Cell>, Aside),
        zero: &HashSet<(AttributionKey, Day)>,
        seen: &mut Seen,
        put: &mut impl FnMut(v1::MetricRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let key_of = |code| self.keys.practices.get(&code).copied();
        let range = self.answering.admitted.question().days;
        let known = Known { with_calls: &self.with_calls, ruling: &self.ruling, zero };
        let theirs = Theirs {
            organisation: render::organisation(plan),
            days: PracticeDays::new(plan, range, key_of, &known),
            cells,
            aside,
        };
        let all = self.bucket_messages.len();
        if self.plans.len() >= SHARED || all < SHARED {
            return self.stretch(&theirs, 0..all, seen, put);
        }
        for from in (0..all).step_by(TURN_ROWS) {
            let until = (from + TURN_ROWS).min(all);
            let middle = from.midpoint(until);
            std::thread::scope(|scope| {
                let theirs = &theirs;
                let other = scope.spawn(move || {
                    let (mut seen, mut rows) = (Seen::default(), Vec::with_capacity(until - middle));
                    let made = self.stretch(theirs, middle..until, &mut seen, &mut |row| {
                        rows.push(row);
                        Ok(())
                    });
                    made.map(|()| (rows, seen))
                });
                self.stretch(theirs, from..middle, seen, put)?;
                let (rows, also) = other.join().map_err(|_| broken_off())??;
                seen.add(&also);
                rows.into_iter().try_for_each(&mut *put)
            })?;
        }
        Ok(())
    }

    /// Makes the rows of one organisation in some buckets.
    fn stretch(
        &self,
        theirs: &Theirs<'_>,
        buckets: Range<usize>,
        seen: &mut Seen,
        put: &mut impl FnMut(v1::MetricRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Theirs { organisation, days, cells, aside } = theirs;
        let mut cells = &cells[cells.partition_point(|cell| (cell.bucket as usize) < buckets.start)..];
        for bucket in buckets {
            let said = days.say(&self.bucket_days, bucket, aside.kept_apart(bucket));
            seen.unknown_days |= said.unknown;
            let (now, later) = cells.split_at(cells.partition_point(|cell| cell.bucket as usize <= bucket));
            cells = later;
            let message = &self.bucket_messages[bucket];
            if now.is_empty() {
                let gaps = aside.gaps(bucket, None);
                put(self.answering.row(organisation, message, (None, gaps), &said, seen))?;
            }
            for cell in now {
                let gaps = aside.gaps(bucket, Some(cell));
                put(self.answering.row(organisation, message, (Some(cell), gaps), &said, seen))?;
            }
        }
        Ok(())
    }
}

/// What the rows of one organisation are made of.
struct Theirs<'a> {
    organisation: v1::OrganisationRef,
    days: PracticeDays<'a>,
    /// By bucket.
    cells: Vec<Cell>,
    aside: Aside,
}

fn broken_off() -> Fault {
    Fault::Internal("making rows broke off".to_owned())
}
