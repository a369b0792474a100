//! The vendor's side: answers requests as the script says, does the fault that is due, and remembers what it was asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use callgauge_schema::Moment;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::base64::base64;
use super::fast_clock::FastClock;
use super::fault::{Fault, Planned};
use super::http::{Answers, Reply, Request, Response};
use super::listing::{Asking, PlaceIn, Standing, asking, bounds, standing, within};
use super::marks::Marks;
use super::script::{Answer, Auth, ItemRoute, ListRoute, Order, RefusedAt, Script};
use super::select::{Captures, field, takes};
use crate::clock::Clock;

/// The vendor.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) script: Arc<Script>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) clock: Arc<FastClock>,
    /// Told when a request hangs.
    pub(crate) hung: Notify,
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// From 1.
    pub(crate) round: usize,
    /// Tokens that are valid, newest last.
    tokens: Vec<String>,
    issued: usize,
    /// The fault that is to come.
    pub(crate) planned: Option<Planned>,
    /// Whether it came.
    pub(crate) happened: bool,
    /// Requests for data so far.
    pub(crate) asked: usize,
    /// When each of them came, its path, and whether it went on from a page before.
    pub(crate) seen: Vec<(Duration, String, bool)>,
    /// Pages that were announced and not asked for.
    pub(crate) open: BTreeSet<PlaceIn>,
    /// Requests that nothing answers.
    pub(crate) strangers: BTreeSet<String>,
    /// What is wrong with the script.
    pub(crate) faults: BTreeSet<String>,
    /// Nothing may be asked before this, after a 429.
    not_before: Option<Duration>,
    /// How much too early something was asked.
    pub(crate) too_early: Option<Duration>,
    /// Rows that come twice: in which place's list.
    repeated: Vec<PlaceIn>,
    /// The refusal in force.
    pub(crate) refusing: Option<usize>,
    /// Whether objects have fields more.
    pub(crate) more_fields: bool,
    /// By how many milliseconds the vendor's clock is ahead.
    pub(crate) ahead: i64,
}

impl World {
    /// A vendor at its first round.
    pub(crate) fn new(script: Arc<Script>, marks: Arc<Marks>, clock: Arc<FastClock>) -> Self {
        let state = State { round: 1, ..State::default() };
        Self { script, marks, clock, hung: Notify::new(), state: Mutex::new(state) }
    }

    /// What changes.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }

    fn fill(&self, state: &mut State, text: &str, own: impl Fn(&str) -> Option<String>) -> String {
        self.marks.fill_with(text, own).unwrap_or_else(|fault| {
            state.faults.insert(fault);
            String::new()
        })
    }

    /// Text with the kit's own placeholders only.
    fn plain(&self, text: &str) -> String {
        self.marks
            .fill_with(text, |name| Some(format!("{{{{{name}}}}}")).filter(|_| name == "token"))
            .unwrap_or_default()
    }

    fn carries(&self, state: &State, auth: &Auth, request: &Request) -> bool {
        let Auth { bearer, basic, header, query, aws4 } = auth;
        let bearer = bearer.as_ref().is_none_or(|wanted| {
            let said = request.header("authorization").unwrap_or_default();
            let said =
                said.strip_prefix("Bearer ").or_else(|| said.strip_prefix("bearer ")).unwrap_or_default();
            if wanted == "{{token}}" {
                state.tokens.iter().any(|token| token == said)
            } else {
                said == self.plain(wanted)
            }
        });
        let basic = basic.as_ref().is_none_or(|[user, password]| {
            let encoded = base64(format!("{}:{}", self.plain(user), self.plain(password)).as_bytes());
            self.marks.keep(encoded.clone());
            request.header("authorization") == Some(format!("Basic {encoded}").as_str())
        });
        let token = |wanted: &str, said: Option<&str>| {
            said.is_some_and(|said| {
                if wanted.contains("{{token}}") {
                    state.tokens.iter().any(|token| self.plain(wanted).replace("{{token}}", token) == said)
                } else {
                    said == self.plain(wanted)
                }
            })
        };
        let header = header
            .as_ref()
            .is_none_or(|[name, value]| token(value, request.header(&name.to_ascii_lowercase())));
        let query = query.as_ref().is_none_or(|[name, value]| token(value, request.asked(name)));
        let aws4 = aws4.as_ref().is_none_or(|[key, region, service]| {
            let said = request.header("authorization").unwrap_or_default();
            said.starts_with(&format!("AWS4-HMAC-SHA256 Credential={}/", self.plain(key)))
                && said.contains(&format!("/{region}/{service}/aws4_request"))
                && said.contains("Signature=")
        });
        bearer && basic && header && query && aws4
    }

    fn respond(
        &self,
        state: &mut State,
        status: u16,
        answer: &Answer,
        own: impl Fn(&str) -> Option<String>,
    ) -> Response {
        let body = self.fill(state, &answer.body, &own);
        let mut headers = Vec::new();
        for (name, value) in &answer.headers {
            let value = self.fill(state, value, &own);
            if !value.is_empty() {
                headers.push((name.clone(), value));
            }
        }
        self.response(state, answer.status.unwrap_or(status), headers, body)
    }

    fn response(
        &self,
        state: &State,
        status: u16,
        mut headers: Vec<(String, String)>,
        mut body: String,
    ) -> Response {
        let json = body.starts_with('{') || body.starts_with('[');
        if json && state.more_fields && status == 200 {
            body = with_more_fields(&body);
        }
        if json && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers.push(("date".to_owned(), http_date(self.clock.wall().plus_millis(state.ahead))));
        Response { status, headers, body }
    }

    fn error(&self, state: &State, status: u16) -> Response {
        self.response(state, status, Vec::new(), format!("{{\"message\": \"status {status}\"}}"))
    }

    /// What a token request gets, if it is one.
    fn token(&self, state: &mut State, request: &Request) -> Option<Response> {
        let script = Arc::clone(&self.script);
        let route = script
            .token
            .iter()
            .find(|route| takes(&route.asked(), request, |text| self.plain(text)).is_some())?;
        if let Some(refusal) = state.refusing.map(|at| &script.refusal[at])
            && refusal.at == RefusedAt::Token
        {
            return Some(self.refused(state, refusal));
        }
        if !route.auth.iter().all(|auth| self.carries(state, auth, request)) {
            return Some(self.error(state, 401));
        }
        state.issued += 1;
        let token = self.marks.secret(&format!("token {}", state.issued));
        state.tokens.push(token.clone());
        let answer = Answer { status: None, headers: Default::default(), body: route.body.clone() };
        Some(self.respond(state, 200, &answer, |name| (name == "token").then(|| token.clone())))
    }

    fn refused(&self, state: &mut State, refusal: &super::script::Refusal) -> Response {
        let answer = Answer {
            status: Some(refusal.status),
            headers: refusal.headers.clone(),
            body: refusal.body.clone(),
        };
        self.respond(state, refusal.status, &answer, |_| None)
    }

    /// A request for data: what it is of.
    fn route(&self, request: &Request) -> Option<Route<'_>> {
        let plain = |text: &str| self.plain(text);
        for list in &self.script.list {
            if let Some(captures) = takes(&list.asked(), request, plain) {
                return Some(Route::List(list, captures));
            }
        }
        for item in &self.script.item {
            if let Some(captures) = takes(&item.asked(), request, plain) {
                return Some(Route::Item(item, captures));
            }
        }
        for fixed in &self.script.fixed {
            if let Some(captures) = takes(&fixed.asked(), request, plain) {
                let (from, until) =
                    fixed.window.as_ref().map_or((None, None), |window| bounds(window, request, &captures));
                let start = PlaceIn { list: String::new(), from, until, skip: 0 };
                return Some(Route::Fixed(&fixed.answer, captures, start));
            }
        }
        None
    }

    fn too_many(&self, state: &mut State, fault: Fault) -> Response {
        let own = self.script.throttled.as_ref();
        let wait = match fault {
            Fault::TooManyOwn => own.and_then(|own| own.wait_secs).map(Duration::from_secs_f64),
            other => other.asks_to_wait(),
        };
        let now = self.clock.elapsed();
        state.not_before = wait.map(|wait| now + wait);
        let answer = Answer {
            status: own.and_then(|own| own.status),
            headers: own
                .filter(|_| fault == Fault::TooManyOwn)
                .map(|own| own.headers.clone())
                .unwrap_or_default(),
            body: own
                .map_or_else(|| "{\"message\": \"too many requests\"}".to_owned(), |own| own.body.clone()),
        };
        let wait = wait.unwrap_or_default();
        let wall = self.clock.wall().plus_millis(state.ahead);
        // Whole seconds are rounded up: what is promised must not be too short.
        let until = wall.plus_millis(i64::try_from(wait.as_millis()).unwrap_or(0));
        let secs = until.millis().div_euclid(1_000) + i64::from(until.millis().rem_euclid(1_000) > 0);
        let reset = Moment::from_millis(secs * 1_000);
        let said = |name: &str| match name {
            "wait" => Some(wait.as_secs_f64().ceil().to_string()),
            "reset_unix" => Some(secs.to_string()),
            "reset_unix_ms" => Some((secs * 1_000).to_string()),
            "reset_iso" => Some(timestamp(reset).to_string()),
            "reset_date" => Some(http_date(reset)),
            _ => None,
        };
        let mut response = self.respond(state, 429, &answer, said);
        let retry_after = match fault {
            Fault::TooManySeconds => Some("3".to_owned()),
            Fault::TooManyFraction => Some("1.5".to_owned()),
            Fault::TooManyDate => Some(http_date(reset)),
            _ => None,
        };
        if let Some(value) = retry_after {
            response.headers.push(("retry-after".to_owned(), value));
        }
        response
    }

    fn list(
        &self,
        state: &mut State,
        list: &ListRoute,
        ask: &Asking,
        captures: &Captures,
        request: &Request,
    ) -> Response {
        let place = &ask.place;
        let rows = self.rows(state, list, place);
        let size = list.pages.as_ref().map_or(usize::MAX, |pages| pages.size.max(1));
        let end = place.skip.saturating_add(size).min(rows.len());
        let slice = rows.get(place.skip..end).unwrap_or_default();
        let trailing = list.pages.as_ref().is_some_and(|pages| pages.ends_with_empty_page);
        let more = end < rows.len() || (trailing && !slice.is_empty());
        let next = PlaceIn { skip: end, ..place.clone() };
        state.open.remove(place);
        if more {
            state.open.insert(next.clone());
        }
        let answer = match (&list.empty, &list.last) {
            (Some(empty), _) if slice.is_empty() => empty,
            (_, Some(last)) if !more => last,
            _ => &list.answer,
        };
        let next_text = if more {
            let template = list.pages.as_ref().and_then(|pages| pages.next.as_deref()).unwrap_or("{{place}}");
            self.fill(state, template, |name| (name == "place").then(|| next.text()))
        } else {
            String::new()
        };
        let bodies: Vec<String> = slice.iter().map(|row| self.fill(state, row.body, |_| None)).collect();
        let first = list.pages.as_ref().and_then(|pages| pages.first).unwrap_or(1);
        let count = slice.len();
        let page = if size == usize::MAX { first } else { place.skip / size + first };
        let pages = if size == usize::MAX { 1 } else { rows.len().div_ceil(size) };
        let iso =
            |at: Option<i64>| at.map(|at| timestamp(Moment::from_millis(at)).to_string()).unwrap_or_default();
        let last_id = slice.last().and_then(|row| row.id).unwrap_or_default().to_owned();
        let own = |name: &str| {
            Some(match name {
                "rows" => format!("[{}]", bodies.join(",")),
                "rows_text" => bodies.iter().map(|row| format!("{row}\n")).collect(),
                "next" if next_text.is_empty() => "null".to_owned(),
                "next" => serde_json::Value::from(next_text.as_str()).to_string(),
                "next_text" => next_text.clone(),
                "place" => next.text(),
                "last_id" => last_id.clone(),
                "page" => page.to_string(),
                "pages" => pages.to_string(),
                "offset" => place.skip.to_string(),
                "size" => size.to_string(),
                "count" => count.to_string(),
                "total" => rows.len().to_string(),
                "from" => iso(place.from),
                "until" => iso(place.until),
                other => return said_in(other, captures, request),
            })
        };
        self.respond(state, 200, answer, own)
    }

    /// The rows of a place's list and window, with those that come twice.
    fn rows(&self, state: &State, list: &ListRoute, place: &PlaceIn) -> Vec<Standing<'_>> {
        let rows = standing(&self.script, &list.name, list.order, state.round);
        let mut rows = within(rows, place.from, place.until);
        let size = list.pages.as_ref().map_or(0, |pages| pages.size);
        for again in state
            .repeated
            .iter()
            .filter(|again| PlaceIn { skip: 0, ..(*again).clone() } == PlaceIn { skip: 0, ..place.clone() })
        {
            let (from, at) = (again.skip.saturating_sub(size), again.skip.min(rows.len()));
            let twice = rows[from.min(at)..at].to_vec();
            rows.splice(at..at, twice);
        }
        rows
    }

    fn item(&self, state: &mut State, item: &ItemRoute, captures: &Captures, request: &Request) -> Response {
        let list = item.of.as_deref().or(item.name.as_deref()).unwrap_or_default();
        let id = field(item.id.as_deref().unwrap_or("path:id"), request, captures);
        let rows = standing(&self.script, list, Order::Written, state.round);
        let row = rows.iter().find(|row| row.id.is_some() && row.id == id.as_deref());
        match (row, &item.missing) {
            (Some(row), _) => {
                let body = self.fill(state, row.body, |_| None);
                self.respond(state, 200, &item.answer, |name| match name {
                    "row" => Some(body.clone()),
                    other => said_in(other, captures, request),
                })
            }
            (None, Some(missing)) => {
                self.respond(state, 404, missing, |name| said_in(name, captures, request))
            }
            (None, None) => self.error(state, 404),
        }
    }

    fn data(&self, state: &mut State, route: Route<'_>, request: &Request) -> Response {
        let script = &self.script;
        if !script.auth.iter().all(|auth| self.carries(state, auth, request)) {
            return match &script.expired {
                Some(answer) => self.respond(state, 401, answer, |_| None),
                None => self.error(state, 401),
            };
        }
        if let Some(refusal) = state.refusing.map(|at| &script.refusal[at])
            && refusal.at == RefusedAt::Data
        {
            return self.refused(state, refusal);
        }
        match route {
            Route::List(list, captures) => {
                let ask = asking(list, request, &captures);
                if let Some((pointer, value)) = list
                    .only
                    .iter()
                    .find_map(|(spec, pointer)| Some((pointer, field(spec, request, &captures)?)))
                {
                    return self.only(state, list, pointer, &value, (&captures, request));
                }
                self.list(state, list, &ask, &captures, request)
            }
            Route::Item(item, captures) => self.item(state, item, &captures, request),
            Route::Fixed(answer, captures, start) => {
                self.respond(state, 200, answer, |name| match name.strip_prefix("place:") {
                    Some(list) => Some(PlaceIn { list: list.to_owned(), ..start.clone() }.text()),
                    None => said_in(name, &captures, request),
                })
            }
        }
    }

    /// The rows that hold a value somewhere, all on one page.
    fn only(
        &self,
        state: &mut State,
        list: &ListRoute,
        pointer: &str,
        value: &str,
        (captures, request): (&Captures, &Request),
    ) -> Response {
        let bodies: Vec<String> = standing(&self.script, &list.name, list.order, state.round)
            .iter()
            .map(|row| self.fill(state, row.body, |_| None))
            .filter(|body| super::select::json_text(body, pointer).as_deref() == Some(value))
            .collect();
        let answer = list.last.as_ref().unwrap_or(&list.answer);
        self.respond(state, 200, answer, |name| {
            Some(match name {
                "rows" => format!("[{}]", bodies.join(",")),
                "rows_text" => bodies.iter().map(|row| format!("{row}\n")).collect(),
                "next" => "null".to_owned(),
                "next_text" | "from" | "until" => String::new(),
                "page" | "pages" => "1".to_owned(),
                "offset" => "0".to_owned(),
                "size" | "count" | "total" => bodies.len().to_string(),
                other => return said_in(other, captures, request),
            })
        })
    }
}

/// Which part of the script answers.
enum Route<'a> {
    List(&'a ListRoute, Captures),
    Item(&'a ItemRoute, Captures),
    Fixed(&'a Answer, Captures, PlaceIn),
}

fn said_in(name: &str, captures: &Captures, request: &Request) -> Option<String> {
    name.contains(':').then(|| field(name, request, captures)).flatten()
}

impl Answers for World {
    fn answer(&self, request: Request) -> Reply {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(response) = self.token(state, &request) {
            return Reply::Whole(response);
        }
        let Some(route) = self.route(&request) else {
            state.strangers.insert(format!("{} {}", request.method, request.path));
            return Reply::Whole(self.error(state, 404));
        };
        state.asked += 1;
        let now = self.clock.elapsed();
        let later = match &route {
            Route::List(list, captures) => asking(list, &request, captures).later,
            _ => false,
        };
        state.seen.push((now, request.path.clone(), later));
        if let Some(not_before) = state.not_before.take()
            && now < not_before
        {
            state.too_early = Some(not_before - now);
        }
        let due = state.planned.filter(|planned| planned.at == state.asked).map(|planned| planned.fault);
        let Some(fault) = due else { return Reply::Whole(self.data(state, route, &request)) };
        state.happened = true;
        match fault {
            Fault::Dropped => Reply::Drop,
            Fault::Hung => {
                self.hung.notify_one();
                Reply::Hang
            }
            Fault::Failure => Reply::Whole(self.error(state, 500)),
            Fault::Unavailable => Reply::Whole(self.error(state, 503)),
            Fault::TooManySeconds
            | Fault::TooManyFraction
            | Fault::TooManyDate
            | Fault::TooManySilent
            | Fault::TooManyOwn => Reply::Whole(self.too_many(state, fault)),
            Fault::TokenEnds => {
                state.tokens.clear();
                Reply::Whole(self.data(state, route, &request))
            }
            Fault::RepeatedPage => {
                if let Route::List(list, captures) = &route {
                    let ask = asking(list, &request, captures);
                    if ask.later {
                        state.repeated.push(ask.place);
                    }
                }
                Reply::Whole(self.data(state, route, &request))
            }
            Fault::CutBody | Fault::ShortBody => {
                // What was announced in a body that did not arrive was not announced.
                let open = state.open.clone();
                let mut response = self.data(state, route, &request);
                state.open = open;
                if fault == Fault::CutBody {
                    return Reply::Cut(response);
                }
                let half = (0..=response.body.len() / 2).rev().find(|at| response.body.is_char_boundary(*at));
                response.body.truncate(half.unwrap_or(0));
                Reply::Whole(response)
            }
        }
    }
}

fn timestamp(at: Moment) -> Timestamp {
    Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn http_date(at: Moment) -> String {
    timestamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The same JSON with fields in every object that nobody documented.
fn with_more_fields(body: &str) -> String {
    fn grow(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.values_mut().for_each(grow);
                fields.insert("kitNewField".to_owned(), serde_json::json!({"since": 2027, "words": ["new"]}));
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(grow),
            _ => {}
        }
    }
    match serde_json::from_str(body) {
        Ok(mut value) => {
            grow(&mut value);
            value.to_string()
        }
        Err(_) => body.to_owned(),
    }
}

impl World {
    /// How many rows of a window lie behind pages that were announced and never asked for.
    pub(crate) fn left_of(&self, window: crate::Window) -> usize {
        let state = self.state();
        let inside = |at: i64| window.from.millis() <= at && at < window.until.millis();
        let mut left = 0;
        for place in &state.open {
            let Some(list) = self.script.list.iter().find(|list| list.name == place.list) else { continue };
            let rows = self.rows(&state, list, place);
            left += rows.iter().skip(place.skip).filter(|row| row.at.is_none_or(inside)).count();
        }
        left
    }
}

impl World {
    /// How many seconds have passed for the adapter.
    pub(crate) fn clock_secs(&self) -> u64 {
        self.clock.elapsed().as_secs()
    }
}
