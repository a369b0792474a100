//! Genesys Cloud: reads analytics conversation details, by query for recent windows and by job for older ones.
//!
//! | asked for | what for |
//! |---|---|
//! | `POST /api/v2/analytics/conversations/details/query` | voice and callback conversations that began in a window, oldest first |
//! | `POST .../details/jobs`, `GET .../jobs/{id}`, `GET .../jobs/{id}/results` | the same for windows that ended more than `jobs_after_hours` ago |
//!
//! Everything about a call has one `conversationId`: menus, queues, transfers, the callback that was asked for and the attempts to make it. A conversation gives
//! the call that came in, and a record `<id>:callback:<n>` for each attempt to call back. A job is waited for at most 30 seconds at a time: its id goes into
//! the cursor, and the next fetch goes on waiting; after an hour the window begins anew.
//!
//! | their word | ours |
//! |---|---|
//! | `customer` or `external` session, `inbound` | the inbound call |
//! | the same `outbound`, in a conversation that began `outbound` | an outbound call; answered where an `interact` segment follows `dialing` |
//! | the same in a conversation with a `callback` session | callback made, an attempt each |
//! | neither `customer` nor `external` | internal, left out |
//! | no `conversationEnd` | in progress, left for later; a call that asked for a callback is over when its own session is |
//! | `tAnswered` of an `agent` or `user` session | ANSWERED; where one queue was waited in, its value is the wait |
//! | `interact` of an `agent` or `user` session without a queue | ANSWERED; the wait begins with the first `alert` |
//! | `tNotResponding` | nothing: the call goes on |
//! | a `callback` session, `flowOutType` `callback`, not answered | CALLBACK_REQUESTED; `callbackScheduledTime` makes it caller-timed |
//! | `voicemail` participant, segment or `flowOutType` | MISSED, voicemail |
//! | `tAbandon`, `tShortAbandon` on the last queue | MISSED, abandoned in queue |
//! | other `flowOutType`s of the last queue, not answered after | MISSED, queue overflow |
//! | rang `alert` without a queue, not answered | MISSED: abandoned while ringing where the customer's end hung up, else rang out |
//! | no queue and no `alert` | ENDED_IN_IVR: diverted, hung up in menu, after message |
//! | another `flowOutType`, a queue without any measurement | UNCLASSIFIED (another word is counted) |
//!
//! The wait begins with the first queue (`nOffered`), or the first `alert` before it, and no transfer begins it anew; menus before it are `ivr`. Talk runs from
//! the answer to the end of the customer's session, holds and transfers included; of a callback from the customer's `interact`.
//!
//! Its places are the called number, the first queue by id and by name, and the divisions. A callback attempt later than two days after its call began is
//! found only if its conversation is read again for that long: [`late_by`](callgauge_adapter::Description::late_by) is two days.
//!
//! Not confirmed by documentation at hand: the words of `flowOutType`, `transferType` and `exitReason`; how long an interval and how many hits a query takes
//! (windows of a day are asked for); the life of a token; error codes beside `too.many.requests`; which party `disconnectType` `endpoint` names.

mod account;
mod description;
mod inbound;
mod instant;
mod jobs;
mod map;
mod view;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings, Vendor, rows,
};
use serde_json::value::RawValue;

use account::Account;
use wire::{Conversation, Details};

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(GenesysCloud { description: description::description() })
}

struct GenesysCloud {
    description: Description,
}

impl Vendor for GenesysCloud {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// Takes an answer with `conversations`, or one conversation.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let list = rows::answer::<Details<'_>>(request.payload, account::EXPECTED)?;
        let raw = if list.conversations.is_empty() && list.total_hits.is_none() && list.cursor.is_none() {
            vec![rows::answer::<&RawValue>(request.payload, account::EXPECTED)?]
        } else {
            list.conversations
        };
        if raw.len() == 1 && !raw[0].get().contains("\"conversationId\"") {
            return Err(AdapterError::new(Fault::Protocol, format!("expected {}", account::EXPECTED)));
        }
        map_rows(&raw, &mut page);
        Ok(page)
    }
}

fn map_rows(raw: &[&RawValue], page: &mut Page) {
    for conversation in rows::rows::<Conversation>(raw, &["conversationId"], page) {
        map::map(&conversation, page);
    }
}
