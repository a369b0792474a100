//! The records of a file as calls or counts, and what is told of those that are none; in pieces of a folder's file as in a file that was saved.

use std::collections::HashMap;

use callgauge_adapter::folder::{Fields, HEAD, Listed, Records};
use callgauge_adapter::{Next, Page, RejectedRow, RowReason};
use serde_json::json;

use crate::map;
use crate::mapping::{Columns, Holds, Mapping};
use crate::tallies::{Days, mapping_for};

/// Rows of an aggregated file that are told as rejects.
const REJECTS: usize = 1_000;

/// A file's own columns, and the mapping that fits them.
pub(crate) struct Layout {
    pub(crate) columns: Columns,
    pub(crate) mapping: Mapping,
}

/// What calls or counts of a payload come to, whichever the settings say.
pub(crate) fn page_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    match mapping.holds {
        Holds::Calls => take_calls_of(bytes, mapping, name),
        Holds::Tallies => take_days_of(bytes, mapping, name),
    }
}

/// The calls of records.
fn take_calls_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let Some(layout) = layout(mapping, &bytes[..bytes.len().min(HEAD)], true)? else { return Ok(page) };
    let (mut at, mut line) = (0, 1);
    // Records come ten thousand at a time, as many as a page holds.
    while at < bytes.len() {
        let mut records = Records::new(&bytes[at..], line, mapping.shape, true, true);
        take_calls(&mut records, &layout, name, at == 0, &mut page);
        at += records.taken().max(1);
        line = records.line();
    }
    last_of_each(&mut page);
    Ok(page)
}

/// The counts of a whole file.
fn take_days_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let Some(layout) = layout(mapping, &bytes[..bytes.len().min(HEAD)], true)? else { return Ok(page) };
    let mut after = None;
    loop {
        let telling = after.is_none();
        let mut days = Days::after(after);
        let mut refusals = Refusals::of(name);
        let (mut at, mut line) = (0, 1);
        while at < bytes.len() {
            let mut records = Records::new(&bytes[at..], line, mapping.shape, true, true);
            take_days(&mut records, &layout, at == 0, &mut days, &mut refusals);
            at += records.taken().max(1);
            line = records.line();
        }
        if telling {
            page.rejects = refusals.told();
        }
        let (rows, last) = days.into_rows(layout.mapping.missing_is_zero == Some(true));
        page.tallies.extend(rows);
        if last.is_none() {
            return Ok(page);
        }
        after = last;
    }
}

/// The calls of records onto a page. `begins`: they are the first of the file, a header among them.
pub(crate) fn take_calls(
    records: &mut Records<'_>,
    layout: &Layout,
    file: &str,
    begins: bool,
    page: &mut Page,
) {
    for_each(records, layout, begins, |row| match row {
        Ok((fields, _)) => map::map(fields, &layout.columns, &layout.mapping, page),
        Err((line, why)) => page.rejects.push(at_line(file, line, "", RowReason::Malformed, why)),
    });
}

/// Of a call that stands on a page more than once, the last row, as corrections come later; where both rows have a revision, the one with the higher,
/// wherever it stands. Two rows of the same revision both stay: whether they contradict each other is for the store to say.
pub(crate) fn last_of_each(page: &mut Page) {
    let mut newest: HashMap<&str, usize> = HashMap::with_capacity(page.calls.len());
    let mut outdone = Vec::new();
    for (at, call) in page.calls.iter().enumerate() {
        let kept = newest.entry(&call.draft.call_id).or_insert(at);
        if *kept == at {
            continue;
        }
        match (page.calls[*kept].draft.revision, call.draft.revision) {
            (Some(before), Some(now)) if now < before => outdone.push(at),
            (Some(before), Some(now)) if now == before => {}
            _ => outdone.push(std::mem::replace(kept, at)),
        }
    }
    outdone.sort_unstable();
    let mut outdone = outdone.into_iter().peekable();
    let mut at = 0;
    page.calls.retain(|_| {
        let goes = outdone.next_if_eq(&at).is_some();
        at += 1;
        !goes
    });
}

/// The counts of records into days.
pub(crate) fn take_days(
    records: &mut Records<'_>,
    layout: &Layout,
    begins: bool,
    days: &mut Days,
    refusals: &mut Refusals,
) {
    for_each(records, layout, begins, |row| match row {
        Ok((fields, line)) => {
            if let Err((field, reason, message)) = days.add(fields, &layout.columns, &layout.mapping) {
                refusals.add(line, field, reason, message.into());
            }
        }
        Err((line, why)) => refusals.add(line, "", RowReason::Malformed, why),
    });
}

/// Goes through records: their fields and line, or why they have none.
fn for_each(
    records: &mut Records<'_>,
    layout: &Layout,
    begins: bool,
    mut take: impl FnMut(Result<(&Fields, u64), (u64, String)>),
) {
    let mapping = &layout.mapping;
    let mut fields = Fields::new();
    let mut header = begins && mapping.columns.is_empty();
    for record in records.by_ref() {
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => {
                take(Err((line, why.to_string())));
                continue;
            }
        };
        if header {
            header = false;
            continue;
        }
        fields.split(line.bytes, mapping.shape);
        if fields.was_latin1() && mapping.strict {
            let why = "is not UTF-8, which the setting encoding asks for".to_owned();
            take(Err((line.number, why)));
        } else if fields.len() == layout.columns.count {
            take(Ok((&fields, line.number)));
        } else {
            let why = format!("has {} columns, and {} are named", fields.len(), layout.columns.count);
            take(Err((line.number, why)));
        }
    }
}

/// The rows of an aggregated file that are refused: the first of them a line each, how many more in one.
pub(crate) struct Refusals {
    file: String,
    first: Vec<RejectedRow>,
    more: u64,
}

impl Refusals {
    /// None yet.
    pub(crate) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), first: Vec::new(), more: 0 }
    }

    fn add(&mut self, line: u64, field: &str, reason: RowReason, message: String) {
        if self.first.len() < REJECTS {
            self.first.push(at_line(&self.file, line, field, reason, message));
        } else {
            self.more += 1;
        }
    }

    /// As rejects.
    pub(crate) fn told(self) -> Vec<RejectedRow> {
        let Self { file, mut first, more } = self;
        if more > 0 {
            let message =
                format!("{more} more rows of the file are refused: mend what the first {REJECTS} have");
            first.push(RejectedRow {
                id: file.clone(),
                field: String::new(),
                reason: RowReason::Malformed,
                message,
                row: json!({ "file": file }),
            });
        }
        first
    }
}

/// The columns of a file by its beginning; `None` where it has no line yet.
pub(crate) fn layout(mapping: &Mapping, head: &[u8], quiet: bool) -> Result<Option<Layout>, String> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err("is UTF-16: save it as UTF-8 or Latin-1".into());
    }
    if head.starts_with(b"PK") || head.starts_with(b"\x1f\x8b") {
        return Err("is compressed or a workbook: unpack it, or save it as CSV".into());
    }
    let whole = head.len() < HEAD;
    let mut records = Records::new(head, 1, mapping.shape, whole, quiet);
    let Some(first) = records.next() else { return Ok(None) };
    let Ok(first) = first else { return Err("begins with a line that is no header".into()) };
    let mut fields = Fields::new();
    fields.split(first.bytes, mapping.shape);
    let named: Vec<&str> = if mapping.columns.is_empty() {
        fields.iter().collect()
    } else {
        if fields.len() != mapping.columns.len() {
            return Err(format!(
                "has {} columns in its first line, and the setting columns names {}",
                fields.len(),
                mapping.columns.len()
            ));
        }
        mapping.columns.iter().map(String::as_str).collect()
    };
    let mapping = match mapping.holds {
        Holds::Calls => mapping.clone(),
        Holds::Tallies => mapping_for(mapping, &named)?,
    };
    let columns = mapping.columns(named.iter().copied())?;
    Ok(Some(Layout { columns, mapping }))
}

/// What is told of a file of which nothing is taken.
pub(crate) fn refused(file: &Listed, why: &str) -> RejectedRow {
    let name = file.shown();
    RejectedRow {
        id: name.clone(),
        field: String::new(),
        reason: RowReason::Malformed,
        message: format!("the file is refused: it {why}"),
        row: json!({ "file": name }),
    }
}

fn at_line(file: &str, line: u64, field: &str, reason: RowReason, message: String) -> RejectedRow {
    RejectedRow {
        id: format!("{file}:{line}"),
        field: field.into(),
        reason,
        message,
        row: json!({ "file": file, "line": line }),
    }
}
