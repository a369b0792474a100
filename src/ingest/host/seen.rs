//! How a source is doing, as its task says it and everybody can see it.

use std::sync::{Mutex, PoisonError};

use callgauge_schema::Moment;

use super::progress::Progress;

/// What a source is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Waiting for its time.
    #[default]
    Waiting,
    /// Being read.
    Reading,
    /// Failed, and tried again after a pause.
    Retrying,
    /// Failed, and somebody has to change something.
    Failed,
    /// Not read by this process.
    Stopped,
}

/// How a source is doing.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// What it is doing.
    pub doing: Doing,
    /// What went wrong last.
    pub problem: String,
    /// When it was last read to the moment.
    pub last_success: Option<Moment>,
    /// Where reading began.
    pub start: Option<Moment>,
    /// Everything before was read once.
    pub read_until: Option<Moment>,
    /// Everything before is settled.
    pub settled_until: Option<Moment>,
    /// When it is read next.
    pub next_read: Option<Moment>,
    /// Calls in progress.
    pub in_progress: u64,
    /// Words that the adapter does not know: field, word, how often.
    pub words: Vec<(String, String, u64)>,
    /// What works and could be better.
    pub warnings: Vec<String>,
}

/// A view that one task writes and many read.
#[derive(Debug, Default)]
pub struct Seen(Mutex<View>);

impl Seen {
    /// As it is now.
    pub fn now(&self) -> View {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut View)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn got(&self, progress: &Progress) {
        let moment = |millis| Some(Moment::from_millis(millis));
        let words = progress.words.iter().flat_map(|(field, words)| {
            words.iter().map(|(word, times)| (field.clone(), word.clone(), *times))
        });
        self.change(|view| {
            view.start = moment(progress.start);
            let read = progress.read_until > progress.start;
            view.read_until = moment(progress.read_until).filter(|_| read);
            view.settled_until =
                moment(progress.settled_until).filter(|_| progress.settled_until > progress.start);
            view.last_success = progress.last_success.map(Moment::from_millis);
            view.in_progress = progress.in_progress;
            view.words = words.collect();
        });
    }
}
