//! The HTTP kit: what every adapter of a vendor with a web interface needs, so that an adapter is about the vendor's words and not about transport.
//!
//! A [`Client`] sends [`Request`]s to one address of one account. It signs them ([`Auth`]), keeps the vendor's limits ([`Budget`], [`LimitHeaders`]), repeats
//! what may be repeated ([`Retry`]), reads answers into wire types, and turns what went wrong into an [`crate::AdapterError`] that says what to change
//! ([`ErrorTable`]). A [`Pager`] walks through pages. Time and pauses go by [`crate::clock`].
//!
//! ```no_run
//! use callgauge_adapter::http::{Auth, Budget, Client, ErrorTable, Found, OAuth, PageMark, Pager, Rate, Request};
//! use callgauge_adapter::{AdapterError, Cursor, FetchRequest, Next, Page, SettingFaults, Settings, SettingsReader, time};
//!
//! /// Their answer. There is no field for who called, so it is dropped here.
//! #[derive(serde::Deserialize)]
//! struct CallList {
//!     calls: Vec<Call>,
//!     next_page_token: String,
//! }
//!
//! #[derive(serde::Deserialize)]
//! struct Call {
//!     id: String,
//! }
//!
//! const PAGES: Pager = Pager::token("next_page_token");
//!
//! struct Acme {
//!     client: Client,
//! }
//!
//! fn open(settings: &Settings) -> Result<Acme, SettingFaults> {
//!     let mut read = SettingsReader::new(settings);
//!     let base = read.url_or("base_url", "https://api.acme.example/v2");
//!     let token_url = read.url_or("token_url", "https://acme.example/oauth/token");
//!     let auth = OAuth::client_credentials(token_url).client_basic(read.text("client_id"), read.secret("client_secret"));
//!     read.finish()?;
//!     let budget = Budget::new(settings, "acme").rate("", Rate::per_minute(120));
//!     Ok(Acme { client: Client::builder("Acme", base).auth(Auth::oauth(auth)).budget(budget).errors(ErrorTable::STANDARD).build() })
//! }
//!
//! async fn fetch(acme: &Acme, request: FetchRequest) -> Result<Page, AdapterError> {
//!     let mark = PageMark::from_cursor(request.cursor.as_ref())?;
//!     let list = Request::get("calls")
//!         .query("from", time::to_iso(request.window.from))
//!         .query("to", time::to_iso(request.window.until))
//!         .query("page_size", 300);
//!     let list = PAGES.apply(&acme.client, list, &mark)?;
//!     let (answer, reply) = acme.client.json::<CallList>(&list).await?;
//!     let found = Found { rows: answer.calls.len(), token: Some(&answer.next_page_token), ..Found::new(&reply) };
//!     let next = match PAGES.next(&acme.client, &mark, found)? {
//!         Some(mark) => Next::More(mark.to_cursor()),
//!         None => Next::Done,
//!     };
//!     let mut page = Page::empty(next);
//!     for call in answer.calls {
//!         // map.rs: their call to ours
//! #       let _ = (&mut page, call.id);
//!     }
//!     Ok(page)
//! }
//! ```
//!
//! What never happens: a secret, a body, a query or a header in an error or a log line; a request with credentials to another host than the one the operator
//! named; a redirect followed; more than [`Retry::attempts`] requests for one; an answer longer than the body limit in memory.

mod address;
mod auth;
mod body;
mod budget;
mod client;
mod errors;
mod limits;
mod pages;
mod request;
mod retry;
mod tls;

#[cfg(test)]
mod tests;

pub(crate) use address::{base_url, nowhere};
pub use auth::{Assertion, Auth, AwsKeys, JwtAlgorithm, JwtSigner, OAuth};
pub(crate) use budget::Budgets;
pub use budget::{Budget, Rate};
pub use client::{Client, ClientBuilder};
pub use errors::{CodeAt, ErrorRule, ErrorTable};
pub use limits::LimitHeaders;
pub use pages::{Found, PageMark, Pager};
pub use request::{Reply, Request};
pub use retry::Retry;
pub use url::Url;
