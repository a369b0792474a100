//! Rows of a CDR file: a call each.

use callgauge_adapter::call_id_of;
use callgauge_adapter::folder::Fields;
use serde::Serialize;

use super::{dn, word};

/// A row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CdrRow {
    pub(crate) call: String,
    pub(crate) from_outside: bool,
    pub(crate) to_outside: bool,
    /// The trunk that the call came or went by.
    pub(crate) trunk: String,
    /// The extension or queue that it went to first, and the one that took it from there.
    pub(crate) to: String,
    pub(crate) last: String,
    /// Why it went on from the first to the last.
    pub(crate) changed: String,
    /// Whether it went on at all.
    pub(crate) went_on: bool,
    pub(crate) voicemail: bool,
    pub(crate) missed_in_queue: bool,
    pub(crate) ended_by: String,
    pub(crate) started: String,
    pub(crate) answered: bool,
}

/// All columns that 3CX can write, in its own order. Version 18 writes the first 20 of them where nothing else is configured.
pub(crate) const COLUMNS: [&str; 27] = [
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
/// How many of them version 18 writes.
pub(crate) const SHORTER: usize = 20;

/// Columns without which a row says nothing.
pub(crate) const NEEDED: [&str; 5] = ["historyid", "time-start", "reason-terminated", "from-no", "to-no"];

/// Where the columns stand.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    names: Vec<String>,
    at: [Option<usize>; COLUMNS.len()],
    /// Whether the operator named them.
    named: bool,
}

impl Columns {
    /// Columns by their names, in the order of the file; those of 3CX where there are none.
    pub(crate) fn of(names: Vec<String>) -> Self {
        let named = !names.is_empty();
        let names = if named { names } else { COLUMNS.map(str::to_owned).to_vec() };
        let at = COLUMNS.map(|name| names.iter().position(|known| known == name));
        Self { names, at, named }
    }

    /// Whether a row may have so many fields.
    pub(crate) const fn takes(&self, fields: usize) -> bool {
        fields == self.names.len() || (!self.named && fields == SHORTER)
    }

    /// How many there are, in words for a message.
    pub(crate) fn count(&self) -> String {
        if self.named {
            format!("{} are named: mend the setting columns", self.names.len())
        } else {
            format!("{} or {SHORTER} are usual: name them in the setting columns", self.names.len())
        }
    }

    /// Columns of [`NEEDED`] that are not there.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = &'static str> {
        NEEDED.into_iter().filter(|needed| !self.names.iter().any(|name| name == needed))
    }

    /// Names that 3CX has no such column for.
    pub(crate) fn strange(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str).filter(|name| !COLUMNS.contains(name))
    }
}

impl CdrRow {
    /// A row.
    pub(crate) fn read(fields: &Fields, columns: &Columns) -> Self {
        let get = |column: usize| columns.at[column].map_or("", |at| fields.get(at));
        let [from_no, to_no, from_dn, to_dn] = [7, 8, 9, 10].map(get);
        let [from_type, to_type] = [20, 21].map(get);
        let (from_outside, to_outside) = (outside(from_type, from_no), outside(to_type, to_no));
        let history = get(0).trim_start_matches("Call ").trim();
        let trunk = if from_outside { from_dn } else { to_dn };
        let (last_no, last_dn) = (get(13), get(14));
        Self {
            call: call_id_of(&[history, get(1)]),
            from_outside,
            to_outside,
            trunk: if from_outside || to_outside { dn(trunk) } else { String::new() },
            to: extension(to_no, to_dn),
            last: extension(last_no, last_dn),
            changed: word(get(12)),
            went_on: !last_no.is_empty() || !last_dn.is_empty(),
            voicemail: get(22).eq_ignore_ascii_case("voicemail"),
            missed_in_queue: !get(26).is_empty(),
            ended_by: word(get(6)),
            started: get(3).to_owned(),
            answered: !get(4).is_empty(),
        }
    }
}

/// Whether a side of the call is outside: by its type, or where there is none by a number that is no extension's.
fn outside(kind: &str, number: &str) -> bool {
    if kind.is_empty() {
        !number.is_empty() && !number.starts_with("Ext.")
    } else {
        !kind.eq_ignore_ascii_case("internal")
    }
}

/// The number of an extension or queue; empty for anything longer.
fn extension(number: &str, named: &str) -> String {
    dn(number.strip_prefix("Ext.").unwrap_or(named))
}
