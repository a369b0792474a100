//! One folder of an Asterisk system's files, open: a page of it at a time.
//!
//! Calls that are open at a page's end stand in the cursor. What has to be known of other files (which calls were in a queue, which ended in voicemail) is
//! gathered once for a listing of the folder, as hashes; it is a shortcut only and is made anew where it is not there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use callgauge_adapter::folder::{Fields, FileAt, Folder, Listed, Piece, Records, Shape};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::time::{self, Zone};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Fault, FetchRequest, Next, Page, RejectedRow, RowReason,
    SettingFaults, Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::cdr;
use crate::events::{self, Known, Open};
use crate::wire::{CDR_COLUMNS, CdrRow, Event, What};

/// Calls whose hashes are kept.
const KNOWN: usize = 4_000_000;
/// How many calls a check shows.
const SAMPLE: usize = 10;
const QUEUE_LOG: Shape = Shape { delimiter: b'|', quotes: false };
const CDR: Shape = Shape { delimiter: b',', quotes: true };

/// What the operator says of the system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) zone: Zone,
    pub(crate) keys: Vec<String>,
    pub(crate) inbound: Vec<String>,
    queue_log: String,
    cdr: String,
}

impl System {
    pub(crate) fn read(read: &mut SettingsReader<'_>) -> Self {
        let inbound = read.list("inbound_contexts");
        let usual = ["from-trunk", "from-pstn", "from-did-direct", "ext-did"].map(str::to_owned).to_vec();
        Self {
            zone: read.zone_or("time_zone", Zone::london()),
            keys: read.list("callback_keys"),
            inbound: if inbound.is_empty() { usual } else { inbound },
            queue_log: read.text_or("queue_log", "queue_log"),
            cdr: read.text_or("cdr", "Master"),
        }
    }

    fn is_queue_log(&self, name: &str) -> bool {
        name.starts_with(&self.queue_log)
    }

    fn is_cdr(&self, name: &str) -> bool {
        name.starts_with(&self.cdr)
    }
}

/// A folder.
pub(crate) struct Account {
    folder: Folder,
    system: System,
    known: Mutex<Option<(Vec<Listed>, Arc<Known>)>>,
}

/// A place in a window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    file: Option<FileAt>,
    open: Vec<Open>,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let folder = Folder::read(&mut read);
        let system = System::read(&mut read);
        read.finish()?;
        Ok(Self { folder, system, known: Mutex::new(None) })
    }

    fn files(&self) -> Result<Vec<Listed>, AdapterError> {
        self.folder.files(|name| self.system.is_queue_log(name) || self.system.is_cdr(name))
    }

    /// What is known from the files that are read for a window.
    fn known(&self, files: &[Listed], since: Moment, now: Moment) -> Result<Arc<Known>, AdapterError> {
        // A day more, for a call whose other file was closed before.
        let since = since.plus_millis(-86_400_000);
        let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = kept.as_ref().filter(|(of, _)| of == files) {
            return Ok(Arc::clone(known));
        }
        let mut known = Known::default();
        let mut at = None;
        while let Some(piece) = self.folder.piece(files, since, at.as_ref(), now)? {
            let queue_log = self.system.is_queue_log(&piece.file.name);
            let mut records = piece.records(if queue_log { QUEUE_LOG } else { CDR });
            learn(&mut records, queue_log, &mut known);
            if known.queued.len() + known.voicemail.len() > KNOWN {
                return Err(AdapterError::new(
                    Fault::File,
                    "the folder's files hold more than four million calls: rotate them, and move the old ones away",
                ));
            }
            at = Some(piece.after(&records));
        }
        let known = Arc::new(known);
        *kept = Some((files.to_vec(), Arc::clone(&known)));
        Ok(known)
    }

    fn page(&self, piece: &Piece, open: Vec<Open>, known: &Known, now: Moment) -> (Page, At) {
        let mut page = Page::empty(Next::Done);
        let mut open = open;
        let name = piece.file.shown();
        let queue_log = self.system.is_queue_log(&piece.file.name);
        let mut records = piece.records(if queue_log { QUEUE_LOG } else { CDR });
        if queue_log {
            take_events(&mut records, &self.system, &name, known, &mut open, &mut page);
            if piece.last && records.exhausted() {
                events::finish(&mut open, now.millis(), known, &mut page);
            }
        } else {
            take_rows(&mut records, &self.system, &name, known, &mut page);
        }
        (page, At { file: Some(piece.after(&records)), open })
    }
}

/// A whole file, by itself.
pub(crate) fn page_of(
    bytes: &[u8],
    system: &System,
    file: &str,
    name: &str,
    now: Moment,
) -> Result<Page, String> {
    let queue_log = system.is_queue_log(file);
    if !queue_log && !system.is_cdr(file) {
        return Err(format!("expected a file whose name begins with {} or {}", system.queue_log, system.cdr));
    }
    let mut page = Page::empty(Next::Done);
    let mut open = Vec::new();
    let known = Known::default();
    let mut at = 0;
    while at < bytes.len() {
        let mut records = Records::whole(&bytes[at..], if queue_log { QUEUE_LOG } else { CDR });
        if queue_log {
            take_events(&mut records, system, name, &known, &mut open, &mut page);
        } else {
            take_rows(&mut records, system, name, &known, &mut page);
        }
        at += records.taken().max(1);
    }
    events::finish(&mut open, now.millis(), &known, &mut page);
    Ok(page)
}

fn learn(records: &mut Records<'_>, queue_log: bool, known: &mut Known) {
    let mut fields = Fields::new();
    for record in records.by_ref().flatten() {
        fields.split(record.bytes, if queue_log { QUEUE_LOG } else { CDR });
        if queue_log {
            let event = Event::read(&fields);
            if event.call.is_empty()
                || matches!(event.what, What::Beside | What::Unknown(_) | What::Dialled(_))
            {
                continue;
            }
            known.queued.insert(short(&event.call));
            if matches!(event.what, What::Completed(..) | What::Transferred(..) | What::Abandoned(_)) {
                known.ended.insert(short(&event.call));
            }
        } else if fields.len() >= CDR_COLUMNS {
            let row = CdrRow::read(&fields);
            if row.application.eq_ignore_ascii_case("voicemail") {
                known.voicemail.insert(short(&row.call));
            }
        }
    }
}

fn take_events(
    records: &mut Records<'_>,
    system: &System,
    name: &str,
    known: &Known,
    open: &mut Vec<Open>,
    page: &mut Page,
) {
    let mut fields = Fields::new();
    for record in records.by_ref() {
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => {
                page.rejects.push(told(name, line, why.to_string()));
                continue;
            }
        };
        fields.split(line.bytes, QUEUE_LOG);
        if fields.len() < 5 {
            page.rejects.push(told(
                name,
                line.number,
                format!("has {} parts, and a queue event has five or more", fields.len()),
            ));
            continue;
        }
        let event = Event::read(&fields);
        match time::epoch_text(event.time) {
            Ok(at) => events::take(open, &event, at.millis(), &system.keys, known, page),
            Err(fault) => page.rejects.push(told(name, line.number, format!("its time {fault}"))),
        }
    }
}

fn take_rows(records: &mut Records<'_>, system: &System, name: &str, known: &Known, page: &mut Page) {
    let mut fields = Fields::new();
    for record in records.by_ref() {
        let line = match record {
            Ok(line) => line,
            Err((line, why)) => {
                page.rejects.push(told(name, line, why.to_string()));
                continue;
            }
        };
        fields.split(line.bytes, CDR);
        if fields.len() < CDR_COLUMNS {
            let why = format!(
                "has {} columns, and {CDR_COLUMNS} are needed: set loguniqueid=yes in cdr.conf",
                fields.len()
            );
            page.rejects.push(told(name, line.number, why));
            continue;
        }
        let row = CdrRow::read(&fields);
        if !system.inbound.iter().any(|context| context == row.context)
            || known.queued.contains(&short(&row.call))
        {
            continue;
        }
        if row.call.is_empty() {
            page.rejects.push(told(
                name,
                line.number,
                "has no uniqueid: set loguniqueid=yes in cdr.conf".into(),
            ));
            continue;
        }
        cdr::map(&row, system, page);
    }
}

/// A call's id as a number.
pub(crate) fn short(id: &str) -> u64 {
    let hash = Sha256::digest(id.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn told(file: &str, line: u64, message: String) -> RejectedRow {
    RejectedRow {
        id: format!("{file}:{line}"),
        field: String::new(),
        reason: RowReason::Malformed,
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
        let logs = files.iter().filter(|file| self.system.is_queue_log(&file.name));
        let Some(newest) = logs.max_by_key(|file| file.changed_at) else {
            let name = &self.system.queue_log;
            report.warnings.push(format!(
                "no file's name begins with {name}: without a queue log nobody can tell who hung up waiting"
            ));
            return Ok(report);
        };
        if !files.iter().any(|file| self.system.is_cdr(&file.name)) {
            let name = &self.system.cdr;
            report.warnings.push(format!("no file's name begins with {name}: calls that were in no queue are missing, and voicemail is not told"));
        }
        let only = std::slice::from_ref(newest);
        if let Some(piece) = self.folder.piece(only, Moment::from_millis(0), None, now)? {
            let (page, _) = self.page(&piece, Vec::new(), &Known::default(), now);
            if let Some(RejectedRow { id, message, .. }) = page.rejects.first() {
                report
                    .warnings
                    .push(format!("{} lines cannot be read, the first {id}: {message}", page.rejects.len()));
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
        let known = self.known(&files, window.from, now)?;
        // Of another file nothing is open.
        let open = if piece.offset == 0 { Vec::new() } else { at.open };
        let (page, at) = self.page(&piece, open, &known, now);
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}
