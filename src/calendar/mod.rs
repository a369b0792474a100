//! Time as people in England live it: London's clock and days, core hours, bank holidays, buckets. Pure: no clock is read here.

mod day;
mod london;
mod slots;

pub use day::{Band, Day, Days, NoDate};
pub use london::{LondonTime, london, start_of, zone};
pub use slots::Slots;
