//! Asterisk and FreePBX: reads `queue_log` files, joined with the CDR files (`Master.csv`) beside them in one folder.
//!
//! Queue events are joined by the call's unique id, whatever queues it visits. CDR rows tell of calls that were in no queue, and which calls ended in voicemail.
//!
//! | their word | ours |
//! |---|---|
//! | `ENTERQUEUE` | the wait begins, with the first queue |
//! | `CONNECT`, `COMPLETEAGENT`, `COMPLETECALLER` | ANSWERED |
//! | `BLINDTRANSFER`, `ATTENDEDTRANSFER`, `TRANSFER` | ANSWERED; the talk ends here, what follows is not in the log |
//! | `ABANDON` | MISSED, abandoned in queue |
//! | `EXITWITHTIMEOUT` | MISSED, queue timeout |
//! | `FULL` | MISSED, queue overflow |
//! | `EXITEMPTY`, `JOINEMPTY`, `CLOSED` | MISSED |
//! | `EXITWITHKEY` with a key of `callback_keys` | CALLBACK_REQUESTED |
//! | `EXITWITHKEY` with another key | MISSED |
//! | any of these exits, and a CDR row of the call with `VoiceMail` | MISSED, voicemail |
//! | an exit, and another queue within 15 minutes | goes on |
//! | `DID` | the number dialled |
//! | no end within a day | UNCLASSIFIED |
//! | another event | passed over, counted |
//!
//! | CDR row in `inbound_contexts`, not in the queue log | ours |
//! |---|---|
//! | `Dial`, `ANSWERED` | ANSWERED; wait `duration` less `billsec`, talk `billsec` |
//! | `Dial`, `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION` | MISSED: rang out, busy, failed |
//! | `VoiceMail` | MISSED, voicemail |
//! | `BackGround`, `WaitExten`, `Read` | ENDED_IN_IVR, hung up in menu |
//! | `Playback` | ENDED_IN_IVR, after a message |
//! | `Hangup`, `Queue`, nothing | ENDED_IN_IVR |
//! | another application | UNCLASSIFIED, counted |
//!
//! Where a menu answers before telephones ring, the CDR's answer is the menu's, and the wait of a call that was in no queue is too short: lead calls
//! through a queue. Outbound calls and callbacks that were made are not told apart by these files. CDR files need the column uniqueid (`loguniqueid=yes`).
//!
//! Not confirmed: see `Description::unconfirmed`. FreePBX's GraphQL interface, which has no queue log, is not read.

mod account;
mod cdr;
mod description;
mod events;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Page, SettingFaults, Settings, SettingsReader,
    Vendor, call_id_of,
};

use account::{Account, System};

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Asterisk { description: description::description() })
}

struct Asterisk {
    description: Description,
}

impl Vendor for Asterisk {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// Takes a whole file, told apart by its name: `queue_log...` or `Master...`; each for itself.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let MapRequest { name, payload, settings, now } = request;
        let mut read = SettingsReader::new(settings);
        read.optional_text("folder");
        let system = System::read(&mut read);
        let protocol = |why: String| AdapterError::new(Fault::Protocol, why);
        read.finish().map_err(|faults| protocol(faults.to_string()))?;
        account::page_of(payload, &system, name, &call_id_of(&[name]), now).map_err(protocol)
    }
}

#[cfg(test)]
mod tests;
