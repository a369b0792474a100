//! The id of a call, made of the vendor's own: never longer than the schema takes, never with a telephone number in it, the same always.

use callgauge_schema::{CallId, InvalidCode};
use sha2::{Digest, Sha256};

/// The longest id, in characters.
const LIMIT: usize = 128;
/// How much of a longer one is kept in front of its hash.
const KEPT: usize = 90;

/// An id for a call, from the vendor's own id or ids of it: the parts with `:` between them.
///
/// Where a part holds a telephone number the whole is replaced by its hash (of all parts together, so that the number alone cannot be looked up by
/// trying); where it is longer than 128 characters its end is replaced by its hash. Characters that cannot be printed count, and are hashed with the rest.
/// The result is always one that the schema takes, except where there is nothing in the parts: then it is empty, and the draft's check says so.
///
/// ```
/// use callgauge_adapter::call_id_of;
/// assert_eq!(call_id_of(&["acct7", "s-20"]), "acct7:s-20");
/// assert!(call_id_of(&["+441632960001", "1767225600"]).starts_with("h:"));
/// ```
pub fn call_id_of(parts: &[&str]) -> String {
    let whole = parts.join(":");
    if parts.iter().all(|part| part.is_empty()) {
        return String::new();
    }
    if parts.iter().any(|part| holds_number(part)) || whole.chars().any(char::is_control) {
        return format!("h:{}", hash(&whole));
    }
    if whole.chars().count() > LIMIT {
        let kept: String = whole.chars().take(KEPT).collect();
        let cut = format!("{}:{}", kept, hash(&whole));
        // A cut can make a number of what was none: the digits of a longer run.
        return if holds_number(&cut) { format!("h:{}", hash(&whole)) } else { cut };
    }
    if holds_number(&whole) { format!("h:{}", hash(&whole)) } else { whole }
}

/// Whether text holds what is shaped like a telephone number: as the schema sees it, or + and 7 to 15 digits. The schema takes no longer text than an id, so
/// longer ones are looked at in pieces that overlap.
fn holds_number(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let pieces = (0..chars.len()).step_by(LIMIT / 2).map(|from| &chars[from..chars.len().min(from + LIMIT)]);
    let seen = |piece: &[char]| {
        CallId::try_from(piece.iter().collect::<String>()) == Err(InvalidCode::TelephoneNumber)
    };
    pieces.into_iter().any(seen) || foreign(text)
}

/// A plus sign with at least 7 digits behind it.
fn foreign(text: &str) -> bool {
    text.match_indices('+').any(|(at, _)| text[at + 1..].bytes().take_while(u8::is_ascii_digit).count() >= 7)
}

/// 128 bits of SHA-256, with letters at the ends so that no run of digits stands alone.
fn hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("x{hex}x")
}

#[cfg(test)]
mod tests;
