//! When units are not ranked: a decision from plain facts, with every reason at once and what would be right instead.
//!
//! The limits are this project's judgement, not a standard: they keep a "worst 20%" from being read out of one holiday month. Some reasons may be acknowledged by
//! name and then stand in the answer; the others may not.

use std::fmt;
use std::str::FromStr;

/// What is known of the ranking that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankingFacts {
    /// Whole months in the window that have data.
    pub months: u32,
    /// Share of the spread that is not chance; none where it cannot be estimated.
    pub rankability: Option<f64>,
    /// Share of the group asked for that has data, 0 to 1; none where it is not known.
    pub coverage: Option<f64>,
    /// The smallest denominator of a unit over the window; none where there is none.
    pub smallest_volume: Option<f64>,
    /// Units to rank.
    pub organisations: usize,
    /// Whether suppliers' measuring methods differ between units.
    pub methods_differ: bool,
    /// Whether months of the window are not comparable for another reason, such as a change of what is submitted.
    pub months_not_comparable: bool,
    /// Whether a recorded series break lies inside the window.
    pub series_break: bool,
    /// Whether the definition changed inside the window.
    pub definition_changed: bool,
    /// Whether the gate denies this view.
    pub gate_denies: bool,
}

/// From where on a ranking is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankingLimits {
    /// Fewer months than this need an acknowledgement.
    pub months: u32,
    /// Fewer than this are refused in any case.
    pub fewest_months: u32,
    /// Least rankability.
    pub rankability: f64,
    /// Least coverage.
    pub coverage: f64,
    /// Least denominator of a unit over the window.
    pub volume: f64,
    /// Fewest units.
    pub organisations: usize,
}

impl Default for RankingLimits {
    fn default() -> Self {
        Self {
            months: 12,
            fewest_months: 3,
            rankability: 0.7,
            coverage: 0.9,
            volume: 100.0,
            organisations: 20,
        }
    }
}

/// The name of a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RankingReason {
    /// Under a year.
    ShortWindow,
    /// Mostly chance.
    LowRankability,
    /// Too many units of the group are missing.
    LowCoverage,
    /// A unit with too few calls.
    LowVolume,
    /// Suppliers measure differently.
    MethodsDiffer,
    /// Months are not comparable.
    MonthsNotComparable,
    /// Under three months.
    FarTooShortWindow,
    /// A series break inside.
    SeriesBreak,
    /// A change of definition inside.
    DefinitionChange,
    /// Too few units.
    TooFewOrganisations,
    /// The gate denies it.
    GateDenies,
}

/// Text that names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a reason that may be acknowledged: short_window, low_rankability, low_coverage, low_volume, methods_differ or months_not_comparable"
)]
pub struct NoRankingReason;

impl RankingReason {
    /// All of them, those that may be acknowledged first.
    pub const ALL: [Self; 11] = [
        Self::ShortWindow,
        Self::LowRankability,
        Self::LowCoverage,
        Self::LowVolume,
        Self::MethodsDiffer,
        Self::MonthsNotComparable,
        Self::FarTooShortWindow,
        Self::SeriesBreak,
        Self::DefinitionChange,
        Self::TooFewOrganisations,
        Self::GateDenies,
    ];

    /// What it is called where it is acknowledged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ShortWindow => "short_window",
            Self::LowRankability => "low_rankability",
            Self::LowCoverage => "low_coverage",
            Self::LowVolume => "low_volume",
            Self::MethodsDiffer => "methods_differ",
            Self::MonthsNotComparable => "months_not_comparable",
            Self::FarTooShortWindow => "far_too_short_window",
            Self::SeriesBreak => "series_break",
            Self::DefinitionChange => "definition_change",
            Self::TooFewOrganisations => "too_few_organisations",
            Self::GateDenies => "gate_denies",
        }
    }

    /// Whether a named caller may go on in spite of it.
    pub const fn may_be_acknowledged(self) -> bool {
        match self {
            Self::ShortWindow
            | Self::LowRankability
            | Self::LowCoverage
            | Self::LowVolume
            | Self::MethodsDiffer
            | Self::MonthsNotComparable => true,
            Self::FarTooShortWindow
            | Self::SeriesBreak
            | Self::DefinitionChange
            | Self::TooFewOrganisations
            | Self::GateDenies => false,
        }
    }
}

impl fmt::Display for RankingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RankingReason {
    type Err = NoRankingReason;

    /// Only names that may be acknowledged.
    fn from_str(text: &str) -> Result<Self, NoRankingReason> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.may_be_acknowledged() && reason.name() == text)
            .ok_or(NoRankingReason)
    }
}

/// One reason against a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingRefusal {
    /// Its name.
    pub reason: RankingReason,
    /// What was found, and what would be right.
    pub message: String,
}

/// Whether to rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingDecision {
    /// Reasons that stand against it: ranked only where there are none.
    pub refused: Vec<RankingRefusal>,
    /// Reasons that were acknowledged and hold: they belong into the answer and onto the picture.
    pub acknowledged: Vec<RankingRefusal>,
    /// What was acknowledged though it does not hold, or may not be.
    pub idle: Vec<RankingReason>,
}

impl RankingDecision {
    /// Whether the ranking may be given.
    pub fn may_rank(&self) -> bool {
        self.refused.is_empty()
    }
}

/// Decides on a ranking: every reason that holds, less those that are acknowledged and may be.
pub fn decide(
    facts: &RankingFacts,
    limits: &RankingLimits,
    acknowledged: &[RankingReason],
) -> RankingDecision {
    let accepted = |reason: RankingReason| reason.may_be_acknowledged() && acknowledged.contains(&reason);
    let (taken, refused): (Vec<_>, Vec<_>) =
        reasons(facts, limits).into_iter().partition(|refusal| accepted(refusal.reason));
    let mut idle: Vec<RankingReason> = acknowledged
        .iter()
        .copied()
        .filter(|reason| taken.iter().all(|refusal| refusal.reason != *reason))
        .collect();
    idle.sort_unstable();
    idle.dedup();
    RankingDecision { refused, acknowledged: taken, idle }
}

/// Every reason that holds, in the order of [`RankingReason::ALL`]. What is not known counts as not reached.
pub fn reasons(facts: &RankingFacts, limits: &RankingLimits) -> Vec<RankingRefusal> {
    let RankingFacts {
        months,
        rankability,
        coverage,
        smallest_volume,
        organisations,
        methods_differ,
        months_not_comparable,
        series_break,
        definition_changed,
        gate_denies,
    } = *facts;
    let reaches =
        |value: Option<f64>, least: f64| value.is_some_and(|value| value >= least && value.is_finite());
    // Downwards: what is just under a limit must not read as if it reached it.
    let shown = |value: Option<f64>, digits: usize| match value {
        Some(value) if value.is_finite() => {
            let times = 10_f64.powi(digits as i32);
            format!("{:.digits$}", (times * value + 1e-9).floor() / times)
        }
        _ => "not known".to_owned(),
    };
    let far_too_short = months < limits.fewest_months;
    let percent = |value: Option<f64>| match value {
        Some(value) if value.is_finite() => format!("{}%", shown(Some(100.0 * value), 1)),
        _ => "not known".to_owned(),
    };
    let message = |reason: RankingReason| {
        match reason {
        RankingReason::ShortWindow => (months < limits.months && !far_too_short).then(|| {
            format!("the months with data in the window are {months}: take {} or more, so that every season is in it", limits.months)
        }),
        RankingReason::LowRankability => (!reaches(rankability, limits.rankability)).then(|| {
            format!(
                "the share of the spread that is not chance is {}, and {} is the least: take more months, or a metric on which practices differ lastingly",
                shown(rankability, 3), limits.rankability
            )
        }),
        RankingReason::LowCoverage => (!reaches(coverage, limits.coverage)).then(|| {
            format!(
                "coverage of the group asked for is {}, and {} is the least: wait for the missing ones, or ask for a group that is covered",
                percent(coverage), percent(Some(limits.coverage))
            )
        }),
        RankingReason::LowVolume => (!reaches(smallest_volume, limits.volume)).then(|| {
            format!(
                "the smallest denominator, of a rate the smallest number to be expected, is {}, and {} is the least: take more months, or leave out those with fewer",
                shown(smallest_volume, 0), limits.volume
            )
        }),
        RankingReason::MethodsDiffer => methods_differ.then(|| {
            "suppliers' measuring methods differ: compare practices within one method".to_owned()
        }),
        RankingReason::MonthsNotComparable => months_not_comparable.then(|| {
            "months of the window are not comparable: choose a window in which the same was recorded throughout".to_owned()
        }),
        RankingReason::FarTooShortWindow => far_too_short.then(|| {
            format!(
                "the months with data in the window are {months}, and nothing under {} is ranked: take {} or more",
                limits.fewest_months, limits.months
            )
        }),
        RankingReason::SeriesBreak => series_break.then(|| {
            "a series break lies inside the window: begin after it, or end before it".to_owned()
        }),
        RankingReason::DefinitionChange => definition_changed.then(|| {
            "the definition changes inside the window: stay within one definition".to_owned()
        }),
        RankingReason::TooFewOrganisations => (organisations < limits.organisations).then(|| {
            format!(
                "a ranking takes {} organisations or more, and {organisations} can be ranked: ask for a larger group, such as a sub-ICB location or an ICB",
                limits.organisations
            )
        }),
        RankingReason::GateDenies => gate_denies.then(|| {
            "this view is not allowed to you: ask for what agreements and roles allow".to_owned()
        }),
    }
    };
    RankingReason::ALL
        .into_iter()
        .filter_map(|reason| Some(RankingRefusal { reason, message: message(reason)? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: RankingFacts = RankingFacts {
        months: 12,
        rankability: Some(0.7),
        coverage: Some(0.9),
        smallest_volume: Some(100.0),
        organisations: 20,
        methods_differ: false,
        months_not_comparable: false,
        series_break: false,
        definition_changed: false,
        gate_denies: false,
    };

    const WORST: RankingFacts = RankingFacts {
        months: 1,
        rankability: None,
        coverage: Some(f64::NAN),
        smallest_volume: Some(0.0),
        organisations: 5,
        methods_differ: true,
        months_not_comparable: true,
        series_break: true,
        definition_changed: true,
        gate_denies: true,
    };

    fn names(refusals: &[RankingRefusal]) -> Vec<&'static str> {
        refusals.iter().map(|refusal| refusal.reason.name()).collect()
    }

    #[test]
    fn what_reaches_every_limit_is_ranked() {
        let decision = decide(&FINE, &RankingLimits::default(), &[]);
        assert!(decision.may_rank() && decision.acknowledged.is_empty() && decision.idle.is_empty());
    }

    #[test]
    fn every_reason_is_given_at_once() {
        let decision = decide(&WORST, &RankingLimits::default(), &[]);
        let all = RankingReason::ALL.map(RankingReason::name);
        // One month is far too short, which says more than short.
        assert_eq!(names(&decision.refused), all[1..]);
        assert!(decision.refused.iter().all(|refusal| !refusal.message.is_empty()));
    }

    #[test]
    fn each_fact_gives_its_own_reason() {
        for (facts, name) in [
            (RankingFacts { months: 11, ..FINE }, "short_window"),
            (RankingFacts { months: 3, ..FINE }, "short_window"),
            (RankingFacts { months: 2, ..FINE }, "far_too_short_window"),
            (RankingFacts { rankability: Some(0.699), ..FINE }, "low_rankability"),
            (RankingFacts { rankability: None, ..FINE }, "low_rankability"),
            (RankingFacts { coverage: Some(0.899), ..FINE }, "low_coverage"),
            (RankingFacts { coverage: Some(f64::INFINITY), ..FINE }, "low_coverage"),
            (RankingFacts { smallest_volume: Some(99.0), ..FINE }, "low_volume"),
            (RankingFacts { organisations: 19, ..FINE }, "too_few_organisations"),
            (RankingFacts { methods_differ: true, ..FINE }, "methods_differ"),
            (RankingFacts { months_not_comparable: true, ..FINE }, "months_not_comparable"),
            (RankingFacts { series_break: true, ..FINE }, "series_break"),
            (RankingFacts { definition_changed: true, ..FINE }, "definition_change"),
            (RankingFacts { gate_denies: true, ..FINE }, "gate_denies"),
        ] {
            assert_eq!(names(&reasons(&facts, &RankingLimits::default())), [name], "{facts:?}");
        }
    }

    #[test]
    fn what_is_just_under_a_limit_does_not_read_as_if_it_reached_it() {
        let facts = RankingFacts {
            rankability: Some(0.699_96),
            coverage: Some(0.899_99),
            smallest_volume: Some(99.6),
            ..FINE
        };
        let said: Vec<String> =
            reasons(&facts, &RankingLimits::default()).into_iter().map(|refusal| refusal.message).collect();
        for (told, figure) in said.iter().zip(["0.699, and 0.7", "89.9%, and 90.0%", "99, and 100"]) {
            assert!(told.contains(figure), "{told}");
        }
        assert_eq!(said.len(), 3);
    }

    #[test]
    fn what_may_be_acknowledged_then_stands_in_the_answer_and_the_rest_stays() {
        let decision = decide(&WORST, &RankingLimits::default(), &RankingReason::ALL);
        assert_eq!(
            names(&decision.refused),
            [
                "far_too_short_window",
                "series_break",
                "definition_change",
                "too_few_organisations",
                "gate_denies"
            ]
        );
        assert_eq!(
            names(&decision.acknowledged),
            ["low_rankability", "low_coverage", "low_volume", "methods_differ", "months_not_comparable"]
        );
        let short = RankingFacts { months: 6, ..FINE };
        let given = [RankingReason::ShortWindow, RankingReason::LowVolume, RankingReason::LowVolume];
        let decision = decide(&short, &RankingLimits::default(), &given);
        assert!(decision.may_rank());
        assert_eq!(names(&decision.acknowledged), ["short_window"]);
        assert_eq!(decision.idle, [RankingReason::LowVolume]);
    }

    #[test]
    fn only_names_that_may_be_acknowledged_are_read() {
        for reason in RankingReason::ALL {
            let expected = if reason.may_be_acknowledged() { Ok(reason) } else { Err(NoRankingReason) };
            assert_eq!(reason.name().parse(), expected);
            if reason.may_be_acknowledged() {
                assert!(NoRankingReason.to_string().contains(reason.name()));
            }
        }
        assert_eq!("".parse::<RankingReason>(), Err(NoRankingReason));
    }
}
