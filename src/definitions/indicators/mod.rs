//! Numbers from elsewhere that can stand beside our own metrics: which there are, what each means, and what a value of one may be.
//!
//! The fixed ones are data in `indicators.toml`. Whoever has another number gives it a name of their own that begins with `local:`; one that ends in `_share` is
//! held to be a share, every other one a rate.

mod value;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::Deserialize;

pub use value::{IndicatorValue, InvalidIndicatorValue};

/// How a name of one's own begins.
const LOCAL: &str = "local:";
/// Characters after that at most.
const LOCAL_LEN: usize = 48;

/// What a number from elsewhere means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorDefinition {
    /// Its name, for example "ae_attendances".
    pub name: String,
    /// A label for people.
    pub label: String,
    /// What kind of number it is.
    pub kind: IndicatorKind,
    /// What the numerator is counted in, for example "attendances".
    pub unit: String,
    /// What is counted.
    pub numerator: String,
    /// What it is laid over; empty where there is nothing.
    #[serde(default)]
    pub denominator: String,
    /// What it means and what to mind.
    pub wording: String,
    /// Where it is published.
    pub source: String,
}

/// What kind of number an indicator is, which decides what a value of it may be and which methods fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorKind {
    /// A part of the denominator: needs one, and is never over it.
    Share,
    /// Events over a denominator that does not bound them; without one it is a plain count.
    Rate,
    /// A number that is not laid over anything, such as the patients of a list.
    Count,
    /// A score, such as one of deprivation: it is not counted, and limits by chance mean nothing for it.
    Score,
}

impl IndicatorKind {
    /// All.
    pub const ALL: &[Self] = &[Self::Share, Self::Rate, Self::Count, Self::Score];

    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Rate => "rate",
            Self::Count => "count",
            Self::Score => "score",
        }
    }

    /// Whether it takes a denominator.
    pub const fn takes_denominator(self) -> bool {
        matches!(self, Self::Share | Self::Rate)
    }
}

/// The name of an indicator: one of the fixed ones, or `local:` and 1 to 48 of `a-z`, `0-9` and `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndicatorName(Box<str>);

/// Text that names no indicator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIndicatorName {
    /// Not a fixed name.
    #[error(
        "is no indicator: use one that ListIndicatorDefinitions lists, or a name of your own like local:dna_rate"
    )]
    Unknown,
    /// A name of one's own in another form.
    #[error("must be local: and 1 to 48 of a to z, 0 to 9 and _, for example local:dna_rate")]
    Local,
}

impl IndicatorName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a name of somebody's own.
    pub fn is_local(&self) -> bool {
        self.0.starts_with(LOCAL)
    }

    /// What it means; `None` for names of one's own.
    pub fn definition(&self) -> Option<&'static IndicatorDefinition> {
        definitions().iter().find(|definition| *definition.name == *self.0)
    }

    /// What kind of number it is.
    pub fn kind(&self) -> IndicatorKind {
        match self.definition() {
            Some(definition) => definition.kind,
            None if self.0.ends_with("_share") => IndicatorKind::Share,
            None => IndicatorKind::Rate,
        }
    }
}

impl FromStr for IndicatorName {
    type Err = InvalidIndicatorName;

    fn from_str(text: &str) -> Result<Self, InvalidIndicatorName> {
        let text = text.trim();
        if let Some(own) = text.strip_prefix(LOCAL) {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            let whole = (1..=LOCAL_LEN).contains(&own.len()) && own.bytes().all(fits);
            return if whole { Ok(Self(text.into())) } else { Err(InvalidIndicatorName::Local) };
        }
        let known = definitions().iter().any(|definition| definition.name == text);
        if known { Ok(Self(text.into())) } else { Err(InvalidIndicatorName::Unknown) }
    }
}

impl fmt::Display for IndicatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for IndicatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndicatorName({})", self.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    indicators: Vec<IndicatorDefinition>,
}

/// What every fixed indicator means, in the order of the file.
pub fn definitions() -> &'static [IndicatorDefinition] {
    static DEFINITIONS: LazyLock<Vec<IndicatorDefinition>> = LazyLock::new(|| {
        let table = include_str!("indicators.toml").parse::<toml::Table>();
        let File { indicators } =
            table.and_then(toml::Table::try_into).expect("compiled in, and a test parses it");
        indicators
    });
    &DEFINITIONS
}

#[cfg(test)]
mod tests;
