//! An adapter's settings: a table of a TOML file, read with every fault reported at once, secrets that cannot be printed.

use std::fmt;

/// A source's own table of the settings file, unread.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    table: toml::Table,
}

impl From<toml::Table> for Settings {
    fn from(table: toml::Table) -> Self {
        Self { table }
    }
}

/// Text that cannot be printed: `Debug` and `Display` show nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it in.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingFault {
    /// The key.
    pub key: String,
    /// What is wrong and what would be right. Never the value of a secret.
    pub message: String,
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingFaults {
    /// One for each fault, in the order of the adapter's settings, unknown keys last.
    pub faults: Vec<SettingFault>,
}
