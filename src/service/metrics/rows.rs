//! Makes the rows of an answer, organisation by organisation; many rows on two threads.

use std::collections::HashSet;
use std::ops::Range;

use prost::Message as _;

use super::answer::{Answering, Keys};
use super::cells::{Cell, Cells};
use super::cutting::Cut;
use super::days::{Known, PracticeDays};
use super::render;
use super::ruling::Ruling;
use super::stated::{self, Aside, Stated};
use crate::calendar::Day;
use crate::metrics::Gaps;
use crate::organisations::RowPlan;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::pages::{Encoded, Rows};
use crate::store::{AttributionKey, DaysWithCalls};

/// Rows that one thread makes in one turn.
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
    pub(super) cut: &'a Cut,
    /// What a row of no calls counts.
    pub(super) nothing: Vec<u8>,
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
    pub(super) fn all(&self, rows: &mut Rows) -> Result<Seen, Fault> {
        let length = (TURN_ROWS / self.cut.parts.len().max(1)).max(1);
        let turns = (0..self.plans.len()).step_by(length);
        let turns: Vec<_> = turns.map(|from| from..(from + length).min(self.plans.len())).collect();
        if self.plans.len() < SHARED {
            return self.turns(turns.into_iter(), |turn| rows.append(turn));
        }
        std::thread::scope(|scope| {
            let (made, taken) = std::sync::mpsc::sync_channel(1);
            let of_other = turns.iter().skip(1).step_by(2).cloned();
            let other = scope.spawn(move || {
                self.turns(of_other, |turn| {
                    made.send(std::mem::take(turn))
                        .map_err(|_| Fault::Internal("rows are wanted no more".to_owned()))
                })
            });
            let ours = self.turns(turns.iter().step_by(2).cloned(), |turn| {
                rows.append(turn)?;
                taken.recv().iter_mut().try_for_each(|theirs| rows.append(theirs))
            });
            drop(taken);
            let theirs = other.join().map_err(|_| broken_off())?;
            let mut seen = ours?;
            seen.add(&theirs?);
            Ok(seen)
        })
    }

    /// Makes the rows of some stretches of organisations; those of each are put away before the next.
    fn turns(
        &self,
        turns: impl Iterator<Item = Range<usize>> + Clone,
        mut put: impl FnMut(&mut Encoded) -> Result<(), Fault>,
    ) -> Result<Seen, Fault> {
        let Answering { admitted, snapshot, runtime, .. } = self.answering;
        let question = admitted.question();
        let groups =
            turns.clone().flatten().map(|at| self.keys.group(&self.plans[at], question.days)).collect();
        let (groups, mut stated) = Stated::take(self.answering, &self.ruling, &self.cut.buckets, groups)?;
        let mut cells = Cells::ask(question, groups, &self.cut.buckets, snapshot, runtime)?;
        let mut making = Making::new(self.answering);
        let mut group = 0;
        for turn in turns {
            for plan in &self.plans[turn] {
                let tallies = stated.tallies(group)?;
                let zero = tallies.zero.clone();
                let mut theirs = cells.of(group, self.waiting)?;
                let aside = stated.add(group, tallies, &mut theirs, self.waiting)?;
                self.organisation(plan, (theirs, aside), &zero, &mut making)?;
                group += 1;
                self.waiting.check()?;
            }
            put(&mut making.rows)?;
        }
        making.seen.stated = stated.seen;
        Ok(making.seen)
    }

    /// Makes the rows of one organisation.
    fn organisation(
        &self,
        plan: &RowPlan,
        (cells, aside): (Vec<Cell>, Aside),
        zero: &HashSet<(AttributionKey, Day)>,
        making: &mut Making,
    ) -> Result<(), Fault> {
        let key_of = |code| self.keys.practice(code);
        let range = self.answering.admitted.question().days;
        let known = Known { with_calls: &self.with_calls, ruling: &self.ruling, zero };
        let theirs = Theirs {
            organisation: organisation_part(plan),
            days: PracticeDays::new(plan, range, key_of, &known),
            cells,
            aside,
        };
        let all = self.cut.parts.len();
        if self.plans.len() >= SHARED || all < SHARED {
            self.stretch(&theirs, 0..all, making);
            return Ok(());
        }
        // About as much as all rows will take: a row of calls is longer than one of none.
        let row = theirs.organisation.len() + self.cut.parts[0].len() + 2 * self.nothing.len();
        making.rows.reserve(all * row);
        std::thread::scope(|scope| {
            let theirs = &theirs;
            let other = scope.spawn(move || {
                let mut making = Making::new(self.answering);
                making.rows.reserve((all - all / 2) * row);
                self.stretch(theirs, all / 2..all, &mut making);
                making
            });
            self.stretch(theirs, 0..all / 2, making);
            let mut other = other.join().map_err(|_| broken_off())?;
            making.seen.add(&other.seen);
            making.rows.append(&mut other.rows);
            Ok(())
        })
    }

    /// Makes the rows of one organisation in some buckets.
    fn stretch(&self, theirs: &Theirs<'_>, buckets: Range<usize>, making: &mut Making) {
        let Theirs { organisation, days, cells, aside } = theirs;
        let Making { row, counted, said: said_part, seen, rows } = making;
        let mut cells = &cells[cells.partition_point(|cell| (cell.bucket as usize) < buckets.start)..];
        let mut last = None;
        for bucket in buckets {
            let apart = aside.kept_apart(bucket);
            // What is said of a day is said of every part of it.
            let same = |&(before, of_it): &_| of_it == apart && self.cut.days.same(before, bucket);
            if last.as_ref().is_none_or(|last| !same(last)) {
                let said = days.say(&self.cut.days, bucket, apart);
                seen.unknown_days |= said.unknown;
                encode(&said.row, said_part);
                last = Some((bucket, apart));
            }
            let (now, later) = cells.split_at(cells.partition_point(|cell| cell.bucket as usize <= bucket));
            cells = later;
            let mut push = |counted: &[u8]| {
                rows.push_parts(&[organisation, &self.cut.parts[bucket], counted, said_part]);
            };
            if now.is_empty() {
                let gaps = aside.gaps(bucket, None);
                if gaps == Gaps::NONE {
                    push(&self.nothing);
                } else {
                    self.answering.count(row, (None, gaps), seen);
                    encode(row, counted);
                    push(counted);
                }
            }
            for cell in now {
                self.answering.count(row, (Some(cell), aside.gaps(bucket, Some(cell))), seen);
                encode(row, counted);
                push(counted);
            }
        }
    }
}

/// What the rows of one organisation are made of.
struct Theirs<'a> {
    /// As a part of a row.
    organisation: Vec<u8>,
    days: PracticeDays<'a>,
    /// By bucket.
    cells: Vec<Cell>,
    aside: Aside,
}

/// Rows in the making, on one thread. A row's fields are encoded apart: those that many rows share are encoded once.
struct Making {
    /// What a row counts, filled in again and again.
    row: v1::MetricRow,
    /// The same, encoded.
    counted: Vec<u8>,
    /// What is said about the practices of a bucket.
    said: Vec<u8>,
    seen: Seen,
    rows: Encoded,
}

impl Making {
    fn new(answering: &Answering<'_>) -> Self {
        Self {
            row: answering.empty_row(),
            counted: Vec::new(),
            said: Vec::new(),
            seen: Seen::default(),
            rows: Encoded::default(),
        }
    }
}

fn encode(part: &v1::MetricRow, out: &mut Vec<u8>) {
    out.clear();
    part.encode_raw(out);
}

fn organisation_part(plan: &RowPlan) -> Vec<u8> {
    let organisation = Some(render::organisation(plan));
    v1::MetricRow { organisation, ..v1::MetricRow::default() }.encode_to_vec()
}

/// What a row of no calls counts.
pub(super) fn nothing(answering: &Answering<'_>) -> Vec<u8> {
    let mut row = answering.empty_row();
    answering.count(&mut row, (None, Gaps::NONE), &mut Seen::default());
    row.encode_to_vec()
}

fn broken_off() -> Fault {
    Fault::Internal("making rows broke off".to_owned())
}
