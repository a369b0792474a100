//! Reads the CSV of organisations, and says everything that is wrong with it at once: line, field, what is wrong and what would be right.
//!
//! Columns are code,name,level,parents,from_date,until_date. A row is a stretch of days of an organisation, with what it belonged to then.
//! Stating one membership twice for the same day is refused, even with the same parent: a mapping row that stands there twice is how totals
//! get doubled elsewhere, so whoever made the file should know.

use std::fmt;

use callgauge_schema::OdsCode;
use hashbrown::HashMap;

use super::directory::Directory;
use super::row::Level;
use super::stretches::closed;
use crate::calendar::{Day, Days};

/// What is wrong with a file; nothing of it was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ImportFaults {
    /// By line; at most 100.
    pub faults: Vec<ImportFault>,
    /// How many more there are.
    pub more: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFault {
    /// Line of the file, from 1.
    pub line: u64,
    /// Column, or "header".
    pub field: &'static str,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}: {}; {}", self.line, self.field, self.wrong, self.right)
    }
}

impl ImportFaults {
    /// As many as fit into `most` bytes and at least one, a line each, and how many more there are.
    pub fn told(&self, most: usize) -> String {
        let mut told = String::new();
        let mut lines = 0;
        for fault in &self.faults {
            let line = fault.to_string();
            if lines > 0 && told.len() + 1 + line.len() > most {
                break;
            }
            if lines > 0 {
                told.push('\n');
            }
            told.push_str(&line);
            lines += 1;
        }
        let more = self.faults.len() - lines + self.more;
        if more > 0 { format!("{told}\nand {more} more") } else { told }
    }
}

impl fmt::Display for ImportFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(usize::MAX))
    }
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) code: OdsCode,
    pub(super) name: String,
    pub(super) level: Level,
    /// Parents, at most one of each level once checked.
    pub(super) parents: Vec<(OdsCode, Level)>,
    pub(super) days: Days,
}

const HEADER: [&str; 6] = ["code", "name", "level", "parents", "from_date", "until_date"];
const MAX_NAME: usize = 200;
const MAX_FAULTS: usize = 100;
/// Levels that one can belong to.
const MAX_PARENTS: usize = 4;
/// Rows of one code in a file.
const MAX_STRETCHES: usize = 200;

/// Reads and checks a whole file against itself and what is known.
pub(super) fn read(csv: &str, known: &Directory) -> Result<Vec<Line>, ImportFaults> {
    let mut faults = Faults::default();
    let mut lines = Vec::new();
    let text = csv.strip_prefix('\u{feff}').unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let header = records.next().and_then(Result::ok).unwrap_or_default();
    if header.iter().ne(HEADER) {
        let found = header.iter().collect::<Vec<_>>().join(",");
        let found: String = found.chars().take(100).collect();
        let right = format!("the first line must be exactly {}", HEADER.join(","));
        faults.add(1, "header", format!("it is {found:?}"), right);
        return Err(faults.into());
    }
    for record in records {
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                lines.extend(line(number, &record, &mut faults));
            }
            Err(error) => {
                let number = error.position().map_or(0, csv::Position::line);
                faults.add(number, "code", error.to_string(), "write it as CSV in UTF-8");
            }
        }
    }
    check_stretches(&lines, &mut faults);
    check_levels(&mut lines, known, &mut faults);
    check_overlaps(&lines, &mut faults);
    if faults.list.is_empty() { Ok(lines) } else { Err(faults.into()) }
}

/// What was found so far: the first ones, and how many more.
#[derive(Default)]
struct Faults {
    list: Vec<ImportFault>,
    more: usize,
}

impl Faults {
    fn add(&mut self, line: u64, field: &'static str, wrong: impl Into<String>, right: impl Into<String>) {
        if self.list.len() < MAX_FAULTS {
            self.list.push(ImportFault { line, field, wrong: wrong.into(), right: right.into() });
        } else {
            self.more += 1;
        }
    }

    fn count(&self) -> usize {
        self.list.len() + self.more
    }
}

impl From<Faults> for ImportFaults {
    fn from(Faults { mut list, more }: Faults) -> Self {
        list.sort_by_key(|fault| fault.line);
        Self { faults: list, more }
    }
}

/// One row by itself. Levels of its parents are filled in later; until then they are its own.
fn line(number: u64, record: &csv::StringRecord, faults: &mut Faults) -> Option<Line> {
    let before = faults.count();
    if record.len() != HEADER.len() {
        let wrong = format!("the row has {} fields", record.len());
        faults.add(number, "code", wrong, "it must have six; put a name with a comma in quotes");
        return None;
    }
    let field = |at: usize| record.get(at).unwrap_or_default().trim();
    let (code, name) = (field(0).parse::<OdsCode>(), field(1));
    if let Err(error) = code {
        faults.add(number, "code", format!("{:?} {error}", short(field(0))), "give an ODS code like A81001");
    }
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let right = format!("give 1 to {MAX_NAME} printable characters");
        faults.add(number, "name", format!("{:?} is no name", short(name)), right);
    }
    let level = field(2).parse::<Level>().ok().filter(|level| *level != Level::England);
    if level.is_none() {
        let right = "must be practice, pcn, sub_icb, icb or region";
        faults.add(number, "level", format!("{:?} is no level", short(field(2))), right);
    }
    let mut parents = Vec::new();
    let named = field(3).split_whitespace().count();
    if named > MAX_PARENTS {
        let right = "name one of each level at most: pcn, sub_icb, icb and region";
        faults.add(number, "parents", format!("there are {named} codes"), right);
    }
    for text in field(3).split_whitespace().take(MAX_PARENTS) {
        match text.parse::<OdsCode>() {
            Ok(parent) => parents.push((parent, Level::Practice)),
            Err(error) => {
                let right = "give codes separated by spaces, and leave England and words for nothing out";
                faults.add(number, "parents", format!("{:?} {error}", short(text)), right);
            }
        }
    }
    let mut date = |at: usize, name: &'static str| {
        let text = field(at);
        (!text.is_empty()).then(|| {
            let day = text.parse::<Day>();
            day.map_err(|error| {
                faults.add(number, name, format!("{:?} is no date", short(text)), error.to_string())
            })
            .ok()
        })?
    };
    let days = closed(date(4, HEADER[4]), date(5, HEADER[5]));
    if days.is_empty() {
        let right = "until_date is the day after the last one and must be later than from_date";
        faults.add(number, "until_date", "the stretch has no day", right);
    }
    if faults.count() > before {
        return None;
    }
    Some(Line { number, code: code.ok()?, name: name.to_owned(), level: level?, parents, days })
}

/// No code has more stretches than anybody needs: each costs time in proportion to all others of its code.
fn check_stretches(lines: &[Line], faults: &mut Faults) {
    let mut seen: HashMap<OdsCode, usize> = HashMap::new();
    for line in lines {
        let rows = seen.entry(line.code).or_default();
        *rows += 1;
        if *rows == MAX_STRETCHES + 1 {
            let right = "put stretches with the same parents together";
            faults.add(line.number, "code", format!("{} has over {MAX_STRETCHES} rows", line.code), right);
        }
    }
}

/// Codes have one level each, parents are known and of levels above, one a level.
fn check_levels(lines: &mut [Line], known: &Directory, faults: &mut Faults) {
    let mut levels: HashMap<OdsCode, (Level, u64)> = HashMap::new();
    for line in lines.iter() {
        let &mut (level, first) = levels.entry(line.code).or_insert((line.level, line.number));
        let before = known.find(line.code).map(|(_, level)| level);
        if level != line.level {
            let wrong =
                format!("{} is {} here and {} on line {first}", line.code, line.level.name(), level.name());
            faults.add(line.number, "level", wrong, "give it one level");
        } else if let Some(before) = before.filter(|before| *before != line.level) {
            let wrong = format!("{} is {} here and known as {}", line.code, line.level.name(), before.name());
            faults.add(line.number, "level", wrong, "keep the level, or give it another code");
        }
    }
    for line in lines {
        for at in 0..line.parents.len() {
            let parent = line.parents[at].0;
            let in_file = levels.get(&parent).map(|&(level, _)| level);
            let Some(level) = in_file.or_else(|| known.find(parent).map(|(_, level)| level)) else {
                let right = "add it to the file, or import it first";
                faults.add(line.number, "parents", format!("{parent} is not known"), right);
                continue;
            };
            line.parents[at].1 = level;
            if !level.is_above(line.level) {
                let wrong = format!("{parent} is {} and cannot hold {}", level.name(), line.level.name());
                let right = match line.level {
                    Level::Practice => "name its pcn, sub_icb, icb or region",
                    Level::Pcn | Level::SubIcb => "name its icb or region",
                    Level::Icb => "name its region",
                    Level::Region | Level::England => "leave parents empty",
                };
                faults.add(line.number, "parents", wrong, right);
            } else if let Some(&(other, _)) = line.parents[..at].iter().find(|&&(_, other)| other == level) {
                let wrong = format!("{other} and {parent} are both {}", level.name());
                faults.add(line.number, "parents", wrong, "name one of each level");
            }
        }
    }
}

/// No day is stated twice for one code and level of parent.
fn check_overlaps(lines: &[Line], faults: &mut Faults) {
    let mut stated: Vec<(OdsCode, Level, Days, u64, OdsCode)> = lines
        .iter()
        .flat_map(|line| {
            line.parents.iter().map(|&(parent, level)| (line.code, level, line.days, line.number, parent))
        })
        .collect();
    stated.sort_unstable();
    let mut longest: Option<(OdsCode, Level, Days, u64, OdsCode)> = None;
    for here in stated {
        let (code, level, days, number, parent) = here;
        let before =
            longest.filter(|before| (before.0, before.1) == (code, level) && days.first < before.2.end);
        if let Some((_, _, _, other_number, other)) = before.filter(|before| before.3 != number) {
            let (first, first_parent, second, second_parent) = if other_number < number {
                (other_number, other, number, parent)
            } else {
                (number, parent, other_number, other)
            };
            let wrong = if other == parent {
                format!(
                    "{code} is stated to belong to {parent} on line {first} and again on line {second}, for the same days"
                )
            } else {
                format!(
                    "{code} is stated to belong to {first_parent} on line {first} and to {second_parent} on line {second}, for the same days"
                )
            };
            faults.add(
                second,
                "parents",
                wrong,
                "state each day once: take one line out, or make the dates meet",
            );
        }
        if before.is_none_or(|before| before.2.end < days.end) {
            longest = Some(here);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
