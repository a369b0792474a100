//! Answers a question: plans its rows and buckets, reads tallies or single calls from one snapshot, computes, and makes the rows one by one.
//!
//! Every organisation has a row for every bucket, calls or not. Where buckets are made of whole bands and lines do not matter, stored tallies are
//! summed; otherwise the single calls of the organisations asked for are gathered. Both ways give the same numbers.

use std::sync::Arc;

use callgauge_schema::{Account, Attribution, Moment, OdsCode, Timing};
use tokio::runtime::Handle;

use super::cells::{Cell, Part};
use super::cutting::Cuts;
use super::parse::Question;
use super::render;
use super::rows::{self, SHARED, Seen, Work};
use super::ruling::Ruling;
use crate::access::Admitted;
use crate::calendar::{Days, NoBuckets};
use crate::metrics::{Gaps, Tally, evaluate_with_gaps, outcome_check};
use crate::organisations::{Asked, Directory, Member, Parts, PlanFault, RowPlan};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::pages::{ANSWER_ROWS, Made, Paging, Rows};
use crate::store::{AttributionKey, Attributions, Group, Snapshot, Span};

const ADVICE: &str = "ask for fewer organisations, a shorter range, longer buckets or fewer metrics";

/// Everything that an answer is made from.
pub(super) struct Answering<'a> {
    pub(super) admitted: &'a Admitted<Question>,
    pub(super) directory: Arc<Directory>,
    pub(super) cuts: Arc<Cuts>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) runtime: Handle,
}

/// Who has calls, by what they are asked for.
pub(in crate::service) struct Keys(Arc<Attributions>);

impl Answering<'_> {
    /// Computes the answer: its first page, and a response without rows that all pages share. Blocks.
    pub(super) fn answer(
        &self,
        paging: Paging,
        answered_at: Moment,
        waiting: &Waiting,
    ) -> Result<(Made, v1::QueryMetricsResponse), Fault> {
        let question = self.admitted.question();
        let attributions = self.snapshot.attributions();
        let cut = self.cuts.of(question).map_err(|fault| no_buckets(fault, question))?;
        let keys = Keys::of(&attributions);
        let plans = self
            .directory
            .plan(&question.organisations, question.group_by, question.days, &keys.accounts(&attributions))
            .map_err(|fault| no_plan(fault, question))?;
        if plans.len().saturating_mul(cut.parts.len()) > ANSWER_ROWS {
            return Err(Fault::AnswerTooLarge(format!(
                "the answer would have {} rows for {} buckets, more than {ANSWER_ROWS}: {ADVICE}",
                plans.len(),
                cut.parts.len()
            )));
        }
        let asked = keys.few(&plans);
        let with_calls =
            self.runtime.block_on(Arc::clone(&self.snapshot).days_with_calls(question.days, asked))?;
        let ruling = Ruling::new(&self.snapshot, &with_calls, &self.runtime)?;
        let work = Work {
            answering: self,
            plans: &plans,
            keys: &keys,
            cut: &cut,
            nothing: rows::nothing(self),
            with_calls,
            ruling,
            waiting,
        };
        let mut rows = Rows::new(paging, ADVICE);
        let seen = work.all(&mut rows)?;
        let made = rows.made();
        let head = v1::QueryMetricsResponse {
            rows: Vec::new(),
            next_page_token: String::new(),
            total_size: made.total(),
            first_day: question.days.first.to_string(),
            last_day: question.days.end.plus(-1).to_string(),
            definition_set: question.set.name.clone(),
            answered_at: Some(crate::ingest::timestamp(answered_at)),
            notes: [self.notes(cut.parts.is_empty(), &seen), seen.stated.notes()].concat(),
        };
        Ok((made, head))
    }

    /// A row of nothing yet, to be counted in.
    pub(super) fn empty_row(&self) -> v1::MetricRow {
        let names = self.admitted.question().metrics.iter().map(|metric| metric.name.clone());
        let values = names.map(|metric| v1::MetricValue { metric, value: None }).collect();
        v1::MetricRow { values, ..v1::MetricRow::default() }
    }

    /// Fills in what a row counts: all of it but its organisation, its bucket, and what is said about its practices.
    pub(super) fn count(
        &self,
        row: &mut v1::MetricRow,
        (cell, gaps): (Option<&Cell>, Gaps),
        seen: &mut Seen,
    ) {
        static NOTHING: Tally = Tally { kinds: Vec::new() };
        let question = self.admitted.question();
        let tally = cell.map_or(&NOTHING, |cell| &cell.tally);
        seen.banded |= tally.kinds.iter().any(|kind| kind.kind.timing() == Timing::Banded);
        let part = cell.and_then(|cell| match &cell.part {
            Part::Whole => None,
            Part::Outcome(part) => Some(render::outcome_part(*part)),
            Part::Line(line) => Some(v1::breakdown_value::Part::Line(
                line.as_ref().map(|line| line.as_str().to_owned()).unwrap_or_default(),
            )),
            Part::Source(source) => Some(v1::breakdown_value::Part::SourceId(source.as_str().to_owned())),
        });
        let v1::MetricRow {
            organisation: _,
            bucket: _,
            breakdown,
            values,
            outcome_check: check,
            completeness: _,
            calls,
            practices: _,
        } = row;
        *breakdown = part.map(|part| v1::BreakdownValue { part: Some(part) });
        for (metric, value) in question.metrics.iter().zip(values) {
            value.value = Some(render::value(evaluate_with_gaps(metric, tally, gaps, &question.options)));
        }
        *check = Some(render::outcome_check(outcome_check(tally)));
        *calls = tally.calls();
    }

    /// What a reader has to know beside the numbers.
    fn notes(&self, empty: bool, seen: &Seen) -> Vec<String> {
        let days = self.admitted.question().days;
        let working = days.iter().filter(|&day| !self.cuts.calendar().core(day).is_empty()).count();
        let mondays = days.iter().filter(|day| day.weekday() == 1).count();
        let many = |days: usize| if days == 1 { "" } else { "s" };
        let mut notes = vec![format!(
            "{}: {working} working day{}, {mondays} Monday{}",
            called(days),
            many(working),
            many(mondays)
        )];
        let covered = self.cuts.calendar().covered();
        if days.overlap(covered) != days {
            notes.push(format!(
                "the calendar lists bank holidays from {} to {} only: outside, a bank holiday on a weekday counts as a working day with core hours",
                covered.first,
                covered.end.plus(-1)
            ));
        }
        if empty {
            notes.push("no part of the range lies in the hours asked for, so there are no rows".to_owned());
        }
        if seen.unknown_days {
            notes.push(
                "on some practice-days no calls arrived and nobody stated why: missing is not zero, see completeness"
                    .to_owned(),
            );
        }
        if seen.banded {
            notes.push(
                "of some calls only the band of their durations is known (timing BANDED): where one contributes, means have no value and \
                 percentiles give the band that holds them"
                    .to_owned(),
            );
        }
        notes
    }
}

impl Keys {
    /// Of a snapshot.
    pub(in crate::service) fn of(attributions: &Arc<Attributions>) -> Self {
        Self(Arc::clone(attributions))
    }

    /// Of a practice.
    pub(in crate::service) fn practice(&self, code: OdsCode) -> Option<AttributionKey> {
        self.0.practice(code)
    }

    /// Those that the rows are about, where they are few.
    fn few(&self, plans: &[RowPlan]) -> Option<Vec<AttributionKey>> {
        let mut few = Vec::new();
        for plan in plans {
            let Parts::Members(members) = &plan.parts else { return None };
            few.extend(members.iter().filter_map(|&(member, _)| self.key(member)));
            few.extend(plan.practices.iter().filter_map(|&(code, _)| self.key(Member::Practice(code))));
            if few.len() > SHARED {
                return None;
            }
        }
        few.sort_unstable();
        few.dedup();
        Some(few)
    }

    fn key(&self, member: Member) -> Option<AttributionKey> {
        match member {
            Member::Practice(code) => self.0.practice(code),
            Member::Account(at) => self.0.accounts().get(at).copied(),
        }
    }

    /// The accounts, in the order of their keys here.
    pub(in crate::service) fn accounts<'a>(&self, attributions: &'a Attributions) -> Vec<&'a Account> {
        let account = |key: &AttributionKey| match attributions.list().get(key.0 as usize)? {
            Attribution::Practice(_) => None,
            Attribution::Account(account) => Some(&**account),
        };
        self.0.accounts().iter().filter_map(account).collect()
    }

    /// What a row is made of, in the store's words. Who has no calls is left out.
    pub(in crate::service) fn group(&self, plan: &RowPlan, range: Days) -> Group {
        match &plan.parts {
            Parts::Everything => Group::All,
            Parts::Members(members) => Group::Spans(
                members
                    .iter()
                    .filter_map(|&(member, days)| {
                        Some(Span { whose: self.key(member)?, days: days.overlap(range) })
                    })
                    .collect(),
            ),
        }
    }
}

/// What a range is called.
fn called(days: Days) -> String {
    if days.first == days.first.first_of_month() && days.end == days.first.first_of_next_month() {
        days.first.to_string().chars().take(7).collect()
    } else {
        format!("{} to {}", days.first, days.end.plus(-1))
    }
}

fn no_buckets(fault: NoBuckets, question: &Question) -> Fault {
    let field = match fault {
        NoBuckets::Empty | NoBuckets::OutOfReach | NoBuckets::TooLong { .. } => "end_date",
        NoBuckets::TooMany(_) => {
            return Fault::AnswerTooLarge(format!("granularity {}: {fault}", question.granularity.name()));
        }
        NoBuckets::Profile { .. } => "profile",
    };
    Fault::field(field, fault.to_string())
}

fn no_plan(fault: PlanFault, question: &Question) -> Fault {
    match fault {
        PlanFault::Unknown(code) => {
            let at = question.organisations.iter().position(|asked| *asked == Asked::Code(code));
            Fault::UnknownOrganisation {
                field: at.map_or("organisation_codes".to_owned(), |at| format!("organisation_codes[{at}]")),
                code: code.to_string(),
            }
        }
        PlanFault::NotBelow { .. } => Fault::field("group_by", fault.to_string()),
    }
}
