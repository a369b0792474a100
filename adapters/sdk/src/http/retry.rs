//! What is sent again, after how long, and when to give up.

use std::time::Duration;

use callgauge_schema::Moment;

/// How a client repeats requests. The pause before a repeat is drawn from nothing up to a bound that doubles ("full jitter"), so that clients that failed
/// together do not come back together; what the vendor asks for ([`retry_after`]) is waited in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Requests in all, the first included.
    pub attempts: u32,
    /// Bound of the first pause.
    pub first_pause: Duration,
    /// Largest bound of a pause.
    pub longest_pause: Duration,
    /// The time in which all of it has to end, pauses for the budget included. What would take longer is given back as
    /// [`crate::Fault::RateLimited`] or [`crate::Fault::Unavailable`], and the host comes back later.
    pub within: Duration,
    /// How long one request may take, from connecting to the last byte.
    pub request_timeout: Duration,
}

impl Default for Retry {
    /// 5 attempts, pauses up to 0.5 s growing to 30 s, 5 minutes in all, 60 s for one request.
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            within: Duration::from_secs(300),
            request_timeout: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// The pause before attempt `attempt` (2 is the first repeat), where `share` is drawn from 0 to 1.
    pub(super) fn pause(&self, attempt: u32, share: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(2));
        let bound = self.first_pause.saturating_mul(doubled).min(self.longest_pause);
        bound.mul_f64(share.clamp(0.0, 1.0))
    }
}

/// Statuses that may pass by themselves.
pub(super) const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// How long a `Retry-After` asks to wait: seconds, also with a fraction; an HTTP date; or an ISO 8601 instant, as some vendors send. `None` where it is none of
/// these. What lies in the past is no wait.
pub(super) fn retry_after(text: &str, now: Moment) -> Option<Duration> {
    let text = text.trim();
    if let Some(secs) = plain_number(text) {
        return Duration::try_from_secs_f64(secs).ok();
    }
    let at = instant(text)?;
    Some(Duration::from_millis(u64::try_from(at.millis() - now.millis()).unwrap_or(0)))
}

/// An HTTP date or an ISO 8601 instant.
pub(super) fn instant(text: &str) -> Option<Moment> {
    match httpdate::parse_http_date(text) {
        Ok(at) => {
            let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_millis()).ok().map(Moment::from_millis)
        }
        Err(_) => crate::time::iso(text, &crate::time::Zone::utc()).ok(),
    }
}

/// Digits with at most one point.
pub(super) fn plain_number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse::<f64>().ok().filter(|n| plain && n.is_finite())
}
