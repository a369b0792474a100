//! Everybody who has calls, by key and by what they are called.

use std::sync::OnceLock;

use callgauge_schema::{Attribution, OdsCode};
use hashbrown::HashMap;

use super::AttributionKey;

/// Everybody who has calls; the position is the key.
#[derive(Clone, Debug, Default)]
pub struct Attributions {
    list: Vec<Attribution>,
    /// Made when it is first asked for.
    index: OnceLock<AttributionIndex>,
}

#[derive(Clone, Debug, Default)]
struct AttributionIndex {
    practices: HashMap<OdsCode, AttributionKey>,
    accounts: Vec<AttributionKey>,
}

impl Attributions {
    /// Everybody, in order of key.
    pub fn new(list: Vec<Attribution>) -> Self {
        Self { list, index: OnceLock::new() }
    }

    /// One more; its key is the next one.
    pub fn push(&mut self, attribution: Attribution) {
        self.index = OnceLock::new();
        self.list.push(attribution);
    }

    /// In order of key.
    pub fn list(&self) -> &[Attribution] {
        &self.list
    }

    /// The key of a practice that has calls.
    pub fn practice(&self, code: OdsCode) -> Option<AttributionKey> {
        self.index().practices.get(&code).copied()
    }

    /// The keys of accounts that several practices share, in order.
    pub fn accounts(&self) -> &[AttributionKey] {
        &self.index().accounts
    }

    fn index(&self) -> &AttributionIndex {
        self.index.get_or_init(|| {
            let mut index = AttributionIndex::default();
            for (key, attribution) in (0..).map(AttributionKey).zip(&self.list) {
                match attribution {
                    Attribution::Practice(code) => {
                        index.practices.insert(*code, key);
                    }
                    Attribution::Account(_) => index.accounts.push(key),
                }
            }
            index
        })
    }
}
