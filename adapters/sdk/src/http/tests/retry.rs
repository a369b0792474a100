//! What is sent again, how often, and after how long.

use std::time::Duration;

use super::stepped::BEGINNING;
use super::*;
use crate::http::retry::retry_after;
use crate::http::{LimitHeaders, Request, Retry};
use crate::{AdapterError, Fault};

async fn fetched(
    answers: Vec<Answer>,
    request: &Request,
) -> (Result<List, AdapterError>, Vec<Seen>, Vec<Duration>) {
    stepped(|clock| async move {
        let server = Server::start(in_turn(answers)).await;
        let found = client(&server).json::<List>(request).await.map(|(list, _)| list);
        (found, server.seen(), clock.slept())
    })
    .await
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let (found, seen, _) =
            fetched(vec![Answer::status(status), Answer::ok(LIST)], &Request::get("calls")).await;
        assert_eq!((found.map(|list| list.calls.len()), seen.len()), (Ok(1), 2), "{status}");
    }
    for answer in [
        Answer::Cut(LIST.to_owned()),
        Answer::Drop,
        Answer::ok("{\"calls\": [{"),
        Answer::ok("<html>"),
        Answer::ok(""),
    ] {
        let (found, seen, _) = fetched(vec![answer.clone(), Answer::ok(LIST)], &Request::get("calls")).await;
        assert_eq!((found.map(|list| list.calls.len()), seen.len()), (Ok(1), 2), "{answer:?}");
    }
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    for (status, fault) in [
        (301, Fault::Region),
        (400, Fault::Protocol),
        (401, Fault::Credentials),
        (402, Fault::Plan),
        (403, Fault::Permission),
        (404, Fault::Protocol),
        (451, Fault::Region),
        (501, Fault::Unavailable),
    ] {
        let (found, seen, slept) =
            fetched(vec![Answer::status(status), Answer::ok(LIST)], &Request::get("calls")).await;
        assert_eq!(
            (found.expect_err("is refused").fault, seen.len(), slept.len()),
            (fault, 1, 0),
            "{status}"
        );
    }
    let (found, seen, _) =
        fetched(vec![Answer::ok(r#"{"calls": 7}"#), Answer::ok(LIST)], &Request::get("calls")).await;
    assert_eq!((found.expect_err("is of another shape").fault, seen.len()), (Fault::Protocol, 1));
}

#[tokio::test]
async fn it_is_asked_five_times_and_then_given_back() {
    let (found, seen, slept) = fetched(vec![Answer::status(500)], &Request::get("calls")).await;
    assert_eq!((found.expect_err("never passes").fault, seen.len()), (Fault::Unavailable, 5));
    let bounds = [500, 1_000, 2_000, 4_000].map(Duration::from_millis);
    assert!(slept.len() == 4 && slept.iter().zip(bounds).all(|(pause, bound)| *pause <= bound), "{slept:?}");
    let (found, seen, _) = fetched(vec![Answer::Cut(LIST.to_owned())], &Request::get("calls")).await;
    assert_eq!((found.expect_err("is always cut").fault, seen.len()), (Fault::Protocol, 5));
}

#[tokio::test]
async fn a_post_is_repeated_only_where_it_had_no_effect_or_only_asks() {
    let body = serde_json::json!({ "interval": "x" });
    for (answer, times) in [
        (Answer::status(500), 1),
        (Answer::Drop, 1),
        (Answer::Cut(LIST.to_owned()), 1),
        (Answer::status(429), 2),
    ] {
        let (_, seen, _) =
            fetched(vec![answer.clone(), Answer::ok(LIST)], &Request::post_json("query", &body)).await;
        assert_eq!(seen.len(), times, "{answer:?}");
        let (found, seen, _) =
            fetched(vec![answer.clone(), Answer::ok(LIST)], &Request::post_json("query", &body).search())
                .await;
        assert!(found.is_ok() && seen.len() == 2, "{answer:?}");
        assert!(seen.iter().all(|seen| seen.body == r#"{"interval":"x"}"# && seen.method == "POST"));
    }
}

#[tokio::test]
async fn the_vendor_is_given_the_time_it_asks_for() {
    for (header, value, secs) in [
        ("retry-after", "7", 7.0),
        ("Retry-After", "1.5", 1.5),
        ("retry-after", "0", 0.0),
        ("retry-after", "Mon, 02 Feb 2026 08:00:20 GMT", 20.0),
        ("retry-after", "2026-02-02T08:00:30Z", 30.0),
        ("retry-after", "Mon, 02 Feb 2026 07:00:00 GMT", 0.0),
        ("x-ratelimit-reset", "12", 12.0),
        ("x-ratelimit-reset", "1770019215", 15.0),
        ("x-ratelimit-reset", "1770019216500", 16.5),
        ("ratelimit-reset", "9", 9.0),
    ] {
        let answers = vec![Answer::status(429).with(header, value), Answer::ok(LIST)];
        let (found, _, slept) = fetched(answers, &Request::get("calls")).await;
        assert!(found.is_ok());
        let waited: Duration = slept.iter().sum();
        assert_eq!(waited, Duration::from_secs_f64(secs), "{header}: {value}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_handed_to_the_host() {
    let answers = vec![Answer::status(429).with("retry-after", "3600"), Answer::ok(LIST)];
    let (found, seen, slept) = fetched(answers, &Request::get("calls")).await;
    let error = found.expect_err("an hour is too long");
    assert_eq!(error.fault, Fault::RateLimited { retry_after: Some(Duration::from_secs(3_600)) });
    assert_eq!((seen.len(), slept.len()), (1, 0));
}

#[tokio::test]
async fn a_429_that_says_nothing_waits_as_long_as_the_adapter_knows() {
    stepped(|clock| async move {
        let server = Server::start(in_turn(vec![Answer::status(429), Answer::ok(LIST)])).await;
        let limits = LimitHeaders { silent_pause: Duration::from_secs(60), ..LimitHeaders::USUAL };
        let client = Client::builder("Acme", server.url("/v1")).limits(limits).build();
        assert!(client.json::<List>(&Request::get("calls")).await.is_ok());
        assert_eq!(clock.slept().iter().sum::<Duration>(), Duration::from_secs(60));
    })
    .await;
}

#[tokio::test]
async fn repeats_end_in_bounded_time() {
    stepped(|clock| async move {
        let server = Server::start(in_turn(vec![Answer::status(503).with("retry-after", "40")])).await;
        let retry = Retry { attempts: 100, within: Duration::from_secs(100), ..Retry::default() };
        let client = Client::builder("Acme", server.url("/v1")).retry(retry).build();
        assert_eq!(
            client.send(&Request::get("calls")).await.expect_err("never passes").fault,
            Fault::Unavailable
        );
        assert_eq!(server.seen().len(), 3, "at 0 s, 40 s and 80 s");
        assert!(clock.slept().iter().sum::<Duration>() <= Duration::from_secs(100));
    })
    .await;
}

#[tokio::test]
async fn silence_and_a_closed_door_are_told_apart_from_refusals() {
    stepped(|_| async move {
        let server = Server::start(in_turn(vec![Answer::Silence, Answer::ok(LIST)])).await;
        let retry = Retry { request_timeout: Duration::from_millis(200), ..Retry::default() };
        let client = Client::builder("Acme", server.url("/v1")).retry(retry).build();
        assert!(client.json::<List>(&Request::get("calls")).await.is_ok(), "the second request is answered");
        let address = server.url("/v1");
        drop(server);
        tokio::task::yield_now().await;
        let client = Client::builder("Acme", address).build();
        let error = client.send(&Request::get("calls")).await.expect_err("nobody is there");
        assert_eq!(error.fault, Fault::Unavailable);
        assert!(error.message.starts_with("Acme cannot be reached"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_taken_in() {
    stepped(|_| async move {
        let server = Server::start(in_turn(vec![Answer::ok(&"x".repeat(5_000))])).await;
        let client = Client::builder("Acme", server.url("/v1")).body_limit(4_096).build();
        assert_eq!(
            client.send(&Request::get("calls")).await.expect_err("is too long").fault,
            Fault::Protocol
        );
        assert_eq!(server.seen().len(), 1);
    })
    .await;
}

#[test]
fn pauses_are_drawn_up_to_a_bound_that_doubles() {
    let retry = Retry::default();
    let bound = |attempt| retry.pause(attempt, 1.0).as_millis();
    assert_eq!([2, 3, 4, 5, 8, 40].map(bound), [500, 1_000, 2_000, 4_000, 30_000, 30_000]);
    assert_eq!(retry.pause(3, 0.0), Duration::ZERO);
}

#[test]
fn a_retry_after_that_is_nonsense_is_no_wait() {
    for text in ["", "soon", "-5", "1e3", "1.2.3", "inf", "Mon, 99 Feb 2026 08:00:20 GMT"] {
        assert_eq!(retry_after(text, BEGINNING), None, "{text}");
    }
}
