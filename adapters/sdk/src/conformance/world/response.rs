//! Answers made from the script's templates.

use callgauge_schema::Moment;
use jiff::Timestamp;

use super::{State, World};
use crate::clock::Clock;
use crate::conformance::http::Response;
use crate::conformance::script::Answer;

impl World {
    pub(super) fn fill(&self, state: &mut State, text: &str, own: impl Fn(&str) -> Option<String>) -> String {
        self.marks.fill_with(text, own).unwrap_or_else(|fault| {
            state.faults.insert(fault);
            String::new()
        })
    }

    /// Text with the kit's own placeholders only.
    pub(super) fn plain(&self, text: &str) -> String {
        self.marks
            .fill_with(text, |name| Some(format!("{{{{{name}}}}}")).filter(|_| name == "token"))
            .unwrap_or_default()
    }

    pub(super) fn respond(
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

    pub(super) fn response(
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

    pub(super) fn error(&self, state: &State, status: u16) -> Response {
        self.response(state, status, Vec::new(), format!("{{\"message\": \"status {status}\"}}"))
    }
}

pub(super) fn timestamp(at: Moment) -> Timestamp {
    Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn http_date(at: Moment) -> String {
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
