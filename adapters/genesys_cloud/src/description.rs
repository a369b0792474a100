//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

pub(crate) fn description() -> Description {
    Description {
        vendor: "genesys_cloud".into(),
        title: "Genesys Cloud".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "Analytics conversation details: every voice conversation with its menus, queues, agents and callbacks.".into(),
        settings: settings(),
        reaches_back: Some(Span::days(365)),
        late_by: Span::hours(48),
        longest_window: Span::days(1),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Derived),
            (Metric::CallTimesToAnswer, MetricSupport::Native),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::Native),
            (Metric::CallBacksMade, MetricSupport::Derived),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "flowOutType is one of acd, agent, callback, external, flow, group, ivr, user, voicemail, workflow.",
            "A query takes an interval of a day and gives up to 100,000 conversations.",
            "Conversations are kept for a year at least.",
            "A flow's transferType names external numbers with the word external or number.",
            "The customer's own end hung up where the disconnectType of their last segment is endpoint or client.",
            "Wrong credentials are answered with 400 or 401 by the token address, missing permissions with 403.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = SettingSpec::new;
    vec![
        setting(
            "client_id",
            SettingKind::Text,
            true,
            "Id of an OAuth client with the grant Client Credentials.",
        ),
        setting("client_secret", SettingKind::Secret, true, "Its secret."),
        setting(
            "region",
            SettingKind::Text,
            false,
            "The organisation's region, as its address ends: \"euw2.pure.cloud\" (London; without it), \"mypurecloud.ie\", \"mypurecloud.de\".",
        ),
        setting(
            "jobs_after_hours",
            SettingKind::Number,
            false,
            "Windows that ended longer ago are read by jobs, which burden the account less. Without it: 72.",
        ),
        setting(
            "requests_per_minute",
            SettingKind::Number,
            false,
            "The client's limit, of which other programs may need a share. Without it: 150; Genesys Cloud allows 300.",
        ),
        setting(
            "page_size",
            SettingKind::Number,
            false,
            "Conversations a page of a query. Without it: 100, the most there can be.",
        ),
        setting(
            "base_url",
            SettingKind::Text,
            false,
            "Where the API is. Without it: https://api. and the region.",
        ),
        setting(
            "token_url",
            SettingKind::Text,
            false,
            "Where tokens are had. Without it: https://login.REGION/oauth/token",
        ),
    ]
}

fn outcomes() -> Vec<OutcomeSupport> {
    let missed = |reason| (Outcome::Missed, Some(reason));
    let ended = |reason| (Outcome::EndedInIvr, reason);
    [
        ((Outcome::Answered, None), How::Native),
        (missed(Reason::AbandonedInQueue), How::Native),
        (missed(Reason::AbandonedWhileRinging), How::Derived),
        (missed(Reason::RangOut), How::Derived),
        (missed(Reason::Voicemail), How::Native),
        (missed(Reason::QueueOverflow), How::Native),
        (missed(Reason::Failed), How::Derived),
        ((Outcome::Missed, None), How::Derived),
        (ended(Some(Reason::Diverted)), How::Derived),
        (ended(Some(Reason::HungUpInMenu)), How::Derived),
        (ended(Some(Reason::AfterMessage)), How::Derived),
        (ended(None), How::Derived),
        ((Outcome::CallbackRequested, None), How::Native),
        ((Outcome::Unclassified, None), How::Derived),
    ]
    .map(|((outcome, reason), how)| OutcomeSupport { outcome, reason, how })
    .to_vec()
}
