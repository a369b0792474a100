//! The format of a script, and the types that it is read into.
//!
#![doc = include_str!("script.md")]

use std::collections::BTreeMap;

use serde::Deserialize;

/// A script, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    pub(crate) vendor: String,
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    #[serde(default)]
    pub(crate) personal: Vec<String>,
    #[serde(default)]
    pub(crate) settings: toml::Table,
    #[serde(default)]
    pub(crate) auth: Vec<Auth>,
    #[serde(default)]
    pub(crate) token: Vec<TokenRoute>,
    pub(crate) expired: Option<Answer>,
    #[serde(default)]
    pub(crate) list: Vec<ListRoute>,
    #[serde(default)]
    pub(crate) item: Vec<ItemRoute>,
    #[serde(default)]
    pub(crate) fixed: Vec<FixedRoute>,
    #[serde(default)]
    pub(crate) row: Vec<Row>,
    #[serde(default)]
    pub(crate) step: Vec<Step>,
    pub(crate) round: Vec<Round>,
    #[serde(default)]
    pub(crate) limit: Vec<Limit>,
    pub(crate) throttled: Option<Throttled>,
    #[serde(default)]
    pub(crate) refusal: Vec<Refusal>,
    #[serde(default)]
    pub(crate) skip: BTreeMap<String, String>,
}

/// One thing that a request must carry: one of the fields is given.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    pub(crate) bearer: Option<String>,
    pub(crate) basic: Option<[String; 2]>,
    pub(crate) header: Option<[String; 2]>,
    pub(crate) query: Option<[String; 2]>,
    pub(crate) aws4: Option<[String; 3]>,
}

/// Which requests a route takes. The maps are flattened out by hand, because serde cannot refuse unknown keys through `flatten`.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a BTreeMap<String, String>,
    pub(crate) form: &'a BTreeMap<String, String>,
    pub(crate) json: &'a BTreeMap<String, toml::Value>,
    pub(crate) header: &'a BTreeMap<String, String>,
}

macro_rules! route {
    ($(#[$doc:meta])* $name:ident, $method:literal { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            method: Option<String>,
            pub(crate) path: String,
            #[serde(default)]
            query: BTreeMap<String, String>,
            #[serde(default)]
            form: BTreeMap<String, String>,
            #[serde(default)]
            json: BTreeMap<String, toml::Value>,
            #[serde(default)]
            header: BTreeMap<String, String>,
            $($(#[$attribute])* pub(crate) $field: $kind,)*
        }

        impl $name {
            /// Which requests it takes.
            pub(crate) fn asked(&self) -> Asked<'_> {
                Asked {
                    method: self.method.as_deref().unwrap_or($method),
                    path: &self.path,
                    query: &self.query,
                    form: &self.form,
                    json: &self.json,
                    header: &self.header,
                }
            }
        }
    };
}

route! {
    /// Where tokens are had.
    TokenRoute, "POST" {
        #[serde(default)]
        auth: Vec<Auth>,
        body: String,
    }
}

route! {
    /// A list of rows.
    ListRoute, "GET" {
        name: String,
        window: Option<WindowAsked>,
        pages: Option<Pages>,
        #[serde(default)]
        order: Order,
        answer: Answer,
        last: Option<Answer>,
        empty: Option<Answer>,
        #[serde(default)]
        only: BTreeMap<String, String>,
    }
}

route! {
    /// Rows by their id.
    ItemRoute, "GET" {
        name: Option<String>,
        of: Option<String>,
        id: Option<String>,
        answer: Answer,
        missing: Option<Answer>,
    }
}

route! {
    /// Anything else.
    FixedRoute, "GET" {
        window: Option<WindowAsked>,
        answer: Answer,
    }
}

/// Where a request says which stretch of time it wants.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowAsked {
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) zone: Option<String>,
    #[serde(default)]
    pub(crate) until_included: bool,
}

/// How a list is cut into pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    pub(crate) size: usize,
    pub(crate) ask: Vec<String>,
    #[serde(default)]
    pub(crate) by: PagesBy,
    pub(crate) first: Option<usize>,
    pub(crate) next: Option<String>,
    #[serde(default)]
    pub(crate) ends_with_empty_page: bool,
}

/// What a request for a further page holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PagesBy {
    #[default]
    Place,
    Page,
    Offset,
}

/// How rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    #[default]
    Oldest,
    Newest,
    Written,
}

/// An answer, with placeholders.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
}

/// A row of a list, from a round on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) list: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) at: Option<String>,
    #[serde(default = "first")]
    pub(crate) round: usize,
    #[serde(default)]
    pub(crate) deleted: bool,
    #[serde(default)]
    pub(crate) body: String,
}

/// One change of a folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(default = "first")]
    pub(crate) round: usize,
    pub(crate) file: String,
    pub(crate) write: Option<String>,
    pub(crate) append: Option<String>,
    pub(crate) rename: Option<String>,
    #[serde(default)]
    pub(crate) remove: bool,
    #[serde(default)]
    pub(crate) latin1: bool,
}

const fn first() -> usize {
    1
}

/// A state of the vendor's world, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Round {
    pub(crate) now: String,
    pub(crate) since: Option<String>,
    #[serde(default)]
    pub(crate) in_progress: u64,
    #[serde(default)]
    pub(crate) rejects: Vec<String>,
    #[serde(default)]
    pub(crate) unknown_words: Vec<String>,
    #[serde(default)]
    pub(crate) call: Vec<ExpectedCall>,
    #[serde(default)]
    pub(crate) tally: Vec<ExpectedTally>,
}

/// A call that must come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedCall {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) started_at: String,
    #[serde(default)]
    pub(crate) direction: String,
    #[serde(default)]
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) ivr: Option<u32>,
    pub(crate) wait: Option<u32>,
    pub(crate) talk: Option<u32>,
    pub(crate) line: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) callback_for: Option<String>,
    pub(crate) callback_attempt: Option<u16>,
    pub(crate) callback_automatic: Option<bool>,
    pub(crate) revision: Option<u64>,
    pub(crate) timing: Option<String>,
    #[serde(default)]
    pub(crate) places: Vec<String>,
    #[serde(default)]
    pub(crate) gone: bool,
}

/// A count that must come.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedTally {
    #[serde(default)]
    pub(crate) practice: String,
    #[serde(default)]
    pub(crate) account: String,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) places: Vec<String>,
    pub(crate) date: String,
    pub(crate) indicator: String,
    #[serde(default)]
    pub(crate) time_band: String,
    #[serde(default)]
    pub(crate) duration_band: String,
    pub(crate) count: u64,
}

/// A promised budget.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) requests: usize,
    pub(crate) per_secs: u64,
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    #[serde(default)]
    pub(crate) pages: LimitPages,
}

/// Which pages a budget counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LimitPages {
    #[default]
    All,
    First,
    Later,
}

/// The vendor's own "too many".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Throttled {
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) wait_secs: Option<f64>,
}

/// A refusal that check() must understand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) says: String,
    pub(crate) fault: String,
    #[serde(default)]
    pub(crate) at: RefusedAt,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
}

/// Which requests are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusedAt {
    #[default]
    Data,
    Token,
}
