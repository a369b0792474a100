//! Call records of 8x8 Work Analytics: one row a call.
//!
//! `caller` and `callee` are not read at all: which of them is the practice depends on the direction, and `dnis` says what was called.

use callgauge_adapter::{AdapterError, Page, Place, rows};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page of call records.
#[derive(Debug, Deserialize)]
pub(crate) struct Records<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    scroll_id: Option<String>,
}

/// A call. Fields that end in `UTC` are milliseconds since 1970, 0 for none; durations are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub call_id: Option<String>,
    pub pbx_id: Option<String>,
    pub direction: Option<String>,
    #[serde(rename = "startTimeUTC")]
    pub start_time_utc: Option<i64>,
    #[serde(rename = "connectTimeUTC")]
    pub connect_time_utc: Option<i64>,
    #[serde(rename = "disconnectedTimeUTC")]
    pub disconnected_time_utc: Option<i64>,
    #[serde(rename = "talkTimeMS")]
    pub talk_time_ms: Option<i64>,
    #[serde(rename = "waitTimeMS")]
    pub wait_time_ms: Option<i64>,
    pub ring_duration: Option<i64>,
    pub answered_time: Option<i64>,
    pub abandoned_time: Option<i64>,
    pub missed: Option<String>,
    pub abandoned: Option<String>,
    pub answered: Option<String>,
    pub last_leg_disposition: Option<String>,
    /// Where the menu sent the call; only whether it did.
    #[serde(rename = "aaDestination", default, deserialize_with = "present")]
    pub had_menu: bool,
    /// Fingerprint of the number that was called; of inbound calls only.
    #[serde(rename = "dnis", default, deserialize_with = "fingerprint")]
    pub called: Option<Place>,
    /// The last extension that the call was sent to.
    #[serde(default)]
    pub lra: Option<String>,
    #[serde(default)]
    pub branches: Option<Vec<String>>,
    #[serde(default)]
    pub departments: Option<Vec<String>>,
}

impl<'a> Records<'a> {
    /// Reads a page.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        rows::answer(body, "a page of 8x8 Work's call records with \"data\" and \"meta\"")
    }

    /// The records, without the other side; bad ones become rejects of `page`.
    pub(crate) fn records(&self, page: &mut Page) -> Vec<Record> {
        let mut records: Vec<Record> = rows::rows(&self.data, &["callId"], page);
        for record in &mut records {
            if record.direction.as_deref() != Some("Incoming") {
                (record.called, record.lra) = (None, None);
            }
            record.lra = record.lra.take().filter(|lra| {
                (1..=8).contains(&lra.len()) && lra.bytes().all(|digit| digit.is_ascii_digit())
            });
        }
        records
    }

    /// Where to go on; none where the scroll has ended.
    pub(crate) fn next(&self) -> Option<&str> {
        let scroll = self.meta.scroll_id.as_deref().filter(|id| !id.is_empty() && *id != "No Data");
        scroll.filter(|_| !self.data.is_empty())
    }
}

fn fingerprint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Place>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(from)?;
    // The called number comes with its country code and without the plus sign.
    Ok(text.and_then(|text| Place::number(&text).or_else(|| Place::number(&format!("+{text}")))))
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(from)?;
    Ok(text.is_some_and(|text| !matches!(&*text, "" | "-")))
}
