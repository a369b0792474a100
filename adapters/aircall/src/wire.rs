//! Aircall's JSON, as far as it is read. Nothing of the other side of a call has a field here: `raw_digits`, `contact` and `user` are not read, of
//! `voicemail` (a link) only whether there is one, and the practice's own number becomes a fingerprint while it is parsed.

use std::borrow::Cow;

use callgauge_adapter::Place;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page of `GET /v1/calls`.
#[derive(Debug, Deserialize)]
pub(crate) struct CallsPage<'a> {
    pub(crate) meta: Meta,
    #[serde(borrow)]
    pub(crate) calls: Vec<&'a RawValue>,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Meta {
    /// Rows on this page.
    pub(crate) count: u64,
    /// Rows of the whole query.
    pub(crate) total: u64,
    /// From 1.
    pub(crate) current_page: u64,
    /// There is a page after this one.
    #[serde(default, deserialize_with = "is_there")]
    pub(crate) next_page_link: bool,
}

/// A call. One row is one call: transfers stay on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: u64,
    /// `inbound`, `outbound`.
    pub(crate) direction: String,
    /// `initial`, `answered`, `done`.
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) missed_call_reason: Option<String>,
    /// Unix seconds, as the other times.
    pub(crate) started_at: i64,
    #[serde(default)]
    pub(crate) answered_at: Option<i64>,
    #[serde(default)]
    pub(crate) ended_at: Option<i64>,
    /// Whether a message was left.
    #[serde(default, deserialize_with = "is_there")]
    pub(crate) voicemail: bool,
    /// The practice's number; absent on calls of deleted numbers.
    #[serde(default)]
    pub(crate) number: Option<Number>,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
}

/// A number of the practice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Number {
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "own_number")]
    pub(crate) digits: Option<Place>,
}

/// A label on a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tag {
    #[serde(default)]
    pub(crate) name: String,
}

/// The account's tags: `GET /v1/tags`.
#[derive(Debug, Deserialize)]
pub(crate) struct TagsPage {
    pub(crate) tags: Vec<AccountTag>,
}

/// A tag of the account; Aircall's own say in `description` what they mark.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountTag {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// A webhook body: `{"resource": "call", "event": .., "data": {..}}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Hook<'a> {
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
}

/// A value of which only matters whether it is there.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(from).map(|value| value.is_some())
}

/// A number of the practice, fingerprinted.
fn own_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Place>, D::Error> {
    let digits = Option::<Cow<'de, str>>::deserialize(from)?;
    Ok(digits.and_then(|digits| Place::number(&digits)))
}
