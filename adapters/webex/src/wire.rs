//! Webex Calling's detailed call history as it is sent: flat items whose keys have spaces in them, one for each leg, without any field for who
//! called, their name, or what was recorded.
//!
//! Keys change their case between releases, numbers come as text, and "" or "NA" stands for nothing; so the items are read key by key. Which number
//! is the practice's own depends on the direction, which may come last: numbers are held while an item is read, and dropped at its end.

use std::borrow::Cow;
use std::fmt;

use callgauge_adapter::{AdapterError, Page, Place, rows};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page.
#[derive(Debug, Deserialize)]
pub(crate) struct Feed<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// One leg: one party's part in a call.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Leg {
    #[serde(rename = "Report ID")]
    pub report_id: String,
    #[serde(rename = "Correlation ID")]
    pub correlation_id: String,
    #[serde(rename = "Interaction ID")]
    pub interaction_id: String,
    #[serde(rename = "Direction")]
    pub direction: String,
    #[serde(rename = "Call type")]
    pub call_type: String,
    #[serde(rename = "User type")]
    pub user_type: String,
    #[serde(rename = "Answered")]
    pub answered: String,
    #[serde(rename = "Answer indicator")]
    pub answer_indicator: String,
    #[serde(rename = "Answered elsewhere")]
    pub answered_elsewhere: String,
    #[serde(rename = "Start time")]
    pub start_time: String,
    #[serde(rename = "Answer time")]
    pub answer_time: String,
    #[serde(rename = "Release time")]
    pub release_time: String,
    #[serde(rename = "Report time")]
    pub report_time: String,
    #[serde(rename = "Duration")]
    pub duration: String,
    #[serde(rename = "Ring duration")]
    pub ring_duration: String,
    #[serde(rename = "Call outcome")]
    pub outcome: String,
    #[serde(rename = "Call outcome reason")]
    pub outcome_reason: String,
    #[serde(rename = "Releasing party")]
    pub releasing_party: String,
    #[serde(rename = "Redirect reason")]
    pub redirect_reason: String,
    #[serde(rename = "Related reason")]
    pub related_reason: String,
    #[serde(rename = "Location")]
    pub location: String,
    /// The queue's, hunt group's or menu's own name; of people none.
    #[serde(rename = "User")]
    pub service: String,
    /// The practice's own number, where this leg says one.
    pub place: Option<Place>,
}

impl<'a> Feed<'a> {
    /// Reads a page.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        rows::answer(body, "a page of Webex's call history with \"items\"")
    }

    /// The legs; bad ones become rejects of `page`.
    pub(crate) fn legs(&self, page: &mut Page) -> Vec<Leg> {
        rows::rows(&self.items, &["Report ID", "Correlation ID"], page)
    }

    /// How many items the page has, good or bad.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

impl<'de> Deserialize<'de> for Leg {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(LegVisitor)
    }
}

struct LegVisitor;

impl<'de> Visitor<'de> for LegVisitor {
    type Value = Leg;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item of the call history")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Leg, A::Error> {
        let mut leg = Leg::default();
        let (mut called, mut calling, mut dialled_for) = (String::new(), String::new(), String::new());
        while let Some(Key(key)) = map.next_key()? {
            let mut lower = [0_u8; 32];
            let Some(lower) = lower.get_mut(..key.len()) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            lower.copy_from_slice(key.as_bytes());
            lower.make_ascii_lowercase();
            let field = match &*lower {
                b"report id" => &mut leg.report_id,
                b"correlation id" => &mut leg.correlation_id,
                b"interaction id" => &mut leg.interaction_id,
                b"direction" => &mut leg.direction,
                b"call type" => &mut leg.call_type,
                b"user type" => &mut leg.user_type,
                b"answered" => &mut leg.answered,
                b"answer indicator" => &mut leg.answer_indicator,
                b"answered elsewhere" => &mut leg.answered_elsewhere,
                b"start time" => &mut leg.start_time,
                b"answer time" => &mut leg.answer_time,
                b"release time" => &mut leg.release_time,
                b"report time" => &mut leg.report_time,
                b"duration" => &mut leg.duration,
                b"ring duration" => &mut leg.ring_duration,
                b"call outcome" => &mut leg.outcome,
                b"call outcome reason" => &mut leg.outcome_reason,
                b"releasing party" => &mut leg.releasing_party,
                b"redirect reason" => &mut leg.redirect_reason,
                b"related reason" => &mut leg.related_reason,
                b"location" => &mut leg.location,
                b"user" => &mut leg.service,
                b"called number" => &mut called,
                b"calling number" => &mut calling,
                b"user number" => &mut dialled_for,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = map.next_value::<Loose<'_>>()?.0.into_owned();
        }
        if !leg.is_service() {
            leg.service.clear();
        }
        leg.place = match leg.direction.as_str() {
            "TERMINATING" if leg.is_from_outside() => {
                Place::number(&called).or_else(|| Place::number(&dialled_for))
            }
            "ORIGINATING" => Place::number(&dialled_for).or_else(|| Place::number(&calling)),
            _ => None,
        };
        Ok(leg)
    }
}

impl Leg {
    /// A leg that came in from the public network.
    pub(crate) fn is_from_outside(&self) -> bool {
        self.direction == "TERMINATING" && matches!(self.call_type.as_str(), "SIP_INBOUND" | "SIP_TOLLFREE")
    }

    /// A leg that goes out to the public network.
    pub(crate) fn is_to_outside(&self) -> bool {
        self.direction == "ORIGINATING"
            && matches!(
                self.call_type.as_str(),
                "SIP_NATIONAL"
                    | "SIP_INTERNATIONAL"
                    | "SIP_TOLLFREE"
                    | "SIP_MOBILE"
                    | "SIP_EMERGENCY"
                    | "SIP_PREMIUM"
                    | "SIP_SHORTCODE"
            )
    }

    fn is_service(&self) -> bool {
        ["AutomatedAttendant", "CallCenter", "HuntGroup", "VoiceMailGroup", "RoutePoint"]
            .iter()
            .any(|kind| self.user_type.starts_with(kind))
    }
}

/// A key, borrowed where it can be.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(LooseVisitor).map(|Loose(text)| Self(text))
    }
}

/// Text, number, true, false or nothing: as text, "" for nothing.
struct Loose<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true, false or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Borrowed(something(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Owned(something(text).to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Owned(value.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose(Cow::Borrowed("")))
    }
}

fn something(text: &str) -> &str {
    if text.eq_ignore_ascii_case("na") { "" } else { text }
}
