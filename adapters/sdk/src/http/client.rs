//! Sends requests: signed, within the budget, repeated where that may help, and never told about in full.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::de::DeserializeOwned;
use tracing::debug;
use url::Url;

use super::body::{self, BodyFault, Unreadable};
use super::errors::standard;
use super::retry::may_pass;
use super::{Auth, Budget, ErrorTable, LimitHeaders, Reply, Request, Retry, address, tls};
use crate::{AdapterError, Fault, clock};

/// Sends requests to one address of one account. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    vendor: String,
    base: Url,
    http: reqwest::Client,
    auth: Auth,
    budget: Budget,
    limits: LimitHeaders,
    errors: Vec<ErrorTable>,
    retry: Retry,
    body_limit: usize,
    headers: Vec<(&'static str, String)>,
    /// Their clock less ours in milliseconds, as of the last answer; [`UNKNOWN_SKEW`] before it.
    skew: AtomicI64,
}

/// Takes what it needs out of an answer.
type Read<'a> = dyn FnMut(&Reply) -> Result<(), Unreadable> + Send + 'a;

type Exchange<'a> = Pin<Box<dyn Future<Output = Result<Reply, AdapterError>> + Send + 'a>>;

const UNKNOWN_SKEW: i64 = i64::MIN;
/// Beyond this a check warns.
const SKEW_WARNING: i64 = 60_000;

/// What a client is made of.
#[derive(Debug)]
pub struct ClientBuilder {
    vendor: String,
    base: Url,
    auth: Auth,
    budget: Budget,
    limits: LimitHeaders,
    errors: ErrorTable,
    retry: Retry,
    body_limit: usize,
    headers: Vec<(&'static str, String)>,
    authorities: Vec<CertificateDer<'static>>,
}

impl Client {
    /// A client for an address: https, or this machine. `vendor` is the name that messages use.
    pub fn builder(vendor: impl Into<String>, base: Url) -> ClientBuilder {
        ClientBuilder {
            vendor: vendor.into(),
            base,
            auth: Auth::none(),
            budget: Budget::unlimited(),
            limits: LimitHeaders::USUAL,
            errors: ErrorTable::STANDARD,
            retry: Retry::default(),
            body_limit: 16 * 1024 * 1024,
            headers: Vec::new(),
            authorities: Vec::new(),
        }
    }

    /// Sends a request and gives the answer as it is.
    ///
    /// # Errors
    /// [`AdapterError`], by the client's [`ErrorTable`], after as many repeats as [`Retry`] allows.
    pub async fn send(&self, request: &Request) -> Result<Reply, AdapterError> {
        self.exchange(request, &mut |_| Ok(())).await
    }

    /// Sends a request and reads the answer as a wire type. An answer that breaks off or is no JSON is asked for again; one of another shape is a
    /// [`Fault::Protocol`] that names the place and what was expected, and nothing of what was there.
    ///
    /// An answer [accepted](Request::accept) that is no success has to be of the same type; else use [`Self::send`] and [`Self::read`].
    ///
    /// # Errors
    /// [`AdapterError`].
    pub async fn json<T: DeserializeOwned + Send>(
        &self,
        request: &Request,
    ) -> Result<(T, Reply), AdapterError> {
        let mut value = None;
        let mut read = |reply: &Reply| {
            value = Some(body::parse(&reply.body)?);
            Ok(())
        };
        let reply = self.exchange(request, &mut read).await?;
        // An accepted answer is read before it is given.
        let value = value.ok_or_else(|| self.protocol("sent an answer that was not read"))?;
        Ok((value, reply))
    }

    /// Reads an answer's body as a wire type.
    ///
    /// # Errors
    /// [`Fault::Protocol`].
    pub fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, AdapterError> {
        body::parse(&reply.body).map_err(|fault| self.unreadable(&fault))
    }

    /// The request for an address that the vendor named for the next page, absolute or relative: with the headers and the group of `like`, without its query.
    ///
    /// # Errors
    /// [`Fault::Protocol`] where it leads to another host, to which credentials must not go.
    pub fn follow(&self, like: Request, address: &str) -> Result<Request, AdapterError> {
        let target = address::followed(&self.inner.base, address, &self.inner.vendor)?;
        Ok(Request { target: Some(target), query: Vec::new(), ..like })
    }

    /// Path and query of an address that the vendor named, once it is known to be on the same host.
    pub(super) fn checked_path(&self, address: &str) -> Result<String, AdapterError> {
        let url = address::followed(&self.inner.base, address, &self.inner.vendor)?;
        Ok(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }

    /// A [`Fault::Protocol`] with the vendor's name in front.
    pub fn protocol(&self, what: &str) -> AdapterError {
        AdapterError::new(Fault::Protocol, format!("{} {what}", self.inner.vendor))
    }

    /// How far the vendor's clock is ahead of ours, in milliseconds and as exact as its `Date` header (a second), as of the last answer.
    pub fn skew_millis(&self) -> Option<i64> {
        Some(self.inner.skew.load(Ordering::Relaxed)).filter(|skew| *skew != UNKNOWN_SKEW)
    }

    /// For [`crate::CheckReport::warnings`]: where the clocks are more than a minute apart. Nothing else depends on it.
    pub fn skew_warning(&self) -> Option<String> {
        let skew = self.skew_millis().filter(|skew| skew.abs() > SKEW_WARNING)?;
        let way = if skew > 0 { "behind" } else { "ahead of" };
        Some(format!(
            "this machine's clock is {} s {way} {}'s: set it by a time server, or windows and signatures go wrong",
            skew.abs() / 1_000,
            self.inner.vendor
        ))
    }

    /// The name that messages use.
    pub fn vendor(&self) -> &str {
        &self.inner.vendor
    }

    /// Boxed, so that it is compiled here once and not in every adapter.
    fn exchange<'a>(&'a self, request: &'a Request, read: &'a mut Read<'_>) -> Exchange<'a> {
        Box::pin(self.exchange_unboxed(request, read))
    }

    async fn exchange_unboxed(&self, request: &Request, read: &mut Read<'_>) -> Result<Reply, AdapterError> {
        let inner = &*self.inner;
        let begun = clock::current().elapsed();
        let left = || (begun + inner.retry.within).saturating_sub(clock::current().elapsed());
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let failed = match self.once(request, left()).await? {
                Sent::Answered(reply, _)
                    if request.accepted.contains(&reply.status) || (200..300).contains(&reply.status) =>
                {
                    match read(&reply) {
                        Ok(()) => return Ok(reply),
                        Err(fault @ Unreadable::Shape(_)) => return Err(self.unreadable(&fault)),
                        Err(fault @ Unreadable::Broken(_)) => {
                            Failed { error: self.unreadable(&fault), repeat: request.repeatable, wait: None }
                        }
                    }
                }
                Sent::Answered(reply, Some(token)) if reply.status == 401 && !renewed => {
                    // The token ended before its time: a new one, and the same request once more, at once.
                    debug!(vendor = inner.vendor, "the access token was refused and is renewed");
                    inner.auth.expire(token).await;
                    renewed = true;
                    continue;
                }
                Sent::Answered(reply, _) => self.refused(request, &reply),
                Sent::Lost { error, repeat } => Failed { error, repeat, wait: None },
            };
            let Failed { error, repeat, wait } = failed;
            let pause = wait.unwrap_or_else(|| inner.retry.pause(attempt + 1, fastrand::f64()));
            if !repeat || attempt >= inner.retry.attempts || pause > left() {
                return Err(error);
            }
            debug!(vendor = inner.vendor, attempt, pause_ms = pause.as_millis() as u64, fault = ?error.fault, "a request is repeated");
            clock::current().sleep(pause).await;
            attempt += 1;
        }
    }

    /// One request, without a repeat.
    async fn once(&self, request: &Request, left: Duration) -> Result<Sent, AdapterError> {
        let inner = &*self.inner;
        let lost = |what: &str, repeat: bool| {
            let error = AdapterError::new(Fault::Unavailable, format!("{} {what}", inner.vendor));
            Ok(Sent::Lost { error, repeat })
        };
        let mut wire = self.wire(request)?;
        for (name, secret) in &request.secrets {
            super::auth::insert(self, &mut wire, name, secret)?;
        }
        let token = inner.auth.sign(self, &mut wire).await?;
        inner.budget.acquire(request.group, left).await.map_err(|wait| self.held_up(wait))?;
        let response = match inner.http.execute(wire).await {
            Ok(response) => response,
            Err(fault) if fault.is_connect() => {
                return lost(
                    "cannot be reached: check its address in the settings, the network, any firewall and the certificates that this machine trusts",
                    true,
                );
            }
            Err(fault) if fault.is_timeout() => return lost("did not answer in time", request.repeatable),
            Err(_) => return lost("broke the connection off", request.repeatable),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match body::read(response, inner.body_limit).await {
            Ok(body) => body,
            Err(BodyFault::TooLong) => {
                let limit = inner.body_limit / (1024 * 1024);
                return Err(self
                    .protocol(&format!("sent an answer of more than {limit} MiB: expected a smaller page")));
            }
            Err(BodyFault::Cut) => {
                let error = self.protocol("cut an answer short: expected it whole");
                return Ok(Sent::Lost { error, repeat: request.repeatable });
            }
        };
        let reply = Reply::new(status, headers, body);
        let now = clock::current().wall();
        if let Some(date) = reply.date() {
            inner.skew.store(date.millis() - now.millis(), Ordering::Relaxed);
        }
        let told = inner.limits.read(reply.status, &reply.headers, now);
        inner.budget.learn(request.group, reply.status == 429, told);
        debug!(vendor = inner.vendor, method = %request.method, status = reply.status, bytes = reply.body.len(), "a request was answered");
        Ok(Sent::Answered(reply, token))
    }

    fn wire(&self, request: &Request) -> Result<reqwest::Request, AdapterError> {
        let inner = &*self.inner;
        let mut url = match &request.target {
            Some(target) => target.clone(),
            None => address::below(&inner.base, &request.path)?,
        };
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut wire = reqwest::Request::new(request.method.clone(), url);
        let headers = wire.headers_mut();
        headers
            .insert(USER_AGENT, HeaderValue::from_static(concat!("callgauge/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in inner.headers.iter().chain(&request.headers) {
            let value = HeaderValue::from_str(value).map_err(|_| {
                self.protocol(&format!(
                    "cannot be sent the header {name}: its value has characters that a header cannot have"
                ))
            })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        if let Some((kind, body)) = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            *wire.body_mut() = Some(body.clone().into());
        }
        Ok(wire)
    }

    fn refused(&self, request: &Request, reply: &Reply) -> Failed {
        let inner = &*self.inner;
        let told = inner.limits.read(reply.status, &reply.headers, clock::current().wall());
        let rule =
            inner.errors.iter().find_map(|table| table.rule(reply.status, &reply.headers, &reply.body));
        let rule = rule.unwrap_or_else(|| standard(reply.status));
        let error = rule.error(&inner.vendor, reply.status, told.wait);
        let limited = matches!(error.fault, Fault::RateLimited { .. });
        let passing = may_pass(reply.status) && error.may_retry() || limited;
        // A request refused for its number was not carried out, whatever it is.
        let repeat = passing && (request.repeatable || limited);
        Failed { error, repeat, wait: told.wait }
    }

    fn unreadable(&self, fault: &Unreadable) -> AdapterError {
        match fault {
            Unreadable::Broken(what) => self.protocol(&format!("sent an answer that {what}")),
            Unreadable::Shape(what) => {
                self.protocol(&format!("sent an answer of another shape than documented: {what}"))
            }
        }
    }

    fn held_up(&self, wait: Duration) -> AdapterError {
        AdapterError::new(
            Fault::RateLimited { retry_after: Some(wait) },
            format!(
                "the rate budget for {} is used up for {} s; it is tried again then",
                self.inner.vendor,
                wait.as_secs().max(1)
            ),
        )
    }

    /// A client for signing in at another address of the same vendor, with the same budget and nothing that lets it in by itself.
    pub(super) fn for_signing_in(&self, base: Url, errors: Vec<ErrorTable>) -> Self {
        let inner = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                vendor: format!("{} (signing in)", inner.vendor),
                base,
                http: inner.http.clone(),
                auth: Auth::none(),
                budget: inner.budget.clone(),
                limits: inner.limits,
                errors,
                retry: inner.retry,
                body_limit: inner.body_limit.min(1024 * 1024),
                headers: Vec::new(),
                skew: AtomicI64::new(UNKNOWN_SKEW),
            }),
        }
    }
}

enum Sent {
    Answered(Reply, Option<u64>),
    Lost { error: AdapterError, repeat: bool },
}

struct Failed {
    error: AdapterError,
    repeat: bool,
    wait: Option<Duration>,
}

impl ClientBuilder {
    /// Who asks.
    #[must_use]
    pub fn auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    /// The account's rate budget. Clients of one account share it.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Where the vendor tells its limits, if not in the usual headers.
    #[must_use]
    pub const fn limits(mut self, limits: LimitHeaders) -> Self {
        self.limits = limits;
        self
    }

    /// What its errors mean.
    #[must_use]
    pub const fn errors(mut self, errors: ErrorTable) -> Self {
        self.errors = errors;
        self
    }

    /// How requests are repeated.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The longest answer in bytes; 16 MiB without it.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// A header for every request that is no secret.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Also trusts the authorities in this PEM text, for telephone systems on the practice's own premises; the machine's own are trusted in any case.
    ///
    /// # Errors
    /// What is wrong with it, for a setting's fault.
    pub fn authorities(mut self, pem: &[u8]) -> Result<Self, &'static str> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let found = found.map_err(|_| "holds no certificates in PEM form")?;
        if found.is_empty() {
            return Err("holds no certificates in PEM form");
        }
        self.authorities.extend(found);
        Ok(self)
    }

    /// The client.
    ///
    /// # Panics
    /// Never: it is made of checked parts.
    pub fn build(self) -> Client {
        let Self { vendor, base, auth, budget, limits, errors, retry, body_limit, headers, authorities } =
            self;
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(10).min(retry.request_timeout))
            .timeout(retry.request_timeout)
            .pool_max_idle_per_host(2)
            .referer(false)
            .tls_backend_preconfigured(tls::config(authorities));
        if address::is_here(&base) {
            http = http.no_proxy();
        }
        let http =
            http.build().expect("a client of checked parts with a TLS configuration that is made already");
        let skew = AtomicI64::new(UNKNOWN_SKEW);
        Client {
            inner: Arc::new(Inner {
                vendor,
                base,
                http,
                auth,
                budget,
                limits,
                errors: vec![errors],
                retry,
                body_limit,
                headers,
                skew,
            }),
        }
    }
}
