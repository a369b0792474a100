//! A ranking as messages.

use callgauge_schema::Moment;

use super::question::ends;
use super::rank::{Question, Ranked};
use crate::compare::ranks::{IntervalMethod, RankBand, RankMethod};
use crate::compare::variance::{Scale, VarianceMethod};
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
        total_size: ranked.units.list.len() as i64,
        first_day,
        last_day,
        definition_set: question.set.name.clone(),
        answered_at: Some(crate::ingest::timestamp(answered_at)),
        notes: notes(ranked),
        metric: question.metric.name.clone(),
        denominator: question.metric.denominator.clone(),
        ranked: bands.len() as i64,
        left_out: (ranked.units.list.len() - bands.len()) as i64,
        among_worst: ranked.among.worst as i64,
        surely: in_band(RankBand::Surely),
        surely_not: in_band(RankBand::SurelyNot),
        cannot_be_told: in_band(RankBand::CannotBeTold),
        rankability: ranked.rankability,
        tau_squared: ranked.components.tau2,
        sigma_squared: ranked.components.sigma2_e,
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
    }
}

/// One organisation's row.
pub(super) fn row(ranked: &Ranked, unit: usize) -> v1::RankedOrganisation {
    use v1::ranked_organisation::Result as Wire;
    let (numerator, denominator) = ranked.counted[unit];
    let result = match (&ranked.places[unit], ranked.rank(unit)) {
        (Ok(_), Some((at, rank))) => {
            let probability = ranked.among.probability[at];
            Wire::Place(v1::RankPlace {
                value: numerator as f64 / denominator as f64,
                shrunk: Scale::ArcsineRoot.back(ranked.shrunk[at].mean),
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
    v1::RankedOrganisation {
        organisation: Some(ranked.units.list[unit].organisation.clone()),
        numerator,
        denominator,
        months: ranked.months[unit] as i32,
        result: Some(result),
    }
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
        "months and organisations on the scale of arcsin(sqrt(share)), variances by {variances}, inflated by the correlation of neighbouring months; \
         organisations drawn towards the mean; {chances}; {intervals}"
    )
}

fn notes(ranked: &Ranked) -> Vec<String> {
    let mut notes = vec![ranked.coverage.words()];
    let bands = ranked.among.bands();
    let cannot = bands.iter().filter(|&&band| band == RankBand::CannotBeTold).count();
    if cannot > 0 {
        notes.push(format!(
            "of {cannot} of {} organisations it cannot be told whether they are among the worst",
            bands.len()
        ));
    }
    if ranked.units.rest {
        notes.push(
            "calls of shared accounts, or of practices without a membership, belong to none of the organisations and are left out".to_owned(),
        );
    }
    notes
}
