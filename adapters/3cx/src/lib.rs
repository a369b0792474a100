//! 3CX: reads the files that a 3CX system writes. Two adapters, because they can know different things.
//!
//! `3cx` reads the segments of the table `cdroutput` (version 20), exported to CSV with its header into a folder, all rows of a call near each other (in the
//! order of `cdr_started_at`). Segments are joined by `main_call_history_id`.
//!
//! | their word | ours |
//! |---|---|
//! | first source is an incoming external line | inbound |
//! | first source is an extension, a destination an external line | outbound |
//! | neither | internal, passed over |
//! | a segment to an extension with `cdr_answered_at` | ANSWERED: a queue's, script's or menu's `cdr_answered_at` is the machine's |
//! | a segment to voicemail, answered | MISSED, voicemail |
//! | last stage a queue, `src_participant_terminated` | MISSED, abandoned in queue |
//! | last stage a queue, any other end | MISSED |
//! | only extensions rang: `src_participant_terminated` | MISSED, abandoned while ringing |
//! | `busy` | MISSED, busy |
//! | any other end of ringing | MISSED, rang out |
//! | no queue and no extension, a destination an external line | ENDED_IN_IVR, diverted |
//! | no queue and no extension, `src_participant_terminated` | ENDED_IN_IVR, hung up in menu |
//! | no queue and no extension, any other end | ENDED_IN_IVR |
//! | an unknown `termination_reason` at the end of an unanswered call | UNCLASSIFIED, counted |
//! | a segment without `cdr_ended_at`, or one that goes on in a segment that is not there | in progress |
//!
//! Derived: the wait from the first queue (or first ringing extension) to the first person's answer or the end, which no transfer restarts; the talk from that
//! answer to the end of the last segment. Places are the number that was dialled and the first queue.
//!
//! `3cx_cdr` reads CDR files (versions 16, 18 and 20), a row a call, without a header, columns as the setting `columns` has them (27 without it), delimiter
//! in the chain as they come. A queue's answer and a person's stand in the same column, so that waits and talk times cannot be known.
//!
//! | their word | ours |
//! |---|---|
//! | `from-type` External, or a `from-no` that is no `Ext.` | inbound |
//! | `to-type` External, or a `to-no` that is no `Ext.` | outbound |
//! | `final-type` VoiceMail | MISSED, voicemail |
//! | `final-number` | ANSWERED |
//! | `missed-queue-calls`, or `to-dn` among `queues`, and no `final-number` | MISSED, abandoned in queue (`TerminatedBySrc`) |
//! | `time-answered`, neither of these | ANSWERED, where `to-dn` is among `extensions` or none is named |
//! | no `time-answered` | MISSED; by `TerminatedBySrc` abandoned while ringing |
//!
//! Callbacks are not marked on calls by either. Calls in progress are not written to CDR files.
//!
//! Not confirmed: see `Description::unconfirmed`. The reporting interface (XAPI) is not read.

mod account;
mod cdr;
mod description;
mod segments;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Page, SettingFaults, Settings, SettingsReader,
    Vendor, call_id_of,
};

use account::{Account, Format};

/// The vendor that the conformance kit plays for `3cx`.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");
/// The vendor that the conformance kit plays for `3cx_cdr`.
pub const CDR_SCRIPT: &str = include_str!("../testdata/cdr.script.toml");

/// `3cx`.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(ThreeCx { description: description::segments(), cdr: false })
}

/// `3cx_cdr`.
pub fn cdr_vendor() -> Box<dyn Vendor> {
    Box::new(ThreeCx { description: description::cdr(), cdr: true })
}

struct ThreeCx {
    description: Description,
    cdr: bool,
}

impl Vendor for ThreeCx {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings, self.cdr)?))
    }

    /// Takes a whole file.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let MapRequest { name, payload, settings, now: _ } = request;
        let mut read = SettingsReader::new(settings);
        read.optional_text("folder");
        let format = Format::read(&mut read, self.cdr);
        let protocol = |why: String| AdapterError::new(Fault::Protocol, why);
        read.finish().map_err(|faults| protocol(faults.to_string()))?;
        account::page_of(payload, &format, &call_id_of(&[name])).map_err(protocol)
    }
}

#[cfg(test)]
mod tests;
