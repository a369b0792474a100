//! One folder of a 3CX system's files, open: a page of it at a time.

use async_trait::async_trait;
use callgauge_adapter::folder::{
    Fields, FileAt, Folder, Given, Groups, HEAD, Item, Listed, Piece, Records, Shape, Taken,
};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, RejectedRow, SettingFaults,
    Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};

use crate::map::cdr::{self, System};
use crate::map::segments;
use crate::wire::cdr::{CdrRow, Columns};
use crate::wire::segment::{BESIDE, NEEDED, Segment};

/// How many calls a check shows.
const SAMPLE: usize = 10;
const CSV: Shape = Shape { delimiter: b',', quotes: true };

/// What the files hold.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    /// Exports of `cdroutput`.
    Segments,
    /// CDR files.
    Cdr { columns: Columns, system: System },
}

impl Format {
    /// Reads the settings of CDR files.
    pub(crate) fn cdr(read: &mut SettingsReader<'_>) -> Self {
        let columns = Columns::of(read.list("columns"));
        for needed in columns.lacking() {
            read.fault("columns", &format!("lacks {needed}, which is needed"));
        }
        for strange in columns.strange() {
            read.fault("columns", &format!("names {strange:?}, which 3CX has no column for"));
        }
        Self::Cdr { columns, system: System::read(read) }
    }

    const fn usual_endings(&self) -> &'static [&'static str] {
        match self {
            Self::Segments => &[".csv"],
            Self::Cdr { .. } => &[".csv", ".log", ".txt"],
        }
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
    already: Vec<u64>,
}

impl Account {
    pub(crate) fn open(
        settings: &Settings,
        format: impl FnOnce(&mut SettingsReader<'_>) -> Format,
    ) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let folder = Folder::read(&mut read);
        let mut endings = read.list("files");
        let format = format(&mut read);
        read.finish()?;
        if endings.is_empty() {
            endings = format.usual_endings().iter().map(|end| (*end).to_owned()).collect();
        }
        Ok(Self { folder, endings, format })
    }

    fn files(&self) -> Result<Vec<Listed>, AdapterError> {
        let ends =
            |name: &str| self.endings.iter().any(|end| name.to_lowercase().ends_with(&end.to_lowercase()));
        self.folder.files(ends)
    }

    fn page(&self, piece: &Piece, already: &[u64]) -> (Page, At) {
        let mut page = Page::empty(Next::Done);
        let name = piece.file.shown();
        let file = |file| At { file: Some(file), already: Vec::new() };
        let at = match &self.format {
            Format::Cdr { columns, system } => {
                let mut records = piece.records(CSV);
                rows(&mut records, columns, system, &name, &mut page);
                file(piece.after(&records))
            }
            Format::Segments => match Layout::of(&piece.head) {
                Ok(Some(layout)) => {
                    let mut records = piece.records(CSV);
                    let mut calls = Groups::default();
                    layout.read(&mut calls, &mut records, &name, piece.offset == 0);
                    let Given { groups, rejects, next, already } = calls.cut(piece, &records, already);
                    groups.iter().for_each(|call| segments::map(call, &mut page));
                    page.rejects.extend(rejects);
                    At { file: Some(next), already }
                }
                // Its header is not all there yet.
                Ok(None) => file(piece.passed()),
                Err(why) => {
                    page.rejects.push(RejectedRow::of_line(
                        &name,
                        None,
                        format!("the file is refused: it {why}"),
                    ));
                    file(piece.passed())
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
            if let Some(layout) = Layout::of(bytes).ok().flatten()
                && layout.count > 1
            {
                return Err("expected a CDR file without a header; this is an export of cdroutput, which the adapter 3cx_cdroutput reads".to_owned());
            }
            while at < bytes.len() {
                let mut records = Records::whole(&bytes[at..], CSV);
                rows(&mut records, columns, system, name, &mut page);
                at += records.taken().max(1);
            }
        }
        Format::Segments => {
            let Some(layout) = Layout::of(bytes).map_err(|why| format!("the file is refused: it {why}"))?
            else {
                return Ok(page);
            };
            let mut calls = Groups::default();
            while at < bytes.len() {
                let mut records = Records::whole(&bytes[at..], CSV);
                layout.read(&mut calls, &mut records, name, at == 0);
                at += records.taken().max(1);
            }
            let (groups, rejects) = calls.all();
            groups.iter().for_each(|call| segments::map(call, &mut page));
            page.rejects.extend(rejects);
        }
    }
    Ok(page)
}

/// Where the columns of an export stand, and how many there are.
struct Layout {
    at: Vec<Option<usize>>,
    count: usize,
}

impl Layout {
    /// From a file's beginning; `None` where its first line is not all there.
    fn of(head: &[u8]) -> Result<Option<Self>, String> {
        let mut records = Records::new(head, 1, CSV, head.len() < HEAD, false);
        let Some(Ok(first)) = records.next() else { return Ok(None) };
        let mut fields = Fields::new();
        fields.split(first.bytes, CSV);
        let place = |name: &&str| fields.iter().position(|column| column.eq_ignore_ascii_case(name));
        let missing: Vec<&str> = NEEDED.iter().filter(|name| place(name).is_none()).copied().collect();
        if missing.is_empty() {
            let at = NEEDED.iter().chain(&BESIDE).map(place).collect();
            return Ok(Some(Self { at, count: fields.len() }));
        }
        let lacks = if missing.len() == NEEDED.len() { "all columns".to_owned() } else { missing.join(", ") };
        Err(format!("lacks {lacks} in its first line: export the table cdroutput whole, with its header"))
    }

    /// Reads segments; the first record of a file is its header.
    fn read(&self, calls: &mut Groups<Segment>, records: &mut Records<'_>, name: &str, begins: bool) {
        let mut fields = Fields::new();
        let mut header = begins;
        calls.read(records, |record| {
            let header = std::mem::take(&mut header);
            self.segment(&mut fields, record, name, header)
        });
    }

    fn segment(&self, fields: &mut Fields, record: Item<'_>, name: &str, header: bool) -> Taken<Segment> {
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => {
                return Taken::Refused(RejectedRow::of_line(name, Some(line), why.to_string()));
            }
        };
        if header {
            return Taken::Passed;
        }
        let refused = |why: String| Taken::Refused(RejectedRow::of_line(name, Some(line.number), why));
        fields.split(line.bytes, CSV);
        if fields.len() != self.count {
            return refused(format!("has {} columns, and the header {}", fields.len(), self.count));
        }
        let segment = Segment::read(fields, &self.at);
        if segment.call.is_empty() {
            return refused("has no main_call_history_id".to_owned());
        }
        Taken::Row { of: segment.call.clone(), row: segment }
    }
}

fn rows(records: &mut Records<'_>, columns: &Columns, system: &System, name: &str, page: &mut Page) {
    let mut fields = Fields::new();
    for record in records.by_ref() {
        let (line, why) = match record {
            Err((line, why)) => (line, why.to_string()),
            Ok(line) => {
                fields.split(line.bytes, CSV);
                if columns.takes(fields.len()) {
                    cdr::map(&CdrRow::read(&fields, columns), system, page);
                    continue;
                }
                (line.number, format!("has {} columns, and {}", fields.len(), columns.count()))
            }
        };
        page.rejects.push(RejectedRow::of_line(name, Some(line), why));
    }
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
            report.warnings.extend(warnings(&page));
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
        let already = if piece.offset == 0 { &[][..] } else { &at.already[..] };
        let (page, at) = self.page(&piece, already);
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}

/// What an operator should know of a page.
fn warnings(page: &Page) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(RejectedRow { id, message, .. }) = page.rejects.first() {
        warnings.push(format!("{} rows cannot be mapped, the first {id}: {message}", page.rejects.len()));
    }
    let unsaid: Vec<&str> = page
        .unknown_words
        .iter()
        .filter(|word| matches!(word.field.as_str(), "to-dn" | "final-dn"))
        .map(|word| word.word.as_str())
        .collect();
    if !unsaid.is_empty() {
        warnings.push(format!(
            "nothing says whether persons or machines answer at {}: name persons in the setting extensions; until then these calls are UNCLASSIFIED",
            unsaid.join(", ")
        ));
    }
    warnings
}
