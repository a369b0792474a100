//! The adapter for Webex Calling: it reads the organisation's detailed call history.
//!
//! `GET /cdr_feed` of the region's address, one item for each party's part in a call, by when it was reported, 5,000 items a page, the next page by the `Link`
//! header. Signed in by an integration's refresh token (`POST https://webexapis.com/v1/access_token`), authorised with the scope `spark-admin:calling_cdr_read` by an
//! administrator with the role for this interface. The vendor takes windows of 12 hours, older than five minutes and younger than 30 days, and one
//! first request a minute with up to ten pages. The legs of a call are reported as each ends: windows are read in steps of 10 hours with 90 minutes before and
//! 30 after, and of the joined calls those whose last report lies within the step are given.
//!
//! # Settings
//!
//! ```toml
//! client_id = "abc"
//! client_secret = { env = "WEBEX_SECRET" }
//! refresh_token = { env = "WEBEX_REFRESH_TOKEN" }
//! base_url = "https://analytics-calling-eu.webexapis.com/v1"
//! ```
//!
//! # Their words and ours
//!
//! | Webex | callgauge |
//! |---|---|
//! | items of one `Correlation ID` (else `Interaction ID`) | one call |
//! | a TERMINATING leg with Call type SIP_INBOUND or SIP_TOLLFREE | inbound |
//! | an ORIGINATING leg to SIP_NATIONAL, _INTERNATIONAL, _TOLLFREE, _MOBILE, _EMERGENCY, _PREMIUM, _SHORTCODE | outbound |
//! | SIP_ENTERPRISE and SIP_MEETING only | no external call: left out |
//! | a TERMINATING leg of a User, Place, VirtualLine or BroadworksAnywhere with Answered true, not after redirection and not elsewhere | ANSWERED at its Answer time |
//! | no such leg, one of a mailbox (VoiceMailRetrieval, VoiceMailGroup) | MISSED, voicemail |
//! | a CallCenter leg, released by the caller (Remote) | MISSED, abandoned in queue; let go by the queue: queue timeout |
//! | a HuntGroup leg, released by the caller | MISSED, abandoned while ringing; let go: rang out |
//! | no telephone rang, and an answered leg to the public network | ENDED_IN_IVR, diverted |
//! | a telephone rang: UserBusy | MISSED, busy |
//! | NoAnswer and its kin; released by the system | MISSED, rang out |
//! | released by the caller | MISSED, abandoned while ringing |
//! | CallRejected, AdminCallBlock, UserCallBlock | MISSED |
//! | any other Refusal or Failure | MISSED, failed |
//! | legs of AutomatedAttendant only | ENDED_IN_IVR: hung up in menu, or after message where the system released |
//! | only parties of another User type | UNCLASSIFIED, and counted |
//!
//! Queues, hunt groups, menus and mailboxes say "Answered" too: they are machines, and no answer. The wait begins with the first queue or hunt group, else with the
//! first telephone that rang. `Call outcome` Success does not mean answered. There is no field for callbacks: Webex Contact Center is another interface, which is
//! not read. Calls are listed once they have ended, so that none is in progress.

mod fetch;
mod map;
mod wire;

use std::sync::LazyLock;

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Adapter, AdapterError, Description, How, MapRequest, Metric, MetricSupport, Next, OutcomeSupport, Page,
    SettingFaults, SettingKind, SettingSpec, Settings, Span, Vendor,
};

use fetch::Account;
use wire::Feed;

/// The scripted vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// Webex Calling.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Webex)
}

struct Webex;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(describe);

impl Vendor for Webex {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let feed = Feed::parse(request.payload)?;
        let mut page = Page::empty(Next::Done);
        let legs = feed.legs(&mut page);
        map::calls(legs, None, &mut page);
        Ok(page)
    }
}

fn describe() -> Description {
    let setting = SettingSpec::new;
    let outcome = |outcome, reason| OutcomeSupport { outcome, reason, how: How::Derived };
    Description {
        vendor: "webex".into(),
        title: "Webex Calling".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "the organisation's detailed call history".into(),
        settings: vec![
            setting("client_id", SettingKind::Text, true, "the integration's client id"),
            setting("client_secret", SettingKind::Secret, true, "the integration's client secret"),
            setting(
                "refresh_token",
                SettingKind::Secret,
                true,
                "the refresh token from authorising the integration; the newer ones are kept by callgauge",
            ),
            setting("org_id", SettingKind::Text, false, "the organisation, for partners; one's own without it"),
            setting(
                "locations",
                SettingKind::List,
                false,
                "names of up to 10 locations to read: [\"Surgery\"]; all without it",
            ),
            setting(
                "base_url",
                SettingKind::Text,
                false,
                "the region's address; https://analytics-calling.webexapis.com/v1 without it, \
                 https://analytics-calling-eu.webexapis.com/v1 for the EU",
            ),
            setting(
                "token_url",
                SettingKind::Text,
                false,
                "where tokens are had; https://webexapis.com/v1/access_token without it",
            ),
        ],
        reaches_back: Some(fetch::KEEPS),
        late_by: Span::hours(12),
        longest_window: Span::days(7),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Derived),
            (Metric::CallsAbandoned, MetricSupport::Derived),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Derived),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::No),
            (Metric::CallBacksMade, MetricSupport::No),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: vec![
            outcome(Outcome::Answered, None),
            outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
            outcome(Outcome::EndedInIvr, Some(Reason::AfterMessage)),
            outcome(Outcome::EndedInIvr, Some(Reason::Diverted)),
            outcome(Outcome::Missed, None),
            outcome(Outcome::Missed, Some(Reason::AbandonedInQueue)),
            outcome(Outcome::Missed, Some(Reason::AbandonedWhileRinging)),
            outcome(Outcome::Missed, Some(Reason::QueueTimeout)),
            outcome(Outcome::Missed, Some(Reason::RangOut)),
            outcome(Outcome::Missed, Some(Reason::Voicemail)),
            outcome(Outcome::Missed, Some(Reason::Busy)),
            outcome(Outcome::Missed, Some(Reason::Failed)),
            outcome(Outcome::Unclassified, None),
        ],
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "no public record of a call with several legs through a queue was found: how its legs look follows from the descriptions of the fields",
            "that the wait in a queue ends with the Answer time of the agent's own leg",
            "that a queue's leg is released Remote where the caller hung up, and Local where the queue let go",
            "how late a leg can be reported: 12 hours, as long as the vendor's stream keeps records, are read again",
            "that an integration's access tokens live 14 days and its refresh tokens 90",
            "whether service apps may read this interface: integrations are used",
            "that a Release time without an offset is UTC, as the other times are documented to be",
        ]
        .map(String::from)
        .to_vec(),
    }
}
