//! Rows of 3CX, as far as they are read. Participants' names and numbers have no field here: of the source only what kind it is, of the practice's side the
//! number that was dialled (as a fingerprint), the numbers of extensions and the names of queues. The sentences that tell in 3CX's own words what happened hold both
//! and are not read.

pub(crate) mod cdr;
pub(crate) mod segment;
pub(crate) mod xapi;

/// The longest number of an extension, queue or trunk.
const LONGEST_DN: usize = 6;

/// The number of an extension, queue or trunk within the system; empty for anything that is none.
fn dn(text: &str) -> String {
    let text = text.trim();
    let short = text.len() <= LONGEST_DN && text.bytes().all(|byte| byte.is_ascii_digit());
    if short { text.to_owned() } else { String::new() }
}

/// A word of theirs: letters, spaces and underscores, nothing else.
fn word(text: &str) -> String {
    let text = text.trim();
    let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | ' '));
    if plain { text.to_owned() } else { "(no word)".to_owned() }
}
