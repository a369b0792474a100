//! Who is let in: tokens, what a request must carry, refusals, and "too many".

use std::sync::Arc;
use std::time::Duration;

use callgauge_schema::Moment;

use super::response::{http_date, timestamp};
use super::{State, World};
use crate::clock::Clock;
use crate::conformance::fault::Fault;
use crate::conformance::http::{Request, Response};
use crate::conformance::script::{Answer, Auth, Refusal, RefusedAt};
use crate::conformance::select::takes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

impl World {
    pub(super) fn carries(&self, state: &State, auth: &Auth, request: &Request) -> bool {
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
            let encoded =
                STANDARD.encode(format!("{}:{}", self.plain(user), self.plain(password)).as_bytes());
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

    /// What a token request gets, if it is one.
    pub(super) fn token(&self, state: &mut State, request: &Request) -> Option<Response> {
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

    pub(super) fn refused(&self, state: &mut State, refusal: &Refusal) -> Response {
        let answer = Answer {
            status: Some(refusal.status),
            headers: refusal.headers.clone(),
            body: refusal.body.clone(),
        };
        self.respond(state, refusal.status, &answer, |_| None)
    }

    pub(super) fn too_many(&self, state: &mut State, fault: Fault) -> Response {
        let own = self.script.throttled.as_ref();
        let wait = match fault {
            Fault::TooManyOwn => own.and_then(|own| own.wait_secs).map(Duration::from_secs_f64),
            other => other.asks_to_wait(self.clock.is_real()),
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
            Fault::TooManySeconds | Fault::TooManyFraction => Some(wait.as_secs_f64().to_string()),
            Fault::TooManyDate => Some(http_date(reset)),
            _ => None,
        };
        if let Some(value) = retry_after {
            response.headers.push(("retry-after".to_owned(), value));
        }
        response
    }
}
