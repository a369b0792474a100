//! What 8x8 tells of calls into common calls.

pub(crate) mod contact_center;
pub(crate) mod work;

use callgauge_adapter::schema::{DraftDuration, Moment};
use callgauge_adapter::time::{self, Zone};

/// Whole seconds of milliseconds; 0 where they are negative.
fn duration(millis: i64) -> DraftDuration {
    DraftDuration::from_secs(millis.max(0) / 1_000)
}

/// An instant that says its offset. The tenant's local time without one would be wrong half of the year.
fn moment(text: &str) -> Option<Moment> {
    let offset = text.get(10..)?.contains(['Z', '+', '-']);
    time::iso(text, &Zone::utc()).ok().filter(|_| offset)
}
