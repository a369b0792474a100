//! How time is cut in an answer: the length of buckets, what they are folded into, which hours count. Names are those of the command line.

use std::str::FromStr;

/// Length of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// The whole range as one bucket.
    Total,
    /// Calendar years.
    Year,
    /// Years from 1 April.
    FinancialYear,
    /// Calendar quarters.
    Quarter,
    /// Quarters of the year from 1 April.
    FinancialQuarter,
    /// Calendar months.
    Month,
    /// Weeks from Monday.
    Week,
    /// Days.
    Day,
    /// The nine bands that NHS England publishes.
    NhsBand,
    /// Hours.
    Hour,
    /// Half hours.
    HalfHour,
    /// Quarter hours.
    QuarterHour,
}

/// Which hours count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hours {
    /// All.
    All,
    /// Core hours, as the calendar has them.
    Core,
    /// All others.
    NonCore,
    /// 08:00 to before 10:00 of core hours.
    CoreEightToTen,
}

/// What buckets are folded into; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Monday to Sunday.
    pub weekday: bool,
    /// Clock time; an hour that happens twice is one.
    pub time_of_day: bool,
}

/// Text that is none of the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct NoSuchName(&'static str);

impl Granularity {
    /// All of them, coarsest first.
    pub const ALL: [Self; 12] = [
        Self::Total,
        Self::Year,
        Self::FinancialYear,
        Self::Quarter,
        Self::FinancialQuarter,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::NhsBand,
        Self::Hour,
        Self::HalfHour,
        Self::QuarterHour,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Year => "year",
            Self::FinancialYear => "financial_year",
            Self::Quarter => "quarter",
            Self::FinancialQuarter => "financial_quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::NhsBand => "nhs_band",
            Self::Hour => "hour",
            Self::HalfHour => "half_hour",
            Self::QuarterHour => "quarter_hour",
        }
    }

    /// Whether a bucket is a part of a day.
    pub const fn is_part_of_day(self) -> bool {
        matches!(self, Self::NhsBand | Self::Hour | Self::HalfHour | Self::QuarterHour)
    }
}

impl FromStr for Granularity {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, NoSuchName> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or(NoSuchName(
            "total, year, financial_year, quarter, financial_quarter, month, week, day, nhs_band, hour, half_hour, quarter_hour",
        ))
    }
}

impl Hours {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::All, Self::Core, Self::NonCore, Self::CoreEightToTen];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Core => "core",
            Self::NonCore => "non_core",
            Self::CoreEightToTen => "core_0800_to_1000",
        }
    }
}

impl FromStr for Hours {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, NoSuchName> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == text)
            .ok_or(NoSuchName("all, core, non_core, core_0800_to_1000"))
    }
}

impl Profile {
    /// No folding: a timeline.
    pub const NONE: Self = Self { weekday: false, time_of_day: false };
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::NONE,
        Self { weekday: true, time_of_day: false },
        Self { weekday: false, time_of_day: true },
        Self { weekday: true, time_of_day: true },
    ];

    /// Whether nothing is folded.
    pub const fn is_none(self) -> bool {
        !self.weekday && !self.time_of_day
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match (self.weekday, self.time_of_day) {
            (false, false) => "none",
            (true, false) => "weekday",
            (false, true) => "time_of_day",
            (true, true) => "weekday,time_of_day",
        }
    }
}

impl FromStr for Profile {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, NoSuchName> {
        match text {
            "time_of_day,weekday" => Ok(Self { weekday: true, time_of_day: true }),
            _ => Self::ALL
                .into_iter()
                .find(|one| one.name() == text)
                .ok_or(NoSuchName("none, weekday, time_of_day, weekday,time_of_day")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for one in Granularity::ALL {
            assert_eq!(one.name().parse(), Ok(one));
        }
        for one in Hours::ALL {
            assert_eq!(one.name().parse(), Ok(one));
        }
        for one in Profile::ALL {
            assert_eq!(one.name().parse(), Ok(one));
        }
        assert!("Day".parse::<Granularity>().is_err());
        assert!("core_hours".parse::<Hours>().is_err());
    }
}
