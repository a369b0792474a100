//! Interactions of 8x8's Contact Center: lists of keys and values, of which those that are needed are kept. The caller's number and name, the agents' names
//! and notes are among the others.

use std::fmt;

use callgauge_adapter::{AdapterError, Page, Place, rows};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page of a detailed report.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Rows<'a> {
    #[serde(borrow)]
    rows: Vec<&'a RawValue>,
}

/// A report that was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    pub id: ReportId,
    pub status: String,
}

/// A report's id, sent as a number and taken as text too.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ReportId {
    Number(u64),
    Text(String),
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[derive(Deserialize)]
struct Row {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    key: String,
    #[serde(default)]
    value: Value,
}

/// A value: text, a list, or a duration that may still be running.
#[derive(Clone, Debug, Default, PartialEq)]
enum Value {
    #[default]
    Nothing,
    Text(String),
    Number(i64),
    List(Vec<String>),
    Running,
}

/// One interaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Interaction {
    pub interaction_id: String,
    pub original_interaction_id: String,
    pub media_type: String,
    pub direction: String,
    pub interaction_type: String,
    pub labels: Vec<String>,
    pub outcome: String,
    pub creation_time: String,
    pub queue_time: String,
    pub finished_time: String,
    pub queue_id: String,
    pub queue_name: String,
    pub channel_id: String,
    /// Durations in milliseconds.
    pub queue_wait_ms: Option<i64>,
    pub abandon_ms: Option<i64>,
    pub ivr_ms: Option<i64>,
    pub handling_ms: Option<i64>,
    pub wrap_up_ms: Option<i64>,
    /// Whether anything of it has not ended.
    pub ongoing: bool,
    /// Fingerprint of the practice's own number.
    pub place: Option<Place>,
}

impl<'a> Rows<'a> {
    /// Reads a page.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        rows::answer(body, "a page of an 8x8 Contact Center report: a list of rows with \"items\"")
    }

    /// The interactions; bad ones become rejects of `page`.
    pub(crate) fn interactions(&self, page: &mut Page) -> Vec<Interaction> {
        rows::rows(&self.rows, &["id"], page)
    }

    /// How many rows there are, good or bad.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<'de> Deserialize<'de> for Interaction {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Row { items } = Row::deserialize(from)?;
        let mut found = Self::default();
        let mut number = None;
        for Item { key, value } in items {
            found.ongoing |= value == Value::Running;
            let text = match key.as_str() {
                "interactionId" => &mut found.interaction_id,
                "originalInteractionId" => &mut found.original_interaction_id,
                "mediaType" => &mut found.media_type,
                "direction" => &mut found.direction,
                "interactionType" => &mut found.interaction_type,
                "outcome" => &mut found.outcome,
                "creationTime" => &mut found.creation_time,
                "queueTime" => &mut found.queue_time,
                "finishedTime" => &mut found.finished_time,
                "queueId" => &mut found.queue_id,
                "queueName" => &mut found.queue_name,
                "channelId" => &mut found.channel_id,
                "interactionLabels" => {
                    found.labels = value.list();
                    continue;
                }
                "queueWaitDuration" => {
                    found.queue_wait_ms = value.millis();
                    continue;
                }
                "timeToAbandon" => {
                    found.abandon_ms = value.millis();
                    continue;
                }
                "ivrTreatmentDuration" => {
                    found.ivr_ms = value.millis();
                    continue;
                }
                "participantHandlingDuration" => {
                    found.handling_ms = value.millis();
                    continue;
                }
                "participantWrapUpDuration" => {
                    found.wrap_up_ms = value.millis();
                    continue;
                }
                // Of an inbound interaction this is the number that was called.
                "destination" => {
                    number = value.text();
                    continue;
                }
                _ => continue,
            };
            *text = value.text().unwrap_or_default();
        }
        if found.direction == "InboundDir" {
            found.place = number
                .and_then(|number| Place::number(&number).or_else(|| Place::number(&format!("+{number}"))));
        }
        Ok(found)
    }
}

impl Value {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::List(mut list) => (!list.is_empty()).then(|| list.swap_remove(0)),
            Self::Nothing | Self::Running => None,
        }
    }

    fn list(self) -> Vec<String> {
        match self {
            Self::List(list) => list,
            other => other.text().into_iter().collect(),
        }
    }

    /// A duration: a number is milliseconds, text is hours, minutes and seconds ("0:01:15").
    fn millis(self) -> Option<i64> {
        match self {
            Self::Number(millis) => Some(millis),
            Self::Text(text) => {
                let mut secs = 0_i64;
                for part in text.split(':') {
                    secs = secs.checked_mul(60)?.checked_add(part.parse::<u32>().ok()?.into())?;
                }
                (text.split(':').count() == 3).then(|| secs.checked_mul(1_000)).flatten()
            }
            Self::Nothing | Self::List(_) | Self::Running => None,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list, a number, or a value with \"ongoing\"")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(if text.is_empty() { Value::Nothing } else { Value::Text(text.to_owned()) })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Nothing, Value::Number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number as i64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element::<ListItem>()? {
            list.extend(item.0);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut value, mut ongoing) = (Value::Nothing, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "value" => value = map.next_value()?,
                "ongoing" => ongoing = map.next_value::<Option<bool>>()?.unwrap_or_default(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(if ongoing { Value::Running } else { value })
    }
}

/// An item of a list, where it is text; the participants of an interaction are objects, and are left out.
struct ListItem(Option<String>);

impl<'de> Deserialize<'de> for ListItem {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Value::deserialize(from)?.text()))
    }
}
