//! What the questions of this service have in common, from message to parsed value: who, which months, which metrics. Each fault names its field.

use std::collections::HashSet;

use callgauge_schema::{OdsCode, SourceId};

use super::measure::Measure;
use crate::access::{Ask, Asks, Purpose};
use crate::calendar::{self, Days, Granularity, Hours};
use crate::compare::ranks::Worst;
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
    pub(super) by: By,
}

/// What makes organisations of a group each other's peers.
#[derive(Clone, Debug)]
pub(super) enum By {
    All,
    ListSize(Fifth),
    Deprivation(Fifth),
    /// That of this practice, or the source that is named.
    Supplier(Option<OdsCode>),
}

/// Which fifth.
#[derive(Clone, Debug)]
pub(super) enum Fifth {
    /// 1 to 5.
    Number(u32),
    /// That of this practice.
    Like(OdsCode),
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
    let v1::PeerGroup { organisation_codes, level, source_id, by, fifth, like_code } =
        group.unwrap_or_default();
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
    let by = chosen_by(by, fifth, &like_code, source.is_some())?;
    Ok((Peers { asked, level, source, by }, organisation_codes))
}

/// What makes peers.
fn chosen_by(by: i32, fifth: i32, like_code: &str, has_source: bool) -> Result<By, Fault> {
    let like = if like_code.trim().is_empty() {
        None
    } else {
        let code: OdsCode = like_code.parse().map_err(|fault| {
            Fault::field("peers.like_code", format!("{:?} {fault}", fields::shown(like_code)))
        })?;
        Some(code)
    };
    let of_fifth = || match (fifth, &like) {
        (0, Some(code)) => Ok(Fifth::Like(*code)),
        (1..=5, None) => Ok(Fifth::Number(fifth.unsigned_abs())),
        (0, None) => {
            Err(Fault::field("peers.fifth", "must be 1 to 5, or give like_code, a practice of the group"))
        }
        (_, Some(_)) => Err(Fault::field("peers.fifth", "goes without like_code: give one of them")),
        (_, None) => Err(Fault::field("peers.fifth", format!("must be 1 to 5, and is {fifth}"))),
    };
    let by = v1::PeersBy::try_from(by);
    if fifth != 0 && !matches!(by, Ok(v1::PeersBy::ListSizeFifth | v1::PeersBy::DeprivationFifth)) {
        return Err(Fault::field("peers.fifth", "goes with by LIST_SIZE_FIFTH or DEPRIVATION_FIFTH"));
    }
    match by {
        Ok(v1::PeersBy::Unspecified | v1::PeersBy::All) if like.is_none() => Ok(By::All),
        Ok(v1::PeersBy::Unspecified | v1::PeersBy::All) => Err(Fault::field(
            "peers.like_code",
            "goes with by LIST_SIZE_FIFTH, DEPRIVATION_FIFTH or SUPPLIER",
        )),
        Ok(v1::PeersBy::ListSizeFifth) => Ok(By::ListSize(of_fifth()?)),
        Ok(v1::PeersBy::DeprivationFifth) => Ok(By::Deprivation(of_fifth()?)),
        Ok(v1::PeersBy::Supplier) if like.is_some() == has_source => Err(Fault::field(
            "peers.like_code",
            "must be a practice of the group, or give source_id: one of the two says which supplier",
        )),
        Ok(v1::PeersBy::Supplier) => Ok(By::Supplier(like)),
        Err(_) => Err(Fault::field("peers.by", "is none of the values that this version knows")),
    }
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

/// Refuses hours where nothing that is asked for knows them.
pub(super) fn no_hours(number: i32, measures: &[Measure]) -> Result<(), Fault> {
    let of_calls = measures.iter().any(|measure| measure.metric().is_some());
    if of_calls || hours(number)? == Hours::All {
        return Ok(());
    }
    Err(Fault::field("hours", "must be HOURS_ALL: numbers from elsewhere know no hours"))
}

/// Hours by their field.
pub(super) fn hours(number: i32) -> Result<Hours, Fault> {
    metrics::hours_of(number)
}
