//! An account of 8x8 Work, on a server of its own on loopback: ten practices' calls, evenly through a year, in rows as long as real ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use bytes::Bytes;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::task::JoinHandle;

/// Rows a page, as the adapter asks for them; an account may give fewer.
pub(crate) const PAGE: u64 = 1_000;
/// How many practices there are.
pub(crate) const PRACTICES: u64 = 10;
/// 2025-02-01T00:00:00Z, in milliseconds.
pub(crate) const FIRST: i64 = 1_738_368_000_000;
/// A year later.
pub(crate) const LAST: i64 = FIRST + 365 * 86_400_000;

/// The account, open until dropped.
pub(crate) struct Account {
    pub(crate) calls: u64,
    pub(crate) base_url: String,
    told: Arc<Told>,
    server: JoinHandle<()>,
}

impl Drop for Account {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What the server knows.
struct Told {
    calls: u64,
    /// Rows that a page has at most.
    rows: u64,
    requests: AtomicU64,
    /// Pages by what was asked for, where they are kept.
    pages: Option<Mutex<HashMap<String, Bytes>>>,
    longest_page: AtomicU64,
}

impl Account {
    /// Opens one with so many calls. Pages that are kept are made once, so that asking for them again takes no memory here.
    pub(crate) async fn open(calls: u64, rows: u64, keeps_pages: bool) -> Self {
        let told = Arc::new(Told {
            calls,
            rows,
            requests: AtomicU64::new(0),
            pages: keeps_pages.then(Mutex::default),
            longest_page: AtomicU64::new(0),
        });
        let router = Router::new()
            .route("/v1/oauth/token", post(|| async { r#"{"access_token": "t", "expires_in": 1800}"# }))
            .route("/v2/call-records", get(page))
            .with_state(Arc::clone(&told));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let base_url = format!("http://{}", listener.local_addr().expect("has an address"));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves until it is dropped");
        });
        Self { calls, base_url, told, server }
    }

    /// How many pages were asked for.
    pub(crate) fn requests(&self) -> u64 {
        self.told.requests.load(Ordering::Relaxed)
    }

    /// Length of the longest page.
    pub(crate) fn page_bytes(&self) -> usize {
        usize::try_from(self.told.longest_page.load(Ordering::Relaxed)).expect("fits")
    }
}

async fn page(State(told): State<Arc<Told>>, RawQuery(query): RawQuery) -> Bytes {
    let asked = fields(&query.unwrap_or_default());
    told.requests.fetch_add(1, Ordering::Relaxed);
    let text = |key: &str| asked.get(key).cloned().unwrap_or_default();
    let key = format!("{}~{}~{}", text("startTime"), text("endTime"), text("scrollId"));
    if let Some(kept) = &told.pages
        && let Some(page) = kept.lock().expect("nobody panics with it").get(&key)
    {
        return page.clone();
    }
    let skip: u64 = asked.get("scrollId").map_or(0, |id| id.parse().expect("is one of ours"));
    let page = rows((told.calls, told.rows), instant(&text("startTime")), instant(&text("endTime")), skip);
    told.longest_page.fetch_max(page.len() as u64, Ordering::Relaxed);
    if let Some(kept) = &told.pages {
        kept.lock().expect("nobody panics with it").insert(key, page.clone());
    }
    page
}

/// The fields of a query, decoded.
pub(crate) fn fields(query: &str) -> HashMap<String, String> {
    query
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

pub(crate) fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        decoded.push(char::from(u8::from_str_radix(code, 16).expect("two digits")));
        decoded.push_str(rest);
    }
    decoded
}

fn instant(text: &str) -> i64 {
    let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).expect("is a time");
    local.to_zoned(TimeZone::UTC).expect("is in UTC").timestamp().as_millisecond()
}

/// The rows of calls that ended in [from, until], after so many.
fn rows((calls, most): (u64, u64), from: i64, until: i64, skip: u64) -> Bytes {
    let step = (LAST - FIRST) / i64::try_from(calls).expect("fits");
    let at = |time: i64| u64::try_from((time - FIRST + step - 1) / step).unwrap_or(0).min(calls);
    let (first, end) = (at(from) + skip, at(until + 1));
    let last = end.min(first + most);
    let scroll = if last < end { (skip + most).to_string() } else { "No Data".to_owned() };
    let rows: Vec<String> = (first..last).map(|n| row(n, FIRST + step * n as i64)).collect();
    Bytes::from(format!(
        r#"{{"meta": {{"totalRecordCount": {}, "scrollId": "{scroll}"}}, "data": [{}]}}"#,
        end.saturating_sub(first),
        rows.join(",")
    ))
}

fn row(n: u64, ended: i64) -> String {
    let (waited, talked) = (n % 240 * 1_000, n % 600 * 1_000);
    let answered = !n.is_multiple_of(8);
    let began = ended - i64::try_from(waited + talked).expect("fits");
    let (word, talk, missed, abandoned) =
        if answered { ("Answered", talked, "-", "-") } else { ("-", 0, "Missed", "Abandoned") };
    let dialled = n % PRACTICES;
    format!(
        r#"{{"dnis": "44163296000{dialled}", "aaDestination": null, "callId": "{n}", "startTimeUTC": {began}, "startTime": "2026-02-03T08:00:00.000+0000", "connectTimeUTC": {began}, "connectTime": "0", "disconnectedTimeUTC": {ended}, "disconnectedTime": "2026-02-03T08:05:00.000+0000", "talkTimeMS": {talk}, "talkTime": "00:03:25", "caller": "+447700900077", "callerName": "Zephyrine Quillfeather", "callee": "201", "calleeName": "Anna Staff", "lra": "201", "direction": "Incoming", "callerId": "Zephyrine Quillfeather,+447700900077", "missed": "{missed}", "abandoned": "{abandoned}", "answered": "{word}", "answeredTime": 0, "pbxId": "northsurgery", "sipCallId": "s@192.0.2.1", "lastLegDisposition": "{word}", "callLegCount": "1", "callTime": 300000, "ringDuration": 0, "abandonedTime": 0, "waitTimeMS": {waited}, "departments": ["Reception"], "branches": ["North"]}}"#
    )
}
