//! One folder of files, open: a page of it at a time.

use std::collections::HashMap;

use async_trait::async_trait;
use callgauge_adapter::folder::{Broken, Fields, FileAt, Folder, HEAD, Listed, Piece, Records};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, RejectedRow, RowReason,
    SettingFaults, Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::map;
use crate::mapping::{Columns, Holds, Mapping};
use crate::tallies::{Days, Key, mapping_for};
use crate::wire::CallRow;

/// How many calls a check shows.
const SAMPLE: usize = 10;

/// Rows of an aggregated file that are told as rejects.
const REJECTS: usize = 1_000;

/// A folder.
pub(crate) struct Account {
    folder: Folder,
    mapping: Mapping,
}

/// A place in a window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    /// Behind which piece.
    file: Option<FileAt>,
    /// Of an aggregated file, behind which practice-day.
    day: Option<Key>,
}

/// A file's own columns, and the mapping that fits them.
struct Layout {
    columns: Columns,
    mapping: Mapping,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let folder = Folder::read(&mut read);
        let mapping = Mapping::read(&mut read);
        read.finish()?;
        Ok(Self { folder, mapping })
    }

    fn files(&self) -> Result<Vec<Listed>, AdapterError> {
        self.folder.files(|name| self.mapping.takes(name))
    }

    fn calls(&self, piece: &Piece) -> (Page, FileAt) {
        let mut page = Page::empty(Next::Done);
        let layout = match layout(&self.mapping, &piece.head, piece.quiet) {
            Ok(Some(layout)) => layout,
            Ok(None) => return (page, piece.passed()),
            Err(why) => {
                page.rejects.push(refused(&piece.file, &why));
                return (page, piece.passed());
            }
        };
        let mut records = piece.records(self.mapping.shape);
        take_calls(&mut records, &layout, &piece.file.shown(), piece.offset == 0, &mut page);
        let after = piece.after(&records);
        (page, after)
    }

    /// Reads a whole aggregated file for the next days of it. `None` for the cursor where it has no more.
    fn days(
        &self,
        files: &[Listed],
        first: Piece,
        request: &FetchRequest,
        after: Option<Key>,
    ) -> Result<(Page, FileAt, Option<Key>), AdapterError> {
        let mut page = Page::empty(Next::Done);
        let file = first.file.name.clone();
        let end = first.passed();
        let layout = match layout(&self.mapping, &first.head, first.quiet) {
            Ok(Some(layout)) => layout,
            Ok(None) => return Ok((page, end, None)),
            Err(why) => {
                page.rejects.push(refused(&first.file, &why));
                return Ok((page, end, None));
            }
        };
        // Rejects are told once, with the first days.
        let telling = after.is_none();
        let mut days = Days::after(after);
        let mut piece = Some(first);
        while let Some(part) = piece.take().filter(|part| part.file.name == file) {
            let mut records = part.records(self.mapping.shape);
            let begins = part.offset == 0;
            take_days(&mut records, &layout, &part.file.shown(), begins, &mut days, &mut page);
            if part.last && records.exhausted() && records.taken() < part.bytes.len() {
                // Half a line: the file is still being written, and half a day is no day.
                return Ok((Page::empty(Next::Done), end, None));
            }
            let at = part.after(&records);
            piece = self.folder.piece(files, request.window.from, Some(&at), request.now)?;
        }
        if !telling {
            page.rejects.clear();
        }
        let (rows, last) = days.into_rows();
        page.tallies = rows;
        Ok((page, end, last))
    }
}

/// The calls of records.
pub(crate) fn take_calls_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let Some(layout) = layout(mapping, &bytes[..bytes.len().min(HEAD)], true)? else { return Ok(page) };
    let mut at = 0;
    // Records come ten thousand at a time, as many as a page holds.
    while at < bytes.len() {
        let mut records = Records::whole(&bytes[at..], mapping.shape);
        take_calls(&mut records, &layout, name, at == 0, &mut page);
        at += records.taken().max(1);
    }
    Ok(page)
}

/// The counts of a whole file.
pub(crate) fn take_days_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let Some(layout) = layout(mapping, &bytes[..bytes.len().min(HEAD)], true)? else { return Ok(page) };
    let mut after = None;
    loop {
        let telling = after.is_none();
        let told = page.rejects.len();
        let mut days = Days::after(after);
        let mut at = 0;
        while at < bytes.len() {
            let mut records = Records::whole(&bytes[at..], mapping.shape);
            take_days(&mut records, &layout, name, at == 0, &mut days, &mut page);
            at += records.taken().max(1);
        }
        if !telling {
            page.rejects.truncate(told);
        }
        let (rows, last) = days.into_rows();
        page.tallies.extend(rows);
        if last.is_none() {
            return Ok(page);
        }
        after = last;
    }
}

fn take_calls(records: &mut Records<'_>, layout: &Layout, file: &str, begins: bool, page: &mut Page) {
    let mapping = &layout.mapping;
    for_each(
        records,
        layout,
        file,
        begins,
        |fields, _, page| {
            map::map(CallRow::read(fields, &layout.columns), mapping, page);
        },
        page,
    );
    last_of_each(page);
}

/// Of a call that stands on a page more than once, corrected in later rows, the last.
fn last_of_each(page: &mut Page) {
    let mut newest: HashMap<&str, usize> = HashMap::with_capacity(page.calls.len());
    for (at, call) in page.calls.iter().enumerate() {
        newest.insert(&call.draft.call_id, at);
    }
    if newest.len() == page.calls.len() {
        return;
    }
    let mut kept: Vec<usize> = newest.into_values().collect();
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    let mut at = 0;
    page.calls.retain(|_| {
        let keeps = kept.next_if_eq(&at).is_some();
        at += 1;
        keeps
    });
}

fn take_days(
    records: &mut Records<'_>,
    layout: &Layout,
    file: &str,
    begins: bool,
    days: &mut Days,
    page: &mut Page,
) {
    let columns = &layout.columns;
    for_each(
        records,
        layout,
        file,
        begins,
        |fields, line, page| {
            let refused =
                days.add(fields, columns, &layout.mapping).err().filter(|_| page.rejects.len() < REJECTS);
            if let Some((field, reason, message)) = refused {
                page.rejects.push(at_line(file, line, field, reason, message.into()));
            }
        },
        page,
    );
}

/// Goes through records; those that are none are rejects.
fn for_each(
    records: &mut Records<'_>,
    layout: &Layout,
    file: &str,
    begins: bool,
    mut take: impl FnMut(&Fields, u64, &mut Page),
    page: &mut Page,
) {
    let mapping = &layout.mapping;
    let mut fields = Fields::new();
    let mut header = begins && mapping.columns.is_empty();
    for record in records.by_ref() {
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => {
                page.rejects.push(broken(file, line, why));
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
            page.rejects.push(at_line(file, line.number, "", RowReason::Malformed, why));
        } else if fields.len() == layout.columns.count {
            take(&fields, line.number, page);
        } else {
            let why = format!("has {} columns, and {} are named", fields.len(), layout.columns.count);
            page.rejects.push(at_line(file, line.number, "", RowReason::Malformed, why));
        }
    }
}

/// The columns of a file by its beginning; `None` where it has no line yet.
fn layout(mapping: &Mapping, head: &[u8], quiet: bool) -> Result<Option<Layout>, String> {
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
        Holds::Tallies => mapping_for(mapping, named.iter().copied()),
    };
    let columns = mapping.columns(named.iter().copied())?;
    Ok(Some(Layout { columns, mapping }))
}

fn refused(file: &Listed, why: &str) -> RejectedRow {
    let name = file.shown();
    RejectedRow {
        id: name.clone(),
        field: String::new(),
        reason: RowReason::Malformed,
        message: format!("the file is refused: it {why}"),
        row: json!({ "file": name }),
    }
}

fn broken(file: &str, line: u64, why: Broken) -> RejectedRow {
    at_line(file, line, "", RowReason::Malformed, why.to_string())
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

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        let files = self.files()?;
        report.works.push(format!("may read the folder: {} files to take", files.len()));
        let Some(newest) = files.iter().max_by_key(|file| file.changed_at) else {
            let endings = self.mapping.endings.join(", ");
            report
                .warnings
                .push(format!("no file ends in {endings}: put one there, or mend the setting files"));
            return Ok(report);
        };
        let only = std::slice::from_ref(newest);
        let Some(piece) = self.folder.piece(only, Moment::from_millis(0), None, now)? else {
            return Ok(report);
        };
        if let Err(why) = layout(&self.mapping, &piece.head, piece.quiet) {
            report.warnings.push(format!("{} is refused: it {why}", newest.shown()));
            return Ok(report);
        }
        report.works.push(format!("{} has the columns that are mapped", newest.shown()));
        if self.mapping.holds == Holds::Calls {
            let (page, _) = self.calls(&piece);
            if let Some(reject) = page.rejects.first() {
                let RejectedRow { id, field, message, .. } = reject;
                let count = page.rejects.len();
                report.warnings.push(format!(
                    "{count} rows at its beginning cannot be mapped, the first {id}: {field} {message}"
                ));
            }
            for word in page.unknown_words {
                report.warnings.push(format!(
                    "the outcome \"{}\" is in no table: add it to the setting outcomes",
                    word.word
                ));
            }
            report.sample = page.calls;
            report.sample.truncate(SAMPLE);
        }
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let at: At = request.cursor.as_ref().map_or(Ok(At::default()), Cursor::read)?;
        let files = self.files()?;
        let Some(piece) = self.folder.piece(&files, request.window.from, at.file.as_ref(), request.now)?
        else {
            return Ok(Page::empty(Next::Done));
        };
        let (page, at) = match self.mapping.holds {
            Holds::Calls => {
                let (page, file) = self.calls(&piece);
                (page, At { file: Some(file), day: None })
            }
            Holds::Tallies => {
                let (page, end, day) = self.days(&files, piece, &request, at.day)?;
                (page, if day.is_some() { At { file: at.file, day } } else { At { file: Some(end), day } })
            }
        };
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}

/// What calls or counts of a payload come to, whichever the settings say.
pub(crate) fn page_of(bytes: &[u8], mapping: &Mapping, name: &str) -> Result<Page, String> {
    match mapping.holds {
        Holds::Calls => take_calls_of(bytes, mapping, name),
        Holds::Tallies => take_days_of(bytes, mapping, name),
    }
}
