//! One folder of files, open: a page of it at a time.

use std::collections::BTreeSet;

use async_trait::async_trait;
use callgauge_adapter::folder::{FileAt, Folder, Listed, Piece};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, RejectedRow, SettingFaults,
    Settings, SettingsReader,
};
use serde::{Deserialize, Serialize};

use crate::mapping::{Holds, Mapping};
use crate::rows::{Layout, Refusals, last_of_each, layout, refused, take_calls, take_days};
use crate::tallies::{Days, Given};

/// How many calls a check shows.
const SAMPLE: usize = 10;

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
    /// Inside which aggregated file.
    within: Option<Within>,
}

/// A place in an aggregated file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Within {
    /// The file as it was: in another one, dates are read from the first.
    name: String,
    size: u64,
    changed_millis: i64,
    given: Given,
}

impl Within {
    fn new(file: &Listed, given: Given) -> Self {
        let Listed { name, size, written_at: _, changed_at } = file;
        Self { name: name.clone(), size: *size, changed_millis: changed_at.millis(), given }
    }

    /// What was given of this file.
    fn of(self, file: &Listed) -> Option<Given> {
        (Self::new(file, self.given.clone()) == self).then_some(self.given)
    }
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
        last_of_each(&mut page);
        let after = piece.after(&records);
        (page, after)
    }

    /// Reads a whole aggregated file for the next dates of it; what was given by then where there are more.
    async fn days(
        &self,
        files: &[Listed],
        first: Piece,
        request: &FetchRequest,
        after: Option<Given>,
    ) -> Result<(Page, FileAt, Option<Given>), AdapterError> {
        let mut page = Page::empty(Next::Done);
        let (file, end) = (first.file.clone(), first.passed());
        let layout = match layout(&self.mapping, &first.head, first.quiet) {
            Ok(Some(layout)) => layout,
            Ok(None) => return Ok((page, end, None)),
            Err(why) => {
                page.rejects.push(refused(&file, &why));
                return Ok((page, end, None));
            }
        };
        // Rejects are told once, with the first dates.
        let telling = after.is_none();
        let mut days = Days::after(after);
        let mut refusals = Refusals::of(&file.shown());
        let mut piece = first;
        let whole = loop {
            let mut records = piece.records(self.mapping.shape);
            take_days(&mut records, &layout, piece.offset == 0, &mut days, &mut refusals);
            if piece.last && records.exhausted() {
                break records.taken() == piece.bytes.len();
            }
            // A file of a month is long: others have their turn meanwhile.
            tokio::task::yield_now().await;
            let at = piece.after(&records);
            let next = self.folder.piece(files, request.window.from, Some(&at), request.now)?;
            match next.filter(|next| next.file.name == file.name && next.offset > piece.offset) {
                Some(next) => piece = next,
                None => break false,
            }
        };
        // Half a line, or a file that was written to meanwhile: half a day is no day. What was done to it brings it back in the next reading.
        if !whole || !self.folder.unchanged(&file) {
            return Ok((page, end, None));
        }
        if telling {
            page.rejects = refusals.told();
        }
        let (rows, last) = days.into_rows(layout.mapping.missing_is_zero == Some(true));
        page.tallies = rows;
        Ok((page, end, last))
    }
}

/// What the beginning of an aggregated file counts.
fn beginning(piece: &Piece, layout: &Layout, report: &mut CheckReport) -> Page {
    let (mut days, mut refusals) = (Days::after(None), Refusals::of(&piece.file.shown()));
    take_days(&mut piece.records(layout.mapping.shape), layout, true, &mut days, &mut refusals);
    let (rows, _) = days.into_rows(false);
    let whose: BTreeSet<_> = rows.iter().map(|row| (&row.practice, &row.account, &row.places)).collect();
    let (first, last) = (rows.first(), rows.last());
    if let Some((first, last)) = first.zip(last) {
        let (whose, first, last) = (whose.len(), &first.date, &last.date);
        report.works.push(format!(
            "its beginning has counts of {whose} practices, accounts or places, {first} to {last}"
        ));
    }
    Page { rejects: refusals.told(), ..Page::empty(Next::Done) }
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
        let name = newest.shown();
        let layout = match layout(&self.mapping, &piece.head, piece.quiet) {
            Ok(Some(layout)) => layout,
            Ok(None) => {
                report.warnings.push(format!("{name} has no whole line yet"));
                return Ok(report);
            }
            Err(why) => {
                report.warnings.push(format!("{name} is refused: it {why}"));
                return Ok(report);
            }
        };
        report.works.push(format!("{name} has the columns that are mapped"));
        if piece.last && !piece.quiet && !piece.bytes.ends_with(b"\n") {
            report.warnings.push(format!(
                "{name} ends in the middle of a line: its rest is waited for until nothing was written for ten minutes"
            ));
        }
        let page = match self.mapping.holds {
            Holds::Calls => self.calls(&piece).0,
            Holds::Tallies => beginning(&piece, &layout, &mut report),
        };
        if let Some(RejectedRow { id, field, message, .. }) = page.rejects.first() {
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
                (page, At { file: Some(file), within: None })
            }
            Holds::Tallies => {
                let file = piece.file.clone();
                let after = at.within.and_then(|within| within.of(&file));
                let (page, end, last) = self.days(&files, piece, &request, after).await?;
                match last {
                    Some(given) => (page, At { file: at.file, within: Some(Within::new(&file, given)) }),
                    None => (page, At { file: Some(end), within: None }),
                }
            }
        };
        Ok(Page { next: Next::More(Cursor::write(&at)), ..page })
    }
}
