//! Twilio's JSON of the Calls API, as far as it is read.
//!
//! A leg's `from` and `to` are read only to tell what kind of party they are and, on the side that is the practice's own, for its fingerprint: which side
//! that is depends on the direction, so both pass through [`Told`], which lives while a row is parsed and no longer. Formatted numbers, names and
//! links have no field anywhere.

use callgauge_adapter::Place;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::scalar::{count, instant};

/// A page of `Calls.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct CallsPage<'a> {
    #[serde(borrow)]
    pub(crate) calls: Vec<&'a RawValue>,
    /// Path and query of the next page, on the same host; `null` on the last. Has to be there: its absence would be taken for the end.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) next_page_uri: Option<String>,
}

/// One leg of a call: the parent is what came from outside or was placed by API, children are what it was connected to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Told")]
pub(crate) struct Leg {
    pub(crate) sid: String,
    pub(crate) parent_call_sid: Option<String>,
    pub(crate) account_sid: Option<String>,
    pub(crate) direction: String,
    pub(crate) status: String,
    /// Unix seconds; absent before the leg began.
    pub(crate) start_time: Option<i64>,
    pub(crate) end_time: Option<i64>,
    /// Seconds from answer to end.
    pub(crate) duration: Option<i64>,
    pub(crate) answered_by: Option<String>,
    pub(crate) from_is: Party,
    pub(crate) to_is: Party,
    /// The practice's own number of this leg.
    pub(crate) own: Option<Place>,
}

/// What kind of party is at one end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Party {
    /// A telephone number.
    Number,
    /// A softphone or desk telephone of the account: `client:`, or `sip:` with a name.
    Own,
    /// Nothing, withheld, or something else.
    #[default]
    Other,
}

/// A row as it comes.
#[derive(Deserialize)]
struct Told {
    sid: String,
    #[serde(default)]
    parent_call_sid: Option<String>,
    #[serde(default)]
    account_sid: Option<String>,
    direction: String,
    status: String,
    #[serde(default, deserialize_with = "instant")]
    start_time: Option<i64>,
    #[serde(default, deserialize_with = "instant")]
    end_time: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    duration: Option<i64>,
    #[serde(default)]
    answered_by: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    // What this type writes, read again.
    #[serde(default)]
    from_is: Option<Party>,
    #[serde(default)]
    to_is: Option<Party>,
    #[serde(default)]
    own: Option<Place>,
}

impl From<Told> for Leg {
    fn from(told: Told) -> Self {
        let Told {
            sid,
            parent_call_sid,
            account_sid,
            direction,
            status,
            start_time,
            end_time,
            duration,
            answered_by,
            from,
            to,
            from_is,
            to_is,
            own,
        } = told;
        let from_is = from_is.unwrap_or_else(|| party(from.as_deref()));
        let to_is = to_is.unwrap_or_else(|| party(to.as_deref()));
        // A leg that one of the practice's own telephones began carries the dialled number in `to`: that one is somebody's.
        let ours = match direction.as_str() {
            "inbound" | "trunking-originating" if from_is != Party::Own => to,
            "outbound-api" | "trunking-terminating" => from,
            _ => None,
        };
        let own = own.or_else(|| ours.as_deref().and_then(Place::number));
        let filled = |sid: Option<String>| sid.filter(|sid| !sid.is_empty());
        Self {
            sid,
            parent_call_sid: filled(parent_call_sid),
            account_sid: filled(account_sid),
            direction,
            status,
            start_time,
            end_time,
            duration,
            answered_by: filled(answered_by),
            from_is,
            to_is,
            own,
        }
    }
}

fn party(text: Option<&str>) -> Party {
    let text = text.unwrap_or_default();
    match text.split_once(':') {
        Some(("client", _)) => Party::Own,
        Some(("sip" | "sips", rest)) => {
            let user = rest.split('@').next().unwrap_or_default().trim_start_matches('+');
            let dialled = user.len() >= 7 && user.bytes().all(|b| b.is_ascii_digit());
            if dialled { Party::Number } else { Party::Own }
        }
        _ if text.starts_with('+') => Party::Number,
        _ => Party::Other,
    }
}
