//! CompareOrganisations: measures of organisations in funnels, side by side, like for like.

use super::breaks;
use super::compare_numbers::{self, Numbers};
use super::coverage::Coverage;
use super::gather::{KINDS, Sources};
use super::gathering::Gathering;
use super::measure::{Kind, Measure, Nature, Of};
use super::question::{Focus, Peers, Put, Touched, Window, focus, hours, no_hours, peers};
use super::table::Table;
use super::units::Units;
use crate::access::SmallNumbers;
use crate::calendar::{Granularity, Hours};
use crate::compare::Undefined;
use crate::compare::funnel::{Funnel, FunnelOptions, Overdispersion, Point, Unit as Placed, funnel};
use crate::definitions::{Definition, DefinitionSet};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::house::Waiting;
use crate::service::metrics;

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
    pub(super) metrics: Vec<Measure>,
    pub(super) standardise: bool,
    pub(super) overdispersion: Overdispersion,
    pub(super) target: Option<f64>,
    pub(super) focus: Focus,
}

/// A comparison.
pub(super) struct Compared {
    pub(super) units: Units,
    pub(super) coverage: Coverage,
    /// One for each measure asked for, or why it is not covered.
    pub(super) metrics: Vec<Result<InFunnel, String>>,
    pub(super) small: SmallNumbers,
    /// What a reader has to know beside the numbers.
    notes: Vec<String>,
}

/// One measure of all organisations.
pub(super) struct InFunnel {
    pub(super) funnel: Funnel,
    pub(super) numbers: Numbers,
    /// By organisation: where it stands along the funnel, its denominator like for like.
    pub(super) sizes: Vec<f64>,
    /// Organisations whose like-for-like share would be over 1 and was held there.
    held: usize,
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
        let told = format!("must name 1 to {METRICS} measures, such as {}", super::measure::shares(set));
        return Err(Fault::field("metrics", told));
    }
    let mut found: Vec<Measure> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let measure = Measure::parse(format!("metrics[{at}]"), set, name)?;
        if found.iter().any(|other| other.name == measure.name) {
            let told = format!("{} is there twice; name it once", measure.name);
            return Err(Fault::field(format!("metrics[{at}]"), told));
        }
        found.push(measure);
    }
    if let (Some(target), [only]) = (target, found.as_slice()) {
        let share = only.nature() == Nature::Share;
        if !(if share { (0.0..=1.0).contains(&target) } else { target.is_finite() && target > 0.0 }) {
            let told = if share { "must be a share from 0 to 1" } else { "must be a number over 0" };
            return Err(Fault::field("target", told));
        }
    }
    if target.is_some() && found.len() > 1 {
        return Err(Fault::field("target", "goes with one measure only; ask for one, or leave it out"));
    }
    no_hours(hours_asked, &found)?;
    let touched = found.iter().map(Measure::bare).collect();
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
    Ok(Put { question, touched: Touched::new(&codes, touched, Granularity::Month) })
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
    let calls: Vec<&Definition> = question.metrics.iter().filter_map(Measure::metric).collect();
    let over = (&question.window, question.hours);
    let gathering = Gathering::new(sources, &question.peers, over, !calls.is_empty(), waiting)?;
    let small = sources.admission.grain.small_numbers();
    let days = question.window.days();
    let slots = sources.slots(days, question.hours, sources.kinds(days))?;
    // One after the other: a table of all of them would be eight times as large.
    let groups = gathering.units.groups();
    let table = |metric: &Definition| {
        let tables = gathering.counting.tables_by_kind(&groups, &slots, KINDS, &[metric])?;
        tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))
    };
    let mut metrics = Vec::with_capacity(question.metrics.len());
    for (at, measure) in question.metrics.iter().enumerate() {
        let field = format!("metrics[{at}]");
        metrics.push(match numbers(question, &gathering, (&field, measure), &table, small) {
            Ok(numbers) => place(numbers, question),
            Err(Fault::NotComparable(why)) => Err(why),
            Err(fault) => return Err(fault),
        });
    }
    if metrics.iter().all(Result::is_err) {
        let told = question.metrics.iter().zip(&metrics);
        let told: Vec<String> = told
            .filter_map(|(metric, made)| Some(format!("{}: {}", metric.name, made.as_ref().err()?)))
            .collect();
        return Err(Fault::NotComparable(format!("no measure can be compared: {}", told.join("; "))));
    }
    let of_elsewhere = metrics.iter_mut().flatten().find_map(|made| made.numbers.coverage.take());
    let coverage = match of_elsewhere.filter(|_| calls.is_empty()) {
        Some(coverage) => coverage,
        None => gathering.coverage_of_calls()?,
    };
    let notes = notes(question, &gathering, &metrics, coverage.words());
    Ok(Compared { units: gathering.units, coverage, metrics, small, notes })
}

/// The numbers of one measure.
fn numbers(
    question: &Question,
    gathering: &Gathering<'_>,
    (field, measure): (&str, &Measure),
    table: &dyn Fn(&Definition) -> Result<Table, Fault>,
    small: SmallNumbers,
) -> Result<Numbers, Fault> {
    match (&measure.of, measure.nature()) {
        (Of::Calls(metric), Nature::Share) => {
            let metric: &Definition = metric;
            Ok(compare_numbers::of_share(gathering, &table(metric)?, small))
        }
        (Of::Calls(metric), Nature::Calls) => {
            compare_numbers::of_calls(gathering, metric, question.hours, small)
        }
        (Of::Elsewhere(..), Nature::Share | Nature::Rate) => {
            compare_numbers::of_elsewhere(gathering, field, measure, question.standardise, small)
        }
        (_, nature) => Err(Fault::NotComparable(format!(
            "is {}, for which limits by chance mean nothing; shares are {}",
            nature.words(),
            super::measure::shares(question.set)
        ))),
    }
}

/// Places all organisations in the funnel of one measure.
fn place(numbers: Numbers, question: &Question) -> Result<InFunnel, String> {
    let kind = numbers.kind;
    let kept = |unit: &usize| numbers.left_out[*unit].is_none();
    let units = numbers.counted.len();
    let (numerators, denominators) = (0..units)
        .filter(kept)
        .fold((0.0, 0.0), |(n, d), unit| (n + numbers.counted[unit].0, d + numbers.counted[unit].1));
    if denominators <= 0.0 {
        let mut told = vec!["no organisation has anything to compute it from in the window".to_owned()];
        told.extend(numbers.notes);
        return Err(told.join(": "));
    }
    let own = if kind == Kind::Ratio { 1.0 } else { numerators / denominators };
    // A target that is given moves the centre alone: what is like for like stays a matter of the peers.
    let target = question.target.map_or(own, |target| target / kind.times());
    if kind != Kind::Share && target <= 0.0 {
        return Err(Undefined::ZeroTarget.to_string());
    }
    let mut held = 0;
    let mut numbers = numbers;
    let placed: Vec<Placed> = (0..units)
        .map(|unit| {
            let (observed, size) = numbers.counted[unit];
            if numbers.left_out[unit].is_some() {
                return Placed { observed: 0.0, denominator: 0.0 };
            }
            if !question.standardise && kind != Kind::Ratio {
                numbers.expected[unit] = target * size;
                return Placed { observed, denominator: size };
            }
            let expected = numbers.expected[unit];
            match kind {
                Kind::Share => {
                    let share = if expected > 0.0 { own * observed / expected } else { observed / size };
                    held += usize::from(share > 1.0);
                    Placed { observed: share.min(1.0) * size, denominator: size }
                }
                Kind::Rate | Kind::Number => {
                    let denominator = if own > 0.0 { expected / own } else { size };
                    Placed { observed, denominator }
                }
                Kind::Ratio => Placed { observed, denominator: size },
            }
        })
        .collect();
    let options = FunnelOptions {
        target: Some(target),
        overdispersion: question.overdispersion,
        ..FunnelOptions::new(kind.of_funnel())
    };
    let funnel = funnel(&placed, &options).map_err(|fault| fault.to_string())?;
    let sizes = placed.iter().map(|unit| unit.denominator).collect();
    Ok(InFunnel { funnel, numbers, sizes, held })
}

impl Compared {
    /// Measures that are covered, with their funnels.
    pub(super) fn covered<'a>(
        &'a self,
        question: &'a Question,
    ) -> impl Iterator<Item = (&'a Measure, &'a InFunnel)> {
        let made = question.metrics.iter().zip(&self.metrics);
        made.filter_map(|(metric, made)| Some((metric, made.as_ref().ok()?)))
    }

    /// What a reader has to know beside the numbers; the first says how much is there.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn notes(
    question: &Question,
    gathering: &Gathering<'_>,
    metrics: &[Result<InFunnel, String>],
    coverage: String,
) -> Vec<String> {
    let mut notes = vec![coverage];
    notes.extend(gathering.notes.iter().cloned());
    notes.extend(gathering.units.not_found(&question.focus));
    let of_calls = || question.metrics.iter().any(|one| one.metric().is_some());
    if question.standardise && of_calls() {
        notes.push(
            "expected is by kind of day and NHS band, by the shares of all organisations in the answer; staffing and lines are never adjusted for"
                .to_owned(),
        );
    }
    let made = || metrics.iter().flatten();
    let contributing = made().flat_map(|made| made.numbers.sources.iter().cloned()).collect();
    let days = question.window.days();
    let broken = breaks::inside(&*gathering.sources.snapshot, days, &gathering.units.list, &contributing);
    if let Some(first) = broken.first() {
        notes.push(format!(
            "{} inside the window, {} among them: what lies before and after is not one series",
            many(broken.len()),
            breaks::words(first)
        ));
    }
    notes.extend(made().flat_map(|made| made.numbers.notes.iter().cloned()));
    if gathering.units.rest && of_calls() {
        notes.push(super::units::REST.to_owned());
    }
    let held: usize = made().map(|made| made.held).sum();
    if held > 0 {
        notes.push(format!("{held} like-for-like shares would be over 1 and are held there"));
    }
    notes
}

fn many(breaks: usize) -> String {
    if breaks == 1 {
        "1 recorded series break is".to_owned()
    } else {
        format!("{breaks} recorded series breaks are")
    }
}

impl InFunnel {
    /// What its values are laid over, in words.
    pub(super) fn laid_over(&self, measure: &Measure) -> String {
        self.numbers.laid_over.clone().unwrap_or_else(|| measure.denominator(self.numbers.kind))
    }

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
