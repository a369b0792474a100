//! Every metric of both definition sets, from a list of calls: counting, sorting and adding up.

use callgauge::proto::v1::{
    Absence, Count, Direction, Distribution, DurationBand, DurationBandName, MetricValue, Outcome,
    OutcomeCheck, OutcomeReason, Percentile, Ratio, ThresholdShare, Timing, callback, metric_value::Value,
    percentile::At,
};

use super::call::Call;

/// The eight, in order.
pub(crate) const EIGHT: [&str; 8] = [
    "call_volumes",
    "calls_abandoned",
    "call_times_to_answer",
    "missed_call_volumes",
    "wait_time_before_call_abandoned",
    "call_backs_requested",
    "call_backs_made",
    "average_call_length",
];

/// What the set has beside the eight.
pub(crate) const BESIDE_THE_EIGHT: [&str; 9] = [
    "inbound_answered",
    "unclassified",
    "answered_share_of_inbound",
    "answered_share_of_inbound_less_ivr",
    "missed_share_of_inbound",
    "missed_share_of_inbound_less_ivr",
    "ended_in_ivr_share_of_inbound",
    "call_back_requested_share_of_inbound",
    "unclassified_share_of_inbound",
];

/// The contact-centre set, in order.
pub(crate) const CONTACT_CENTRE: [&str; 11] = [
    "offered",
    "answered",
    "abandoned",
    "short_abandoned",
    "missed",
    "call_backs_requested",
    "call_backs_made",
    "abandoned_share_of_offered",
    "service_level",
    "average_speed_of_answer",
    "average_talk_time",
];

/// What a question sets about its metrics.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) percents: Vec<f64>,
    pub(crate) thresholds: Vec<i64>,
    pub(crate) abandon: i64,
    pub(crate) service_level: i64,
}

/// Either a number or why there is none.
type Known<T> = Result<T, Absence>;

/// The value of a metric.
pub(crate) fn measure(metric: &str, calls: &[&Call], options: &Options) -> MetricValue {
    let value = value(metric, calls, options).unwrap_or_else(|absence| Value::Absence(absence as i32));
    MetricValue { metric: metric.to_owned(), value: Some(value) }
}

/// The sum check.
pub(crate) fn outcome_check(calls: &[&Call]) -> OutcomeCheck {
    let of = |outcome| inbound(calls, outcome).len() as i64;
    OutcomeCheck {
        inbound: calls.iter().filter(|call| call.direction == Direction::Inbound).count() as i64,
        answered: of(Outcome::Answered),
        ended_in_ivr: of(Outcome::EndedInIvr),
        missed: of(Outcome::Missed),
        callback_requested: of(Outcome::CallbackRequested),
        unclassified: of(Outcome::Unclassified),
    }
}

fn value(metric: &str, calls: &[&Call], options: &Options) -> Known<Value> {
    let check = outcome_check(calls);
    let less_ivr = check.inbound - check.ended_in_ivr;
    let count = |count: i64| {
        if calls.is_empty() { Err(Absence::NoCalls) } else { Ok(Value::Count(Count { count })) }
    };
    let share = |numerator: i64, denominator: i64| ratio(numerator, denominator).map(Value::Ratio);
    let waits = |outcome| distribution(&inbound(calls, outcome), |call| call.wait, options);
    let talks = || distribution(&inbound(calls, Outcome::Answered), |call| call.talk, options);
    match metric {
        "call_volumes" => count(check.inbound),
        "calls_abandoned" => count(check.ended_in_ivr),
        "call_times_to_answer" | "average_speed_of_answer" => waits(Outcome::Answered),
        "missed_call_volumes" => count(check.missed),
        "wait_time_before_call_abandoned" => waits(Outcome::Missed),
        "call_backs_requested" => count(check.callback_requested),
        "call_backs_made" => count(calls.iter().filter(|call| is_made(call)).count() as i64),
        "average_call_length" | "average_talk_time" => talks(),
        "inbound_answered" | "answered" => count(check.answered),
        "unclassified" => count(check.unclassified),
        "answered_share_of_inbound" => share(check.answered, check.inbound),
        "answered_share_of_inbound_less_ivr" => share(check.answered, less_ivr),
        "missed_share_of_inbound" => share(check.missed, check.inbound),
        "missed_share_of_inbound_less_ivr" => share(check.missed, less_ivr),
        "ended_in_ivr_share_of_inbound" => share(check.ended_in_ivr, check.inbound),
        "call_back_requested_share_of_inbound" => share(check.callback_requested, check.inbound),
        "unclassified_share_of_inbound" => share(check.unclassified, check.inbound),
        "offered" => count(less_ivr),
        "abandoned" if calls.is_empty() => Err(Absence::NoCalls),
        "abandoned" => count(hung_up(calls).len() as i64 - short(calls, options)?),
        "short_abandoned" if calls.is_empty() => Err(Absence::NoCalls),
        "short_abandoned" => count(short(calls, options)?),
        "missed" => count(check.missed - hung_up(calls).len() as i64),
        "abandoned_share_of_offered" => {
            let short = short(calls, options)?;
            share(hung_up(calls).len() as i64 - short, less_ivr - short)
        }
        "service_level" => {
            let answered = inbound(calls, Outcome::Answered);
            let in_time = at_or_under(&answered, options.service_level)?;
            let unknown = answered.iter().filter(|call| call.wait.is_none()).count() as i64;
            share(in_time, less_ivr - short(calls, options)? - unknown)
        }
        other => panic!("the oracle does not know {other}"),
    }
}

fn inbound<'a>(calls: &[&'a Call], outcome: Outcome) -> Vec<&'a Call> {
    let is = |call: &&&Call| call.direction == Direction::Inbound && call.outcome == outcome;
    calls.iter().filter(is).copied().collect()
}

fn is_made(call: &Call) -> bool {
    call.direction == Direction::Outbound
        && matches!(&call.callback, Some(callback::Kind::Made(made)) if made.automatic != Some(false))
}

fn hung_up<'a>(calls: &[&'a Call]) -> Vec<&'a Call> {
    let mut missed = inbound(calls, Outcome::Missed);
    missed.retain(|call| {
        matches!(call.reason, OutcomeReason::AbandonedInQueue | OutcomeReason::AbandonedWhileRinging)
    });
    missed
}

/// Hung up in under the abandon threshold.
fn short(calls: &[&Call], options: &Options) -> Known<i64> {
    let hung_up = hung_up(calls);
    if options.abandon == 0 {
        return if !hung_up.is_empty() && hung_up.iter().all(|call| call.wait.is_none()) {
            Err(Absence::NotAvailable)
        } else {
            Ok(0)
        };
    }
    at_or_under(&hung_up, options.abandon - 1)
}

/// Calls known to have waited at most so long; no value where nothing is known, or only bands that this cuts through.
fn at_or_under(calls: &[&Call], secs: i64) -> Known<i64> {
    let known: Vec<_> = calls.iter().filter(|call| call.wait.is_some()).collect();
    let banded = known.iter().any(|call| call.banded);
    if !calls.is_empty() && (known.is_empty() || (banded && ![60, 120, 300].contains(&secs))) {
        return Err(Absence::NotAvailable);
    }
    Ok(known.iter().filter(|call| call.wait <= Some(secs)).count() as i64)
}

fn ratio(numerator: i64, denominator: i64) -> Known<Ratio> {
    if denominator == 0 {
        return Err(Absence::NoCalls);
    }
    Ok(Ratio { numerator, denominator, value: numerator as f64 / denominator as f64 })
}

fn distribution(calls: &[&Call], duration: fn(&Call) -> Option<i64>, options: &Options) -> Known<Value> {
    if calls.is_empty() {
        return Err(Absence::NoCalls);
    }
    let banded = calls.iter().any(|call| call.banded && duration(call).is_some());
    let mut known: Vec<i64> = calls.iter().filter_map(|call| duration(call)).collect();
    known.sort_unstable();
    if known.is_empty() {
        return Err(Absence::NotAvailable);
    }
    let n = known.len() as i64;
    let mean = known.iter().sum::<i64>() as f64 / n as f64;
    let percentile = |&percent: &f64| {
        // k is the smallest whole number with k * 100 >= percent * n, in ten thousandths.
        let wanted = (percent * 10_000.0).round() as i64 * n;
        let k = (1..=n).find(|k| k * 1_000_000 >= wanted).expect("100 percent is the last");
        let secs = known[k as usize - 1];
        Percentile { percent, at: Some(if banded { At::Band(band(secs) as i32) } else { At::Secs(secs) }) }
    };
    let bands = [
        DurationBandName::UpTo60,
        DurationBandName::DurationBandName61To120,
        DurationBandName::DurationBandName121To300,
        DurationBandName::Over300,
    ];
    let share = |&threshold: &i64| {
        let under = known.iter().filter(|&&secs| secs <= threshold).count() as i64;
        let told = !banded || [60, 120, 300].contains(&threshold);
        ThresholdShare {
            threshold: Some(prost_types::Duration { seconds: threshold, nanos: 0 }),
            share: told.then(|| ratio(under, n).ok()).flatten(),
        }
    };
    Ok(Value::Distribution(Distribution {
        calls: calls.len() as i64,
        known: n,
        mean_secs: (!banded).then_some(mean),
        percentiles: options.percents.iter().map(percentile).collect(),
        bands: bands
            .into_iter()
            .map(|name| DurationBand {
                band: name as i32,
                calls: known.iter().filter(|&&secs| band(secs) == name).count() as i64,
            })
            .collect(),
        shares: options.thresholds.iter().map(share).collect(),
        timing: if banded { Timing::Banded } else { Timing::Measured } as i32,
    }))
}

fn band(secs: i64) -> DurationBandName {
    match secs {
        0..=60 => DurationBandName::UpTo60,
        61..=120 => DurationBandName::DurationBandName61To120,
        121..=300 => DurationBandName::DurationBandName121To300,
        _ => DurationBandName::Over300,
    }
}
