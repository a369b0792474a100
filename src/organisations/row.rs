//! An organisation as it is stated and stored, before anybody asks what follows from it.

use std::str::FromStr;

use callgauge_schema::OdsCode;

use crate::calendar::Day;

/// Level of an organisation, from the practice up. PCN and sub-ICB location are two separate memberships of a practice, not a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// GP practice.
    Practice = 1,
    /// Primary care network.
    Pcn = 2,
    /// Sub-ICB location.
    SubIcb = 3,
    /// Integrated care board.
    Icb = 4,
    /// NHS England region.
    Region = 5,
    /// England.
    England = 6,
}

impl Level {
    /// All of them, from practice to England.
    pub const ALL: [Self; 6] =
        [Self::Practice, Self::Pcn, Self::SubIcb, Self::Icb, Self::Region, Self::England];

    /// The number that storage and wire use.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from its number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.number() == number)
    }

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::Pcn => "pcn",
            Self::SubIcb => "sub_icb",
            Self::Icb => "icb",
            Self::Region => "region",
            Self::England => "england",
        }
    }

    /// Whether an organisation of this level can hold one of the other. PCN and sub-ICB location hold neither each other.
    pub fn is_above(self, other: Self) -> bool {
        self > other && (self, other) != (Self::SubIcb, Self::Pcn)
    }
}

/// Text that is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be practice, pcn, sub_icb, icb, region or england")]
pub struct NoLevel;

impl FromStr for Level {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(NoLevel)
    }
}

/// An organisation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Its code.
    pub code: OdsCode,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// First day, where known.
    pub first: Option<Day>,
    /// The day after the last, where it ended.
    pub end: Option<Day>,
    /// What it belongs to: parent and days, open where `None`.
    pub memberships: Vec<(OdsCode, Option<Day>, Option<Day>)>,
}
