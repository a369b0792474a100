//! An adapter's settings: a table of a TOML file, read with every fault reported at once; secrets that cannot be printed.
//!
//! Reading goes through a [`SettingsReader`], which collects faults instead of stopping at the first:
//!
//! ```
//! use callgauge_adapter::{Settings, SettingsReader};
//!
//! let settings = Settings::from("client_id = \"abc\"\npage_sice = 100".parse::<toml::Table>().expect("is TOML"));
//! let mut read = SettingsReader::new(&settings);
//! let client_id = read.text("client_id");
//! let secret = read.secret("client_secret");
//! let page_size = read.number_or("page_size", 1..=1000, 500);
//! let faults = read.finish().expect_err("two things are wrong");
//! assert_eq!(
//!     faults.to_string(),
//!     "client_secret: is missing: give it as text, as { env = \"NAME\" } or as { file = \"PATH\" }\n\
//!      page_sice: is no setting here; did you mean page_size?"
//! );
//! # let _ = (client_id, secret, page_size);
//! ```
//!
//! What is read before [`SettingsReader::finish`] was asked stands in where a fault was found (empty text, the first of the range) and is not to be used.

mod reader;
mod secret;
mod secrets;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use reader::SettingsReader;
pub use secret::Secret;
pub use secrets::Secrets;

use crate::{SettingKind, SettingSpec, TokenKeeper};

/// A source's own table of the settings file, unread. The host takes its own keys (which vendor, how often) out of it before.
#[derive(Clone, Default)]
pub struct Settings {
    table: toml::Table,
    keeper: Option<Arc<dyn TokenKeeper>>,
    #[cfg(feature = "http")]
    budgets: crate::http::Budgets,
}

impl From<toml::Table> for Settings {
    fn from(table: toml::Table) -> Self {
        Self { table, ..Self::default() }
    }
}

impl Settings {
    /// The same with a place where tokens that the vendor changes can be kept. The host gives one for each source; without it, such tokens live as
    /// long as the adapter.
    #[must_use]
    pub fn with_keeper(self, keeper: Arc<dyn TokenKeeper>) -> Self {
        Self { keeper: Some(keeper), ..self }
    }

    /// All of it as JSON, secrets filled in, for adapters that are programs of their own: a table `{ env = "NAME" }` or `{ file = "PATH" }` is the text
    /// that it names.
    ///
    /// # Errors
    /// Secrets that cannot be read.
    pub fn to_json(&self) -> Result<serde_json::Value, SettingFaults> {
        let mut faults = Vec::new();
        let json = json_of(&self.table, "", &mut faults, &mut Vec::new());
        if faults.is_empty() { Ok(json) } else { Err(SettingFaults { faults }) }
    }

    /// The place where changing tokens are kept.
    pub fn keeper(&self) -> Option<Arc<dyn TokenKeeper>> {
        self.keeper.clone()
    }

    /// The rate budgets of adapters that were opened with this table or a clone of it.
    #[cfg(feature = "http")]
    pub(crate) const fn budgets(&self) -> &crate::http::Budgets {
        &self.budgets
    }
}

/// A table as JSON. What was read for it from the environment and from files is added to `secrets`.
fn json_of(
    table: &toml::Table,
    prefix: &str,
    faults: &mut Vec<SettingFault>,
    secrets: &mut Vec<Secret>,
) -> serde_json::Value {
    let mut json = serde_json::Map::new();
    for (key, value) in table {
        let found = match value {
            toml::Value::Table(inner) => {
                let names_secret =
                    inner.len() == 1 && (inner.contains_key("env") || inner.contains_key("file"));
                if names_secret {
                    let alone = Settings::from(toml::Table::from_iter([(key.clone(), value.clone())]));
                    let mut read = SettingsReader::new(&alone);
                    let secret = read.secret(key);
                    let told = read.finish().err().into_iter().flat_map(|told| told.faults);
                    faults.extend(
                        told.map(|fault| SettingFault { key: format!("{prefix}{}", fault.key), ..fault }),
                    );
                    let text = serde_json::Value::String(secret.expose().to_owned());
                    secrets.push(secret);
                    text
                } else {
                    json_of(inner, &format!("{prefix}{key}."), faults, secrets)
                }
            }
            other => serde_json::to_value(other).unwrap_or_default(),
        };
        json.insert(key.clone(), found);
    }
    serde_json::Value::Object(json)
}

impl fmt::Debug for Settings {
    /// Names keys only: any value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.table.keys()).finish()
    }
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingFault {
    /// The key; in a table of a table "outer.inner".
    pub key: String,
    /// What is wrong and what would be right. Never the value of a secret.
    pub message: String,
}

/// Everything that is wrong with the settings: shown as a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingFaults {
    /// One for each fault, in the order in which the adapter read its settings, unknown keys last.
    pub faults: Vec<SettingFault>,
}

impl fmt::Display for SettingFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingFaults {}
