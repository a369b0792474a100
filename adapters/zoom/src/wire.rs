//! Zoom Phone's call history as it is sent: rows of the list, and one call with the elements of its way, without any field for who called, their
//! name, or what was recorded.
//!
//! Caller and called are told apart by name, but which of them is the practice depends on the direction. The practice's side is kept in `forget_the_other_side`
//! and the other's is dropped there, before anybody else can see the row.

use callgauge_adapter::{AdapterError, Page, Place, rows};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A page of the list. The vendor renames `call_logs` to `call_history` and sends both until November 2026.
#[derive(Debug, Deserialize)]
pub(crate) struct History<'a> {
    #[serde(borrow, default)]
    call_history: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    call_logs: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// A call of the list, or the whole of one: then with its elements.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Row {
    pub call_history_uuid: Option<String>,
    #[serde(skip_serializing)]
    id: Option<String>,
    pub call_id: Option<String>,
    pub direction: Option<String>,
    pub connect_type: Option<String>,
    pub start_time: Option<String>,
    pub answer_time: Option<String>,
    pub end_time: Option<String>,
    pub call_result: Option<String>,
    pub callee_ext_type: Option<String>,
    pub callee_ext_id: Option<String>,
    /// Fingerprint of the practice's own number.
    #[serde(rename(deserialize = "callee_did_number"), default, deserialize_with = "fingerprint")]
    pub called: Option<Place>,
    /// The same of an outbound call.
    #[serde(rename(deserialize = "caller_did_number"), default, deserialize_with = "fingerprint")]
    pub calling: Option<Place>,
    pub site_id: Option<String>,
    pub site_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub call_elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub call_path: Vec<Element>,
}

/// A step of a call's way: a menu, a queue, a telephone that rang.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Element {
    pub call_element_id: Option<String>,
    #[serde(skip_serializing)]
    id: Option<String>,
    pub start_time: Option<String>,
    pub answer_time: Option<String>,
    pub end_time: Option<String>,
    pub event: Option<String>,
    pub result: Option<String>,
    pub result_reason: Option<String>,
    pub callee_ext_type: Option<String>,
    pub callee_ext_id: Option<String>,
    /// The queue's own name; of people none.
    pub callee_name: Option<String>,
    pub operator_ext_type: Option<String>,
    pub is_node: Option<u8>,
    pub waiting_time: Option<u64>,
    #[serde(skip_serializing)]
    wait_time: Option<u64>,
    /// Whether a message was left.
    #[serde(rename(deserialize = "voicemail_id"), default, deserialize_with = "present")]
    pub voicemail: bool,
}

impl<'a> History<'a> {
    /// Reads a page.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        let what = "a page of Zoom's call history with \"call_history\"";
        let page: Self = rows::answer(body, what)?;
        if page.call_history.is_none() && page.call_logs.is_none() {
            let message = format!("expected {what}, but neither it nor \"call_logs\" is there");
            return Err(AdapterError::new(callgauge_adapter::Fault::Protocol, message));
        }
        Ok(page)
    }

    /// The rows, without the other side; bad ones become rejects of `page`.
    pub(crate) fn rows(&self, page: &mut Page) -> Vec<Row> {
        let raw = self.call_history.as_ref().or(self.call_logs.as_ref());
        let mut rows: Vec<Row> =
            rows::rows(raw.map_or(&[], Vec::as_slice), &["call_history_uuid", "id", "call_id"], page);
        for row in &mut rows {
            row.forget_the_other_side();
        }
        rows
    }

    /// How many rows there are, good or bad.
    pub(crate) fn len(&self) -> usize {
        self.call_history.as_ref().or(self.call_logs.as_ref()).map_or(0, Vec::len)
    }

    /// What the next page is asked for with, empty on the last; none where the page does not say, so that nobody knows whether it is the last.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }
}

impl Row {
    /// Reads one call with its elements.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, AdapterError> {
        let mut row: Self = rows::answer(body, "a call of Zoom's call history with \"call_elements\"")?;
        row.forget_the_other_side();
        Ok(row)
    }

    /// The elements, under either name.
    pub(crate) fn elements(&self) -> &[Element] {
        if self.call_elements.is_empty() { &self.call_path } else { &self.call_elements }
    }

    /// Takes the elements of the whole call over, and nothing else.
    pub(crate) fn take_elements(&mut self, whole: Self) {
        self.call_elements =
            if whole.call_elements.is_empty() { whole.call_path } else { whole.call_elements };
    }

    fn forget_the_other_side(&mut self) {
        self.call_history_uuid = self.call_history_uuid.take().or(self.id.take());
        match self.direction.as_deref() {
            Some("inbound") => self.calling = None,
            Some("outbound") => self.called = None,
            _ => (self.called, self.calling) = (None, None),
        }
        if !self.call_elements.is_empty() {
            self.call_path.clear();
        }
        for element in self.call_elements.iter_mut().chain(&mut self.call_path) {
            if !is_group(element.callee_ext_type.as_deref()) {
                element.callee_name = None;
            }
            element.call_element_id = element.call_element_id.take().or(element.id.take());
            element.waiting_time = element.waiting_time.or(element.wait_time);
        }
    }
}

/// Whether an extension is one of several people: a queue or a group that rings together.
pub(crate) fn is_group(ext_type: Option<&str>) -> bool {
    matches!(ext_type, Some("call_queue" | "shared_line_group" | "group_call_pickup"))
}

fn fingerprint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Place>, D::Error> {
    Ok(Option::<std::borrow::Cow<'de, str>>::deserialize(from)?.and_then(|text| Place::number(&text)))
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<std::borrow::Cow<'de, str>>::deserialize(from)?.is_some_and(|text| !text.is_empty()))
}
