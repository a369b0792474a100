//! The HTTP kit against a small server on this machine, by a clock that moves only when somebody waits.

mod auth;
mod budget;
mod errors;
mod keys;
mod pages;
mod retry;
mod secrets;
mod server;
mod stepped;

use std::sync::Arc;

use serde::Deserialize;

use self::server::{Answer, Seen, Server};
use self::stepped::Stepped;
use super::{Client, Url};
use crate::clock;

/// What the made-up vendor answers.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct List {
    calls: Vec<Row>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Row {
    id: String,
    secs: u32,
}

/// An answer that can be read.
const LIST: &str = r#"{"calls": [{"id": "a", "secs": 5}]}"#;

/// Runs a test by a stepped clock.
async fn stepped<F: Future>(test: impl FnOnce(Arc<Stepped>) -> F) -> F::Output {
    let clock = Arc::new(Stepped::default());
    let future = test(Arc::clone(&clock));
    clock::with(clock, future).await
}

fn client(server: &Server) -> Client {
    Client::builder("Acme", server.url("/v1")).build()
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("is an address")
}

/// Answers the requests one after the other, the last answer for all that follow.
fn in_turn(answers: Vec<Answer>) -> impl FnMut(&Seen) -> Answer + Send + 'static {
    let mut at = 0;
    move |_| {
        let answer = answers[at.min(answers.len() - 1)].clone();
        at += 1;
        answer
    }
}
