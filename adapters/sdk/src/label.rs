//! Queue and number names as labels that the schema takes.

use callgauge_schema::looks_like_uk_number;

/// The longest label, in characters.
const LABEL_CHARS: usize = 64;

/// A queue's or number's name as a label that the schema takes: cut to 64 characters, without control characters and space at the ends; empty where
/// it holds a telephone number.
pub fn line_of(name: &str) -> String {
    let name = name.trim();
    if looks_like_uk_number(name) {
        return String::new();
    }
    let label: String = name.chars().filter(|c| !c.is_control()).take(LABEL_CHARS).collect();
    if looks_like_uk_number(&label) { String::new() } else { label.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_a_number_in_it_is_dropped() {
        assert_eq!(line_of("  Reception \u{7}desk "), "Reception desk");
        assert_eq!(line_of("Line 01632 960001"), "");
        assert_eq!(line_of(&"x".repeat(100)).len(), 64);
    }
}
