//! Case tables of the rules.

use callgauge_schema::Reason::{AbandonedInQueue, AbandonedWhileRinging, RangOut, Voicemail};

use super::*;
use crate::definitions::{self, sets};
use crate::metrics::samples::{self, Part, row, secs};

fn value_of(metric: &str, parts: &[Part<'_>], options: &Options) -> Value {
    let found = sets().iter().find_map(|set| set.metric(metric));
    evaluate(found.expect("a metric of one of the sets"), &row(parts), options)
}

fn value(metric: &str, parts: &[Part<'_>]) -> Value {
    value_of(metric, parts, &Options::default())
}

fn distribution_of(metric: &str, parts: &[Part<'_>], options: &Options) -> Distribution {
    match value_of(metric, parts, options) {
        Value::Distribution(distribution) => distribution,
        other => panic!("{metric} is {other:?}"),
    }
}

fn ratio(numerator: i64, denominator: i64) -> Value {
    Value::Ratio { numerator, denominator }
}

const NO_CALLS: Value = Value::Absent(Absence::NoCalls);
const NOT_AVAILABLE: Value = Value::Absent(Absence::NotAvailable);

#[test]
fn every_metric_of_a_row_without_records_is_no_calls() {
    for metric in sets().iter().flat_map(|set| &set.metrics) {
        assert_eq!(evaluate(metric, &Tally::default(), &Options::default()), NO_CALLS, "{}", metric.name);
    }
}

#[test]
fn a_row_with_records_has_counts_of_zero_and_no_shares_or_durations_of_nothing() {
    let only_outbound: &[Part<'_>] = &[(samples::outbound(), 3, &[], &[(9, 3)])];
    for metric in sets().iter().flat_map(|set| &set.metrics) {
        let expected = match metric.rule {
            Rule::Count(_) => Value::Count(0),
            Rule::Ratio { .. } | Rule::Distribution { .. } => NO_CALLS,
        };
        assert_eq!(evaluate(metric, &row(only_outbound), &Options::default()), expected, "{}", metric.name);
    }
}

#[test]
fn each_count_takes_its_calls_and_no_others() {
    let all: &[Part<'_>] = &[
        (samples::answered(), 1, &[(5, 1)], &[(5, 1)]),
        (samples::banded(samples::answered()), 2, &[], &[]),
        (samples::ended_in_ivr(), 4, &[], &[]),
        (samples::missed(None), 8, &[(1, 8)], &[]),
        (samples::missed(Some(Voicemail)), 16, &[(2, 16)], &[]),
        (samples::missed(Some(RangOut)), 32, &[(60, 32)], &[]),
        (samples::missed(Some(AbandonedInQueue)), 64, &[(4, 32), (5, 32)], &[]),
        (samples::missed(Some(AbandonedWhileRinging)), 128, &[(0, 28), (50, 100)], &[]),
        (samples::callback_requested(), 256, &[], &[]),
        (samples::callback_requested_for_a_time(), 512, &[], &[]),
        (samples::unclassified(), 1_024, &[], &[]),
        (samples::outbound(), 2_048, &[], &[]),
        (samples::callback_made(None), 4_096, &[], &[]),
        (samples::callback_made(Some(true)), 8_192, &[], &[]),
        (samples::callback_made(Some(false)), 16_384, &[], &[]),
        (samples::callback_answered(Some(true)), 32_768, &[], &[]),
    ];
    let missed = 8 + 16 + 32 + 64 + 128;
    let inbound = 2_047;
    let made = 4_096 + 8_192 + 32_768;
    let cases = [
        ("nhs-cbt-2025-06", "call_volumes", Value::Count(inbound)),
        ("nhs-cbt-2025-06", "calls_abandoned", Value::Count(4)),
        ("nhs-cbt-2025-06", "missed_call_volumes", Value::Count(missed)),
        ("nhs-cbt-2025-06", "call_backs_requested", Value::Count(256 + 512)),
        ("nhs-cbt-2025-06", "call_backs_made", Value::Count(made)),
        ("nhs-cbt-2025-06", "inbound_answered", Value::Count(3)),
        ("nhs-cbt-2025-06", "unclassified", Value::Count(1_024)),
        ("nhs-cbt-2025-06", "answered_share_of_inbound", ratio(3, inbound)),
        ("nhs-cbt-2025-06", "answered_share_of_inbound_less_ivr", ratio(3, inbound - 4)),
        ("nhs-cbt-2025-06", "missed_share_of_inbound", ratio(missed, inbound)),
        ("nhs-cbt-2025-06", "missed_share_of_inbound_less_ivr", ratio(missed, inbound - 4)),
        ("nhs-cbt-2025-06", "ended_in_ivr_share_of_inbound", ratio(4, inbound)),
        ("nhs-cbt-2025-06", "call_back_requested_share_of_inbound", ratio(768, inbound)),
        ("nhs-cbt-2025-06", "unclassified_share_of_inbound", ratio(1_024, inbound)),
        ("contact-centre", "offered", Value::Count(inbound - 4)),
        ("contact-centre", "answered", Value::Count(3)),
        ("contact-centre", "abandoned", Value::Count(132)),
        ("contact-centre", "short_abandoned", Value::Count(60)),
        ("contact-centre", "missed", Value::Count(8 + 16 + 32)),
        ("contact-centre", "call_backs_requested", Value::Count(768)),
        ("contact-centre", "call_backs_made", Value::Count(made)),
        ("contact-centre", "abandoned_share_of_offered", ratio(132, inbound - 4 - 60)),
        // Of the answered calls only one has a known wait: the other two leave the service level.
        ("contact-centre", "service_level", ratio(1, inbound - 4 - 60 - 2)),
    ];
    let tally = row(all);
    for (set, metric, expected) in &cases {
        let definition = definitions::find(set).unwrap().metric(metric).expect("metric");
        assert_eq!(evaluate(definition, &tally, &Options::default()), *expected, "{set} {metric}");
    }
    let others = ["call_times_to_answer", "wait_time_before_call_abandoned", "average_call_length"];
    let others = others.iter().chain(&["average_speed_of_answer", "average_talk_time"]).count();
    let metrics: usize = sets().iter().map(|set| set.metrics.len()).sum();
    assert_eq!(metrics, cases.len() + others, "a metric of which this table knows nothing");
}

#[test]
fn each_distribution_takes_the_durations_of_its_calls_and_no_others() {
    let all: &[Part<'_>] = &[
        (samples::answered(), 1, &[(10, 1)], &[(1_000, 1)]),
        (samples::missed(Some(Voicemail)), 2, &[(20, 2)], &[]),
        (samples::callback_requested(), 3, &[(30, 3)], &[]),
        (samples::unclassified(), 4, &[(40, 4)], &[(4_000, 4)]),
        (samples::callback_answered(Some(true)), 5, &[(50, 5)], &[(5_000, 5)]),
    ];
    let cases = [
        ("call_times_to_answer", 1, 10.0),
        ("wait_time_before_call_abandoned", 2, 20.0),
        ("average_call_length", 1, 1_000.0),
        ("average_speed_of_answer", 1, 10.0),
        ("average_talk_time", 1, 1_000.0),
    ];
    for (metric, calls, mean) in cases {
        let got = distribution_of(metric, all, &Options::default());
        assert_eq!((got.calls, got.known, got.mean_secs), (calls, calls, Some(mean)), "{metric}");
        assert_eq!(got.timing, Timing::Measured);
    }
}

#[test]
fn percentiles_are_nearest_rank_and_always_a_known_duration() {
    let options = |percents: &[f64]| Options {
        percentiles: percents.iter().map(|&percent| Percent::try_from(percent).unwrap()).collect(),
        ..Options::default()
    };
    let one_to_ten: Vec<(u32, i64)> = (1..=10).map(|secs| (secs, 1)).collect();
    type Case<'a> = (&'a [(u32, i64)], f64, u32);
    let cases: [Case<'_>; 9] = [
        (&one_to_ten, 90.0, 9),
        (&one_to_ten, 90.0001, 10),
        (&one_to_ten, 50.0, 5),
        (&one_to_ten, 0.0001, 1),
        (&one_to_ten, 100.0, 10),
        (&[(7, 1)], 50.0, 7),
        (&[(0, 1), (100, 1)], 50.0, 0),
        (&[(0, 1), (100, 1)], 50.0001, 100),
        (&[(3, 999), (4, 1)], 99.9, 3),
    ];
    for (waits, percent, expected) in cases {
        let calls = waits.iter().map(|&(_, calls)| calls).sum();
        let parts = [(samples::answered(), calls, waits, &[][..])];
        let got = distribution_of("call_times_to_answer", &parts, &options(&[percent]));
        assert_eq!(
            got.percentiles,
            [(Percent::try_from(percent).unwrap(), At::Secs(expected))],
            "{percent}%"
        );
    }
    let parts = [(samples::answered(), 10, &one_to_ten[..], &[][..])];
    let got = distribution_of("call_times_to_answer", &parts, &options(&[90.0, 10.0, 50.0]));
    let order: Vec<_> = got.percentiles.iter().map(|&(percent, at)| (percent.get(), at)).collect();
    assert_eq!(order, [(90.0, At::Secs(9)), (10.0, At::Secs(1)), (50.0, At::Secs(5))], "as asked for");
}

#[test]
fn bands_and_threshold_shares_have_their_edge() {
    let waits = [(0, 1), (60, 2), (61, 4), (120, 8), (121, 16), (300, 32), (301, 64), (86_400, 128)];
    let options =
        Options { thresholds: [60, 0, 59, 120, 300, 86_400].map(secs).to_vec(), ..Options::default() };
    let got = distribution_of("call_times_to_answer", &[(samples::answered(), 300, &waits, &[])], &options);
    assert_eq!(got.bands, [3, 12, 48, 192]);
    assert_eq!((got.calls, got.known), (300, 255));
    let shares: Vec<_> = got.shares.iter().map(|&(at, share)| (at.get(), share.unwrap())).collect();
    let expected = [
        (60, (3, 255)),
        (0, (1, 255)),
        (59, (1, 255)),
        (120, (15, 255)),
        (300, (63, 255)),
        (86_400, (255, 255)),
    ];
    assert_eq!(shares, expected);
}

#[test]
fn durations_that_nobody_knows_are_not_available_and_some_known_ones_are_told() {
    let unknown = (samples::answered(), 5, &[][..], &[][..]);
    for metric in ["call_times_to_answer", "average_call_length", "average_speed_of_answer", "service_level"]
    {
        assert_eq!(value(metric, &[unknown]), NOT_AVAILABLE, "{metric}");
    }
    let some = (samples::answered(), 5, &[(8, 2)][..], &[][..]);
    let got = distribution_of("call_times_to_answer", &[some], &Options::default());
    assert_eq!((got.calls, got.known, got.mean_secs), (5, 2, Some(8.0)));
    assert_eq!(value("average_call_length", &[some]), NOT_AVAILABLE);
}

#[test]
fn one_banded_duration_takes_the_seconds_away_and_leaves_the_bands() {
    let parts: &[Part<'_>] = &[
        (samples::answered(), 9, &[(10, 6), (90, 3)], &[(200, 9)]),
        (samples::banded(samples::answered()), 1, &[(400, 1)], &[]),
    ];
    let options = Options {
        percentiles: [60.0, 60.1, 90.0, 100.0].map(|percent| Percent::try_from(percent).unwrap()).to_vec(),
        thresholds: [20, 60, 119, 120, 300, 400].map(secs).to_vec(),
        ..Options::default()
    };
    let waits = distribution_of("call_times_to_answer", parts, &options);
    assert_eq!((waits.mean_secs, waits.timing), (None, Timing::Banded));
    assert_eq!(waits.bands, [6, 3, 0, 1]);
    let at: Vec<_> = waits.percentiles.iter().map(|&(_, at)| at).collect();
    let [up_to_60, up_to_120, _, over] = DurationBand::ALL.map(At::Band);
    assert_eq!(at, [up_to_60, up_to_120, up_to_120, over]);
    let shares: Vec<_> = waits.shares.iter().map(|&(_, share)| share).collect();
    assert_eq!(shares, [None, Some((6, 10)), None, Some((9, 10)), Some((9, 10)), None]);

    let talks = distribution_of("average_call_length", parts, &options);
    assert_eq!(
        (talks.mean_secs, talks.timing),
        (Some(200.0), Timing::Measured),
        "no banded talk time is known"
    );
    assert_eq!((talks.calls, talks.known), (10, 9));
}

#[test]
fn a_caller_who_hangs_up_at_the_threshold_is_abandoned_and_one_before_it_is_short() {
    let hung_up = samples::missed(Some(AbandonedInQueue));
    let parts: &[Part<'_>] = &[(hung_up, 10, &[(0, 1), (4, 2), (5, 3), (6, 3)], &[])];
    for (threshold, short) in [(0, 0), (1, 1), (4, 1), (5, 3), (6, 6), (7, 9), (86_400, 9)] {
        let options = Options { abandon_threshold: secs(threshold), ..Options::default() };
        // One of the ten has no known wait, and is not taken for a short one.
        assert_eq!(value_of("short_abandoned", parts, &options), Value::Count(short), "{threshold} s");
        assert_eq!(value_of("abandoned", parts, &options), Value::Count(10 - short), "{threshold} s");
        let share = value_of("abandoned_share_of_offered", parts, &options);
        assert_eq!(share, ratio(10 - short, 10 - short), "{threshold} s");
    }
}

#[test]
fn short_abandons_alone_leave_nothing_to_share() {
    let parts: &[Part<'_>] = &[(samples::missed(Some(AbandonedInQueue)), 2, &[(1, 2)], &[])];
    assert_eq!(value("abandoned_share_of_offered", parts), NO_CALLS);
    assert_eq!(value("service_level", parts), NO_CALLS);
    assert_eq!(value("abandoned", parts), Value::Count(0));
}

#[test]
fn answered_at_the_service_level_threshold_is_in_time() {
    let parts: &[Part<'_>] = &[
        (samples::answered(), 8, &[(0, 1), (20, 2), (21, 4)], &[]),
        (samples::missed(None), 2, &[(1, 2)], &[]),
        (samples::callback_requested(), 1, &[], &[]),
        (samples::missed(Some(AbandonedInQueue)), 3, &[(4, 1), (30, 2)], &[]),
        (samples::ended_in_ivr(), 50, &[], &[]),
    ];
    for (threshold, in_time) in [(0, 1), (19, 1), (20, 3), (21, 7)] {
        let options = Options { service_level_threshold: secs(threshold), ..Options::default() };
        // 7 answered with a known wait, 2 missed, 1 callback requested, 2 abandoned; 1 short abandoned and 1 unknown are left out.
        assert_eq!(value_of("service_level", parts, &options), ratio(in_time, 12), "{threshold} s");
    }
}

#[test]
fn a_threshold_that_cuts_through_a_band_is_not_available_from_banded_records() {
    let hung_up = samples::banded(samples::missed(Some(AbandonedInQueue)));
    let parts: &[Part<'_>] = &[
        (samples::banded(samples::answered()), 4, &[(30, 3), (90, 1)], &[]),
        (hung_up, 4, &[(30, 3), (90, 1)], &[]),
    ];
    let of = |metric: &str, abandon: u32, service: u32| {
        let (abandon_threshold, service_level_threshold) = (secs(abandon), secs(service));
        value_of(metric, parts, &Options { abandon_threshold, service_level_threshold, ..Options::default() })
    };
    let cases = [
        ("abandoned", 5, 60, NOT_AVAILABLE),
        ("abandoned", 60, 60, NOT_AVAILABLE),
        ("abandoned", 61, 60, Value::Count(1)),
        ("abandoned", 121, 60, Value::Count(0)),
        ("abandoned", 0, 60, Value::Count(4)),
        ("short_abandoned", 5, 60, NOT_AVAILABLE),
        ("short_abandoned", 61, 60, Value::Count(3)),
        ("abandoned_share_of_offered", 5, 60, NOT_AVAILABLE),
        ("abandoned_share_of_offered", 61, 60, ratio(1, 5)),
        ("service_level", 61, 20, NOT_AVAILABLE),
        ("service_level", 5, 60, NOT_AVAILABLE),
        ("service_level", 61, 60, ratio(3, 5)),
        ("service_level", 0, 120, ratio(4, 8)),
        ("offered", 5, 20, Value::Count(8)),
        ("missed", 5, 20, Value::Count(0)),
    ];
    let set = definitions::find("contact-centre").unwrap();
    for (metric, abandon, service, expected) in cases {
        assert!(set.metric(metric).is_some(), "{metric}");
        assert_eq!(of(metric, abandon, service), expected, "{metric} at {abandon} s and {service} s");
    }
}

#[test]
fn hung_up_without_any_known_wait_is_neither_short_nor_not() {
    let parts: &[Part<'_>] = &[(samples::missed(Some(AbandonedInQueue)), 3, &[], &[])];
    for metric in ["abandoned", "short_abandoned", "abandoned_share_of_offered", "service_level"] {
        assert_eq!(value(metric, parts), NOT_AVAILABLE, "{metric}");
    }
}

#[test]
fn the_thresholds_that_the_wording_names_are_the_defaults() {
    let options = Options::default();
    let set = definitions::find("contact-centre").unwrap();
    let abandon = format!("(default {} s", options.abandon_threshold.get());
    let service = format!("(default {} s", options.service_level_threshold.get());
    for (metric, said) in
        [("abandoned", &abandon), ("short_abandoned", &abandon), ("service_level", &service)]
    {
        assert!(set.metric(metric).unwrap().wording.contains(said.as_str()), "{metric} has to say {said}");
    }
    assert_eq!(options.percentiles.iter().map(|percent| percent.get()).collect::<Vec<_>>(), [50.0, 90.0]);
    assert_eq!(options.thresholds, [60, 120].map(secs));
}
