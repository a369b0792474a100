//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

/// How long contacts are kept.
pub(crate) const KEEPS: Span = Span::days(730);

pub(crate) fn description() -> Description {
    Description {
        vendor: "amazon_connect".into(),
        title: "Amazon Connect".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The voice contacts of an instance by SearchContacts, transfers and queued callbacks joined to their calls.".into(),
        settings: settings(),
        reaches_back: Some(KEEPS),
        late_by: Span::days(3),
        longest_window: Span::days(1),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Derived),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Derived),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::Derived),
            (Metric::CallBacksMade, MetricSupport::Native),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "A window may be a day long.",
            "A contact that has not ended is found without DisconnectTimestamp, or not at all.",
            "A callback that waits for more than three days makes its call look abandoned until the window is read by hand.",
            "Wrong keys are answered with UnrecognizedClientException or InvalidSignatureException, missing permissions with AccessDeniedException.",
            "API contacts with the channel VOICE are calls that went out.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = SettingSpec::new;
    vec![
        setting(
            "instance_id",
            SettingKind::Text,
            true,
            "The instance's id: the last part of its ARN, a UUID.",
        ),
        setting(
            "access_key_id",
            SettingKind::Text,
            true,
            "Access key of an IAM user or role that may connect:SearchContacts.",
        ),
        setting("secret_access_key", SettingKind::Secret, true, "Its secret access key."),
        setting("session_token", SettingKind::Secret, false, "The session token, with temporary keys."),
        setting(
            "region",
            SettingKind::Text,
            false,
            "The instance's region. Without it: \"eu-west-2\" (London).",
        ),
        setting(
            "details",
            SettingKind::Switch,
            false,
            "Ask for each contact's details: its called number, why it ended, whether a callback was picked up. A request a contact; needs connect:DescribeContact. Without it: false.",
        ),
        setting(
            "base_url",
            SettingKind::Text,
            false,
            "Where the API is. Without it: https://connect.REGION.amazonaws.com",
        ),
    ]
}

fn outcomes() -> Vec<OutcomeSupport> {
    let missed = |reason| (Outcome::Missed, reason);
    let ended = |reason| (Outcome::EndedInIvr, reason);
    [
        ((Outcome::Answered, None), How::Native),
        (missed(Some(Reason::AbandonedInQueue)), How::Derived),
        (missed(Some(Reason::AbandonedWhileRinging)), How::Derived),
        (missed(Some(Reason::QueueTimeout)), How::Derived),
        (missed(Some(Reason::Failed)), How::Derived),
        (missed(Some(Reason::Voicemail)), How::Native),
        (missed(None), How::Derived),
        (ended(Some(Reason::HungUpInMenu)), How::Derived),
        (ended(Some(Reason::AfterMessage)), How::Derived),
        (ended(Some(Reason::Diverted)), How::Derived),
        (ended(None), How::Derived),
        ((Outcome::CallbackRequested, None), How::Derived),
        ((Outcome::Unclassified, None), How::Derived),
    ]
    .map(|((outcome, reason), how)| OutcomeSupport { outcome, reason, how })
    .to_vec()
}
