//! The rows of the page before, remembered in a cursor, so that a page that comes again, or rows that slid from one page to the next, are seen to.
//!
//! Lists that are read newest first slide while they are read: a new call at their head pushes the last row of a page onto the next. A row that was
//! joined to its legs and given back must not be taken for a new call without any.

use serde::{Deserialize, Serialize};

/// Fingerprints of the ids of one page, as text: 16 hexadecimal digits each, so that 1,000 rows take 16 KB of a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeenIds(String);

impl SeenIds {
    /// Of these ids.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut marks = Self::default();
        for id in ids {
            marks.0.push_str(&fingerprint(id));
        }
        marks
    }

    /// How many ids there are.
    pub const fn len(&self) -> usize {
        self.0.len() / 16
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an id was on the page.
    pub fn holds(&self, id: &str) -> bool {
        let wanted = fingerprint(id);
        self.0.as_bytes().chunks_exact(16).any(|mark| mark == wanted.as_bytes())
    }
}

/// FNV-1a, 64 bits: the same in every build and on every machine.
fn fingerprint(id: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in id.bytes() {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::SeenIds;

    #[test]
    fn ids_of_the_page_before_are_known_again() {
        let mark = SeenIds::of(["c-1", "c-2"]);
        assert!(mark.holds("c-1") && mark.holds("c-2") && !mark.holds("c-3"));
        assert_eq!((mark.len(), mark.is_empty()), (2, false));
        assert!(!SeenIds::default().holds(""));
    }

    #[test]
    fn marks_outlive_a_restart() {
        let text = serde_json::to_string(&SeenIds::of(["c-1"])).expect("is text");
        let back: SeenIds = serde_json::from_str(&text).expect("reads again");
        assert!(back.holds("c-1"));
    }
}
