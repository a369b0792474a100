//! What the two adapters say of themselves.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

fn setting(key: &str, kind: SettingKind, required: bool, help: &str) -> SettingSpec {
    SettingSpec { key: key.into(), kind, required, help: help.into() }
}

fn outcomes(list: &[(Outcome, Option<Reason>)]) -> Vec<OutcomeSupport> {
    list.iter()
        .map(|(outcome, reason)| OutcomeSupport { outcome: *outcome, reason: *reason, how: How::Derived })
        .collect()
}

/// Of `3cx`.
pub(crate) fn segments() -> Description {
    use MetricSupport::{Derived, No};
    Description {
        vendor: "3cx".into(),
        title: "3CX, exports of cdroutput".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "Exports of the table cdroutput of a 3CX system (version 20) in a folder, a row a segment."
            .into(),
        settings: vec![
            setting(
                "folder",
                SettingKind::Text,
                true,
                "The folder that the exports are put into, such as \"/srv/telephony/3cx\".",
            ),
            setting(
                "files",
                SettingKind::List,
                false,
                "Endings of the files to take. Without it: [\".csv\"].",
            ),
        ],
        reaches_back: None,
        late_by: Span::hours(24),
        longest_window: Span::days(3_660),
        metrics: vec![
            (Metric::CallVolumes, Derived),
            (Metric::CallsAbandoned, Derived),
            (Metric::CallTimesToAnswer, Derived),
            (Metric::MissedCallVolumes, Derived),
            (Metric::WaitTimeBeforeCallAbandoned, Derived),
            (Metric::CallBacksRequested, No),
            (Metric::CallBacksMade, No),
            (Metric::AverageCallLength, Derived),
        ],
        outcomes: outcomes(&[
            (Outcome::Answered, None),
            (Outcome::Missed, None),
            (Outcome::Missed, Some(Reason::AbandonedInQueue)),
            (Outcome::Missed, Some(Reason::AbandonedWhileRinging)),
            (Outcome::Missed, Some(Reason::RangOut)),
            (Outcome::Missed, Some(Reason::Busy)),
            (Outcome::Missed, Some(Reason::Voicemail)),
            (Outcome::EndedInIvr, None),
            (Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
            (Outcome::EndedInIvr, Some(Reason::Diverted)),
        ]),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "Voicemail is a destination of the type voicemail.",
            "A ring group is a destination of the type ring_group; its answer is the machine's.",
            "A call that is diverted to another organisation has a destination external_line or provider.",
            "The segments of a call lie within 128 KiB of an export.",
            "Times without an offset are UTC.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

/// Of `3cx_cdr`.
pub(crate) fn cdr() -> Description {
    use MetricSupport::{Derived, No, Sometimes};
    Description {
        vendor: "3cx_cdr".into(),
        title: "3CX, CDR files".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "CDR files of a 3CX system (versions 16, 18 and 20) in a folder, a row a call: what became of it, and no durations.".into(),
        settings: vec![
            setting("folder", SettingKind::Text, true, "The folder that 3CX writes its CDR files into."),
            setting("files", SettingKind::List, false, "Endings of the files to take. Without it: [\".csv\", \".log\", \".txt\"]."),
            setting("columns", SettingKind::List, false, "The columns, in the order in which 3CX's CDR settings have them. Without it the 27 of version 16."),
            setting("time_zone", SettingKind::Text, false, "The system's zone. Without it: \"Europe/London\"."),
            setting("queues", SettingKind::List, false, "Extensions of queues, such as [\"800\"]. Without it only missed-queue-calls tells a queue."),
            setting("extensions", SettingKind::List, false, "Extensions of people. Without it whatever answers and is no queue is a person."),
        ],
        reaches_back: None,
        late_by: Span::hours(24),
        longest_window: Span::days(3_660),
        metrics: vec![
            (Metric::CallVolumes, Derived),
            (Metric::CallsAbandoned, Sometimes),
            (Metric::CallTimesToAnswer, No),
            (Metric::MissedCallVolumes, Derived),
            (Metric::WaitTimeBeforeCallAbandoned, No),
            (Metric::CallBacksRequested, No),
            (Metric::CallBacksMade, No),
            (Metric::AverageCallLength, No),
        ],
        outcomes: outcomes(&[
            (Outcome::Answered, None),
            (Outcome::Missed, None),
            (Outcome::Missed, Some(Reason::AbandonedInQueue)),
            (Outcome::Missed, Some(Reason::AbandonedWhileRinging)),
            (Outcome::Missed, Some(Reason::Busy)),
            (Outcome::Missed, Some(Reason::Voicemail)),
            (Outcome::EndedInIvr, None),
            (Outcome::EndedInIvr, Some(Reason::HungUpInMenu)),
        ]),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: true,
        unknown_talk: true,
        unconfirmed: [
            "A call has one row, and historyid with callid is its own.",
            "final-type is VoiceMail where a voicemail took the call.",
            "The words Failed_Busy and Failed_Cancelled stand for busy and hung up.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}
