//! Made-up calls for comparisons: practices that miss more and more calls, month after month, and the plain sums of what was sent.

use std::sync::Arc;

use callgauge::proto::v1;
use callgauge::store::Store;
use callgauge::store::memory::MemoryStore;
use jiff::civil::{Date, date};

use crate::door::{Door, seconds};

/// Numbers from 0 to 1 that only look like chance.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One call as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) practice: usize,
    pub(crate) day: Date,
    pub(crate) hour: i8,
    pub(crate) missed: bool,
}

pub(crate) fn code(practice: usize) -> String {
    format!("A{:05}", 82_001 + practice)
}

/// Months in a row.
pub(crate) fn months(first: Date, many: usize) -> Vec<Date> {
    (0..many as i32).map(|at| first.saturating_add(jiff::Span::new().months(at))).collect()
}

/// Calls of practices in months; a practice misses `share(practice, month)` of them.
pub(crate) fn calls(
    practices: usize,
    months: &[Date],
    many: usize,
    share: impl Fn(usize, usize) -> f64,
) -> Vec<Sent> {
    let mut chance = Chance::new(20_260_301);
    let mut sent = Vec::new();
    for practice in 0..practices {
        for (at, month) in months.iter().enumerate() {
            for _ in 0..many {
                let day = month.saturating_add(jiff::Span::new().days((chance.next() * 28.0) as i32));
                let hour = (8.0 + chance.next() * 11.0) as i8;
                sent.push(Sent { practice, day, hour, missed: chance.next() < share(practice, at) });
            }
        }
    }
    sent
}

/// A server with practices of one ICB and these calls.
pub(crate) async fn door(practices: usize, sent: &[Sent]) -> Door {
    door_on(Arc::new(MemoryStore::new()), practices, sent).await
}

/// The same on a store of which more is asked than the door gives.
pub(crate) async fn door_on(store: Arc<dyn Store>, practices: usize, sent: &[Sent]) -> Door {
    let door = Door::on(store).await;
    let mut csv = "code,name,level,parents,from_date,until_date\nQHG,Example ICB,icb,,,\n".to_owned();
    for practice in 0..practices {
        csv += &format!("{},Surgery {practice},practice,QHG,,\n", code(practice));
    }
    let import = v1::ImportOrganisationsRequest { csv, validate_only: false };
    door.organisations().import_organisations(import).await.expect("is whole");
    let records: Vec<v1::CallRecord> = sent.iter().enumerate().map(record).collect();
    for batch in records.chunks(1_000) {
        let verdicts = door.submit(batch.to_vec()).await;
        assert!(verdicts.iter().all(|verdict| *verdict == v1::Verdict::Accepted), "calls are whole");
    }
    door
}

fn record((at, sent): (usize, &Sent)) -> v1::CallRecord {
    let zone = jiff::tz::TimeZone::get("Europe/London").expect("is known");
    let start = sent.day.at(sent.hour, 10, 0, 0).to_zoned(zone).expect("exists").timestamp();
    v1::CallRecord {
        call_id: format!("c-{at}"),
        attribution: Some(v1::call_record::Attribution::PracticeCode(code(sent.practice))),
        direction: v1::Direction::Inbound.into(),
        started_at: Some(prost_types::Timestamp { seconds: start.as_second(), nanos: 0 }),
        outcome: if sent.missed { v1::Outcome::Missed } else { v1::Outcome::Answered }.into(),
        wait: seconds(20),
        talk: if sent.missed { None } else { seconds(60) },
        ..Default::default()
    }
}

/// Bank holidays of England from April 2025 to January 2026, by hand.
const HOLIDAYS: [Date; 8] = [
    date(2025, 4, 18),
    date(2025, 4, 21),
    date(2025, 5, 5),
    date(2025, 5, 26),
    date(2025, 8, 25),
    date(2025, 12, 25),
    date(2025, 12, 26),
    date(2026, 1, 1),
];

/// Kind of day, told in plain words: 0 closed, 1 after a closure, 2 before one, 3 to 7 Monday to Friday.
pub(crate) fn kind_of_day(day: Date) -> usize {
    let closed = |day: Date| matches!(day.weekday().to_monday_one_offset(), 6 | 7) || HOLIDAYS.contains(&day);
    if closed(day) {
        return 0;
    }
    let next = |day: Date, step: i32| day.saturating_add(jiff::Span::new().days(step));
    for (step, kind) in [(-1, 1), (1, 2)] {
        let mut other = next(day, step);
        while closed(other) {
            if HOLIDAYS.contains(&other) {
                return kind;
            }
            other = next(other, step);
        }
    }
    2 + day.weekday().to_monday_one_offset() as usize
}

/// NHS band of an hour at ten past.
pub(crate) fn band(hour: i8) -> usize {
    match hour {
        0..=5 => 0,
        6 | 7 => 1,
        8 | 9 => 2,
        10 | 11 => 3,
        12 | 13 => 4,
        14 | 15 => 5,
        16 | 17 => 6,
        18 => 7,
        _ => 8,
    }
}
