//! Vendors that list the legs of calls one by one, so that they are read in steps: a busy account of each, on a server of its own on loopback. Its rows are
//! those of the adapter's own scripted vendor, over and over: each call has one, and another twenty minutes later.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use callgauge_adapter::Vendor;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::account::{decoded, fields};

/// 2026-03-02T06:00:00Z, in milliseconds.
pub(crate) const FIRST: i64 = 1_772_431_200_000;
/// When the last call comes, in milliseconds after the first.
const LENGTH: i64 = 5 * 3_600_000;
/// The second leg of a call comes so long after the first.
const LATER: i64 = 20 * 60_000;

/// A vendor, and how its list is asked for and answered.
pub(crate) struct Kind {
    pub(crate) vendor: fn() -> Box<dyn Vendor>,
    /// What it is opened with; {{base}} is the server's address.
    pub(crate) settings: &'static str,
    script: &'static str,
    /// Rows of the script to make legs of, as (row, call) that they name: the first leg and the later one.
    legs: [(&'static str, &'static str); 2],
    /// Rows a page, as the adapter asks for them.
    pub(crate) page: usize,
    /// Whether a call is given with its last leg, and not with its first.
    pub(crate) by_last_leg: bool,
    serve: fn(&Asked, &Legs) -> Option<Reply>,
}

/// A request.
struct Asked {
    path: String,
    query: HashMap<String, String>,
    body: String,
    base: String,
}

type Reply = (HeaderMap, String);

pub(crate) fn kinds() -> [Kind; 5] {
    [
        Kind {
            vendor: callgauge_adapter_ringcentral::vendor,
            settings: r#"base_url = "{{base}}"
                client_id = "c"
                client_secret = "s"
                jwt = "j""#,
            script: callgauge_adapter_ringcentral::SCRIPT,
            legs: [("R1", "s-1"), ("R1", "s-1")],
            page: 1_000,
            by_last_leg: false,
            serve: ringcentral,
        },
        Kind {
            vendor: callgauge_adapter_zoom::vendor,
            settings: r#"base_url = "{{base}}"
                token_url = "{{base}}/token"
                account_id = "a"
                client_id = "c"
                client_secret = "s"
                call_elements = false"#,
            script: callgauge_adapter_zoom::SCRIPT,
            legs: [("u-1", "690001"), ("u-1", "690001")],
            page: 300,
            by_last_leg: false,
            serve: zoom,
        },
        Kind {
            vendor: callgauge_adapter_3cx::vendor,
            settings: r#"base_url = "{{base}}"
                client_id = "c"
                client_secret = "s""#,
            script: callgauge_adapter_3cx::SCRIPT,
            legs: [("c-4", "x-2"), ("c-4", "x-2")],
            page: 5_000,
            by_last_leg: false,
            serve: threecx,
        },
        Kind {
            vendor: callgauge_adapter_8x8::vendor,
            settings: r#"product = "contact_center"
                base_url = "{{base}}"
                token_url = "{{base}}/token"
                api_key = "k"
                api_secret = "s""#,
            script: callgauge_adapter_8x8::CONTACT_CENTER_SCRIPT,
            legs: [("int-3", "none"), ("int-4", "int-3")],
            page: 1_000,
            by_last_leg: false,
            serve: contact_center,
        },
        Kind {
            vendor: callgauge_adapter_webex::vendor,
            settings: r#"base_url = "{{base}}"
                token_url = "{{base}}/token"
                client_id = "c"
                client_secret = "s"
                refresh_token = "r""#,
            script: callgauge_adapter_webex::SCRIPT,
            legs: [("p4", "c2"), ("p4", "c2")],
            page: 5_000,
            by_last_leg: true,
            serve: webex,
        },
    ]
}

fn ringcentral(asked: &Asked, legs: &Legs) -> Option<Reply> {
    let number: usize = asked.query.get("page")?.parse().ok()?;
    let listed = legs.between(instant(&asked.query["dateFrom"]), instant(&asked.query["dateTo"]));
    let (rows, more) = legs.page(&listed, number - 1);
    let next = if more { r#""nextPage": {"uri": "next"}"# } else { "" };
    let paging = format!(r#"{{"page": {number}}}"#);
    Some(plain(format!(r#"{{"records": [{rows}], "paging": {paging}, "navigation": {{{next}}}}}"#)))
}

fn zoom(asked: &Asked, legs: &Legs) -> Option<Reply> {
    let listed = legs.between(instant(asked.query.get("from")?), instant(&asked.query["to"]));
    let number = asked.query.get("next_page_token").map_or(0, |token| token.parse().expect("ours"));
    let (rows, more) = legs.page(&listed, number);
    let next = if more { (number + 1).to_string() } else { String::new() };
    Some(plain(format!(r#"{{"next_page_token": "{next}", "call_history": [{rows}]}}"#)))
}

fn threecx(asked: &Asked, legs: &Legs) -> Option<Reply> {
    let (_, period) = asked.path.split_once("periodFrom=")?;
    let mut bounds = period.split(',').map(|bound| instant(bound.trim_start_matches("periodTo=")));
    let listed = legs.between(bounds.next()?, bounds.next()?);
    let skip: usize = asked.query["$skip"].parse().expect("a number");
    let (rows, _) = legs.page(&listed, skip / legs.page);
    Some(plain(format!(r#"{{"@odata.count": {}, "value": [{rows}]}}"#, listed.len())))
}

fn contact_center(asked: &Asked, legs: &Legs) -> Option<Reply> {
    if let Ok(wanted) = serde_json::from_str::<serde_json::Value>(&asked.body) {
        let at = |key: &str| instant(wanted["dateRange"][key].as_str().unwrap_or_default());
        let id = format!("{}-{}", at("start"), at("end"));
        return Some(plain(format!(r#"{{"id": "{id}", "status": "DONE"}}"#)));
    }
    let id = asked.path.strip_prefix("/detailed-reports/")?.strip_suffix("/data")?;
    let (from, until) = id.split_once('-')?;
    let listed = legs.between(from.parse().ok()?, until.parse().ok()?);
    let number = asked.query.get("lastDocumentId").map_or(0, |last| last.parse().expect("ours"));
    let (rows, more) = legs.page(&listed, number);
    let mut headers = HeaderMap::new();
    if more {
        headers.insert("link", format!(r#"<{}/next>;rel="next""#, asked.base).parse().expect("is text"));
        headers.insert("last-document-id", (number + 1).into());
    }
    Some((headers, format!("[{rows}]")))
}

fn webex(asked: &Asked, legs: &Legs) -> Option<Reply> {
    let (from, until) = (asked.query.get("startTime")?, &asked.query["endTime"]);
    let listed = legs.between(instant(from), instant(until));
    let number = asked.query.get("page").map_or(0, |page| page.parse().expect("ours"));
    let (rows, more) = legs.page(&listed, number);
    let mut headers = HeaderMap::new();
    if more {
        let next = format!("{}/cdr_feed?startTime={from}&endTime={until}&page={}", asked.base, number + 1);
        headers.insert("link", format!(r#"<{next}>;rel="next""#).parse().expect("is text"));
    }
    Some((headers, format!(r#"{{"items": [{rows}]}}"#)))
}

fn plain(body: String) -> Reply {
    (HeaderMap::new(), body)
}

fn instant(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap_or_else(|_| panic!("{text:?} is an instant")).as_millisecond()
}

/// The legs of the account: of call n, at the same distance one after the other.
pub(crate) struct Legs {
    templates: [Template; 2],
    /// Rows a page.
    page: usize,
    pub(crate) calls: i64,
}

impl Legs {
    fn new(kind: &Kind, pages_an_hour: f64) -> Self {
        let script: toml::Table = kind.script.parse().expect("is TOML");
        let rows = script["row"].as_array().expect("has rows");
        let template = |(row, call): (&str, &str)| {
            let found = rows.iter().find(|one| one["id"].as_str() == Some(row)).expect("is there");
            Template::new(found["body"].as_str().expect("is text"), row, call)
        };
        let calls = LENGTH as f64 / 3_600_000.0 * pages_an_hour * kind.page as f64 / 2.0;
        Self { templates: kind.legs.map(template), page: kind.page, calls: calls as i64 }
    }

    /// When a call began: at a whole second.
    pub(crate) fn began(&self, call: i64) -> i64 {
        FIRST + LENGTH * call / self.calls / 1_000 * 1_000
    }

    /// When the leg by which a call is given was listed.
    pub(crate) fn given(&self, call: i64, kind: &Kind) -> i64 {
        self.began(call) + if kind.by_last_leg { LATER } else { 0 }
    }

    /// The legs listed in [from, until): call and which leg, the later legs first.
    fn between(&self, from: i64, until: i64) -> Vec<(i64, usize)> {
        let within = |at: i64| (from..until).contains(&at);
        let leg = |which: usize, after: i64| {
            (0..self.calls)
                .filter(move |call| within(self.began(*call) + after))
                .map(move |call| (call, which))
        };
        leg(1, LATER).chain(leg(0, 0)).collect()
    }

    /// A page of them, from 0 on, and whether there is another.
    fn page(&self, listed: &[(i64, usize)], number: usize) -> (String, bool) {
        let mut rows = String::new();
        let mut pages = listed.chunks(self.page).skip(number);
        for (call, which) in pages.next().unwrap_or_default() {
            let after = if *which == 1 { LATER } else { 0 };
            if !rows.is_empty() {
                rows.push(',');
            }
            self.templates[*which].write(*call, *which, self.began(*call) + after, &mut rows);
        }
        (rows, pages.next().is_some())
    }
}

/// A row with places for ids and times.
struct Template {
    pieces: Vec<Piece>,
    /// The earliest time in it.
    began: i64,
}

enum Piece {
    Text(String),
    Row,
    Call,
    Time(i64),
}

/// Length of 2026-03-02T08:00:00.
const TIME: usize = 19;

impl Template {
    fn new(body: &str, row: &str, call: &str) -> Self {
        let (row, call) = (format!("\"{row}\""), format!("\"{call}\""));
        let mut pieces = vec![Piece::Text(String::new())];
        let mut rest = body;
        while !rest.is_empty() {
            let time = rest.get(..TIME).filter(|text| text.as_bytes()[10] == b'T');
            let time = time.and_then(|text| format!("{text}Z").parse::<Timestamp>().ok());
            let (piece, length) = match time {
                Some(at) => (Piece::Time(at.as_millisecond()), TIME),
                None if rest.starts_with(&row) => (Piece::Row, row.len()),
                None if rest.starts_with(&call) => (Piece::Call, call.len()),
                None => {
                    let Some(Piece::Text(text)) = pieces.last_mut() else { panic!("ends with text") };
                    let next = rest.chars().next().expect("is not empty");
                    text.push(next);
                    rest = &rest[next.len_utf8()..];
                    continue;
                }
            };
            pieces.extend([piece, Piece::Text(String::new())]);
            rest = &rest[length..];
        }
        let times = pieces.iter().filter_map(|piece| match piece {
            Piece::Time(at) => Some(*at),
            Piece::Text(_) | Piece::Row | Piece::Call => None,
        });
        // Of a row that is listed by when it was reported, that is the last one.
        let began = if body.contains("Report time") { times.max() } else { times.min() };
        Self { began: began.expect("has a time"), pieces }
    }

    fn write(&self, call: i64, which: usize, at: i64, rows: &mut String) {
        for piece in &self.pieces {
            let written = match piece {
                Piece::Text(text) => rows.write_str(text),
                // The first leg is named as its call is, where others name that one.
                Piece::Row if which == 0 => write!(rows, "\"{call}\""),
                Piece::Row => write!(rows, "\"{call}-later\""),
                Piece::Call => write!(rows, "\"{call}\""),
                Piece::Time(time) => {
                    let time = Timestamp::from_millisecond(time - self.began + at).expect("is a time");
                    write!(rows, "{}", time.strftime("%Y-%m-%dT%H:%M:%S"))
                }
            };
            written.expect("text takes it");
        }
    }
}

/// A busy account, open until dropped.
pub(crate) struct Busy {
    pub(crate) base: String,
    pub(crate) legs: Arc<Legs>,
    server: JoinHandle<()>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Told {
    serve: fn(&Asked, &Legs) -> Option<Reply>,
    base: String,
    legs: Arc<Legs>,
    /// Answers by what was asked for: made once, so that asking again takes no memory here.
    kept: Mutex<HashMap<String, (HeaderMap, Bytes)>>,
}

impl Busy {
    /// Opens an account with so many pages of legs an hour.
    pub(crate) async fn open(kind: &Kind, pages_an_hour: f64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let base = format!("http://{}", listener.local_addr().expect("has an address"));
        let legs = Arc::new(Legs::new(kind, pages_an_hour));
        let told =
            Told { serve: kind.serve, base: base.clone(), legs: Arc::clone(&legs), kept: Mutex::default() };
        let router = Router::new().fallback(answer).with_state(Arc::new(told));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves until it is dropped");
        });
        Self { base, legs, server }
    }
}

async fn answer(
    State(told): State<Arc<Told>>,
    method: Method,
    uri: Uri,
    body: String,
) -> (StatusCode, HeaderMap, Bytes) {
    let is_token = method == Method::POST && uri.path().contains("token");
    if is_token {
        let token =
            r#"{"access_token": "t", "refresh_token": "r", "token_type": "bearer", "expires_in": 360000}"#;
        return (StatusCode::OK, HeaderMap::new(), Bytes::from_static(token.as_bytes()));
    }
    let key = format!("{uri} {body}");
    if let Some((headers, body)) = told.kept.lock().expect("nobody panics with it").get(&key) {
        return (StatusCode::OK, headers.clone(), body.clone());
    }
    let asked = Asked {
        path: decoded(uri.path()),
        query: fields(uri.query().unwrap_or_default()),
        body,
        base: told.base.clone(),
    };
    let Some((headers, body)) = (told.serve)(&asked, &told.legs) else {
        return (StatusCode::NOT_FOUND, HeaderMap::new(), Bytes::new());
    };
    let body = Bytes::from(body);
    told.kept.lock().expect("nobody panics with it").insert(key, (headers.clone(), body.clone()));
    (StatusCode::OK, headers, body)
}
