//! Aircall: reads the call list of Aircall's public API (`GET /v1/calls`) with an API key of the customer's own.
//!
//! | asked for | what for |
//! |---|---|
//! | `GET /v1/calls?from=&to=&order=asc&per_page=50&page=` | every call, by when it began |
//! | `GET /v1/ping`, `GET /v1/tags` | only when the source is checked |
//!
//! One row is one call: transfers and rung teams stay on it. A query gives at most 10,000 rows, so that a window with more is read in halves. Calls are kept
//! for 6 months. Voicemails come about half a minute after the end of a call and tags whenever somebody sets them, so that two days are read again.
//!
//! | their word | ours |
//! |---|---|
//! | `direction` `inbound`, `outbound` | the same |
//! | `status` `initial`, `answered`, or no `ended_at` | in progress, left for later |
//! | `answered_at` | ANSWERED; wait `started_at` to `answered_at`, talk `answered_at` to `ended_at` |
//! | tag "Callback Request" (`callback_requested_tags`), not answered | CALLBACK_REQUESTED, virtual queue |
//! | `voicemail`, not answered | MISSED, voicemail |
//! | `missed_call_reason` `short_abandoned`, `abandoned_in_classic` | MISSED, abandoned in queue |
//! | `abandoned_in_classic_ring` | MISSED, abandoned while ringing |
//! | `agents_did_not_answer` | MISSED, rang out |
//! | `no_available_agent`, `no_agent_available` | MISSED |
//! | `abandoned_in_ivr` | ENDED_IN_IVR, hung up in menu |
//! | `out_of_opening_hours` | ENDED_IN_IVR, closed |
//! | no reason, or another one | UNCLASSIFIED (another one is counted) |
//! | `outbound` with tag "Called Back" (`callback_made_tags`) | callback made, whether by hand is not known |
//!
//! `answered_at` is a person's: Aircall sets it when a user takes the call. Aircall does not split the time before the answer: where a number has a greeting or
//! a menu, the wait contains it. The wait of a voicemail contains the message. A call has no link to the one it calls back.
//!
//! Its places are the number and, as a queue, the number's name.
//!
//! Not confirmed by documentation at hand: that `GET /v1/ping` exists for API keys; which of 401 and 403 says that a key is wrong; whether `to` includes its
//! second (it does not matter: rows outside the window are dropped); `abandoned_in_classic_ring` and `no_agent_available`, which were seen and not documented.

mod account;
mod description;
mod map;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings, Vendor, rows,
};
use serde_json::value::RawValue;

use account::{Account, tag_words};
use wire::{Call, CallsPage, Hook};

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Aircall { description: description::description() })
}

struct Aircall {
    description: Description,
}

impl Vendor for Aircall {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// Takes a page of the call list, or the body of a webhook about a call.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let words = tag_words(request.settings);
        let mut page = Page::empty(Next::Done);
        let raw: Vec<&RawValue> = match rows::answer::<CallsPage<'_>>(request.payload, "") {
            Ok(list) => list.calls,
            Err(_) => match rows::answer::<Hook<'_>>(request.payload, "") {
                Ok(hook) => vec![hook.data],
                Err(_) => {
                    return Err(AdapterError::new(
                        Fault::Protocol,
                        "expected a page of GET /v1/calls with \"meta\" and \"calls\", or a webhook with \"data\"",
                    ));
                }
            },
        };
        for call in rows::rows::<Call>(&raw, &["id"], &mut page) {
            map::map(&call, &words, &mut page);
        }
        Ok(page)
    }
}
