//! What is carried from page to page, and what is refused.

use super::*;

fn leg(sid: &str, parent: Option<&str>, start: i64, talked: i64) -> Leg {
    let leg = serde_json::json!({
        "sid": sid, "parent_call_sid": parent, "status": "completed",
        "direction": if parent.is_some() { "outbound-dial" } else { "inbound" },
        "start_time": start, "end_time": start + 50, "duration": talked, "to": "client:desk_1",
    });
    serde_json::from_value(leg).expect("is a leg")
}

fn again(carry: &Carry) -> Carry {
    let text = serde_json::to_string(carry).expect("is text");
    serde_json::from_str(&text).expect("reads again")
}

#[test]
fn legs_of_an_earlier_page_are_joined_after_a_restart() {
    let mut carry = Carry::default();
    let first = carry.page(vec![leg("leg", Some("call"), 1_010, 40), leg("late", None, 1_005, 0)], false);
    assert!(first.expect("is in order").is_empty(), "calls at the end of a page wait");
    let mut carry = again(&carry);
    let joined = carry.page(vec![leg("call", None, 1_000, 50)], true).expect("is in order");
    let whole: Vec<_> =
        joined.iter().map(|joined| (joined.call.sid.as_str(), joined.legs.is_some())).collect();
    assert_eq!(whole, [("late", false), ("call", true)]);
    assert_eq!(joined[1].legs.as_ref().and_then(|legs| legs.answered), Some(1_020));
}

#[test]
fn a_page_that_comes_again_gives_nothing_twice() {
    let page = || {
        vec![leg("leg", Some("call"), 2_010, 40), leg("call", None, 2_000, 50), leg("old", None, 1_000, 5)]
    };
    let mut carry = Carry::default();
    let first = carry.page(page(), false).expect("is in order");
    assert_eq!(first.len(), 1, "the oldest waits");
    assert!(first[0].legs.is_some());
    assert!(carry.page(page(), false).expect("is in order").is_empty());
    let last = carry.page(vec![], true).expect("is in order");
    assert_eq!(last.iter().map(|joined| joined.call.sid.as_str()).collect::<Vec<_>>(), ["old"]);
}

#[test]
fn a_leg_after_its_call_is_refused() {
    let mut carry = Carry::default();
    carry.page(vec![leg("call", None, 2_000, 50), leg("other", None, 1_000, 5)], false).expect("is in order");
    let refused = carry.page(vec![leg("leg", Some("call"), 2_010, 40)], true).expect_err("is out of order");
    assert_eq!(refused.fault, Fault::Protocol);
}

#[test]
fn a_machine_is_no_person_and_an_unfinished_leg_keeps_its_call_open() {
    let mut legs = Legs::default();
    legs.add(&Leg { answered_by: Some("machine_end_beep".into()), ..leg("a", Some("call"), 10, 40) });
    assert_eq!((legs.answered, legs.unanswered.map(|(_, how)| how)), (None, Some(Unanswered::Machine)));
    legs.add(&Leg { status: "ringing".into(), end_time: None, ..leg("b", Some("call"), 20, 0) });
    assert!(legs.open);
}
