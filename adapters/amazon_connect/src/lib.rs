//! Amazon Connect: reads the contacts of an instance by searching them (`SearchContacts`), with AWS Signature 4.
//!
//! | asked for | what for |
//! |---|---|
//! | `POST /search-contacts` | voice contacts that began in a window, newest first, 100 a page |
//! | `GET /contacts/{instance}/{contact}` | with `details = true`: called number, why it ended, whether a callback was picked up |
//!
//! A call is a contact that came in; transfers are contacts of their own that name it in `InitialContactId`, and a queued callback is one more. What followed
//! from a contact began after it, so that in a list from new to old it comes first: it is kept in the cursor until its first contact comes, and contacts are read
//! until 4 hours after the window. AWS allows one search in two seconds for an account and region, which is 50 contacts a second, and 10 details a second.
//!
//! | their word | ours |
//! |---|---|
//! | `INBOUND`, `WEBRTC_API` | inbound |
//! | `OUTBOUND`, `EXTERNAL_OUTBOUND`, `API` | outbound |
//! | `CALLBACK` | outbound, callback made, automatic, for `InitialContactId` |
//! | `TRANSFER`, `QUEUE_TRANSFER` | part of the call of `InitialContactId` |
//! | `MONITOR`, `DISCONNECT`, `FLOW`, `AGENT_REPLY`, `COMMUNICATION` | left out |
//! | no `DisconnectTimestamp`, of the contact or of a transfer | in progress, left for later |
//! | `ConnectedToAgentTimestamp` of the contact or of a transfer | ANSWERED; wait since the first `EnqueueTimestamp`, talk to the last disconnection |
//! | a `CALLBACK` followed, no agent | CALLBACK_REQUESTED, virtual queue |
//! | a queue, no agent | MISSED: abandoned in queue; with details queue timeout (`CONTACT_FLOW_DISCONNECT`, `EXPIRED`), failed (`TELECOM_PROBLEM`); in contact records with `AgentConnectionAttempts` abandoned while ringing |
//! | no queue, no agent | ENDED_IN_IVR; with details hung up in menu (`CUSTOMER_DISCONNECT`), after message (`CONTACT_FLOW_DISCONNECT`), diverted (`THIRD_PARTY_DISCONNECT`) |
//! | another `DisconnectReason`, not answered | UNCLASSIFIED, counted |
//! | outbound with details: `ConnectedToSystemTimestamp` | ANSWERED, talk since then and since the agent was there; without it MISSED |
//! | `AnsweringMachineDetectionStatus` `VOICEMAIL_*`, `FAX*` | MISSED, voicemail |
//! | outbound without details | UNCLASSIFIED |
//!
//! Amazon Connect has no voicemail of its own: one that a flow takes looks like a call that was abandoned or served by the flow. A callback contact is made when it is asked
//! for and dialled later; it counts when it was dialled, as far as that is known. Its places are the called number (with details), the last queue by id (and
//! by name in contact records) and the instance.
//!
//! Contact records that the instance writes to a bucket or stream can be mapped from files: an object, an array, or lines.
//!
//! Not confirmed by documentation at hand: how long a window may be (a day is asked for); that a search gives contacts that have not ended; the codes for
//! wrong keys and missing permissions, which are those of AWS in general; that `API` contacts with the channel VOICE are calls that went out.

mod account;
mod chain;
mod description;
mod instant;
mod map;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings, Vendor, rows,
};
use serde_json::value::RawValue;

use account::Account;
use chain::Carry;
use wire::{Contact, Described, Found};

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(AmazonConnect { description: description::description() })
}

struct AmazonConnect {
    description: Description,
}

impl Vendor for AmazonConnect {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// Takes an answer of `SearchContacts` or `DescribeContact`, or contact records.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let contacts = contacts(request.payload, &mut page)?;
        for joined in Carry::default().page(contacts, true) {
            map::map(&joined, None, &mut page);
        }
        Ok(page)
    }
}

fn contacts(payload: &[u8], page: &mut Page) -> Result<Vec<Contact>, AdapterError> {
    if let Ok(found) = rows::answer::<Found<'_>>(payload, "") {
        return Ok(rows::rows(&found.contacts, &["Id"], page));
    }
    if let Ok(Described { contact }) = rows::answer(payload, "") {
        return Ok(vec![contact]);
    }
    let records: Vec<&RawValue> = match rows::answer(payload, "") {
        Ok(records) => records,
        Err(_) => {
            let lines: Result<Vec<&RawValue>, _> =
                serde_json::Deserializer::from_slice(payload).into_iter::<&RawValue>().collect();
            lines.unwrap_or_default()
        }
    };
    if records.is_empty() || !records.iter().all(|record| record.get().contains("\"ContactId\"")) {
        let expected = "an answer of SearchContacts with \"Contacts\", one of DescribeContact, or contact records with \"ContactId\"";
        return Err(AdapterError::new(Fault::Protocol, format!("expected {expected}")));
    }
    Ok(rows::rows(&records, &["ContactId"], page))
}
