//! Asterisk and FreePBX: reads `queue_log`, joined with the CDR files (`Master.csv`) beside it in one folder; rotated ones too, and exports of the tables that hold the same.
//!
//! Queue events are joined by the call's unique id, whatever queues it visits. CDR rows are joined by the linked id, or the unique id where that is not written; they tell of calls that were in no
//! queue, and which calls reached a mailbox.
//!
//! # Settings
//!
//! ```toml
//! folder = "/srv/telephony/asterisk"
//! callback_keys = ["2"]
//! ```
//!
//! The queue log is in `/var/log/asterisk/`, CDR files are in `/var/log/asterisk/cdr-csv/`: share or copy both into the folder, and set `loguniqueid=yes` in `cdr.conf`. A FreePBX system keeps its CDR in a database: export the
//! table `cdr` of `asteriskcdrdb` as CSV with a header, to a file whose name begins with `Master`. Exports have their rows oldest first.
//!
//! # Their words and ours
//!
//! | their word | ours |
//! |---|---|
//! | `ENTERQUEUE` | the wait begins, with the first queue |
//! | `CONNECT`, `COMPLETEAGENT`, `COMPLETECALLER` | ANSWERED |
//! | `BLINDTRANSFER`, `ATTENDEDTRANSFER`, `TRANSFER` | ANSWERED; the talk ends here, unless the call comes back to a queue within 15 minutes |
//! | `ABANDON` | MISSED, abandoned in queue; ANSWERED where somebody answered before |
//! | `EXITWITHTIMEOUT` | MISSED, queue timeout |
//! | `FULL` | MISSED, queue overflow |
//! | `EXITEMPTY`, `JOINEMPTY`, `CLOSED` | MISSED |
//! | `EXITWITHKEY` with a key of `callback_keys` | CALLBACK_REQUESTED |
//! | `EXITWITHKEY` with another key | MISSED |
//! | any of these exits, and a CDR row of the call with `VoiceMail` | MISSED, voicemail |
//! | an exit, and another queue within 15 minutes | goes on; until then in progress |
//! | `DID` | the number dialled |
//! | `ENTERQUEUE` of a number of at most `internal_digits` digits | a colleague's call: left out |
//! | no end within a day | UNCLASSIFIED |
//! | another event | passed over, counted |
//!
//! | CDR rows of a call from outside that is not in the queue log | ours |
//! |---|---|
//! | a row with `Dial` and `ANSWERED` | ANSWERED; the wait from the first `Dial` row's start to that row's `duration` less `billsec` |
//! | else a row with `VoiceMail` | MISSED, voicemail |
//! | else the last row with `Dial`: `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION` | MISSED, and where they say so busy or failed |
//! | else `Queue`, or an application that is not known | UNCLASSIFIED, counted |
//! | else `BackGround`, `WaitExten`, `Read` | ENDED_IN_IVR, hung up in menu |
//! | else `Playback` | ENDED_IN_IVR, after a message |
//! | else (`Hangup`, nothing) | ENDED_IN_IVR |
//! | rows in a context of `callback_contexts` | outbound, a callback made |
//!
//! From outside is a call with a number in the column `did`, or in a context of `inbound_contexts` where there is no such column. Rows from before the first line of the queue logs are passed over, because nothing
//! tells whether they were in a queue: keep queue logs as long as CDR files. Places are the number dialled, the first queue, the account code as a site.
//!
//! Where a menu answers in the same row as telephones ring, the CDR's answer is the menu's, and the wait of a call that was in no queue is too short: lead calls through a queue. Other
//! outbound calls are left out: no metric counts them. Whether the caller of a `NO ANSWER` hung up or the system did is not written.
//!
//! # Why FreePBX's GraphQL interface is not read
//!
//! It gives CDR rows and no queue log, so that nobody could tell who hung up waiting from who was answered (`Queue` and `ANSWERED` stand in both), and it cannot be read safely to its end: in FreePBX 15 to 17 its
//! rows come in no order, its paging does not page, and its count is that of the whole table. The export of the table has the same rows and all of them.
//!
//! Not confirmed: see `Description::unconfirmed`.

mod account;
mod cdr;
mod description;
mod events;
mod known;
mod system;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Page, SettingFaults, Settings, SettingsReader,
    Vendor, call_id_of,
};

use account::Account;
use system::System;

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

    /// Takes a whole file of any name, by itself: what stands in another one is not known.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let MapRequest { name, payload, settings, now } = request;
        let mut read = SettingsReader::new(settings);
        read.optional_text("folder");
        let system = System::read(&mut read);
        let protocol = |why: String| AdapterError::new(Fault::Protocol, why);
        read.finish().map_err(|faults| protocol(faults.to_string()))?;
        account::page_of(payload, &system, &call_id_of(&[name]), now).map_err(|why| {
            protocol(format!("expected a queue log, a CDR file or an export of one: it {why}"))
        })
    }

    /// Nothing tells that a file is still to come.
    fn delivers(&self) -> bool {
        false
    }

    fn begins_with_all(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
