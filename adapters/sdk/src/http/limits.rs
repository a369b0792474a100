//! What a vendor says of its limits in headers, by a small table that the adapter gives where the usual names are not meant.

use std::time::Duration;

use callgauge_schema::Moment;
use http::HeaderMap;

use super::retry::{instant, plain_number, retry_after};

/// Where a vendor's limits stand. Names are tried in order; case does not matter.
#[derive(Clone, Copy, Debug)]
pub struct LimitHeaders {
    /// Requests allowed in a window.
    pub limit: &'static [&'static str],
    /// Requests left in it.
    pub remaining: &'static [&'static str],
    /// When the window ends: seconds from now, seconds or milliseconds since 1970 (told apart by size), an HTTP date or an ISO 8601 instant.
    pub reset: &'static [&'static str],
    /// Length of the window in seconds.
    pub window: &'static [&'static str],
    /// How long to wait after a 429 that does not say; nothing for the growing pauses of [`super::Retry`].
    pub silent_pause: Duration,
}

impl LimitHeaders {
    /// `X-RateLimit-*`, `X-Rate-Limit-*` and `RateLimit-*`.
    pub const USUAL: Self = Self {
        limit: &["x-ratelimit-limit", "ratelimit-limit", "x-rate-limit-limit"],
        remaining: &["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"],
        reset: &["x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset"],
        window: &["x-ratelimit-window", "x-rate-limit-window"],
        silent_pause: Duration::ZERO,
    };
}

/// What the headers of one answer say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Requests allowed in a window, and its length where told.
    pub(super) limit: Option<(u32, Option<Duration>)>,
    /// No request before this much time has gone.
    pub(super) wait: Option<Duration>,
}

impl LimitHeaders {
    pub(super) fn read(&self, status: u16, headers: &HeaderMap, now: Moment) -> Told {
        let text =
            |names: &[&str]| names.iter().find_map(|name| headers.get(*name)?.to_str().ok().map(str::trim));
        let count = |names: &[&str]| {
            // "100, 100;w=60" of an old draft: the first number counts.
            let first = text(names)?.split([',', ';']).next()?.trim();
            plain_number(first).map(|n| n.min(f64::from(u32::MAX)) as u32)
        };
        let window =
            count(self.window).filter(|secs| *secs > 0).map(|secs| Duration::from_secs(u64::from(secs)));
        let limit = count(self.limit).filter(|limit| *limit > 0).map(|limit| (limit, window));
        let reset = text(self.reset).and_then(|text| until(text, now));
        let refused = status == 429 || status == 503;
        let asked = headers
            .get("retry-after")
            .filter(|_| refused)
            .and_then(|value| retry_after(value.to_str().ok()?, now));
        let used_up = count(self.remaining) == Some(0);
        let wait = asked
            .or_else(|| reset.filter(|_| used_up || status == 429))
            .or_else(|| window.filter(|_| used_up))
            .or_else(|| Some(self.silent_pause).filter(|pause| status == 429 && !pause.is_zero()));
        Told { limit, wait }
    }
}

/// A reset in any of its forms, as time from now.
fn until(text: &str, now: Moment) -> Option<Duration> {
    /// Larger numbers are instants: as seconds from now they would be 30 years.
    const INSTANTS: f64 = 1e9;
    let from_now = |millis: i64| Duration::from_millis(u64::try_from(millis - now.millis()).unwrap_or(0));
    match plain_number(text) {
        Some(number) if number < INSTANTS => Duration::try_from_secs_f64(number).ok(),
        Some(number) => crate::time::epoch_number(number).ok().map(|at| from_now(at.millis())),
        None => instant(text).map(|at| from_now(at.millis())),
    }
}
