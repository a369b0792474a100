//! One bucket of an answer: a stretch of time, or a part of a profile.

use std::fmt;

use callgauge_schema::Moment;

use super::digits;
use super::london::london;

/// A stretch of time, or a part of a profile: what a row of an answer is about. Half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins.
    pub start: Edge,
    /// Where it ends, excluded.
    pub end: Edge,
    /// Whether the range asked for cuts a part of it off. The hours asked for do not make a bucket partial.
    pub partial: bool,
    /// What people call it.
    pub label: String,
    /// In a profile by weekday 1 for Monday to 7 for Sunday; 0 elsewhere.
    pub weekday: u8,
}

/// Start or end of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// An instant. Printed in ISO 8601 with London's offset: `2026-02-02T08:00:00+00:00`.
    Instant(Moment),
    /// A second of the day by the clock, in a profile. Printed as `08:00:00`; the end of the day is `24:00:00`.
    Clock(u32),
    /// None, in a profile by weekday alone. Printed as nothing.
    None,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Instant(at) => {
                let shown = london(at);
                let mut time = *b"T00:00:00+00:00";
                time[1..9].copy_from_slice(&clock(shown.second));
                time[10..].copy_from_slice(&digits::hour_and_minute(shown.offset.unsigned_abs()));
                write!(f, "{}", shown.day)?;
                f.write_str(digits::text(&time))
            }
            Self::Clock(second) => f.write_str(digits::text(&clock(second))),
            Self::None => Ok(()),
        }
    }
}

/// `08:00:00`.
fn clock(second: u32) -> [u8; 8] {
    let mut text = *b"00:00:00";
    text[..5].copy_from_slice(&digits::hour_and_minute(second));
    digits::write(second % 60, &mut text[6..]);
    text
}
