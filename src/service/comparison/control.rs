//! GetControlChart: one organisation's series with its limits and signals.

use std::collections::BTreeSet;

use callgauge_schema::SourceId;

use super::breaks;
use super::counting::Counting;
use super::elsewhere::{self, Wanted};
use super::gather::{KINDS, Sources};
use super::gathering::hidden;
use super::measure::{Kind, Measure, Nature};
use super::question::{Peers, Put, Touched, Window, hours, no_hours, peers};
use super::season::{self, Season};
use super::table::{Pair, Table, sum};
use super::units::{Unit, Units};
use crate::access::SmallNumbers;
use crate::calendar::{Buckets, Day, Days, Granularity, Hours, Profile, Slots, WholePeriod};
use crate::compare::control_chart::{ChartOptions, ControlChart, Improvement, TwoOfThree, control_chart};
use crate::definitions::{Definition, DefinitionSet};
use crate::organisations::Asked;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};

const EXAMPLE: &str = r#"{"organisation_code":"A81001","metric":"call_volumes","first_month":"2024-03","last_month":"2026-02"}"#;
const SEASON_EXAMPLE: &str = r#"{"organisation_code":"A81001","metric":"call_volumes","first_month":"2024-03","last_month":"2026-02","take_out_season_of":{"organisation_codes":["QHG"]}}"#;
/// Most months.
const MONTHS: usize = 120;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) set: &'static DefinitionSet,
    pub(super) measure: Measure,
    pub(super) window: Window,
    pub(super) granularity: Granularity,
    pub(super) hours: Hours,
    pub(super) improvement: Improvement,
    pub(super) target: Option<f64>,
    pub(super) rebase: Vec<Day>,
    pub(super) fix_after: Option<usize>,
    pub(super) taken_out: TakenOut,
    pub(super) two_of_three: TwoOfThree,
}

/// What is taken out of the series before it is charted.
#[derive(Clone, Debug)]
pub(super) enum TakenOut {
    Nothing,
    /// Kinds of day and bands, by the organisation's own calls.
    Calendar,
    /// What moves these peers.
    Season(Peers),
}

impl TakenOut {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// A series with its chart.
pub(super) struct Charted {
    pub(super) organisation: v1::OrganisationRef,
    pub(super) points: Vec<PointFacts>,
    pub(super) chart: ControlChart,
    /// Series breaks and changes of definition at which it starts anew, in words.
    pub(super) broken: Vec<String>,
    /// Whose season is taken out, in words.
    pub(super) season: Option<String>,
    pub(super) kind: Kind,
    pub(super) small: SmallNumbers,
    /// What a reader has to know beside the numbers.
    pub(super) notes: Vec<String>,
}

/// What is behind a point.
pub(super) struct PointFacts {
    pub(super) label: String,
    pub(super) days: Days,
    pub(super) value: Option<f64>,
    pub(super) counted: Pair,
    pub(super) expected: Option<f64>,
}

/// What can be charted.
const TAKES: &[Nature] = &[Nature::Calls, Nature::Share, Nature::Rate, Nature::Count, Nature::Score];

/// Reads a request.
pub(super) fn parse(request: v1::GetControlChartRequest) -> Result<Put<Question>, Fault> {
    let v1::GetControlChartRequest {
        organisation_code,
        metric,
        definition_set,
        first_month,
        last_month,
        granularity,
        hours: hours_asked,
        improvement,
        target,
        rebase_dates,
        fix_after,
        take_out_calendar,
        two_of_three,
        take_out_season_of,
    } = request;
    let asked = organisation(&organisation_code, EXAMPLE)?;
    let set = metrics::find_set(&definition_set)?;
    let measure = Measure::one_of("metric", set, &metric, TAKES)?;
    no_hours(hours_asked, std::slice::from_ref(&measure))?;
    if take_out_calendar && measure.metric().is_none() {
        return Err(Fault::field(
            "take_out_calendar",
            "goes with calls only, numbers from elsewhere know no hours: take_out_season_of takes the calendar of peers out with their season",
        ));
    }
    let touched = vec![measure.bare()];
    let mut codes = vec![organisation_code];
    let taken_out = match take_out_season_of {
        Some(_) if take_out_calendar => {
            return Err(Fault::field(
                "take_out_calendar",
                "goes without take_out_season_of: peers have the same calendar, so that their season takes it out as well",
            ));
        }
        Some(group) => {
            let (peers, of_peers) = peers(Some(group), SEASON_EXAMPLE).map_err(of_season)?;
            codes.extend(of_peers);
            TakenOut::Season(peers)
        }
        None if take_out_calendar => TakenOut::Calendar,
        None => TakenOut::Nothing,
    };
    let window = Window::parse(["first_month", "last_month"], &first_month, &last_month, MONTHS)?;
    let granularity = match v1::Granularity::try_from(granularity) {
        Ok(v1::Granularity::Unspecified | v1::Granularity::Month) => Granularity::Month,
        Ok(v1::Granularity::Week) => Granularity::Week,
        Ok(v1::Granularity::Day) => Granularity::Day,
        Ok(_) | Err(_) => return Err(Fault::field("granularity", "must be DAY, WEEK or MONTH")),
    };
    if target.is_some_and(|target| !target.is_finite()) {
        return Err(Fault::field("target", "must be a number"));
    }
    let rebase =
        rebase_dates.iter().map(|date| fields::day("rebase_dates", date)).collect::<Result<Vec<_>, _>>()?;
    let improvement = match v1::Improvement::try_from(improvement) {
        Ok(v1::Improvement::Unspecified) => Improvement::Neutral,
        Ok(v1::Improvement::Increase) => Improvement::Increase,
        Ok(v1::Improvement::Decrease) => Improvement::Decrease,
        Err(_) => return Err(Fault::field("improvement", "must be INCREASE or DECREASE, or left out")),
    };
    let two_of_three = match v1::TwoOfThreeRule::try_from(two_of_three) {
        Ok(v1::TwoOfThreeRule::Unspecified | v1::TwoOfThreeRule::Near) => TwoOfThree::Near,
        Ok(v1::TwoOfThreeRule::NearOrOutside) => TwoOfThree::NearOrOutside,
        Err(_) => return Err(Fault::field("two_of_three", "must be NEAR or NEAR_OR_OUTSIDE")),
    };
    let fix_after = usize::try_from(fix_after).map_err(|_| Fault::field("fix_after", "must be 0 or more"))?;
    let question = Question {
        asked,
        set,
        measure,
        window,
        granularity,
        hours: hours(hours_asked)?,
        improvement,
        target,
        rebase,
        fix_after: (fix_after > 0).then_some(fix_after),
        taken_out,
        two_of_three,
    };
    Ok(Put { question, touched: Touched::new(&codes, touched, granularity) })
}

/// A fault of peers under the name that they have here.
fn of_season(fault: Fault) -> Fault {
    let named = |field: String| match field.strip_prefix("peers.") {
        Some(rest) => format!("take_out_season_of.{rest}"),
        None => field,
    };
    match fault {
        Fault::Field { field, message } => Fault::Field { field: named(field), message },
        Fault::UnknownOrganisation { field, code } => {
            Fault::UnknownOrganisation { field: named(field), code }
        }
        other => other,
    }
}

/// One organisation by its code.
pub(super) fn organisation(code: &str, example: &str) -> Result<Asked, Fault> {
    code.parse().map_err(|fault| {
        Fault::field("organisation_code", format!("{:?} {fault}; for example {example}", fields::shown(code)))
    })
}

/// What is charted before it is.
struct Series {
    kind: Kind,
    counted: Vec<Option<Pair>>,
    expected: Vec<Option<f64>>,
    sources: BTreeSet<SourceId>,
    /// A change of definition: at which point, and in words.
    changed: Option<(usize, String)>,
    /// Whose season is taken out, in words.
    season: Option<String>,
    notes: Vec<String>,
}

/// Charts.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Charted, Fault> {
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.window.days();
    let unit = Units::single(question.asked, &sources.directory, &attributions, &keys, days)?;
    let buckets = Buckets::plan(days, question.granularity, Profile::NONE, question.hours, &sources.calendar)
        .map_err(|fault| Fault::field("last_month", fault.to_string()))?;
    let list = buckets.list();
    if list.is_empty() {
        return Err(Fault::field("hours", "the window has none of these hours"));
    }
    let days_of: Vec<Days> = (0..list.len())
        .map(|at| {
            let stretches = buckets.days_of(at as u32);
            let first = stretches.first().map_or(days.first, |days| days.first);
            Days::new(first, stretches.last().map_or(days.end, |days| days.end))
        })
        .collect();
    let mut series = match question.measure.metric() {
        Some(metric) => of_calls(question, sources, &unit, metric, &buckets, waiting)?,
        None => of_elsewhere(question, sources, &unit, &days_of)?,
    };
    if let TakenOut::Season(peers) = &question.taken_out {
        let whole = list.iter().zip(&series.counted).map(|(bucket, pair)| pair.filter(|_| !bucket.partial));
        let points = season::Points {
            buckets: &buckets,
            lengths: lengths(question.granularity),
            stretches: &days_of,
            own: whole.collect(),
            kind: series.kind,
            from: &series.sources,
        };
        let found = season::of(question, peers, sources, &unit, points, waiting);
        let Season { expected, whose, notes } = found.map_err(of_season)?;
        (series.expected, series.season) = (expected, Some(whose));
        series.notes.extend(notes);
    }
    let broken = breaks::inside(&*sources.snapshot, days, std::slice::from_ref(&unit), &series.sources);
    let small = sources.admission.grain.small_numbers();
    let shows = |pair: &Pair| !hidden(small, series.kind, *pair);
    let overall = sum(series.counted.iter().flatten().filter(|pair| shows(pair)));
    let points: Vec<PointFacts> = list
        .iter()
        .enumerate()
        .map(|(at, bucket)| {
            let known = if bucket.partial { None } else { series.counted[at] }.filter(shows);
            let whole = series.counted[at].filter(shows);
            PointFacts {
                label: label(question.granularity, &bucket.label, days_of[at].first),
                days: days_of[at],
                value: known
                    .and_then(|pair| value(question, series.kind, pair, series.expected[at], overall)),
                counted: whole.unwrap_or_default(),
                expected: series.expected[at],
            }
        })
        .collect();
    let changed = series.changed.as_ref().map(|(at, _)| *at);
    let options = ChartOptions {
        improvement: question.improvement,
        fix_after: question.fix_after,
        rebase_at: rebase_at(question, &points, broken.iter().map(|found| found.day), changed)?,
        target: question.target,
        screen_moving_ranges: true,
        two_of_three: question.two_of_three,
    };
    let values: Vec<Option<f64>> = points.iter().map(|point| point.value).collect();
    let chart = control_chart(&values, &options).map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let mut broken: Vec<String> = broken.iter().map(breaks::words).collect();
    broken.extend(series.changed.map(|(_, words)| words));
    Ok(Charted {
        organisation: unit.organisation,
        points,
        chart,
        broken,
        season: series.season,
        kind: series.kind,
        small,
        notes: series.notes,
    })
}

fn of_calls(
    question: &Question,
    sources: &Sources,
    unit: &Unit,
    metric: &'static Definition,
    buckets: &Buckets,
    waiting: &Waiting,
) -> Result<Series, Fault> {
    let days = question.window.days();
    let wide = buckets.list().len();
    let plain = buckets.slots().ok_or_else(|| {
        Fault::field("hours", "the calendar cuts an NHS band in this window: ask for all hours")
    })?;
    let groups = [unit.group.clone()];
    let counting = Counting::new(sources, days, &groups, waiting)?;
    let (tables, contributing) = counting.tables_and_sources(&groups, &plain, wide, &[metric])?;
    let table = one(tables)?;
    let expected = if matches!(question.taken_out, TakenOut::Calendar) {
        let kinds = sources.kinds(days);
        let by_kind = sources.slots(days, question.hours, &kinds)?;
        let all = one(counting.tables_by_kind(&groups, &by_kind, KINDS, &[metric])?)?;
        let calendar = Calendar { question, counting: &counting, groups: &groups, metric, buckets };
        calendar.expectation(&by_kind, all.unit(0))?
    } else {
        vec![None; wide]
    };
    let share = question.measure.nature() == Nature::Share;
    let mut notes = Vec::new();
    if table.has_gap(0) {
        notes.push(
            "a point without a value has days that count by tallies or calls that do not carry this metric"
                .to_owned(),
        );
    }
    Ok(Series {
        kind: if share { Kind::Share } else { Kind::Number },
        counted: table.unit(0).to_vec(),
        expected,
        sources: contributing.into_iter().flatten().collect(),
        changed: None,
        season: None,
        notes,
    })
}

fn of_elsewhere(
    question: &Question,
    sources: &Sources,
    unit: &Unit,
    stretches: &[Days],
) -> Result<Series, Fault> {
    let (days, lengths) = (question.window.days(), lengths(question.granularity));
    let wanted = Wanted { days, stretches, lengths, by_source: true };
    let read = elsewhere::read(sources, "metric", &question.measure, std::slice::from_ref(unit), wanted)?;
    let mut notes = read.notes;
    notes.push(read.coverage.words());
    Ok(Series {
        kind: read.kind,
        counted: read.table.unit(0).to_vec(),
        expected: vec![None; stretches.len()],
        sources: read.sources,
        changed: read.changed,
        season: None,
        notes,
    })
}

/// Lengths of values from elsewhere that will do for points of a length, the best first.
fn lengths(granularity: Granularity) -> &'static [WholePeriod] {
    match granularity {
        Granularity::Day => &[WholePeriod::Day],
        Granularity::Week => &[WholePeriod::Week, WholePeriod::Day],
        _ => elsewhere::MONTHLY,
    }
}

/// The only table.
pub(super) fn one(tables: Vec<Table>) -> Result<Table, Fault> {
    tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))
}

fn label(granularity: Granularity, label: &str, first: Day) -> String {
    match granularity {
        Granularity::Day => first.to_string(),
        _ => label.to_owned(),
    }
}

fn value(question: &Question, kind: Kind, pair: Pair, expected: Option<f64>, overall: Pair) -> Option<f64> {
    if question.taken_out.is_nothing() {
        return kind.value(pair);
    }
    let ratio = expected.filter(|expected| *expected > 0.0).map(|expected| pair.0 / expected)?;
    let value = if kind == Kind::Number { ratio } else { kind.value(overall)? * ratio };
    value.is_finite().then_some(value)
}

/// What takes the calendar out.
struct Calendar<'a> {
    question: &'a Question,
    counting: &'a Counting<'a>,
    groups: &'a [crate::store::Group],
    metric: &'static Definition,
    buckets: &'a Buckets,
}

impl Calendar<'_> {
    /// What is expected in each bucket, by the organisation's own calls in each kind of day and band.
    fn expectation(&self, slots: &Slots, all: &[Option<Pair>]) -> Result<Vec<Option<f64>>, Fault> {
        let own = self.buckets.slots().unwrap_or_else(|| slots.clone());
        let wide = self.buckets.list().len();
        let used = |slot: u32| slot != Slots::NONE;
        if self.question.measure.nature() != Nature::Share {
            // Calls of a kind of day and band over how often it occurs.
            let mut times = vec![0.0_f64; KINDS];
            let each = || slots.table.iter().flatten().zip(own.table.iter().flatten());
            each().filter(|(kind, _)| used(**kind)).for_each(|(kind, _)| times[*kind as usize] += 1.0);
            let mut expected = vec![0.0; wide];
            for (&kind, &bucket) in each().filter(|(kind, bucket)| used(**kind) && used(**bucket)) {
                let calls = all[kind as usize].map_or(0.0, |pair| pair.0);
                expected[bucket as usize] += calls / times[kind as usize];
            }
            return Ok(expected.into_iter().map(Some).collect());
        }
        // The organisation's own calls in each bucket, kind of day and band.
        if wide * KINDS > 400_000 {
            return Err(Fault::AnswerTooLarge(
                "taking the calendar out of so many days: ask for weeks or months".to_owned(),
            ));
        }
        let mut at = slots.table.iter().flatten().zip(own.table.iter().flatten());
        let mut both = slots.clone();
        for slot in both.table.iter_mut().flatten() {
            *slot = match at.next() {
                Some((&kind, &bucket)) if used(kind) && used(bucket) => bucket * KINDS as u32 + kind,
                _ => Slots::NONE,
            };
        }
        let table = one(self.counting.tables_by_kind(self.groups, &both, wide * KINDS, &[self.metric])?)?;
        let shares: Vec<f64> =
            all.iter().map(|pair| pair.filter(|pair| pair.1 > 0.0).map_or(0.0, |(n, d)| n / d)).collect();
        let of = |cells: &[Option<Pair>]| {
            let cells = cells.iter().zip(&shares);
            let expected: f64 = cells.filter_map(|(pair, share)| Some(pair.as_ref()?.1 * share)).sum();
            Some(expected)
        };
        Ok(table.unit(0).chunks(KINDS).map(of).collect())
    }
}

/// Where the chart starts anew: at the first point that begins on that day or later.
fn rebase_at(
    question: &Question,
    points: &[PointFacts],
    broken: impl Iterator<Item = Day>,
    changed: Option<usize>,
) -> Result<Vec<usize>, Fault> {
    let mut found: Vec<usize> = Vec::new();
    for &day in &question.rebase {
        let at = points.partition_point(|point| point.days.first < day);
        if at == 0 || at >= points.len() || found.last().is_some_and(|&last| at <= last) {
            return Err(Fault::field(
                "rebase_dates",
                format!("{day} must be after the first point and up to the last one, and dates ascending"),
            ));
        }
        found.push(at);
    }
    let of_breaks = broken.map(|day| points.partition_point(|point| point.days.first < day)).chain(changed);
    found.extend(of_breaks.filter(|&at| at > 0 && at < points.len()));
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
