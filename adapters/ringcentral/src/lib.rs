//! The adapter for RingCentral: it reads the company's call log, with the legs of each call.
//!
//! `GET /restapi/v1.0/account/~/call-log?view=Detailed&type=Voice`, signed in by `POST /restapi/oauth/token` with the JWT of a user. The app needs the
//! scope `ReadCallLog`, the user the permission to see the company's call log. The log is listed by when calls began, newest first, 1,000 records a page,
//! and read in steps of hours: records that belong to one call may be listed apart, so each step is read with an hour before and after it, and of the
//! joined calls those that began within the step are given. Ten requests a minute are allowed; a request during the vendor's pause begins the pause anew.
//!
//! # Settings
//!
//! ```toml
//! client_id = "abc"
//! client_secret = { env = "RINGCENTRAL_SECRET" }
//! jwt = { file = "ringcentral.jwt" }
//! queues = { 501 = "Reception" }
//! menus = ["900"]
//! ```
//!
//! # Their words and ours
//!
//! | RingCentral | callgauge |
//! |---|---|
//! | records of one `telephonySessionId` (of `transferee`, where the record was split off; else `sessionId`) | one call |
//! | `from` of an inbound, `to` of an outbound record is an extension without a number | no external call: left out |
//! | result `In Progress`, or no duration | in progress: left for later |
//! | a leg other than `Accept`, of an extension that is neither queue nor menu, with result `Accepted` or `Call connected` | ANSWERED at its start |
//! | `Voicemail`, `Sent to Voicemail`, a message of type `VoiceMail`, without such a leg | MISSED, voicemail |
//! | `Abandoned`; `Hang Up` with a queue's leg | MISSED, abandoned in queue |
//! | `Hang Up` with a telephone's leg or an extension | MISSED, abandoned while ringing |
//! | `Hang Up` otherwise; `Accepted` by a menu and nobody else | ENDED_IN_IVR, hung up in menu |
//! | `Missed`, `No Answer`, `Answered Not Accepted` | MISSED, rang out |
//! | `Busy` | MISSED, busy |
//! | `Call Failed`, `Call Failure`, `Internal Error`, `IP Phone Offline`, `Stopped` | MISSED, failed |
//! | `Rejected`, `Declined`, `Reply` | MISSED |
//! | `Callback requested` | CALLBACK_REQUESTED |
//! | `Blocked`, `Unknown`, `Accepted` where no leg shows by whom | UNCLASSIFIED |
//! | any other word | UNCLASSIFIED, and counted |
//!
//! The vendor has no field for the wait. It is taken from the first leg of a queue (an extension named under `queues` in the settings), or of whatever
//! follows a menu (named under `menus`), else from the call's start, to the answering leg's start or the call's end. Without these two settings greeting and
//! menu count into the wait. Where no leg says when a mailbox took over, the wait ends with the call. A transfer after the answer adds to the talk. A callback that was made is an outbound call like any other: the vendor does not
//! tell them apart, so call backs made are NOT_AVAILABLE.
//!
//! Not read: fax, the numbers and names of the other side, recordings. The analytics interface uses "abandoned" of calls that were answered, and is not read.

mod fetch;
mod map;
mod wire;

use std::sync::LazyLock;

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Adapter, AdapterError, Description, How, MapRequest, Metric, MetricSupport, Next, OutcomeSupport, Page,
    SettingFaults, SettingKind, SettingSpec, Settings, SettingsReader, Span, Vendor,
};

use fetch::Account;
use map::Rules;
use wire::CallLog;

/// The scripted vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// RingCentral.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(RingCentral)
}

struct RingCentral;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(describe);

impl Vendor for RingCentral {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let rules = rules(&mut SettingsReader::new(request.settings));
        let log = CallLog::parse(request.payload)?;
        let mut page = Page::empty(Next::Done);
        let records = log.records(&mut page);
        map::calls(records, &rules, None, &mut page);
        Ok(page)
    }
}

/// What the settings say of the account's extensions.
fn rules(read: &mut SettingsReader<'_>) -> Rules {
    Rules {
        queues: read.names("queues").into_iter().collect(),
        menus: read.list("menus").into_iter().collect(),
    }
}

fn describe() -> Description {
    let setting = SettingSpec::new;
    let outcome = |outcome, reason, how| OutcomeSupport { outcome, reason, how };
    Description {
        vendor: "ringcentral".into(),
        title: "RingCentral".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "the company's call log with the legs of each call".into(),
        settings: vec![
            setting("client_id", SettingKind::Text, true, "the app's client id; the app needs the scope ReadCallLog"),
            setting("client_secret", SettingKind::Secret, true, "the app's client secret"),
            setting(
                "jwt",
                SettingKind::Secret,
                true,
                "a JWT credential of a user who may see the company's call log",
            ),
            setting(
                "base_url",
                SettingKind::Text,
                false,
                "where the interface is; https://platform.ringcentral.com without it",
            ),
            setting(
                "queues",
                SettingKind::Table,
                false,
                "the account's call queues, extension id = label: { 501 = \"Reception\" }; the wait begins there. \
                 Without it the wait begins with the call, greeting and menu included",
            ),
            setting(
                "menus",
                SettingKind::List,
                false,
                "extension ids of menus and announcements: [\"900\"]; time there is no wait",
            ),
        ],
        reaches_back: Some(Span::days(365)),
        late_by: Span::hours(2),
        longest_window: Span::days(31),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Derived),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::Sometimes),
            (Metric::CallBacksMade, MetricSupport::No),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: vec![
            outcome(Outcome::Answered, None, How::Derived),
            outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu), How::Derived),
            outcome(Outcome::Missed, None, How::Native),
            outcome(Outcome::Missed, Some(Reason::AbandonedInQueue), How::Native),
            outcome(Outcome::Missed, Some(Reason::AbandonedWhileRinging), How::Derived),
            outcome(Outcome::Missed, Some(Reason::RangOut), How::Native),
            outcome(Outcome::Missed, Some(Reason::Voicemail), How::Native),
            outcome(Outcome::Missed, Some(Reason::Busy), How::Native),
            outcome(Outcome::Missed, Some(Reason::Failed), How::Native),
            outcome(Outcome::CallbackRequested, None, How::Native),
            outcome(Outcome::Unclassified, None, How::Derived),
        ],
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "how long the call log is kept: the interface's documentation names no number, a year is assumed",
            "how late a finished call can appear: not documented, two hours are read again",
            "that records are listed newest first; nothing depends on it",
            "that the leg of the extension that answers begins when it answers, as in the live answers that were seen, and not when it rings",
            "no public record with the results Missed, Abandoned, Voicemail or Callback requested was found: their legs are as documented",
            "that records split off by a transfer name the first call under transferee",
        ]
        .map(String::from)
        .to_vec(),
    }
}
