//! A small adapter that is right, and can be wrong in one way at a time: each way is a fault that the kit has to see.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use callgauge_schema::{Direction, Draft, DraftDuration, Moment, Outcome, Reason};
use serde::{Deserialize, Serialize};

use super::client::{Client, parsed};
use crate::{
    Adapter, AdapterError, CheckReport, Cursor, Description, Fault, FetchRequest, How, MapRequest, Metric,
    MetricSupport, Next, OutcomeSupport, Page, Place, PlaceKind, RejectedRow, RowReason, SettingFaults,
    SettingKind, SettingSpec, Settings, SettingsReader, Span, UnknownWord, Vendor, VendorCall,
};

/// The sample's script.
pub(super) const SCRIPT: &str = include_str!("sample.toml");

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planted {
    Nothing,
    LosesLastOfPage,
    EndsEarly,
    IdOfThePage,
    StopsAtRepeat,
    IdOfTheTime,
    KeepsPlaceItself,
    TakesShortBody,
    RefusesNewFields,
    KeepsToken,
    IgnoresRetryAfter,
    NoBudget,
    LogsToken,
    LibraryLogsToken,
    SecretInError,
    SecretInCursor,
    LargeCursor,
    NumberInReject,
    NameInLog,
    GuessesUnfinished,
    SkipsUnknownWord,
    BreaksSchema,
    StampsNow,
    MistakesRefusal,
    StrangePath,
    HidesSecretSetting,
    OpensWithAnything,
    ForgetsMetric,
    DeniesCorrections,
    DeniesDeletions,
    DeniesVoicemail,
    ClaimsNoWaits,
    GivesUpOnFailure,
}

/// The sample's kind.
pub(super) struct Sample {
    planted: Planted,
    description: Description,
}

impl Sample {
    /// One that is wrong in this way.
    pub(super) fn new(planted: Planted) -> Self {
        Self { planted, description: description(planted) }
    }
}

fn description(planted: Planted) -> Description {
    let setting = |key: &str, kind, required| SettingSpec {
        key: key.to_owned(),
        kind,
        required,
        help: "says".to_owned(),
    };
    let secret = if planted == Planted::HidesSecretSetting { SettingKind::Text } else { SettingKind::Secret };
    let metric = |metric| (metric, MetricSupport::Native);
    let mut metrics = vec![
        metric(Metric::CallVolumes),
        metric(Metric::CallsAbandoned),
        metric(Metric::CallTimesToAnswer),
        metric(Metric::MissedCallVolumes),
        metric(Metric::WaitTimeBeforeCallAbandoned),
        (Metric::CallBacksRequested, MetricSupport::No),
        (Metric::CallBacksMade, MetricSupport::No),
        metric(Metric::AverageCallLength),
    ];
    if planted == Planted::ForgetsMetric {
        metrics.pop();
    }
    let outcome = |outcome, reason| OutcomeSupport { outcome, reason, how: How::Native };
    let mut outcomes = vec![
        outcome(Outcome::Answered, None),
        outcome(Outcome::Missed, Some(Reason::AbandonedInQueue)),
        outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
    ];
    if planted != Planted::DeniesVoicemail {
        outcomes.push(outcome(Outcome::Missed, Some(Reason::Voicemail)));
    }
    Description {
        vendor: "sample".to_owned(),
        title: "Sample".to_owned(),
        version: "1".to_owned(),
        reads: "A list of calls.".to_owned(),
        settings: vec![setting("base_url", SettingKind::Text, true), setting("client_secret", secret, true)],
        reaches_back: Some(Span::days(30)),
        late_by: Span::hours(2),
        longest_window: Span::hours(24),
        metrics,
        outcomes,
        sees_corrections: planted != Planted::DeniesCorrections,
        sees_deletions: planted != Planted::DeniesDeletions,
        unknown_wait: planted == Planted::ClaimsNoWaits,
        unknown_talk: false,
        unconfirmed: Vec::new(),
    }
}

impl Vendor for Sample {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let base = read.text("base_url");
        let secret = read.secret("client_secret");
        if self.planted != Planted::OpensWithAnything {
            read.finish()?;
        }
        let client = Client {
            host: base.trim_start_matches("http://").to_owned(),
            secret,
            planted: self.planted,
            token: Mutex::new(None),
            spent: Mutex::new(VecDeque::new()),
        };
        Ok(Box::new(Open { client, planted: self.planted, place: Mutex::new(String::new()) }))
    }

    fn map(&self, _: MapRequest<'_>) -> Result<Page, AdapterError> {
        Err(AdapterError::new(Fault::Protocol, "has no saved payloads"))
    }
}

struct Open {
    client: Client,
    planted: Planted,
    place: Mutex<String>,
}

#[derive(Deserialize)]
struct List {
    calls: Vec<serde_json::Value>,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictList {
    #[serde(rename = "calls")]
    _calls: Vec<serde_json::Value>,
    #[serde(rename = "next")]
    _next: Option<String>,
}

/// A row, without anything of the caller.
#[derive(Deserialize, Serialize)]
struct Row {
    id: String,
    at: String,
    queue: String,
    result: Option<String>,
    ring: Option<i64>,
    talk: Option<i64>,
    #[serde(default)]
    deleted: bool,
}

#[async_trait]
impl Adapter for Open {
    async fn check(&self, _: Moment) -> Result<CheckReport, AdapterError> {
        self.client.data("/calls?from=2026-03-02T08:00:00Z&until=2026-03-02T08:10:00Z").await?;
        Ok(CheckReport { works: vec!["signed in".to_owned()], ..CheckReport::default() })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let (from, until) = (request.window.from.millis(), request.window.until.millis());
        let cursor = request.cursor.map(|Cursor(text)| text).unwrap_or_default();
        let kept = self.place.lock().expect("nobody panics").clone();
        let place =
            if cursor == "more" { kept.as_str() } else { cursor.split('|').next().unwrap_or_default() };
        if self.planted == Planted::StrangePath {
            // Whatever comes of it.
            let _ = self.client.data("/account").await;
        }
        let answer = self.client.data(&format!("/calls?from={from}&until={until}&cursor={place}")).await;
        let answer = match answer {
            Err(error) if error.fault == Fault::Unavailable && self.planted == Planted::GivesUpOnFailure => {
                return Err(AdapterError::new(Fault::Disabled, "does not work"));
            }
            answer => answer?,
        };
        if self.planted == Planted::RefusesNewFields {
            let _: StrictList = parsed(&answer.body)?;
        }
        let list: List = match parsed(&answer.body) {
            Err(_) if self.planted == Planted::TakesShortBody => List { calls: Vec::new(), next: None },
            list => list?,
        };
        let last = list.calls.last().and_then(|row| row["id"].as_str()).unwrap_or_default().to_owned();
        let mut page = Page::empty(self.next(list.next));
        for row in list.calls {
            self.map(row, &cursor, request.now, &mut page)?;
        }
        if self.planted == Planted::StopsAtRepeat {
            if cursor.ends_with(&format!("|{last}")) {
                page.next = Next::Done;
            }
            if let Next::More(Cursor(text)) = &mut page.next {
                text.push_str(&format!("|{last}"));
            }
        }
        if self.planted == Planted::LosesLastOfPage && page.next != Next::Done {
            page.calls.pop();
        }
        Ok(page)
    }
}

impl Open {
    fn next(&self, next: Option<String>) -> Next {
        let Some(next) = next else { return Next::Done };
        match self.planted {
            Planted::EndsEarly => Next::Done,
            Planted::KeepsPlaceItself => {
                *self.place.lock().expect("nobody panics") = next;
                Next::More(Cursor("more".to_owned()))
            }
            Planted::SecretInCursor => Next::More(Cursor(format!("{next}|{}", self.client.secret.expose()))),
            Planted::LargeCursor => Next::More(Cursor(format!("{next}|{}", "x".repeat(70_000)))),
            _ => Next::More(Cursor(next)),
        }
    }

    fn map(
        &self,
        plain: serde_json::Value,
        cursor: &str,
        now: Moment,
        page: &mut Page,
    ) -> Result<(), AdapterError> {
        if self.planted == Planted::NameInLog {
            tracing::debug!(row = %plain, "mapping");
        }
        let row: Row = serde_json::from_value(plain.clone())
            .map_err(|_| AdapterError::new(Fault::Protocol, "a call was expected"))?;
        let Ok(at) = row.at.parse::<jiff::Timestamp>() else {
            let kept = if self.planted == Planted::NumberInReject { plain } else { serde_json::json!(row) };
            page.rejects.push(RejectedRow {
                id: row.id,
                field: "at".to_owned(),
                reason: RowReason::Malformed,
                message: "must be a time".to_owned(),
                row: kept,
            });
            return Ok(());
        };
        let (outcome, reason) = match row.result.as_deref() {
            _ if row.deleted => (None, None),
            None if self.planted == Planted::GuessesUnfinished => (Some(Outcome::Missed), None),
            None => {
                page.in_progress += 1;
                return Ok(());
            }
            Some("ok") => (Some(Outcome::Answered), None),
            Some("no") => (Some(Outcome::Missed), Some(Reason::AbandonedInQueue)),
            Some("vm") => (Some(Outcome::Missed), Some(Reason::Voicemail)),
            Some("menu") => (Some(Outcome::EndedInIvr), Some(Reason::HungUpInMenu)),
            Some(_) if self.planted == Planted::SkipsUnknownWord => return Ok(()),
            Some(word) => {
                let word = UnknownWord { field: "result".to_owned(), word: word.to_owned(), times: 1 };
                page.unknown_words.push(word);
                (Some(Outcome::Unclassified), None)
            }
        };
        let started_at = Moment::from_millis(at.as_millisecond());
        let secs = |secs: Option<i64>| secs.map(DraftDuration::from_secs);
        let breaks = self.planted == Planted::BreaksSchema && outcome == Some(Outcome::Missed);
        let draft = Draft {
            call_id: match self.planted {
                Planted::IdOfThePage => format!("{}{}", row.id, cursor.len()),
                Planted::IdOfTheTime => format!("{}@{}", row.id, at),
                _ => row.id,
            },
            retracted: row.deleted,
            direction: Some(Direction::Inbound),
            started_at: Some(if self.planted == Planted::StampsNow { now } else { started_at }),
            outcome,
            reason,
            wait: secs(row.ring)
                .or((outcome == Some(Outcome::Missed)).then_some(DraftDuration::from_secs(0))),
            talk: secs(if breaks { Some(1) } else { row.talk }),
            ..Draft::default()
        };
        let places = vec![Place { kind: PlaceKind::Queue, key: row.queue }];
        page.calls.push(VendorCall { draft, places });
        Ok(())
    }
}
