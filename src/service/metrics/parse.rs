//! A QueryMetrics request into a question that can be answered; each fault names its field and says what would be right.

use std::collections::HashSet;

use callgauge_schema::Seconds;

use super::listed;
use crate::access::{Ask, Asks, Purpose};
use crate::calendar::{self, Days, Granularity, Hours, Profile};
use crate::definitions::{self, Definition, DefinitionSet};
use crate::metrics::{Options, Percent};
use crate::organisations::{Asked, Level};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;

/// Most organisations of a question.
const ORGANISATIONS: usize = 500;
/// Most percentiles, and most thresholds.
const OPTIONS: usize = 20;
const EXAMPLE: &str = r#"{"organisation_codes":["A81001"],"month":"2026-02"}"#;

/// What is asked.
#[derive(Debug)]
pub(super) struct Question {
    /// As sent.
    pub(super) codes: Vec<String>,
    pub(super) organisations: Vec<Asked>,
    pub(super) group_by: Option<Level>,
    pub(super) days: Days,
    pub(super) granularity: Granularity,
    pub(super) profile: Profile,
    pub(super) hours: Hours,
    pub(super) breakdown: Breakdown,
    pub(super) set: &'static DefinitionSet,
    pub(super) metrics: Vec<&'static Definition>,
    pub(super) options: Options,
}

/// What rows are split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breakdown {
    None,
    Outcome,
    Line,
    Source,
}

impl Asks for Question {
    fn ask(&self) -> Ask<'_> {
        Ask {
            organisations: self.codes.iter().map(String::as_str).collect(),
            granularity: Some(self.granularity),
            metrics: self.metrics.iter().map(|metric| metric.name.as_str()).collect(),
            ..Ask::about(Purpose::Metrics)
        }
    }
}

/// Reads a request, page fields left out.
pub(super) fn parse(request: v1::QueryMetricsRequest) -> Result<Question, Fault> {
    let v1::QueryMetricsRequest {
        organisation_codes,
        group_by,
        month,
        start_date,
        end_date,
        granularity,
        profile,
        hours,
        breakdown,
        metrics,
        definition_set: set,
        percentiles,
        thresholds,
        abandon_threshold,
        service_level_threshold,
        page_size: _,
        page_token: _,
    } = request;
    let organisations = organisations(&organisation_codes)?;
    let group_by = fields::numbered("group_by", group_by, Level::from_number)?;
    let days = days(&month, &start_date, &end_date)?;
    let set = definition_set(&set)?;
    let standard = Options::default();
    Ok(Question {
        organisations,
        codes: organisation_codes,
        group_by,
        days,
        granularity: granularity_of(granularity)?,
        profile: profile_of(&profile)?,
        hours: hours_of(hours)?,
        breakdown: breakdown_of(breakdown)?,
        metrics: metrics_of(set, &metrics)?,
        set,
        options: Options {
            percentiles: percentiles_of(&percentiles)?.unwrap_or(standard.percentiles),
            thresholds: thresholds_of(thresholds)?.unwrap_or(standard.thresholds),
            abandon_threshold: abandon_threshold
                .map_or(Ok(standard.abandon_threshold), |t| fields::whole_seconds("abandon_threshold", t))?,
            service_level_threshold: service_level_threshold
                .map_or(Ok(standard.service_level_threshold), |t| {
                    fields::whole_seconds("service_level_threshold", t)
                })?,
        },
    })
}

/// A definition set by its name.
pub(in crate::service) fn definition_set(name: &str) -> Result<&'static DefinitionSet, Fault> {
    definitions::find(name).ok_or_else(|| {
        let known = listed(definitions::sets().iter().map(|set| set.name.as_str()));
        Fault::field("definition_set", format!("{:?} is not known; there are {known}", fields::shown(name)))
    })
}

/// Organisations by their codes, each once.
pub(in crate::service) fn organisations(codes: &[String]) -> Result<Vec<Asked>, Fault> {
    if codes.is_empty() {
        return Err(Fault::field(
            "organisation_codes",
            format!("must name 1 to {ORGANISATIONS} organisations, or ENGLAND; for example {EXAMPLE}"),
        ));
    }
    if codes.len() > ORGANISATIONS {
        return Err(Fault::field(
            "organisation_codes",
            format!(
                "must name at most {ORGANISATIONS}, and names {}; name what they belong to, with group_by",
                codes.len()
            ),
        ));
    }
    let mut seen = HashSet::new();
    codes
        .iter()
        .enumerate()
        .map(|(at, code)| {
            let asked: Asked = code.parse().map_err(|fault| {
                Fault::field(
                    format!("organisation_codes[{at}]"),
                    format!(
                        "{:?} {fault}; a code looks like A81001, and ENGLAND stands for all",
                        fields::shown(code)
                    ),
                )
            })?;
            if seen.insert(asked) {
                Ok(asked)
            } else {
                let told = format!("{} is there twice; name it once", fields::shown(code));
                Err(Fault::field(format!("organisation_codes[{at}]"), told))
            }
        })
        .collect()
}

fn days(month: &str, start: &str, end: &str) -> Result<Days, Fault> {
    match (month.is_empty(), start.is_empty() && end.is_empty()) {
        (false, true) => calendar::month(month)
            .map_err(|fault| Fault::field("month", format!("{fault}, and is {:?}", fields::shown(month)))),
        (false, false) => {
            Err(Fault::field("month", "give either month, or start_date and end_date, not both"))
        }
        (true, false) => fields::days(start, end),
        (true, true) => Err(Fault::field(
            "month",
            format!("must be given, or start_date and end_date; for example {EXAMPLE}"),
        )),
    }
}

fn wrong_number(field: &'static str, number: i32) -> Fault {
    Fault::field(field, format!("{number} is none of the values that this version knows"))
}

fn granularity_of(number: i32) -> Result<Granularity, Fault> {
    use v1::Granularity as Wire;
    let wire = Wire::try_from(number).map_err(|_| wrong_number("granularity", number))?;
    Ok(match wire {
        Wire::Unspecified | Wire::Total => Granularity::Total,
        Wire::Year => Granularity::Year,
        Wire::FinancialYear => Granularity::FinancialYear,
        Wire::Quarter => Granularity::Quarter,
        Wire::FinancialQuarter => Granularity::FinancialQuarter,
        Wire::Month => Granularity::Month,
        Wire::Week => Granularity::Week,
        Wire::Day => Granularity::Day,
        Wire::NhsBand => Granularity::NhsBand,
        Wire::Hour => Granularity::Hour,
        Wire::HalfHour => Granularity::HalfHour,
        Wire::QuarterHour => Granularity::QuarterHour,
    })
}

fn profile_of(numbers: &[i32]) -> Result<Profile, Fault> {
    let mut profile = Profile::default();
    for &number in numbers {
        let wire = v1::Profile::try_from(number).map_err(|_| wrong_number("profile", number))?;
        let part = match wire {
            v1::Profile::Weekday => &mut profile.weekday,
            v1::Profile::TimeOfDay => &mut profile.time_of_day,
            v1::Profile::Unspecified => {
                return Err(Fault::field(
                    "profile",
                    "must be WEEKDAY, TIME_OF_DAY or both; leave it out for none",
                ));
            }
        };
        if std::mem::replace(part, true) {
            return Err(Fault::field("profile", "has the same value twice; give it once"));
        }
    }
    Ok(profile)
}

/// Hours by their number.
pub(in crate::service) fn hours_of(number: i32) -> Result<Hours, Fault> {
    Ok(match v1::Hours::try_from(number).map_err(|_| wrong_number("hours", number))? {
        v1::Hours::Unspecified | v1::Hours::All => Hours::All,
        v1::Hours::Core => Hours::Core,
        v1::Hours::NonCore => Hours::NonCore,
        v1::Hours::Core0800To1000 => Hours::CoreEightToTen,
    })
}

fn breakdown_of(number: i32) -> Result<Breakdown, Fault> {
    Ok(match v1::Breakdown::try_from(number).map_err(|_| wrong_number("breakdown", number))? {
        v1::Breakdown::Unspecified => Breakdown::None,
        v1::Breakdown::OutcomeReason => Breakdown::Outcome,
        v1::Breakdown::Line => Breakdown::Line,
        v1::Breakdown::Source => Breakdown::Source,
    })
}

fn metrics_of(set: &'static DefinitionSet, names: &[String]) -> Result<Vec<&'static Definition>, Fault> {
    if names.is_empty() {
        return Ok(set.standard_metrics().collect());
    }
    let mut found: Vec<&'static Definition> = Vec::with_capacity(names.len().min(set.metrics.len()));
    for (at, name) in names.iter().enumerate() {
        let field = || format!("metrics[{at}]");
        let metric = set.metric(name).ok_or_else(|| {
            let known = listed(set.metrics.iter().map(|metric| metric.name.as_str()));
            Fault::field(
                field(),
                format!("{:?} is no metric of {}, which has {known}", fields::shown(name), set.name),
            )
        })?;
        if found.iter().any(|other| other.name == metric.name) {
            return Err(Fault::field(field(), format!("{name} is there twice; name it once")));
        }
        found.push(metric);
    }
    Ok(found)
}

fn percentiles_of(percents: &[f64]) -> Result<Option<Vec<Percent>>, Fault> {
    at_most("percentiles", percents.len())?;
    let mut found = Vec::with_capacity(percents.len());
    for &percent in percents {
        let percent =
            Percent::try_from(percent).map_err(|fault| Fault::field("percentiles", fault.to_string()))?;
        if found.contains(&percent) {
            return Err(Fault::field("percentiles", format!("{percent} is there twice; give it once")));
        }
        found.push(percent);
    }
    Ok((!found.is_empty()).then_some(found))
}

fn thresholds_of(thresholds: Vec<prost_types::Duration>) -> Result<Option<Vec<Seconds>>, Fault> {
    at_most("thresholds", thresholds.len())?;
    let mut found = Vec::with_capacity(thresholds.len());
    for threshold in thresholds {
        let threshold = fields::whole_seconds("thresholds", threshold)?;
        if found.contains(&threshold) {
            let told = format!("{}s is there twice; give it once", threshold.get());
            return Err(Fault::field("thresholds", told));
        }
        found.push(threshold);
    }
    Ok((!found.is_empty()).then_some(found))
}

fn at_most(field: &'static str, number: usize) -> Result<(), Fault> {
    if number > OPTIONS {
        return Err(Fault::field(field, format!("must be at most {OPTIONS}, and are {number}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> v1::QueryMetricsRequest {
        v1::QueryMetricsRequest {
            organisation_codes: vec!["a81001".into()],
            month: "2026-02".into(),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let question = parse(request()).expect("is whole");
        assert_eq!(question.metrics.len(), 8, "the eight");
        assert_eq!(question.set.name, "nhs-cbt-2025-06");
        assert_eq!(question.options, Options::default());
        assert_eq!(question.granularity, Granularity::Total);
        assert_eq!(question.hours, Hours::All);
        assert_eq!(question.days.len(), 28);
    }

    #[test]
    fn every_fault_names_its_field_and_what_would_be_right() {
        let secs = |seconds| prost_types::Duration { seconds, nanos: 0 };
        let cases: Vec<(v1::QueryMetricsRequest, &str, &str)> = vec![
            (v1::QueryMetricsRequest::default(), "organisation_codes", "organisation_codes\":[\"A81001\"]"),
            (
                v1::QueryMetricsRequest { organisation_codes: vec!["x!".into()], ..request() },
                "organisation_codes[0]",
                "A81001",
            ),
            (
                v1::QueryMetricsRequest { organisation_codes: vec!["Unassigned".into()], ..request() },
                "organisation_codes[0]",
                "no organisation",
            ),
            (
                v1::QueryMetricsRequest {
                    organisation_codes: vec!["A81001".into(), " a81001".into()],
                    ..request()
                },
                "organisation_codes[1]",
                "twice",
            ),
            (
                v1::QueryMetricsRequest {
                    organisation_codes: (0..501).map(|number| format!("A{number:05}")).collect(),
                    ..request()
                },
                "organisation_codes",
                "500",
            ),
            (v1::QueryMetricsRequest { month: "2026-13".into(), ..request() }, "month", "2026-02"),
            (v1::QueryMetricsRequest { month: String::new(), ..request() }, "month", "for example"),
            (v1::QueryMetricsRequest { start_date: "2026-02-01".into(), ..request() }, "month", "not both"),
            (
                v1::QueryMetricsRequest {
                    month: String::new(),
                    start_date: "2026-02-02".into(),
                    end_date: "2026-02-01".into(),
                    ..request()
                },
                "end_date",
                "after start_date",
            ),
            (v1::QueryMetricsRequest { group_by: 7, ..request() }, "group_by", "7"),
            (v1::QueryMetricsRequest { granularity: 99, ..request() }, "granularity", "99"),
            (v1::QueryMetricsRequest { profile: vec![1, 1], ..request() }, "profile", "twice"),
            (v1::QueryMetricsRequest { profile: vec![0], ..request() }, "profile", "WEEKDAY"),
            (v1::QueryMetricsRequest { hours: -1, ..request() }, "hours", "-1"),
            (v1::QueryMetricsRequest { breakdown: 4, ..request() }, "breakdown", "4"),
            (
                v1::QueryMetricsRequest { metrics: vec!["calls".into()], ..request() },
                "metrics[0]",
                "call_volumes",
            ),
            (
                v1::QueryMetricsRequest {
                    metrics: vec!["call_volumes".into(), "call_volumes".into()],
                    ..request()
                },
                "metrics[1]",
                "twice",
            ),
            (
                v1::QueryMetricsRequest { definition_set: "nhs".into(), ..request() },
                "definition_set",
                "nhs-cbt-2025-06",
            ),
            (v1::QueryMetricsRequest { percentiles: vec![0.0], ..request() }, "percentiles", "at most 100"),
            (v1::QueryMetricsRequest { percentiles: vec![50.0, 50.0], ..request() }, "percentiles", "twice"),
            (v1::QueryMetricsRequest { percentiles: vec![1.0; 21], ..request() }, "percentiles", "20"),
            (
                v1::QueryMetricsRequest { thresholds: vec![secs(-1)], ..request() },
                "thresholds",
                "whole seconds",
            ),
            (v1::QueryMetricsRequest { thresholds: vec![secs(60); 2], ..request() }, "thresholds", "twice"),
            (
                v1::QueryMetricsRequest { abandon_threshold: Some(secs(-5)), ..request() },
                "abandon_threshold",
                "whole seconds",
            ),
        ];
        for (request, field, says) in cases {
            match parse(request) {
                Err(Fault::Field { field: at, message }) => {
                    assert_eq!(at, field, "{message}");
                    assert!(message.contains(says), "{field}: {message}");
                }
                other => panic!("{field}: {other:?}"),
            }
        }
    }
}
