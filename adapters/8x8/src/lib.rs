//! The adapter for 8x8: it reads the call records of Work, or the interactions of the Contact Center, as the setting `product` says.
//!
//! **Work.** `GET /v2/call-records` of Work Analytics, one row a call, by when calls ended, 1,000 a page with a `scrollId`. Signed in by `POST /v1/oauth/token`
//! with the name and password of a user who has opened Work Analytics in a browser once, and the API key of an application beside every request.
//!
//! **Contact Center.** `POST /detailed-reports` (interaction details) and `GET /detailed-reports/{id}/data`, 1,000 interactions a page, at the region's address.
//! Signed in by `POST https://api.8x8.com/oauth/v2/token` with an API key and its secret. A transferred call is several interactions: reports are
//! made in steps of hours with an hour before and after each, and of the joined calls those that were created within the step are given.
//!
//! # Settings
//!
//! ```toml
//! product = "work"
//! api_key = { env = "EIGHT_KEY" }
//! username = "analytics@surgery.example"
//! password = { env = "EIGHT_PASSWORD" }
//! pbx_id = "northsurgery"
//! ```
//! ```toml
//! product = "contact_center"
//! api_key = { env = "EIGHT_KEY" }
//! api_secret = { env = "EIGHT_SECRET" }
//! region = "eu"
//! ```
//!
//! # Their words and ours: Work
//!
//! | Work | callgauge |
//! |---|---|
//! | direction Internal | no external call: left out |
//! | no `disconnectedTimeUTC` | in progress: left for later |
//! | abandoned `Abandoned` | MISSED, abandoned in queue, whatever else is flagged |
//! | else lastLegDisposition `Voicemail` | MISSED, voicemail |
//! | else answered `Answered`, or a talk time | ANSWERED |
//! | else missed `Missed` | MISSED, rang out |
//! | else an `aaDestination` | ENDED_IN_IVR, hung up in menu |
//! | none of these | UNCLASSIFIED, lastLegDisposition counted |
//!
//! The wait is `waitTimeMS` (the queue's), else `answeredTime` or `abandonedTime`, else `ringDuration`, else from start to connection where no menu was between,
//! else what is left of the call without its talk.
//! The legs are joined by the vendor. There are no callbacks in Work: NOT_AVAILABLE.
//!
//! # Their words and ours: Contact Center
//!
//! | Contact Center | callgauge |
//! |---|---|
//! | interactions of media type Phone with one originalInteractionId | one call |
//! | InternalCall, ConsultationCall | no external call: left out |
//! | anything ongoing, no finishedTime | in progress: left for later |
//! | interactionType Callback without another original | CALLBACK_REQUESTED; where it is labelled Handled, also an outbound callback made |
//! | interactionType Callback with an original | an outbound callback made for it, answered where Handled |
//! | label or outcome Handled | ANSWERED |
//! | else ForwardedToCallback | CALLBACK_REQUESTED |
//! | else ForwardedToVoicemail, ForwardedToAgentIndividualVoicemail | MISSED, voicemail |
//! | else Abandoned | MISSED, abandoned in queue |
//! | else ForwardedToExternalNumber | ENDED_IN_IVR, diverted |
//! | else EndedInIvr | ENDED_IN_IVR, hung up in menu |
//! | else OfferingTimeout | MISSED, queue timeout |
//! | else Rejected; nothing but Queued and Dequeued | MISSED |
//! | none of these | UNCLASSIFIED, the labels counted |
//!
//! The wait is `queueWaitDuration` of the first queue, or `timeToAbandon`, else what is left without menu, handling and wrap-up; the talk the handling time of all participants, without wrap-up; the menu
//! `ivrTreatmentDuration`.

mod fetch;
mod map;
mod wire;

use std::sync::LazyLock;

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Adapter, AdapterError, Description, How, MapRequest, Metric, MetricSupport, Next, OutcomeSupport, Page,
    SettingFaults, SettingKind, SettingSpec, Settings, SettingsReader, Span, Vendor,
};

use fetch::contact_center::ContactCenter;
use fetch::work::{KEEPS, Work};

/// The scripted vendor that the conformance kit plays for this adapter: Work.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// The same for the Contact Center.
pub const CONTACT_CENTER_SCRIPT: &str = include_str!("../testdata/contact_center.script.toml");

/// 8x8.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(EightByEight)
}

struct EightByEight;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(describe);

impl Vendor for EightByEight {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let product = read.choice("product", &["work", "contact_center"]);
        let account: Box<dyn Adapter> = if product == "contact_center" {
            Box::new(ContactCenter::open(&mut read, settings))
        } else {
            Box::new(Work::open(&mut read, settings))
        };
        read.finish()?;
        Ok(account)
    }

    /// A page of Work's call records (an object), or of a Contact Center report (a list).
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let mut page = Page::empty(Next::Done);
        if request.payload.trim_ascii_start().starts_with(b"[") {
            let rows = wire::contact_center::Rows::parse(request.payload)?;
            let interactions = rows.interactions(&mut page);
            map::contact_center::calls(interactions, None, &mut page);
        } else {
            let records = wire::work::Records::parse(request.payload)?.records(&mut page);
            map::work::calls(records, &mut page);
        }
        Ok(page)
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = SettingSpec::new;
    vec![
        setting("product", SettingKind::Text, true, "\"work\" or \"contact_center\""),
        setting("api_key", SettingKind::Secret, true, "the key of an application in 8x8's Admin Console"),
        setting(
            "username",
            SettingKind::Text,
            false,
            "work: a user who may read Work Analytics; needed there",
        ),
        setting("password", SettingKind::Secret, false, "work: that user's password; needed there"),
        setting(
            "pbx_id",
            SettingKind::Text,
            false,
            "work: the PBX's name, several with commas between; all of them without it",
        ),
        setting("api_secret", SettingKind::Secret, false, "contact_center: the key's secret; needed there"),
        setting(
            "region",
            SettingKind::Text,
            false,
            "contact_center: \"us\", \"eu\", \"au\" or \"ca\"; eu without it",
        ),
        setting(
            "tenant",
            SettingKind::Text,
            false,
            "contact_center: the tenant, where the customer has several",
        ),
        setting(
            "time_zone",
            SettingKind::Text,
            false,
            "contact_center: a time zone that is configured on the tenant; Europe/London without it",
        ),
        setting(
            "base_url",
            SettingKind::Text,
            false,
            "where the interface is; that of the product and region without it",
        ),
        setting(
            "token_url",
            SettingKind::Text,
            false,
            "contact_center: where tokens are had; https://api.8x8.com/oauth/v2/token without it",
        ),
    ]
}

fn describe() -> Description {
    let outcome = |outcome, reason, how| OutcomeSupport { outcome, reason, how };
    Description {
        vendor: "8x8".into(),
        title: "8x8 Work and Contact Center".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "the call records of Work, or the interactions of the Contact Center".into(),
        settings: settings(),
        reaches_back: Some(KEEPS),
        late_by: Span::hours(2),
        longest_window: Span::days(31),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Sometimes),
            (Metric::CallTimesToAnswer, MetricSupport::Native),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Native),
            (Metric::CallBacksRequested, MetricSupport::Sometimes),
            (Metric::CallBacksMade, MetricSupport::Sometimes),
            (Metric::AverageCallLength, MetricSupport::Native),
        ],
        outcomes: vec![
            outcome(Outcome::Answered, None, How::Native),
            outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu), How::Derived),
            outcome(Outcome::EndedInIvr, Some(Reason::Diverted), How::Native),
            outcome(Outcome::Missed, None, How::Native),
            outcome(Outcome::Missed, Some(Reason::AbandonedInQueue), How::Native),
            outcome(Outcome::Missed, Some(Reason::RangOut), How::Native),
            outcome(Outcome::Missed, Some(Reason::Voicemail), How::Native),
            outcome(Outcome::Missed, Some(Reason::QueueTimeout), How::Derived),
            outcome(Outcome::CallbackRequested, None, How::Native),
            outcome(Outcome::Unclassified, None, How::Derived),
        ],
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "Work: how late a finished call can appear, and the rate limit: not documented; two hours are read again, ten requests a minute sent",
            "Work: that answeredTime and abandonedTime are durations in milliseconds",
            "Work: that waitTimeMS is the time in the queue with the ringing of the agent who answers",
            "Work: that aaDestination alone means that the caller went no further than the menu",
            "Work: no public record of an answered inbound call was found",
            "Contact Center: whether reports are cut by when interactions were created",
            "Contact Center: the wording of interactionType Callback is ambiguous; a callback made is told from one requested by its original interaction",
            "Contact Center: that destination of an inbound interaction is the number that was called",
            "Contact Center: what took a call out of its queue that is labelled Dequeued and nothing else",
            "Contact Center: how long history is kept, how late it is, and the rate limit",
        ]
        .map(String::from)
        .to_vec(),
    }
}
