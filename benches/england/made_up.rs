//! Calls that nobody made: a month for those who have no workbook, and fresh records to ask questions behind.
//!
//! Shares and bands follow NHS England's figures for February 2026 roughly; nothing but speed is read off them.

use callgauge::calendar::{Day, start_of};
use callgauge::proto::v1;
use prost_types::{Duration, Timestamp};

/// 1 February 2026, 00:00 UTC, which is midnight in England.
const FEBRUARY_2026: i64 = 1_769_904_000;
/// Practices of the made-up month.
const PRACTICES: u32 = 500;
/// Calls of each of them on each of its days.
const CALLS_A_DAY: u32 = 220;
/// Days of the month.
const DAYS: u32 = 28;

/// Codes of the made-up practices.
pub(crate) fn practices() -> Vec<String> {
    (0..PRACTICES).map(|number| format!("Z{number:05}")).collect()
}

/// The month, day by day.
pub(crate) fn month() -> impl Iterator<Item = v1::CallRecord> + Send + 'static {
    let codes = practices();
    let everything = u64::from(DAYS * CALLS_A_DAY) * u64::from(PRACTICES);
    (0..everything).map(move |number| {
        let of_day = u64::from(CALLS_A_DAY) * u64::from(PRACTICES);
        let day = (number / of_day) as i64;
        let chance = scatter(number);
        let code = &codes[(number % u64::from(PRACTICES)) as usize];
        let second = 28_800 + (chance >> 20) as i64 % 37_800;
        call(format!("m-{number}"), code, FEBRUARY_2026 + day * 86_400 + second, chance)
    })
}

/// Calls that arrive now, one after the other, of the practices given: `count` of them from number `first`, all on one day.
pub(crate) fn fresh(
    practices: Vec<String>,
    day: Day,
    first: u64,
    count: u64,
) -> impl Iterator<Item = v1::CallRecord> + Send + 'static {
    (first..first + count).map(move |number| {
        let chance = scatter(number.wrapping_add(1 << 40));
        let code = &practices[(number % practices.len() as u64) as usize];
        let second = 28_800 + (chance >> 20) as i64 % 37_800;
        call(format!("f-{number}"), code, start_of(day).secs() + second, chance)
    })
}

fn call(call_id: String, practice: &str, started: i64, chance: u64) -> v1::CallRecord {
    let seconds = |count: u64| Some(Duration { seconds: count as i64, nanos: 0 });
    let (wait, talk) = (chance >> 8 & 0x1ff, 20 + (chance >> 32 & 0xff));
    let (outcome, wait, talk) = match chance % 100 {
        0..55 => (v1::Outcome::Answered, seconds(wait), seconds(talk)),
        55..82 => (v1::Outcome::EndedInIvr, None, None),
        82..89 => (v1::Outcome::CallbackRequested, None, None),
        _ => (v1::Outcome::Missed, seconds(wait / 2), None),
    };
    v1::CallRecord {
        call_id,
        attribution: Some(v1::call_record::Attribution::PracticeCode(practice.to_owned())),
        direction: v1::Direction::Inbound as i32,
        started_at: Some(Timestamp { seconds: started, nanos: 0 }),
        outcome: outcome as i32,
        wait,
        talk,
        ..Default::default()
    }
}

/// A number that looks like chance and is the same every time.
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
