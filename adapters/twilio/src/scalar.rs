//! Numbers that Twilio writes as text, and its two ways to write an instant (RFC 2822 in the Calls API, ISO 8601 in TaskRouter).

use std::fmt;

use callgauge_adapter::time::{Zone, iso, rfc_2822};
use serde::Deserializer;
use serde::de::{Error, Visitor};

/// An instant as Unix seconds; `null` and empty text are none. Numbers are taken as seconds, which is how a cursor keeps them.
pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(Scalar {
        read: seconds,
        shape: "an instant such as \"Fri, 18 Oct 2019 17:00:00 +0000\"",
    })
}

/// A count as a number or as text; `null` and empty text are none.
pub(crate) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(Scalar {
        read: |text| text.trim().parse().ok(),
        shape: "a whole number, plain or as text",
    })
}

/// An ISO 8601 instant as Unix milliseconds.
pub(crate) fn millis<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let shape = "an instant such as \"2026-03-02T08:00:05Z\"";
    let found = from.deserialize_any(Scalar { read: iso_millis, shape })?;
    found.ok_or_else(|| D::Error::custom(shape))
}

fn iso_millis(text: &str) -> Option<i64> {
    iso(text, &Zone::utc()).ok().map(|at| at.millis())
}

fn seconds(text: &str) -> Option<i64> {
    rfc_2822(text).or_else(|_| iso(text, &Zone::utc())).ok().map(|at| at.secs())
}

struct Scalar {
    read: fn(&str) -> Option<i64>,
    shape: &'static str,
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shape)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number).map(Some).map_err(|_| E::custom(self.shape))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() {
            return Ok(None);
        }
        (self.read)(text).map(Some).ok_or_else(|| E::custom(self.shape))
    }
}

#[cfg(test)]
mod tests {
    use super::{iso_millis, seconds};

    #[test]
    fn both_ways_to_write_an_instant_are_read() {
        assert_eq!(seconds("Fri, 18 Oct 2019 17:00:00 +0000"), Some(1_571_418_000));
        assert_eq!(seconds("2019-10-18T17:00:00Z"), Some(1_571_418_000));
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(iso_millis("2019-10-18T17:00:00.250Z"), Some(1_571_418_000_250));
    }
}
