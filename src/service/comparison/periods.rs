//! CompareEquivalentPeriods: months against the equivalent months of another year, organisation by organisation.
//!
//! What is expected of a number of calls is the peers' calls in each kind of day and hour; of a share it is the organisation's own calls in each kind of
//! day and band, times the peers' share there. Month-to-month variation comes from all months between the first and the last.

use crate::calendar::{Day, Days, Granularity, Hours};
use crate::compare::composition::{Cells, Composition, Rates};
use crate::compare::equivalent_periods::{
    Between, ExpectedParts, MonthVariation, Period, PeriodChange, compare_periods, log_change,
};
use crate::compare::variance::{Scale, VarianceComponents, variance_components};
use crate::definitions::{Definition, DefinitionSet};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};
use crate::store::{BreakOf, SeriesBreak};

use super::breaks;
use super::gather::{KINDS, Pair, Sources, Table, by_hour, sum};
use super::question::{Focus, Peers, Put, Touched, Window, focus, hours, is_share, number, peers};
use super::units::Units;

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
    pub(super) metric: &'static Definition,
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
}

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
    let found = number("metric", set, &metric)?;
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
        metric: found,
        before,
        after,
        all,
        hours: hours(hours_asked)?,
        focus: focus(anonymous_peers, focus_codes)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, vec![metric], Granularity::Month) })
}

/// What is gathered for all organisations.
struct Gathered {
    /// Series breaks of single practices between the periods.
    broken: Vec<SeriesBreak>,
    /// By month of the whole span.
    months: Table,
    /// Before by kind of day and band, then after.
    periods: Table,
    /// All organisations and months together, by kind of day and band.
    peers: Vec<Pair>,
}

/// Compares.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Changes, Fault> {
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.all.days();
    let mut units = Units::plan(&question.peers, &sources.directory, &attributions, &keys, days)?;
    let gathered = gather(question, sources, &mut units, waiting)?;
    let of = |days: Days| {
        Composition::of(&sources.calendar, days).map_err(|fault| Fault::NotComparable(fault.to_string()))
    };
    let stretches = [of(question.before.days())?, of(question.after.days())?];
    let compositions = question.all.months.iter().map(|&month| of(month)).collect::<Result<Vec<_>, _>>()?;
    let mut exposure = Cells::default();
    for (month, composition) in compositions.iter().enumerate() {
        let with = (0..units.list.len()).filter(|&unit| gathered.months.unit(unit)[month].is_some()).count();
        exposure.add_all(&composition.hours, with as f64);
    }
    let expecting = Expecting::new(question, &gathered.peers, &exposure)?;

    let values: Vec<Vec<Option<f64>>> = (0..units.list.len())
        .map(|unit| {
            let months = gathered.months.unit(unit).iter().zip(&compositions);
            months.map(|(pair, composition)| expecting.month((*pair)?, composition)).collect()
        })
        .collect();
    let variation_months =
        (0..compositions.len()).filter(|&month| values.iter().any(|row| row[month].is_some())).count();
    let components = variance_components(&values)
        .map_err(|fault| Fault::NotComparable(format!("how much a month varies cannot be told: {fault}")))?;
    let counted: Vec<[Pair; 2]> = (0..units.list.len())
        .map(|unit| {
            let (before, after) = gathered.periods.unit(unit).split_at(KINDS);
            [sum(before.iter().flatten()), sum(after.iter().flatten())]
        })
        .collect();
    let lengths = [question.before.months.len() as u32, question.after.months.len() as u32];
    let changes = counted
        .iter()
        .enumerate()
        .map(|(unit, counted)| {
            let practices = &units.list[unit].practices;
            let own =
                |found: &&SeriesBreak| practices.iter().any(|(code, _)| found.of == BreakOf::Practice(*code));
            if let Some(found) = gathered.broken.iter().find(own) {
                return Err(format!("{} lies between the periods", breaks::words(found)));
            }
            let cells = gathered.periods.unit(unit);
            let own = components.units.get(unit).copied();
            let own = own.filter(|own| own.months > 0).ok_or("has calls in no month".to_owned())?;
            let rho = components.autocorrelation.unwrap_or(0.0);
            let variation =
                MonthVariation::of_unit(&own, components.sigma2_e, rho).map_err(|fault| fault.to_string())?;
            expecting.change(counted, cells, &stretches, lengths, variation)
        })
        .collect();
    Ok(Changes { units, counted, changes, stretches, components, variation_months })
}

fn gather(
    question: &Question,
    sources: &Sources,
    units: &mut Units,
    waiting: &Waiting,
) -> Result<Gathered, Fault> {
    let days = question.all.days();
    let kinds = sources.kinds(days);
    let month = |day: Day| question.all.months.partition_point(|month| month.end <= day) as u32;
    let by_month = sources.slots(days, question.hours, |day, _| Some(month(day)))?;
    let contributing = super::of_source(units, &question.peers, sources, &by_month)?;
    let broken = breaks::inside(&*sources.snapshot, days, &units.list, &contributing);
    if let Some(all) = broken.iter().find(|found| !matches!(found.of, BreakOf::Practice(_))) {
        return Err(Fault::NotComparable(format!(
            "{} lies between the periods: compare periods on one side of it",
            breaks::words(all)
        )));
    }
    if units.list.len() > UNITS {
        return Err(Fault::AnswerTooLarge(format!(
            "the answer would have {} organisations, more than {UNITS}: ask for a part of them",
            units.list.len()
        )));
    }
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
    let groups = units.groups();
    let one =
        |mut tables: Vec<Table>| tables.pop().ok_or_else(|| Fault::Internal("no table was made".to_owned()));
    let metric = [question.metric];
    let peers = one(sources.tables(&[together(&groups)], &by_kind, KINDS, &metric, waiting)?)?;
    Ok(Gathered {
        broken,
        months: one(sources.tables(&groups, &by_month, question.all.months.len(), &metric, waiting)?)?,
        periods: one(sources.tables(&groups, &by_period, 2 * KINDS, &metric, waiting)?)?,
        peers: peers.unit(0).iter().map(|pair| pair.unwrap_or((0, 0))).collect(),
    })
}

/// All calls of groups in one; who is in several of them counts once.
fn together(groups: &[crate::store::Group]) -> crate::store::Group {
    use crate::store::Group;
    let mut spans = Vec::new();
    for group in groups {
        match group {
            Group::All => return Group::All,
            Group::Spans(own) => spans.extend(own.iter().copied()),
        }
    }
    Group::Spans(spans)
}

/// What is expected, by the peers.
enum Expecting {
    /// Of a number of calls: by kind of day and hour.
    Calls(Rates),
    /// Of a share: by kind of day and band; and all together.
    Share(Vec<Option<f64>>, f64),
}

impl Expecting {
    /// `exposure` has the hours of each kind in all months with calls of all organisations.
    fn new(question: &Question, peers: &[Pair], exposure: &Cells) -> Result<Self, Fault> {
        if is_share(question.metric) {
            let share = |&(n, d): &Pair| (d > 0).then(|| n as f64 / d as f64);
            let (n, d) = sum(peers.iter());
            let whole =
                share(&(n, d)).ok_or_else(|| Fault::NotComparable("no organisation has calls".to_owned()))?;
            return Ok(Self::Share(peers.iter().map(share).collect(), whole));
        }
        let counts: Vec<f64> = peers.iter().map(|&(n, _)| n as f64).collect();
        let rates = Rates::new(&by_hour(&counts), exposure);
        rates.map(Self::Calls).map_err(|fault| Fault::NotComparable(fault.to_string()))
    }

    /// A month on the scale of logarithms: observed over expected.
    fn month(&self, (n, d): Pair, composition: &Composition) -> Option<f64> {
        let expected = match self {
            Self::Calls(rates) => rates.expected_of_list(1.0, composition).ok()?,
            Self::Share(_, whole) => whole * d as f64,
        };
        // Without anything expected a month has no place.
        (expected > 0.0).then(|| Scale::Log.transform(n as f64, expected).ok()).flatten()
    }

    fn change(
        &self,
        counted: &[Pair; 2],
        cells: &[Option<Pair>],
        stretches: &[Composition; 2],
        months: [u32; 2],
        variation: MonthVariation,
    ) -> Result<PeriodChange, String> {
        let observed = counted.map(|(n, _)| n as f64);
        match self {
            Self::Calls(rates) => {
                let period = |at: usize| Period {
                    observed: observed[at],
                    list: 1.0,
                    months: months[at],
                    stretch: &stretches[at],
                };
                compare_periods(period(0), period(1), rates, variation, Between::default())
                    .map_err(|fault| fault.to_string())
            }
            Self::Share(shares, _) => {
                let own = |cells: &[Option<Pair>]| -> f64 {
                    let cells = cells.iter().zip(shares);
                    cells.filter_map(|(pair, share)| Some(pair.as_ref()?.1 as f64 * (*share)?)).sum()
                };
                let expected = [own(&cells[..KINDS]), own(&cells[KINDS..])];
                let change =
                    log_change(observed, expected, months, variation).map_err(|fault| fault.to_string())?;
                let ratio = |log: f64| log.clamp(-700.0, 700.0).exp();
                let margin = 1.959_963_984_540_054 * change.standard_error;
                let raw = |at: usize| observed[at] / counted[at].1 as f64;
                Ok(PeriodChange {
                    observed_ratio: Some(raw(1) / raw(0)).filter(|ratio| ratio.is_finite()),
                    expected,
                    expected_ratio: (expected[1] / counted[1].1 as f64) / (expected[0] / counted[0].1 as f64),
                    parts: ExpectedParts { list: 1.0, working_days: 1.0, weekdays: 1.0, closures: 1.0 },
                    ratio: ratio(change.log),
                    lower: ratio(change.log - margin),
                    upper: ratio(change.log + margin),
                    standard_error: change.standard_error,
                    half_added: change.half_added,
                })
            }
        }
    }
}
