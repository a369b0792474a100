//! RankOrganisations: refused with every reason at once, or expected ranks with intervals and bands.

use super::breaks;
use super::coverage::Coverage;
use super::gather::Sources;
use super::gathering::{GAP, Gathering, HIDDEN, Monthly, NO_CALLS, hidden};
use super::measure::{Kind, Measure, Nature, Of};
use super::question::{
    Focus, Peers, Put, Touched, Window, focus, hours, no_hours, peers, worst, worst_share,
};
use super::table::{Pair, Table};
use super::units::Units;
use crate::access::{Ranking, SmallNumbers};
use crate::calendar::{Granularity, Hours};
use crate::compare::ranks::{
    AmongWorst, ExpectedRank, ExpectedRanks, RankRefusal, Worst, expected_ranks, probability_among_worst,
    worst_of,
};
use crate::compare::refusals::{
    RankingDecision, RankingFacts, RankingLimits, RankingReason, RankingRefusal, decide,
};
use crate::compare::shrinkage::{Shrunk, rankability, shrink_units_by};
use crate::compare::variance::{VarianceComponents, variance_components};
use crate::definitions::DefinitionSet;
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::Waiting;
use crate::service::metrics;

const EXAMPLE: &str = r#"{"peers":{"organisation_codes":["QHG"]},"first_month":"2025-03","last_month":"2026-02","metric":"missed_share_of_inbound","worst":"WORST_HIGHEST"}"#;
const MONTHS: usize = 60;
/// A month in which fewer than this share of the organisations of the best month have calls is not comparable with it.
const COMPARABLE: f64 = 0.8;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) peers: Peers,
    pub(super) window: Window,
    pub(super) hours: Hours,
    pub(super) set: &'static DefinitionSet,
    pub(super) measure: Measure,
    pub(super) worst: Worst,
    pub(super) share: f64,
    pub(super) least_denominator: i64,
    pub(super) acknowledged: Vec<RankingReason>,
    pub(super) on_behalf_of: String,
    pub(super) purpose: String,
    pub(super) focus: Focus,
}

/// A ranking.
pub(super) struct Ranked {
    pub(super) units: Units,
    pub(super) coverage: Coverage,
    pub(super) counted: Vec<Pair>,
    /// By organisation: months with a value.
    pub(super) months: Vec<usize>,
    /// By organisation: its place among those ranked, or why it has none.
    pub(super) places: Vec<Result<usize, String>>,
    pub(super) shrunk: Vec<Shrunk>,
    pub(super) ranks: ExpectedRanks,
    pub(super) among: AmongWorst,
    pub(super) components: VarianceComponents,
    pub(super) rankability: f64,
    pub(super) months_with_data: usize,
    pub(super) acknowledged: Vec<RankingRefusal>,
    pub(super) kind: Kind,
    /// What it is laid over, in words.
    pub(super) laid_over: String,
    /// Sources whose numbers were used.
    pub(super) source_ids: Vec<String>,
    pub(super) small: SmallNumbers,
    /// What a reader has to know beside the numbers.
    pub(super) notes: Vec<String>,
}

/// What can be ranked by.
const TAKES: &[Nature] = &[Nature::Share, Nature::Rate, Nature::Calls];

/// Reads a request, page fields left out.
pub(super) fn parse(request: v1::RankOrganisationsRequest) -> Result<Put<Question>, Fault> {
    let v1::RankOrganisationsRequest {
        peers: group,
        first_month,
        last_month,
        hours: hours_asked,
        metric,
        definition_set,
        worst: worst_end,
        worst_share: share_asked,
        least_denominator,
        acknowledge,
        anonymous_peers,
        focus_codes,
        page_size: _,
        page_token: _,
    } = request;
    let (peers, codes) = peers(group, EXAMPLE)?;
    let window = Window::parse(["first_month", "last_month"], &first_month, &last_month, MONTHS)?;
    let set = metrics::find_set(&definition_set)?;
    let measure = Measure::one_of("metric", set, &metric, TAKES)?;
    no_hours(hours_asked, std::slice::from_ref(&measure))?;
    let touched = vec![measure.bare()];
    if least_denominator < 0 {
        return Err(Fault::field("least_denominator", "must be 0 or more"));
    }
    let v1::Acknowledgement { reasons, on_behalf_of, purpose } = acknowledge.unwrap_or_default();
    let acknowledged = acknowledgements(&reasons)?;
    if !acknowledged.is_empty() {
        for (field, text, most) in
            [("acknowledge.on_behalf_of", &on_behalf_of, 128), ("acknowledge.purpose", &purpose, 256)]
        {
            let length = text.trim().chars().count();
            if length == 0 || length > most {
                return Err(Fault::field(
                    field,
                    format!("must be 1 to {most} characters where reasons are acknowledged"),
                ));
            }
            fields::fit(text.trim()).map_err(|fault| Fault::field(field, fault))?;
        }
    }
    let question = Question {
        peers,
        window,
        hours: hours(hours_asked)?,
        set,
        measure,
        worst: worst(worst_end)?,
        share: worst_share(share_asked)?,
        least_denominator,
        acknowledged,
        on_behalf_of: on_behalf_of.trim().to_owned(),
        purpose: purpose.trim().to_owned(),
        focus: focus(anonymous_peers, focus_codes)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, touched, Granularity::Month) })
}

fn acknowledgements(names: &[String]) -> Result<Vec<RankingReason>, Fault> {
    let mut found = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let field = format!("acknowledge.reasons[{at}]");
        let reason: RankingReason = name.parse().map_err(|fault| {
            Fault::field(field.clone(), format!("{fault}; and is {:?}", fields::shown(name)))
        })?;
        if found.contains(&reason) {
            return Err(Fault::field(field, format!("{name} is there twice; name it once")));
        }
        found.push(reason);
    }
    Ok(found)
}

/// Ranks, or refuses.
pub(super) fn answer(question: &Question, sources: &Sources, waiting: &Waiting) -> Result<Ranked, Fault> {
    let of_calls = matches!(question.measure.of, Of::Calls(_));
    let over = (&question.window, question.hours);
    let gathering = Gathering::new(sources, &question.peers, over, of_calls, waiting)?;
    let Monthly { table, kind, laid_over, sources: from, methods_differ, changed, coverage, notes } =
        gathering.by_month("metric", &question.measure, true)?;
    let coverage = match coverage {
        Some(coverage) => coverage,
        None => gathering.coverage_of_calls()?,
    };
    let small = sources.admission.grain.small_numbers();
    let units = gathering.units.list.len();
    let counted: Vec<Pair> = (0..units).map(|unit| table.sum(unit)).collect();
    let mut places = places(&table, &counted, kind, question, small);
    let ranked: Vec<usize> = (0..places.len()).filter(|&unit| places[unit].is_ok()).collect();
    let values: Vec<Vec<Option<f64>>> = ranked.iter().map(|&unit| transformed(&table, kind, unit)).collect();
    let wide = question.window.months.len();
    let months_with_data = (0..wide).filter(|&month| values.iter().any(|row| row[month].is_some())).count();
    let variances = variance_components(&values);
    let chances = chances(&table, kind, &counted, &ranked);
    let of_means = variances.as_ref().map(|components| components.variances_of_means(&chances));
    let of_means = of_means.unwrap_or_default();
    let rankable = variances.as_ref().ok().and_then(|components| {
        let of_means: Option<Vec<f64>> = of_means.iter().copied().collect();
        rankability(components.tau2, &of_means?).ok()
    });
    let days = question.window.days();
    let broken = breaks::inside(&*sources.snapshot, days, &gathering.units.list, &from);
    let denied = match &sources.admission.ranking {
        Ranking::AsAsked => None,
        Ranking::Denied(denial) => Some(denial.to_string()),
    };
    let facts = RankingFacts {
        months: months_with_data as u32,
        rankability: rankable,
        coverage: coverage.share(),
        smallest_volume: smallest_volume(kind, &counted, &ranked),
        organisations: ranked.len(),
        methods_differ,
        months_not_comparable: not_comparable(&values, wide),
        series_break: !broken.is_empty(),
        definition_changed: changed.is_some(),
        gate_denies: denied.is_some(),
    };
    let RankingDecision { refused, acknowledged, idle } =
        decide(&facts, &RankingLimits::default(), &question.acknowledged);
    if !refused.is_empty() {
        let broken = broken.first().map(breaks::words);
        return Err(Fault::Ranking(explained(refused, [broken, changed, denied])));
    }
    let components = variances.map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let shrunk: Option<Vec<Shrunk>> = shrink_units_by(&components, &of_means).into_iter().collect();
    let shrunk =
        shrunk.ok_or_else(|| Fault::NotComparable("an organisation has no month with a value".to_owned()))?;
    let posteriors: Vec<_> = shrunk.iter().map(|unit| unit.posterior()).collect();
    let no_rank = |fault: RankRefusal| Fault::NotComparable(fault.to_string());
    let k = worst_of(question.share, ranked.len()).map_err(no_rank)?;
    let among = probability_among_worst(&posteriors, question.worst, k).map_err(no_rank)?;
    let ranks = expected_ranks(&posteriors, question.worst).map_err(no_rank)?;
    for (at, unit) in ranked.into_iter().enumerate() {
        places[unit] = Ok(at);
    }
    let mut notes = self::notes(&gathering, &coverage, of_calls, &idle, notes);
    notes.extend(gathering.units.not_found(&question.focus));
    Ok(Ranked {
        months: (0..units).map(|unit| table.unit(unit).iter().flatten().count()).collect(),
        units: gathering.units,
        coverage,
        counted,
        places,
        shrunk,
        ranks,
        among,
        components,
        rankability: rankable.unwrap_or(0.0),
        months_with_data,
        acknowledged,
        kind,
        laid_over: laid_over.unwrap_or_else(|| question.measure.denominator(kind)),
        source_ids: from.iter().map(ToString::to_string).collect(),
        small,
        notes,
    })
}

fn notes(
    gathering: &Gathering<'_>,
    coverage: &Coverage,
    of_calls: bool,
    idle: &[RankingReason],
    more: Vec<String>,
) -> Vec<String> {
    let mut notes = vec![coverage.words()];
    notes.extend(gathering.notes.iter().cloned());
    notes.extend(more);
    if !idle.is_empty() {
        let idle: Vec<&str> = idle.iter().map(|reason| reason.name()).collect();
        notes.push(format!("acknowledged, though not against this ranking: {}", idle.join(", ")));
    }
    if gathering.units.rest && of_calls {
        notes.push(super::units::REST.to_owned());
    }
    notes
}

/// Reasons with what is behind them: which break, which change of definition, what the gate says.
fn explained(mut refused: Vec<RankingRefusal>, behind: [Option<String>; 3]) -> Vec<RankingRefusal> {
    let [broken, changed, denied] = behind;
    for refusal in &mut refused {
        let more = match refusal.reason {
            RankingReason::SeriesBreak => &broken,
            RankingReason::DefinitionChange => &changed,
            RankingReason::GateDenies => &denied,
            _ => &None,
        };
        if let Some(more) = more {
            refusal.message = format!("{}: {more}", refusal.message);
        }
    }
    refused
}

/// Which organisations can be ranked; their places are numbered later.
fn places(
    table: &Table,
    counted: &[Pair],
    kind: Kind,
    question: &Question,
    small: SmallNumbers,
) -> Vec<Result<usize, String>> {
    let nothing = if matches!(question.measure.of, Of::Calls(_)) && kind == Kind::Share {
        NO_CALLS
    } else {
        "no month with a value and what it is laid over"
    };
    let place = |(unit, &(numerator, denominator)): (usize, &Pair)| {
        if denominator <= 0.0 {
            Err(if table.has_gap(unit) { GAP } else { nothing }.to_owned())
        } else if kind == Kind::Share && numerator > denominator {
            Err("the numerator is over the denominator".to_owned())
        } else if hidden(small, kind, (numerator, denominator)) {
            Err(HIDDEN.to_owned())
        } else if denominator < question.least_denominator as f64 {
            Err(format!("a denominator under {} over the window", question.least_denominator))
        } else {
            Ok(0)
        }
    };
    counted.iter().enumerate().map(place).collect()
}

/// The smallest volume of a ranked organisation: of a share its denominator; of a rate or ratio, whose denominators say nothing about how much was counted,
/// the number that was to be expected.
fn smallest_volume(kind: Kind, counted: &[Pair], ranked: &[usize]) -> Option<f64> {
    let rate = volume_of_one(kind, counted, ranked);
    ranked.iter().map(|&unit| rate * counted[unit].1).reduce(f64::min).filter(|volume| volume.is_finite())
}

/// What a denominator of 1 counts for as volume.
fn volume_of_one(kind: Kind, counted: &[Pair], ranked: &[usize]) -> f64 {
    let sum = |of: fn(&Pair) -> f64| ranked.iter().map(|&unit| of(&counted[unit])).sum::<f64>();
    match kind {
        Kind::Share | Kind::Number | Kind::Ratio => 1.0,
        Kind::Rate => sum(|pair| pair.0) / sum(|pair| pair.1),
    }
}

/// The variance that chance alone gives each month of those ranked; none where there is no value.
fn chances(table: &Table, kind: Kind, counted: &[Pair], ranked: &[usize]) -> Vec<Vec<Option<f64>>> {
    let (rate, scale) = (volume_of_one(kind, counted, ranked), kind.scale());
    let of = |pair: &Option<Pair>| {
        let (numerator, denominator) = (*pair)?;
        scale.transform(numerator, denominator).ok().map(|_| scale.chance(rate * denominator))
    };
    ranked.iter().map(|&unit| table.unit(unit).iter().map(of).collect()).collect()
}

fn transformed(table: &Table, kind: Kind, unit: usize) -> Vec<Option<f64>> {
    let place = |pair: &Option<Pair>| {
        let (numerator, denominator) = (*pair)?;
        kind.scale().transform(numerator, denominator).ok()
    };
    table.unit(unit).iter().map(place).collect()
}

/// Whether a month has values of far fewer organisations than the best one.
fn not_comparable(values: &[Vec<Option<f64>>], months: usize) -> bool {
    let with = |month: usize| values.iter().filter(|row| row[month].is_some()).count();
    let counts: Vec<usize> = (0..months).map(with).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    counts.iter().any(|&count| (count as f64) < COMPARABLE * most as f64)
}

impl Ranked {
    /// The rank of an organisation that has one.
    pub(super) fn rank(&self, unit: usize) -> Option<(usize, &ExpectedRank)> {
        let at = *self.places[unit].as_ref().ok()?;
        Some((at, self.ranks.ranks.get(at)?))
    }

    /// The organisations, worst first, then those without a rank.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.units.list.len()).collect();
        let key = |unit: usize| self.rank(unit).map_or(f64::INFINITY, |(_, rank)| rank.expected);
        order.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        order
    }
}
