//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

/// How far back calls are listed.
pub(crate) const KEEPS: Span = Span::days(395);

pub(crate) fn description() -> Description {
    Description {
        vendor: "twilio".into(),
        title: "Twilio".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The calls of a Programmable Voice account with their legs, and TaskRouter's events where there is a workspace.".into(),
        settings: settings(),
        reaches_back: Some(KEEPS),
        late_by: Span::hours(24),
        longest_window: Span::days(1),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Sometimes),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Derived),
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
            "Calls.json lists legs newest first, to within a minute.",
            "The duration of a dialled leg begins when it is answered.",
            "StartTime is honoured to the second; exact_times = true relies on it, days are asked for without it.",
            "Calls of up to 13 months ago are listed.",
            "The words in task_canceled_reason are those of Twilio's own plugins: hangup, timeout, voicemail, callback.",
            "A callback task names the outbound call it led to in conference.participants.customer.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = SettingSpec::new;
    vec![
        setting(
            "account_sid",
            SettingKind::Text,
            true,
            "The account or subaccount whose calls are read: AC and 32 characters.",
        ),
        setting(
            "user",
            SettingKind::Text,
            false,
            "Who signs in: an API key (SK...) or a parent account (AC...). Without it: account_sid.",
        ),
        setting("secret", SettingKind::Secret, true, "The API key's secret, or the account's Auth Token."),
        setting(
            "workspace_sid",
            SettingKind::Text,
            false,
            "The TaskRouter workspace (WS...), for accounts that queue calls as tasks.",
        ),
        setting(
            "callback_task_types",
            SettingKind::List,
            false,
            "Values of a task's attribute taskType that ask for a callback. Without it: [\"callback\"].",
        ),
        setting(
            "without_leg",
            SettingKind::Text,
            false,
            "What a call without any leg and task is: \"unclassified\" (without it), or \"ivr\" where no call waits in a <Queue>.",
        ),
        setting(
            "exact_times",
            SettingKind::Switch,
            false,
            "Ask for instants in place of whole days. Quicker, and not documented. Without it: false.",
        ),
        setting("base_url", SettingKind::Text, false, "Where the API is. Without it: https://api.twilio.com"),
        setting(
            "taskrouter_url",
            SettingKind::Text,
            false,
            "Where TaskRouter is. Without it: https://taskrouter.twilio.com",
        ),
    ]
}

fn outcomes() -> Vec<OutcomeSupport> {
    let missed = |reason| (Outcome::Missed, Some(reason));
    [
        ((Outcome::Answered, None), How::Derived),
        (missed(Reason::AbandonedInQueue), How::Native),
        (missed(Reason::AbandonedWhileRinging), How::Derived),
        (missed(Reason::RangOut), How::Derived),
        (missed(Reason::Voicemail), How::Derived),
        (missed(Reason::Busy), How::Derived),
        (missed(Reason::QueueTimeout), How::Derived),
        (missed(Reason::Failed), How::Derived),
        ((Outcome::EndedInIvr, None), How::Derived),
        ((Outcome::CallbackRequested, None), How::Derived),
        ((Outcome::Unclassified, None), How::Derived),
    ]
    .map(|((outcome, reason), how)| OutcomeSupport { outcome, reason, how })
    .to_vec()
}
