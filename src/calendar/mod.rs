//! Time as people in England live it: London's clock and days, core hours, bank holidays, buckets. Pure: no clock is read here.

mod bucket;
mod buckets;
mod calendar_file;
mod clock;
mod core_hours;
mod day;
mod digits;
mod granularity;
mod london;
mod period;
mod shape;
mod slots;
mod whole_period;

#[cfg(test)]
mod bucket_tests;

pub use bucket::{Bucket, Edge};
pub use buckets::{Buckets, NoBuckets};
pub use calendar_file::{CalendarFault, CalendarFaults};
pub use clock::{ClockRange, NoClockRange};
pub use core_hours::{Calendar, OneOffDay};
pub use day::{Band, Day, Days, NoDate};
pub use granularity::{Granularity, Hours, NoSuchName, Profile};
pub use london::{LondonTime, london, start_of, zone};
pub use period::{NoMonth, month};
pub use slots::Slots;
pub use whole_period::WholePeriod;
