//! docs/benchmarks.md: what was measured, on what machine, when, beside what was asked for.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Calls;
use crate::compare::Measured;

/// Measurements, in the order in which they were made.
pub(crate) struct Report {
    month: String,
    targets: Vec<(String, String, String)>,
    comparison: Option<Theirs>,
}

/// Three systems on the same records.
pub(crate) struct Theirs {
    /// How many records.
    pub(crate) records: u64,
    /// Of how many practices.
    pub(crate) practices: usize,
    /// The questions.
    pub(crate) questions: Vec<String>,
    /// callgauge.
    pub(crate) ours: Measured,
    /// The others.
    pub(crate) theirs: Vec<Measured>,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(calls: &Calls) -> Self {
        let month = match calls {
            Calls::Workbook(path) => format!(
                "NHS England's workbook \"{}\" (Cloud Based Telephony data in General Practice, Open Government Licence v3.0), replayed for all of \
                 England with `--as-measured`",
                path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default()
            ),
            Calls::MadeUp => "a made-up month of 500 practices, because no workbook was given".to_owned(),
        };
        Self { month, targets: Vec::new(), comparison: None }
    }

    /// One measurement, beside what was asked for (empty where nothing was).
    pub(crate) fn target(&mut self, what: &str, measured: String, asked: &str) {
        println!("  {what}: {measured}");
        self.targets.push((what.to_owned(), measured, asked.to_owned()));
    }

    /// The comparison.
    pub(crate) fn comparison(&mut self, theirs: Theirs) {
        self.comparison = Some(theirs);
    }

    /// The page.
    pub(crate) fn markdown(&self) -> String {
        let mut page = String::from(
            "# Benchmarks\n\nWritten by `cargo bench --bench england`; the comments of `benches/` say how each line is measured.\n\n",
        );
        let _ = writeln!(page, "- Machine: {}\n- Date: {}\n- Records: {}.", machine(), today(), self.month);
        page.push_str(
            "- callgauge runs with its defaults, a client on the same machine talks to it over gRPC.\n",
        );
        if !self.targets.is_empty() {
            page.push_str("\n## The month\n\nQuestions: median of 50, each asked right after another record was acknowledged, which the answer has to count.\n\n");
            page.push_str("| what | measured | asked for |\n|---|---|---|\n");
            for (what, measured, asked) in &self.targets {
                let _ = writeln!(page, "| {what} | {measured} | {asked} |");
            }
        }
        if let Some(comparison) = &self.comparison {
            side_by_side(&mut page, comparison);
        }
        page
    }
}

fn side_by_side(page: &mut String, comparison: &Theirs) {
    let there: Vec<&Measured> = comparison.theirs.iter().filter(|other| other.missing.is_none()).collect();
    let _ = writeln!(
        page,
        "\n## Beside others, on the same records\n\n{} records, all calls of {} practices that stand evenly between the smallest and the largest, into each system while nothing else runs. callgauge takes them through \
         StreamCallRecords, from a client that reads the same CSV file; PostgreSQL by COPY into a table with its primary key on source and call id and an index on practice and time; DuckDB by COPY from CSV into a \
         table with that primary key, in-process. The others get London's clock time worked out in advance. They are asked for the same counts, percentiles, means and bands, and for a row for every day and quarter hour of the month, calls or not, as callgauge gives them; not for completeness. Medians of 5 runs, or one where \
         it took over 30 s; in brackets how many times as long as callgauge. Counts and percentiles of all of them were equal.\n",
        comparison.records, comparison.practices
    );
    let mut head = format!("| what | {} |", comparison.ours.name);
    let mut line = String::from("|---|---|");
    for other in &there {
        let _ = write!(head, " {} |", other.name);
        line.push_str("---|");
    }
    let _ = writeln!(page, "{head}\n{line}");
    let load = |system: &Measured| rate(comparison.records, Duration::from_secs_f64(system.load_secs));
    let _ = write!(page, "| load | {} |", load(&comparison.ours));
    for other in &there {
        let _ = write!(page, " {} ({:.1}x) |", load(other), other.load_secs / comparison.ours.load_secs);
    }
    page.push('\n');
    for (number, question) in comparison.questions.iter().enumerate() {
        let ours = comparison.ours.question_secs[number];
        let _ = write!(page, "| {question} | {} |", time(Duration::from_secs_f64(ours)));
        for other in &there {
            let secs = other.question_secs[number];
            let _ = write!(page, " {} ({:.1}x) |", time(Duration::from_secs_f64(secs)), secs / ours);
        }
        page.push('\n');
    }
    for other in &comparison.theirs {
        if let Some(why) = &other.missing {
            let _ = writeln!(page, "\nLeft out: {why}.");
        }
    }
}

/// A duration for people.
pub(crate) fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// Records a second.
pub(crate) fn rate(records: u64, took: Duration) -> String {
    let a_second = (records as f64 / took.as_secs_f64().max(1e-9)).round() as u64;
    let digits = a_second.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}/s ({})", time(took))
}

/// Bytes as MiB.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let model = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, model)| model.to_owned()))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory: u64 = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0);
    format!("{cores} cores of {model}, {} GiB of memory, {}", memory.div_ceil(1 << 20), std::env::consts::OS)
}

fn today() -> String {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let days = i32::try_from(since_1970.as_secs() / 86_400).unwrap_or(0);
    callgauge::calendar::Day::from_number(days).to_string()
}
