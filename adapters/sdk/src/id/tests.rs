//! Ids: always taken by the schema, never with a number in them, and different where the parts differ.

use callgauge_schema::CallId;
use proptest::prelude::*;

use super::call_id_of;

#[test]
fn an_id_that_is_fit_stays_readable() {
    assert_eq!(call_id_of(&["s-2026-02-02-17"]), "s-2026-02-02-17");
    assert_eq!(
        call_id_of(&["a1", "3f2a0711-0123-4567-8901-447700900123"]),
        "a1:3f2a0711-0123-4567-8901-447700900123"
    );
    assert_eq!(call_id_of(&["1767225600.42"]), "1767225600.42");
}

#[test]
fn an_id_with_a_number_in_it_is_hashed_as_a_whole() {
    for parts in [&["07700900123"][..], &["x", "+441632960001"], &["+33612345678", "x"], &["call/0117496012"]]
    {
        let id = call_id_of(parts);
        assert!(id.starts_with("h:x") && id.len() == 36, "{parts:?} gives {id}");
        assert!(!id.contains("960001") && !id.contains("900123"), "{id}");
    }
    assert_ne!(call_id_of(&["07700900123", "1"]), call_id_of(&["07700900123", "2"]));
}

#[test]
fn long_ids_that_differ_at_their_end_stay_different() {
    let long = "a".repeat(200);
    let (one, other) = (call_id_of(&[&long, "1"]), call_id_of(&[&long, "2"]));
    assert_ne!(one, other);
    assert!(one.len() <= 128 && one.starts_with("aaaa"));
    let hidden = format!("{} 07700900123 {}", "b".repeat(125), "c".repeat(90));
    assert!(call_id_of(&[&hidden]).starts_with("h:"), "a number in the middle of a long part");
}

#[test]
fn nothing_makes_no_id() {
    assert_eq!(call_id_of(&[]), "");
    assert_eq!(call_id_of(&["", ""]), "");
}

proptest! {
    #[test]
    fn the_schema_takes_every_id(parts in prop::collection::vec("\\PC{0,80}|[0-9+ :-]{0,40}|[\\x00-\\x7f]{0,20}", 1..4)) {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let id = call_id_of(&parts);
        prop_assert!(id.is_empty() || CallId::try_from(id.clone()).is_ok(), "{id:?}");
        prop_assert_eq!(id, call_id_of(&parts));
    }
}
