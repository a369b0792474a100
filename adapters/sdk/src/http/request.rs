//! One request, as data, and the answer to it.

use bytes::Bytes;
use callgauge_schema::Moment;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;

use crate::Secret;

/// A request to one address of a client. It is data: sending it twice is the client's business.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<(&'static str, Bytes)>,
    pub(super) repeatable: bool,
    pub(super) group: &'static str,
    pub(super) accepted: Vec<u16>,
    pub(super) target: Option<url::Url>,
    pub(super) secrets: Vec<(&'static str, Secret)>,
}

impl Request {
    /// A GET. `path` is put behind the client's address; one that begins with a slash counts from the root of the host.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            repeatable: true,
            group: "",
            accepted: Vec::new(),
            target: None,
            secrets: Vec::new(),
        }
    }

    /// A POST with a JSON body. It is not repeated where it may have had an effect, unless it is said to be a [`search`](Self::search).
    pub fn post_json(path: impl Into<String>, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self {
            method: Method::POST,
            body: Some(("application/json", body.into())),
            repeatable: false,
            ..Self::get(path)
        }
    }

    /// A POST with a form.
    pub fn post_form(path: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self {
            method: Method::POST,
            body: Some(("application/x-www-form-urlencoded", body.into())),
            repeatable: false,
            ..Self::get(path)
        }
    }

    /// It only asks and changes nothing, so that it may be sent again like a GET.
    #[must_use]
    pub const fn search(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Adds to the query. Values are encoded; names too, so that Twilio's `StartTime>` can be written as it is.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds to the query where there is a value.
    #[must_use]
    pub fn query_opt(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a header that is no secret; secrets belong into [`super::Auth`].
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Which rates of the [`super::Budget`] it counts against; without it those of the group "".
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    /// Hands an answer of this status back instead of making it an error: a 404 that means "nothing found", say.
    #[must_use]
    pub fn accept(mut self, status: u16) -> Self {
        self.accepted.push(status);
        self
    }
}

impl std::fmt::Debug for Request {
    /// Neither query nor body: either may hold anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct Reply {
    /// 2xx, or one that the request [accepted](Request::accept).
    pub status: u16,
    pub(super) headers: HeaderMap,
    /// The body. It holds what the vendor sent, personal data included: read it into a wire type and drop it.
    pub body: Bytes,
}

impl Reply {
    pub(super) const fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status: status.as_u16(), headers, body }
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the `Date` header says, to the second.
    pub fn date(&self) -> Option<Moment> {
        let at = httpdate::parse_http_date(self.header("date")?).ok()?;
        let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok().map(Moment::from_millis)
    }

    /// The address that the `Link` header gives for a relation such as "next".
    pub fn link(&self, relation: &str) -> Option<String> {
        super::pages::link(self.headers.get_all("link").iter().filter_map(|v| v.to_str().ok()), relation)
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("body_bytes", &self.body.len()).finish()
    }
}
