//! Durations, in each form that vendors are known to write, as drafts for the schema, which floors them to whole seconds once.

use callgauge_schema::{DraftDuration, Moment};

use super::TimeFault;

/// The form in which a vendor writes durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// `187` or `187.25`
    Secs,
    /// `187250`
    Millis,
    /// `00:03:07`, `3:07`
    Clock,
    /// `PT3M7S`
    Iso,
}

/// A duration in a form that is known.
///
/// # Errors
/// [`TimeFault`].
pub fn length(text: &str, form: Length) -> Result<DraftDuration, TimeFault> {
    match form {
        Length::Secs => secs_text(text),
        Length::Millis => millis_text(text),
        Length::Clock => clock(text),
        Length::Iso => iso_length(text),
    }
}

/// Seconds, with or without a fraction.
///
/// # Errors
/// [`TimeFault::Malformed`] where it is no number or not from 0 to a year.
pub fn secs(secs: f64) -> Result<DraftDuration, TimeFault> {
    /// More than any call; keeps the conversion below exact.
    const YEAR: f64 = 366.0 * 86_400.0;
    if !(secs.is_finite() && (0.0..=YEAR).contains(&secs)) {
        return Err(TimeFault::Malformed("187, seconds"));
    }
    // Never up to a second that was not reached.
    let nanos = (secs.fract() * 1e9).round().min(999_999_999.0);
    Ok(DraftDuration { secs: secs.trunc() as i64, nanos: nanos as i32 })
}

/// Seconds, as text.
///
/// # Errors
/// [`TimeFault`].
pub fn secs_text(text: &str) -> Result<DraftDuration, TimeFault> {
    number(text).map_or(Err(TimeFault::Malformed("187, seconds")), secs).or_else(|fault| missing(text, fault))
}

/// Milliseconds.
///
/// # Errors
/// [`TimeFault::Malformed`] where it is negative.
pub fn millis(millis: i64) -> Result<DraftDuration, TimeFault> {
    if millis < 0 {
        return Err(TimeFault::Malformed("187250, milliseconds"));
    }
    Ok(DraftDuration { secs: millis / 1_000, nanos: (millis % 1_000) as i32 * 1_000_000 })
}

/// Milliseconds, as text.
///
/// # Errors
/// [`TimeFault`].
pub fn millis_text(text: &str) -> Result<DraftDuration, TimeFault> {
    let parsed = text.trim().parse::<i64>().ok();
    parsed
        .map_or(Err(TimeFault::Malformed("187250, milliseconds")), millis)
        .or_else(|fault| missing(text, fault))
}

/// Hours, minutes and seconds: `00:03:07`, `3:07`, `1:00:00.5`. Two parts are minutes and seconds.
///
/// # Errors
/// [`TimeFault`].
pub fn clock(text: &str) -> Result<DraftDuration, TimeFault> {
    let form = TimeFault::Malformed("00:03:07");
    let parts: Vec<&str> = text.trim().split(':').collect();
    let whole = |part: &str, below: u32| {
        let plain = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|n| plain && *n < below).map(f64::from)
    };
    let second = |part: &str| number(part).filter(|n| *n < 60.0 && !part.starts_with('.'));
    let total = match parts[..] {
        [hours, minutes, seconds] => whole(hours, 10_000)
            .zip(whole(minutes, 60))
            .zip(second(seconds))
            .map(|((h, m), s)| h * 3_600.0 + m * 60.0 + s),
        [minutes, seconds] => whole(minutes, 10_000).zip(second(seconds)).map(|(m, s)| m * 60.0 + s),
        _ => None,
    };
    total.ok_or(form).and_then(secs).map_err(|_| form).or_else(|fault| missing(text, fault))
}

/// ISO 8601: `PT3M7S`, `PT0.5S`, `P1DT2H`, days of 24 hours.
///
/// # Errors
/// [`TimeFault`].
pub fn iso_length(text: &str) -> Result<DraftDuration, TimeFault> {
    let form = TimeFault::Malformed("PT3M7S");
    let parsed = || -> Option<DraftDuration> {
        let text = text.trim();
        let rest = text.strip_prefix(['P', 'p'])?;
        let (days, time) = rest.split_once(['T', 't']).unwrap_or((rest, ""));
        let mut total = 0.0;
        let mut found = false;
        for (part, units) in
            [(days, &[('D', 86_400.0)][..]), (time, &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)][..])]
        {
            let mut part = part.to_ascii_uppercase();
            for (unit, worth) in units {
                if let Some((count, after)) = part.split_once(*unit) {
                    total += number(count)? * worth;
                    found = true;
                    part = after.to_owned();
                }
            }
            if !part.is_empty() {
                return None;
            }
        }
        secs(total).ok().filter(|_| found)
    };
    parsed().ok_or(form).or_else(|fault| missing(text, fault))
}

/// From one instant to a later one.
///
/// # Errors
/// [`TimeFault::Backwards`].
pub fn between(from: Moment, until: Moment) -> Result<DraftDuration, TimeFault> {
    millis(until.millis().saturating_sub(from.millis())).map_err(|_| TimeFault::Backwards)
}

/// The same, nothing where it runs backwards: for clocks of one system that are a little apart.
pub fn between_or_nothing(from: Moment, until: Moment) -> DraftDuration {
    between(from, until).unwrap_or(DraftDuration { secs: 0, nanos: 0 })
}

/// Digits with at most one point, no sign and no exponent.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain =
        text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.bytes().any(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn missing<T>(text: &str, fault: TimeFault) -> Result<T, TimeFault> {
    Err(if text.trim().is_empty() { TimeFault::Missing } else { fault })
}
