//! Where at a practice a call arrived: what the host's mapping turns into a practice or account.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A number, queue or site of the vendor account. Never anything of the other side of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// What kind.
    pub kind: PlaceKind,
    /// Which: the vendor's id or name of it. Of numbers a fingerprint, see [`Place::number`].
    pub key: String,
}

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A telephone number of the practice.
    Number,
    /// A queue, hunt group or ring group.
    Queue,
    /// A site, location or tenant.
    Site,
}

impl Place {
    /// A telephone number of the practice, however it is written: UK numbers with or without 0, +44 or 0044, spaces, dots, hyphens and brackets; other
    /// numbers with + or 00; a `tel:` or `sip:` in front and what follows `@` or `;` are dropped. `None` where it is no such number (an
    /// extension, "anonymous", empty text).
    ///
    /// Kept are the first 12 hexadecimal digits of the SHA-256 of its E.164 form and its last three digits, so that an operator can tell numbers apart and
    /// nothing that is stored can be dialled: `9f86d081884c…123`. The operator's mapping holds the plain number and is fingerprinted in the same way.
    /// It is a shortening, no protection: whoever knows which numbers may be meant can try them. A practice's own numbers are public.
    pub fn number(text: &str) -> Option<Self> {
        let e164 = e164(text)?;
        let hash = Sha256::digest(e164.as_bytes());
        let hex: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let last = &e164[e164.len() - 3..];
        Some(Self { kind: PlaceKind::Number, key: format!("{hex}…{last}") })
    }

    /// A queue, hunt group or ring group, by the vendor's id or name.
    pub fn queue(key: impl AsRef<str>) -> Self {
        Self { kind: PlaceKind::Queue, key: label(key.as_ref()) }
    }

    /// A site, location or tenant, by the vendor's id or name.
    pub fn site(key: impl AsRef<str>) -> Self {
        Self { kind: PlaceKind::Site, key: label(key.as_ref()) }
    }
}

impl PlaceKind {
    /// Its name in files and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Queue => "queue",
            Self::Site => "site",
        }
    }
}

impl fmt::Display for Place {
    /// `queue:Reception`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.key)
    }
}

/// The longest key of a queue or site, in characters.
const KEY_LIMIT: usize = 128;

/// Space at the ends dropped; a number in it fingerprinted, because queues are sometimes named for the number that leads to them.
fn label(text: &str) -> String {
    let text = text.trim();
    if callgauge_schema::looks_like_uk_number(text) {
        if let Some(place) = Place::number(text) {
            return place.key;
        }
        let hash = Sha256::digest(text.as_bytes());
        return hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    }
    text.chars().filter(|c| !c.is_control()).take(KEY_LIMIT).collect()
}

/// `+` and 7 to 15 digits; `None` where the text is no telephone number.
fn e164(text: &str) -> Option<String> {
    let text = text.trim();
    let text = ["tel:", "sip:", "sips:"]
        .iter()
        .find_map(|scheme| text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme)))
        .map_or(text, |head| &text[head.len()..]);
    let text = text.split(['@', ';']).next().unwrap_or_default();
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            ' ' | '\u{a0}' | '.' | '-' | '(' | ')' | '/' => {}
            _ => return None,
        }
    }
    let national = |rest: &str| {
        let rest = rest.strip_prefix('0').unwrap_or(rest);
        let geographic =
            matches!(rest.as_bytes().first(), Some(b'1' | b'2' | b'3' | b'5' | b'7' | b'8' | b'9'));
        (geographic && (9..=10).contains(&rest.len())).then(|| format!("+44{rest}"))
    };
    let abroad = |rest: &str| match rest.strip_prefix("44") {
        Some(uk) => national(uk),
        None => (!rest.starts_with('0') && (7..=15).contains(&rest.len())).then(|| format!("+{rest}")),
    };
    if plus {
        abroad(&digits)
    } else if let Some(rest) = digits.strip_prefix("00") {
        abroad(rest)
    } else if let Some(rest) = digits.strip_prefix('0') {
        national(rest)
    } else if let Some(rest) = digits.strip_prefix("44").filter(|rest| rest.len() == 10) {
        national(rest)
    } else {
        // A UK number that lost its leading zero, as spreadsheets make them.
        (digits.len() == 10).then(|| national(&digits)).flatten()
    }
}

#[cfg(test)]
mod tests;
