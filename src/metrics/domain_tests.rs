//! What a service that does not know the domain gets wrong about its metrics: a test for each.

use callgauge_schema::Reason;

use super::samples::{self, Part, row};
use super::{Absence, DurationBand, Options, Tally, Value, evaluate, outcome_check};
use crate::definitions;

fn value(metric: &str, tally: &Tally) -> Value {
    let set = definitions::find(definitions::DEFAULT).expect("default set");
    evaluate(set.metric(metric).expect("metric"), tally, &Options::default())
}

fn count(metric: &str, parts: &[Part<'_>]) -> i64 {
    match value(metric, &row(parts)) {
        Value::Count(count) => count,
        other => panic!("{metric} is {other:?}"),
    }
}

fn mean(metric: &str, parts: &[Part<'_>]) -> Option<f64> {
    match value(metric, &row(parts)) {
        Value::Distribution(distribution) => distribution.mean_secs,
        other => panic!("{metric} is {other:?}"),
    }
}

#[test]
fn one_call_one_outcome() {
    let parts: &[Part<'_>] = &[
        (samples::answered(), 3, &[], &[]),
        (samples::ended_in_ivr(), 5, &[], &[]),
        (samples::missed(Some(Reason::Busy)), 7, &[], &[]),
        (samples::callback_requested(), 11, &[], &[]),
        (samples::unclassified(), 13, &[], &[]),
    ];
    let exclusive = [
        "inbound_answered",
        "calls_abandoned",
        "missed_call_volumes",
        "call_backs_requested",
        "unclassified",
    ];
    let sum: i64 = exclusive.iter().map(|metric| count(metric, parts)).sum();
    assert_eq!(sum, count("call_volumes", parts));
    assert_eq!(outcome_check(&row(parts)).inbound, sum);
}

#[test]
fn abandoned_is_two_things() {
    let in_menu: &[Part<'_>] = &[(samples::ended_in_ivr(), 3, &[], &[])];
    let in_queue: &[Part<'_>] = &[(samples::missed(Some(Reason::AbandonedInQueue)), 2, &[(40, 2)], &[])];
    assert_eq!((count("calls_abandoned", in_menu), count("missed_call_volumes", in_menu)), (3, 0));
    assert_eq!((count("calls_abandoned", in_queue), count("missed_call_volumes", in_queue)), (0, 2));
    assert_eq!(mean("wait_time_before_call_abandoned", in_queue), Some(40.0));
    let labels = ["calls_abandoned", "wait_time_before_call_abandoned"]
        .map(|name| definitions::find("").and_then(|set| set.metric(name)).map(|metric| &metric.label));
    assert!(labels[0].is_some_and(|label| label.contains("CBT002")));
    assert!(labels[1].is_some_and(|label| label.contains("CBT004")));
}

#[test]
fn voicemail_is_missed() {
    let parts: &[Part<'_>] = &[(samples::missed(Some(Reason::Voicemail)), 4, &[], &[])];
    assert_eq!((count("missed_call_volumes", parts), count("inbound_answered", parts)), (4, 0));
}

#[test]
fn direct_dial_without_a_queue_rings_out_as_missed() {
    let parts: &[Part<'_>] = &[(samples::missed(Some(Reason::RangOut)), 1, &[(25, 1)], &[])];
    assert_eq!(count("missed_call_volumes", parts), 1);
    assert_eq!(mean("wait_time_before_call_abandoned", parts), Some(25.0));
}

#[test]
fn a_callback_that_is_made_or_answered_raises_neither_inbound_nor_answered() {
    let parts: &[Part<'_>] = &[
        (samples::callback_requested(), 2, &[(50, 2)], &[]),
        (samples::callback_answered(Some(true)), 3, &[], &[(100, 3)]),
        (samples::callback_made(Some(true)), 1, &[], &[]),
        (samples::callback_made(None), 1, &[], &[]),
        (samples::callback_made(Some(false)), 9, &[], &[]),
    ];
    assert_eq!(count("call_volumes", parts), 2);
    assert_eq!(count("inbound_answered", parts), 0);
    assert_eq!(count("call_backs_requested", parts), 2);
    assert_eq!(
        count("call_backs_made", parts),
        5,
        "attempts, not successes; more than requests; none by hand"
    );
    assert_eq!(value("call_times_to_answer", &row(parts)), Value::Absent(Absence::NoCalls));
    assert_eq!(value("average_call_length", &row(parts)), Value::Absent(Absence::NoCalls));
}

#[test]
fn both_kinds_of_callback_requests_count() {
    let parts: &[Part<'_>] = &[
        (samples::callback_requested(), 2, &[], &[]),
        (samples::callback_requested_for_a_time(), 3, &[], &[]),
    ];
    assert_eq!(count("call_backs_requested", parts), 5);
}

#[test]
fn missing_is_not_zero() {
    assert_eq!(value("call_volumes", &Tally::default()), Value::Absent(Absence::NoCalls));
    assert_eq!(count("missed_call_volumes", &[(samples::answered(), 1, &[], &[])]), 0);
}

#[test]
fn percentages_of_practices_are_never_averaged() {
    let large = row(&[(samples::answered(), 100, &[], &[]), (samples::missed(None), 900, &[], &[])]);
    let small = row(&[(samples::answered(), 9, &[], &[]), (samples::missed(None), 1, &[], &[])]);
    let mut both = large.clone();
    both.add(&small);
    // A mean of the two shares would say 50%.
    let expected = Value::Ratio { numerator: 109, denominator: 1_010 };
    assert_eq!(value("answered_share_of_inbound", &both), expected);
}

#[test]
fn the_choice_of_denominator_is_in_the_name() {
    let tally = row(&[
        (samples::answered(), 50, &[], &[]),
        (samples::ended_in_ivr(), 40, &[], &[]),
        (samples::missed(None), 10, &[], &[]),
    ]);
    let of_all = Value::Ratio { numerator: 10, denominator: 100 };
    let of_the_rest = Value::Ratio { numerator: 10, denominator: 60 };
    assert_eq!(value("missed_share_of_inbound", &tally), of_all);
    assert_eq!(value("missed_share_of_inbound_less_ivr", &tally), of_the_rest);
}

#[test]
fn sixty_and_a_hundred_and_twenty_seconds_fall_into_the_lower_band() {
    assert_eq!(DurationBand::of(60), DurationBand::UpTo60);
    assert_eq!(DurationBand::of(120), DurationBand::From61To120);
}

#[test]
fn means_are_over_their_own_calls_only() {
    let parts: &[Part<'_>] = &[
        (samples::answered(), 2, &[(10, 1), (20, 1)], &[(100, 1), (300, 1)]),
        (samples::missed(None), 1, &[(600, 1)], &[]),
    ];
    assert_eq!(mean("call_times_to_answer", parts), Some(15.0), "answered only");
    assert_eq!(mean("wait_time_before_call_abandoned", parts), Some(600.0), "missed only");
    assert_eq!(mean("average_call_length", parts), Some(200.0), "without the wait");
}

#[test]
fn no_mean_is_invented_from_bands() {
    let parts: &[Part<'_>] = &[(samples::banded(samples::answered()), 1, &[(301, 1)], &[])];
    assert_eq!(mean("call_times_to_answer", parts), None);
}

#[test]
fn short_abandons_are_in_the_contract_metrics_and_apart_in_contact_centre() {
    let parts: &[Part<'_>] = &[
        (samples::missed(Some(Reason::AbandonedInQueue)), 3, &[(1, 2), (90, 1)], &[]),
        (samples::answered(), 1, &[(3, 1)], &[]),
    ];
    assert_eq!(count("missed_call_volumes", parts), 3);
    let set = definitions::find("contact-centre").expect("set");
    let share = set.metric("abandoned_share_of_offered").expect("metric");
    let expected = Value::Ratio { numerator: 1, denominator: 2 };
    assert_eq!(evaluate(share, &row(parts), &Options::default()), expected);
}

#[test]
fn ended_in_ivr_is_folded_into_no_success_rate() {
    for metric in definitions::sets().iter().flat_map(|set| &set.metrics) {
        let only_ivr = row(&[(samples::ended_in_ivr(), 5, &[], &[])]);
        if let Value::Ratio { numerator, .. } = evaluate(metric, &only_ivr, &Options::default()) {
            let says_so = metric.name.starts_with("ended_in_ivr");
            assert_eq!(numerator != 0, says_so, "{}", metric.name);
        }
    }
}
