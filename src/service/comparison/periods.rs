//! CompareEquivalentPeriods: months against the equivalent months of another year, organisation by organisation.
//!
//! What is expected of a number of calls is the peers' calls in each kind of day and hour, over the list sizes where they are known; of a share it is the
//! organisation's own calls in each kind of day and band, times the peers' share there; of a number from elsewhere it is what its source expects, or the peers'
//! value over the organisation's own denominators. Month-to-month variation comes from all months between the first and the last.

use super::breaks;
use super::compare_numbers::together;
use super::gather::{KINDS, Sources};
use super::gathering::Gathering;
use super::list_sizes::ListSizes;
use super::measure::{Kind, Measure, Nature};
use super::period_change::{Comparing, Expecting};
use super::question::{Focus, Peers, Put, Touched, Window, focus, hours, no_hours, peers};
use super::table::{Pair, Table, sum};
use super::units::{Unit, Units};
use crate::access::SmallNumbers;
use crate::calendar::{Days, Granularity, Hours};
use crate::compare::composition::{Cells, Composition};
use crate::compare::equivalent_periods::PeriodChange;
use crate::compare::variance::{VarianceComponents, variance_components};
use crate::definitions::{Definition, DefinitionSet};
use crate::pictures::count;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics;
use crate::store::{BreakOf, SeriesBreak};

const EXAMPLE: &str = r#"{"peers":{"organisation_codes":["QHG"]},"metric":"call_volumes","before_first_month":"2019-08","after_first_month":"2021-08"}"#;
/// Most months of one period.
const MONTHS: usize = 12;
/// Most months from the first to the last.
const SPAN: usize = 60;
/// Most organisations of an answer.
const UNITS: usize = 10_000;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) peers: Peers,
    pub(super) set: &'static DefinitionSet,
    pub(super) measure: Measure,
    pub(super) before: Window,
    pub(super) after: Window,
    /// From the first month of the one to the last of the other.
    pub(super) all: Window,
    pub(super) hours: Hours,
    pub(super) focus: Focus,
}

/// The changes.
pub(super) struct Changes {
    pub(super) units: Units,
    /// By organisation: counted before and after.
    pub(super) counted: Vec<[Pair; 2]>,
    pub(super) changes: Vec<Result<PeriodChange, String>>,
    pub(super) stretches: [Composition; 2],
    pub(super) components: VarianceComponents,
    pub(super) variation_months: usize,
    pub(super) kind: Kind,
    pub(super) small: SmallNumbers,
    /// What a reader has to know beside the numbers.
    pub(super) notes: Vec<String>,
}

/// What can be compared.
const TAKES: &[Nature] = &[Nature::Calls, Nature::Share, Nature::Rate, Nature::Count];

/// Reads a request.
pub(super) fn parse(request: v1::CompareEquivalentPeriodsRequest) -> Result<Put<Question>, Fault> {
    let v1::CompareEquivalentPeriodsRequest {
        peers: group,
        metric,
        definition_set,
        before_first_month,
        before_last_month,
        after_first_month,
        after_last_month,
        hours: hours_asked,
        anonymous_peers,
        focus_codes,
    } = request;
    let (peers, codes) = peers(group, EXAMPLE)?;
    let set = metrics::find_set(&definition_set)?;
    let measure = Measure::one_of("metric", set, &metric, TAKES)?;
    no_hours(hours_asked, std::slice::from_ref(&measure))?;
    let touched = vec![measure.bare()];
    let or = |last: String, first: &str| if last.is_empty() { first.to_owned() } else { last };
    let before_last = or(before_last_month, &before_first_month);
    let after_last = or(after_last_month, &after_first_month);
    let before = Window::parse(
        ["before_first_month", "before_last_month"],
        &before_first_month,
        &before_last,
        MONTHS,
    )?;
    let after =
        Window::parse(["after_first_month", "after_last_month"], &after_first_month, &after_last, MONTHS)?;
    if after.days().first < before.days().end {
        return Err(Fault::field("after_first_month", "must be after the last month of the earlier period"));
    }
    let all =
        Window::parse(["before_first_month", "after_last_month"], &before_first_month, &after_last, SPAN)?;
    let question = Question {
        peers,
        set,
        measure,
        before,
        after,
        all,
        hours: hours(hours_asked)?,
        focus: focus(anonymous_peers, focus_codes)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, touched, Granularity::Month) })
}

/// What is gathered for all organisations.
pub(super) struct Gathered {
    pub(super) kind: Kind,
    /// By month of the whole span.
    pub(super) months: Table,
    /// Before, then after; of calls each by kind of day and band.
    pub(super) periods: Table,
    /// Buckets of one period.
    pub(super) wide: usize,
    /// Patients by organisation and month, where all its months are known.
    pub(super) lists: Vec<Option<Vec<f64>>>,
    pub(super) expecting: Expecting,
    notes: Vec<String>,
}

/// Compares.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Changes, Fault> {
    let metric = question.measure.metric();
    let over = (&question.all, question.hours);
    let gathering = Gathering::new(sources, &question.peers, over, metric.is_some(), waiting)?;
    if gathering.units.len() > UNITS {
        return Err(Fault::AnswerTooLarge(format!(
            "the answer would have {} organisations, more than {UNITS}: ask for a part of them",
            gathering.units.len()
        )));
    }
    let of = |days: Days| {
        Composition::of(&sources.calendar, days).map_err(|fault| Fault::NotComparable(fault.to_string()))
    };
    let stretches = [of(question.before.days())?, of(question.after.days())?];
    let compositions = question.all.months.iter().map(|&month| of(month)).collect::<Result<Vec<_>, _>>()?;
    let monthly = gathering.by_month("metric", &question.measure, false)?;
    let broken =
        breaks::inside(&*sources.snapshot, question.all.days(), &gathering.units.list, &monthly.sources);
    unbroken(&broken, monthly.changed.as_deref())?;
    let gathered = match metric {
        Some(metric) => of_calls(question, &gathering, metric, monthly.table, &compositions)?,
        None => of_elsewhere(question, monthly.table, monthly.kind, monthly.notes)?,
    };
    let units = gathering.units.list.len();
    let values: Vec<Vec<Option<f64>>> = (0..units)
        .map(|unit| {
            let list = gathered.lists[unit].as_deref();
            let month = |(at, pair): (usize, &Option<Pair>)| {
                let patients = list.map_or(1.0, |list| list[at]);
                gathered.expecting.month((*pair)?, patients, &compositions[at])
            };
            gathered.months.unit(unit).iter().enumerate().map(month).collect()
        })
        .collect();
    let variation_months =
        (0..compositions.len()).filter(|&month| values.iter().any(|row| row[month].is_some())).count();
    let components = variance_components(&values)
        .map_err(|fault| Fault::NotComparable(format!("how much a month varies cannot be told: {fault}")))?;
    let small = sources.admission.grain.small_numbers();
    let comparing =
        Comparing { question, gathered: &gathered, stretches: &stretches, components: &components, small };
    let counted: Vec<[Pair; 2]> = (0..units).map(|unit| comparing.counted(unit)).collect();
    let changes = gathering.units.list.iter().enumerate();
    let changes = changes.map(|(at, unit)| comparing.change(at, unit, &counted[at], &broken)).collect();
    let mut notes = Vec::new();
    if metric.is_some() {
        for (period, name) in [(&question.before, "earlier"), (&question.after, "later")] {
            notes.push(format!("{name} period: {}", gathering.coverage_within(period)?.words()));
        }
    }
    notes.extend(gathering.notes);
    notes.extend(gathered.notes);
    notes.extend(gathering.units.not_found(&question.focus));
    Ok(Changes {
        units: gathering.units,
        counted,
        changes,
        stretches,
        components,
        variation_months,
        kind: gathered.kind,
        small,
        notes,
    })
}

/// Nothing is compared across a break of everybody or of a source, nor across a change of definition.
fn unbroken(broken: &[SeriesBreak], changed: Option<&str>) -> Result<(), Fault> {
    if let Some(all) = broken.iter().find(|found| !matches!(found.of, BreakOf::Practice(_))) {
        return Err(Fault::NotComparable(format!(
            "{} lies between the periods: compare periods on one side of it",
            breaks::words(all)
        )));
    }
    match changed {
        None => Ok(()),
        Some(words) => Err(Fault::NotComparable(format!("{words}: compare periods of one definition"))),
    }
}

fn of_calls(
    question: &Question,
    gathering: &Gathering<'_>,
    metric: &'static Definition,
    months: Table,
    compositions: &[Composition],
) -> Result<Gathered, Fault> {
    let sources = gathering.sources;
    let days = question.all.days();
    let kinds = sources.kinds(days);
    let by_period = sources.slots(days, question.hours, |day, band| {
        let kind = kinds(day, band)?;
        if question.before.days().contains(day) {
            Some(kind)
        } else if question.after.days().contains(day) {
            Some(KINDS as u32 + kind)
        } else {
            None
        }
    })?;
    let by_kind = sources.slots(days, question.hours, &kinds)?;
    let groups = gathering.units.groups();
    let one =
        |mut tables: Vec<Table>| tables.pop().ok_or_else(|| Fault::Internal("no table was made".to_owned()));
    let all = one(gathering.counting.tables_by_kind(&[together(&groups)], &by_kind, KINDS, &[metric])?)?;
    let all: Vec<Pair> = all.unit(0).iter().map(|pair| pair.unwrap_or_default()).collect();
    let periods = one(gathering.counting.tables_by_kind(&groups, &by_period, 2 * KINDS, &[metric])?)?;
    let mut exposure = Cells::default();
    for (month, composition) in compositions.iter().enumerate() {
        let with = (0..groups.len()).filter(|&unit| months.unit(unit)[month].is_some()).count();
        exposure.add_all(&composition.hours, with as f64);
    }
    let share = question.measure.nature() == Nature::Share;
    let (lists, notes) =
        if share { (vec![None; groups.len()], Vec::new()) } else { lists(question, gathering)? };
    Ok(Gathered {
        kind: if share { Kind::Share } else { Kind::Number },
        expecting: if share { Expecting::share(&all)? } else { Expecting::calls(&all, &exposure)? },
        months,
        periods,
        wide: KINDS,
        lists,
        notes,
    })
}

/// Patients in every month, relative to the first one; none where neither period, or only one of them, has a month that is known.
type Patients = Option<Vec<f64>>;

/// Patients of each organisation, and what is said of them. Lists change slowly: between two months that are known the months that are not lie on a straight line.
fn lists(question: &Question, gathering: &Gathering<'_>) -> Result<(Vec<Patients>, Vec<String>), Fault> {
    let read = ListSizes::read(gathering.sources, question.all.days(), &gathering.units.list)?;
    let units = &gathering.units.list;
    if read.is_empty() {
        let told = "list sizes are not known: a change of list is part of the change".to_owned();
        return Ok((vec![None; units.len()], vec![told]));
    }
    let months = &question.all.months;
    let within = |period: &Window, known: &[Option<f64>]| {
        months.iter().zip(known).any(|(month, known)| known.is_some() && period.days().contains(month.first))
    };
    let mut filled = 0;
    let of = |unit: &Unit| -> Patients {
        let known: Vec<Option<f64>> = months.iter().map(|&month| read.of(unit, month)).collect();
        let both = within(&question.before, &known) && within(&question.after, &known);
        let line = straight(&known).filter(|_| both)?;
        filled += usize::from(known.contains(&None));
        let first = *line.first()?;
        Some(line.iter().map(|patients| patients / first).collect())
    };
    let lists: Vec<Patients> = units.iter().map(of).collect();
    let known = lists.iter().flatten().count();
    let mut notes = read.notes();
    if known < lists.len() {
        notes.push(format!(
            "list sizes in both periods are known of {} of {} organisations: of the others a change of list is part of the change",
            count(known),
            count(lists.len())
        ));
    }
    if filled > 0 {
        notes.push(format!(
            "of {} organisations list sizes are not known of every month: the others lie in a straight line between those that are",
            count(filled)
        ));
    }
    Ok((lists, notes))
}

/// Values of months in a row, those that are not known on a straight line between those that are, and beyond the ends as at the ends. None where none is.
fn straight(known: &[Option<f64>]) -> Option<Vec<f64>> {
    let there: Vec<(usize, f64)> =
        known.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
    let (first, last) = (there.first()?, there.last()?);
    let value = |at: usize| {
        let after = there.partition_point(|(other, _)| *other < at);
        match (after.checked_sub(1).map(|before| there[before]), there.get(after)) {
            (Some((from, low)), Some(&(to, high))) => {
                low + (high - low) * (at - from) as f64 / (to - from) as f64
            }
            (None, _) => first.1,
            (_, None) => last.1,
        }
    };
    Some((0..known.len()).map(value).collect())
}

fn of_elsewhere(
    question: &Question,
    months: Table,
    kind: Kind,
    mut notes: Vec<String>,
) -> Result<Gathered, Fault> {
    let units = months.units();
    let mut periods = Table::new(units, 2);
    for unit in 0..units {
        for (at, period) in [&question.before, &question.after].into_iter().enumerate() {
            for (pair, month) in months.unit(unit).iter().zip(&question.all.months) {
                if let Some(pair) = pair.filter(|_| period.days().contains(month.first)) {
                    periods.add(unit, at, pair);
                }
            }
        }
    }
    notes.push(
        "values of months know no days: what working days and bank holidays change is part of the change"
            .to_owned(),
    );
    let (n, d) = sum(months.sums().iter());
    let rate = match kind {
        Kind::Number => None,
        Kind::Share | Kind::Rate | Kind::Ratio if d > 0.0 => Some(n / d),
        _ => return Err(Fault::NotComparable("no organisation has anything to divide by".to_owned())),
    };
    let expecting = Expecting::Elsewhere(rate);
    Ok(Gathered { kind, months, periods, wide: 1, lists: vec![None; units], expecting, notes })
}
