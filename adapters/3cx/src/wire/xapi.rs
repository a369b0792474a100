//! Rows of the call log that XAPI gives (Pbx.CallLogData), and the page that they come on.

use callgauge_adapter::rows::{answer, rows};
use callgauge_adapter::{AdapterError, Page, Place, call_id_of};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{dn, word};
use crate::map::Kind;

/// A page of the call log.
#[derive(Debug, Deserialize)]
pub(crate) struct Log<'a> {
    #[serde(rename = "@odata.count")]
    pub(crate) count: Option<usize>,
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
}

impl<'a> Log<'a> {
    /// A page from its bytes.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, AdapterError> {
        answer(body, "a page of 3CX's call log with \"value\"")
    }

    /// How many rows it has, those that cannot be read included.
    pub(crate) const fn len(&self) -> usize {
        self.value.len()
    }

    /// Its rows; those that cannot be read become rejects of `page`.
    pub(crate) fn rows(&self, page: &mut Page) -> Vec<Row> {
        rows(&self.value, &["CdrId"], page)
    }
}

/// A row: one stage of a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(from = "Stated")]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Empty where the row names no call.
    pub(crate) call: String,
    pub(crate) started: String,
    pub(crate) ringing: String,
    pub(crate) talking: String,
    pub(crate) answered: bool,
    pub(crate) from_outside: bool,
    pub(crate) to: Kind,
    /// Their number for a kind that is not known.
    pub(crate) unknown_type: Option<i64>,
    pub(crate) direction: String,
    pub(crate) status: String,
    /// The practice's number that was dialled.
    pub(crate) dialled: Option<Place>,
    /// The trunk that the call came or went by.
    pub(crate) trunk: String,
    /// The queue's number, and its name.
    pub(crate) queue: Option<(String, String)>,
}

/// A row as it stands in the answer, for as long as it takes to read it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stated {
    #[serde(default)]
    cdr_id: Option<String>,
    #[serde(default)]
    main_call_history_id: Option<String>,
    #[serde(default)]
    call_history_id: Option<String>,
    start_time: String,
    #[serde(default)]
    ringing_duration: Option<String>,
    #[serde(default)]
    talking_duration: Option<String>,
    answered: bool,
    #[serde(default)]
    source_type: Option<i64>,
    #[serde(default)]
    source_dn: Option<String>,
    #[serde(default)]
    destination_type: Option<i64>,
    #[serde(default)]
    destination_dn: Option<String>,
    #[serde(default)]
    destination_display_name: Option<String>,
    direction: String,
    #[serde(default)]
    call_type: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

/// An external line, as 3CX numbers kinds of participants.
const EXTERNAL_LINE: i64 = 1;

impl From<Stated> for Row {
    fn from(stated: Stated) -> Self {
        let Stated {
            cdr_id,
            main_call_history_id,
            call_history_id,
            start_time,
            ringing_duration,
            talking_duration,
            answered,
            source_type,
            source_dn,
            destination_type,
            destination_dn,
            destination_display_name,
            direction,
            call_type,
            status,
        } = stated;
        let text = Option::unwrap_or_default;
        let call: String = [main_call_history_id, call_history_id]
            .into_iter()
            .flatten()
            .find(|id| !id.is_empty())
            .unwrap_or_default();
        let to = kind(destination_type, call_type.as_deref().unwrap_or_default());
        let from_outside = source_type == Some(EXTERNAL_LINE);
        let (source, destination): (String, String) = (text(source_dn), text(destination_dn));
        let trunk = match to {
            _ if from_outside => dn(&source),
            Kind::Outside => dn(&destination),
            _ => String::new(),
        };
        // The name of an extension is a person's, and a number outside is somebody's: neither is kept.
        let queue = (to == Kind::Queue).then(|| (dn(&destination), text(destination_display_name)));
        Self {
            id: call_id_of(&[&text(cdr_id)]),
            call: if call.is_empty() { call } else { call_id_of(&[&call]) },
            started: start_time,
            ringing: text(ringing_duration),
            talking: text(talking_duration),
            answered,
            from_outside,
            to,
            unknown_type: destination_type.filter(|_| to == Kind::Unknown),
            direction: word(&direction),
            status: word(&text(status)),
            dialled: Place::number(&destination).filter(|_| from_outside && to != Kind::Outside),
            trunk,
            queue,
        }
    }
}

/// The kind of a destination: by its number, and where that is none that is known by the call's type.
fn kind(number: Option<i64>, call_type: &str) -> Kind {
    match (number, call_type) {
        (Some(0), _) => Kind::Extension,
        (Some(EXTERNAL_LINE), _) => Kind::Outside,
        (Some(2 | 4), _) | (_, "Queue") => Kind::Queue,
        (Some(5), _) => Kind::Voicemail,
        (Some(6), _) | (_, "Digital Receptionist") => Kind::Menu,
        (Some(12), _) => Kind::End,
        (_, "Extension") => Kind::Extension,
        _ => Kind::Unknown,
    }
}
