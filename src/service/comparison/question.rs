//! What the questions of this service have in common, from message to parsed value: who, which months, which metrics. Each fault names its field.

use std::collections::HashSet;

use callgauge_schema::SourceId;

use crate::access::{Ask, Asks, Purpose};
use crate::calendar::{self, Days, Granularity, Hours};
use crate::compare::ranks::Worst;
use crate::definitions::{Definition, DefinitionSet, Rule};
use crate::organisations::{Asked, Level};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::metrics;

/// Most codes that are named on pictures and among anonymous peers.
const FOCUS: usize = 25;

/// Who is compared.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    pub(super) asked: Vec<Asked>,
    pub(super) level: Level,
    pub(super) source: Option<SourceId>,
}

/// Whole months that follow each other.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// In order of time; one at least.
    pub(super) months: Vec<Days>,
}

/// Who is shown by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Focus {
    pub(super) anonymous: bool,
    pub(super) codes: HashSet<String>,
}

/// What a question touches, as the gate is told.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    codes: Vec<String>,
    metrics: Vec<String>,
    granularity: Granularity,
}

impl Touched {
    pub(super) fn new(codes: &[String], metrics: Vec<String>, granularity: Granularity) -> Self {
        Self { codes: codes.to_vec(), metrics, granularity }
    }

    pub(super) fn ask(&self) -> Ask<'_> {
        Ask {
            organisations: self.codes.iter().map(String::as_str).collect(),
            granularity: Some(self.granularity),
            metrics: self.metrics.iter().map(String::as_str).collect(),
            ..Ask::about(Purpose::Comparison)
        }
    }
}

/// A parsed question with what it touches.
#[derive(Clone, Debug)]
pub(super) struct Put<Q> {
    pub(super) question: Q,
    pub(super) touched: Touched,
}

impl<Q> Asks for Put<Q> {
    fn ask(&self) -> Ask<'_> {
        self.touched.ask()
    }
}

impl Window {
    /// The months from the first to the last, both included.
    pub(super) fn parse(
        fields: [&'static str; 2],
        first: &str,
        last: &str,
        most: usize,
    ) -> Result<Self, Fault> {
        let month = |field: &'static str, text: &str| {
            calendar::month(text)
                .map_err(|fault| Fault::field(field, format!("{fault}, and is {:?}", fields::shown(text))))
        };
        let (first, last) = (month(fields[0], first)?, month(fields[1], last)?);
        let mut months = vec![first];
        while let Some(&before) = months.last()
            && before.first < last.first
        {
            if months.len() == most {
                return Err(Fault::field(
                    fields[1],
                    format!("must be at most {most} months from {}", fields[0]),
                ));
            }
            months.push(Days::new(before.end, before.end.first_of_next_month()));
        }
        if last.first < first.first {
            return Err(Fault::field(fields[1], format!("must not be before {}", fields[0])));
        }
        Ok(Self { months })
    }

    /// All its days.
    pub(super) fn days(&self) -> Days {
        let ends = self.months.first().zip(self.months.last());
        ends.map_or(
            Days::new(calendar::Day::from_number(0), calendar::Day::from_number(0)),
            |(first, last)| Days::new(first.first, last.end),
        )
    }

    /// "2026-02" of each month.
    pub(super) fn label(days: Days) -> String {
        days.first.to_string().chars().take(7).collect()
    }
}

/// First and last day, both included, as answers have them.
pub(super) fn ends(days: Days) -> (String, String) {
    (days.first.to_string(), days.end.plus(-1).to_string())
}

/// Who is compared; `example` shows an empty request what it could be.
pub(super) fn peers(group: Option<v1::PeerGroup>, example: &str) -> Result<(Peers, Vec<String>), Fault> {
    let v1::PeerGroup { organisation_codes, level, source_id } = group.unwrap_or_default();
    if organisation_codes.is_empty() {
        return Err(Fault::field(
            "peers.organisation_codes",
            format!("must name 1 to 500 organisations, or ENGLAND; for example {example}"),
        ));
    }
    let asked = metrics::organisations(&organisation_codes).map_err(within("peers"))?;
    let level = fields::numbered("peers.level", level, Level::from_number)?.unwrap_or(Level::Practice);
    let source =
        if source_id.is_empty() { None } else { Some(fields::source(source_id).map_err(within("peers"))?) };
    Ok((Peers { asked, level, source }, organisation_codes))
}

/// Puts a field that has a fault below another one.
fn within(outer: &'static str) -> impl Fn(Fault) -> Fault {
    move |fault| match fault {
        Fault::Field { field, message } => Fault::field(format!("{outer}.{field}"), message),
        other => other,
    }
}

/// Who is shown by name.
pub(super) fn focus(anonymous: bool, codes: Vec<String>) -> Result<Focus, Fault> {
    if codes.len() > FOCUS {
        return Err(Fault::field("focus_codes", format!("must be at most {FOCUS}, and are {}", codes.len())));
    }
    let codes = codes.into_iter().map(|code| code.trim().to_ascii_uppercase()).collect();
    Ok(Focus { anonymous, codes })
}

/// A metric of the set by its field.
pub(super) fn metric(
    field: impl Into<String>,
    set: &'static DefinitionSet,
    name: &str,
) -> Result<&'static Definition, Fault> {
    set.metric(name).ok_or_else(|| {
        let known = set.metrics.iter().filter(|metric| !is_distribution(metric));
        let known: Vec<&str> = known.map(|metric| metric.name.as_str()).collect();
        let told =
            format!("{:?} is no metric of {}, which has {}", fields::shown(name), set.name, known.join(", "));
        Fault::field(field, told)
    })
}

/// A metric that is a share.
pub(super) fn share(
    field: &'static str,
    set: &'static DefinitionSet,
    name: &str,
) -> Result<&'static Definition, Fault> {
    let metric = metric(field, set, name)?;
    if is_share(metric) {
        return Ok(metric);
    }
    Err(Fault::field(field, format!("must be a share, such as {}", shares(set))))
}

/// A metric that is a number of calls, or a share.
pub(super) fn number(
    field: &'static str,
    set: &'static DefinitionSet,
    name: &str,
) -> Result<&'static Definition, Fault> {
    let metric = metric(field, set, name)?;
    if is_distribution(metric) {
        return Err(Fault::field(
            field,
            "must be a number of calls or a share, and is a distribution of durations",
        ));
    }
    Ok(metric)
}

/// Whether it is a share.
pub(super) fn is_share(metric: &Definition) -> bool {
    matches!(metric.rule, Rule::Ratio { .. })
}

fn is_distribution(metric: &Definition) -> bool {
    matches!(metric.rule, Rule::Distribution { .. })
}

/// The shares of a set, in a sentence.
pub(super) fn shares(set: &DefinitionSet) -> String {
    let shares = set.metrics.iter().filter(|metric| is_share(metric));
    shares.map(|metric| metric.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Which end is worse, which the caller has to say.
pub(super) fn worst(number: i32) -> Result<Worst, Fault> {
    match v1::Worst::try_from(number) {
        Ok(v1::Worst::Highest) => Ok(Worst::Highest),
        Ok(v1::Worst::Lowest) => Ok(Worst::Lowest),
        Ok(v1::Worst::Unspecified) | Err(_) => Err(Fault::field(
            "worst",
            "must be WORST_HIGHEST or WORST_LOWEST: no metric has a worse end of its own",
        )),
    }
}

/// The share of organisations that is asked about.
pub(super) fn worst_share(share: Option<f64>) -> Result<f64, Fault> {
    let share = share.unwrap_or(0.2);
    if share > 0.0 && share < 1.0 {
        Ok(share)
    } else {
        Err(Fault::field("worst_share", "must be over 0 and under 1"))
    }
}

/// Hours by their field.
pub(super) fn hours(number: i32) -> Result<Hours, Fault> {
    metrics::hours_of(number)
}
