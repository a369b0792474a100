//! Laws of tallies and metrics: order never matters, parts add up, added and taken off is nothing, a percentile is a call's own duration.

use callgauge_schema::{CallKind, Direction, Reason, Seconds};
use proptest::prelude::*;

use super::samples;
use super::{
    At, Counted, Gatherer, Options, Percent, Tally, TallyBuilder, Value, evaluate, outcome_check,
    split_by_outcome,
};
use crate::definitions::{self, Rule};

#[derive(Clone, Copy, Debug)]
struct Call {
    kind: CallKind,
    wait: Option<Seconds>,
    talk: Option<Seconds>,
}

fn kinds() -> impl Strategy<Value = CallKind> {
    let measured = prop_oneof![
        6 => Just(samples::answered()),
        1 => Just(samples::ended_in_ivr()),
        1 => Just(samples::unclassified()),
        1 => Just(samples::callback_requested()),
        1 => Just(samples::callback_requested_for_a_time()),
        1 => Just(samples::outbound()),
        1 => prop::option::of(any::<bool>()).prop_map(samples::callback_made),
        2 => prop::option::of(prop::sample::select(vec![
            Reason::AbandonedInQueue,
            Reason::AbandonedWhileRinging,
            Reason::Voicemail,
        ]))
        .prop_map(samples::missed),
    ];
    (measured, prop::bool::weighted(0.1))
        .prop_map(|(kind, banded)| if banded { samples::banded(kind) } else { kind })
}

fn durations() -> impl Strategy<Value = Option<Seconds>> {
    let secs = prop_oneof![8 => 0..400_u32, 2 => 0..9_000_u32, 1 => 7_100..7_300_u32, 1 => Just(86_400)]
        .prop_map(samples::secs);
    prop::option::weighted(0.9, secs)
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (kinds(), durations(), durations()).prop_map(|(kind, wait, talk)| Call { kind, wait, talk });
    prop::collection::vec(call, 0..150)
}

fn tally(calls: &[Call]) -> Tally {
    let mut builder = TallyBuilder::new();
    calls.iter().for_each(|call| builder.add_call(call.kind, call.wait, call.talk));
    builder.finish()
}

/// The same in plain code.
fn slow_tally(calls: &[Call]) -> Tally {
    let mut sum = Tally::default();
    for Call { kind, wait, talk } in calls {
        let bins =
            |duration: &Option<Seconds>| duration.iter().map(|secs| (secs.get(), 1)).collect::<Vec<_>>();
        sum.add(&samples::row(&[(*kind, 1, &bins(wait), &bins(talk))]));
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_percentile_is_the_duration_at_its_index_in_the_sorted_list(
        mut waits in prop::collection::vec(0..2_000_u32, 1..200),
        units in 1..=1_000_000_u32,
    ) {
        let mut builder = TallyBuilder::new();
        for &wait in &waits {
            builder.add_call(samples::answered(), Some(samples::secs(wait)), None);
        }
        let percent = Percent::try_from(f64::from(units) / 10_000.0).unwrap();
        let options = Options { percentiles: vec![percent], ..Options::default() };
        let metric = definitions::find("").and_then(|set| set.metric("call_times_to_answer")).unwrap();
        let Value::Distribution(got) = evaluate(metric, &builder.finish(), &options) else {
            panic!("no distribution");
        };
        waits.sort_unstable();
        // k = ceil(q n), in whole numbers.
        let k = (u64::from(units) * waits.len() as u64).div_ceil(1_000_000) as usize;
        prop_assert_eq!(got.percentiles, vec![(percent, At::Secs(waits[k - 1]))]);
    }

    #[test]
    fn numbers_of_calls_by_kind_give_what_tallies_give(calls in calls()) {
        let tally = tally(&calls);
        for metric in definitions::sets().iter().flat_map(|set| &set.metrics) {
            if metric.needs_durations() {
                prop_assert_eq!(Counted::one(metric, samples::answered()), None);
                continue;
            }
            let mut counted = Counted::default();
            for of in &tally.kinds {
                counted.add(Counted::one(metric, of.kind).expect("it only counts"), of.calls);
            }
            let expected = evaluate(metric, &tally, &Options::default());
            prop_assert_eq!(counted.value(metric), expected, "{}", &metric.name);
        }
    }

    #[test]
    fn every_way_to_add_calls_up_gives_the_same(
        calls in calls().prop_shuffle(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = slow_tally(&calls);
        prop_assert_eq!(&tally(&calls), &whole);

        let reversed: Vec<Call> = calls.iter().rev().copied().collect();
        prop_assert_eq!(&tally(&reversed), &whole, "order never matters");

        let (first, second) = calls.split_at(if calls.is_empty() { 0 } else { cut.index(calls.len()) });
        let mut sum = tally(second);
        sum.add(&tally(first));
        prop_assert_eq!(&sum, &whole, "parts add up");

        let mut builder = TallyBuilder::new();
        builder.add_tally(&tally(first));
        builder.add_tally(&tally(second));
        prop_assert_eq!(&builder.finish(), &whole, "parts add up in a builder");
        prop_assert!(builder.finish().is_empty(), "and nothing is left for the next row");

        let mut gatherer = Gatherer::new(1);
        calls.iter().for_each(|call| gatherer.add(0, (), call.kind, call.wait, call.talk));
        let rows: Vec<Tally> = gatherer.finish().map(|(_, _, tally)| tally).collect();
        let expected: Vec<Tally> = (!calls.is_empty()).then_some(whole).into_iter().collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn added_and_taken_off_again_is_nothing(calls in calls(), others in calls()) {
        let (ours, theirs) = (tally(&calls), tally(&others));
        let mut sum = ours.clone();
        sum.add(&theirs);
        sum.subtract(&theirs);
        prop_assert_eq!(&sum, &ours);
        sum.subtract(&ours);
        prop_assert_eq!(&sum, &Tally::default());

        let mut negative = Tally::default();
        negative.subtract(&theirs);
        let mut builder = TallyBuilder::new();
        [&ours, &theirs, &negative].into_iter().for_each(|part| builder.add_tally(part));
        prop_assert_eq!(builder.finish(), ours, "differences can be added, too");
    }

    #[test]
    fn gathered_rows_add_up_to_the_row_without_the_split(calls in calls()) {
        let mut gatherer = Gatherer::new(7);
        for (at, call) in calls.iter().enumerate() {
            gatherer.add((at % 7) as u32, at % 3, call.kind, call.wait, call.talk);
        }
        let rows: Vec<_> = gatherer.finish().collect();
        prop_assert!(rows.is_sorted_by_key(|&(bucket, part, _)| (bucket, part)));
        let mut sum = Tally::default();
        rows.iter().for_each(|(_, _, row)| sum.add(row));
        prop_assert_eq!(sum, tally(&calls));
    }

    #[test]
    fn counts_of_the_parts_by_outcome_and_reason_add_up(calls in calls()) {
        let whole = tally(&calls);
        let parts = split_by_outcome(&whole);
        let mut sum = Tally::default();
        parts.iter().for_each(|(_, part)| sum.add(part));
        prop_assert_eq!(&sum, &whole);
        prop_assert!(parts.is_sorted_by_key(|(part, _)| *part));
        for metric in definitions::sets().iter().flat_map(|set| &set.metrics) {
            if !matches!(metric.rule, Rule::Count(_)) || metric.needs_durations() {
                continue;
            }
            let count = |tally: &Tally| match evaluate(metric, tally, &Options::default()) {
                Value::Count(count) => count,
                _ => 0,
            };
            let of_parts: i64 = parts.iter().map(|(_, part)| count(part)).sum();
            prop_assert_eq!(of_parts, count(&whole), "{}", metric.name);
        }
    }

    #[test]
    fn inbound_is_the_sum_of_its_outcomes(calls in calls()) {
        let check = outcome_check(&tally(&calls));
        let inbound = calls.iter().filter(|call| call.kind.direction() == Direction::Inbound).count();
        prop_assert_eq!(check.inbound, inbound as i64);
        let parts =
            check.answered + check.ended_in_ivr + check.missed + check.callback_requested + check.unclassified;
        prop_assert_eq!(check.inbound, parts);
    }

    #[test]
    fn offered_calls_are_exactly_one_of_six_things_wherever_these_have_a_value(calls in calls()) {
        let row = tally(&calls);
        let set = definitions::find("contact-centre").unwrap();
        let value = |name: &str| evaluate(set.metric(name).unwrap(), &row, &Options::default());
        let parts = ["answered", "abandoned", "short_abandoned", "missed", "call_backs_requested"].map(value);
        let counts: Option<Vec<i64>> = parts
            .iter()
            .map(|part| if let Value::Count(count) = part { Some(*count) } else { None })
            .collect();
        if let (Some(counts), Value::Count(offered)) = (counts, value("offered")) {
            prop_assert_eq!(counts.iter().sum::<i64>() + outcome_check(&row).unclassified, offered);
        }
    }

    #[test]
    fn shares_lie_between_nothing_and_all_and_means_are_numbers(calls in calls()) {
        let row = tally(&calls);
        for metric in definitions::sets().iter().flat_map(|set| &set.metrics) {
            match evaluate(metric, &row, &Options::default()) {
                Value::Count(count) => prop_assert!(count >= 0, "{}", metric.name),
                Value::Ratio { numerator, denominator } => {
                    prop_assert!(0 <= numerator && numerator <= denominator && denominator > 0, "{}", metric.name);
                }
                Value::Distribution(got) => {
                    prop_assert!(0 < got.known && got.known <= got.calls, "{}", metric.name);
                    prop_assert_eq!(got.bands.iter().sum::<i64>(), got.known, "{}", metric.name);
                    prop_assert!(got.mean_secs.is_none_or(f64::is_finite), "{}", metric.name);
                    prop_assert_eq!(got.percentiles.len(), 2);
                }
                Value::Absent(_) => {}
            }
        }
    }
}
