//! The known answers: made up, except for England's, which is NHS England's Cloud Based Telephony data of February 2026 (OGL v3.0).

use callgauge::proto::v1;
use callgauge::proto::v1::breakdown_value::Part;
use callgauge::proto::v1::call_record::Attribution;
use callgauge::proto::v1::callback::Kind;
use callgauge::proto::v1::metric_value::Value;
use callgauge::proto::v1::percentile::At;
use prost_types::{Duration, Timestamp};

/// Counts of one row.
#[derive(Clone, Copy, Default)]
struct Counts {
    answered: i64,
    ended: i64,
    missed: i64,
    requested: i64,
    made: i64,
    unclassified: i64,
}

/// Seconds of a distribution: mean, median, 90th percentile; and the bands.
#[derive(Clone, Copy)]
struct Times(f64, i64, i64, [i64; 4]);

const BANDS: [v1::DurationBandName; 4] = [
    v1::DurationBandName::UpTo60,
    v1::DurationBandName::DurationBandName61To120,
    v1::DurationBandName::DurationBandName121To300,
    v1::DurationBandName::Over300,
];

/// Rows for what is asked.
pub(crate) fn rows(asked: &v1::QueryMetricsRequest) -> Vec<v1::MetricRow> {
    if asked.definition_set == "contact-centre" {
        return vec![contact_centre()];
    }
    if asked.breakdown() == v1::Breakdown::OutcomeReason {
        return breakdown();
    }
    match asked.organisation_codes.first().map(String::as_str) {
        Some("ENGLAND") => vec![england()],
        Some("QXX") => practices(),
        _ => days(),
    }
}

fn england() -> v1::MetricRow {
    let counts = Counts {
        answered: 16_124_647,
        ended: 7_753_579,
        missed: 3_142_744,
        requested: 2_190_066,
        made: 2_181_162,
        unclassified: 0,
    };
    let banded = |bands: [i64; 4], median: usize, p90: usize| {
        distribution(None, [At::Band(BANDS[median].into()), At::Band(BANDS[p90].into())], bands)
    };
    row(
        ("ENGLAND", "England", v1::Level::England),
        month(),
        counts,
        [
            banded([7_335_733, 2_281_560, 3_106_167, 3_401_187], 1, 3),
            banded([1_632_876, 509_431, 502_640, 497_797], 0, 3),
            banded([3_718_068, 5_780_811, 5_351_658, 1_274_110], 1, 2),
        ],
        5_112,
    )
}

fn practices() -> Vec<v1::MetricRow> {
    let measured = |Times(mean, median, p90, bands): Times| {
        distribution(Some(mean), [At::Secs(median), At::Secs(p90)], bands)
    };
    let one = |code, name, counts: Counts, times: [Times; 3]| {
        let mut row = row((code, name, v1::Level::Practice), month(), counts, times.map(measured), 1);
        if let Some(organisation) = &mut row.organisation {
            organisation.within_code = "QXX".to_owned();
        }
        row
    };
    let usual =
        Counts { answered: 3_014, ended: 1_190, missed: 502, requested: 177, made: 175, unclassified: 0 };
    let times = [
        Times(142.25, 77, 361, [1_361, 430, 590, 633]),
        Times(95.5, 58, 301, [261, 81, 80, 80]),
        Times(168.0, 131, 340, [690, 1_090, 1_000, 234]),
    ];
    let mut empty = one("A81003", "St. Aidan's \"New\" Practice", Counts::default(), times);
    empty.calls = 0;
    for value in &mut empty.values {
        value.value = Some(Value::Absence(v1::Absence::NoCalls.into()));
    }
    let small = Counts { answered: 12, ended: 3, missed: 2, requested: 0, made: 0, unclassified: 1 };
    let mut unassigned = one("Unassigned", "Calls of shared accounts", small, times);
    for (at, absence) in
        [(4, v1::Absence::NotAvailable), (5, v1::Absence::NotApplicable), (6, v1::Absence::Hidden)]
    {
        unassigned.values[at].value = Some(Value::Absence(absence.into()));
    }
    vec![
        one("A81001", "The Dene Surgery, Hartlepool Road", usual, times),
        one(
            "A81002",
            "A Practice with a Name That Goes on Longer Than Any Column Would Have Room For",
            usual,
            times,
        ),
        empty,
        unassigned,
    ]
}

fn days() -> Vec<v1::MetricRow> {
    let counts = Counts { answered: 190, ended: 71, missed: 30, requested: 9, made: 9, unclassified: 2 };
    let times = distribution(Some(80.125), [At::Secs(54), At::Secs(250)], [100, 40, 30, 20]);
    ["2026-02-02", "2026-02-03", "2026-02-04"]
        .windows(2)
        .chain([["2026-02-04", "2026-02-05"].as_slice()])
        .map(|days| {
            let bucket = v1::Bucket {
                start: format!("{}T00:00:00+00:00", days[0]),
                end: format!("{}T00:00:00+00:00", days[1]),
                partial: days[0] == "2026-02-04",
                label: days[0].to_owned(),
                weekday: 0,
            };
            let whose = ("A81001", "The Dene Surgery, Hartlepool Road", v1::Level::Practice);
            row(whose, bucket, counts, [times.clone(), times.clone(), times.clone()], 1)
        })
        .collect()
}

fn breakdown() -> Vec<v1::MetricRow> {
    let part = |outcome: v1::Outcome, reason: v1::OutcomeReason, calls: i64| {
        let mut row = days().swap_remove(0);
        row.bucket = Some(month());
        row.breakdown = Some(v1::BreakdownValue {
            part: Some(Part::Outcome(v1::OutcomePart {
                direction: v1::Direction::Inbound.into(),
                outcome: outcome.into(),
                reason: reason.into(),
            })),
        });
        row.values = vec![count("call_volumes", calls)];
        row
    };
    vec![
        part(v1::Outcome::Answered, v1::OutcomeReason::Unspecified, 190),
        part(v1::Outcome::Missed, v1::OutcomeReason::Voicemail, 12),
        part(v1::Outcome::Missed, v1::OutcomeReason::AbandonedInQueue, 18),
    ]
}

fn contact_centre() -> v1::MetricRow {
    let mut row = days().swap_remove(0);
    row.bucket = Some(month());
    let mut speed = distribution(Some(42.0), [At::Secs(31), At::Secs(420)], [100, 40, 30, 20]);
    speed.percentiles[1].percent = 99.5;
    speed.shares = vec![v1::ThresholdShare {
        threshold: Some(Duration { seconds: 20, nanos: 0 }),
        share: Some(v1::Ratio { numerator: 95, denominator: 190, value: 0.5 }),
    }];
    let share = v1::Ratio { numerator: 171, denominator: 228, value: 0.75 };
    row.values = vec![
        count("offered", 231),
        v1::MetricValue { metric: "service_level".to_owned(), value: Some(Value::Ratio(share)) },
        v1::MetricValue {
            metric: "average_speed_of_answer".to_owned(),
            value: Some(Value::Distribution(speed)),
        },
    ];
    row
}

fn row(
    (code, name, level): (&str, &str, v1::Level),
    bucket: v1::Bucket,
    counts: Counts,
    [answer, missed, length]: [v1::Distribution; 3],
    practices: i64,
) -> v1::MetricRow {
    let Counts { answered, ended, missed: lost, requested, made, unclassified } = counts;
    let inbound = answered + ended + lost + requested + unclassified;
    let times = |metric: &str, told| v1::MetricValue {
        metric: metric.to_owned(),
        value: Some(Value::Distribution(told)),
    };
    v1::MetricRow {
        organisation: Some(v1::OrganisationRef {
            code: code.to_owned(),
            name: name.to_owned(),
            level: level.into(),
            within_code: String::new(),
        }),
        bucket: Some(bucket),
        breakdown: None,
        values: vec![
            count("call_volumes", inbound),
            count("calls_abandoned", ended),
            times("call_times_to_answer", answer),
            count("missed_call_volumes", lost),
            times("wait_time_before_call_abandoned", missed),
            count("call_backs_requested", requested),
            count("call_backs_made", made),
            times("average_call_length", length),
        ],
        outcome_check: Some(v1::OutcomeCheck {
            inbound,
            answered,
            ended_in_ivr: ended,
            missed: lost,
            callback_requested: requested,
            unclassified,
        }),
        completeness: Some(v1::Completeness {
            practice_days_expected: practices * 28,
            states: vec![
                v1::PracticeDays { state: v1::PracticeDayState::CallsReceived.into(), days: practices * 27 },
                v1::PracticeDays { state: v1::PracticeDayState::Unknown.into(), days: practices },
            ],
            ..Default::default()
        }),
        calls: inbound + made,
        practices,
    }
}

fn month() -> v1::Bucket {
    v1::Bucket {
        start: "2026-02-01T00:00:00+00:00".to_owned(),
        end: "2026-03-01T00:00:00+00:00".to_owned(),
        partial: false,
        label: "2026-02".to_owned(),
        weekday: 0,
    }
}

fn count(metric: &str, count: i64) -> v1::MetricValue {
    v1::MetricValue { metric: metric.to_owned(), value: Some(Value::Count(v1::Count { count })) }
}

fn distribution(mean_secs: Option<f64>, [median, p90]: [At; 2], bands: [i64; 4]) -> v1::Distribution {
    let calls = bands.iter().sum();
    let timing = if mean_secs.is_some() { v1::Timing::Measured } else { v1::Timing::Banded };
    v1::Distribution {
        calls,
        known: calls,
        mean_secs,
        percentiles: vec![
            v1::Percentile { percent: 50.0, at: Some(median) },
            v1::Percentile { percent: 90.0, at: Some(p90) },
        ],
        bands: BANDS
            .iter()
            .zip(bands)
            .map(|(&band, calls)| v1::DurationBand { band: band.into(), calls })
            .collect(),
        shares: Vec::new(),
        timing: timing.into(),
    }
}

/// Two sets, as far as units go.
pub(crate) fn sets() -> Vec<v1::DefinitionSet> {
    let set = |name: &str, metrics: &[(&str, &str)]| v1::DefinitionSet {
        name: name.to_owned(),
        metrics: metrics
            .iter()
            .map(|(name, unit)| v1::MetricDefinition {
                name: (*name).to_owned(),
                unit: (*unit).to_owned(),
                ..v1::MetricDefinition::default()
            })
            .collect(),
        standard_metrics: metrics.iter().map(|(name, _)| (*name).to_owned()).collect(),
        ..v1::DefinitionSet::default()
    };
    let eight = [
        ("call_volumes", "calls"),
        ("calls_abandoned", "calls"),
        ("call_times_to_answer", "seconds"),
        ("missed_call_volumes", "calls"),
        ("wait_time_before_call_abandoned", "seconds"),
        ("call_backs_requested", "calls"),
        ("call_backs_made", "calls"),
        ("average_call_length", "seconds"),
    ];
    let centre = [("offered", "calls"), ("service_level", "share"), ("average_speed_of_answer", "seconds")];
    vec![set("nhs-cbt-2025-06", &eight), set("contact-centre", &centre)]
}

/// Three calls: answered, missed with a label that needs quoting, and a callback made from a shared account.
pub(crate) fn calls() -> Vec<v1::StoredCallRecord> {
    let secs = |seconds| Some(Duration { seconds, nanos: 0 });
    let base = v1::CallRecord {
        call_id: "c-1".to_owned(),
        attribution: Some(Attribution::PracticeCode("A81001".to_owned())),
        revision: Some(1),
        direction: v1::Direction::Inbound.into(),
        started_at: Some(Timestamp { seconds: 1_770_019_201, nanos: 500_000_000 }),
        outcome: v1::Outcome::Answered.into(),
        ivr: secs(21),
        wait: secs(42),
        talk: secs(180),
        line: "reception".to_owned(),
        timing: v1::Timing::Measured.into(),
        ..v1::CallRecord::default()
    };
    let missed = v1::CallRecord {
        call_id: "c-2".to_owned(),
        outcome: v1::Outcome::Missed.into(),
        outcome_reason: v1::OutcomeReason::AbandonedInQueue.into(),
        talk: None,
        line: "desk 2, \"front\"".to_owned(),
        timing: v1::Timing::Banded.into(),
        ..base.clone()
    };
    let made = v1::CallbackMade { for_call_id: "c-0".to_owned(), attempt: 2, automatic: Some(true) };
    let back = v1::CallRecord {
        call_id: "c-3".to_owned(),
        attribution: Some(Attribution::Account(v1::Account {
            id: "shared-7".to_owned(),
            ..v1::Account::default()
        })),
        direction: v1::Direction::Outbound.into(),
        // In July, when London's clock is an hour ahead.
        started_at: Some(Timestamp { seconds: 1_783_065_600, nanos: 0 }),
        ivr: None,
        wait: None,
        line: String::new(),
        callback: Some(v1::Callback { kind: Some(Kind::Made(made)) }),
        ..base.clone()
    };
    let stored = |record| v1::StoredCallRecord { source_id: "acme".to_owned(), record: Some(record) };
    [base, missed, back].map(stored).to_vec()
}

/// More calls than a pipe or a table holds.
pub(crate) fn many_calls() -> Vec<v1::StoredCallRecord> {
    vec![calls().swap_remove(0); 20_000]
}

/// Practices, one of which changed its PCN.
pub(crate) fn organisations() -> Vec<v1::Organisation> {
    let membership = |code: &str, level: v1::Level, from: &str, until: &str| v1::Membership {
        parent_code: code.to_owned(),
        parent_level: level.into(),
        from_date: from.to_owned(),
        until_date: until.to_owned(),
    };
    let practice = |code: &str, name: &str, memberships| v1::Organisation {
        code: code.to_owned(),
        name: name.to_owned(),
        level: v1::Level::Practice.into(),
        from_date: String::new(),
        until_date: String::new(),
        memberships,
    };
    let both = |pcn: &str, from: &str, until: &str| {
        vec![membership(pcn, v1::Level::Pcn, from, until), membership("QXX", v1::Level::Icb, from, until)]
    };
    let mut moved = both("U00001", "", "2026-01-01");
    moved.extend(both("U00002", "2026-01-01", ""));
    vec![
        practice("A81001", "The Dene Surgery, Hartlepool Road", both("U00001", "", "")),
        practice("A81002", "Moved Practice", moved),
        v1::Organisation {
            until_date: "2025-07-01".to_owned(),
            ..practice("A81003", "Closed Practice", Vec::new())
        },
    ]
}

/// How the store is doing.
pub(crate) fn status() -> v1::GetStatusResponse {
    v1::GetStatusResponse {
        calls: 31_392_198,
        unsettled: 12_345,
        rejects: 7,
        disk_bytes: 4_394_907_720,
        version: "0.1.0".to_owned(),
        started_at: Some(Timestamp { seconds: 1_770_019_200, nanos: 0 }),
    }
}
