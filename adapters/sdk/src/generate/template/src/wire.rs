//! Acme's JSON as types: only what is needed of a call, and no field for a caller's number or name or for a recording.
//!
//! FILL IN: their fields. What is not named here is dropped where the answer is parsed; a row that is rejected is shown as these types write it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A page of the call log. Its rows are parsed one by one, so that one that is broken is a reject and not the end of the page.
#[derive(Debug, Deserialize)]
pub(crate) struct CallList {
    pub(crate) calls: Vec<Box<RawValue>>,
    pub(crate) next_page_token: Option<String>,
}

/// A call.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) started_at: String,
    pub(crate) answered_at: Option<String>,
    pub(crate) ended_at: Option<String>,
    pub(crate) result: Option<String>,
    pub(crate) queue: Option<String>,
    #[serde(default)]
    pub(crate) deleted: bool,
}
