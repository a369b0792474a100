//! Rows of an export of the table `cdroutput`: one stage of a call each.

use callgauge_adapter::folder::Fields;
use callgauge_adapter::{Place, call_id_of};
use serde::Serialize;

use super::{dn, word};
use crate::map::Kind;

/// A segment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Segment {
    pub(crate) id: String,
    pub(crate) call: String,
    /// From outside.
    pub(crate) incoming: bool,
    pub(crate) from_extension: bool,
    pub(crate) dialled: Option<Place>,
    pub(crate) trunk: String,
    pub(crate) to: Kind,
    /// The queue's number, and its name.
    pub(crate) queue: Option<(String, String)>,
    pub(crate) ended_by: String,
    pub(crate) ended_how: String,
    pub(crate) goes_on_in: String,
    /// The segment that it came of; empty for a call's first, and where the export lacks the column.
    pub(crate) came_of: String,
    pub(crate) started: String,
    pub(crate) answered: String,
    pub(crate) ended: String,
}

/// Columns that are needed, in the order in which [`Segment::read`] takes them.
pub(crate) const NEEDED: [&str; 15] = [
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

/// Columns that are read where they are there, after the others.
pub(crate) const BESIDE: [&str; 2] = ["originating_cdr_id", "source_dn_number"];

impl Segment {
    /// A row, by where the columns of [`NEEDED`] and [`BESIDE`] stand.
    pub(crate) fn read(fields: &Fields, at: &[Option<usize>]) -> Self {
        let get = |n: usize| at.get(n).copied().flatten().map_or("", |at| fields.get(at));
        let incoming = matches!(get(3), "true" | "t" | "1");
        let to = kind(get(7), get(5));
        let trunk = match to {
            _ if incoming => dn(get(16)),
            Kind::Outside => dn(get(6)),
            _ => String::new(),
        };
        Self {
            id: get(0).to_owned(),
            call: if get(1).is_empty() { String::new() } else { call_id_of(&[get(1)]) },
            incoming,
            from_extension: get(2) == "extension",
            dialled: Place::number(get(4)).filter(|_| incoming),
            trunk,
            to,
            // The name of an extension is a person's.
            queue: (to == Kind::Queue).then(|| (dn(get(6)), get(8).to_owned())),
            ended_by: word(get(9)),
            ended_how: word(get(10)),
            goes_on_in: get(11).to_owned(),
            came_of: get(15).to_owned(),
            started: get(12).to_owned(),
            answered: get(13).to_owned(),
            ended: get(14).to_owned(),
        }
    }
}

fn kind(dn_type: &str, entity_type: &str) -> Kind {
    match (dn_type, entity_type) {
        ("queue", _) => Kind::Queue,
        (group, _) | (_, group) if group.starts_with("ring_group") => Kind::Queue,
        ("voicemail", _) | (_, "voicemail") => Kind::Voicemail,
        ("extension", _) | (_, "extension") => Kind::Extension,
        ("provider" | "external_line", _) | (_, "external_line") => Kind::Outside,
        _ => Kind::Menu,
    }
}
