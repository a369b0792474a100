//! What the kit found: a line a check, as text, and adapters side by side as a table.

use std::fmt;

use crate::{Description, How, Metric, MetricSupport, Span};

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
    /// Name of the vendor.
    pub vendor: String,
    /// In the order in which they were made.
    pub lines: Vec<Line>,
}

impl Report {
    /// A report without lines.
    pub(crate) const fn new(vendor: String) -> Self {
        Self { vendor, lines: Vec::new() }
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

    pub(crate) fn add(&mut self, check: &str, verdict: Verdict, seen: impl Into<String>, to_do: &str) {
        let to_do = if verdict == Verdict::Passed { "" } else { to_do };
        self.lines.push(Line {
            check: check.to_owned(),
            verdict,
            seen: seen.into(),
            to_do: to_do.to_owned(),
        });
    }

    /// A line that fails where anything was found, and else says what was seen.
    pub(crate) fn holds(&mut self, check: &str, found: &[String], seen: impl Into<String>, to_do: &str) {
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

/// Adapters and what they can do, as the Markdown tables of docs/adapters.md: metrics first, then reach, corrections and the kit's verdict.
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
        "\n| adapter | keeps | records come late by | corrections | deletions | cannot know | outcomes of its own word | derived | kit |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (description, report) in adapters {
        text.push_str(&reach_row(description, report));
    }
    text
}

fn reach_row(description: &Description, report: &Report) -> String {
    let seen = |seen: bool| if seen { "seen" } else { "not seen" };
    let unknown: Vec<&str> = [(description.unknown_wait, "waits"), (description.unknown_talk, "talk times")]
        .into_iter()
        .filter_map(|(unknown, name)| unknown.then_some(name))
        .collect();
    let outcomes = |how: How| {
        let names: Vec<String> = description
            .outcomes
            .iter()
            .filter(|support| support.how == how)
            .map(|support| match support.reason {
                Some(reason) => reason.name().replace('_', " "),
                None => support.outcome.name().replace('_', " "),
            })
            .collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} of {} checks passed{} |\n",
        description.title,
        description.reaches_back.map_or_else(|| "without end".to_owned(), length),
        length(description.late_by),
        seen(description.sees_corrections),
        seen(description.sees_deletions),
        if unknown.is_empty() { "-".to_owned() } else { unknown.join(", ") },
        outcomes(How::Native),
        outcomes(How::Derived),
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

fn length(span: Span) -> String {
    let (number, unit) = match span.secs {
        secs if secs >= 86_400 && secs % 86_400 == 0 => (secs / 86_400, "day"),
        secs if secs >= 3_600 && secs % 3_600 == 0 => (secs / 3_600, "hour"),
        secs if secs >= 60 && secs % 60 == 0 => (secs / 60, "minute"),
        secs => (secs, "second"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
