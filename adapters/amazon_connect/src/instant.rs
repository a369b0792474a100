//! Amazon Connect's instants: Unix seconds, with or without a fraction, in its API; ISO 8601 in contact records that it writes to files.

use std::fmt;

use callgauge_adapter::time::{Zone, iso};
use serde::Deserializer;
use serde::de::{Error, Visitor};

const SHAPE: &str = "an instant as Unix seconds, or such as \"2026-03-02T08:00:05Z\"";
/// The year 3000: what is larger is milliseconds, which is how a cursor keeps them.
const LARGEST_SECS: f64 = 32_503_680_000.0;

/// Unix milliseconds; `null` is none.
pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    from.deserialize_any(Instant)
}

struct Instant;

impl<'de> Visitor<'de> for Instant {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHAPE)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, secs: i64) -> Result<Self::Value, E> {
        self.visit_f64(secs as f64)
    }

    fn visit_u64<E: Error>(self, secs: u64) -> Result<Self::Value, E> {
        self.visit_f64(secs as f64)
    }

    fn visit_f64<E: Error>(self, secs: f64) -> Result<Self::Value, E> {
        if (0.0..LARGEST_SECS).contains(&secs) {
            Ok(Some((secs * 1_000.0).round() as i64))
        } else if (LARGEST_SECS..LARGEST_SECS * 1_000.0).contains(&secs) {
            Ok(Some(secs as i64))
        } else {
            Err(E::custom(SHAPE))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        iso(text, &Zone::utc()).map(|at| Some(at.millis())).map_err(|_| E::custom(SHAPE))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct At(#[serde(deserialize_with = "super::instant")] Option<i64>);

    #[test]
    fn seconds_fractions_and_text_are_the_same_instant() {
        for text in ["1772438405.25", "\"2026-03-02T08:00:05.250Z\""] {
            assert_eq!(
                serde_json::from_str::<At>(text).map(|at| at.0).ok(),
                Some(Some(1_772_438_405_250)),
                "{text}"
            );
        }
        assert_eq!(serde_json::from_str::<At>("null").map(|at| at.0).ok(), Some(None));
        assert_eq!(
            serde_json::from_str::<At>("1772438405250").map(|at| at.0).ok(),
            Some(Some(1_772_438_405_250))
        );
        assert!(serde_json::from_str::<At>("-1").is_err());
    }
}
