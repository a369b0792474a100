//! RingCentral's call log as it is sent: pages, records and legs, without any field for who called, their name, or what was recorded.
//!
//! A record says who called under `from` or `to`, depending on its direction. Both sides are read, and the other side's number is forgotten in
//! [`CallLog::records`], before anybody else can see it; only whether there was one is kept.

use callgauge_adapter::{AdapterError, Page, Place, rows};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page of the company's call log.
#[derive(Debug, Deserialize)]
pub(crate) struct CallLog<'a> {
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    navigation: Navigation,
    #[serde(default)]
    paging: Paging,
}

#[derive(Debug, Default, Deserialize)]
struct Navigation {
    #[serde(rename = "nextPage")]
    next_page: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
struct Paging {
    page: Option<u32>,
}

/// A call, or a part of one that the vendor lists by itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    #[serde(default)]
    pub id: String,
    pub session_id: Option<Id>,
    pub telephony_session_id: Option<String>,
    pub start_time: Option<String>,
    pub duration: Option<u64>,
    pub duration_ms: Option<u64>,
    pub r#type: Option<String>,
    pub direction: Option<String>,
    pub action: Option<String>,
    pub result: Option<String>,
    pub reason: Option<String>,
    #[serde(default)]
    pub from: Party,
    #[serde(default)]
    pub to: Party,
    pub extension: Option<Extension>,
    pub message: Option<Message>,
    pub transferee: Option<OtherSession>,
    #[serde(default)]
    pub legs: Vec<Leg>,
}

/// One way that the call was sent, in the order in which the vendor tried them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Leg {
    pub start_time: Option<String>,
    pub duration: Option<u64>,
    pub duration_ms: Option<u64>,
    pub leg_type: Option<String>,
    pub direction: Option<String>,
    pub action: Option<String>,
    pub result: Option<String>,
    pub reason: Option<String>,
    pub master: Option<bool>,
    pub extension: Option<Extension>,
    pub message: Option<Message>,
}

/// One side of a call.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
    /// The fingerprint of the practice's own number; always empty on the other side.
    #[serde(rename = "phoneNumber", default, deserialize_with = "fingerprint")]
    pub place: Option<Place>,
    /// Whether a number was sent at all.
    #[serde(skip_deserializing)]
    pub numbered: bool,
    /// Whether it is an extension of this account.
    #[serde(rename = "extensionNumber", default, deserialize_with = "present")]
    pub has_extension: bool,
    /// The same, where only the id is sent.
    #[serde(rename = "extensionId", default, deserialize_with = "present")]
    pub has_extension_id: bool,
}

/// A user, queue or menu of the account.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Extension {
    pub id: Option<Id>,
}

/// A message that was left; only of what kind.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Message {
    pub r#type: Option<String>,
}

/// The call that this one was split off from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OtherSession {
    pub telephony_session_id: Option<String>,
}

/// An id that is sent as text or as a number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Id {
    Number(u64),
    Text(String),
}

impl<'a> CallLog<'a> {
    /// Reads a page.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        rows::answer(body, "a page of RingCentral's call log with \"records\" and \"navigation\"")
    }

    /// The records, without the other side's numbers; bad ones become rejects of `page`.
    pub(crate) fn records(&self, page: &mut Page) -> Vec<Record> {
        let mut records: Vec<Record> = rows::rows(&self.records, &["id", "telephonySessionId"], page);
        for record in &mut records {
            record.forget_the_other_side();
        }
        records
    }

    /// Whether the vendor has another page. The totals may be missing, so that nothing else tells.
    pub(crate) fn has_more(&self) -> bool {
        self.navigation.next_page.is_some()
    }

    /// Which page this is, where it says so.
    pub(crate) fn number(&self) -> Option<u32> {
        self.paging.page
    }
}

impl Record {
    fn forget_the_other_side(&mut self) {
        for side in [&mut self.from, &mut self.to] {
            side.numbered = side.place.is_some();
        }
        match self.direction.as_deref() {
            Some("Inbound") => self.from.place = None,
            Some("Outbound") => self.to.place = None,
            _ => (self.from.place, self.to.place) = (None, None),
        }
    }
}

impl Party {
    /// Whether this side is an extension of the account and nobody outside.
    pub(crate) fn is_internal(&self) -> bool {
        (self.has_extension || self.has_extension_id) && !self.numbered
    }
}

impl Id {
    /// As text.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

fn fingerprint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Place>, D::Error> {
    Ok(Option::<std::borrow::Cow<'de, str>>::deserialize(from)?.and_then(|text| Place::number(&text)))
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(from)?.is_some())
}
