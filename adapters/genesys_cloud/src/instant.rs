//! Genesys Cloud's instants: ISO 8601 in UTC with milliseconds.

use std::fmt;

use callgauge_adapter::time::{Zone, iso};
use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Unix milliseconds; `null` is none.
pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(Instant)
}

struct Instant;

const SHAPE: &str = "an instant such as \"2026-03-02T08:00:05.000Z\"";

impl<'de> Visitor<'de> for Instant {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHAPE)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    // A row that was kept as a reject has numbers.
    fn visit_i64<E>(self, millis: i64) -> Result<Self::Value, E> {
        Ok(Some(millis))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Self::Value, E> {
        i64::try_from(millis).map(Some).map_err(|_| E::custom(SHAPE))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        iso(text, &Zone::utc()).map(|at| Some(at.millis())).map_err(|_| E::custom(SHAPE))
    }
}
