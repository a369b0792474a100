//! Amazon Connect's JSON, as far as it is read: contacts as `SearchContacts` and `DescribeContact` give them, and contact records as its data stream
//! writes them to files. The customer's endpoint, attributes, recordings and references have no field; the system's endpoint, the practice's own number,
//! becomes a fingerprint while it is parsed.

use std::borrow::Cow;

use callgauge_adapter::Place;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::instant::instant;

/// An answer of `SearchContacts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Found<'a> {
    #[serde(borrow)]
    pub(crate) contacts: Vec<&'a RawValue>,
    /// Where to go on; left out on the last page.
    #[serde(default)]
    pub(crate) next_token: Option<String>,
}

/// An answer of `DescribeContact`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Described {
    pub(crate) contact: Contact,
}

/// A contact: one leg of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Contact {
    /// `ContactId` in contact records.
    #[serde(alias = "ContactId")]
    pub(crate) id: String,
    /// The first contact of the chain; absent on itself.
    #[serde(default)]
    pub(crate) initial_contact_id: Option<String>,
    #[serde(default)]
    pub(crate) previous_contact_id: Option<String>,
    /// `INBOUND`, `CALLBACK` and others; absent on contact records of 2019.
    #[serde(default)]
    pub(crate) initiation_method: Option<String>,
    pub(crate) channel: String,
    /// Unix milliseconds, as all times here.
    #[serde(deserialize_with = "instant")]
    pub(crate) initiation_timestamp: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) disconnect_timestamp: Option<i64>,
    /// When the other side of an outbound contact picked up. Not in search results.
    #[serde(default, deserialize_with = "instant")]
    pub(crate) connected_to_system_timestamp: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) last_update_timestamp: Option<i64>,
    #[serde(default, alias = "Queue")]
    pub(crate) queue_info: Option<Queue>,
    #[serde(default, alias = "Agent")]
    pub(crate) agent_info: Option<Agent>,
    #[serde(default)]
    pub(crate) disconnect_reason: Option<String>,
    #[serde(default)]
    pub(crate) answering_machine_detection_status: Option<String>,
    /// The practice's own number. Not in search results.
    #[serde(default, rename = "SystemEndpoint", deserialize_with = "own_number")]
    pub(crate) own: Option<Place>,
    /// Times that members of staff were rung. Only in contact records.
    #[serde(default)]
    pub(crate) agent_connection_attempts: Option<u32>,
}

/// The last queue of a contact.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Queue {
    /// Its id; in contact records the last part of its `ARN`.
    #[serde(default, alias = "ARN", deserialize_with = "last_part")]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) enqueue_timestamp: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    pub(crate) dequeue_timestamp: Option<i64>,
}

/// The member of staff who took it; only when.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Agent {
    #[serde(default, deserialize_with = "instant")]
    pub(crate) connected_to_agent_timestamp: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint<'a> {
    #[serde(borrow, default)]
    address: Option<Cow<'a, str>>,
}

/// A number of the practice, fingerprinted.
fn own_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Place>, D::Error> {
    let endpoint = Option::<Endpoint<'de>>::deserialize(from)?;
    Ok(endpoint.and_then(|endpoint| endpoint.address).and_then(|address| Place::number(&address)))
}

fn last_part<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(from)?;
    Ok(text.map(|text| text.rsplit('/').next().unwrap_or_default().to_owned()).filter(|id| !id.is_empty()))
}
