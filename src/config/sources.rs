//! The `[[source]]` and `[[source_of_record]]` tables of a settings file: the vendor accounts that are read, whose their calls are, and whose word counts.
//!
//! Every fault of every table is a line that says which table it is in. Secrets are read only where a source is opened, which `serve` does and no client.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use callgauge_adapter::{Place, Settings, SettingsReader, Span};
use callgauge_schema::{Attribution, DraftAccount, DraftAttribution, Moment, SourceId};
use toml::{Table, Value};

use crate::calendar::{Day, start_of};
use crate::ingest::host::{ANSWER, Mapping, MappingRule, Program, Reached, SourceSetup};
use crate::ingest::vendors;
use crate::store::{SourceOfRecord, Whose};

/// Sources in a settings file, and lines of one mapping.
const SOURCES: usize = 1_000;
const RULES: usize = 100_000;

/// What a settings file says of sources.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourcesConfig {
    /// The accounts, in the order of the file.
    pub sources: Vec<SourceConfig>,
    /// Whose word counts; `None` where the file says nothing about it.
    pub of_record: Option<Vec<SourceOfRecord>>,
}

/// One account.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConfig {
    /// Its id: calls carry it, so it stays as it is for as long as they are kept.
    pub id: SourceId,
    /// What reads it.
    pub reader: SourceReader,
    /// The adapter's own settings.
    pub settings: AccountSettings,
    /// Seconds between readings: 10 to 86,400, 300 unless said.
    pub poll_interval: Duration,
    /// How far back to read again, where not as long as the adapter says.
    pub lookback: Option<Span>,
    /// Where to begin reading the first time.
    pub start: Option<Moment>,
    /// Whose the calls are.
    pub mapping: Arc<Mapping>,
}

/// What reads an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceReader {
    /// An adapter of this build, by its name.
    Built(String),
    /// A program of its own.
    Program {
        /// How it is reached.
        reached: Reached,
        /// How long one answer of it may take: 1 to 3,600 seconds, 600 unless said.
        answer_within: Duration,
    },
}

/// An adapter's own settings, unread. Debug names keys only, because any value may be a secret.
#[derive(Clone, Default, PartialEq)]
pub struct AccountSettings(pub Table);

impl fmt::Debug for AccountSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl SourceConfig {
    /// With its adapter; `None` where this build has none of that name, which reading the settings has refused.
    pub fn setup(&self) -> Option<SourceSetup> {
        let Self { id, reader, settings: AccountSettings(table), poll_interval, lookback, start, mapping } =
            self;
        Some(SourceSetup {
            id: id.clone(),
            vendor: match reader {
                SourceReader::Built(name) => vendors::named(name)?.vendor,
                SourceReader::Program { reached, answer_within } => {
                    Arc::new(Program::new(reached.clone(), *answer_within))
                }
            },
            settings: Settings::from(table.clone()),
            poll_interval: *poll_interval,
            lookback: *lookback,
            start: *start,
            mapping: Arc::clone(mapping),
        })
    }
}

/// Reads the tables. With `open`, adapters are opened, so that their faults are told as well.
pub(super) fn read(file: &str, table: &Table, open: bool, faults: &mut Vec<String>) -> SourcesConfig {
    let mut config = SourcesConfig::default();
    let mut ids: HashMap<SourceId, usize> = HashMap::new();
    let sources = tables(file, table, "source", faults);
    if sources.len() > SOURCES {
        faults.push(format!("{file}: source: there are {}, at most {SOURCES} are read", sources.len()));
    }
    for (at, source) in (1..).zip(sources.into_iter().take(SOURCES)) {
        let named = source.get("id").and_then(Value::as_str).map(|id| format!(" ({id})")).unwrap_or_default();
        let mut told = Vec::new();
        if let Some(source) = one(source, open, &mut told) {
            match ids.insert(source.id.clone(), at) {
                Some(other) => {
                    told.push(format!("id: is that of source {other} as well; each needs one of its own"))
                }
                None => config.sources.push(source),
            }
        }
        faults.extend(told.into_iter().map(|fault| format!("{file}: source {at}{named}: {fault}")));
    }
    let of_record = tables(file, table, "source_of_record", faults);
    let mut list = Vec::new();
    for (at, rule) in (1..).zip(&of_record) {
        let mut told = Vec::new();
        list.extend(counts(rule, &mut told));
        faults.extend(told.into_iter().map(|fault| format!("{file}: source_of_record {at}: {fault}")));
    }
    if !of_record.is_empty() {
        if let Err(fault) = crate::store::stated::OfRecord::new(&list) {
            faults.push(format!("{file}: source_of_record: {fault}"));
        }
        config.of_record = Some(list);
    }
    config
}

/// The tables of a list of tables.
fn tables<'a>(file: &str, table: &'a Table, key: &str, faults: &mut Vec<String>) -> Vec<&'a Table> {
    let wrong = format!("{file}: {key}: must be written as [[{key}]], once for each");
    match table.get(key) {
        None => Vec::new(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| {
                if item.as_table().is_none() {
                    faults.push(wrong.clone());
                }
                item.as_table()
            })
            .collect(),
        Some(_) => {
            faults.push(wrong);
            Vec::new()
        }
    }
}

fn one(table: &Table, open: bool, faults: &mut Vec<String>) -> Option<SourceConfig> {
    let mut own = table.clone();
    let mapping = own.remove("mapping");
    let settings = match own.remove("settings") {
        None => Table::new(),
        Some(Value::Table(settings)) => settings,
        Some(_) => {
            faults.push("settings: must be a table, such as [source.settings]".to_owned());
            Table::new()
        }
    };
    let no_program = own.get("program").and_then(Value::as_array).is_some_and(Vec::is_empty);
    let own = Settings::from(own);
    let mut read = SettingsReader::new(&own);
    if no_program {
        read.fault(
            "program",
            "must name a program and what it is started with, such as [\"python3\", \"adapter.py\"]",
        );
    }
    let id = read.text("id");
    let id = id.parse::<SourceId>().map_err(|fault| {
        if !id.is_empty() {
            read.fault("id", &fault.to_string());
        }
    });
    let (reader, known) = reader(&mut read);
    let poll_interval = Duration::from_secs(read.number_or("poll_interval_secs", 10..=86_400, 300));
    let lookback = read.optional_number("lookback_secs", 60..=8_640_000).map(|secs| Span { secs });
    let start = day(&mut read, "start").map(start_of);
    read.also_takes(&["settings", "mapping"]);
    faults
        .extend(read.finish().err().into_iter().flat_map(|told| told.faults).map(|fault| fault.to_string()));
    let mapping = rules(mapping, faults);
    if let Some(known) = known.as_ref().filter(|_| open) {
        let opened = known.vendor.open(&Settings::from(settings.clone()));
        let told = opened.err().into_iter().flat_map(|told| told.faults);
        faults.extend(told.map(|fault| format!("settings.{fault}")));
    }
    let settings = AccountSettings(settings);
    Some(SourceConfig {
        id: id.ok()?,
        reader: reader?,
        settings,
        poll_interval,
        lookback,
        start,
        mapping: Arc::new(mapping),
    })
}

/// What reads it, with the adapter where this build has it.
fn reader(read: &mut SettingsReader<'_>) -> (Option<SourceReader>, Option<vendors::Known>) {
    let given = ["vendor", "program", "connect"].iter().filter(|key| read.has(key)).count();
    let (vendor, program, connect) =
        (read.optional_text("vendor"), read.list("program"), read.optional_text("connect"));
    let answer_within = read.optional_number("answer_within_secs", 1..=3_600);
    if given != 1 {
        let told = "give the name of an adapter, or program = [\"PATH\", ...] or connect = \"http://127.0.0.1:PORT\" for one that is a program of its own";
        read.fault("vendor", told);
        return (None, None);
    }
    if let Some(vendor) = vendor {
        if answer_within.is_some() {
            read.fault(
                "answer_within_secs",
                "goes with program or connect: adapters of this build have limits of their own",
            );
        }
        let known = vendors::named(&vendor);
        if known.is_none() {
            let names = vendors::names().join(", ");
            read.fault("vendor", &format!("{vendor:?} is no adapter of this build; there are {names}"));
        }
        return (Some(SourceReader::Built(vendor)), known);
    }
    let reached = match connect {
        Some(url) => {
            if crate::config::server_url(&url).is_err() {
                read.fault("connect", "must be a URL like http://127.0.0.1:7000");
            }
            Reached::At(url)
        }
        None => Reached::Started(program),
    };
    let answer_within = answer_within.map_or(ANSWER, Duration::from_secs);
    (Some(SourceReader::Program { reached, answer_within }), None)
}

fn rules(list: Option<Value>, faults: &mut Vec<String>) -> Mapping {
    let items = match list {
        None => Vec::new(),
        Some(Value::Array(items)) if items.len() <= RULES => items,
        Some(_) => {
            faults.push(format!(
                "mapping: must be written as [[source.mapping]], once for each place, at most {RULES} times"
            ));
            Vec::new()
        }
    };
    let mut rules = Vec::new();
    let mut positions = Vec::new();
    for (at, item) in (1..).zip(items) {
        let Value::Table(table) = item else {
            faults.push(format!("mapping {at}: must be a table"));
            continue;
        };
        let mut told = Vec::new();
        if let Some(found) = rule(table, &mut told) {
            rules.push(found);
            positions.push(at);
        }
        faults.extend(told.into_iter().map(|fault| format!("mapping {at}: {fault}")));
    }
    Mapping::new(&rules).unwrap_or_else(|shared| {
        faults.extend(shared.into_iter().map(|(one, other)| {
            format!(
                "mapping {}: names a place that mapping {} names for the same days",
                positions[other], positions[one]
            )
        }));
        Mapping::default()
    })
}

fn rule(table: Table, faults: &mut Vec<String>) -> Option<MappingRule> {
    let settings = Settings::from(table);
    let mut read = SettingsReader::new(&settings);
    let number = read.optional_text("number");
    let number = number.and_then(|text| {
        let place = Place::number(&text);
        if place.is_none() {
            read.fault("number", "must be a telephone number of the practice, such as \"01632 960001\"");
        }
        place
    });
    let queue = read.optional_text("queue").map(Place::queue);
    let site = read.optional_text("site").map(Place::site);
    let rest = read.switch_or("rest", false);
    let given = ["number", "queue", "site"].iter().filter(|key| read.has(key)).count() + usize::from(rest);
    if given != 1 {
        read.fault(
            "number",
            "give one of number, queue and site, or rest = true for all that no other mapping names",
        );
    }
    let whose = whose(&mut read);
    let (first, end) = (day(&mut read, "from"), day(&mut read, "until"));
    if first.zip(end).is_some_and(|(first, end)| end <= first) {
        read.fault("until", "must be after from: it is the day after the last one");
    }
    let told = read.finish().err().into_iter().flat_map(|told| told.faults);
    let before = faults.len();
    faults.extend(told.map(|fault| fault.to_string()));
    (before == faults.len()).then_some(())?;
    Some(MappingRule { place: number.or(queue).or(site), whose: whose?, first, end })
}

/// A practice, or an account with what is known of where it belongs.
fn whose(read: &mut SettingsReader<'_>) -> Option<Attribution> {
    let practice = read.optional_text("practice").map(DraftAttribution::Practice);
    let account = read.table("account", |read| {
        let id = read.text("id");
        let [pcn, sub_icb, icb, region] =
            ["pcn", "sub_icb", "icb", "region"].map(|key| read.optional_text(key).unwrap_or_default());
        DraftAttribution::Account(Box::new(DraftAccount { id, pcn, sub_icb, icb, region }))
    });
    if read.has("practice") == read.has("account") {
        let told = "give the ODS code of one, such as \"A81001\", or account = { id = \"...\", pcn = \"...\" } where several share it";
        read.fault("practice", told);
        return None;
    }
    let given = practice.or(account)?;
    match DraftAttribution::check(Some(given)) {
        Ok(whose) => Some(whose),
        Err(fault) => {
            let key = if read.has("practice") { "practice" } else { "account" };
            read.fault(key, &fault.message);
            None
        }
    }
}

fn day(read: &mut SettingsReader<'_>, key: &str) -> Option<Day> {
    let text = read.optional_text(key)?;
    let day = text.parse::<Day>();
    if let Err(fault) = &day {
        read.fault(key, &format!("{fault}, in quotes"));
    }
    day.ok()
}

fn counts(table: &Table, faults: &mut Vec<String>) -> Option<SourceOfRecord> {
    let settings = Settings::from(table.clone());
    let mut read = SettingsReader::new(&settings);
    let practice = read.optional_text("practice");
    let account = read.optional_text("account").map(|id| format!("account:{id}"));
    if practice.is_some() == account.is_some() {
        read.fault("practice", "give the ODS code of a practice, or account = \"its id\"");
    }
    let whose = practice.or(account).map(|text| text.parse::<Whose>());
    if let Some(Err(fault)) = &whose {
        read.fault("practice", &fault.to_string());
    }
    let source = read.text("source");
    let source = source.parse::<SourceId>().map_err(|fault| {
        if !source.is_empty() {
            read.fault("source", &fault.to_string());
        }
    });
    let (first, end) = (day(&mut read, "from"), day(&mut read, "until"));
    let told = read.finish().err().into_iter().flat_map(|told| told.faults);
    faults.extend(told.map(|fault| fault.to_string()));
    Some(SourceOfRecord { whose: whose?.ok()?, source: source.ok()?, first, end })
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "readme_tests.rs"]
mod readme;
