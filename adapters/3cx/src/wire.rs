//! Rows of 3CX, as far as they are read. Participants' names and numbers have no field here: of the source only what kind it is, of the practice's side the
//! number that was dialled (as a fingerprint) and the names of queues.

use callgauge_adapter::folder::Fields;
use callgauge_adapter::{Place, call_id_of};
use serde::Serialize;

/// A segment of `cdroutput`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Segment {
    pub(crate) id: String,
    pub(crate) call: String,
    /// From outside.
    pub(crate) incoming: bool,
    pub(crate) from_extension: bool,
    pub(crate) dialled: Option<Place>,
    pub(crate) to: Kind,
    pub(crate) queue: Option<String>,
    pub(crate) ended_by: String,
    pub(crate) ended_how: String,
    pub(crate) goes_on_in: String,
    pub(crate) started: String,
    pub(crate) answered: String,
    pub(crate) ended: String,
}

/// What a segment leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Extension,
    Queue,
    Voicemail,
    Outside,
    /// Script, menu, routing.
    Machine,
}

/// Columns of `cdroutput` that are read, in the order of [`Segment::read`].
pub(crate) const SEGMENT: [&str; 15] = [
    "cdr_id",
    "main_call_history_id",
    "source_entity_type",
    "source_participant_is_incoming",
    "source_participant_trunk_did",
    "destination_entity_type",
    "destination_dn_number",
    "destination_dn_type",
    "destination_dn_name",
    "termination_reason",
    "termination_reason_details",
    "continued_in_cdr_id",
    "cdr_started_at",
    "cdr_answered_at",
    "cdr_ended_at",
];

impl Segment {
    /// A row, by where the columns of [`SEGMENT`] stand.
    pub(crate) fn read(fields: &Fields, at: &[usize]) -> Self {
        let get = |n: usize| at.get(n).map_or("", |at| fields.get(*at));
        let incoming = matches!(get(3), "true" | "t" | "1");
        let to = match (get(7), get(5)) {
            ("queue" | "ring_group", _) => Kind::Queue,
            ("voicemail", _) | (_, "voicemail") => Kind::Voicemail,
            ("extension", _) | (_, "extension") => Kind::Extension,
            ("provider" | "external_line", _) | (_, "external_line") => Kind::Outside,
            _ => Kind::Machine,
        };
        // The name of an extension is a person's.
        let name = if get(8).is_empty() { get(6) } else { get(8) };
        Self {
            id: get(0).to_owned(),
            call: if get(1).is_empty() { String::new() } else { call_id_of(&[get(1)]) },
            incoming,
            from_extension: get(2) == "extension",
            dialled: Place::number(get(4)).filter(|_| incoming),
            to,
            queue: (to == Kind::Queue && !name.is_empty()).then(|| name.to_owned()),
            ended_by: word(get(9)),
            ended_how: word(get(10)),
            goes_on_in: get(11).to_owned(),
            started: get(12).to_owned(),
            answered: get(13).to_owned(),
            ended: get(14).to_owned(),
        }
    }
}

/// A row of a CDR file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CdrRow {
    pub(crate) call: String,
    pub(crate) from_outside: bool,
    pub(crate) to_outside: bool,
    pub(crate) to: String,
    pub(crate) reached: bool,
    pub(crate) voicemail: bool,
    pub(crate) missed_in_queue: bool,
    pub(crate) ended_by: String,
    pub(crate) started: String,
    pub(crate) answered: bool,
}

/// Columns of a CDR file where the setting `columns` names none.
pub(crate) const CDR: [&str; 27] = [
    "historyid",
    "callid",
    "duration",
    "time-start",
    "time-answered",
    "time-end",
    "reason-terminated",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "dial-no",
    "reason-changed",
    "final-number",
    "final-dn",
    "bill-code",
    "bill-rate",
    "bill-cost",
    "bill-name",
    "chain",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "missed-queue-calls",
];

impl CdrRow {
    /// A row whose columns are named.
    pub(crate) fn read(fields: &Fields, names: &[String]) -> Self {
        let get = |name: &str| names.iter().position(|known| known == name).map_or("", |at| fields.get(at));
        let has = |name: &str| names.iter().any(|known| known == name);
        let outside = |of: &str, number: &str| {
            if has(of) && !get(of).is_empty() {
                !get(of).eq_ignore_ascii_case("internal")
            } else {
                !get(number).is_empty() && !get(number).starts_with("Ext.")
            }
        };
        let history = get("historyid").trim_start_matches("Call ").trim();
        let unique = get("callid");
        Self {
            call: if history.is_empty() && unique.is_empty() {
                String::new()
            } else {
                call_id_of(&[history, unique])
            },
            from_outside: outside("from-type", "from-no"),
            to_outside: outside("to-type", "to-no"),
            to: extension(get("to-no"), get("to-dn")),
            reached: !get("final-number").is_empty(),
            voicemail: get("final-type").eq_ignore_ascii_case("voicemail"),
            missed_in_queue: !get("missed-queue-calls").is_empty(),
            ended_by: word(get("reason-terminated")),
            started: get("time-start").to_owned(),
            answered: !get("time-answered").is_empty(),
        }
    }
}

/// The number of an extension or queue; empty for anything longer.
fn extension(number: &str, dn: &str) -> String {
    let text = number.strip_prefix("Ext.").unwrap_or(dn);
    let short = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if short { text.to_owned() } else { String::new() }
}

/// A word of theirs: letters and underscores, nothing else.
fn word(text: &str) -> String {
    let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if plain { text.to_owned() } else { "(no word)".to_owned() }
}
