//! What the adapter says of itself.

use callgauge_adapter::schema::{Outcome, Reason};
use callgauge_adapter::{
    Description, How, Metric, MetricSupport, OutcomeSupport, SettingKind, SettingSpec, Span,
};

pub(crate) fn description() -> Description {
    let sometimes = |metric| (metric, MetricSupport::Sometimes);
    Description {
        vendor: "delimited".into(),
        title: "Delimited files".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        reads: "Files that a supplier puts into a folder: a row a call, or counts by practice and day.".into(),
        settings: settings(),
        reaches_back: None,
        // A month's file comes in the first days of the next month.
        late_by: Span::days(36),
        longest_window: Span::days(3_660),
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            sometimes(Metric::CallsAbandoned),
            sometimes(Metric::CallTimesToAnswer),
            sometimes(Metric::MissedCallVolumes),
            sometimes(Metric::WaitTimeBeforeCallAbandoned),
            sometimes(Metric::CallBacksRequested),
            sometimes(Metric::CallBacksMade),
            sometimes(Metric::AverageCallLength),
        ],
        outcomes: outcomes(),
        sees_corrections: true,
        sees_deletions: false,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: [
            "The bands of NHS England's \"By Durations\" are written as 0, 1_60, 61_120 and so on, >300 and TOTAL.",
            "The bands of \"By Day and Time\" begin with the four digits of their first minute, with or without a colon.",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn settings() -> Vec<SettingSpec> {
    let setting = |key: &str, kind, required, help: &str| SettingSpec {
        key: key.into(),
        kind,
        required,
        help: help.into(),
    };
    use SettingKind::{List, Switch, Table, Text};
    vec![
        setting(
            "folder",
            Text,
            true,
            "The folder that the supplier's files are put into, such as \"/srv/telephony/acme\".",
        ),
        setting(
            "holds",
            Text,
            false,
            "What the files hold: \"calls\" (a row a call) or \"tallies\" (counts). Without it: calls.",
        ),
        setting("files", List, false, "Endings of the files to take. Without it: [\".csv\"]."),
        setting("delimiter", Text, false, "\",\", \";\", \"|\" or \"tab\". Without it: \",\"."),
        setting("quotes", Switch, false, "Whether double quotes hold delimiters. Without it: true."),
        setting(
            "encoding",
            Text,
            false,
            "\"auto\", \"utf-8\" (a line that is none is a reject) or \"latin-1\". Without it: auto, which is UTF-8 and else Latin-1.",
        ),
        setting(
            "columns",
            List,
            false,
            "Names of the columns, in order, for files without a header. Without it the first line is the header.",
        ),
        setting(
            "times",
            Text,
            false,
            "How times are written: \"auto\", \"iso\", \"day_month_year\" or \"epoch\". Without it they are told apart by their looks.",
        ),
        setting("time_zone", Text, false, "Zone of times without an offset. Without it: \"Europe/London\"."),
        setting(
            "durations",
            Text,
            false,
            "How durations are written: \"seconds\", \"milliseconds\", \"clock\" (00:03:07) or \"iso\" (PT3M7S). Without it: seconds.",
        ),
        setting(
            "map",
            Table,
            false,
            "Our field = their column. With calls, call_id, started_at and outcome are needed; with tallies, date, indicator and count, or no map for NHS England's layout. Never map a column with callers' numbers.",
        ),
        setting(
            "outcomes",
            Table,
            true,
            "Their word = ours, such as \"Hung up\" = \"missed:abandoned_in_queue\". Not needed with tallies.",
        ),
        setting(
            "directions",
            Table,
            false,
            "Their word = inbound, outbound or skip. Without it: in, inbound, incoming, out, outbound, outgoing, internal.",
        ),
        setting(
            "indicators",
            Table,
            false,
            "With tallies: their word = inbound, answered and so on. CBT001 to CBT007 are known.",
        ),
    ]
}

fn outcomes() -> Vec<OutcomeSupport> {
    let plain = [
        Outcome::Answered,
        Outcome::EndedInIvr,
        Outcome::Missed,
        Outcome::CallbackRequested,
        Outcome::Unclassified,
    ];
    let plain = plain.into_iter().map(|outcome| (outcome, None));
    let reasons = Reason::ALL.iter().map(|reason| (reason.outcome(), Some(*reason)));
    plain
        .chain(reasons)
        .map(|(outcome, reason)| OutcomeSupport { outcome, reason, how: How::Native })
        .collect()
}
