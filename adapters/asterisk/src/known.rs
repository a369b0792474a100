//! What has to be known of all files of a folder before any of them can be mapped: which calls were in a queue, which of them ended there, which reached a mailbox.
//!
//! Kept as hashes, and learned from what was written since the last time. It is a shortcut only: a new adapter learns it anew from the same files.

use std::collections::{BTreeMap, HashSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use callgauge_adapter::folder::{Fields, FileAt, Folder, Listed, Records, fingerprint};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::time::Zone;
use callgauge_adapter::{AdapterError, Fault};

use crate::wire::{CdrRow, Event, Layout, What};

/// Calls whose hashes are kept.
const CALLS: usize = 1_000_000;

/// Calls, by their hash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// In a queue.
    queued: HashSet<u64>,
    /// With an end in a queue log.
    ended: HashSet<u64>,
    /// With a row for voicemail.
    voicemail: HashSet<u64>,
    /// When the queue logs begin, in milliseconds; `None` where there are none.
    pub(crate) since: Option<i64>,
}

impl Known {
    /// Whether a call was in a queue.
    pub(crate) fn queued(&self, call: &str) -> bool {
        self.queued.contains(&fingerprint(call))
    }

    /// Whether a queue log tells how a call ended.
    pub(crate) fn ended(&self, call: &str) -> bool {
        self.ended.contains(&fingerprint(call))
    }

    /// Whether a call reached a mailbox.
    pub(crate) fn voicemail(&self, call: &str) -> bool {
        self.voicemail.contains(&fingerprint(call))
    }

    fn learn(&mut self, records: &mut Records<'_>, layout: &Layout, zone: &Zone) {
        let mut fields = Fields::new();
        for record in records.by_ref().flatten() {
            fields.split(record.bytes, layout.shape());
            match layout {
                Layout::Events(columns) if fields.len() >= columns.fewest => {
                    let event = Event::read(&fields, columns);
                    if !event.of_queue() {
                        continue;
                    }
                    let at = event.at(columns, zone).ok().map(Moment::millis);
                    self.since = [self.since, at].into_iter().flatten().min();
                    let call = fingerprint(&event.call);
                    self.queued.insert(call);
                    if matches!(event.what, What::Completed(..) | What::Transferred(..) | What::Abandoned(_))
                    {
                        self.ended.insert(call);
                    }
                }
                Layout::Rows(columns) if fields.len() >= columns.fewest => {
                    let row = CdrRow::read(&fields, columns);
                    if row.application.eq_ignore_ascii_case("voicemail") {
                        self.voicemail.extend([fingerprint(&row.call), fingerprint(&row.linked)]);
                    }
                }
                Layout::Events(_) | Layout::Rows(_) => {}
            }
        }
    }
}

/// What was learned so far, and how far each file was read for it.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    kept: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Arc<Known>,
    files: BTreeMap<String, (Listed, FileAt)>,
}

impl Learned {
    /// What is known from these files, all of them and whenever they were written: a call's other file may have been closed long ago.
    ///
    /// # Errors
    /// [`Fault::File`] where a file cannot be read or there are too many calls.
    pub(crate) async fn of(
        &self,
        folder: &Folder,
        files: &[Listed],
        zone: &Zone,
        now: Moment,
    ) -> Result<Arc<Known>, AdapterError> {
        // Where this is dropped half-way, it is learned anew.
        let mut state = std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        for file in files {
            if state.files.get(&file.name).is_some_and(|(known, _)| known == file) {
                continue;
            }
            let mut at = state.files.remove(&file.name).map(|(_, at)| at);
            while let Some(piece) =
                folder.piece(std::slice::from_ref(file), Moment::from_millis(0), at.as_ref(), now)?
            {
                let Ok(Some(layout)) = Layout::of(&piece.head) else { break };
                let mut records = piece.records(layout.shape());
                Arc::make_mut(&mut state.known).learn(&mut records, &layout, zone);
                let read = piece.again_from(records.taken(), records.line());
                let whole = piece.last && records.exhausted();
                at = Some(read.clone());
                state.files.insert(file.name.clone(), (file.clone(), read));
                if whole {
                    break;
                }
                if state.known.queued.len() + state.known.voicemail.len() > CALLS {
                    return Err(AdapterError::new(
                        Fault::File,
                        "the folder's files hold more than a million calls: rotate them, and move the old ones away",
                    ));
                }
                breathe().await;
            }
        }
        let known = Arc::clone(&state.known);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(known)
    }
}

/// Lets others work between two pieces.
async fn breathe() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
