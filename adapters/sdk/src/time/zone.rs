//! A time zone, from data that is compiled in: the machine's own zone and database are never asked.

use std::fmt;

use callgauge_schema::Moment;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::TimeFault;

/// A time zone in which a vendor writes local times. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// A zone of the IANA database, such as "Europe/London"; `None` where there is no such name.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// UTC.
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Europe/London.
    pub fn london() -> Self {
        Self::named("Europe/London").expect("the database that is compiled in has London")
    }

    /// The instant of a local time.
    pub(super) fn instant(&self, local: DateTime) -> Result<Moment, TimeFault> {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset
                .to_timestamp(local)
                .map(|at| Moment::from_millis(floor_millis(at)))
                .map_err(|_| TimeFault::Malformed("a date that a calendar has")),
            AmbiguousOffset::Gap { .. } => Err(TimeFault::Impossible),
            AmbiguousOffset::Fold { .. } => Err(TimeFault::Ambiguous),
        }
    }

    /// The local time of an instant.
    pub(super) fn local(&self, moment: Moment) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(moment.millis()).ok()?;
        Some(self.0.to_datetime(at))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// Milliseconds since 1970, finer parts dropped towards the past.
pub(super) fn floor_millis(at: jiff::Timestamp) -> i64 {
    let nanos = at.as_nanosecond().div_euclid(1_000_000);
    i64::try_from(nanos).expect("a timestamp lies within the years that milliseconds can express")
}
