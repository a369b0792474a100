//! Instants, in each form that vendors are known to write.

use callgauge_schema::Moment;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::{rfc2822, temporal};
use jiff::tz::Offset;

use super::zone::floor_millis;
use super::{TimeFault, Zone};

static ISO: temporal::DateTimeParser = temporal::DateTimeParser::new();
static RFC_2822: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();

/// Numbers beyond this are milliseconds: as seconds they would lie after the year 5138.
const MILLIS_FROM: f64 = 1e11;

/// ISO 8601: `2026-02-01T08:00:00.123Z`, with an offset (`+01:00`, `+0100`, `-05`), or without one in `zone`. A space may stand for the `T`.
///
/// # Errors
/// [`TimeFault`].
pub fn iso(text: &str, zone: &Zone) -> Result<Moment, TimeFault> {
    let text = present(text)?;
    if let Some(moment) = plain(text.as_bytes()) {
        return Ok(moment);
    }
    let form = TimeFault::Malformed("2026-02-01T08:00:00Z");
    // Offsets first: where there is one the zone does not matter.
    let tail = text.get(10..).unwrap_or_default();
    if tail.contains(['Z', 'z', '+', '-']) {
        return ISO.parse_timestamp(text).map(|at| Moment::from_millis(floor_millis(at))).map_err(|_| form);
    }
    local(text, zone)
}

/// The form that most vendors write, `2026-02-01T08:00:00Z` with or without a fraction, several times as quick; `None` leaves it to the others.
fn plain(text: &[u8]) -> Option<Moment> {
    let number = |from: usize, until: usize| {
        text.get(from..until)?
            .iter()
            .try_fold(0_i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
    };
    let two = |from: usize| number(from, from + 2).map(|number| number as i8);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text.get(*at) != Some(mark)) {
        return None;
    }
    let millis = match text.get(19..)? {
        b"Z" => 0,
        [b'.', _, _, _, b'Z'] => number(20, 23)?,
        _ => return None,
    };
    let civil = DateTime::new(number(0, 4)?, two(5)?, two(8)?, two(11)?, two(14)?, two(17)?, 0).ok()?;
    let at = Offset::UTC.to_timestamp(civil).ok()?;
    Some(Moment::from_millis(at.as_second() * 1_000 + i64::from(millis)))
}

/// An RFC 3339 time; one without an offset is UTC. `None` where it is none.
pub fn utc(text: &str) -> Option<Moment> {
    iso(text, &Zone::utc()).ok()
}

/// A local time without an offset, year first: `2026-02-01 08:00:00`, `2026-02-01T08:00`, `2026/02/01 08:00:00`, with or without a fraction of a second.
///
/// # Errors
/// [`TimeFault`].
pub fn local(text: &str, zone: &Zone) -> Result<Moment, TimeFault> {
    let text = present(text)?;
    let form = TimeFault::Malformed("2026-02-01 08:00:00");
    let (date, time) = text.split_once(['T', 't', ' ']).ok_or(form)?;
    let [year, month, day] = fields(date, form)?;
    zone.instant(civil(year, month, day, time, form)?)
}

/// As people in Britain write it: `01/02/2026 08:00:00`, `1/2/2026 08:00`, `01-02-2026 08:00`, `01.02.2026 08:00`. Never month first.
///
/// # Errors
/// [`TimeFault`].
pub fn day_month_year(text: &str, zone: &Zone) -> Result<Moment, TimeFault> {
    let text = present(text)?;
    let form = TimeFault::Malformed("01/02/2026 08:00:00, the day first");
    let (date, time) = text.split_once(['T', ' ']).ok_or(form)?;
    let [day, month, year] = fields(date, form)?;
    zone.instant(civil(year, month, day, time, form)?)
}

/// RFC 2822: `Sun, 01 Feb 2026 08:00:00 +0000`.
///
/// # Errors
/// [`TimeFault`].
pub fn rfc_2822(text: &str) -> Result<Moment, TimeFault> {
    RFC_2822
        .parse_timestamp(present(text)?)
        .map(|at| Moment::from_millis(floor_millis(at)))
        .map_err(|_| TimeFault::Malformed("Sun, 01 Feb 2026 08:00:00 +0000"))
}

/// Seconds since 1970, with or without a fraction.
///
/// # Errors
/// [`TimeFault::Malformed`] where it is no number or lies outside the years 1970 to 9999.
pub fn epoch_secs(secs: f64) -> Result<Moment, TimeFault> {
    // Half a microsecond makes up for fractions that binary cannot express: 0.123 must not become 122 ms.
    epoch(secs * 1_000.0 + 0.000_5)
}

/// Milliseconds since 1970.
///
/// # Errors
/// As with [`epoch_secs`].
pub fn epoch_millis(millis: i64) -> Result<Moment, TimeFault> {
    epoch(millis as f64)
}

/// Seconds or milliseconds since 1970, told apart by their size, for vendors that write both.
///
/// # Errors
/// As with [`epoch_secs`].
pub fn epoch_number(number: f64) -> Result<Moment, TimeFault> {
    if number >= MILLIS_FROM { epoch(number) } else { epoch_secs(number) }
}

/// The same, as text.
///
/// # Errors
/// As with [`epoch_secs`].
pub fn epoch_text(text: &str) -> Result<Moment, TimeFault> {
    let text = present(text)?;
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = text.parse::<f64>().ok().filter(|_| plain);
    number.map_or(Err(TimeFault::Malformed("1769932800, seconds since 1970")), epoch_number)
}

/// Any of the forms above, told apart by their looks: for files whose mapping does not name one.
///
/// # Errors
/// [`TimeFault`].
pub fn instant(text: &str, zone: &Zone) -> Result<Moment, TimeFault> {
    let text = present(text)?;
    let bytes = text.as_bytes();
    if bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && bytes.iter().filter(|b| **b == b'.').count() < 2
    {
        return epoch_text(text);
    }
    if bytes[0].is_ascii_alphabetic() {
        return rfc_2822(text);
    }
    let date_len = text.find(['T', ' ']).unwrap_or(text.len());
    if text[..date_len].find(['/', '-', '.']).is_some_and(|at| at < 4) {
        return day_month_year(text, zone);
    }
    iso(text, zone)
}

/// `2026-02-01T08:00:00Z`, fractions dropped: for requests.
pub fn to_iso(moment: Moment) -> String {
    written(moment, "%Y-%m-%dT%H:%M:%SZ", &Zone::utc())
}

/// `2026-02-01T08:00:00.000Z`: for requests.
pub fn to_iso_millis(moment: Moment) -> String {
    written(moment, "%Y-%m-%dT%H:%M:%S.%3fZ", &Zone::utc())
}

/// The local time in a zone as a strftime pattern says, such as `%Y-%m-%d %H:%M:%S`: for requests. Empty where the pattern is wrong.
pub fn to_local(moment: Moment, zone: &Zone, pattern: &str) -> String {
    written(moment, pattern, zone)
}

fn written(moment: Moment, pattern: &str, zone: &Zone) -> String {
    let Some(local) = zone.local(moment) else { return String::new() };
    jiff::fmt::strtime::format(pattern, local).unwrap_or_default()
}

fn present(text: &str) -> Result<&str, TimeFault> {
    let text = text.trim();
    if text.is_empty() { Err(TimeFault::Missing) } else { Ok(text) }
}

/// Three numbers with a separator between them.
fn fields(date: &str, form: TimeFault) -> Result<[i16; 3], TimeFault> {
    let mut parts = date.split(['/', '-', '.']);
    let mut next = || {
        let part = parts.next().unwrap_or_default();
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits).ok_or(form)
    };
    let found = [next()?, next()?, next()?];
    if parts.next().is_some() { Err(form) } else { Ok(found) }
}

fn civil(year: i16, month: i16, day: i16, time: &str, form: TimeFault) -> Result<DateTime, TimeFault> {
    if year < 1_000 {
        return Err(form);
    }
    let small = |n: i16| i8::try_from(n).map_err(|_| form);
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| form)?;
    Ok(date.to_datetime(clock_time(time, form)?))
}

/// `08:00`, `8:00:00`, `08:00:00.123`.
fn clock_time(text: &str, form: TimeFault) -> Result<Time, TimeFault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let mut next = |needed: bool| match parts.next() {
        None if !needed => Ok(0),
        Some(part) if (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => {
            part.parse::<i8>().map_err(|_| form)
        }
        _ => Err(form),
    };
    let (hour, minute, second) = (next(true)?, next(true)?, next(false)?);
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(form);
    }
    let nanos = format!("{fraction:0<9}").parse::<i32>().map_err(|_| form)?;
    Time::new(hour, minute, second, nanos).map_err(|_| form)
}

fn epoch(millis: f64) -> Result<Moment, TimeFault> {
    /// 9999-12-31T23:59:59Z.
    const LAST: f64 = 253_402_300_799_000.0;
    if millis.is_finite() && (0.0..=LAST).contains(&millis) {
        Ok(Moment::from_millis(millis.floor() as i64))
    } else {
        Err(TimeFault::Malformed("1769932800, seconds since 1970"))
    }
}
