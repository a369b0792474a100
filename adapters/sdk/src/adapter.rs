//! The trait every adapter implements, with its whole contract.

use std::pin::Pin;

use async_trait::async_trait;
use callgauge_schema::{Moment, UnknownDurations};

use crate::{AdapterError, Cursor, Description, Page, SettingFaults, Settings, VendorCall};

/// A stretch of time, the end excluded. Which calls belong to it is the adapter's to say, as long as it always says the same and leaves no gap:
/// by when they started, or by when they ended or changed where the vendor lists them so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Moment,
    /// End, excluded; after `from`.
    pub until: Moment,
}

/// What is to be fetched.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// The stretch of time.
    pub window: Window,
    /// Where the page before left off; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// Now. Adapters know no other clock for what ends in a record.
    pub now: Moment,
}

/// Payloads that were saved to files, to be mapped without an account and without a network.
#[derive(Clone, Copy, Debug)]
pub struct MapRequest<'a> {
    /// The file's name, for formats that are told apart by it.
    pub name: &'a str,
    /// What is in it.
    pub payload: &'a [u8],
    /// The adapter's settings as far as given (a time zone, a column mapping); credentials are not needed.
    pub settings: &'a Settings,
    /// Now.
    pub now: Moment,
}

/// What trying the credentials found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// What works, a line each, in plain words: "signed in", "may read the account's call log".
    pub works: Vec<String>,
    /// What would be lost or coarser as things stand, and what to change; none where all is well.
    pub warnings: Vec<String>,
    /// Up to ten calls that would come.
    pub sample: Vec<VendorCall>,
}

impl CheckReport {
    /// The most calls that are shown.
    pub const SAMPLE: usize = 10;

    /// Of calls that came, those to show: the newest.
    pub fn newest(mut calls: Vec<VendorCall>) -> Vec<VendorCall> {
        calls.sort_by_key(|call| std::cmp::Reverse(call.draft.started_at));
        calls.truncate(Self::SAMPLE);
        calls
    }
}

/// A kind of telephony, before any account is named.
pub trait Vendor: Send + Sync {
    /// What its adapter is and can do. The same always; needs no account.
    fn description(&self) -> &Description;

    /// An adapter for one account.
    ///
    /// # Errors
    /// Every fault of the settings at once.
    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults>;

    /// Maps a saved payload.
    ///
    /// # Errors
    /// [`crate::Fault::Protocol`] where it is no payload of this vendor.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError>;

    /// Whether a window that was read to its end had all of its calls, so that their absence is a true zero. `false` for folders that a supplier puts files
    /// into: nothing tells that a file is still to come.
    fn delivers(&self) -> bool {
        true
    }

    /// The durations that calls of an account may lack: as the description says, unless the settings decide it, as with columns that are not mapped.
    fn unknown_durations(&self, _settings: &Settings) -> UnknownDurations {
        let description = self.description();
        UnknownDurations { wait: description.unknown_wait, talk: description.unknown_talk }
    }

    /// Whether the first reading takes all that is there, where the operator does not say from when: folders, which hold what somebody put there to be
    /// read. Others begin a day back, since a vendor's list may go back years.
    fn begins_with_all(&self) -> bool {
        false
    }

    /// Makes ready what [`Self::description`] needs, such as a program that has to be started; the host waits for it before each reading. Most need nothing.
    fn prepare(&self) -> Pin<Box<dyn Future<Output = Result<(), AdapterError>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}

/// One vendor account, open.
///
/// # What the host does
/// It asks for windows one after the other, never two at once of one adapter, and for the pages of a window from `None` on with the cursor that the
/// page before gave. A page and its cursor are saved in one commit; after a kill the host goes on from the last cursor saved, with a new adapter, so
/// that a page may be asked for again. It re-reads windows that it has read before (lookback), where the vendor's records come or change late.
/// It keeps errors that [`AdapterError::may_retry`] says may pass for later, with growing pauses; the adapter itself (through the HTTP kit) retries only
/// single requests, a few times.
///
/// # What an adapter must do
/// - *One call, one [`VendorCall`]*: legs, transfers, hunt groups and attempts are joined. Where the legs of a call can lie on two pages, the adapter
///   waits until it has them all: it carries the open ones in the cursor, or reads a margin around the window.
/// - *The same call has the same id always*, on every page and re-read, made of the vendor's own id and of no time that the vendor can correct.
/// - *Order does not matter*, nor do repeats: a call given twice is a duplicate or a revision.
/// - *The cursor is everything*: no state in the adapter is needed to go on from it, at most 64 KiB, no secret in it and nothing personal.
/// - *A window ends with [`crate::Next::Done`]* only when it was read to its end. A body cut short, a page out of order, an unknown shape is an error
///   ([`crate::Fault::Protocol`]), never an early end: what is not there would count as a true zero.
/// - *A call in progress is left out* and counted in [`Page::in_progress`]; it comes in a later window or a re-read.
/// - *What the vendor cannot know is absent*, never 0, and said in the description.
/// - *A row that cannot be mapped* is a [`crate::RejectedRow`]; a word that the adapter does not know makes the outcome UNCLASSIFIED and is counted in
///   [`Page::unknown_words`]. Neither ends the page.
/// - *Nothing personal*: callers' numbers, names and recordings are dropped where the payload is parsed: wire types have no field for them. They are
///   in no record, reject, cursor, log line or error. Ids that hold a number are hashed.
/// - *Cancel-safe*: the host may drop the future at any moment; what was not given back did not happen.
/// - *Bounded*: memory does not exceed two pages of the vendor's, and the one that is being read; [`crate::steps`] does that for vendors that list legs.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// Tries credentials and permissions and reads a little, newest first.
    ///
    /// # Errors
    /// What an operator has to change.
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError>;

    /// One page of a window.
    ///
    /// # Errors
    /// [`AdapterError`]; nothing of the page has happened then.
    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError>;
}
