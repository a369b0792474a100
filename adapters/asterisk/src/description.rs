//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

/// Each setting, its kind, and what it means; the first is required.
const SETTINGS: [(&str, SettingKind, &str); 8] = [
    (
        "folder",
        SettingKind::Text,
        "The folder with queue_log and the CDR files, such as \"/srv/telephony/asterisk\".",
    ),
    (
        "time_zone",
        SettingKind::Text,
        "Zone of times without an offset. Without it: \"Europe/London\"; \"UTC\" with usegmtime=yes.",
    ),
    (
        "callback_keys",
        SettingKind::List,
        "Keys that ask for a callback while waiting, such as [\"2\"]. Without it no callbacks asked for are told.",
    ),
    (
        "callback_contexts",
        SettingKind::List,
        "Contexts of calls that the system dials to call back, such as [\"callback-*\"]. Without it no callbacks made are told.",
    ),
    (
        "inbound_contexts",
        SettingKind::List,
        "Contexts of calls from outside in CDR files without a column did; * at the end of one stands for anything. Without it: [\"from-trunk\", \"from-pstn\", \"from-did-direct\", \"ext-did\"].",
    ),
    (
        "internal_digits",
        SettingKind::Number,
        "Callers in a queue whose number has at most so many digits are colleagues and left out, from 1 to 9. Without it none are.",
    ),
    ("queue_log", SettingKind::Text, "What the names of queue logs begin with. Without it: \"queue_log\"."),
    ("cdr", SettingKind::Text, "What the names of CDR files begin with. Without it: \"Master\"."),
];

pub(crate) fn description() -> Description {
    use MetricSupport::{Derived, Native, Sometimes};
    let setting = |(key, kind, help): &(&str, SettingKind, &str)| SettingSpec {
        key: (*key).into(),
        kind: *kind,
        required: *key == "folder",
        help: (*help).into(),
    };
    Description {
        vendor: "asterisk".into(),
        title: "Asterisk and FreePBX, queue log and CDR files".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The files queue_log and Master.csv of an Asterisk system, or exports of their tables, from one folder.".into(),
        settings: SETTINGS.iter().map(setting).collect(),
        reaches_back: None,
        late_by: Span::hours(26),
        longest_window: Span::days(36_600),
        metrics: vec![
            (Metric::CallVolumes, Derived),
            (Metric::CallsAbandoned, Sometimes),
            (Metric::CallTimesToAnswer, Native),
            (Metric::MissedCallVolumes, Derived),
            (Metric::WaitTimeBeforeCallAbandoned, Native),
            (Metric::CallBacksRequested, Sometimes),
            (Metric::CallBacksMade, Sometimes),
            (Metric::AverageCallLength, Native),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "EXITWITHKEY has the key first.",
            "A call that ends in voicemail has a CDR row with the application VoiceMail under the unique id or linked id of its queue events.",
            "The contexts of calls from outside are those that FreePBX makes; where the column did is there, a call with a number in it came from outside.",
            "In a Master.csv of 21 columns the twentieth is the linked id.",
            "Exports of tables name their columns as Asterisk does: time, callid, queuename, event, data1; calldate, dcontext, lastapp, uniqueid, linkedid, did.",
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
