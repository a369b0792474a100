//! Twilio: reads the calls of a Programmable Voice account (`Calls.json` of the API of 2010-04-01), and, where the account has it, what happened to
//! waiting calls from TaskRouter's events (`/v1/Workspaces/{sid}/Events`).
//!
//! | asked for | what for |
//! |---|---|
//! | `GET /2010-04-01/Accounts/{sid}/Calls.json?StartTime>=&StartTime<&PageSize=500` | every leg, newest first, by day or instant |
//! | `GET /v1/Workspaces/{sid}/Events?StartDate=&EndDate=` | tasks of the calls of a page, with `workspace_sid` |
//! | `GET /2010-04-01/Accounts/{sid}.json` | only when the source is checked |
//!
//! A call is a leg without a parent; the legs it was connected to name it in `parent_call_sid` and come before it, because the list is newest first. They are
//! kept in the cursor until it comes, and legs are read until 4 hours after the window, since they begin after their call.
//!
//! | their word | ours |
//! |---|---|
//! | `inbound`, `trunking-originating` from outside | inbound |
//! | `inbound` from `client:` or a `sip:` name, with a leg to a number | outbound |
//! | the same without one; anything to `client:` or a `sip:` name | internal, left out |
//! | `outbound-api`, `outbound-dial` without a parent, `trunking-terminating` | outbound |
//! | `queued`, `initiated`, `ringing`, `in-progress`, of the call or of a leg | in progress, left for later |
//! | a leg `completed` with `duration` over 0, `answered_by` no machine | ANSWERED; the answer is `end_time` less `duration`, the wait begins with the first leg |
//! | the task's `reservation.accepted` | ANSWERED; the wait begins with `task.created` |
//! | `task.canceled`, reason "hangup" | MISSED, abandoned in queue |
//! | reason with "ttl" or "timeout" | MISSED, queue timeout |
//! | reason with "voicemail"; a leg that a machine answered | MISSED, voicemail |
//! | reason with "callback", or a task of `callback_task_types` | CALLBACK_REQUESTED |
//! | legs `no-answer`, `canceled`, `busy`, `failed` (the last one) | MISSED: rang out, abandoned while ringing, busy, failed |
//! | the call itself `canceled`, `no-answer`, `busy`, `failed` | the same |
//! | no leg and no task | ENDED_IN_IVR where tasks were read or `without_leg = "ivr"`; else UNCLASSIFIED |
//! | an outbound call that a callback task names as its customer's | callback made |
//!
//! The Calls API cannot tell a call that waited in a `<Queue>` and hung up from one that was served by the flow alone: hence UNCLASSIFIED. `queue_time` is
//! no wait (it is how long an outbound call was held back) and is not read. Voicemail that the account's own flow takes with `<Record>` is seen
//! only through a task's reason. A leg to another organisation's number counts as answered where somebody there answers.
//!
//! Its places are the called number (outbound: the number shown), the task queue, and the account.
//!
//! Not confirmed by documentation at hand: that the list is newest first to within a minute (a leg after its call is an error that says so); that
//! `duration` of a dialled leg begins with the answer; that instants finer than days are honoured (`exact_times`); which calls older than 13 months are there.

mod account;
mod description;
mod legs;
mod map;
mod scalar;
mod tasks;
mod wire;

use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, MapRequest, Next, Page, SettingFaults, Settings, Vendor, rows,
};
use serde::Deserialize;

use account::{Account, reading};
use legs::Carry;
use tasks::{Event, Tasks};
use wire::{CallsPage, Leg};

/// The vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Twilio { description: description::description() })
}

struct Twilio {
    description: Description,
}

/// Events that were saved beside the calls.
#[derive(Deserialize)]
struct Saved {
    #[serde(default)]
    events: Vec<Event>,
}

impl Vendor for Twilio {
    fn description(&self) -> &Description {
        &self.description
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// Takes a page of `Calls.json`; `events` of TaskRouter may stand beside `calls` in the same object.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let list: CallsPage<'_> = rows::answer(request.payload, account::EXPECTED)?;
        let saved: Saved = rows::answer(request.payload, "TaskRouter's \"events\" beside \"calls\"")?;
        let (mut reading, callback_types) = reading(request.settings);
        if saved.events.is_empty() {
            reading.tasks = None;
        } else {
            reading.tasks = Some(map::TasksSince(i64::MIN));
        }
        let tasks = Tasks::of(saved.events, &callback_types);
        let mut page = Page::empty(Next::Done);
        let legs: Vec<Leg> = rows::rows(&list.calls, &["sid"], &mut page);
        for joined in Carry::default().page(legs, true)? {
            map::map(&joined, &tasks, &reading, &mut page);
        }
        Ok(page)
    }
}

/// A page out of which nothing may be concluded.
fn protocol(message: impl Into<String>) -> AdapterError {
    AdapterError::new(Fault::Protocol, message)
}
