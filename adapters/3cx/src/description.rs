//! What the three adapters say of themselves.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

const FOLDER: &str = "The folder that the files are put into, such as \"/srv/telephony/3cx\".";

fn setting(key: &str, kind: SettingKind, required: bool, help: &str) -> SettingSpec {
    SettingSpec { key: key.into(), kind, required, help: help.into() }
}

fn outcomes(list: &[(Outcome, Option<Reason>)]) -> Vec<OutcomeSupport> {
    list.iter()
        .map(|(outcome, reason)| OutcomeSupport { outcome: *outcome, reason: *reason, how: How::Derived })
        .collect()
}

fn sentences(list: &[&str]) -> Vec<String> {
    list.iter().map(|sentence| (*sentence).to_owned()).collect()
}

/// Where waits and talk times can be told.
fn measured() -> Vec<(Metric, MetricSupport)> {
    use MetricSupport::{Derived, No};
    vec![
        (Metric::CallVolumes, Derived),
        (Metric::CallsAbandoned, Derived),
        (Metric::CallTimesToAnswer, Derived),
        (Metric::MissedCallVolumes, Derived),
        (Metric::WaitTimeBeforeCallAbandoned, Derived),
        (Metric::CallBacksRequested, No),
        (Metric::CallBacksMade, No),
        (Metric::AverageCallLength, Derived),
    ]
}

/// Of `3cx`.
pub(crate) fn xapi() -> Description {
    Description {
        vendor: "3cx".into(),
        title: "3CX version 20, call log over XAPI".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "The call log of a 3CX system (version 20, Enterprise), a row a stage of a call.".into(),
        settings: vec![
            setting(
                "base_url",
                SettingKind::Text,
                true,
                "The system's address with its port, such as \"https://northsurgery.3cx.example:5001\".",
            ),
            setting(
                "client_id",
                SettingKind::Text,
                true,
                "The client made in the admin console, Integrations, API, with the Configuration API and the role System Owner; of callgauge alone.",
            ),
            setting(
                "client_secret",
                SettingKind::Secret,
                true,
                "The client's key, which the console shows once.",
            ),
            setting(
                "token_url",
                SettingKind::Text,
                false,
                "Where tokens are had. Without it: base_url and /connect/token.",
            ),
        ],
        reaches_back: None,
        late_by: Span::hours(4),
        longest_window: Span::days(28),
        metrics: measured(),
        outcomes: outcomes(&[
            (Outcome::Answered, None),
            (Outcome::Missed, None),
            (Outcome::Missed, Some(Reason::AbandonedInQueue)),
            (Outcome::Missed, Some(Reason::QueueTimeout)),
            (Outcome::Missed, Some(Reason::Voicemail)),
            (Outcome::EndedInIvr, None),
            (Outcome::EndedInIvr, Some(Reason::Diverted)),
            (Outcome::Unclassified, None),
        ]),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: sentences(&[
            "DestinationType is 0 for an extension, 1 for an external line, 2 for a ring group, 4 for a queue, 5 for a mailbox, 6 for a digital receptionist, 12 for the end of the call; another number makes an unanswered call UNCLASSIFIED and is counted.",
            "SourceType is 1 for a call that came by a trunk, and SourceDn is the trunk's number then.",
            "Direction is Inbound, Inbound Queue, Outbound or Internal; any other word is a reject.",
            "Status is Answered, Unanswered, Redirected or Waiting; any other word makes an unanswered call UNCLASSIFIED and is counted.",
            "A telephone's row has how long it rang in RingingDuration, and the answer lies at its end.",
            "The rows of a call appear when the call has ended, all within two hours of its first.",
            "hidePcalls=false leaves no call out.",
            "A client without the licence or the role is answered with 403 or 404.",
            "How far back the call log reaches depends on the system's own settings.",
        ]),
    }
}

/// Of `3cx_cdroutput`.
pub(crate) fn cdroutput() -> Description {
    Description {
        vendor: "3cx_cdroutput".into(),
        title: "3CX version 20, exports of cdroutput".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "Exports of the table cdroutput of a 3CX system (version 20) in a folder, a row a segment of a call.".into(),
        settings: vec![
            setting("folder", SettingKind::Text, true, FOLDER),
            setting("files", SettingKind::List, false, "Endings of the files to take. Without it: [\".csv\"]."),
        ],
        reaches_back: None,
        late_by: Span::hours(24),
        longest_window: Span::days(36_600),
        metrics: measured(),
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
            (Outcome::Unclassified, None),
        ]),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: sentences(&[
            "Voicemail is a destination of the type voicemail.",
            "A ring group is a destination whose type begins with ring_group; its answer is the machine's.",
            "A call that is diverted to another organisation has a destination external_line or provider.",
            "The segments of a call lie within 128 KiB of an export.",
            "Times without an offset are UTC.",
        ]),
    }
}

/// Of `3cx_cdr`.
pub(crate) fn cdr() -> Description {
    use MetricSupport::{No, Sometimes};
    Description {
        vendor: "3cx_cdr".into(),
        title: "3CX, CDR files".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "CDR files of a 3CX system (versions 16, 18 and 20) in a folder, a row a call: what became of it, and no durations.".into(),
        settings: vec![
            setting("folder", SettingKind::Text, true, FOLDER),
            setting(
                "files",
                SettingKind::List,
                false,
                "Endings of the files to take. Without it: [\".csv\", \".log\", \".txt\"].",
            ),
            setting(
                "columns",
                SettingKind::List,
                false,
                "The columns, in the order in which 3CX's CDR settings have them. Without it the 27 of version 16, or the first 20 of them.",
            ),
            setting(
                "time_zone",
                SettingKind::Text,
                false,
                "The system's zone. Without it: \"Europe/London\".",
            ),
            setting(
                "queues",
                SettingKind::List,
                false,
                "Extensions of queues, such as [\"800\", \"810-819\"]. Without it only missed-queue-calls tells a queue.",
            ),
            setting(
                "extensions",
                SettingKind::List,
                false,
                "Extensions of people, such as [\"100-199\"]; whatever else answers is a machine. Without it calls that no queue gave to a person are UNCLASSIFIED.",
            ),
            setting("voicemail", SettingKind::List, false, "Extensions of mailboxes, such as [\"999\"]."),
        ],
        reaches_back: None,
        late_by: Span::hours(24),
        longest_window: Span::days(36_600),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Derived),
            (Metric::CallsAbandoned, Sometimes),
            (Metric::CallTimesToAnswer, No),
            (Metric::MissedCallVolumes, Sometimes),
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
            (Outcome::Unclassified, None),
        ]),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: true,
        unknown_talk: true,
        unconfirmed: sentences(&[
            "A call has one row, and historyid with callid is its own.",
            "ReplacedDst stands for a person who took the call off a queue or by a transfer.",
            "final-type is VoiceMail where a voicemail took the call.",
            "The words Failed_Busy and Failed_Cancelled stand for busy and hung up.",
        ]),
    }
}
