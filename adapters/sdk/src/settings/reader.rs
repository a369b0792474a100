//! Reads a table key by key and collects what is wrong, so that an operator mends a file once and not ten times.

use std::fmt;
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::{Secret, SettingFault, SettingFaults, Settings};
use crate::time::Zone;
use crate::{SettingKind, SettingSpec};

/// The longest secret that is read from a file, in bytes.
const SECRET_FILE_LIMIT: u64 = 64 * 1024;

/// Reads settings and collects every fault. The methods without `_or` or `optional_` report a missing key.
pub struct SettingsReader<'a> {
    table: &'a Table,
    prefix: String,
    asked: Vec<String>,
    faults: Vec<SettingFault>,
}

impl<'a> SettingsReader<'a> {
    /// Begins.
    pub const fn new(settings: &'a Settings) -> Self {
        Self::of(&settings.table, String::new())
    }

    const fn of(table: &'a Table, prefix: String) -> Self {
        Self { table, prefix, asked: Vec::new(), faults: Vec::new() }
    }

    /// Text that must be there and not be empty.
    pub fn text(&mut self, key: &str) -> String {
        self.required(key, "text in quotes", Self::optional_text)
    }

    /// Text, or what stands in for it.
    pub fn text_or(&mut self, key: &str, otherwise: &str) -> String {
        self.optional_text(key).unwrap_or_else(|| otherwise.to_owned())
    }

    /// Text, if given. Space around it is dropped.
    pub fn optional_text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) if text.trim().is_empty() => {
                self.fault(key, "is empty: give text, or leave the key out");
                None
            }
            Value::String(text) => Some(text.trim().to_owned()),
            other => self.wrong_kind(key, "text in quotes", other),
        }
    }

    /// Text exactly as it is given, space included, if given.
    pub fn optional_exact_text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            other => self.wrong_kind(key, "text in quotes", other),
        }
    }

    /// One of some words that must be there.
    pub fn choice(&mut self, key: &str, words: &[&str]) -> String {
        self.required(key, &format!("one of {}", words.join(", ")), |read, key| {
            read.optional_choice(key, words)
        })
    }

    /// One of some words, if given. They are compared without regard to case and given back as in `words`.
    pub fn optional_choice(&mut self, key: &str, words: &[&str]) -> Option<String> {
        let text = self.optional_text(key)?;
        let found = words.iter().find(|word| word.eq_ignore_ascii_case(&text));
        if found.is_none() {
            self.fault(key, &format!("must be one of {}", words.join(", ")));
        }
        found.map(|word| (*word).to_owned())
    }

    /// A secret that must be there: text, `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub fn secret(&mut self, key: &str) -> Secret {
        let shape = "it as text, as { env = \"NAME\" } or as { file = \"PATH\" }";
        self.required(key, shape, Self::optional_secret)
    }

    /// A secret, if given. One line break at the end of a file is no part of it.
    pub fn optional_secret(&mut self, key: &str) -> Option<Secret> {
        let wrong = "must be text, { env = \"NAME\" } or { file = \"PATH\" }";
        let found = match self.value(key)? {
            Value::String(text) => Ok(Secret::from(text.as_str())),
            Value::Table(table) if table.len() == 1 => match (table.get("env"), table.get("file")) {
                (Some(Value::String(name)), None) => from_env(name),
                (None, Some(Value::String(path))) => from_file(path),
                _ => Err(wrong.to_owned()),
            },
            _ => Err(wrong.to_owned()),
        };
        match found {
            Ok(secret) if secret.expose().trim().is_empty() => {
                self.fault(key, "is empty: give the secret, or leave the key out");
                None
            }
            Ok(secret) => Some(secret),
            Err(message) => {
                self.fault(key, &message);
                None
            }
        }
    }

    /// A whole number of a range that must be there.
    pub fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> u64 {
        let otherwise = *range.start();
        let shape = format!("a whole number from {} to {}", range.start(), range.end());
        let found = self.required(key, &shape, |read, key| read.optional_number(key, range).map(Some));
        found.unwrap_or(otherwise)
    }

    /// A whole number of a range, or what stands in for it.
    pub fn number_or(&mut self, key: &str, range: RangeInclusive<u64>, otherwise: u64) -> u64 {
        self.optional_number(key, range).unwrap_or(otherwise)
    }

    /// A whole number of a range, if given.
    pub fn optional_number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let found = value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| range.contains(n));
        if found.is_none() {
            let shape = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.fault(key, &shape);
        }
        found
    }

    /// true or false, or what stands in for it.
    pub fn switch_or(&mut self, key: &str, otherwise: bool) -> bool {
        match self.value(key) {
            None => otherwise,
            Some(Value::Boolean(on)) => *on,
            Some(other) => self.wrong_kind(key, "true or false, without quotes", other).unwrap_or(otherwise),
        }
    }

    /// A list of text; empty where the key is missing. One text alone is a list of one.
    pub fn list(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items = match value {
            Value::String(text) => vec![Some(text.trim())],
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::trim)).collect(),
            _ => vec![None],
        };
        match items.into_iter().collect::<Option<Vec<&str>>>() {
            Some(items) if items.iter().all(|item| !item.is_empty()) => {
                items.into_iter().map(str::to_owned).collect()
            }
            _ => {
                self.fault(key, "must be a list of text, such as [\"one\", \"two\"], none of it empty");
                Vec::new()
            }
        }
    }

    /// A table of its own, read by `inner`; `None` where the key is missing. Faults inside it name "key.inner".
    pub fn table<T>(&mut self, key: &str, inner: impl FnOnce(&mut SettingsReader<'a>) -> T) -> Option<T> {
        let table = match self.value(key)? {
            Value::Table(table) => table,
            other => return self.wrong_kind(key, "a table", other),
        };
        let mut read = SettingsReader::of(table, format!("{}{key}.", self.prefix));
        let found = inner(&mut read);
        self.faults.extend(read.all_faults());
        Some(found)
    }

    /// A table of text by names of the operator's own (a mapping of columns, say), in the order of the names; empty where the key is missing.
    pub fn names(&mut self, key: &str) -> Vec<(String, String)> {
        let table = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Table(table)) => table,
            Some(other) => return self.wrong_kind(key, "a table of text", other).unwrap_or_default(),
        };
        let mut found = Vec::new();
        for (name, value) in table {
            match value.as_str().map(str::trim) {
                Some(text) if !text.is_empty() => found.push((name.clone(), text.to_owned())),
                _ => self.fault(&format!("{key}.{name}"), "must be text in quotes and not be empty"),
            }
        }
        found
    }

    /// A time zone of the IANA database, or what stands in for it.
    pub fn zone_or(&mut self, key: &str, otherwise: Zone) -> Zone {
        let Some(name) = self.optional_text(key) else { return otherwise };
        Zone::named(&name).unwrap_or_else(|| {
            self.fault(key, "is no time zone: give a name of the IANA database, such as \"Europe/London\"");
            otherwise
        })
    }

    /// An address to send requests to, or what stands in for it: https, or http to this machine alone, without a query; credentials go there.
    #[cfg(feature = "http")]
    pub fn url_or(&mut self, key: &str, otherwise: &str) -> url::Url {
        let given = self.optional_text(key);
        let checked = crate::http::base_url(given.as_deref().unwrap_or(otherwise));
        checked.unwrap_or_else(|message| {
            self.fault(key, message);
            crate::http::nowhere()
        })
    }

    /// An address to send requests to, which must be there; see [`Self::url_or`].
    #[cfg(feature = "http")]
    pub fn url(&mut self, key: &str) -> url::Url {
        if self.table.contains_key(key) {
            return self.url_or(key, "");
        }
        self.text(key);
        crate::http::nowhere()
    }

    /// Reads all settings of a description, for their faults alone: those that are missing or of another kind. What is in a table is not looked at.
    pub fn described(&mut self, settings: &[SettingSpec]) {
        for SettingSpec { key, kind, required, help: _ } in settings {
            let given = self.value(key);
            match (kind, given) {
                (_, None) if *required => self.fault(key, "is missing"),
                (_, None) | (SettingKind::Table, Some(Value::Table(_))) => {}
                (SettingKind::Table, Some(other)) => {
                    self.wrong_kind::<()>(key, "a table", other);
                }
                (SettingKind::Text, Some(_)) => drop(self.optional_text(key)),
                (SettingKind::Secret, Some(_)) => drop(self.optional_secret(key)),
                (SettingKind::Number, Some(_)) => drop(self.optional_number(key, 0..=u64::MAX)),
                (SettingKind::Switch, Some(_)) => drop(self.switch_or(key, false)),
                (SettingKind::List, Some(_)) => drop(self.list(key)),
            }
        }
    }

    /// Reports a fault that the adapter itself found, for example settings that contradict each other.
    pub fn fault(&mut self, key: &str, message: &str) {
        self.faults.push(SettingFault { key: format!("{}{key}", self.prefix), message: message.to_owned() });
    }

    /// The keys asked for so far, in order.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Whether a key is in the table, without counting as asked for.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Names keys that are read elsewhere, so that who misspells one is told of it.
    pub fn also_takes(&mut self, keys: &[&str]) {
        self.asked.extend(keys.iter().map(|key| (*key).to_owned()));
    }

    /// Ends: everything that was wrong, keys that nobody asked for among it.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn finish(self) -> Result<(), SettingFaults> {
        let faults = self.all_faults();
        if faults.is_empty() { Ok(()) } else { Err(SettingFaults { faults }) }
    }

    fn all_faults(mut self) -> Vec<SettingFault> {
        let table = self.table;
        for key in table.keys().filter(|key| !self.asked.contains(key)).cloned().collect::<Vec<_>>() {
            let nearest = self
                .asked
                .iter()
                .map(|known| (strsim::damerau_levenshtein(&key, known), known))
                .filter(|(distance, known)| *distance * 2 <= known.chars().count())
                .min_by_key(|(distance, _)| *distance);
            let message = nearest.map_or_else(
                || format!("is no setting here; there are {}", self.asked.join(", ")),
                |(_, known)| format!("is no setting here; did you mean {known}?"),
            );
            self.fault(&key, &message);
        }
        self.faults
    }

    fn value(&mut self, key: &str) -> Option<&'a Value> {
        if !self.asked.iter().any(|asked| asked == key) {
            self.asked.push(key.to_owned());
        }
        self.table.get(key)
    }

    /// What `read` gives; a missing key is a fault, and a wrong one was reported by `read`.
    fn required<T: Default>(
        &mut self,
        key: &str,
        shape: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> T {
        if !self.table.contains_key(key) {
            self.value(key);
            self.fault(key, &format!("is missing: give {shape}"));
            return T::default();
        }
        read(self, key).unwrap_or_default()
    }

    fn wrong_kind<T>(&mut self, key: &str, shape: &str, found: &Value) -> Option<T> {
        self.fault(key, &format!("must be {shape}, not {}", kind(found)));
        None
    }
}

impl fmt::Debug for SettingsReader<'_> {
    /// Without values: any may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsReader")
            .field("asked", &self.asked)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "a switch",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

fn from_env(name: &str) -> Result<Secret, String> {
    std::env::var(name)
        .map(Secret::new)
        .map_err(|_| format!("names the environment variable {name}, which is not set or is no text"))
}

fn from_file(path: &str) -> Result<Secret, String> {
    let readable =
        |fault: std::io::Error| format!("names the file {path}, which cannot be read: {}", fault.kind());
    let length = std::fs::metadata(path).map_err(readable)?.len();
    if length > SECRET_FILE_LIMIT {
        return Err(format!("names the file {path}, which is longer than {SECRET_FILE_LIMIT} bytes"));
    }
    let mut text = std::fs::read_to_string(path).map_err(readable)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Secret::new(text))
}
