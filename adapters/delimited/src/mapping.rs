//! What the operator says of the files: which column is which of our fields, which word which outcome, and how times and durations are written.

use std::collections::BTreeSet;

use callgauge_adapter::SettingsReader;
use callgauge_adapter::folder::{Fields, Shape};
use callgauge_adapter::schema::{CallbackTiming, Direction, Outcome, Reason, UnknownDurations};
use callgauge_adapter::time::{Length, Zone};

/// What the files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Calls,
    Tallies,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// Told apart by their looks.
    Any,
    Iso,
    DayFirst,
    Epoch,
}

macro_rules! fields {
    ($($name:ident = $key:literal,)*) => {
        /// A field of ours that a column can be mapped to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Field {
            $($name,)*
        }

        impl Field {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $key),)*];
        }
    };
}

fields! {
    CallId = "call_id",
    StartedAt = "started_at",
    StartedTime = "started_time",
    QueuedAt = "queued_at",
    AnsweredAt = "answered_at",
    EndedAt = "ended_at",
    Direction = "direction",
    Outcome = "outcome",
    Ivr = "ivr",
    Wait = "wait",
    Talk = "talk",
    Line = "line",
    Number = "number",
    OutboundNumber = "outbound_number",
    Queue = "queue",
    Site = "site",
    Practice = "practice",
    Account = "account",
    Pcn = "pcn",
    SubIcb = "sub_icb",
    Icb = "icb",
    Region = "region",
    CallbackFor = "callback_for",
    Revision = "revision",
    Date = "date",
    Indicator = "indicator",
    TimeBand = "time_band",
    DurationBand = "duration_band",
    Count = "count",
}

/// How many fields there are.
pub(crate) const FIELDS: usize = Field::ALL.len();

impl Field {
    /// Its name in the settings.
    pub(crate) fn key(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, key)| key)
    }

    fn named(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == key).map(|(field, _)| *field)
    }

    fn of_calls(self) -> bool {
        !matches!(self, Self::Date | Self::Indicator | Self::TimeBand | Self::DurationBand | Self::Count)
    }

    fn of_tallies(self) -> bool {
        use Field::{Account, Icb, Number, Pcn, Practice, Queue, Region, Site, SubIcb};
        !self.of_calls()
            || matches!(self, Practice | Account | Pcn | SubIcb | Icb | Region | Number | Queue | Site)
    }
}

/// What a word of theirs means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An outcome, with its reason and how a callback was asked for.
    Is(Outcome, Option<Reason>, Option<CallbackTiming>),
    /// An outbound attempt to call back.
    CallbackMade,
    /// Not ended yet.
    InProgress,
    /// No call of patients: internal calls and the like.
    Skip,
}

/// Which way a word of theirs says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Is(Direction),
    Skip,
}

/// Everything the operator said.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) holds: Holds,
    pub(crate) endings: Vec<String>,
    pub(crate) shape: Shape,
    /// Only UTF-8 is taken.
    pub(crate) strict: bool,
    /// Names of the columns of files without a header; empty where they have one.
    pub(crate) columns: Vec<String>,
    pub(crate) times: Times,
    pub(crate) zone: Zone,
    pub(crate) lengths: Length,
    /// Our field, their column.
    pub(crate) map: Vec<(Field, String)>,
    /// In lower case.
    pub(crate) outcomes: Vec<(String, Meaning)>,
    pub(crate) directions: Vec<(String, Way)>,
    pub(crate) indicators: Vec<(String, &'static str)>,
    /// Whether an indicator that has no row for a practice's day, on which others have, is 0; `None` where the operator does not say.
    pub(crate) missing_is_zero: Option<bool>,
}

/// Where each field stands in a row.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    at: [Option<usize>; FIELDS],
    /// How many columns a row has.
    pub(crate) count: usize,
}

impl Columns {
    /// What stands in a field's column; empty where it has none.
    pub(crate) fn get<'a>(&self, fields: &'a Fields, field: Field) -> &'a str {
        self.at[field as usize].map_or("", |at| fields.get(at))
    }

    /// Whether a field has a column.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.at[field as usize].is_some()
    }
}

impl Mapping {
    /// The settings, apart from the folder.
    pub(crate) fn read(read: &mut SettingsReader<'_>) -> Self {
        let holds = match read.optional_choice("holds", &["calls", "tallies"]).as_deref() {
            Some("tallies") => Holds::Tallies,
            _ => Holds::Calls,
        };
        let endings = read.list("files");
        let delimiter = delimiter(read);
        let quotes = read.switch_or("quotes", true);
        let encoding = read.optional_choice("encoding", &["auto", "utf-8", "latin-1"]);
        let columns = read.list("columns");
        let times =
            match read.optional_choice("times", &["auto", "iso", "day_month_year", "epoch"]).as_deref() {
                Some("iso") => Times::Iso,
                Some("day_month_year") => Times::DayFirst,
                Some("epoch") => Times::Epoch,
                _ => Times::Any,
            };
        let zone = read.zone_or("time_zone", Zone::london());
        let lengths = match read
            .optional_choice("durations", &["seconds", "milliseconds", "clock", "iso"])
            .as_deref()
        {
            Some("milliseconds") => Length::Millis,
            Some("clock") => Length::Clock,
            Some("iso") => Length::Iso,
            _ => Length::Secs,
        };
        let map = map(read, holds);
        let outcomes = words(
            read,
            "outcomes",
            meaning,
            "is none of answered, ended_in_ivr, missed, callback_requested, unclassified (each with \":\" and a reason, if any), callback_made, in_progress, skip",
        );
        let directions = words(read, "directions", way, "is none of inbound, outbound, skip");
        let indicators = words(
            read,
            "indicators",
            indicator,
            "is none of inbound, answered, ended_in_ivr, missed, callback_requested, callback_made, answered_by_length",
        );
        if holds == Holds::Calls && !read.has("outcomes") {
            read.fault(
                "outcomes",
                "is missing: give a table of their words for an outcome, such as \"Answered\" = \"answered\"",
            );
        }
        let missing_is_zero =
            read.optional_choice("missing_rows", &["zero", "unknown"]).map(|what| what == "zero");
        Self {
            holds,
            endings: if endings.is_empty() { vec![".csv".into()] } else { endings },
            shape: Shape { delimiter, quotes },
            strict: encoding.as_deref() == Some("utf-8"),
            columns,
            times,
            zone,
            lengths,
            map,
            outcomes,
            directions,
            indicators,
            missing_is_zero,
        }
    }

    /// The durations that calls may lack, because no column tells them.
    pub(crate) fn unknown_durations(&self) -> UnknownDurations {
        let has = |field| self.map.iter().any(|(mapped, _)| *mapped == field);
        let derived = has(Field::AnsweredAt) && has(Field::EndedAt);
        UnknownDurations { wait: !has(Field::Wait) && !derived, talk: !has(Field::Talk) && !derived }
    }

    /// Whether a file is one of these.
    pub(crate) fn takes(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.endings.iter().any(|ending| name.ends_with(&ending.to_lowercase()))
    }

    /// Where each field stands, by the names of the columns.
    ///
    /// # Errors
    /// Which columns are missing or stand there twice.
    pub(crate) fn columns<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<Columns, String> {
        let names: Vec<&str> = names.map(|name| name.trim().trim_matches('"')).collect();
        let (mut at, mut missing) = ([None; FIELDS], Vec::new());
        for (field, column) in &self.map {
            let mut found = names.iter().enumerate().filter(|(_, name)| **name == column);
            match (found.next(), found.next()) {
                (Some((place, _)), None) => at[*field as usize] = Some(place),
                (None, _) => missing.push(column.as_str()),
                (Some(_), Some(_)) => return Err(format!("has the column \"{column}\" twice in its header")),
            }
        }
        if missing.is_empty() {
            return Ok(Columns { at, count: names.len() });
        }
        let others = [(b',', ','), (b';', ';'), (b'|', '|'), (b'\t', '\t')]
            .into_iter()
            .filter(|(byte, _)| *byte != self.shape.delimiter);
        let divided =
            others.map(|(_, other)| other).find(|other| names.len() == 1 && names[0].contains(*other));
        if let Some(other) = divided {
            return Err(
                format!("seems to be divided by {other:?}: set delimiter = {other:?}").replace('\'', "\"")
            );
        }
        let missing = missing.join("\", \"");
        Err(format!(
            "lacks \"{missing}\" in its header (names are compared with case): mend the setting map, or ask the supplier why the column is gone"
        ))
    }
}

/// Looks a word up without regard to case.
pub(crate) fn look_up<T: Copy>(words: &[(String, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| same(known, word)).map(|(_, meaning)| *meaning)
}

fn same(lower: &str, word: &str) -> bool {
    if word.is_ascii() { lower.eq_ignore_ascii_case(word) } else { lower == word.to_lowercase() }
}

fn delimiter(read: &mut SettingsReader<'_>) -> u8 {
    match read.optional_exact_text("delimiter").as_deref() {
        None | Some("," | "comma") => b',',
        Some(";" | "semicolon") => b';',
        Some("|" | "pipe") => b'|',
        Some("\t" | "tab") => b'\t',
        Some(_) => {
            read.fault("delimiter", "must be \",\", \";\", \"|\" or \"tab\"");
            b','
        }
    }
}

fn map(read: &mut SettingsReader<'_>, holds: Holds) -> Vec<(Field, String)> {
    let given = read.names("map");
    let mut found = Vec::new();
    for (key, column) in given {
        let fits = |field: &Field| match holds {
            Holds::Calls => field.of_calls(),
            Holds::Tallies => field.of_tallies(),
        };
        match Field::named(&key).filter(fits) {
            Some(field) => found.push((field, column)),
            None => {
                let known: Vec<&str> =
                    Field::ALL.iter().filter(|(field, _)| fits(field)).map(|(_, key)| *key).collect();
                read.fault(&format!("map.{key}"), &format!("is no field; there are {}", known.join(", ")));
            }
        }
    }
    // NHS England's published layout needs no mapping.
    if holds == Holds::Tallies && found.is_empty() && !read.has("map") {
        return Vec::new();
    }
    let has = |field| found.iter().any(|(mapped, _)| *mapped == field);
    let needed: &[Field] = match holds {
        Holds::Calls => &[Field::CallId, Field::StartedAt, Field::Outcome],
        Holds::Tallies => &[Field::Date, Field::Indicator, Field::Count],
    };
    let missing: Vec<Field> = needed.iter().copied().filter(|field| !has(*field)).collect();
    for field in missing {
        read.fault(&format!("map.{}", field.key()), "is missing: name the column");
    }
    found
}

fn words<T>(
    read: &mut SettingsReader<'_>,
    key: &str,
    meaning: fn(&str) -> Option<T>,
    wrong: &str,
) -> Vec<(String, T)> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for (word, text) in read.names(key) {
        let lower = word.trim().to_lowercase();
        if !seen.insert(lower.clone()) {
            read.fault(&format!("{key}.{word}"), "is there twice: words are compared without case");
        }
        match meaning(&text) {
            Some(means) => found.push((lower, means)),
            None => read.fault(&format!("{key}.{word}"), wrong),
        }
    }
    found
}

fn meaning(text: &str) -> Option<Meaning> {
    match text {
        "callback_made" => return Some(Meaning::CallbackMade),
        "in_progress" => return Some(Meaning::InProgress),
        "skip" => return Some(Meaning::Skip),
        _ => {}
    }
    let (outcome, detail) =
        text.split_once(':').map_or((text, None), |(outcome, detail)| (outcome, Some(detail)));
    let outcome = *Outcome::ALL.iter().find(|known| known.name() == outcome)?;
    let Some(detail) = detail else { return Some(Meaning::Is(outcome, None, None)) };
    if outcome == Outcome::CallbackRequested {
        let timing = *CallbackTiming::ALL.iter().find(|known| known.name() == detail)?;
        return Some(Meaning::Is(outcome, None, Some(timing)));
    }
    let reason = *Reason::ALL.iter().find(|known| known.name() == detail && known.outcome() == outcome)?;
    Some(Meaning::Is(outcome, Some(reason), None))
}

fn way(text: &str) -> Option<Way> {
    match text {
        "inbound" => Some(Way::Is(Direction::Inbound)),
        "outbound" => Some(Way::Is(Direction::Outbound)),
        "skip" => Some(Way::Skip),
        _ => None,
    }
}

/// An indicator by our name for it.
fn indicator(text: &str) -> Option<&'static str> {
    crate::tallies::INDICATORS.iter().find(|(_, name)| *name == text).map(|(_, name)| *name)
}
