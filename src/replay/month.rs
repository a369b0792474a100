//! A month of counts as NHS England publishes them: who, how many calls with which outcome and duration band, and when all calls came.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

use callgauge_schema::OdsCode;
use sha2::{Digest as _, Sha256};

use crate::calendar::{Band, Day};
use crate::organisations::Level;

/// A month of published counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// First day of the month.
    pub first: Day,
    /// Inbound calls by day and band, by day.
    pub days: Vec<DayCounts>,
    /// Practices and shared accounts, each once.
    pub rows: Vec<Row>,
    /// Names of PCNs, sub-ICB locations, ICBs and regions.
    pub names: BTreeMap<(Level, OdsCode), String>,
}

/// Inbound calls of everybody on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCounts {
    /// The day.
    pub day: Day,
    /// Calls in each of the nine bands.
    pub bands: [u64; Band::COUNT],
}

/// One practice, or one account that serves several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose calls.
    pub who: Who,
    /// What it belongs to in this month, as far as known.
    pub groups: Groups,
    /// How many calls.
    pub counts: Counts,
}

/// Whose calls a row counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A practice's own.
    Practice {
        /// Its code.
        code: OdsCode,
        /// Its name.
        name: String,
    },
    /// An account's ("Unassigned") that several practices share.
    Account {
        /// Id made from the codes that its practices share, so that it is the same in every month.
        id: String,
    },
}

/// What practices belong to; `None` for "Unmapped" and for no PCN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Groups {
    /// Primary care network.
    pub pcn: Option<OdsCode>,
    /// Sub-ICB location.
    pub sub_icb: Option<OdsCode>,
    /// Integrated care board.
    pub icb: Option<OdsCode>,
    /// Region.
    pub region: Option<OdsCode>,
}

/// A published number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Inbound calls.
    Inbound,
    /// Answered by a person.
    Answered,
    /// Ended in greeting or menu.
    EndedInIvr,
    /// Callback requested.
    CallbackRequested,
    /// Missed.
    Missed,
    /// Inbound calls without an outcome; not published as a column, 0 there.
    Unclassified,
    /// Callbacks made.
    CallbackMade,
    /// Calls in one of the four duration bands, from 0.
    Duration(DurationOf, u8),
}

/// Of which calls a duration is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DurationOf {
    /// Wait of answered calls.
    AnsweredWait,
    /// Talk of answered calls.
    Talk,
    /// Wait of missed calls.
    MissedWait,
}

/// The numbers of a row, in calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Column::COUNT]);

impl Groups {
    /// The organisation of a level; `None` for practices and England too.
    pub fn at(&self, level: Level) -> Option<OdsCode> {
        match level {
            Level::Pcn => self.pcn,
            Level::SubIcb => self.sub_icb,
            Level::Icb => self.icb,
            Level::Region => self.region,
            Level::Practice | Level::England => None,
        }
    }
}

impl Who {
    /// The account that serves practices which share these groups.
    pub fn account(groups: &Groups) -> Self {
        let part = |code: Option<OdsCode>| code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let Groups { pcn, sub_icb, icb, region } = *groups;
        Self::Account { id: format!("shared-{}-{}-{}-{}", part(pcn), part(sub_icb), part(icb), part(region)) }
    }

    /// What the ids of its calls begin with: short, and the same in every month.
    pub fn id_prefix(&self) -> String {
        match self {
            Self::Practice { code, .. } => format!("{code}-"),
            Self::Account { id } => {
                let digest = Sha256::digest(id.as_bytes());
                let mut prefix = String::from("s");
                for byte in &digest[..8] {
                    prefix.push(char::from(b"abcdefghijkmnpqrstuvwxyz23456789"[usize::from(byte & 31)]));
                }
                prefix.push('-');
                prefix
            }
        }
    }

    /// For messages.
    pub fn label(&self) -> String {
        match self {
            Self::Practice { code, name } => format!("{code} {name}"),
            Self::Account { id } => format!("account {id}"),
        }
    }
}

impl Column {
    /// How many there are.
    pub const COUNT: usize = 19;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Inbound; Self::COUNT];
        all[1] = Self::Answered;
        all[2] = Self::EndedInIvr;
        all[3] = Self::CallbackRequested;
        all[4] = Self::Missed;
        all[5] = Self::Unclassified;
        all[6] = Self::CallbackMade;
        let mut band = 0;
        while band < 4 {
            all[7 + band] = Self::Duration(DurationOf::AnsweredWait, band as u8);
            all[11 + band] = Self::Duration(DurationOf::Talk, band as u8);
            all[15 + band] = Self::Duration(DurationOf::MissedWait, band as u8);
            band += 1;
        }
        all
    };

    const fn number(self) -> usize {
        match self {
            Self::Inbound => 0,
            Self::Answered => 1,
            Self::EndedInIvr => 2,
            Self::CallbackRequested => 3,
            Self::Missed => 4,
            Self::Unclassified => 5,
            Self::CallbackMade => 6,
            Self::Duration(DurationOf::AnsweredWait, band) => 7 + band as usize % 4,
            Self::Duration(DurationOf::Talk, band) => 11 + band as usize % 4,
            Self::Duration(DurationOf::MissedWait, band) => 15 + band as usize % 4,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        const NAMES: [&str; Column::COUNT] = [
            "inbound calls",
            "answered",
            "ended in IVR",
            "callback requested",
            "missed",
            "unclassified",
            "callbacks made",
            "answered, wait up to 1 minute",
            "answered, wait 1 to 2 minutes",
            "answered, wait 2 to 5 minutes",
            "answered, wait over 5 minutes",
            "answered, length up to 1 minute",
            "answered, length 1 to 2 minutes",
            "answered, length 2 to 5 minutes",
            "answered, length over 5 minutes",
            "missed, wait up to 1 minute",
            "missed, wait 1 to 2 minutes",
            "missed, wait 2 to 5 minutes",
            "missed, wait over 5 minutes",
        ];
        NAMES[self.number()]
    }
}

impl DurationOf {
    /// All three.
    pub const ALL: [Self; 3] = [Self::AnsweredWait, Self::Talk, Self::MissedWait];

    /// The calls that have it.
    pub const fn calls(self) -> Column {
        match self {
            Self::AnsweredWait | Self::Talk => Column::Answered,
            Self::MissedWait => Column::Missed,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnsweredWait => "wait of answered calls",
            Self::Talk => "length of answered calls",
            Self::MissedWait => "wait of missed calls",
        }
    }
}

impl Counts {
    /// Calls with each of the four outcomes, added up.
    pub fn outcomes(&self) -> u64 {
        self[Column::Answered]
            + self[Column::EndedInIvr]
            + self[Column::CallbackRequested]
            + self[Column::Missed]
    }

    /// The four bands of a duration.
    pub fn bands(&self, of: DurationOf) -> [u64; 4] {
        [0, 1, 2, 3].map(|band| self[Column::Duration(of, band)])
    }

    /// Adds other counts to these.
    pub fn add(&mut self, other: &Self) {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to += from;
        }
    }
}

impl Index<Column> for Counts {
    type Output = u64;

    fn index(&self, column: Column) -> &u64 {
        &self.0[column.number()]
    }
}

impl IndexMut<Column> for Counts {
    fn index_mut(&mut self, column: Column) -> &mut u64 {
        &mut self.0[column.number()]
    }
}

impl Month {
    /// The month as people write it, "2026-02".
    pub fn name(&self) -> String {
        self.first.to_string()[..7].to_owned()
    }

    /// The source that its records are submitted as.
    pub fn source_id(&self) -> String {
        format!("replay-{}", self.name())
    }
}
