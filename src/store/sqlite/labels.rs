//! Names that calls carry (sources, lines, practices and accounts) and the small numbers that stand for them in rows.

use std::sync::Arc;

use callgauge_schema::{Account, Attribution, Line, OdsCode, SourceId};
use hashbrown::HashMap;
use rusqlite::{Connection, Transaction, params};

use crate::store::Attributions;

/// Lines and accounts that one source may bring.
const LABELS_PER_SOURCE: usize = 10_000;
/// Sources that a store takes.
const SOURCES: usize = 60_000;

/// The names, by number and by name. Numbers are positions and hold for good.
#[derive(Default)]
pub(super) struct Labels {
    sources: Vec<SourceId>,
    source_numbers: HashMap<SourceId, u16>,
    lines: Vec<Line>,
    line_numbers: HashMap<Line, u32>,
    attributions: Arc<Attributions>,
    practices: HashMap<OdsCode, u32>,
    accounts: HashMap<Account, u32>,
    /// Lines and accounts that came with each source.
    brought: Vec<usize>,
}

/// A stored label without its digits.
fn blotted(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect()
}

/// There is no room for more names.
#[derive(Debug)]
pub(super) struct Full;

/// How many names of each kind are in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    sources: usize,
    lines: usize,
    attributions: usize,
}

impl Labels {
    pub(super) fn source(&self, number: u16) -> Option<&SourceId> {
        self.sources.get(usize::from(number))
    }

    pub(super) fn sources(&self) -> &[SourceId] {
        &self.sources
    }

    pub(super) fn line(&self, number: u32) -> Option<&Line> {
        self.lines.get(number as usize)
    }

    pub(super) fn attribution(&self, number: u32) -> Option<&Attribution> {
        self.attributions.list().get(number as usize)
    }

    pub(super) fn attributions(&self) -> Arc<Attributions> {
        self.attributions.clone()
    }

    pub(super) fn source_number(&self, source: &SourceId) -> Option<u16> {
        self.source_numbers.get(source).copied()
    }

    pub(super) fn line_number(&self, line: &Line) -> Option<u32> {
        self.line_numbers.get(line).copied()
    }

    pub(super) fn whose(&self, attribution: &Attribution) -> Option<u32> {
        match attribution {
            Attribution::Practice(code) => self.practices.get(code).copied(),
            Attribution::Account(account) => self.accounts.get(&**account).copied(),
        }
    }

    pub(super) fn add_source(&mut self, source: &SourceId) -> Result<u16, Full> {
        if let Some(number) = self.source_number(source) {
            return Ok(number);
        }
        if self.sources.len() >= SOURCES {
            return Err(Full);
        }
        let number = self.sources.len() as u16;
        self.sources.push(source.clone());
        self.brought.push(0);
        self.source_numbers.insert(source.clone(), number);
        Ok(number)
    }

    pub(super) fn add_line(&mut self, source: u16, line: &Line) -> Result<u32, Full> {
        if let Some(number) = self.line_number(line) {
            return Ok(number);
        }
        self.bring(source)?;
        let number = self.lines.len() as u32;
        self.lines.push(line.clone());
        self.line_numbers.insert(line.clone(), number);
        Ok(number)
    }

    pub(super) fn add_whose(&mut self, source: u16, attribution: &Attribution) -> Result<u32, Full> {
        if let Some(number) = self.whose(attribution) {
            return Ok(number);
        }
        let number = self.attributions.list().len() as u32;
        match attribution {
            Attribution::Practice(code) => {
                self.practices.insert(*code, number);
            }
            Attribution::Account(account) => {
                self.bring(source)?;
                self.accounts.insert(Account::clone(account), number);
            }
        }
        Arc::make_mut(&mut self.attributions).push(attribution.clone());
        Ok(number)
    }

    fn bring(&mut self, source: u16) -> Result<(), Full> {
        let brought = self.brought.get_mut(usize::from(source)).ok_or(Full)?;
        if *brought >= LABELS_PER_SOURCE {
            return Err(Full);
        }
        *brought += 1;
        Ok(())
    }

    /// All names in the database.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<(Self, Written)> {
        let mut labels = Self::default();
        let unfit = |_| rusqlite::Error::InvalidQuery;
        let mut sources = db.prepare("SELECT name, brought FROM sources ORDER BY number")?;
        for row in sources.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
            let (name, brought) = row?;
            let source: SourceId = name.parse().map_err(unfit)?;
            let number = labels.add_source(&source).map_err(|Full| rusqlite::Error::InvalidQuery)?;
            labels.brought[usize::from(number)] = brought as usize;
        }
        let mut lines = db.prepare("SELECT name FROM lines ORDER BY number")?;
        for name in lines.query_map([], |row| row.get::<_, String>(0))? {
            let name = name?;
            // What an earlier version took for no telephone number must not keep the store from opening, nor come out.
            let line: Line = name.parse().or_else(|_| blotted(&name).parse()).map_err(unfit)?;
            labels.line_numbers.insert(line.clone(), labels.lines.len() as u32);
            labels.lines.push(line);
        }
        let mut whose = db.prepare(
            "SELECT practice, account, pcn, sub_icb, icb, region FROM attributions ORDER BY number",
        )?;
        let mut rows = whose.query([])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let code = |at: usize| -> rusqlite::Result<Option<OdsCode>> {
                row.get::<_, Option<String>>(at)?.map(|text| text.parse().map_err(unfit)).transpose()
            };
            let number = list.len() as u32;
            list.push(match (code(0)?, row.get::<_, Option<String>>(1)?) {
                (Some(practice), _) => {
                    labels.practices.insert(practice, number);
                    Attribution::Practice(practice)
                }
                (None, id) => {
                    let id = id.unwrap_or_default().parse().map_err(unfit)?;
                    let account =
                        Account { id, pcn: code(2)?, sub_icb: code(3)?, icb: code(4)?, region: code(5)? };
                    labels.accounts.insert(account.clone(), number);
                    Attribution::Account(Box::new(account))
                }
            });
        }
        labels.attributions = Arc::new(Attributions::new(list));
        let written = Written {
            sources: labels.sources.len(),
            lines: labels.lines.len(),
            attributions: labels.attributions.list().len(),
        };
        Ok((labels, written))
    }

    /// Writes the names that the database lacks; gives how many it has then.
    pub(super) fn write(&self, db: &Transaction<'_>, written: Written) -> rusqlite::Result<Written> {
        let now = Written {
            sources: self.sources.len(),
            lines: self.lines.len(),
            attributions: self.attributions.list().len(),
        };
        if now == written {
            return Ok(now);
        }
        for (number, source) in self.sources.iter().enumerate() {
            db.prepare_cached(
                "INSERT INTO sources (number, name, brought) VALUES (?1, ?2, ?3) ON CONFLICT (number) DO UPDATE SET brought = ?3",
            )?
            .execute(params![number as i64, source.as_str(), self.brought[number] as i64])?;
        }
        for (number, line) in self.lines.iter().enumerate().skip(written.lines) {
            db.prepare_cached("INSERT INTO lines (number, name) VALUES (?1, ?2)")?
                .execute(params![number as i64, line.as_str()])?;
        }
        for (number, whose) in self.attributions.list().iter().enumerate().skip(written.attributions) {
            let text = |code: &Option<OdsCode>| code.map(|code| code.to_string());
            let mut insert = db.prepare_cached(
                "INSERT INTO attributions (number, practice, account, pcn, sub_icb, icb, region) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            let number = number as i64;
            match whose {
                Attribution::Practice(code) => insert.execute(params![
                    number,
                    code.as_str(),
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>
                ])?,
                Attribution::Account(account) => {
                    let Account { id, pcn, sub_icb, icb, region } = &**account;
                    insert.execute(params![
                        number,
                        None::<String>,
                        id.as_str(),
                        text(pcn),
                        text(sub_icb),
                        text(icb),
                        text(region)
                    ])?
                }
            };
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_label_that_is_refused_by_now_is_read_without_its_digits() {
        let db = Connection::open_in_memory().expect("opens");
        db.execute_batch(
            "CREATE TABLE sources (number INTEGER, name TEXT, brought INTEGER);
             CREATE TABLE lines (number INTEGER, name TEXT);
             CREATE TABLE attributions (number INTEGER, practice TEXT, account TEXT, pcn TEXT, sub_icb TEXT, icb TEXT, region TEXT);
             INSERT INTO lines VALUES (0, 'Reception'), (1, '01632 960001 desk'), (2, 'Nurse');",
        )
        .expect("are made");
        let (labels, written) = Labels::read(&db).expect("it opens");
        let lines: Vec<&str> = (0..3).filter_map(|number| labels.line(number)).map(Line::as_str).collect();
        assert_eq!(lines, ["Reception", "##### ###### desk", "Nurse"], "each under its number");
        assert_eq!(written.lines, 3);
    }
}
