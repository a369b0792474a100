//! One folder of an Asterisk system's files, open: a page of it at a time.
//!
//! Calls in a queue that are open at a page's end stand in the cursor; CDR rows of one call are gathered where they stand together. What has to be known of
//! other files is gathered before any page is given (`known.rs`).

use async_trait::async_trait;
use callgauge_adapter::folder::{Fields, FileAt, Folder, Given, Groups, Item, Listed, Piece, Records, Taken};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, RejectedRow, SettingFaults,
    Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};

use crate::cdr;
use crate::events::{self, Open};
use crate::known::{Known, Learned};
use crate::system::System;
use crate::wire::{CdrRow, Event, Layout};

/// How many calls a check shows.
const SAMPLE: usize = 10;

/// A folder.
pub(crate) struct Account {
    folder: Folder,
    system: System,
    learned: Learned,
}

/// A place in a window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    file: Option<FileAt>,
    /// Calls in a queue whose end was not seen yet.
    open: Vec<Open>,
    /// Calls given already of which CDR rows are read again.
    already: Vec<u64>,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let folder = Folder::read(&mut read);
        let system = System::read(&mut read);
        read.finish()?;
        Ok(Self { folder, system, learned: Learned::default() })
    }

    fn files(&self) -> Result<Vec<Listed>, AdapterError> {
        self.folder.files(|name| self.system.takes(name))
    }

    fn page(&self, piece: &Piece, at: At, known: &Known, now: Moment) -> (Page, At) {
        let mut page = Page::empty(Next::Done);
        let name = piece.file.shown();
        let layout = match Layout::of(&piece.head) {
            Ok(Some(layout)) => layout,
            other => {
                if let Err(why) = other {
                    let why = format!("the file is refused: it {why}");
                    page.rejects.push(RejectedRow::of_line(&name, None, why));
                }
                return (page, At { file: Some(piece.passed()), ..At::default() });
            }
        };
        let begins = piece.offset == 0;
        let mut records = piece.records(layout.shape());
        // Of another file nothing is open and nothing was given.
        let At { file: _, mut open, already } = if begins { At::default() } else { at };
        if let Layout::Events(_) = &layout {
            let reading = Reading { layout: &layout, system: &self.system, name: &name, known };
            reading.events(&mut records, begins, &mut open, &mut page);
            if piece.last && records.exhausted() {
                events::finish(&mut open, now.millis(), known, &mut page);
            }
            (page, At { file: Some(piece.after(&records)), open, already: Vec::new() })
        } else {
            let mut calls = Groups::default();
            let reading = Reading { layout: &layout, system: &self.system, name: &name, known };
            reading.rows(&mut records, begins, &mut calls);
            let Given { groups, rejects, next, already } = calls.cut(piece, &records, &already);
            groups.iter().for_each(|rows| cdr::map(rows, &self.system, known, &mut page));
            page.rejects.extend(rejects);
            (page, At { file: Some(next), open: Vec::new(), already })
        }
    }
}

/// A whole file, by itself.
pub(crate) fn page_of(bytes: &[u8], system: &System, name: &str, now: Moment) -> Result<Page, String> {
    let mut page = Page::empty(Next::Done);
    let Some(layout) = Layout::of(bytes)? else { return Err("holds no whole line".to_owned()) };
    let known = Known::default();
    let reading = Reading { layout: &layout, system, name, known: &known };
    let mut open = Vec::new();
    let mut calls = Groups::default();
    let mut at = 0;
    while at < bytes.len() {
        let mut records = Records::whole(&bytes[at..], layout.shape());
        match &layout {
            Layout::Events(_) => reading.events(&mut records, at == 0, &mut open, &mut page),
            Layout::Rows(_) => reading.rows(&mut records, at == 0, &mut calls),
        }
        at += records.taken().max(1);
    }
    events::finish(&mut open, now.millis(), &known, &mut page);
    let (groups, rejects) = calls.all();
    groups.iter().for_each(|rows| cdr::map(rows, system, &known, &mut page));
    page.rejects.extend(rejects);
    Ok(page)
}

/// A file that is read.
struct Reading<'a> {
    layout: &'a Layout,
    system: &'a System,
    name: &'a str,
    known: &'a Known,
}

impl Reading<'_> {
    fn events(&self, records: &mut Records<'_>, begins: bool, open: &mut Vec<Open>, page: &mut Page) {
        let Layout::Events(columns) = self.layout else { return };
        let mut fields = Fields::new();
        let mut header = begins && columns.header;
        for record in records.by_ref() {
            let line = match self.line(&mut fields, record, columns.fewest, std::mem::take(&mut header)) {
                Ok(Some(line)) => line,
                Ok(None) => continue,
                Err(reject) => {
                    page.rejects.push(reject);
                    continue;
                }
            };
            let event = Event::read(&fields, columns);
            match event.at(columns, &self.system.zone) {
                Ok(at) => events::take(open, &event, at.millis(), self.system, self.known, page),
                Err(fault) => {
                    let row = RejectedRow::of_line(self.name, Some(line), fault.to_string());
                    page.rejects.push(RejectedRow { field: "time".into(), reason: fault.into(), ..row });
                }
            }
        }
    }

    fn rows(&self, records: &mut Records<'_>, begins: bool, calls: &mut Groups<CdrRow>) {
        let Layout::Rows(columns) = self.layout else { return };
        let mut fields = Fields::new();
        let mut header = begins && columns.header;
        calls.read(records, |record| {
            let line = match self.line(&mut fields, record, columns.fewest, std::mem::take(&mut header)) {
                Ok(Some(line)) => line,
                Ok(None) => return Taken::Passed,
                Err(reject) => return Taken::Refused(reject),
            };
            let row = CdrRow::read(&fields, columns);
            if row.call.is_empty() {
                let why = "has no uniqueid: set loguniqueid=yes in cdr.conf";
                return Taken::Refused(RejectedRow::of_line(self.name, Some(line), why));
            }
            Taken::Row { of: row.linked.clone(), row }
        });
    }

    /// Splits a record; gives the number of its line, `None` for a header.
    fn line(
        &self,
        fields: &mut Fields,
        record: Item<'_>,
        fewest: usize,
        header: bool,
    ) -> Result<Option<u64>, RejectedRow> {
        let refused = |line, why: String| Err(RejectedRow::of_line(self.name, Some(line), why));
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => return refused(line, why.to_string()),
        };
        if header {
            return Ok(None);
        }
        fields.split(line.bytes, self.layout.shape());
        if fields.len() >= fewest {
            return Ok(Some(line.number));
        }
        let why = match self.layout {
            Layout::Events(_) => {
                format!("has {} parts, and a queue event has {fewest} or more", fields.len())
            }
            Layout::Rows(columns) if columns.header => {
                format!("has {} columns, and the header {fewest}", fields.len())
            }
            Layout::Rows(_) => {
                format!(
                    "has {} columns, and {fewest} are needed: set loguniqueid=yes in cdr.conf",
                    fields.len()
                )
            }
        };
        refused(line.number, why)
    }
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        let files = self.files()?;
        let (queue_log, cdr) = self.system.names();
        report.works.push(format!("may read the folder: {} files to take", files.len()));
        let logs = || files.iter().filter(|file| self.system.is_queue_log(&file.name));
        if logs().next().is_none() {
            report.warnings.push(format!(
                "no file's name begins with {queue_log}: without a queue log nobody can tell who hung up waiting"
            ));
        }
        if files.len() == logs().count() {
            report.warnings.push(format!(
                "no file's name begins with {cdr}: calls that were in no queue are missing, and voicemail is not told"
            ));
        }
        let newest = logs().max_by_key(|file| file.changed_at).or_else(|| files.last());
        let Some(newest) = newest else { return Ok(report) };
        let only = std::slice::from_ref(newest);
        if let Some(piece) = self.folder.piece(only, Moment::from_millis(0), None, now)? {
            let (page, _) = self.page(&piece, At::default(), &Known::default(), now);
            if let Some(RejectedRow { id, message, .. }) = page.rejects.first() {
                report
                    .warnings
                    .push(format!("{} lines cannot be read, the first {id}: {message}", page.rejects.len()));
            }
            if piece.last && page.calls.is_empty() && page.in_progress == 0 {
                report.warnings.push(format!(
                    "no call in {}: where it holds CDR rows, name the contexts of calls from outside in the setting inbound_contexts",
                    newest.shown()
                ));
            }
            report.sample = page.calls;
            report.sample.truncate(SAMPLE);
        }
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        let at: At = cursor.as_ref().map_or(Ok(At::default()), Cursor::read)?;
        let files = self.files()?;
        let Some(piece) = self.folder.piece(&files, window.from, at.file.as_ref(), now)? else {
            return Ok(Page::empty(Next::Done));
        };
        let known = self.learned.of(&self.folder, &files, &self.system.zone, now).await?;
        let (page, at) = self.page(&piece, at, &known, now);
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}
