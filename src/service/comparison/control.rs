//! GetControlChart: one organisation's series with its limits and signals.

use std::collections::HashSet;

use crate::calendar::{Buckets, Day, Days, Granularity, Hours, Profile};
use crate::compare::control_chart::{ChartOptions, ControlChart, Improvement, TwoOfThree, control_chart};
use crate::definitions::{Definition, DefinitionSet};
use crate::organisations::Asked;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};
use crate::store::SeriesBreak;

use super::breaks;
use super::gather::{KINDS, Pair, Sources};
use super::question::{Put, Touched, Window, hours, is_share, number};
use super::units::Units;

const EXAMPLE: &str = r#"{"organisation_code":"A81001","metric":"call_volumes","first_month":"2024-03","last_month":"2026-02"}"#;
/// Most months.
const MONTHS: usize = 120;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) set: &'static DefinitionSet,
    pub(super) metric: &'static Definition,
    pub(super) window: Window,
    pub(super) granularity: Granularity,
    pub(super) hours: Hours,
    pub(super) improvement: Improvement,
    pub(super) target: Option<f64>,
    pub(super) rebase: Vec<Day>,
    pub(super) fix_after: Option<usize>,
    pub(super) take_out_calendar: bool,
    pub(super) two_of_three: TwoOfThree,
}

/// A series with its chart.
pub(super) struct Charted {
    pub(super) organisation: v1::OrganisationRef,
    pub(super) points: Vec<PointFacts>,
    pub(super) chart: ControlChart,
    /// Series breaks at which it starts anew, in words.
    pub(super) broken: Vec<String>,
}

/// What is behind a point.
pub(super) struct PointFacts {
    pub(super) label: String,
    pub(super) days: Days,
    pub(super) value: Option<f64>,
    pub(super) counted: Pair,
    pub(super) expected: Option<f64>,
}

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
    } = request;
    let asked = organisation(&organisation_code, EXAMPLE)?;
    let set = metrics::find_set(&definition_set)?;
    let found = number("metric", set, &metric)?;
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
        metric: found,
        window,
        granularity,
        hours: hours(hours_asked)?,
        improvement,
        target,
        rebase,
        fix_after: (fix_after > 0).then_some(fix_after),
        take_out_calendar,
        two_of_three,
    };
    Ok(Put { question, touched: Touched::new(&[organisation_code], vec![metric], granularity) })
}

/// One organisation by its code.
pub(super) fn organisation(code: &str, example: &str) -> Result<Asked, Fault> {
    code.parse().map_err(|fault| {
        Fault::field("organisation_code", format!("{:?} {fault}; for example {example}", fields::shown(code)))
    })
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
    let plain = buckets.slots().ok_or_else(|| {
        Fault::field("hours", "the calendar cuts an NHS band in this window: ask for all hours")
    })?;
    let groups = [unit.group.clone()];
    let contributing: HashSet<_> = sources.sources(&groups, &plain)?.into_iter().flatten().collect();
    let broken = breaks::inside(&*sources.snapshot, days, std::slice::from_ref(&unit), &contributing);
    let metric = [question.metric];
    let one = |tables: Vec<super::gather::Table>| {
        tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))
    };
    let table = one(sources.tables(&groups, &plain, list.len(), &metric, waiting)?)?;
    let counted: Vec<Option<Pair>> = table.unit(0).to_vec();
    let expected = if question.take_out_calendar {
        let kinds = sources.kinds(days);
        let by_kind = sources.slots(days, question.hours, &kinds)?;
        let all = one(sources.tables(&groups, &by_kind, KINDS, &metric, waiting)?)?;
        expectation(question, sources, &buckets, &kinds, all.unit(0), &groups, waiting)?
    } else {
        vec![None; list.len()]
    };
    let overall = super::gather::sum(counted.iter().flatten());
    let points: Vec<PointFacts> = list
        .iter()
        .enumerate()
        .map(|(at, bucket)| {
            let stretches = buckets.days_of(at as u32);
            let first = stretches.first().map_or(days.first, |days| days.first);
            let end = stretches.last().map_or(days.end, |days| days.end);
            let known = if bucket.partial { None } else { counted[at] };
            PointFacts {
                label: label(question.granularity, &bucket.label, first),
                days: Days::new(first, end),
                value: known.and_then(|pair| value(question, pair, expected[at], overall)),
                counted: counted[at].unwrap_or((0, 0)),
                expected: expected[at],
            }
        })
        .collect();
    let options = ChartOptions {
        improvement: question.improvement,
        fix_after: question.fix_after,
        rebase_at: rebase_at(question, &points, &broken)?,
        target: question.target,
        screen_moving_ranges: true,
        two_of_three: question.two_of_three,
    };
    let values: Vec<Option<f64>> = points.iter().map(|point| point.value).collect();
    let chart = control_chart(&values, &options).map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let broken = broken.iter().map(breaks::words).collect();
    Ok(Charted { organisation: unit.organisation, points, chart, broken })
}

fn label(granularity: Granularity, label: &str, first: Day) -> String {
    match granularity {
        Granularity::Day => first.to_string(),
        _ => label.to_owned(),
    }
}

fn value(question: &Question, (n, d): Pair, expected: Option<f64>, overall: Pair) -> Option<f64> {
    let share = |n: f64, d: i64| (d > 0).then(|| n / d as f64);
    let value = match (is_share(question.metric), question.take_out_calendar) {
        (false, false) => Some(n as f64),
        (true, false) => share(n as f64, d),
        (false, true) => expected.filter(|e| *e > 0.0).map(|e| n as f64 / e),
        (true, true) => {
            let all = share(overall.0 as f64, overall.1)?;
            expected.filter(|e| *e > 0.0).map(|e| all * n as f64 / e)
        }
    };
    value.filter(|value| value.is_finite())
}

/// What is expected in each bucket, by the organisation's own calls in each kind of day and band.
fn expectation(
    question: &Question,
    sources: &Sources,
    buckets: &Buckets,
    kinds: &impl Fn(Day, usize) -> Option<u32>,
    all: &[Option<Pair>],
    groups: &[crate::store::Group],
    waiting: &Waiting,
) -> Result<Vec<Option<f64>>, Fault> {
    let days = question.window.days();
    let slots = sources.slots(days, question.hours, kinds)?;
    let own = buckets.slots().unwrap_or_else(|| slots.clone());
    let wide = buckets.list().len();
    if !is_share(question.metric) {
        // Calls of a kind of day and band over how often it occurs.
        let mut times = vec![0.0_f64; KINDS];
        let each = || slots.table.iter().flatten().zip(own.table.iter().flatten());
        let used = |slot: u32| slot != crate::calendar::Slots::NONE;
        each().filter(|(kind, _)| used(**kind)).for_each(|(kind, _)| times[*kind as usize] += 1.0);
        let mut expected = vec![0.0; wide];
        for (&kind, &bucket) in each().filter(|(kind, bucket)| used(**kind) && used(**bucket)) {
            let calls = all[kind as usize].map_or(0, |pair| pair.0) as f64;
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
    let mut at =
        days.iter().zip(&slots.table).zip(&own.table).flat_map(|((_, kinds), own)| kinds.iter().zip(own));
    let mut both = slots.clone();
    for slot in both.table.iter_mut().flatten() {
        *slot = match at.next() {
            Some((&kind, &bucket))
                if kind != crate::calendar::Slots::NONE && bucket != crate::calendar::Slots::NONE =>
            {
                bucket * KINDS as u32 + kind
            }
            _ => crate::calendar::Slots::NONE,
        };
    }
    let tables = sources.tables(groups, &both, wide * KINDS, &[question.metric], waiting)?;
    let table = tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;
    let shares: Vec<f64> = all
        .iter()
        .map(|pair| pair.filter(|pair| pair.1 > 0).map_or(0.0, |(n, d)| n as f64 / d as f64))
        .collect();
    let of = |cells: &[Option<Pair>]| {
        let expected: f64 =
            cells.iter().zip(&shares).filter_map(|(pair, share)| Some(pair.as_ref()?.1 as f64 * share)).sum();
        Some(expected)
    };
    Ok(table.unit(0).chunks(KINDS).map(of).collect())
}

/// Where the chart starts anew: at the first point that begins on that day or later.
fn rebase_at(
    question: &Question,
    points: &[PointFacts],
    broken: &[SeriesBreak],
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
    let of_breaks = broken.iter().map(|found| points.partition_point(|point| point.days.first < found.day));
    found.extend(of_breaks.filter(|&at| at > 0 && at < points.len()));
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
