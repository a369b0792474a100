//! Parts of calls in no order: each call is given once and whole, and how many of them are held is counted as they come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{Cursor, FetchRequest};

const PLAN: StepPlan =
    StepPlan { first: Span::hours(6), longest: Span::hours(48), shortest: Span::minutes(1), rows: 200 };
const MARGIN: Span = Span::hours(1);
const PAGE: usize = 100;
const MINUTE: i64 = 60_000;

/// A leg, which says when it is let go.
struct Leg {
    call: String,
    began: i64,
    alive: Arc<AtomicUsize>,
}

impl Drop for Leg {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An account in which calls begin evenly through time, each with a leg at its start and one 50 minutes later.
struct Dense {
    /// Legs: call, begin.
    legs: Vec<(u64, i64)>,
    alive: Arc<AtomicUsize>,
    most_alive: AtomicUsize,
}

impl Dense {
    fn new(calls_a_minute: u64, minutes: u64) -> Self {
        let began = |call: u64| (call * 60_000 / calls_a_minute) as i64;
        let mut legs: Vec<(u64, i64)> = (0..calls_a_minute * minutes)
            .flat_map(|call| [(call, began(call)), (call, began(call) + 50 * MINUTE)])
            .collect();
        // In no order that says anything.
        legs.sort_by_key(|(call, began)| (call.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7, *began));
        Self { legs, alive: Arc::default(), most_alive: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Listing for Dense {
    type Part = Leg;

    async fn list(
        &self,
        window: Window,
        room: &mut Room<Leg>,
        page: &mut Page,
    ) -> Result<bool, AdapterError> {
        let within = |began: i64| window.contains(Moment::from_millis(began));
        let listed: Vec<_> = self.legs.iter().filter(|(_, began)| within(*began)).collect();
        let mut pages = listed.chunks(PAGE).peekable();
        while let Some(some) = pages.next() {
            let alive = self.alive.fetch_add(some.len(), Ordering::Relaxed) + some.len();
            self.most_alive.fetch_max(alive, Ordering::Relaxed);
            let leg = |(call, began): &&(u64, i64)| Leg {
                call: call.to_string(),
                began: *began,
                alive: Arc::clone(&self.alive),
            };
            page.in_progress += 1;
            room.add(some.iter().map(leg).collect());
            if room.is_full() && pages.peek().is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn call_of(leg: &Leg) -> String {
        leg.call.clone()
    }
}

/// The calls of a window, in order: each with its legs, as those find them that read step by step.
async fn calls(dense: &Dense, window: Window) -> Vec<(u64, usize)> {
    let now = window.until;
    let mut request = FetchRequest { window, cursor: None, now };
    let mut found = Vec::new();
    for _ in 0..100_000 {
        let step = PLAN.step(&request).expect("its own cursor");
        let mut page = Page::empty(Next::Done);
        let read = step.read(MARGIN, MARGIN, now);
        let next = match PLAN.parts(dense, &step, read, &mut page).await.expect("never fails") {
            None => PLAN.halved(&step).next,
            Some(legs) => {
                let mut joined = std::collections::BTreeMap::<u64, Vec<i64>>::new();
                for leg in &legs {
                    joined.entry(leg.call.parse().expect("a number")).or_default().push(leg.began);
                }
                let began = |legs: &[i64]| Moment::from_millis(legs.iter().copied().min().unwrap_or(0));
                found.extend(
                    joined
                        .into_iter()
                        .filter(|(_, legs)| step.core.contains(began(legs)))
                        .map(|(call, legs)| (call, legs.len())),
                );
                PLAN.next(&step, legs.len(), window)
            }
        };
        match next {
            Next::More(Cursor(text)) => request.cursor = Some(Cursor(text)),
            Next::Done => {
                found.sort_unstable();
                return found;
            }
        }
    }
    panic!("never done");
}

#[tokio::test]
async fn two_pages_and_the_one_that_is_read_are_held_however_dense_the_calls_are() {
    for calls_a_minute in [1, 3, 10, 45] {
        let dense = Dense::new(calls_a_minute, 180);
        let window = Window { from: Moment::from_millis(0), until: Moment::from_millis(240 * MINUTE) };
        let found = calls(&dense, window).await;
        let all: Vec<(u64, usize)> = (0..calls_a_minute * 180).map(|call| (call, 2)).collect();
        assert!(found == all, "{calls_a_minute} a minute: each call once, with both of its legs");
        let most = dense.most_alive.load(Ordering::Relaxed);
        assert!(most <= PLAN.rows + PAGE, "{calls_a_minute} a minute: {most} legs held");
        assert_eq!(dense.alive.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn a_look_back_is_as_long_as_two_pages_are() {
    for (calls_a_minute, back) in [(0, Span::days(1)), (1, Span::minutes(10)), (45, Span::minutes(1))] {
        let dense = Dense::new(calls_a_minute.max(1), if calls_a_minute == 0 { 1 } else { 1_440 });
        let mut page = Page::empty(Next::Done);
        let now = Moment::from_millis(1_440 * MINUTE);
        let (looked, legs) = PLAN.latest(&dense, now, Span::days(1), &mut page).await.expect("never fails");
        assert_eq!(looked, back, "{calls_a_minute} a minute");
        // Of pages that were read in vain nothing is left.
        assert_eq!(page.in_progress, legs.len().div_ceil(PAGE) as u64);
    }
}
