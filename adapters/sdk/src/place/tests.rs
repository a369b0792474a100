//! Places: one fingerprint for one number, however it is written.

use super::*;

fn key(text: &str) -> Option<String> {
    Place::number(text).map(|place| place.key)
}

#[test]
fn one_number_has_one_fingerprint_however_it_is_written() {
    let expected = key("+441632960100");
    assert!(expected.as_ref().is_some_and(|key| key.ends_with("…100") && key.chars().count() == 16));
    for text in [
        "01632 960100",
        "(01632) 960-100",
        "+44 (0)1632 960 100",
        "+44 1632 960100",
        "0044 1632 960100",
        "441632960100",
        "1632960100",
        "tel:+441632960100",
        "TEL:01632960100",
        "sip:+441632960100@10.0.0.1:5060;transport=tls",
        " 01632.960.100 ",
    ] {
        assert_eq!(key(text), expected, "{text}");
    }
    assert_ne!(key("01632960101"), expected);
}

#[test]
fn the_fingerprint_is_the_one_that_the_documentation_states() {
    // printf +441632960100 | sha256sum
    assert_eq!(
        Place::number("01632 960100").map(|place| place.to_string()).as_deref(),
        Some("number:c46ecdea33fe…100")
    );
}

#[test]
fn what_is_no_number_of_a_practice_gives_no_place() {
    for text in
        ["", "201", "anonymous", "Restricted", "+44", "0", "sip:reception@pbx.example", "01632 960100 x5"]
    {
        assert_eq!(key(text), None, "{text}");
    }
}

#[test]
fn numbers_of_other_countries_keep_their_code() {
    assert_eq!(key("+353 1 234 5678"), key("0035312345678"));
    assert!(key("+353 1 234 5678").is_some());
}

#[test]
fn a_queue_named_for_a_number_does_not_show_it() {
    assert_eq!(Place::queue(" Reception ").key, "Reception");
    assert_eq!(
        Place::queue("01632 960100").key,
        Place::number("01632960100").map(|place| place.key).unwrap_or_default()
    );
    let mixed = Place::queue("Main 01632 960100").key;
    assert!(!mixed.contains("960100"), "{mixed}");
    assert_eq!(Place::site("x".repeat(300)).key.len(), 128);
}
