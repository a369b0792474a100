//! The budget: never more than allowed, in any stretch of time.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::http::{Budget, Rate, Request};
use crate::{Fault, Settings};

/// The most that lie in any half-open stretch of this length.
fn most_in(times: &[Duration], stretch: Duration) -> usize {
    times
        .iter()
        .map(|from| times.iter().filter(|at| *at >= from && **at < *from + stretch).count())
        .max()
        .unwrap_or(0)
}

/// When `n` requests are let through that all want to go at once.
async fn times(budget: &Budget, group: &'static str, n: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..n {
        budget.acquire(group, Duration::from_secs(1_000_000)).await.expect("waits as long as it takes");
        times.push(clock::current().elapsed());
    }
    times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_stretch_has_more_requests_than_allowed(requests in 1_u32..60, burst in 1_u32..60, secs in 1_u64..100, idle in 0_u64..300) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let per = Duration::from_secs(secs);
        let all = runtime.block_on(stepped(|clock| async move {
            let budget = Budget::unlimited().rate("", Rate::new(requests, per).burst(burst));
            let mut all = times(&budget, "", 100).await;
            clock.advance(Duration::from_secs(idle));
            all.extend(times(&budget, "", 100).await);
            all
        }));
        prop_assert!(most_in(&all, per) <= requests as usize);
        // And it is no more than ten times slower than allowed, whatever the burst.
        let least = per.mul_f64(199.0 / f64::from(requests));
        let took = *all.last().expect("some") - Duration::from_secs(idle);
        prop_assert!(burst * 2 > requests || took <= least * 3 + per, "{took:?} against {least:?}");
    }
}

#[tokio::test]
async fn two_rates_hold_together_and_groups_apart() {
    stepped(|_| async {
        let budget = Budget::unlimited()
            .rate("", Rate::per_second(5))
            .rate("", Rate::per_minute(30))
            .rate("describe", Rate::per_second(10).burst(1));
        let heavy = times(&budget, "", 60).await;
        assert!(
            most_in(&heavy, Duration::from_secs(1)) <= 5 && most_in(&heavy, Duration::from_secs(60)) <= 30
        );
        let before = clock::current().elapsed();
        let light = times(&budget, "describe", 10).await;
        assert!(light[9] - before < Duration::from_millis(1_000), "is not held up by the other group");
    })
    .await;
}

#[tokio::test]
async fn a_client_keeps_to_the_budget_over_restarts_within_a_program() {
    stepped(|_| async {
        let server = Server::start(in_turn(vec![Answer::ok(LIST)])).await;
        let settings = Settings::default();
        let mut times = Vec::new();
        for _ in 0..30 {
            let budget = Budget::new(&settings, "acme").rate("", Rate::per_minute(10));
            let client = Client::builder("Acme", server.url("/v1")).budget(budget).build();
            client.send(&Request::get("calls")).await.expect("is answered");
            times.push(clock::current().elapsed());
        }
        assert!(most_in(&times, Duration::from_secs(60)) <= 10, "{times:?}");
        let other = Budget::new(&Settings::default(), "acme").rate("", Rate::per_minute(10));
        assert!(other.acquire("", Duration::ZERO).await.is_ok(), "another account has its own");
    })
    .await;
}

#[tokio::test]
async fn used_up_for_longer_than_one_may_wait_is_said_before_anything_is_sent() {
    stepped(|_| async {
        let server = Server::start(in_turn(vec![Answer::ok(LIST)])).await;
        let budget = Budget::unlimited().rate("", Rate::one_in(Duration::from_secs(3_600)));
        let client = Client::builder("Acme", server.url("/v1")).budget(budget).build();
        client.send(&Request::get("calls")).await.expect("the first is answered");
        let error = client.send(&Request::get("calls")).await.expect_err("the second would take an hour");
        assert!(matches!(error.fault, Fault::RateLimited { retry_after: Some(wait) } if wait > Duration::from_secs(3_500)), "{error:?}");
        assert_eq!(server.seen().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_lower_limit_is_learned_and_a_higher_one_is_not() {
    for (limit, window, most) in [("4", "60", 4), ("1000", "60", 10)] {
        stepped(|_| async move {
            let answer =
                Answer::ok(LIST).with("X-Rate-Limit-Limit", limit).with("X-Rate-Limit-Window", window);
            let server = Server::start(in_turn(vec![answer])).await;
            let budget = Budget::unlimited().rate("", Rate::per_minute(10));
            let client = Client::builder("Acme", server.url("/v1")).budget(budget).build();
            let mut times = Vec::new();
            for _ in 0..30 {
                client.send(&Request::get("calls")).await.expect("is answered");
                times.push(clock::current().elapsed());
            }
            assert!(most_in(&times, Duration::from_secs(60)) <= most, "{times:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn when_the_vendor_says_that_none_are_left_none_are_sent() {
    stepped(|clock| async move {
        let used_up = Answer::ok(LIST).with("X-RateLimit-Remaining", "0").with("X-RateLimit-Reset", "25");
        let server =
            Server::start(in_turn(vec![used_up, Answer::ok(LIST).with("X-RateLimit-Remaining", "7")])).await;
        let client = client(&server);
        for expected in [0, 25, 25] {
            client.send(&Request::get("calls")).await.expect("is answered");
            assert_eq!(clock.elapsed().as_secs(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_429_makes_the_budget_smaller_for_a_while() {
    stepped(|clock| async move {
        let server =
            Server::start(in_turn(vec![Answer::status(429).with("retry-after", "1"), Answer::ok(LIST)]))
                .await;
        let budget = Budget::unlimited().rate("", Rate::per_minute(60).burst(1));
        let client = Client::builder("Acme", server.url("/v1")).budget(budget.clone()).build();
        client.send(&Request::get("calls")).await.expect("is answered the second time");
        let slower = times(&budget, "", 20).await;
        assert!(slower[19] - slower[0] >= Duration::from_secs(28), "two thirds of the rate: {slower:?}");
        clock.advance(Duration::from_secs(700));
        let again = times(&budget, "", 20).await;
        assert!(again[19] - again[0] < Duration::from_secs(20), "and after ten minutes the whole: {again:?}");
    })
    .await;
}
