//! A ranking as messages.

use callgauge_schema::Moment;

use super::compare_render::{Counts, shown, shown_value};
use super::question::ends;
use super::rank::{Question, Ranked};
use crate::compare::ranks::{IntervalMethod, RankBand, RankMethod};
use crate::compare::variance::VarianceMethod;
use crate::proto::v1;

/// The answer without its rows.
pub(super) fn head(
    question: &Question,
    ranked: &Ranked,
    answered_at: Moment,
) -> v1::RankOrganisationsResponse {
    let (first_day, last_day) = ends(question.window.days());
    let bands = ranked.among.bands();
    let in_band = |band: RankBand| bands.iter().filter(|&&found| found == band).count() as i64;
    v1::RankOrganisationsResponse {
        organisations: Vec::new(),
        next_page_token: String::new(),
        total_size: ranked.units.len() as i64,
        first_day,
        last_day,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: notes(ranked),
        metric: question.measure.name.clone(),
        denominator: ranked.laid_over.clone(),
        ranked: bands.len() as i64,
        left_out: (ranked.units.len() - bands.len()) as i64,
        among_worst: ranked.among.worst as i64,
        surely: in_band(RankBand::Surely),
        surely_not: in_band(RankBand::SurelyNot),
        cannot_be_told: in_band(RankBand::CannotBeTold),
        rankability: ranked.small.made(ranked.rankability),
        tau_squared: ranked.small.made(ranked.components.tau2),
        sigma_squared: ranked.small.made(ranked.components.sigma2_e),
        method: method(ranked),
        coverage: ranked.coverage.share().unwrap_or_default(),
        months: ranked.months_with_data as i32,
        acknowledged: ranked
            .acknowledged
            .iter()
            .map(|refusal| v1::StatedReason {
                reason: refusal.reason.name().to_owned(),
                message: refusal.message.clone(),
            })
            .collect(),
        on_behalf_of: if ranked.acknowledged.is_empty() {
            String::new()
        } else {
            question.on_behalf_of.clone()
        },
        purpose: if ranked.acknowledged.is_empty() { String::new() } else { question.purpose.clone() },
        kind: ranked.kind.wire(),
        source_ids: ranked.source_ids.clone(),
        small_numbers_hidden: ranked.small.hidden(),
    }
}

/// One organisation's row.
pub(super) fn row(ranked: &Ranked, unit: usize) -> v1::RankedOrganisation {
    use v1::ranked_organisation::Result as Wire;
    let (small, kind, pair) = (ranked.small, ranked.kind, ranked.counted[unit]);
    let result = match (&ranked.places[unit], ranked.rank(unit)) {
        (Ok(_), Some((at, rank))) => {
            let probability = ranked.among.probability[at];
            Wire::Place(v1::RankPlace {
                value: shown_value(small, kind, pair).unwrap_or_default(),
                shrunk: small.made(kind.times() * kind.scale().back(ranked.shrunk[at].mean)),
                expected_rank: rank.expected,
                lower_rank: rank.lower as i32,
                upper_rank: rank.upper as i32,
                probability,
                band: match RankBand::of(probability) {
                    RankBand::Surely => v1::RankBand::Surely,
                    RankBand::SurelyNot => v1::RankBand::SurelyNot,
                    RankBand::CannotBeTold => v1::RankBand::CannotBeTold,
                }
                .into(),
            })
        }
        (Ok(_), None) => Wire::LeftOut("has no rank".to_owned()),
        (Err(why), _) => Wire::LeftOut(why.clone()),
    };
    let placed = matches!(result, Wire::Place(_));
    let told = if small.hidden() && !placed { (0.0, 0.0) } else { shown(small, kind, pair) };
    let Counts { numerator, denominator, exact_numerator, exact_denominator } = Counts::of(told);
    v1::RankedOrganisation {
        organisation: Some(ranked.units.list[unit].organisation.clone()),
        numerator,
        denominator,
        months: ranked.months[unit] as i32,
        exact_numerator,
        exact_denominator,
        result: Some(result),
    }
}

/// The rows of those of whom nobody knows whether they are peers.
pub(super) fn unplaced(ranked: &Ranked) -> impl Iterator<Item = v1::RankedOrganisation> {
    ranked.units.unplaced.iter().map(|(organisation, why)| v1::RankedOrganisation {
        organisation: Some(organisation.clone()),
        result: Some(v1::ranked_organisation::Result::LeftOut(why.clone())),
        ..v1::RankedOrganisation::default()
    })
}

fn method(ranked: &Ranked) -> String {
    let variances = match ranked.components.method {
        VarianceMethod::BalancedMoments => "two-way analysis of variance",
        VarianceMethod::Reml => "REML, since some have no value in some months",
    };
    let chances = match ranked.among.method {
        RankMethod::Exact => "exact chances",
        RankMethod::Threshold { .. } => {
            "chances by the threshold method (over 500 organisations; errs by under 0.007)"
        }
    };
    let intervals = match ranked.ranks.intervals {
        IntervalMethod::Exact => "exact intervals of ranks",
        IntervalMethod::NormalCounts => "intervals of ranks by normal counts (off by a rank or so)",
    };
    format!(
        "months and organisations on the scale of {}, variances by {variances}, inflated by the correlation of neighbouring months; \
         chance by each organisation's own size; organisations drawn towards the mean; {chances}; {intervals}",
        ranked.kind.scale_words()
    )
}

fn notes(ranked: &Ranked) -> Vec<String> {
    let mut notes = ranked.notes.clone();
    let bands = ranked.among.bands();
    let cannot = bands.iter().filter(|&&band| band == RankBand::CannotBeTold).count();
    if cannot > 0 {
        notes.insert(
            1,
            format!(
                "of {cannot} of {} organisations it cannot be told whether they are among the worst",
                bands.len()
            ),
        );
    }
    notes
}
