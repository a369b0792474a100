//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

pub(crate) fn description() -> Description {
    use MetricSupport::{Derived, Native, No, Sometimes};
    let setting = |key: &str, kind, required, help: &str| SettingSpec {
        key: key.into(),
        kind,
        required,
        help: help.into(),
    };
    Description {
        vendor: "asterisk".into(),
        title: "Asterisk and FreePBX, queue log and CDR files".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The files queue_log and Master.csv of an Asterisk system, from one folder.".into(),
        settings: vec![
            setting("folder", SettingKind::Text, true, "The folder with both files, such as \"/srv/telephony/asterisk\"."),
            setting("time_zone", SettingKind::Text, false, "Zone of the times in CDR files. Without it: \"Europe/London\"; \"UTC\" with usegmtime=yes."),
            setting("callback_keys", SettingKind::List, false, "Keys that ask for a callback while waiting, such as [\"2\"]. Without it no callbacks are told."),
            setting("inbound_contexts", SettingKind::List, false, "Contexts of calls from outside in CDR files. Without it: [\"from-trunk\", \"from-pstn\", \"from-did-direct\", \"ext-did\"]."),
            setting("queue_log", SettingKind::Text, false, "What the names of queue logs begin with. Without it: \"queue_log\"."),
            setting("cdr", SettingKind::Text, false, "What the names of CDR files begin with. Without it: \"Master\"."),
        ],
        reaches_back: None,
        late_by: Span::hours(26),
        longest_window: Span::days(3_660),
        metrics: vec![
            (Metric::CallVolumes, Derived),
            (Metric::CallsAbandoned, Sometimes),
            (Metric::CallTimesToAnswer, Native),
            (Metric::MissedCallVolumes, Derived),
            (Metric::WaitTimeBeforeCallAbandoned, Native),
            (Metric::CallBacksRequested, Sometimes),
            (Metric::CallBacksMade, No),
            (Metric::AverageCallLength, Native),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "EXITWITHKEY has the key first.",
            "A call that ends in voicemail has a CDR row with the application VoiceMail under the unique id of its queue events.",
            "The contexts of calls from outside are those that FreePBX makes.",
            "A call whose end was lost is UNCLASSIFIED a day after its last event.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn outcomes() -> Vec<OutcomeSupport> {
    let native = [
        (Outcome::Answered, None),
        (Outcome::Missed, Some(Reason::AbandonedInQueue)),
        (Outcome::Missed, Some(Reason::QueueTimeout)),
        (Outcome::Missed, Some(Reason::QueueOverflow)),
    ];
    let derived = [
        (Outcome::Missed, None),
        (Outcome::Missed, Some(Reason::Voicemail)),
        (Outcome::Missed, Some(Reason::RangOut)),
        (Outcome::Missed, Some(Reason::Busy)),
        (Outcome::Missed, Some(Reason::Failed)),
        (Outcome::EndedInIvr, None),
        (Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
        (Outcome::EndedInIvr, Some(Reason::AfterMessage)),
        (Outcome::CallbackRequested, None),
        (Outcome::Unclassified, None),
    ];
    let native = native.into_iter().map(|of| (of, How::Native));
    let derived = derived.into_iter().map(|of| (of, How::Derived));
    native.chain(derived).map(|((outcome, reason), how)| OutcomeSupport { outcome, reason, how }).collect()
}
