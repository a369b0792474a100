//! The adapter for Zoom Phone: it reads the account's call history, and of each inbound call the elements of its way.
//!
//! `GET /phone/call_history` by when calls began, 300 rows a page, and `GET /phone/call_history/{uuid}` for each inbound call from outside. Signed in by a
//! server-to-server OAuth app of the account (`POST https://zoom.us/oauth/token`, `grant_type=account_credentials`), with the scopes
//! `phone:read:list_call_logs:admin` and `phone:read:call_log:admin`. A caller's journey may be several rows, which share a call id and may lie on
//! different pages: the history is read in steps of hours, each with an hour before and after it, and of the joined calls those that began within the
//! step are given. Lists are heavy requests (5 a second and 15,000 a day on a Pro plan, twice that on Business and above), single calls light ones.
//!
//! # Settings
//!
//! ```toml
//! account_id = "abc"
//! client_id = "def"
//! client_secret = { env = "ZOOM_SECRET" }
//! plan = "business"
//! ```
//!
//! # Their words and ours
//!
//! | Zoom | callgauge |
//! |---|---|
//! | rows of one `call_id` | one call |
//! | `connect_type` internal | no external call: left out |
//! | no `end_time` yet; the call's elements not there within an hour of its end | in progress: left for later |
//! | element of a user, common area or room (or of a queue with such an operator) with result answered, accepted, picked_up, connected or succeeded and an `answer_time`, not answered_by_other | ANSWERED then |
//! | voicemail, or an element with a `voicemail_id` | MISSED, voicemail |
//! | abandoned | MISSED, abandoned in queue; in a menu ENDED_IN_IVR |
//! | hang_up, canceled, unconnected, the last element a queue | MISSED, abandoned in queue |
//! | the same, the last element a telephone | MISSED, abandoned while ringing |
//! | the same, the last element an auto receptionist; invalid_key, invalid_operation | ENDED_IN_IVR, hung up in menu |
//! | result_reason play_a_message_then_disconnect | ENDED_IN_IVR, after message |
//! | answered, and the last element an external contact | ENDED_IN_IVR, diverted |
//! | no_answer, ring_timeout | MISSED, rang out |
//! | busy | MISSED, busy |
//! | overflowed | MISSED, queue overflow |
//! | call_failed, service_unavailable | MISSED, failed |
//! | rejected | MISSED |
//! | system_blocked | UNCLASSIFIED |
//! | any other word | UNCLASSIFIED, and counted |
//!
//! The wait begins with the first element of a queue (shared line groups and pickup groups included), else with the first telephone that rang, and
//! ends with the answer or the call; with the mailbox where an element says when it took over. Zoom Phone has no callbacks; those of Zoom Contact Center are another product, which is not read: call backs requested
//! and made are NOT_AVAILABLE. With `call_elements = false` one request a call is saved, and what the row says is all there is.
//!
//! Calls that were deleted are known to Zoom's webhooks only, and stay.

mod fetch;
mod map;
mod wire;

use std::sync::LazyLock;

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Adapter, AdapterError, Description, Fault, How, MapRequest, Metric, MetricSupport, Next, OutcomeSupport,
    Page, SettingFaults, SettingKind, SettingSpec, Settings, Span, Vendor,
};

use fetch::Account;
use wire::{History, Row};

/// The scripted vendor that the conformance kit plays for this adapter.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// Zoom Phone.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Zoom)
}

struct Zoom;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(describe);

impl Vendor for Zoom {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        Ok(Box::new(Account::open(settings)?))
    }

    /// A page of the history, one call with its elements, or a list of such calls.
    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let rows = match History::parse(request.payload) {
            Ok(history) => history.rows(&mut page),
            Err(fault) if fault.fault == Fault::Protocol => match Row::parse(request.payload) {
                Ok(row) if row.call_history_uuid.is_some() => vec![row],
                _ => return Err(fault),
            },
            Err(fault) => return Err(fault),
        };
        map::calls(&map::join(rows, None), &mut page);
        Ok(page)
    }
}

fn describe() -> Description {
    let setting = SettingSpec::new;
    let outcome = |outcome, reason, how| OutcomeSupport { outcome, reason, how };
    Description {
        vendor: "zoom".into(),
        title: "Zoom Phone".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "the account's call history with the elements of each inbound call".into(),
        settings: vec![
            setting("account_id", SettingKind::Text, true, "the account id of the server-to-server OAuth app"),
            setting("client_id", SettingKind::Text, true, "the app's client id"),
            setting("client_secret", SettingKind::Secret, true, "the app's client secret"),
            setting(
                "base_url",
                SettingKind::Text,
                false,
                "where the interface is; https://api.zoom.us/v2 without it",
            ),
            setting(
                "token_url",
                SettingKind::Text,
                false,
                "where tokens are had; https://zoom.us/oauth/token without it",
            ),
            setting(
                "plan",
                SettingKind::Text,
                false,
                "\"pro\" or \"business\": which rate limits the account has; pro, the lower ones, without it",
            ),
            setting(
                "call_elements",
                SettingKind::Switch,
                false,
                "whether each inbound call's elements are read, one request a call; true without it. \
                 Without them nobody knows who answered a queue",
            ),
        ],
        reaches_back: Some(fetch::KEEPS),
        late_by: Span::hours(2),
        longest_window: Span::days(28),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Derived),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::No),
            (Metric::CallBacksMade, MetricSupport::No),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: vec![
            outcome(Outcome::Answered, None, How::Derived),
            outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu), How::Derived),
            outcome(Outcome::EndedInIvr, Some(Reason::AfterMessage), How::Derived),
            outcome(Outcome::EndedInIvr, Some(Reason::Diverted), How::Derived),
            outcome(Outcome::Missed, None, How::Native),
            outcome(Outcome::Missed, Some(Reason::AbandonedInQueue), How::Derived),
            outcome(Outcome::Missed, Some(Reason::AbandonedWhileRinging), How::Derived),
            outcome(Outcome::Missed, Some(Reason::RangOut), How::Native),
            outcome(Outcome::Missed, Some(Reason::Voicemail), How::Native),
            outcome(Outcome::Missed, Some(Reason::Busy), How::Native),
            outcome(Outcome::Missed, Some(Reason::QueueOverflow), How::Native),
            outcome(Outcome::Missed, Some(Reason::Failed), How::Native),
            outcome(Outcome::Unclassified, None, How::Derived),
        ],
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "how late a finished call can appear: not documented, two hours are read again",
            "the rate limit of single calls: 20 a second are used, 30 to 80 are said to be allowed",
            "the codes 104, 124, 200, 4700, 4711 and 7008 of refusals: from general knowledge; another code is reported by its status",
            "whether the row's duration includes ringing: it is not used",
            "that a queue's element that an agent took names that agent as its operator",
            "no public row with the result abandoned was found: it is mapped as its field's description says",
        ]
        .map(String::from)
        .to_vec(),
    }
}
