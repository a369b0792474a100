//! How long the caller waits, as the request's `grpc-timeout` says: whoever waited in vain is told so with a reason, as with every other error.
//!
//! The library has a timer of its own outside of all layers, and its status would have no reason. This one begins before that one does,
//! so it is never the later of the two.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Sleep;

const HEADER: &str = "grpc-timeout";

/// A timer that ends when the caller no longer waits; `None` where the request does not say.
pub(super) fn timer(headers: &HeaderMap) -> Option<Sleep> {
    headers.get(HEADER).and_then(|value| told(value.to_str().ok()?)).map(tokio::time::sleep)
}

/// A number of at most eight digits and a unit; `None` where it is no such thing, and then nobody is timed.
fn told(text: &str) -> Option<Duration> {
    let at = text.len().checked_sub(1)?;
    let (digits, unit) = text.split_at_checked(at)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_up_to_eight_digits_and_a_unit() {
        for (text, expected) in [
            ("1H", Some(Duration::from_secs(3_600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("0S", Some(Duration::ZERO)),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("", None),
            ("S", None),
            ("5", None),
            ("5s", None),
            ("-5S", None),
            ("+5S", None),
            ("123456789S", None),
            ("5é", None),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }
}
