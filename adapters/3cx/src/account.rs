//! One folder of a 3CX system's files, open: a page of it at a time.
//!
//! A call's segments can lie on both sides of a page's end. Calls that begin in the last [`TAIL`] bytes of a piece are therefore left to the next page,
//! which reads these bytes again; calls that were given already and have rows there are named in the cursor, by a hash.

use std::collections::HashMap;

use async_trait::async_trait;
use callgauge_adapter::folder::{Fields, FileAt, Folder, HEAD, Listed, Piece, Records, Shape};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::time::Zone;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, RejectedRow, RowReason,
    SettingFaults, Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cdr::{self, System};
use crate::segments;
use crate::wire::{CDR, CdrRow, SEGMENT, Segment};

/// The end of a piece that the next one reads again: room for the segments of a call.
const TAIL: usize = 128 * 1024;
/// How many calls a check shows.
const SAMPLE: usize = 10;
const CSV: Shape = Shape { delimiter: b',', quotes: true };

/// What the files hold.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    Segments,
    Cdr { columns: Vec<String>, system: System },
}

impl Format {
    pub(crate) fn read(read: &mut SettingsReader<'_>, cdr: bool) -> Self {
        if !cdr {
            return Self::Segments;
        }
        let columns = read.list("columns");
        let columns = if columns.is_empty() { CDR.map(str::to_owned).to_vec() } else { columns };
        for needed in ["historyid", "time-start", "reason-terminated", "from-no", "to-no"] {
            if !columns.iter().any(|column| column == needed) {
                read.fault("columns", &format!("lacks {needed}, which is needed"));
            }
        }
        let zone = read.zone_or("time_zone", Zone::london());
        let (queues, extensions) = (read.list("queues"), read.list("extensions"));
        Self::Cdr { columns, system: System { zone, queues, extensions } }
    }
}

/// A folder.
pub(crate) struct Account {
    folder: Folder,
    endings: Vec<String>,
    format: Format,
}

/// A place in a window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    file: Option<FileAt>,
    /// Calls given already of which rows are read again.
    given: Vec<String>,
}

impl Account {
    pub(crate) fn open(settings: &Settings, cdr: bool) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let folder = Folder::read(&mut read);
        let endings = read.list("files");
        let format = Format::read(&mut read, cdr);
        read.finish()?;
        let usual = if cdr { vec![".csv".into(), ".log".into(), ".txt".into()] } else { vec![".csv".into()] };
        Ok(Self { folder, endings: if endings.is_empty() { usual } else { endings }, format })
    }

    fn files(&self) -> Result<Vec<Listed>, AdapterError> {
        let ends =
            |name: &str| self.endings.iter().any(|end| name.to_lowercase().ends_with(&end.to_lowercase()));
        self.folder.files(ends)
    }

    fn page(&self, piece: &Piece, given: &[String]) -> (Page, At) {
        let mut page = Page::empty(Next::Done);
        let name = piece.file.shown();
        let at = match &self.format {
            Format::Cdr { columns, system } => {
                let mut records = piece.records(CSV);
                take_cdr(&mut records, columns, system, &name, &mut page);
                At { file: Some(piece.after(&records)), given: Vec::new() }
            }
            Format::Segments => match layout(&piece.head) {
                Ok(Some(layout)) => segments_of(piece, &layout, given, &mut page),
                Ok(None) => At { file: Some(piece.passed()), given: Vec::new() },
                Err(why) => {
                    page.rejects.push(told(&name, None, format!("the file is refused: it {why}")));
                    At { file: Some(piece.passed()), given: Vec::new() }
                }
            },
        };
        (page, at)
    }
}

/// A whole file.
pub(crate) fn page_of(bytes: &[u8], format: &Format, name: &str) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let mut at = 0;
    match format {
        Format::Cdr { columns, system } => {
            while at < bytes.len() {
                let mut records = Records::whole(&bytes[at..], CSV);
                take_cdr(&mut records, columns, system, name, &mut page);
                at += records.taken().max(1);
            }
        }
        Format::Segments => {
            let Some(layout) = layout(bytes).map_err(|why| format!("the file is refused: it {why}"))? else {
                return Ok(page);
            };
            let mut calls = Calls::default();
            while at < bytes.len() {
                let mut records = Records::whole(&bytes[at..], CSV);
                calls.take(&mut records, &layout, name, at == 0, &mut page);
                at += records.taken().max(1);
            }
            calls.list.iter().for_each(|(_, segments)| segments::map(segments, &mut page));
        }
    }
    Ok(page)
}

/// Where the columns stand, and how many there are.
struct Layout {
    at: Vec<usize>,
    count: usize,
}

fn layout(head: &[u8]) -> Result<Option<Layout>, String> {
    let mut records = Records::new(head, 1, CSV, head.len() < HEAD, false);
    let Some(Ok(first)) = records.next() else { return Ok(None) };
    let mut fields = Fields::new();
    fields.split(first.bytes, CSV);
    let places = SEGMENT.map(|name| fields.iter().position(|column| column == name));
    let missing: Vec<&str> =
        SEGMENT.iter().zip(places).filter(|(_, place)| place.is_none()).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(Some(Layout { at: places.into_iter().flatten().collect(), count: fields.len() }));
    }
    Err(format!("lacks the columns {}: export cdroutput whole, with its header", missing.join(", ")))
}

/// Calls in the order of their first rows, with where these begin.
#[derive(Default)]
struct Calls {
    list: Vec<(usize, Vec<Segment>)>,
    at: HashMap<String, usize>,
    /// Of each call, where its last row begins.
    last: Vec<usize>,
    /// Where each line begins.
    lines: Vec<(usize, u64)>,
}

impl Calls {
    fn take(
        &mut self,
        records: &mut Records<'_>,
        layout: &Layout,
        name: &str,
        begins: bool,
        page: &mut Page,
    ) {
        let mut fields = Fields::new();
        let mut header = begins;
        loop {
            let (begins, line) = (records.taken(), records.line());
            let Some(record) = records.next() else { break };
            self.lines.push((begins, line));
            let record = match record {
                Ok(record) => record,
                Err((line, why)) => {
                    page.rejects.push(told(name, Some(line), why.to_string()));
                    continue;
                }
            };
            if std::mem::take(&mut header) {
                continue;
            }
            fields.split(record.bytes, CSV);
            if fields.len() != layout.count {
                let why = format!("has {} columns, and the header {}", fields.len(), layout.count);
                page.rejects.push(told(name, Some(record.number), why));
                continue;
            }
            let segment = Segment::read(&fields, &layout.at);
            if segment.call.is_empty() {
                page.rejects.push(told(name, Some(record.number), "has no main_call_history_id".into()));
                continue;
            }
            let next = self.list.len();
            let at = *self.at.entry(segment.call.clone()).or_insert(next);
            if at == next {
                self.list.push((begins, Vec::new()));
                self.last.push(begins);
            }
            self.list[at].1.push(segment);
            self.last[at] = begins;
        }
    }
}

fn segments_of(piece: &Piece, layout: &Layout, given: &[String], page: &mut Page) -> At {
    let mut records = piece.records(CSV);
    let mut calls = Calls::default();
    calls.take(&mut records, layout, &piece.file.shown(), piece.offset == 0, page);
    let whole = piece.last && records.exhausted();
    let tail = records.taken().saturating_sub(TAIL);
    let cut = calls.lines.iter().find(|(begins, _)| *begins >= tail).copied().filter(|_| !whole && tail > 0);
    let (from, file) = match cut {
        Some((begins, line)) => (begins, piece.again_from(begins, line)),
        None => (usize::MAX, piece.after(&records)),
    };
    let mut again = Vec::new();
    for ((first, segments), last) in calls.list.iter().zip(&calls.last) {
        let Some(call) = segments.first().map(|segment| short(&segment.call)) else { continue };
        let was_given = given.contains(&call);
        if *first < from && !was_given {
            segments::map(segments, page);
        }
        if *last >= from && (*first < from || was_given) {
            again.push(call);
        }
    }
    At { file: Some(file), given: again }
}

fn take_cdr(records: &mut Records<'_>, columns: &[String], system: &System, name: &str, page: &mut Page) {
    let mut fields = Fields::new();
    for record in records.by_ref() {
        match record {
            Err((line, why)) => page.rejects.push(told(name, Some(line), why.to_string())),
            Ok(record) => {
                fields.split(record.bytes, CSV);
                if fields.len() == columns.len() {
                    cdr::map(&CdrRow::read(&fields, columns), system, page);
                } else {
                    let why = format!(
                        "has {} columns, and {} are named: mend the setting columns",
                        fields.len(),
                        columns.len()
                    );
                    page.rejects.push(told(name, Some(record.number), why));
                }
            }
        }
    }
}

/// A call's id, short enough for cursors.
fn short(id: &str) -> String {
    Sha256::digest(id.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn told(file: &str, line: Option<u64>, message: String) -> RejectedRow {
    let (id, row) = match line {
        Some(line) => (format!("{file}:{line}"), json!({ "file": file, "line": line })),
        None => (file.to_owned(), json!({ "file": file })),
    };
    RejectedRow { id, field: String::new(), reason: RowReason::Malformed, message, row }
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        let files = self.files()?;
        report.works.push(format!("may read the folder: {} files to take", files.len()));
        let Some(newest) = files.iter().max_by_key(|file| file.changed_at) else {
            let endings = self.endings.join(", ");
            report
                .warnings
                .push(format!("no file ends in {endings}: let 3CX write there, or mend the setting files"));
            return Ok(report);
        };
        let only = std::slice::from_ref(newest);
        if let Some(piece) = self.folder.piece(only, Moment::from_millis(0), None, now)? {
            let (page, _) = self.page(&piece, &[]);
            if let Some(RejectedRow { id, message, .. }) = page.rejects.first() {
                report
                    .warnings
                    .push(format!("{} rows cannot be mapped, the first {id}: {message}", page.rejects.len()));
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
        // Of another file nothing was given.
        let given = if piece.offset == 0 { &[][..] } else { &at.given[..] };
        let (page, at) = self.page(&piece, given);
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}
