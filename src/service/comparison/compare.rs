//! CompareOrganisations: shares of organisations in funnels, side by side, like for like.

use super::breaks;
use super::coverage::Coverage;
use super::gather::{KINDS, Pair, Sources, Table, sum};
use super::question::{Focus, Peers, Put, Touched, Window, focus, hours, is_share, metric, peers};
use super::units::Units;
use crate::calendar::{Granularity, Hours};
use crate::compare::funnel::{Funnel, FunnelOptions, Measure, Overdispersion, Point, Unit as Placed, funnel};
use crate::definitions::{Definition, DefinitionSet};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};

const EXAMPLE: &str = r#"{"peers":{"organisation_codes":["QHG"]},"first_month":"2025-03","last_month":"2026-02","metrics":["missed_share_of_inbound"]}"#;
/// Most metrics of a question.
const METRICS: usize = 8;
/// Most months.
const MONTHS: usize = 60;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) peers: Peers,
    pub(super) window: Window,
    pub(super) hours: Hours,
    pub(super) set: &'static DefinitionSet,
    pub(super) metrics: Vec<&'static Definition>,
    pub(super) standardise: bool,
    pub(super) overdispersion: Overdispersion,
    pub(super) target: Option<f64>,
    pub(super) focus: Focus,
}

/// A comparison.
pub(super) struct Compared {
    pub(super) units: Units,
    pub(super) coverage: Coverage,
    /// Series breaks inside the window, in words.
    broken: Vec<String>,
    /// One for each metric asked for, or why it is not covered.
    pub(super) metrics: Vec<Result<InFunnel, String>>,
}

/// One metric of all organisations.
pub(super) struct InFunnel {
    pub(super) funnel: Funnel,
    /// By organisation: what was counted.
    pub(super) counted: Vec<Pair>,
    /// By organisation: what was expected; none without calls.
    pub(super) expected: Vec<Option<f64>>,
    /// Organisations whose like-for-like share would be over 1 and was held there.
    pub(super) held: usize,
}

/// Reads a request, page fields left out.
pub(super) fn parse(request: v1::CompareOrganisationsRequest) -> Result<Put<Question>, Fault> {
    let v1::CompareOrganisationsRequest {
        peers: group,
        first_month,
        last_month,
        hours: hours_asked,
        metrics: names,
        definition_set,
        expected_by,
        overdispersion,
        target,
        anonymous_peers,
        focus_codes,
        page_size: _,
        page_token: _,
    } = request;
    let (peers, codes) = peers(group, EXAMPLE)?;
    let window = Window::parse(["first_month", "last_month"], &first_month, &last_month, MONTHS)?;
    let set = metrics::find_set(&definition_set)?;
    if names.is_empty() || names.len() > METRICS {
        let told = format!("must name 1 to {METRICS} shares, such as {}", super::question::shares(set));
        return Err(Fault::field("metrics", told));
    }
    let mut found: Vec<&'static Definition> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let metric = metric(format!("metrics[{at}]"), set, name)?;
        if found.iter().any(|other| other.name == metric.name) {
            return Err(Fault::field(
                format!("metrics[{at}]"),
                format!("{name} is there twice; name it once"),
            ));
        }
        found.push(metric);
    }
    if target.is_some_and(|target| !(0.0..=1.0).contains(&target)) {
        return Err(Fault::field("target", "must be a share from 0 to 1"));
    }
    if target.is_some() && found.len() > 1 {
        return Err(Fault::field("target", "goes with one metric only; ask for one, or leave it out"));
    }
    let question = Question {
        peers,
        window,
        hours: hours(hours_asked)?,
        set,
        metrics: found,
        standardise: standardise(expected_by)?,
        overdispersion: spread(overdispersion)?,
        target,
        focus: focus(anonymous_peers, focus_codes)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, names, Granularity::Month) })
}

fn standardise(number: i32) -> Result<bool, Fault> {
    match v1::ExpectedBy::try_from(number) {
        Ok(v1::ExpectedBy::Unspecified | v1::ExpectedBy::Composition) => Ok(true),
        Ok(v1::ExpectedBy::Target) => Ok(false),
        Err(_) => Err(Fault::field("expected_by", "must be EXPECTED_BY_COMPOSITION or EXPECTED_BY_TARGET")),
    }
}

fn spread(number: i32) -> Result<Overdispersion, Fault> {
    match v1::Overdispersion::try_from(number) {
        Ok(v1::Overdispersion::Unspecified | v1::Overdispersion::Robust) => Ok(Overdispersion::Robust),
        Ok(v1::Overdispersion::DersimonianLaird) => Ok(Overdispersion::DerSimonianLaird { trim_by: 0.1 }),
        Ok(v1::Overdispersion::None) => Ok(Overdispersion::None),
        Err(_) => Err(Fault::field("overdispersion", "is none of the values that this version knows")),
    }
}

/// Compares.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Compared, Fault> {
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.window.days();
    let mut units = Units::plan(&question.peers, &sources.directory, &attributions, &keys, days)?;
    let slots = sources.slots(days, question.hours, sources.kinds(days))?;
    let contributing = super::of_source(&mut units, &question.peers, sources, &slots)?;
    let broken = breaks::inside(&*sources.snapshot, days, &units.list, &contributing);
    let coverage = Coverage::of(sources, &units, &keys, &question.window)?;
    let shares: Vec<&Definition> =
        question.metrics.iter().copied().filter(|metric| is_share(metric)).collect();
    let mut tables = sources.tables(&units.groups(), &slots, KINDS, &shares, waiting)?.into_iter();
    let metrics: Vec<Result<InFunnel, String>> = question
        .metrics
        .iter()
        .map(|metric| match is_share(metric).then(|| tables.next()).flatten() {
            Some(table) => place(&table, units.list.len(), question),
            None => Err(format!(
                "is no share: numbers of calls need list sizes to be compared, and durations have no funnel; shares are {}",
                super::question::shares(question.set)
            )),
        })
        .collect();
    if metrics.iter().all(Result::is_err) {
        let told = question.metrics.iter().zip(&metrics);
        let told: Vec<String> = told
            .filter_map(|(metric, made)| Some(format!("{}: {}", metric.name, made.as_ref().err()?)))
            .collect();
        return Err(Fault::NotComparable(format!("no metric can be compared: {}", told.join("; "))));
    }
    Ok(Compared { units, coverage, metrics, broken: broken.iter().map(breaks::words).collect() })
}

/// Places all organisations in the funnel of one metric.
fn place(table: &Table, units: usize, question: &Question) -> Result<InFunnel, String> {
    let counted: Vec<Pair> = (0..units).map(|unit| table.sum(unit)).collect();
    let (numerators, denominators) = sum(counted.iter());
    if denominators == 0 {
        return Err("no organisation has calls to compute it from in the window".to_owned());
    }
    let target = question.target.unwrap_or_else(|| numerators as f64 / denominators as f64);
    let shares = peers_shares(table, units);
    let mut held = 0;
    let mut expected = Vec::with_capacity(units);
    let placed: Vec<Placed> = counted
        .iter()
        .enumerate()
        .map(|(unit, &(numerator, denominator))| {
            let (observed, size) = (numerator as f64, denominator as f64);
            if denominator == 0 {
                expected.push(None);
                return Placed { observed, denominator: size };
            }
            if !question.standardise {
                expected.push(Some(target * size));
                return Placed { observed, denominator: size };
            }
            let own: f64 = table
                .unit(unit)
                .iter()
                .zip(&shares)
                .filter_map(|(pair, share)| Some(pair.as_ref()?.1 as f64 * share))
                .sum();
            expected.push(Some(own));
            let share = if own > 0.0 { target * observed / own } else { observed / size };
            held += usize::from(share > 1.0);
            Placed { observed: share.min(1.0) * size, denominator: size }
        })
        .collect();
    let options = FunnelOptions {
        target: Some(target),
        overdispersion: question.overdispersion,
        ..FunnelOptions::new(Measure::Proportion)
    };
    let funnel = funnel(&placed, &options).map_err(|fault| fault.to_string())?;
    Ok(InFunnel { funnel, counted, expected, held })
}

/// The share that all organisations together have in each kind of day and band.
fn peers_shares(table: &Table, units: usize) -> Vec<f64> {
    let mut sums: Vec<Pair> = vec![(0, 0); KINDS];
    for unit in 0..units {
        for (sum, pair) in sums.iter_mut().zip(table.unit(unit)) {
            if let Some((numerator, denominator)) = pair {
                *sum = (sum.0 + numerator, sum.1 + denominator);
            }
        }
    }
    sums.into_iter().map(|(n, d)| if d > 0 { n as f64 / d as f64 } else { 0.0 }).collect()
}

impl Compared {
    /// Metrics that are covered, with their funnels.
    pub(super) fn covered<'a>(
        &'a self,
        question: &'a Question,
    ) -> impl Iterator<Item = (&'static Definition, &'a InFunnel)> {
        let made = question.metrics.iter().zip(&self.metrics);
        made.filter_map(|(metric, made)| Some((*metric, made.as_ref().ok()?)))
    }

    /// What a reader has to know beside the numbers.
    pub(super) fn notes(&self, question: &Question) -> Vec<String> {
        let mut notes = vec![self.coverage.words()];
        if question.standardise {
            notes.push(
                "expected is by kind of day and NHS band, by the shares of all organisations in the answer; staffing and lines are never adjusted for"
                    .to_owned(),
            );
        }
        if let Some(first) = self.broken.first() {
            notes.push(format!(
                "{} inside the window, {first} among them: what lies before and after is not one series",
                many(self.broken.len())
            ));
        }
        if self.units.rest {
            notes.push(
                "calls of shared accounts, or of practices without a membership, belong to none of the organisations and are left out".to_owned(),
            );
        }
        let held: usize = self.metrics.iter().flatten().map(|made| made.held).sum();
        if held > 0 {
            notes.push(format!("{held} like-for-like shares would be over 1 and are held there"));
        }
        notes
    }
}

fn many(breaks: usize) -> String {
    if breaks == 1 {
        "1 recorded series break is".to_owned()
    } else {
        format!("{breaks} recorded series breaks are")
    }
}

impl InFunnel {
    /// Whether an organisation lies outside the 99.8% limits.
    pub(super) fn flags(&self, unit: usize) -> bool {
        use crate::compare::funnel::Class;
        let class = self.funnel.points[unit].as_ref().map(|point| point.class);
        matches!(class, Ok(Class::Above998 | Class::Below998))
    }

    /// Places of organisations that have one.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, &Point)> {
        self.funnel.points.iter().enumerate().filter_map(|(unit, point)| Some((unit, point.as_ref().ok()?)))
    }
}
