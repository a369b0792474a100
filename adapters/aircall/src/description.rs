//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

/// How long Aircall keeps calls.
pub(crate) const KEEPS: Span = Span::days(182);

pub(crate) fn description() -> Description {
    Description {
        vendor: "aircall".into(),
        title: "Aircall".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The call list of Aircall's public API, one row a call.".into(),
        settings: settings(),
        reaches_back: Some(KEEPS),
        late_by: Span::hours(48),
        longest_window: Span::days(7),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Native),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::Sometimes),
            (Metric::CallBacksMade, MetricSupport::Sometimes),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "GET /v1/ping answers an API key with 200.",
            "A wrong API key is answered with 401 or 403.",
            "meta.count is the number of rows of the page and meta.total that of the query.",
            "The words abandoned_in_classic_ring and no_agent_available were seen in payloads and are not documented.",
            "A call between two users of the account is not in the list.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = SettingSpec::new;
    vec![
        setting(
            "api_id",
            SettingKind::Text,
            true,
            "API ID of a key made under Integrations & API > API keys.",
        ),
        setting("api_token", SettingKind::Secret, true, "API token of the same key."),
        setting(
            "callback_requested_tags",
            SettingKind::List,
            false,
            "Names of the tags on inbound calls that ask for a callback. Without it: [\"Callback Request\"].",
        ),
        setting(
            "callback_made_tags",
            SettingKind::List,
            false,
            "Names of the tags on outbound calls that are callbacks. Without it: [\"Called Back\"].",
        ),
        setting(
            "requests_per_minute",
            SettingKind::Number,
            false,
            "The company's limit, of which other programs may need a share. Without it: 60; Aircall allows up to 120.",
        ),
        setting("base_url", SettingKind::Text, false, "Where the API is. Without it: https://api.aircall.io"),
    ]
}

fn outcomes() -> Vec<OutcomeSupport> {
    let missed = |reason| (Outcome::Missed, Some(reason));
    [
        ((Outcome::Answered, None), How::Native),
        (missed(Reason::AbandonedInQueue), How::Native),
        (missed(Reason::AbandonedWhileRinging), How::Native),
        (missed(Reason::RangOut), How::Native),
        (missed(Reason::Voicemail), How::Native),
        ((Outcome::Missed, None), How::Native),
        ((Outcome::EndedInIvr, Some(Reason::HungUpInMenu)), How::Native),
        ((Outcome::EndedInIvr, Some(Reason::Closed)), How::Native),
        ((Outcome::CallbackRequested, None), How::Native),
        ((Outcome::Unclassified, None), How::Derived),
    ]
    .map(|((outcome, reason), how)| OutcomeSupport { outcome, reason, how })
    .to_vec()
}
