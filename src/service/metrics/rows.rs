//! Makes the rows of an answer, organisation by organisation; of many organisations on two threads.

use std::cell::RefCell;
use std::ops::Range;

use super::answer::{Answering, Keys};
use super::cells::{Cell, Cells};
use super::days::{BucketDays, PracticeDays};
use super::render;
use crate::calendar::Buckets;
use crate::organisations::RowPlan;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::pages::Rows;
use crate::store::DaysWithCalls;

/// Rows that one thread makes in one turn, for answers that two threads share.
const TURN_ROWS: usize = 2_048;
/// Organisations of which an answer has so many at least are shared by two threads.
pub(super) const SHARED: usize = 128;

/// What is seen while rows are made, for the notes.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) unknown_days: bool,
    pub(super) banded: bool,
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
    pub(super) waiting: &'a Waiting,
}

impl Work<'_> {
    /// Makes all rows: of many organisations on two threads, which take turns, so that little is made ahead.
    pub(super) fn all(&self, rows: &mut Rows<v1::MetricRow>) -> Result<Seen, Fault> {
        if self.plans.len() < SHARED {
            return self.turns([0..self.plans.len()].into_iter(), |row| rows.push(row), || Ok(()));
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
            let theirs = other.join().map_err(|_| Fault::Internal("making rows broke off".to_owned()))?;
            let (ours, theirs) = (ours?, theirs?);
            Ok(Seen {
                unknown_days: ours.unknown_days || theirs.unknown_days,
                banded: ours.banded || theirs.banded,
            })
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
        let mut cells = Cells::ask(question, groups, self.buckets, snapshot, runtime)?;
        let mut seen = Seen::default();
        let mut group = 0;
        for turn in turns {
            for plan in &self.plans[turn] {
                self.organisation(plan, cells.of(group, self.waiting)?, &mut seen, &mut put)?;
                group += 1;
                self.waiting.check()?;
            }
            turned()?;
        }
        Ok(seen)
    }

    /// Makes the rows of one organisation.
    fn organisation(
        &self,
        plan: &RowPlan,
        cells: Vec<Cell>,
        seen: &mut Seen,
        put: &mut impl FnMut(v1::MetricRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let organisation = render::organisation(plan);
        let key_of = |code| self.keys.practices.get(&code).copied();
        let range = self.answering.admitted.question().days;
        let days = PracticeDays::new(plan, range, key_of, &self.with_calls);
        let mut cells = cells.into_iter().peekable();
        for (bucket, message) in self.bucket_messages.iter().enumerate() {
            let said = days.say(&self.bucket_days, bucket);
            seen.unknown_days |= said.unknown;
            let mut any = false;
            while let Some(cell) = cells.next_if(|cell| cell.bucket as usize == bucket) {
                any = true;
                put(self.answering.row(&organisation, message, Some(&cell), &said, seen))?;
            }
            if !any {
                put(self.answering.row(&organisation, message, None, &said, seen))?;
            }
        }
        Ok(())
    }
}
