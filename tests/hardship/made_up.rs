//! Made-up practices and made-up calls, numbered, so that everybody knows what has to be there.

use std::collections::BTreeMap;

use callgauge::proto::v1::call_record::Attribution;
use callgauge::proto::v1::{CallRecord, Direction, Outcome};

/// New calls in a batch.
pub(crate) const FRESH: u64 = 480;
/// Calls of the batch before that a batch corrects.
pub(crate) const CORRECTED: u64 = 20;
/// Practices.
pub(crate) const PRACTICES: u64 = 20;
/// 2026-02-02T00:00:00Z, a Monday in winter, when London's clock shows UTC.
const MONDAY: i64 = 1_769_990_400;
const DAY: i64 = 86_400;

/// The practices, all of one ICB.
pub(crate) fn csv() -> String {
    let mut csv = "code,name,level,parents,from_date,until_date\nQXX,Made-up ICB,icb,,,\n".to_owned();
    for number in 0..PRACTICES {
        csv += &format!("{},Made-up Surgery {number},practice,QXX,,\n", practice(number));
    }
    csv
}

/// The practice of a call.
pub(crate) fn practice(number: u64) -> String {
    format!("H9{:04}", number % PRACTICES)
}

/// The id of a call.
pub(crate) fn id(number: u64) -> String {
    format!("c-{number}")
}

/// A call, within five days from Monday on: every third one is missed, the others are answered.
pub(crate) fn call(number: u64) -> CallRecord {
    let missed = number.is_multiple_of(3);
    let secs = |secs: u64| Some(prost_types::Duration { seconds: secs as i64, nanos: 0 });
    CallRecord {
        call_id: id(number),
        attribution: Some(Attribution::PracticeCode(practice(number))),
        revision: Some(1),
        direction: Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: started(number), nanos: 0 }),
        outcome: if missed { Outcome::Missed.into() } else { Outcome::Answered.into() },
        wait: secs(number % 400),
        talk: if missed { None } else { secs(number % 900) },
        ..CallRecord::default()
    }
}

/// The same call, corrected: it was a day later.
pub(crate) fn corrected(number: u64) -> CallRecord {
    CallRecord {
        revision: Some(2),
        started_at: Some(prost_types::Timestamp { seconds: started(number) + DAY, nanos: 0 }),
        line: "corrected".to_owned(),
        ..call(number)
    }
}

/// The records of a batch, counted from 1: new calls, then corrections of the batch before.
pub(crate) fn batch(number: u64) -> Vec<CallRecord> {
    let first = (number - 1) * FRESH;
    let fresh = (first..first + FRESH).map(call);
    let before = first.saturating_sub(FRESH);
    let corrections = if number == 1 { 0 } else { CORRECTED };
    fresh.chain((before..before + corrections).map(corrected)).collect()
}

/// How many calls there are on each day, once so many batches are in; days counted from Monday.
pub(crate) fn calls_by_day(batches: u64) -> BTreeMap<i64, i64> {
    let mut days = BTreeMap::new();
    for number in 0..batches * FRESH {
        let moved = number % FRESH < CORRECTED && number / FRESH + 1 < batches;
        let day = (started(number) - MONDAY) / DAY + i64::from(moved);
        *days.entry(day).or_default() += 1;
    }
    days
}

fn started(number: u64) -> i64 {
    MONDAY + (number * 7_919 % (5 * DAY as u64)) as i64
}
