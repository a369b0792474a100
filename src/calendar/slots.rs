//! Buckets that are made of whole bands, as a table: what stored tallies can be summed by.

use super::day::{Band, Day, Days};

/// Which bucket each band of each day falls into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// The day of the first row.
    pub first: Day,
    /// A row a day: the bucket of each band, or [`Slots::NONE`].
    pub table: Vec<[u32; Band::COUNT]>,
}

impl Slots {
    /// No bucket: these calls are not asked for.
    pub const NONE: u32 = u32::MAX;

    /// The days covered.
    pub fn days(&self) -> Days {
        Days::new(self.first, self.first.plus(self.table.len() as i32))
    }
}
