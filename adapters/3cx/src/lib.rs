//! 3CX: three adapters, because each way of reading a 3CX system can know different things.
//!
//! | adapter | reads | knows waits |
//! |---|---|---|
//! | `3cx` | the call log of version 20 over XAPI | yes |
//! | `3cx_cdroutput` | exports of the table `cdroutput` of version 20, in a folder | yes |
//! | `3cx_cdr` | CDR files of versions 16, 18 and 20, in a folder | no |
//!
//! # `3cx`
//!
//! `GET /xapi/v1/ReportCallLogData/Pbx.GetCallLogData(...)` by when stages of calls began, with `$top`, `$skip` and `$count`. Signed in by `POST /connect/token` as a client that is made in
//! the admin console (Integrations, API) with the Configuration API and the role System Owner; it needs an Enterprise licence. A client has one token at a time: this one must be callgauge's
//! alone. A call is several rows, which share `MainCallHistoryId`: the log is read in steps of hours with two hours before and after each, and of the joined calls those
//! that began within the step are given.
//!
//! ```toml
//! base_url = "https://northsurgery.3cx.example:5001"
//! client_id = "callgauge"
//! client_secret = { env = "THREECX_SECRET" }
//! ```
//!
//! | their word | ours |
//! |---|---|
//! | Direction of the first row Inbound, Inbound Queue | inbound |
//! | Outbound | outbound |
//! | Internal | no external call: left out |
//! | any other Direction | a reject |
//! | a row to an extension (DestinationType 0) with Answered | ANSWERED, after its RingingDuration |
//! | a row to a mailbox (5) | MISSED, voicemail |
//! | last stage, telephones that a queue polled apart, a queue (4) or ring group (2) | MISSED, abandoned in queue |
//! | a queue or telephone, and then the system hung up (12) | MISSED, queue timeout |
//! | a queue or telephone, and any other end | MISSED |
//! | neither, and a line to outside (1) | ENDED_IN_IVR, diverted |
//! | neither | ENDED_IN_IVR |
//! | Status of the last stage Redirected or Waiting, within four hours, and nobody answered | in progress: left for later |
//! | a Status other than Answered, Unanswered, Redirected, Waiting, or a DestinationType that is not known, and nobody answered | UNCLASSIFIED, counted |
//!
//! A queue's own row may say Answered: that is the machine, and is not looked at.
//!
//! # `3cx_cdroutput`
//!
//! CSV with a header, all rows of a call near each other (in the order of `cdr_started_at`), joined by `main_call_history_id`.
//!
//! ```toml
//! folder = "/srv/telephony/3cx"
//! ```
//!
//! | their word | ours |
//! |---|---|
//! | first source is an incoming external line | inbound |
//! | first source is an extension, a destination an external line | outbound |
//! | neither | internal, left out |
//! | a segment from outside to an extension with `cdr_answered_at` | ANSWERED: a queue's, script's or menu's `cdr_answered_at` is the machine's |
//! | a segment to voicemail, answered | MISSED, voicemail |
//! | last stage a queue or ring group, `src_participant_terminated` | MISSED, abandoned in queue |
//! | last stage a queue, any other end | MISSED |
//! | only extensions rang: `src_participant_terminated` | MISSED, abandoned while ringing |
//! | `busy` | MISSED, busy |
//! | any other end of ringing | MISSED, rang out |
//! | no queue and no extension, a destination an external line | ENDED_IN_IVR, diverted |
//! | no queue and no extension, `src_participant_terminated` | ENDED_IN_IVR, hung up in menu |
//! | no queue and no extension, any other end | ENDED_IN_IVR |
//! | an unknown `termination_reason` at the end of an unanswered call | UNCLASSIFIED, counted |
//! | a segment without `cdr_ended_at`, or one that goes on in a segment that is not there | in progress |
//! | the first segment came of one that is not in the file (`originating_cdr_id`) | a reject: the export cuts calls in two |
//!
//! # Waits and places of these two
//!
//! Derived: the wait from the first queue or first ringing telephone to the first person's answer, the mailbox or the end, which no transfer begins anew; the talk from that answer to the end of
//! the last stage. A telephone that sends every call on (`forward_all`, not registered) did not ring. Places are the number that was dialled, the first queue by its name and by its number, and the trunk's
//! number as a site.
//!
//! # `3cx_cdr`
//!
//! A row a call, without a header, columns as the setting `columns` has them (without it the 27 of version 16, or the first 20 of them, as version 18 writes). A queue's answer and a person's stand
//! in the same column, so that waits and talk times cannot be known.
//!
//! ```toml
//! folder = "/srv/telephony/3cx"
//! queues = ["800-809"]
//! extensions = ["100-199"]
//! ```
//!
//! | their word | ours |
//! |---|---|
//! | `from-type` External, or a `from-no` that is no `Ext.` | inbound |
//! | `to-type` External, or a `to-no` that is no `Ext.` | outbound |
//! | `final-type` VoiceMail, or an extension of `voicemail` | MISSED, voicemail |
//! | `final-number`, by `ReplacedDst` | ANSWERED: somebody took it off the queue |
//! | `final-number`, by another `reason-changed` (`QFwdToDNA`) | ANSWERED where `extensions` names it; where they name others, MISSED after a queue and ENDED_IN_IVR without one; UNCLASSIFIED where no setting tells |
//! | `missed-queue-calls`, or `to-no` among `queues`, and no `final-number` | MISSED, abandoned in queue (`TerminatedBySrc`) |
//! | `time-answered`, neither of these | ANSWERED where `extensions` names `to-no`; ENDED_IN_IVR where they name others; UNCLASSIFIED where no setting tells |
//! | no `time-answered` | MISSED; by `TerminatedBySrc` or `Failed_Cancelled` abandoned while ringing; by `Failed_Busy` busy |
//! | another `reason-terminated` | UNCLASSIFIED, counted |
//!
//! Calls that are UNCLASSIFIED for want of a setting are counted with the extension (`to-dn`, `final-dn`). Times are local; on the night when clocks go back those of the hour that comes twice are rejects. Calls
//! in progress are not written to CDR files. Places are the queue's or extension's number, and the trunk's as a site.
//!
//! None of the three marks callbacks on calls: 3CX counts them by queue only. NOT_AVAILABLE. Not confirmed: see `Description::unconfirmed` of each.

mod description;
mod fetch;
mod map;
mod wire;

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Vendor, call_id_of,
};

use fetch::folder::{Account as Files, Format, page_of};
use fetch::xapi::Account;
use wire::xapi::Log;

/// The scripted vendor that the conformance kit plays for `3cx`.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");
/// The same for `3cx_cdr`.
pub const CDR_SCRIPT: &str = include_str!("../testdata/cdr.script.toml");
/// The same for `3cx_cdroutput`.
pub const CDROUTPUT_SCRIPT: &str = include_str!("../testdata/cdroutput.script.toml");

/// `3cx`.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(ThreeCx { description: description::xapi(), reads: Reads::Xapi })
}

/// `3cx_cdr`.
pub fn cdr_vendor() -> Box<dyn Vendor> {
    Box::new(ThreeCx { description: description::cdr(), reads: Reads::Cdr })
}

/// `3cx_cdroutput`.
pub fn cdroutput_vendor() -> Box<dyn Vendor> {
    Box::new(ThreeCx { description: description::cdroutput(), reads: Reads::Cdroutput })
}

struct ThreeCx {
    description: Description,
    reads: Reads,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Xapi,
    Cdr,
    Cdroutput,
}

impl Vendor for ThreeCx {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(match self.reads {
            Reads::Xapi => Box::new(Account::open(settings)?),
            Reads::Cdr => Box::new(Files::open(settings, Format::cdr)?),
            Reads::Cdroutput => Box::new(Files::open(settings, |_| Format::Segments)?),
        })
    }

    /// Takes a page of the call log, or a whole file.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let MapRequest { name, payload, settings, now } = request;
        if self.reads == Reads::Xapi {
            return log(payload, now);
        }
        let protocol = |why: String| AdapterError::new(Fault::Protocol, why);
        if payload.trim_ascii_start().starts_with(b"{") {
            return Err(protocol(
                "expected a CSV file; this is JSON, and the adapter 3cx reads pages of the call log".into(),
            ));
        }
        let mut read = SettingsReader::new(settings);
        read.optional_text("folder");
        read.list("files");
        let format = if self.reads == Reads::Cdr { Format::cdr(&mut read) } else { Format::Segments };
        read.finish().map_err(|faults| protocol(faults.to_string()))?;
        page_of(payload, &format, &call_id_of(&[name])).map_err(protocol)
    }

    /// Nothing tells that a file is still to come.
    fn delivers(&self) -> bool {
        self.reads == Reads::Xapi
    }

    fn begins_with_all(&self) -> bool {
        self.reads != Reads::Xapi
    }
}

/// A page of the call log.
fn log(payload: &[u8], now: Moment) -> Result<Page, AdapterError> {
    if !payload.trim_ascii_start().starts_with(b"{") {
        let why = "expected a page of the call log as JSON; CDR files are read by the adapter 3cx_cdr, exports of cdroutput by 3cx_cdroutput";
        return Err(AdapterError::new(Fault::Protocol, why));
    }
    let mut page = Page::empty(Next::Done);
    let rows = Log::parse(payload)?.rows(&mut page);
    map::xapi::calls(rows, None, now, &mut page);
    Ok(page)
}

#[cfg(test)]
mod tests;
