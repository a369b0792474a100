//! Counts that contradict themselves, what is not stated, where counts belong.

use callgauge_schema::Timing;

use super::*;
use crate::definitions;
use crate::metrics::{Absence, Options, Value, evaluate_with_gaps, outcome_check};

fn count(indicator: Indicator, part: u8, calls: u32) -> StatedCount {
    StatedCount { indicator, part, calls }
}

fn by_time(counts: Vec<StatedCount>) -> StatedCounts {
    StatedCounts::new(CountShape::TimeBands, &Indicator::ALL, counts).expect("is whole")
}

fn value(metric: &str, (tally, gaps): (&crate::metrics::Tally, Gaps)) -> Value {
    let set = &definitions::sets()[0];
    let metric = set.metrics.iter().find(|definition| definition.name == metric).expect("is there");
    evaluate_with_gaps(metric, tally, gaps, &Options::default())
}

#[test]
fn counts_that_contradict_themselves_are_refused_with_the_one_at_fault() {
    use Indicator::{Answered, Inbound, Missed};
    use InvalidCounts::*;
    let cases = [
        (CountShape::Day, vec![count(Answered, 0, 1)], NoInbound, None),
        (CountShape::Day, vec![count(Inbound, 1, 1)], Part, Some(0)),
        (CountShape::TimeBands, vec![count(Inbound, 1, 1), count(Missed, 10, 1)], Part, Some(1)),
        (CountShape::DurationBands, vec![count(Inbound, 0, 1), count(Missed, 0, 1)], Part, Some(1)),
        (CountShape::DurationBands, vec![count(Inbound, 1, 1)], Part, Some(0)),
        (CountShape::Day, vec![count(Inbound, 0, 1), count(Inbound, 0, 2)], Twice, Some(1)),
        (CountShape::Day, vec![count(Inbound, 0, 1_000_001)], TooMany, Some(0)),
        (CountShape::Day, vec![count(Inbound, 0, 1), count(Missed, 0, 2)], LessThanOutcomes, None),
        (
            CountShape::TimeBands,
            vec![count(Inbound, 1, 9), count(Inbound, 2, 1), count(Missed, 2, 2)],
            LessThanOutcomes,
            None,
        ),
    ];
    for (shape, counts, fault, at) in cases {
        assert_eq!(StatedCounts::new(shape, &[], counts.clone()), Err((fault, at)), "{counts:?}");
    }
    let listed = StatedCounts::new(CountShape::Day, &[Inbound], vec![count(Missed, 0, 1)]);
    assert_eq!(listed, Err((NotListed, Some(0))));
}

#[test]
fn counts_come_back_from_their_bytes_and_zeros_say_no_more_than_nothing() {
    let one = by_time(vec![count(Indicator::Inbound, 3, 70_000), count(Indicator::Missed, 3, 0)]);
    let other = by_time(vec![count(Indicator::Inbound, 3, 70_000)]);
    assert_eq!(one.to_bytes(), other.to_bytes());
    assert_eq!(StatedCounts::from_bytes(&one.to_bytes()), Some(one.clone()));
    for end in 0..one.to_bytes().len() {
        if end != 2 {
            assert_eq!(StatedCounts::from_bytes(&one.to_bytes()[..end]), None, "{end} bytes");
        }
    }
}

#[test]
fn what_is_not_stated_is_not_available_and_not_zero() {
    use Indicator::{Answered, CallbackRequested, Inbound, Missed};
    let counts = StatedCounts::new(
        CountShape::Day,
        &[Inbound, Answered, Missed, CallbackRequested],
        vec![count(Inbound, 0, 10), count(Answered, 0, 6), count(Missed, 0, 3)],
    );
    let mut day = DayCounts::default();
    day.put(counts.expect("is whole"));
    let (tally, gaps) = day.whole();
    let value = |metric| value(metric, (&tally, gaps));
    let absent = Value::Absent(Absence::NotAvailable);
    assert_eq!(value("call_volumes"), Value::Count(10));
    assert_eq!(value("missed_call_volumes"), Value::Count(3));
    assert_eq!(value("call_backs_requested"), Value::Count(0), "it was listed");
    for metric in ["calls_abandoned", "call_backs_made", "unclassified"] {
        assert_eq!(value(metric), absent, "{metric}");
    }
    for metric in ["call_times_to_answer", "wait_time_before_call_abandoned", "average_call_length"] {
        assert_eq!(value(metric), absent, "{metric}: no durations were stated");
    }
    assert_eq!(value("answered_share_of_inbound"), Value::Ratio { numerator: 6, denominator: 10 });
    assert_eq!(value("answered_share_of_inbound_less_ivr"), absent);
    assert_eq!(outcome_check(&tally).unclassified, 1, "the sum check still adds up");
}

#[test]
fn duration_bands_give_bands_and_percentiles_of_bands_but_no_mean() {
    use Indicator::{Answered, AnsweredByLength, Inbound};
    let durations = StatedCounts::new(
        CountShape::DurationBands,
        &Indicator::ALL,
        vec![
            count(Inbound, 0, 9),
            count(Answered, 1, 4),
            count(Answered, 4, 1),
            count(AnsweredByLength, 2, 6),
        ],
    );
    let mut day = DayCounts::default();
    day.put(durations.expect("is whole"));
    let (tally, gaps) = day.whole();
    let Value::Distribution(waits) = value("call_times_to_answer", (&tally, gaps)) else {
        panic!("has waits")
    };
    assert_eq!((waits.calls, waits.known, waits.mean_secs, waits.bands), (5, 5, None, [4, 0, 0, 1]));
    assert_eq!(waits.timing, Timing::Banded);
    assert_eq!(waits.shares[0].1, Some((4, 5)), "60 s ends a band");
    let talk = value("average_call_length", (&tally, gaps));
    assert_eq!(talk, Value::Absent(Absence::NotAvailable), "6 lengths are more than 5 answered calls");
}

#[test]
fn bands_add_up_to_the_day_and_a_day_without_bands_is_in_no_part_of_it() {
    use Indicator::{Inbound, Missed};
    let mut day = DayCounts::default();
    day.put(by_time(vec![count(Inbound, 3, 5), count(Missed, 3, 1), count(Inbound, 9, 2)]));
    let whole = StatedCounts::new(CountShape::Day, &[], vec![count(Inbound, 0, 100)]).expect("is whole");
    day.put(whole.clone());
    assert_eq!(day.whole().0.calls(), 7, "time bands say how many");
    let mut buckets = [7; 9];
    buckets[8] = 9;
    buckets[0] = u32::MAX;
    let placed: Vec<_> =
        day.by_band(&buckets, u32::MAX).into_iter().map(|part| (part.bucket, part.tally.calls())).collect();
    assert_eq!(placed, [(7, 5), (9, 2)]);
    let mut coarse = DayCounts::default();
    coarse.put(whole);
    for part in coarse.by_band(&buckets, u32::MAX) {
        assert_eq!((part.tally.calls(), part.gaps), (0, Gaps::EVERYTHING));
        let found = value("call_volumes", (&part.tally, part.gaps));
        assert_eq!(found, Value::Absent(Absence::NotAvailable), "not NO_CALLS");
    }
    assert_eq!(coarse.by_band(&[4; 9], u32::MAX)[0].tally.calls(), 100);
}
