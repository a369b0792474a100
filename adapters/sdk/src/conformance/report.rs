//! What the kit found: a line a check, as text, and adapters side by side as a table.

use std::fmt;

use crate::{Description, How, Metric, MetricSupport, OutcomeSupport};

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// The script does not show it, or it cannot happen with this vendor.
    NotShown,
}

impl Verdict {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NotShown => "not shown",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What has to hold.
    pub check: String,
    /// Whether it does.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do; empty where it passed.
    pub to_do: String,
}

/// Everything that the kit found out about an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the vendor, or of what else is held to something.
    pub vendor: String,
    /// In the order in which they were made.
    pub lines: Vec<Line>,
    /// Requests that the script allows and that were kept to when it was tried: "10 in 60 s".
    pub budget: Vec<String>,
}

impl Report {
    /// A report without lines.
    pub const fn new(vendor: String) -> Self {
        Self { vendor, lines: Vec::new(), budget: Vec::new() }
    }

    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        self.lines.iter().all(|line| line.verdict != Verdict::Failed)
    }

    /// How many lines have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }

    /// The line of a check, by its name.
    pub fn line(&self, check: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.check == check)
    }

    /// A line with its verdict; what to do is left out where it passed.
    pub fn add(&mut self, check: &str, verdict: Verdict, seen: impl Into<String>, to_do: &str) {
        let to_do = if verdict == Verdict::Passed { "" } else { to_do };
        self.lines.push(Line {
            check: check.to_owned(),
            verdict,
            seen: seen.into(),
            to_do: to_do.to_owned(),
        });
    }

    /// A line that fails where anything was found, and else says what was seen.
    pub fn holds(&mut self, check: &str, found: &[String], seen: impl Into<String>, to_do: &str) {
        if found.is_empty() {
            self.add(check, Verdict::Passed, seen, "");
        } else {
            self.add(check, Verdict::Failed, super::expect::told(found), to_do);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { check, verdict, seen, to_do } in &self.lines {
            writeln!(f, "{:<9}  {check}: {seen}", verdict.name())?;
            if !to_do.is_empty() {
                writeln!(f, "{:<9}  -> {to_do}", "")?;
            }
        }
        write!(
            f,
            "{}: {} passed, {} failed, {} not shown",
            self.vendor,
            self.count(Verdict::Passed),
            self.count(Verdict::Failed),
            self.count(Verdict::NotShown)
        )
    }
}

/// The metrics, in the order of the matrix, with the head of their columns.
const METRICS: [(Metric, &str); 8] = [
    (Metric::CallVolumes, "volumes"),
    (Metric::CallsAbandoned, "abandoned"),
    (Metric::CallTimesToAnswer, "time to answer"),
    (Metric::MissedCallVolumes, "missed"),
    (Metric::WaitTimeBeforeCallAbandoned, "wait before abandoned"),
    (Metric::CallBacksRequested, "callbacks requested"),
    (Metric::CallBacksMade, "callbacks made"),
    (Metric::AverageCallLength, "call length"),
];

/// Adapters and what they can do, as the Markdown tables of docs/adapters.md: metrics, then reach and what the kit found, then outcomes.
pub fn matrix(adapters: &[(Description, Report)]) -> String {
    let mut text = String::from("| adapter |");
    for (_, head) in METRICS {
        text.push_str(&format!(" {head} |"));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(METRICS.len())));
    for (description, _) in adapters {
        text.push_str(&format!("| {} |", description.title));
        for (metric, _) in METRICS {
            let support =
                description.metrics.iter().find(|(of, _)| *of == metric).map(|(_, support)| *support);
            text.push_str(&format!(" {} |", support.map_or("not said", support_word)));
        }
        text.push('\n');
    }
    text.push_str(
        "\n| adapter | reaches back | records come late by | corrections | deletions | cannot know | requests, kept to | the kit |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (description, report) in adapters {
        text.push_str(&reach_row(description, report));
    }
    text.push_str("\n| adapter | outcomes in the vendor's own word | derived from legs, events or times |\n|---|---|---|\n");
    for (description, _) in adapters {
        let (native, derived) = (outcomes(description, How::Native), outcomes(description, How::Derived));
        text.push_str(&format!("| {} | {native} | {derived} |\n", description.title));
    }
    text
}

/// Outcomes that are known in one way: "answered; missed: voicemail, busy".
fn outcomes(description: &Description, how: How) -> String {
    let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
    for OutcomeSupport { outcome, reason, how: _ } in description.outcomes.iter().filter(|of| of.how == how) {
        if named.last().is_none_or(|(name, _)| *name != outcome.name()) {
            named.push((outcome.name(), Vec::new()));
        }
        if let Some((_, reasons)) = named.last_mut() {
            reasons.extend(reason.map(|reason| reason.name()));
        }
    }
    let words = |(name, reasons): &(&str, Vec<&str>)| match reasons.as_slice() {
        [] => (*name).to_owned(),
        reasons => format!("{name}: {}", reasons.join(", ")),
    };
    let list: Vec<String> = named.iter().map(words).collect();
    if list.is_empty() { "none".to_owned() } else { list.join("; ").replace('_', " ") }
}

fn reach_row(description: &Description, report: &Report) -> String {
    let seen = |seen: bool| if seen { "seen" } else { "not seen" };
    let unknown: Vec<&str> = [(description.unknown_wait, "waits"), (description.unknown_talk, "talk times")]
        .into_iter()
        .filter_map(|(unknown, name)| unknown.then_some(name))
        .collect();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} of {} checks passed{} |\n",
        description.title,
        description.reaches_back.map_or_else(|| "without end".to_owned(), |span| span.to_string()),
        description.late_by,
        seen(description.sees_corrections),
        seen(description.sees_deletions),
        if unknown.is_empty() { "-".to_owned() } else { unknown.join(", ") },
        if report.budget.is_empty() { "-".to_owned() } else { report.budget.join(", ") },
        report.count(Verdict::Passed),
        report.count(Verdict::Passed) + report.count(Verdict::Failed),
        if report.passed() { "" } else { ": FAILED" },
    )
}

const fn support_word(support: MetricSupport) -> &'static str {
    match support {
        MetricSupport::Native => "native",
        MetricSupport::Derived => "derived",
        MetricSupport::Sometimes => "some accounts",
        MetricSupport::No => "no",
    }
}
