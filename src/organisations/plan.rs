//! Which calls make up which row of an answer: whose, and on which days.
//!
//! Rows below an organisation add up to its own row: every member and day of it is in exactly one of them. What cannot be told apart that far
//! down is in the row Unassigned (calls of accounts) or Unmapped (practices without a membership at that level on those days).

use std::fmt;
use std::str::FromStr;

use callgauge_schema::{Account, InvalidCode, OdsCode};
use hashbrown::HashSet;

use super::directory::{Directory, Uppers};
use super::row::Level;
use crate::calendar::Days;

/// What somebody asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// An organisation.
    Code(OdsCode),
    /// All of England, written `ENGLAND`.
    England,
}

/// A row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlan {
    /// Whose row.
    pub code: RowCode,
    /// Name for people.
    pub name: String,
    /// Level of the row; of what stands for the rest, the level that was grouped by.
    pub level: Level,
    /// What was asked for that this row lies below; `None` without grouping.
    pub within: Option<Asked>,
    /// Whose calls count, on which days.
    pub parts: Parts,
    /// Practices whose calls are to be expected and the days on which they were open and belonged to the row.
    pub practices: Vec<(OdsCode, Days)>,
    /// Days on which the same practices belonged to the row and were closed for good or not open yet; in the row of a practice, its own.
    pub closed: Vec<(OdsCode, Days)>,
}

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowCode {
    /// An organisation's.
    Code(OdsCode),
    /// All of England's.
    England,
    /// Of accounts whose calls cannot be told apart as far down as was asked.
    Unassigned,
    /// Of practices without a membership at the level asked for.
    Unmapped,
}

/// Whose calls count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Everybody's on all days of the question.
    Everything,
    /// These, each on these days. One member may stand there several times, never twice for the same day.
    Members(Vec<(Member, Days)>),
}

/// Somebody with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// A practice.
    Practice(OdsCode),
    /// An account, by its position in the list given.
    Account(usize),
}

/// Why rows cannot be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// A code that is not known.
    #[error("{0} is not known; import it, or look it up by a part of its name")]
    Unknown(OdsCode),
    /// Rows would not lie below what was asked.
    #[error("{asked} is of level {}, which has no {} below it; group by a level below", level.name(), group_by.name())]
    NotBelow {
        /// What was asked.
        asked: Asked,
        /// Its level.
        level: Level,
        /// The level to group by.
        group_by: Level,
    },
}

impl FromStr for Asked {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        if text.trim().eq_ignore_ascii_case("ENGLAND") {
            Ok(Self::England)
        } else {
            text.parse().map(Self::Code)
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => f.pad(code.as_str()),
            Self::England => f.pad("ENGLAND"),
        }
    }
}

impl fmt::Display for RowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => f.pad(code.as_str()),
            Self::England => f.pad("ENGLAND"),
            Self::Unassigned => f.pad("Unassigned"),
            Self::Unmapped => f.pad("Unmapped"),
        }
    }
}

/// A member by position: of a practice in the directory, of an account in the list given.
#[derive(Clone, Copy)]
enum Who {
    Practice(u32),
    Account(usize),
}

/// Whose calls belong to what was asked, on which days.
type Pieces = Vec<(Who, Days)>;

impl Directory {
    /// Plans the rows of a question: one for each thing asked, in that order, or with `group_by` the rows below each, ordered by code, then
    /// Unassigned and Unmapped where they have any member.
    ///
    /// Memberships count on the day of the call. A practice counts with its calls on all days that it is known to belong, open or closed.
    ///
    /// # Errors
    /// Where a code is not known, or `group_by` is not below everything asked.
    pub fn plan(
        &self,
        asked: &[Asked],
        group_by: Option<Level>,
        days: Days,
        accounts: &[&Account],
    ) -> Result<Vec<RowPlan>, PlanFault> {
        let found =
            asked.iter().map(|&asked| self.look_up(asked, group_by)).collect::<Result<Vec<_>, _>>()?;
        let accounts: Vec<Uppers> = accounts.iter().map(|account| self.account(account)).collect();
        let mut rows = Vec::new();
        for (&asked, (at, level)) in asked.iter().zip(found) {
            let pieces = self.pieces(at, level, days, &accounts);
            match group_by {
                Some(below) => self.group(&mut rows, asked, below, &pieces, &accounts),
                None => {
                    let (code, name) = match (asked, at) {
                        (Asked::Code(code), Some(at)) => {
                            (RowCode::Code(code), self.rows[at as usize].name.clone())
                        }
                        _ => (RowCode::England, "England".to_owned()),
                    };
                    let mut row = self.row(code, name, level, None, &pieces);
                    if asked == Asked::England {
                        row.parts = Parts::Everything;
                    }
                    rows.push(row);
                }
            }
        }
        Ok(rows)
    }

    /// Position (none for England) and level of what is asked.
    fn look_up(&self, asked: Asked, group_by: Option<Level>) -> Result<(Option<u32>, Level), PlanFault> {
        let (at, level) = match asked {
            Asked::England => (None, Level::England),
            Asked::Code(code) => {
                let (at, level) = self.find(code).ok_or(PlanFault::Unknown(code))?;
                (Some(at), level)
            }
        };
        match group_by {
            Some(group_by) if !level.is_above(group_by) => {
                Err(PlanFault::NotBelow { asked, level, group_by })
            }
            _ => Ok((at, level)),
        }
    }

    fn pieces(&self, at: Option<u32>, level: Level, days: Days, accounts: &[Uppers]) -> Pieces {
        let mut pieces = Pieces::new();
        if days.is_empty() {
            return pieces;
        }
        match at {
            None => {
                let practices = (0..self.rows.len()).filter(|&at| self.rows[at].level == Level::Practice);
                pieces.extend(practices.map(|at| (Who::Practice(at as u32), days)));
                pieces.extend((0..accounts.len()).map(|at| (Who::Account(at), days)));
            }
            Some(at) if level == Level::Practice => pieces.push((Who::Practice(at), days)),
            Some(at) => {
                let practices = self.practices[at as usize].iter();
                let practices =
                    practices.map(|&(practice, own)| (Who::Practice(practice), own.overlap(days)));
                pieces.extend(practices.filter(|(_, days)| !days.is_empty()));
                for (account, uppers) in accounts.iter().enumerate() {
                    let belongs = uppers.level(level).within(days).filter(|&(_, upper)| upper == at);
                    pieces.extend(belongs.map(|(days, _)| (Who::Account(account), days)));
                }
            }
        }
        pieces
    }

    fn group(
        &self,
        rows: &mut Vec<RowPlan>,
        within: Asked,
        below: Level,
        pieces: &Pieces,
        accounts: &[Uppers],
    ) {
        let mut mapped: Vec<(u32, (Who, Days))> = Vec::with_capacity(pieces.len());
        let (mut unassigned, mut unmapped) = (Pieces::new(), Pieces::new());
        for &(who, days) in pieces {
            let (uppers, rest) = match who {
                Who::Practice(at) if below == Level::Practice => {
                    mapped.push((at, (who, days)));
                    continue;
                }
                Who::Account(_) if below == Level::Practice => {
                    unassigned.push((who, days));
                    continue;
                }
                Who::Practice(at) => (&self.uppers[at as usize], &mut unmapped),
                Who::Account(at) => (&accounts[at], &mut unassigned),
            };
            uppers.level(below).parts(days, |upper, part| match upper {
                Some(upper) => mapped.push((upper, (who, part))),
                None => rest.push((who, part)),
            });
        }
        mapped.sort_by_key(|&(at, _)| at);
        for together in mapped.chunk_by(|one, other| one.0 == other.0) {
            let row = &self.rows[together[0].0 as usize];
            let pieces: Pieces = together.iter().map(|&(_, piece)| piece).collect();
            rows.push(self.row(RowCode::Code(row.code), row.name.clone(), below, Some(within), &pieces));
        }
        for (code, pieces) in [(RowCode::Unassigned, unassigned), (RowCode::Unmapped, unmapped)] {
            if !pieces.is_empty() {
                rows.push(self.row(code, code.to_string(), below, Some(within), &pieces));
            }
        }
    }

    fn row(
        &self,
        code: RowCode,
        name: String,
        level: Level,
        within: Option<Asked>,
        pieces: &Pieces,
    ) -> RowPlan {
        let mut members = Vec::with_capacity(pieces.len());
        let mut practices = Vec::with_capacity(pieces.len());
        let mut closed: Vec<(OdsCode, Days)> = Vec::new();
        for &(who, days) in pieces {
            match who {
                Who::Account(at) => members.push((Member::Account(at), days)),
                Who::Practice(at) => {
                    let practice = self.rows[at as usize].code;
                    members.push((Member::Practice(practice), days));
                    let open = self.open_days(at);
                    let expected = days.overlap(open);
                    if !expected.is_empty() {
                        practices.push((practice, expected));
                    }
                    let before = Days::new(days.first, days.end.min(open.first));
                    let after = Days::new(days.first.max(open.end), days.end);
                    let shut = [before, after].into_iter().filter(|shut| !shut.is_empty());
                    closed.extend(shut.map(|shut| (practice, shut)));
                }
            }
        }
        if level != Level::Practice && !closed.is_empty() {
            // Practices that closed long ago are no part of what a place is made of.
            let behind: HashSet<OdsCode> = practices.iter().map(|&(practice, _)| practice).collect();
            closed.retain(|(practice, _)| behind.contains(practice));
        }
        RowPlan { code, name, level, within, parts: Parts::Members(members), practices, closed }
    }
}
