//! Rows of a file that belong together, such as the legs of a call, gathered from a piece of it.
//!
//! Rows of a group stand near each other, but may lie on both sides of a piece's end. Groups that begin in the last [`TAIL`] bytes of a piece are therefore left to
//! the next one, which reads these bytes again; groups that were given already and have rows there are named in the cursor, by a hash.

use std::collections::HashMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{FileAt, Item, Piece, Records};
use crate::{RejectedRow, RowReason};

/// The end of a piece that the next one reads again: room for the rows of a group.
pub const TAIL: usize = 128 * 1024;
/// Groups that may lie on both sides of a piece's end, so that cursors stay small.
const BOTH_SIDES: usize = 2_000;

/// What a record is.
#[derive(Debug)]
pub enum Taken<T> {
    /// A row of a group.
    Row {
        /// What its group is known by.
        of: String,
        /// The row.
        row: T,
    },
    /// None that can be read.
    Refused(RejectedRow),
    /// Nothing to keep.
    Passed,
}

/// Groups in the order of their first rows.
#[derive(Debug)]
pub struct Groups<T> {
    list: Vec<Group<T>>,
    at: HashMap<String, usize>,
    rejects: Vec<(usize, RejectedRow)>,
    /// Where each record begins, and on which line.
    lines: Vec<(usize, u64)>,
}

#[derive(Debug)]
struct Group<T> {
    of: u64,
    first: usize,
    last: usize,
    rows: Vec<T>,
}

/// What of a piece is given, and where to go on.
#[derive(Debug)]
pub struct Given<T> {
    /// Whole groups.
    pub groups: Vec<Vec<T>>,
    /// Records that could not be read.
    pub rejects: Vec<RejectedRow>,
    /// Where the next piece begins.
    pub next: FileAt,
    /// Groups given by now of which the next piece has rows.
    pub already: Vec<u64>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self { list: Vec::new(), at: HashMap::new(), rejects: Vec::new(), lines: Vec::new() }
    }
}

impl<T> Groups<T> {
    /// Reads records to the end of a page's worth of them.
    pub fn read(&mut self, records: &mut Records<'_>, mut take: impl FnMut(Item<'_>) -> Taken<T>) {
        loop {
            let (begins, line) = (records.taken(), records.line());
            let Some(record) = records.next() else { break };
            self.lines.push((begins, line));
            match take(record) {
                Taken::Row { of, row } => self.add(begins, of, row),
                Taken::Refused(reject) => self.rejects.push((begins, reject)),
                Taken::Passed => {}
            }
        }
    }

    fn add(&mut self, begins: usize, of: String, row: T) {
        let next = self.list.len();
        let hash = fingerprint(&of);
        let at = *self.at.entry(of).or_insert(next);
        if at == next {
            self.list.push(Group { of: hash, first: begins, last: begins, rows: Vec::new() });
        }
        let group = &mut self.list[at];
        group.last = begins;
        group.rows.push(row);
    }

    /// Everything, where there is nothing after it.
    pub fn all(self) -> (Vec<Vec<T>>, Vec<RejectedRow>) {
        let rejects = self.rejects.into_iter().map(|(_, reject)| reject).collect();
        (self.list.into_iter().map(|group| group.rows).collect(), rejects)
    }

    /// The groups that begin before the end of the piece, without those that were given `already`.
    pub fn cut(self, piece: &Piece, records: &Records<'_>, already: &[u64]) -> Given<T> {
        let whole = piece.last && records.exhausted();
        let taken = records.taken();
        // Short records fill a page before they fill a tail.
        let tail = taken.saturating_sub(TAIL).max(taken / 2);
        let cut = self.lines.iter().find(|(begins, _)| *begins >= tail).filter(|_| !whole && tail > 0);
        let (from, next) = match cut {
            Some((begins, line)) => (*begins, piece.again_from(*begins, *line)),
            None => (usize::MAX, piece.after(records)),
        };
        let mut given = Given { groups: Vec::new(), rejects: Vec::new(), next, already: Vec::new() };
        for Group { of, first, last, rows } in self.list {
            let before = already.contains(&of);
            if last >= from && (first < from || before) {
                given.already.push(of);
            }
            if first < from && !before {
                given.groups.push(rows);
            }
        }
        let file = piece.file.shown();
        given.rejects =
            self.rejects.into_iter().filter(|(begins, _)| *begins < from).map(|(_, reject)| reject).collect();
        if given.already.len() > BOTH_SIDES {
            given.already.truncate(BOTH_SIDES);
            given.rejects.push(RejectedRow::of_line(
                &file,
                cut.map(|(_, line)| *line),
                "stands between the rows of more than 2,000 calls: write a call's rows near each other, by when they began",
            ));
        }
        given
    }
}

impl RejectedRow {
    /// A line of a file that cannot be read; the file as a whole where `line` is none. Nothing of the line is kept. `file` is [`super::Listed::shown`].
    pub fn of_line(file: &str, line: Option<u64>, message: impl Into<String>) -> Self {
        let (id, row) = match line {
            Some(line) => (format!("{file}:{line}"), json!({ "file": file, "line": line })),
            None => (file.to_owned(), json!({ "file": file })),
        };
        Self { id, field: String::new(), reason: RowReason::Malformed, message: message.into(), row }
    }
}

/// An id as a number: the first 8 bytes of its SHA-256.
pub fn fingerprint(id: &str) -> u64 {
    Sha256::digest(id.as_bytes()).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write;

    use callgauge_schema::Moment;

    use super::super::{Fields, Folder, Shape};
    use super::*;

    const CSV: Shape = Shape { delimiter: b',', quotes: true };
    const GROUPS: usize = 30_000;

    /// Reads a folder's only file, group by group.
    fn read(path: &std::path::Path) -> (Vec<Vec<String>>, usize) {
        let folder = Folder::new(path);
        let files = folder.files(|_| true).expect("can be read");
        let (since, now) = (Moment::from_millis(0), Moment::from_millis(4_000_000_000_000));
        let (mut found, mut at, mut already, mut pieces) = (Vec::new(), None, Vec::new(), 0);
        while let Some(piece) = folder.piece(&files, since, at.as_ref(), now).expect("can be read") {
            let mut records = piece.records(CSV);
            let mut groups = Groups::default();
            let mut fields = Fields::new();
            groups.read(&mut records, |record| {
                let Ok(line) = record else { return Taken::Passed };
                fields.split(line.bytes, CSV);
                Taken::Row { of: fields.get(0).to_owned(), row: fields.get(1).to_owned() }
            });
            let given = groups.cut(&piece, &records, &already);
            found.extend(given.groups);
            (at, already) = (Some(given.next), given.already);
            pieces += 1;
        }
        (found, pieces)
    }

    #[test]
    fn a_group_on_both_sides_of_a_pieces_end_is_one_group_with_all_its_rows() {
        let mut text = String::new();
        let filler = "x".repeat(60);
        for n in 0..GROUPS + 50 {
            if n < GROUPS {
                writeln!(text, "g{n},first,{filler}").expect("is text");
            }
            // The second row of each stands fifty groups later.
            if n >= 50 {
                writeln!(text, "g{},second,{filler}", n - 50).expect("is text");
            }
        }
        let dir = tempfile::tempdir().expect("can be made");
        std::fs::write(dir.path().join("a.csv"), &text).expect("can be written");
        let (found, pieces) = read(dir.path());
        assert!(pieces > 3, "{pieces} pieces");
        let mut sizes = BTreeMap::new();
        for rows in &found {
            *sizes.entry(rows.len()).or_insert(0) += 1;
        }
        assert_eq!(sizes, BTreeMap::from([(2, GROUPS)]), "each once, whole");
    }

    #[test]
    fn a_line_that_cannot_be_read_keeps_nothing_but_where_it_stands() {
        let row = RejectedRow::of_line("a.csv", Some(7), "has one part");
        assert_eq!(
            (row.id.as_str(), row.row.to_string().as_str()),
            ("a.csv:7", r#"{"file":"a.csv","line":7}"#)
        );
        assert_eq!(RejectedRow::of_line("a.csv", None, "is none").id, "a.csv");
    }
}
