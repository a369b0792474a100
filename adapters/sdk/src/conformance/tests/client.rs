//! The sample adapter's way to its vendor: a request a connection, a budget, a token that is renewed; each with the faults that can be planted in it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use jiff::fmt::rfc2822;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::sample::Planted;
use crate::{AdapterError, Fault, Secret, clock};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Ten requests a minute.
const REQUESTS: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A connection to one account.
pub(super) struct Client {
    pub(super) host: String,
    pub(super) secret: Secret,
    pub(super) planted: Planted,
    pub(super) token: Mutex<Option<String>>,
    pub(super) spent: Mutex<VecDeque<Duration>>,
}

impl Client {
    /// A request for data, with a token that is renewed once.
    pub(super) async fn data(&self, target: &str) -> Result<Answer, AdapterError> {
        for renewed in [false, true] {
            let known = self.token.lock().expect("nobody panics").clone();
            let token = match known {
                Some(token) => token,
                None => self.sign_in().await?,
            };
            self.within_budget().await;
            if self.planted == Planted::LogsToken {
                tracing::trace!(%target, token, "asking");
            }
            if self.planted == Planted::LibraryLogsToken {
                log::trace!("sending {token}");
            }
            let head = format!("GET {target} HTTP/1.1\r\nauthorization: Bearer {token}\r\n");
            let answer = self.ask(&head, "").await?;
            if answer.status != 401 || self.planted == Planted::KeepsToken {
                return self.success(answer);
            }
            *self.token.lock().expect("nobody panics") = None;
            if renewed {
                break;
            }
        }
        Err(AdapterError::new(Fault::Credentials, "the token is refused: make a new client secret"))
    }

    async fn sign_in(&self) -> Result<String, AdapterError> {
        let basic = STANDARD.encode(format!("kit:{}", self.secret.expose()).as_bytes());
        let head = format!("POST /token HTTP/1.1\r\nauthorization: Basic {basic}\r\n");
        let answer = self.ask(&head, "grant_type=client_credentials").await?;
        if answer.status == 401 {
            let tail = if self.planted == Planted::SecretInError { self.secret.expose() } else { "it" };
            return Err(AdapterError::new(
                Fault::Credentials,
                format!("client_secret is wrong: mend {tail}"),
            ));
        }
        let answer = self.success(answer)?;
        let body: serde_json::Value = parsed(&answer.body)?;
        let token = body["access_token"].as_str().unwrap_or_default().to_owned();
        *self.token.lock().expect("nobody panics") = Some(token.clone());
        Ok(token)
    }

    async fn within_budget(&self) {
        if self.planted == Planted::NoBudget {
            return;
        }
        let clock = clock::current();
        loop {
            let now = clock.elapsed();
            let wait = {
                let mut spent = self.spent.lock().expect("nobody panics");
                while spent.front().is_some_and(|at| now.saturating_sub(*at) >= MINUTE) {
                    spent.pop_front();
                }
                match spent.front() {
                    Some(first) if spent.len() >= REQUESTS => *first + MINUTE - now,
                    _ => {
                        spent.push_back(now);
                        return;
                    }
                }
            };
            clock.sleep(wait).await;
        }
    }

    /// What is no success, in the vendor's words.
    fn success(&self, answer: Answer) -> Result<Answer, AdapterError> {
        let fault = match answer.status {
            200 => return Ok(answer),
            403 if self.planted == Planted::MistakesRefusal => Fault::Unavailable,
            402 => Fault::Plan,
            403 => Fault::Permission,
            423 => Fault::Disabled,
            451 => Fault::Region,
            429 => Fault::RateLimited { retry_after: self.told_to_wait(&answer) },
            _ => Fault::Unavailable,
        };
        Err(AdapterError::new(fault, format!("status {}: look at the account", answer.status)))
    }

    fn told_to_wait(&self, answer: &Answer) -> Option<Duration> {
        if self.planted == Planted::IgnoresRetryAfter {
            return Some(Duration::ZERO);
        }
        let said = answer.header("retry-after").or(answer.header("x-wait"))?;
        if let Ok(secs) = said.parse::<f64>() {
            return Some(Duration::from_secs_f64(secs));
        }
        let at = |text: &str| rfc2822::parse(text).ok().map(|at| at.timestamp().as_second());
        let wait = at(said)? - at(answer.header("date")?)?;
        Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
    }

    async fn ask(&self, head: &str, body: &str) -> Result<Answer, AdapterError> {
        let lost = |_| AdapterError::new(Fault::Unavailable, "no answer: is the address right?");
        let mut stream = TcpStream::connect(&self.host).await.map_err(lost)?;
        let request = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.map_err(lost)?;
        let mut bytes = Vec::new();
        let cut = || AdapterError::new(Fault::Unavailable, "the answer was cut short");
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let answer = answer(head, body);
                let length = answer.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
                if body.len() >= length {
                    return Ok(answer);
                }
            }
            if stream.read_buf(&mut bytes).await.map_err(lost)? == 0 {
                return Err(cut());
            }
        }
    }
}

fn answer(head: &str, body: &str) -> Answer {
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0);
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Answer { status, headers, body: body.to_owned() }
}

/// JSON, or an error that holds nothing of it.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, AdapterError> {
    serde_json::from_str(body).map_err(|fault| {
        AdapterError::new(Fault::Protocol, format!("a list of calls was expected: {:?}", fault.classify()))
    })
}
