//! The vendor's side: answers requests as the script says, does the fault that is due, and remembers what it was asked.

mod doors;
mod pages;
mod response;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::fast_clock::FastClock;
use super::fault::{Fault, Planned};
use super::http::{Answers, Reply, Request, Response};
use super::listing::{PlaceIn, asking, bounds};
use super::marks::Marks;
use super::script::{Answer, ItemRoute, ListRoute, RefusedAt, Script};
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

impl World {
    /// How many seconds have passed for the adapter.
    pub(crate) fn clock_secs(&self) -> u64 {
        self.clock.elapsed().as_secs()
    }
}
