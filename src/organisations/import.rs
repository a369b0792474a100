//! Makes another directory from one and a file: whole or not at all, and the same file again changes nothing.
//!
//! - Name and last day of an organisation are those of its latest stretch in the newest file; its first day only ever becomes earlier.
//! - A stretch that states a parent replaces what was known for that level on those days, and nothing else.
//! - A file can say that a membership ended: where it gives a code several stretches, and one of them, apart in time from those
//!   that name a parent of some level, names parents but none of that level, then there is none on its days.
//!   A stretch without any parent says nothing about memberships.

use callgauge_schema::OdsCode;
use hashbrown::HashMap;

use super::directory::{Directory, Uppers, memberships};
use super::import_file::{ImportFault, ImportFaults, Line, read};
use super::row::{Level, OrganisationRow};
use super::stretches::{Change, Stretches, closed, open};
use crate::calendar::Days;

/// What an import changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows read, the header not counted.
    pub rows: u64,
    /// Organisations that were not known before.
    pub organisations_added: u64,
    /// Organisations whose name or dates changed.
    pub organisations_changed: u64,
    /// Stretches whose membership was not known before.
    pub memberships_added: u64,
    /// Stretches that replaced something else.
    pub memberships_changed: u64,
    /// Codes of the practices among the added: records refused for them can go through now. Ordered.
    pub practices_added: Vec<OdsCode>,
}

impl Directory {
    /// Takes a CSV file in. `self` stays as it is.
    ///
    /// # Errors
    /// Everything that is wrong with the file, up to 100 faults at once; then nothing was taken.
    pub fn import(&self, csv: &str) -> Result<(Self, ImportReport), ImportFaults> {
        let lines = read(csv, self)?;
        let mut report = ImportReport { rows: lines.len() as u64, ..ImportReport::default() };
        let mut by_code: HashMap<OdsCode, Vec<&Line>> = HashMap::new();
        for line in &lines {
            by_code.entry(line.code).or_default().push(line);
        }
        let levels: HashMap<OdsCode, Level> = lines.iter().map(|line| (line.code, line.level)).collect();
        let level_of =
            |code: OdsCode| levels.get(&code).copied().or_else(|| self.find(code).map(|(_, level)| level));
        let mut rows = Vec::with_capacity(self.len() + by_code.len());
        for row in &self.rows {
            rows.push(match by_code.remove(&row.code) {
                Some(lines) => merge(row.clone(), &lines, level_of, &mut report),
                None => row.clone(),
            });
        }
        for (code, lines) in by_code {
            report.organisations_added += 1;
            if lines[0].level == Level::Practice {
                report.practices_added.push(code);
            }
            let (name, days) = stated(&lines);
            let (first, end) = open(days);
            let row =
                OrganisationRow { code, name, level: lines[0].level, first, end, memberships: Vec::new() };
            rows.push(merge(row, &lines, level_of, &mut report));
        }
        report.practices_added.sort_unstable();
        match Self::new(rows) {
            Ok(directory) => Ok((directory, report)),
            // The file was checked against itself and what is known, so this says that what is known was damaged before.
            Err(faults) => {
                let right = "mend the organisations known so far".to_owned();
                let fault = ImportFault { line: 1, field: "code", wrong: faults.to_string(), right };
                Err(ImportFaults { faults: vec![fault], more: 0 })
            }
        }
    }
}

/// Name and days as the file has them: the name of the latest stretch, from the earliest day to the last.
fn stated(lines: &[&Line]) -> (String, Days) {
    let first = lines.iter().map(|line| line.days.first).min();
    let end = lines.iter().map(|line| line.days.end).max();
    let latest = lines.iter().max_by_key(|line| (line.days.first, line.number));
    let (open_first, open_end) = (closed(None, None).first, closed(None, None).end);
    let days = Days::new(first.unwrap_or(open_first), end.unwrap_or(open_end));
    (latest.map(|line| line.name.clone()).unwrap_or_default(), days)
}

/// A known row and what the file states about it.
fn merge(
    mut row: OrganisationRow,
    lines: &[&Line],
    level_of: impl Fn(OdsCode) -> Option<Level>,
    report: &mut ImportReport,
) -> OrganisationRow {
    let known = closed(row.first, row.end);
    let (name, days) = stated(lines);
    let (first, end) = open(Days::new(days.first.min(known.first), days.end));
    if (&row.name, row.first, row.end) != (&name, first, end) {
        report.organisations_changed += 1;
    }
    (row.name, row.first, row.end) = (name, first, end);
    let mut kept = Vec::with_capacity(row.memberships.len());
    for level in Uppers::LEVELS {
        let mut stretches = Stretches::default();
        for &(parent, first, end) in &row.memberships {
            if level_of(parent) == Some(level) {
                stretches.set(closed(first, end), Some(parent));
            }
        }
        for (days, parent) in changes(lines, level) {
            match stretches.set(days, parent) {
                Change::None => {}
                Change::Added => report.memberships_added += 1,
                Change::Replaced => report.memberships_changed += 1,
            }
        }
        kept.extend(memberships(&stretches));
    }
    row.memberships = kept;
    row
}

/// What the file says about the parents of one level: a parent, or that there is none.
fn changes(lines: &[&Line], level: Level) -> Vec<(Days, Option<OdsCode>)> {
    let naming: Vec<(Days, OdsCode)> = lines
        .iter()
        .flat_map(|line| line.parents.iter().map(|&(parent, own)| (line.days, parent, own)))
        .filter(|&(_, _, own)| own == level)
        .map(|(days, parent, _)| (days, parent))
        .collect();
    let apart = |line: &&&Line| {
        !naming.is_empty()
            && !line.parents.is_empty()
            && naming.iter().all(|(days, _)| days.overlap(line.days).is_empty())
    };
    let none = lines.iter().filter(apart).map(|line| (line.days, None));
    none.chain(naming.iter().map(|&(days, parent)| (days, Some(parent)))).collect()
}
