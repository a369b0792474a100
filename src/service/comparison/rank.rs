//! RankOrganisations: refused with every reason at once, or expected ranks with intervals and bands.

use super::breaks;
use super::coverage::Coverage;
use super::gather::{Pair, Sources, Table};
use super::question::{Focus, Peers, Put, Touched, Window, focus, hours, peers, share, worst, worst_share};
use super::units::Units;
use crate::calendar::{Granularity, Hours};
use crate::compare::ranks::{
    AmongWorst, ExpectedRank, ExpectedRanks, RankRefusal, Worst, expected_ranks, probability_among_worst,
    worst_of,
};
use crate::compare::refusals::{
    RankingDecision, RankingFacts, RankingLimits, RankingReason, RankingRefusal, decide,
};
use crate::compare::shrinkage::{Shrunk, rankability, shrink_units};
use crate::compare::variance::{Scale, VarianceComponents, variance_components};
use crate::definitions::{Definition, DefinitionSet};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::Waiting;
use crate::service::metrics::{self, Keys};

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
    pub(super) metric: &'static Definition,
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
}

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
    let found = share("metric", set, &metric)?;
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
        }
    }
    let question = Question {
        peers,
        window,
        hours: hours(hours_asked)?,
        set,
        metric: found,
        worst: worst(worst_end)?,
        share: worst_share(share_asked)?,
        least_denominator,
        acknowledged,
        on_behalf_of: on_behalf_of.trim().to_owned(),
        purpose: purpose.trim().to_owned(),
        focus: focus(anonymous_peers, focus_codes)?,
    };
    Ok(Put { question, touched: Touched::new(&codes, vec![metric], Granularity::Month) })
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
    let attributions = sources.snapshot.attributions();
    let keys = Keys::of(&attributions);
    let days = question.window.days();
    let mut units = Units::plan(&question.peers, &sources.directory, &attributions, &keys, days)?;
    let months = |day: crate::calendar::Day, _band: usize| {
        let at = question.window.months.partition_point(|month| month.end <= day);
        u32::try_from(at).ok()
    };
    let slots = sources.slots(days, question.hours, months)?;
    let contributing = super::of_source(&mut units, &question.peers, sources, &slots)?;
    let coverage = Coverage::of(sources, &units, &keys, &question.window)?;
    let wide = question.window.months.len();
    let tables = sources.tables(&units.groups(), &slots, wide, &[question.metric], waiting)?;
    let table = tables.into_iter().next().ok_or_else(|| Fault::Internal("no table was made".to_owned()))?;

    let counted: Vec<Pair> = (0..units.list.len()).map(|unit| table.sum(unit)).collect();
    let mut places = places(&counted, question);
    let ranked: Vec<usize> = (0..places.len()).filter(|&unit| places[unit].is_ok()).collect();
    let values: Vec<Vec<Option<f64>>> = ranked.iter().map(|&unit| transformed(&table, unit)).collect();
    let months_with_data = (0..wide).filter(|&month| values.iter().any(|row| row[month].is_some())).count();
    let variances = variance_components(&values);
    let rankable = variances.as_ref().ok().and_then(|components| {
        let of_means: Option<Vec<f64>> =
            (0..ranked.len()).map(|at| components.variance_of_mean(at)).collect();
        rankability(components.tau2, &of_means?).ok()
    });
    let broken = breaks::inside(&*sources.snapshot, days, &units.list, &contributing);
    let facts = RankingFacts {
        months: months_with_data as u32,
        rankability: rankable,
        coverage: coverage.share(),
        smallest_volume: ranked.iter().map(|&unit| counted[unit].1 as f64).reduce(f64::min),
        organisations: ranked.len(),
        methods_differ: contributing.len() > 1,
        months_not_comparable: not_comparable(&values, wide),
        series_break: !broken.is_empty(),
        definition_changed: false,
        gate_denies: false,
    };
    let RankingDecision { mut refused, acknowledged, idle: _ } =
        decide(&facts, &RankingLimits::default(), &question.acknowledged);
    if !refused.is_empty() {
        for refusal in refused.iter_mut().filter(|refusal| refusal.reason == RankingReason::SeriesBreak) {
            if let Some(first) = broken.first() {
                refusal.message = format!("{}: {}", refusal.message, breaks::words(first));
            }
        }
        return Err(Fault::Ranking(refused));
    }
    let components = variances.map_err(|fault| Fault::NotComparable(fault.to_string()))?;
    let shrunk: Option<Vec<Shrunk>> = shrink_units(&components).into_iter().collect();
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
    let months = (0..units.list.len()).map(|unit| table.unit(unit).iter().flatten().count()).collect();
    Ok(Ranked {
        units,
        coverage,
        counted,
        months,
        places,
        shrunk,
        ranks,
        among,
        components,
        rankability: rankable.unwrap_or(0.0),
        months_with_data,
        acknowledged,
    })
}

/// Which organisations can be ranked; their places are numbered later.
fn places(counted: &[Pair], question: &Question) -> Vec<Result<usize, String>> {
    let place = |&(numerator, denominator): &Pair| {
        if denominator == 0 {
            Err("no calls to compute it from in the window".to_owned())
        } else if numerator < 0 || numerator > denominator {
            Err("the numerator is over the denominator".to_owned())
        } else if denominator < question.least_denominator {
            Err(format!("a denominator under {} over the window", question.least_denominator))
        } else {
            Ok(0)
        }
    };
    counted.iter().map(place).collect()
}

fn transformed(table: &Table, unit: usize) -> Vec<Option<f64>> {
    let place = |pair: &Option<Pair>| {
        let (numerator, denominator) = (*pair)?;
        Scale::ArcsineRoot.transform(numerator as f64, denominator as f64).ok()
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
