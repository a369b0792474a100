//! All organisations together, with everything that follows from their rows worked out once, when the directory is made.

use std::fmt;

use callgauge_schema::OdsCode;
use hashbrown::HashMap;

use super::row::{Level, OrganisationRow};
use super::stretches::{Stretches, closed, open};
use crate::calendar::{Day, Days};

/// Every organisation ever known, and who belonged to whom on which day.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Ordered by code: the position stands for the organisation everywhere in this room.
    pub(super) rows: Vec<OrganisationRow>,
    index: HashMap<OdsCode, (u32, Level)>,
    /// For each organisation what it belongs to at each level of [`Uppers::LEVELS`].
    pub(super) uppers: Vec<Uppers>,
    /// For each organisation above practices its practices, ordered by code, then day.
    pub(super) practices: Vec<Vec<(u32, Days)>>,
}

/// Organisations that are kept: far more than England has and ever had.
pub const MOST_ORGANISATIONS: usize = 100_000;
/// Stretches of membership that are kept of one organisation.
pub const MOST_MEMBERSHIPS: usize = 200;

/// More than is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    /// Of organisations.
    #[error(
        "{0} organisations would be known, and at most {MOST_ORGANISATIONS} are kept; import only those that calls may come from, and what these belong to"
    )]
    Organisations(usize),
    /// Of memberships.
    #[error(
        "{code} would have {found} stretches of membership, and at most {MOST_MEMBERSHIPS} are kept; put those with the same parent together"
    )]
    Memberships {
        /// Whose.
        code: OdsCode,
        /// How many.
        found: usize,
    },
}

/// What somebody belongs to, by level.
#[derive(Clone, Debug, Default)]
pub(super) struct Uppers([Stretches<u32>; 4]);

/// Rows that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DirectoryFaults {
    /// All of them, at most 100.
    pub faults: Vec<DirectoryFault>,
}

/// One contradiction between rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryFault {
    /// Two rows of one code.
    #[error("{0} has two rows; keep one")]
    Repeated(OdsCode),
    /// A row of level England.
    #[error("{0} is stated as England, which is no row; give it the level it has")]
    England(OdsCode),
    /// A stretch without a day.
    #[error("{0} has a stretch that ends before it begins; swap the dates")]
    NoDays(OdsCode),
    /// A parent that is no row.
    #[error("{code} belongs to {parent}, which is not known; add it")]
    UnknownParent {
        /// The member.
        code: OdsCode,
        /// The parent.
        parent: OdsCode,
    },
    /// A parent that is not above.
    #[error(
        "{code} ({}) cannot belong to {parent} ({}); name an organisation of a level above",
        level.name(),
        parent_level.name()
    )]
    NotAbove {
        /// The member.
        code: OdsCode,
        /// Its level.
        level: Level,
        /// The parent.
        parent: OdsCode,
        /// The parent's level.
        parent_level: Level,
    },
    /// Two parents of one level on one day.
    #[error("{code} belongs to {one} and to {other} on the same day, both of level {}; end one", level.name())]
    TwoParents {
        /// The member.
        code: OdsCode,
        /// Level of the parents.
        level: Level,
        /// One parent.
        one: OdsCode,
        /// The other.
        other: OdsCode,
    },
}

impl fmt::Display for DirectoryFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Directory {
    /// From all rows, in any order.
    ///
    /// # Errors
    /// Where rows contradict each other; up to 100 contradictions at once.
    pub fn new(mut rows: Vec<OrganisationRow>) -> Result<Self, DirectoryFaults> {
        rows.sort_by_key(|row| row.code);
        let mut faults = Vec::new();
        let mut index = HashMap::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            if index.insert(row.code, (at as u32, row.level)).is_some() {
                faults.push(DirectoryFault::Repeated(row.code));
            }
            if row.level == Level::England {
                faults.push(DirectoryFault::England(row.code));
            }
            if closed(row.first, row.end).is_empty() {
                faults.push(DirectoryFault::NoDays(row.code));
            }
        }
        let stated: Vec<Uppers> = rows.iter().map(|row| stated(row, &index, &mut faults)).collect();
        if !faults.is_empty() {
            faults.truncate(100);
            return Err(DirectoryFaults { faults });
        }
        for row in &mut rows {
            row.memberships.sort_by_key(|&(parent, first, end)| {
                (index.get(&parent).map(|&(_, level)| level), closed(first, end))
            });
        }
        let uppers = follow(&rows, stated);
        let mut practices = vec![Vec::new(); rows.len()];
        for (at, _) in rows.iter().enumerate().filter(|(_, row)| row.level == Level::Practice) {
            for (days, upper) in Uppers::LEVELS.into_iter().flat_map(|level| uppers[at].level(level).iter()) {
                practices[upper as usize].push((at as u32, days));
            }
        }
        Ok(Self { rows, index, uppers, practices })
    }

    /// Whether all of it may be kept.
    ///
    /// # Errors
    /// What there is too much of.
    pub fn fits(&self) -> Result<(), OverLimit> {
        if self.len() > MOST_ORGANISATIONS {
            return Err(OverLimit::Organisations(self.len()));
        }
        let long = self.rows.iter().find(|row| row.memberships.len() > MOST_MEMBERSHIPS);
        long.map_or(Ok(()), |row| {
            Err(OverLimit::Memberships { code: row.code, found: row.memberships.len() })
        })
    }

    /// All rows, ordered by code, memberships by level and day.
    pub fn rows(&self) -> Vec<OrganisationRow> {
        self.rows.clone()
    }

    /// Number of organisations.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no organisation is known.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One organisation.
    pub fn get(&self, code: OdsCode) -> Option<&OrganisationRow> {
        self.index.get(&code).map(|&(at, _)| &self.rows[at as usize])
    }

    /// Whether this is the code of a practice, closed or not.
    pub fn knows_practice(&self, code: OdsCode) -> bool {
        matches!(self.index.get(&code), Some((_, Level::Practice)))
    }

    /// What `code` belongs to at a level on a day; itself at its own level. `None` for England, which has no code.
    pub fn ancestor(&self, code: OdsCode, level: Level, day: Day) -> Option<OdsCode> {
        match *self.index.get(&code)? {
            (_, own) if own == level => Some(code),
            (at, _) if Uppers::LEVELS.contains(&level) => {
                self.uppers[at as usize].level(level).at(day).map(|upper| self.rows[upper as usize].code)
            }
            _ => None,
        }
    }

    /// The same for a range of days: all of them in order, each stretch with what `code` belongs to then, or with `None`.
    pub fn ancestors(&self, code: OdsCode, level: Level, days: Days) -> Vec<(Option<OdsCode>, Days)> {
        let mut found = Vec::new();
        if days.is_empty() {
            return found;
        }
        match self.index.get(&code) {
            Some(&(_, own)) if own == level => found.push((Some(code), days)),
            Some(&(at, _)) if Uppers::LEVELS.contains(&level) => {
                let name = |upper: u32| self.rows[upper as usize].code;
                self.uppers[at as usize]
                    .level(level)
                    .parts(days, |upper, part| found.push((upper.map(name), part)));
            }
            _ => found.push((None, days)),
        }
        found
    }

    /// Position and level of a code.
    pub(super) fn find(&self, code: OdsCode) -> Option<(u32, Level)> {
        self.index.get(&code).copied()
    }

    /// The days on which an organisation exists.
    pub(super) fn open_days(&self, at: u32) -> Days {
        closed(self.rows[at as usize].first, self.rows[at as usize].end)
    }
}

impl Uppers {
    /// The levels that one can belong to.
    pub(super) const LEVELS: [Level; 4] = [Level::Pcn, Level::SubIcb, Level::Icb, Level::Region];
    /// The levels through which one can belong to a higher one, in the order tried. Not the PCN.
    pub(super) const THROUGH: [Level; 3] = [Level::SubIcb, Level::Icb, Level::Region];

    /// What one belongs to at a level. `level` is one of [`Self::LEVELS`].
    pub(super) fn level(&self, level: Level) -> &Stretches<u32> {
        &self.0[usize::from(level.number()) - 2]
    }

    pub(super) fn level_mut(&mut self, level: Level) -> &mut Stretches<u32> {
        &mut self.0[usize::from(level.number()) - 2]
    }

    /// Fills in at `level` what follows from belonging to `via` on some days.
    pub(super) fn inherit(&mut self, level: Level, days: Days, via: &Self) {
        for (days, upper) in via.level(level).within(days) {
            self.level_mut(level).fill(days, upper);
        }
    }
}

/// What a row states, checked.
fn stated(
    row: &OrganisationRow,
    index: &HashMap<OdsCode, (u32, Level)>,
    faults: &mut Vec<DirectoryFault>,
) -> Uppers {
    let mut uppers = Uppers::default();
    let mut seen: Vec<(Level, OdsCode, Days)> = Vec::with_capacity(row.memberships.len());
    for &(parent, first, end) in &row.memberships {
        let Some(&(at, level)) = index.get(&parent) else {
            faults.push(DirectoryFault::UnknownParent { code: row.code, parent });
            continue;
        };
        if !level.is_above(row.level) || level == Level::England {
            faults.push(DirectoryFault::NotAbove {
                code: row.code,
                level: row.level,
                parent,
                parent_level: level,
            });
            continue;
        }
        let days = closed(first, end);
        if days.is_empty() {
            faults.push(DirectoryFault::NoDays(row.code));
        }
        let clash = seen.iter().find(|other| other.0 == level && !other.2.overlap(days).is_empty());
        if let Some(&(_, other, _)) = clash {
            faults.push(DirectoryFault::TwoParents { code: row.code, level, one: other, other: parent });
        }
        seen.push((level, parent, days));
        uppers.level_mut(level).set(days, Some(at));
    }
    uppers
}

/// Adds to what is stated what follows from it, from the highest level down.
fn follow(rows: &[OrganisationRow], mut uppers: Vec<Uppers>) -> Vec<Uppers> {
    for own in Level::ALL.into_iter().rev() {
        for at in (0..rows.len()).filter(|&at| rows[at].level == own) {
            let stated = uppers[at].clone();
            let mut whole = stated.clone();
            for level in Uppers::LEVELS.into_iter().filter(|level| *level > own) {
                for via in Uppers::THROUGH.into_iter().filter(|via| *via > own && *via < level) {
                    for (days, through) in stated.level(via).iter() {
                        whole.inherit(level, days, &uppers[through as usize]);
                    }
                }
            }
            uppers[at] = whole;
        }
    }
    uppers
}

/// Memberships as a row has them, from stretches.
pub(super) fn memberships(stretches: &Stretches<OdsCode>) -> Vec<(OdsCode, Option<Day>, Option<Day>)> {
    stretches
        .iter()
        .map(|(days, parent)| {
            let (first, end) = open(days);
            (parent, first, end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> OdsCode {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn row(text: &str, level: Level, parents: &[(&str, Option<&str>, Option<&str>)]) -> OrganisationRow {
        let memberships =
            parents.iter().map(|&(parent, first, end)| (code(parent), first.map(day), end.map(day)));
        OrganisationRow {
            code: code(text),
            name: format!("Name of {text}"),
            level,
            first: None,
            end: None,
            memberships: memberships.collect(),
        }
    }

    /// Two ICBs of two regions; the sub-ICB locations change ICB on 1 April 2026.
    fn england() -> Vec<OrganisationRow> {
        let april = Some("2026-04-01");
        vec![
            row("Y1", Level::Region, &[]),
            row("Y2", Level::Region, &[]),
            row("QA", Level::Icb, &[("Y1", None, None)]),
            row("QB", Level::Icb, &[("Y2", None, None)]),
            row("QC", Level::Icb, &[("Y1", None, None)]),
            row("S1", Level::SubIcb, &[("QA", None, april), ("QC", april, None)]),
            row("S2", Level::SubIcb, &[("QB", None, None)]),
            row("U1", Level::Pcn, &[("QB", None, None)]),
            row("A1", Level::Practice, &[("U1", None, Some("2026-02-10")), ("S1", None, None)]),
            row("A2", Level::Practice, &[("U1", None, None)]),
            row("A3", Level::Practice, &[("S2", None, None), ("QA", None, None), ("U1", None, None)]),
            row("A4", Level::Practice, &[]),
        ]
    }

    #[test]
    fn one_belongs_to_what_is_stated_else_through_sub_icb_then_icb_and_never_through_the_pcn() {
        let directory = Directory::new(england()).unwrap();
        for (who, level, on, expected) in [
            ("A1", Level::Pcn, "2026-02-09", Some("U1")),
            ("A1", Level::Pcn, "2026-02-10", None),
            ("A1", Level::Icb, "2026-03-31", Some("QA")),
            ("A1", Level::Icb, "2026-04-01", Some("QC")),
            ("A1", Level::Region, "2026-04-01", Some("Y1")),
            ("A2", Level::Icb, "2026-02-01", None),
            ("A2", Level::Region, "2026-02-01", None),
            ("A3", Level::Icb, "2026-02-01", Some("QA")),
            ("A3", Level::Region, "2026-02-01", Some("Y2")),
            ("U1", Level::Region, "2026-02-01", Some("Y2")),
            ("A4", Level::SubIcb, "2026-02-01", None),
            ("A4", Level::Practice, "2026-02-01", Some("A4")),
            ("A1", Level::England, "2026-02-01", None),
            ("Y1", Level::Icb, "2026-02-01", None),
            ("ZZ", Level::Icb, "2026-02-01", None),
        ] {
            let found = directory.ancestor(code(who), level, day(on));
            assert_eq!(found, expected.map(code), "{who} {} {on}", level.name());
        }
    }

    #[test]
    fn a_range_of_days_falls_into_stretches_that_cover_it() {
        let directory = Directory::new(england()).unwrap();
        let days = Days::new(day("2026-02-01"), day("2026-03-01"));
        assert_eq!(
            directory.ancestors(code("A1"), Level::Pcn, days),
            [
                (Some(code("U1")), Days::new(day("2026-02-01"), day("2026-02-10"))),
                (None, Days::new(day("2026-02-10"), day("2026-03-01")))
            ]
        );
    }

    #[test]
    fn rows_come_back_as_they_went_in_whatever_their_order() {
        let mut rows = england();
        let directory = Directory::new(rows.clone()).unwrap();
        rows.reverse();
        assert_eq!(Directory::new(rows).unwrap().rows(), directory.rows());
        assert_eq!(Directory::new(directory.rows()).unwrap().rows(), directory.rows());
        assert_eq!(directory.len(), 12);
    }

    #[test]
    fn more_organisations_or_memberships_than_are_kept_do_not_fit() {
        let many = |count: usize| -> Vec<_> {
            (0..count).map(|at| row(&format!("A{at:06}"), Level::Practice, &[])).collect()
        };
        assert_eq!(Directory::new(many(MOST_ORGANISATIONS)).unwrap().fits(), Ok(()));
        let over = MOST_ORGANISATIONS + 1;
        assert_eq!(Directory::new(many(over)).unwrap().fits(), Err(OverLimit::Organisations(over)));
        let mut rows = england();
        let stretch = |at: usize| Some(Day::from_number(15_000 + at as i32));
        for (count, fits) in [(MOST_MEMBERSHIPS, true), (MOST_MEMBERSHIPS + 1, false)] {
            rows[9].memberships =
                (0..count).map(|at| (code(["S1", "S2"][at % 2]), stretch(at), stretch(at + 1))).collect();
            let fitted = Directory::new(rows.clone()).unwrap().fits();
            assert_eq!(fitted.is_ok(), fits, "{fitted:?}");
        }
    }

    #[test]
    fn a_closed_practice_is_still_known_and_others_are_no_practices() {
        let mut rows = england();
        rows[8].end = Some(day("2020-01-01"));
        let directory = Directory::new(rows).unwrap();
        assert!(directory.knows_practice(code("a1")));
        assert!(!directory.knows_practice(code("S1")));
        assert!(!directory.knows_practice(code("A9")));
        assert_eq!(directory.get(code("S2")).map(|row| row.name.as_str()), Some("Name of S2"));
    }

    #[test]
    fn rows_that_contradict_each_other_are_refused_together() {
        let mut rows = england();
        rows.push(row("Y1", Level::Region, &[]));
        rows.push(row("EN", Level::England, &[]));
        rows.push(row("U2", Level::Pcn, &[("S1", None, None)]));
        rows.push(row("S3", Level::SubIcb, &[("U1", None, None), ("QX", None, None)]));
        rows.push(row(
            "A5",
            Level::Practice,
            &[("S1", None, Some("2026-02-02")), ("S2", Some("2026-02-01"), None)],
        ));
        rows.push(row("A6", Level::Practice, &[("S1", Some("2026-02-02"), Some("2026-02-02"))]));
        let texts: Vec<_> =
            Directory::new(rows).unwrap_err().faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "EN is stated as England, which is no row; give it the level it has",
                "Y1 has two rows; keep one",
                "A5 belongs to S1 and to S2 on the same day, both of level sub_icb; end one",
                "A6 has a stretch that ends before it begins; swap the dates",
                "S3 (sub_icb) cannot belong to U1 (pcn); name an organisation of a level above",
                "S3 belongs to QX, which is not known; add it",
                "U2 (pcn) cannot belong to S1 (sub_icb); name an organisation of a level above",
            ]
        );
    }
}
