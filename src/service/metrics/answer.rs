//! Answers a question: plans its rows and buckets, reads tallies or single calls from one snapshot, computes, and makes the rows one by one.
//!
//! Every organisation has a row for every bucket, calls or not. Where buckets are made of whole bands and lines do not matter, stored tallies are
//! summed; otherwise the single calls of the organisations asked for are gathered. Both ways give the same numbers.

mod stated;

use std::sync::Arc;

use callgauge_schema::{Account, Attribution, Line, Moment, OdsCode, SourceId, Timing};
use hashbrown::HashMap;
use tokio::runtime::Handle;

use super::days::{BucketDays, Known, PracticeDays};
use super::parse::{Breakdown, Question};
use super::render;
use super::ruling::Ruling;
use crate::access::Admitted;
use crate::calendar::{Buckets, Calendar, Days, NoBuckets};
use crate::metrics::{
    Gaps, Gatherer, OutcomePart, Tally, evaluate_with_gaps, outcome_check, split_by_outcome,
};
use crate::organisations::{Asked, Directory, Member, Parts, PlanFault, RowPlan};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::pages::{ANSWER_ROWS, Made, Paging, Rows};
use crate::store::{
    AttributionKey, Attributions, FactsAsk, FactsChunk, Group, LineKey, Snapshot, SourceKey, Span,
    StoreError, TallyAsk, TallyRow,
};

/// Rows that are made together ahead of rendering, for answers of more groups than this.
const MADE_AHEAD: usize = 64;
const ADVICE: &str = "ask for fewer organisations, a shorter range, longer buckets or fewer metrics";

/// Everything that an answer is made from.
pub(super) struct Answering<'a> {
    pub(super) admitted: &'a Admitted<Question>,
    pub(super) directory: Arc<Directory>,
    pub(super) calendar: Arc<Calendar>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) runtime: Handle,
}

/// The part of a breakdown that a tally is of, in the order of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    Outcome(OutcomePart),
    Line(Option<Line>),
    Source(SourceId),
}

/// The calls of one organisation in one bucket, or a part of them.
struct Cell {
    bucket: u32,
    part: Part,
    tally: Tally,
}

/// Who has calls, by what they are asked for.
#[derive(Default)]
struct Keys {
    practices: HashMap<OdsCode, AttributionKey>,
    accounts: Vec<AttributionKey>,
}

/// What is seen while rows are made, for the notes.
#[derive(Default)]
struct Seen {
    unknown_days: bool,
    banded: bool,
}

impl Answering<'_> {
    /// Computes the answer: its first page, and a response without rows that all pages share. Blocks.
    pub(super) fn answer(
        &self,
        paging: Paging,
        answered_at: Moment,
        waiting: &Waiting,
    ) -> Result<(Made<v1::MetricRow>, v1::QueryMetricsResponse), Fault> {
        let question = self.admitted.question();
        let attributions = self.snapshot.attributions();
        let buckets = Buckets::plan(
            question.days,
            question.granularity,
            question.profile,
            question.hours,
            &self.calendar,
        )
        .map_err(|fault| no_buckets(fault, question))?;
        let keys = Keys::of(&attributions);
        let plans = self
            .directory
            .plan(&question.organisations, question.group_by, question.days, &keys.accounts(&attributions))
            .map_err(|fault| no_plan(fault, question))?;
        if plans.len().saturating_mul(buckets.list().len()) > ANSWER_ROWS {
            return Err(Fault::AnswerTooLarge(format!(
                "the answer would have {} rows for {} buckets, more than {ANSWER_ROWS}: {ADVICE}",
                plans.len(),
                buckets.list().len()
            )));
        }
        let groups = plans.iter().map(|plan| keys.group(plan, question.days)).collect();
        let with_calls = self.runtime.block_on(Arc::clone(&self.snapshot).days_with_calls(question.days))?;
        let bucket_days = BucketDays::new(&buckets);
        let bucket_messages: Vec<v1::Bucket> = buckets.list().iter().map(render::bucket).collect();
        let ruling = Ruling::new(&self.snapshot, &with_calls, &self.runtime)?;
        let (groups, mut stated) = stated::Stated::take(self, &ruling, &buckets, groups)?;
        let mut cells = self.cells(groups, &buckets)?;
        let mut rows = Rows::new(paging, ADVICE);
        let mut seen = Seen::default();
        for (group, plan) in plans.iter().enumerate() {
            let organisation = render::organisation(plan);
            let key_of = |code| keys.practices.get(&code).copied();
            let tallies = stated.tallies(group)?;
            let known = Known { with_calls: &with_calls, ruling: &ruling, zero: &tallies.zero };
            let days = PracticeDays::new(plan, question.days, key_of, &known);
            let mut theirs = cells.of(group, waiting)?;
            let aside = stated.add(group, tallies, &mut theirs, waiting)?;
            let mut theirs = theirs.into_iter().peekable();
            for (bucket, message) in bucket_messages.iter().enumerate() {
                let said = days.say(&bucket_days, bucket, aside.kept_apart(bucket));
                seen.unknown_days |= said.unknown;
                let mut any = false;
                while let Some(cell) = theirs.next_if(|cell| cell.bucket as usize == bucket) {
                    any = true;
                    let gaps = aside.gaps(bucket, Some(&cell));
                    rows.push(self.row(&organisation, message, (Some(&cell), gaps), &said, &mut seen))?;
                }
                if !any {
                    let gaps = aside.gaps(bucket, None);
                    rows.push(self.row(&organisation, message, (None, gaps), &said, &mut seen))?;
                }
            }
            waiting.check()?;
        }
        let made = rows.made();
        let head = v1::QueryMetricsResponse {
            rows: Vec::new(),
            next_page_token: String::new(),
            total_size: made.total,
            first_day: question.days.first.to_string(),
            last_day: question.days.end.plus(-1).to_string(),
            definition_set: question.set.name.clone(),
            answered_at: Some(crate::ingest::timestamp(answered_at)),
            notes: [self.notes(&buckets, &seen), stated.notes()].concat(),
        };
        Ok((made, head))
    }

    /// The calls of all groups, to be read group by group.
    fn cells(&self, groups: Vec<Group>, buckets: &Buckets) -> Result<Cells, Fault> {
        let question = self.admitted.question();
        let snapshot = Arc::clone(&self.snapshot);
        match (buckets.slots(), question.breakdown) {
            (Some(slots), Breakdown::None | Breakdown::Outcome | Breakdown::Source) => {
                let ask = TallyAsk {
                    groups,
                    slots,
                    by_source: question.breakdown == Breakdown::Source,
                    durations: question.metrics.iter().any(|metric| metric.needs_durations()),
                };
                let many = ask.groups.len() > MADE_AHEAD;
                let mut rows = self.runtime.block_on(Arc::clone(&snapshot).tallies(ask))?;
                if many {
                    rows = self.ahead(rows);
                }
                Ok(Cells::Tallied { rows: rows.peekable(), breakdown: question.breakdown, snapshot })
            }
            (None, _) | (_, Breakdown::Line) => {
                let ask = FactsAsk { groups, days: question.days };
                let chunks = self.runtime.block_on(Arc::clone(&snapshot).facts(ask))?;
                Ok(Cells::Single {
                    chunks: chunks.peekable(),
                    buckets: buckets.clone(),
                    breakdown: question.breakdown,
                    snapshot,
                })
            }
        }
    }

    /// Has another thread make the rows of the store while this one renders those before.
    fn ahead(&self, rows: crate::store::Rows<TallyRow>) -> crate::store::Rows<TallyRow> {
        let (made, taken) = std::sync::mpsc::sync_channel::<(Vec<_>, bool)>(2);
        self.runtime.spawn_blocking(move || {
            let mut rows = rows;
            loop {
                let some: Vec<_> = rows.by_ref().take(MADE_AHEAD).collect();
                let last = some.len() < MADE_AHEAD;
                if made.send((some, last)).is_err() || last {
                    return;
                }
            }
        });
        let (mut some, mut last) = (Vec::new().into_iter(), false);
        Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(row) = some.next() {
                    return Some(row);
                }
                if last {
                    return None;
                }
                match taken.recv() {
                    Ok((next, end)) => (some, last) = (next.into_iter(), end),
                    Err(_) => {
                        last = true;
                        return Some(Err(StoreError::Unavailable("reading was broken off".to_owned())));
                    }
                }
            }
        }))
    }

    fn row(
        &self,
        organisation: &v1::OrganisationRef,
        bucket: &v1::Bucket,
        (cell, gaps): (Option<&Cell>, Gaps),
        said: &super::days::Said,
        seen: &mut Seen,
    ) -> v1::MetricRow {
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
        v1::MetricRow {
            organisation: Some(organisation.clone()),
            bucket: Some(bucket.clone()),
            breakdown: part.map(|part| v1::BreakdownValue { part: Some(part) }),
            values: question
                .metrics
                .iter()
                .map(|metric| {
                    render::value(metric, evaluate_with_gaps(metric, tally, gaps, &question.options))
                })
                .collect(),
            outcome_check: Some(render::outcome_check(outcome_check(tally))),
            completeness: Some(said.completeness.clone()),
            calls: tally.calls(),
            practices: said.practices,
        }
    }

    /// What a reader has to know beside the numbers.
    fn notes(&self, buckets: &Buckets, seen: &Seen) -> Vec<String> {
        let days = self.admitted.question().days;
        let working = days.iter().filter(|&day| !self.calendar.core(day).is_empty()).count();
        let mondays = days.iter().filter(|day| day.weekday() == 1).count();
        let many = |days: usize| if days == 1 { "" } else { "s" };
        let mut notes = vec![format!(
            "{}: {working} working day{}, {mondays} Monday{}",
            called(days),
            many(working),
            many(mondays)
        )];
        let covered = self.calendar.covered();
        if days.overlap(covered) != days {
            notes.push(format!(
                "the calendar lists bank holidays from {} to {} only: outside, a bank holiday on a weekday counts as a working day with core hours",
                covered.first,
                covered.end.plus(-1)
            ));
        }
        if buckets.list().is_empty() {
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

/// The calls of all groups as they are read from the snapshot.
enum Cells {
    Tallied {
        rows: std::iter::Peekable<crate::store::Rows<TallyRow>>,
        breakdown: Breakdown,
        snapshot: Arc<dyn Snapshot>,
    },
    Single {
        chunks: std::iter::Peekable<crate::store::Rows<FactsChunk>>,
        buckets: Buckets,
        breakdown: Breakdown,
        snapshot: Arc<dyn Snapshot>,
    },
}

impl Cells {
    /// Those of one group, by bucket, then part. Groups have to be asked for in order.
    fn of(&mut self, group: usize, waiting: &Waiting) -> Result<Vec<Cell>, Fault> {
        let mut cells = Vec::new();
        match self {
            Self::Tallied { rows, breakdown, snapshot } => {
                while let Some(row) = rows.next_if(|row| belongs(row, group, |row| row.group)) {
                    let TallyRow { group: _, bucket, source, tally } = row?;
                    match breakdown {
                        Breakdown::Outcome => {
                            cells.extend(split_by_outcome(&tally).into_iter().map(|(part, tally)| Cell {
                                bucket,
                                part: Part::Outcome(part),
                                tally,
                            }))
                        }
                        Breakdown::None | Breakdown::Line | Breakdown::Source => {
                            let part = source.map_or(Part::Whole, |key| Part::Source(snapshot.source(key)));
                            cells.push(Cell { bucket, part, tally });
                        }
                    }
                }
            }
            Self::Single { chunks, buckets, breakdown, snapshot } => match breakdown {
                Breakdown::None => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |_| (),
                    |(), tally, bucket| {
                        cells.push(Cell { bucket, part: Part::Whole, tally });
                    },
                )?,
                Breakdown::Outcome => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |_| (),
                    |(), tally, bucket| {
                        cells.extend(split_by_outcome(&tally).into_iter().map(|(part, tally)| Cell {
                            bucket,
                            part: Part::Outcome(part),
                            tally,
                        }));
                    },
                )?,
                Breakdown::Line => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |call| call.line,
                    |line: Option<LineKey>, tally, bucket| {
                        let part = Part::Line(line.map(|line| snapshot.line(line)));
                        cells.push(Cell { bucket, part, tally });
                    },
                )?,
                Breakdown::Source => gather(
                    group,
                    chunks,
                    buckets,
                    waiting,
                    |call| call.source,
                    |source: SourceKey, tally, bucket| {
                        cells.push(Cell { bucket, part: Part::Source(snapshot.source(source)), tally });
                    },
                )?,
            },
        }
        cells.sort_by(|one, other| (one.bucket, &one.part).cmp(&(other.bucket, &other.part)));
        Ok(cells)
    }
}

/// Gathers the calls of one group into tallies by bucket and part.
fn gather<P: Ord>(
    group: usize,
    chunks: &mut std::iter::Peekable<crate::store::Rows<FactsChunk>>,
    buckets: &Buckets,
    waiting: &Waiting,
    part: impl Fn(&crate::store::CallFacts) -> P,
    mut take: impl FnMut(P, Tally, u32),
) -> Result<(), Fault> {
    let mut gatherer = None;
    while let Some(chunk) = chunks.next_if(|chunk| belongs(chunk, group, |chunk| chunk.group)) {
        let gatherer = gatherer.get_or_insert_with(|| Gatherer::new(buckets.list().len()));
        for call in chunk?.facts {
            if let Some(bucket) = buckets.slot(call.started_at) {
                gatherer.add(bucket, part(&call), call.kind, call.wait, call.talk);
            }
        }
        waiting.check()?;
    }
    for (bucket, part, tally) in gatherer.into_iter().flat_map(Gatherer::finish) {
        take(part, tally, bucket);
    }
    Ok(())
}

/// Whether what comes next is of this group; a fault is everybody's.
fn belongs<T>(next: &Result<T, StoreError>, group: usize, group_of: impl Fn(&T) -> usize) -> bool {
    next.as_ref().map_or(true, |next| group_of(next) <= group)
}

impl Keys {
    fn of(attributions: &Attributions) -> Self {
        let mut keys = Self::default();
        for (key, attribution) in (0..).map(AttributionKey).zip(&attributions.list) {
            match attribution {
                Attribution::Practice(code) => {
                    keys.practices.insert(*code, key);
                }
                Attribution::Account(_) => keys.accounts.push(key),
            }
        }
        keys
    }

    /// The accounts, in the order of their keys here.
    fn accounts<'a>(&self, attributions: &'a Attributions) -> Vec<&'a Account> {
        let account = |attribution: &'a Attribution| match attribution {
            Attribution::Practice(_) => None,
            Attribution::Account(account) => Some(&**account),
        };
        attributions.list.iter().filter_map(account).collect()
    }

    /// What a row is made of, in the store's words. Who has no calls is left out.
    fn group(&self, plan: &RowPlan, range: Days) -> Group {
        match &plan.parts {
            Parts::Everything => Group::All,
            Parts::Members(members) => Group::Spans(
                members
                    .iter()
                    .filter_map(|&(member, days)| {
                        let whose = match member {
                            Member::Practice(code) => *self.practices.get(&code)?,
                            Member::Account(at) => *self.accounts.get(at)?,
                        };
                        Some(Span { whose, days: days.overlap(range) })
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
