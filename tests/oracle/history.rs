//! Random histories: what is sent, asked and done to the server, in what order. Written so that proptest can shrink them.

use callgauge::proto::v1::{
    self, Account, Callback, CallbackMade, CallbackRequested, CallbackTiming, Direction, Outcome,
    OutcomeReason, Timing, call_record::Attribution, callback,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::question::{Question, question};
use super::world;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A source sends records, in one submission or in batches of a stream.
    Send { source: &'static str, stream: bool, records: Vec<v1::CallRecord> },
    /// What was sent in the n-th sending so far is sent again, from the back where `reversed`.
    SendAgain { nth: usize, reversed: bool },
    /// The practice that nobody knew is imported.
    ImportLate,
    /// The server stops, and starts again on what is stored.
    Restart,
    /// Somebody asks.
    Ask(Box<Question>),
}

/// Instants around which things go wrong: both clock changes, midnights in summer and winter, bank holidays and the days after them, the ends of years.
const DELICATE: [&str; 16] = [
    "2024-12-31T23:59:59Z",
    "2025-03-29T23:59:00Z",
    "2025-03-30T00:30:00Z",
    "2025-03-30T01:00:00Z",
    "2025-03-31T23:00:00Z",
    "2025-04-18T07:00:00Z",
    "2025-04-21T17:30:00Z",
    "2025-04-22T07:00:00Z",
    "2025-04-22T09:00:00Z",
    "2025-04-22T17:30:00Z",
    "2025-10-25T23:00:00Z",
    "2025-10-26T00:30:00Z",
    "2025-10-26T01:00:00Z",
    "2025-10-26T01:30:00Z",
    "2025-12-26T09:00:00Z",
    "2026-01-01T00:00:00Z",
];

/// Durations at the edges of bands and thresholds.
const EDGES: [i64; 16] = [0, 1, 4, 5, 6, 19, 20, 21, 59, 60, 61, 120, 121, 300, 301, 86_400];

/// Outcomes as often as they should come.
const OUTCOMES: [Outcome; 10] = [
    Outcome::Answered,
    Outcome::Answered,
    Outcome::Answered,
    Outcome::Answered,
    Outcome::Missed,
    Outcome::Missed,
    Outcome::Missed,
    Outcome::EndedInIvr,
    Outcome::CallbackRequested,
    Outcome::Unclassified,
];

/// A dozen things that happen.
pub(crate) fn history() -> impl Strategy<Value = Vec<Action>> {
    let send = (select(&["acme", "other"][..]), any::<bool>(), prop::collection::vec(record(), 1..24))
        .prop_map(|(source, stream, records)| Action::Send { source, stream, records });
    let again = (0..12_usize, any::<bool>()).prop_map(|(nth, reversed)| Action::SendAgain { nth, reversed });
    let action = prop_oneof![
        10 => send,
        3 => again,
        1 => Just(Action::ImportLate),
        1 => Just(Action::Restart),
        3 => question().prop_map(|question| Action::Ask(Box::new(question))),
    ];
    prop::collection::vec(action, 1..16)
}

/// A record of one of a few calls: of any kind, now and then one that has to be refused.
fn record() -> impl Strategy<Value = v1::CallRecord> {
    let identity = (0..30_u8, prop_oneof![1 => Just(None), 2 => (0..5_u64).prop_map(Some)]);
    let kind = (
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.25),
        select(&OUTCOMES[..]),
        any::<prop::sample::Index>(),
        callback_kind(),
        select(
            &[Timing::Unspecified, Timing::Measured, Timing::Measured, Timing::Measured, Timing::Banded][..],
        ),
    );
    let durations = (duration(), duration(), duration(), prop::bool::weighted(0.03));
    let rest = (attribution(), moment(), select(&["", "", "reception", "Empfang 2"][..]));
    (identity, kind, durations, rest).prop_map(|(identity, kind, durations, (whose, started_at, line))| {
        let (call, revision) = identity;
        let (retracted, outbound, outcome, reason, callback, timing) = kind;
        let (ivr, wait, talk, wrong) = durations;
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        let base = v1::CallRecord {
            call_id: format!("c-{call}"),
            attribution: Some(whose),
            revision,
            retracted,
            direction: direction.into(),
            started_at: Some(started_at),
            line: line.to_owned(),
            timing: timing.into(),
            ..v1::CallRecord::default()
        };
        if retracted {
            return base;
        }
        let outcome = match outcome {
            Outcome::EndedInIvr | Outcome::CallbackRequested if outbound => Outcome::Missed,
            outcome => outcome,
        };
        let fits = |kind: &callback::Kind| match kind {
            callback::Kind::Requested(_) => !outbound && outcome == Outcome::CallbackRequested,
            callback::Kind::Made(_) => outbound,
        };
        let wait = if wrong {
            Some(prost_types::Duration { seconds: -1, nanos: 0 })
        } else {
            wait.filter(|_| outcome != Outcome::EndedInIvr)
        };
        v1::CallRecord {
            outcome: if outbound && outcome == Outcome::Unclassified { 0 } else { outcome.into() },
            outcome_reason: (*reason.get(&reasons(outcome))).into(),
            ivr,
            wait,
            talk: talk.filter(|_| outcome == Outcome::Answered),
            callback: callback.filter(fits).map(|kind| Callback { kind: Some(kind) }),
            ..base
        }
    })
}

fn reasons(outcome: Outcome) -> Vec<OutcomeReason> {
    use OutcomeReason as R;
    match outcome {
        Outcome::Missed => vec![
            R::AbandonedInQueue,
            R::AbandonedWhileRinging,
            R::RangOut,
            R::Voicemail,
            R::Busy,
            R::QueueTimeout,
            R::QueueOverflow,
            R::Failed,
            R::Unspecified,
        ],
        Outcome::EndedInIvr => {
            vec![R::Diverted, R::HungUpInMenu, R::AfterMessage, R::Closed, R::Unspecified]
        }
        _ => vec![R::Unspecified],
    }
}

fn callback_kind() -> impl Strategy<Value = Option<callback::Kind>> {
    let timing =
        select(&[CallbackTiming::Unspecified, CallbackTiming::VirtualQueue, CallbackTiming::CallerTimed][..]);
    let requested =
        timing.prop_map(|timing| callback::Kind::Requested(CallbackRequested { timing: timing.into() }));
    let made = (select(&["", "c-1"][..]), 0..3_u32, select(&[None, Some(true), Some(false)][..]));
    let made = made.prop_map(|(for_call_id, attempt, automatic)| {
        callback::Kind::Made(CallbackMade { for_call_id: for_call_id.to_owned(), attempt, automatic })
    });
    prop::option::of(prop_oneof![requested, made])
}

fn duration() -> impl Strategy<Value = Option<prost_types::Duration>> {
    let secs = prop_oneof![3 => select(&EDGES[..]), 2 => 0..900_i64];
    let nanos = select(&[0, 0, 999_999_999][..]);
    let whole = (secs, nanos).prop_map(|(seconds, nanos)| prost_types::Duration {
        seconds,
        nanos: if seconds < 86_400 { nanos } else { 0 },
    });
    prop::option::weighted(0.85, whole)
}

fn attribution() -> impl Strategy<Value = Attribution> {
    let practices: Vec<&str> = world::CODES.into_iter().filter(|code| code.starts_with('A')).collect();
    let practice = select(practices).prop_map(|code| Attribution::PracticeCode(code.to_owned()));
    let accounts = [
        ("acc-1", ["U001", "01A", "QAA", "Y60"]),
        ("acc-2", ["", "01A", "", ""]),
        ("acc-3", ["", "", "QBB", ""]),
        ("acc-4", ["", "", "", ""]),
        ("acc-5", ["U001", "", "", ""]),
        ("acc-5", ["U002", "", "", "Y61"]),
    ];
    let account = select(accounts.to_vec()).prop_map(|(id, codes)| {
        let [pcn_code, sub_icb_code, icb_code, region_code] = codes.map(str::to_owned);
        Attribution::Account(Account { id: id.to_owned(), pcn_code, sub_icb_code, icb_code, region_code })
    });
    let written_otherwise = Just(Attribution::PracticeCode(" a10001 ".to_owned()));
    prop_oneof![10 => practice, 3 => account, 1 => written_otherwise]
}

fn moment() -> impl Strategy<Value = prost_types::Timestamp> {
    let aside = prop_oneof![
        1 => Just(0),
        2 => select(&[-1_i64, 1, -1_000, 999, 1_000, 59_999][..]),
        3 => -7_200_000..7_200_000_i64,
        3 => -260_000_000..260_000_000_i64,
    ];
    (select(&DELICATE[..]), aside, select(&[0_i32, 0, 999_999][..])).prop_map(|(near, aside, finer)| {
        let near: jiff::Timestamp = near.parse().expect("a delicate instant is one");
        let millis = near.as_millisecond() + aside;
        prost_types::Timestamp {
            seconds: millis.div_euclid(1_000),
            nanos: millis.rem_euclid(1_000) as i32 * 1_000_000 + finer,
        }
    })
}
