//! How fast pages become calls: parsing and mapping, in rows a second of one core.
//!
//! Measured in processor time where the system tells it of a thread (Linux), so that other work on the machine does not count; else by the clock.
//! It says something in release alone.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use callgauge_schema::Moment;
use serde_json::Value;

use super::golden::settings_of;
use crate::{MapRequest, Settings, Vendor};

/// Rows a second of one core that every adapter has to reach.
pub const WANTED: f64 = 50_000.0;

/// Measured so often; the best counts, since everything else on a machine can only slow it down.
const ROUNDS: usize = 5;
/// At least so long each.
const ROUND: Duration = Duration::from_millis(250);

/// A page to be mapped over and over.
#[derive(Clone, Debug)]
pub struct Load {
    name: String,
    payload: Vec<u8>,
    rows: usize,
    settings: Settings,
}

impl Load {
    /// The rows of saved JSON payloads (at the JSON pointer `at`) over and over until there are as many as said, each time with other values at the
    /// pointers `ids` of a row. The rest of the page is that of the last payload, whose settings it is mapped with, see [`super::golden`].
    ///
    /// # Errors
    /// What is wrong with a payload.
    pub fn json(saved: &[&str], at: &str, ids: &[&str], rows: usize) -> Result<Self, String> {
        let mut some = Vec::new();
        let mut load = Self::file("page.json", Vec::new(), rows, Settings::default());
        let mut whole = Value::Null;
        for path in saved {
            let wrong = |what: String| format!("{path}: {what}");
            let text = fs::read_to_string(path).map_err(|why| wrong(why.to_string()))?;
            whole = serde_json::from_str(&text).map_err(|why| wrong(why.to_string()))?;
            load.settings = settings_of(Path::new(path)).map_err(wrong)?;
            let found = whole.pointer(at).and_then(Value::as_array).filter(|rows| !rows.is_empty());
            some.extend(found.ok_or_else(|| wrong(format!("has no rows at {at:?}")))?.iter().cloned());
        }
        let mut many = Vec::with_capacity(rows);
        for copy in 0.. {
            for row in some.iter().take(rows - many.len()) {
                let mut row = row.clone();
                for id in ids {
                    if let Some(id) = row.pointer_mut(id) {
                        rename(id, copy);
                    }
                }
                many.push(row);
            }
            if many.len() == rows || some.is_empty() {
                break;
            }
        }
        if let Some(place) = whole.pointer_mut(at) {
            *place = many.into();
        }
        load.payload = whole.to_string().into_bytes();
        Ok(load)
    }

    /// A file of a format of its own, with so many rows.
    pub fn file(name: &str, payload: impl Into<Vec<u8>>, rows: usize, settings: Settings) -> Self {
        Self { name: name.to_owned(), payload: payload.into(), rows, settings }
    }
}

#[cfg(test)]
impl Load {
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// Makes another id of an id, for each copy of its row.
fn rename(id: &mut Value, copy: u64) {
    match id {
        Value::String(text) => text.push_str(&format!("x{copy}")),
        Value::Number(number) => *id = (number.as_u64().unwrap_or_default() + copy * 1_000_000).into(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
    }
}

/// How fast it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Name of the vendor.
    pub vendor: String,
    /// Rows a second of one core.
    pub rows_a_second: f64,
    /// Rows of a page.
    pub rows: usize,
    /// Calls that became of them, or counts.
    pub calls: usize,
    /// Bytes of a row.
    pub bytes_a_row: usize,
    /// Whether processor time was measured, or else the clock's.
    pub processor_time: bool,
}

impl Pace {
    /// Whether it is fast enough.
    pub fn is_enough(&self) -> bool {
        self.rows_a_second >= WANTED
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor, rows_a_second, rows, calls, bytes_a_row, processor_time } = self;
        let by = if *processor_time { "of processor time" } else { "by the clock" };
        write!(
            f,
            "{vendor}: {rows_a_second:.0} rows a second {by} ({rows} rows of {bytes_a_row} bytes a page, {calls} calls or counts); {WANTED:.0} are asked for"
        )
    }
}

/// Maps a page over and over.
///
/// # Errors
/// What the adapter says of the page, and a page of which nothing comes.
pub fn measure(vendor: &dyn Vendor, load: &Load, now: Moment) -> Result<Pace, String> {
    let Load { name, payload, rows, settings } = load;
    let map = || vendor.map(MapRequest { name, payload, settings, now }).map_err(|fault| fault.to_string());
    let first = map()?;
    let calls = first.calls.len().max(first.tallies.len());
    if calls == 0 {
        return Err(format!("{name}: no call comes of {rows} rows: {:?}", first.rejects.first()));
    }
    drop(first);
    let mut rows_a_second = 0.0_f64;
    for _ in 0..ROUNDS {
        let begun = Spent::now();
        let mut mapped = 0;
        while begun.until_now() < ROUND {
            drop(map()?);
            mapped += rows;
        }
        rows_a_second = rows_a_second.max(mapped as f64 / begun.until_now().as_secs_f64());
    }
    Ok(Pace {
        vendor: vendor.description().vendor.clone(),
        rows_a_second,
        rows: *rows,
        calls,
        bytes_a_row: payload.len() / (*rows).max(1),
        processor_time: processor_time().is_some(),
    })
}

/// Time that this thread has spent, from a point on.
struct Spent {
    processor: Option<Duration>,
    clock: Instant,
}

impl Spent {
    fn now() -> Self {
        Self { processor: processor_time(), clock: Instant::now() }
    }

    fn until_now(&self) -> Duration {
        match (self.processor, processor_time()) {
            (Some(begun), Some(now)) => now.saturating_sub(begun),
            _ => self.clock.elapsed(),
        }
    }
}

/// Processor time of this thread: the first number of its schedstat, in nanoseconds.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
