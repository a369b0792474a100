//! The same records and the same questions: callgauge over gRPC, PostgreSQL 15, DuckDB in-process.

use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use callgauge::calendar::{london, start_of};
use callgauge::proto::v1;
use callgauge_schema::Moment;
use serde::Deserialize;

use crate::month::{FRESH, Month};
use crate::report::{Report, Theirs};
use crate::server::Server;
use crate::{Fault, client, median};

/// Records that the others get, unless told otherwise.
const ROWS: u64 = 3_000_000;
/// Runs of each measurement; one where the first took longer than [`LONG`].
const RUNS: usize = 5;
/// What is long.
const LONG: Duration = Duration::from_secs(30);

/// Some of the month's records in a file that all of them read.
pub(crate) struct Sample {
    records: u64,
    /// The practices that they are of.
    practices: Vec<String>,
    csv: PathBuf,
}

/// What one system took.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Measured {
    /// Why there is nothing, where there is nothing.
    #[serde(default)]
    pub(crate) missing: Option<String>,
    /// Name and version.
    #[serde(default)]
    pub(crate) name: String,
    /// Seconds to load all records.
    #[serde(default)]
    pub(crate) load_secs: f64,
    /// Seconds for each question.
    #[serde(default)]
    pub(crate) question_secs: Vec<f64>,
    /// England's answer: inbound, answered, p50 and p90 of the wait of answered calls, and the number of rows of the second question.
    #[serde(default)]
    pub(crate) answer: Vec<i64>,
}

/// Reads back all calls of every so-many-th practice, from those with the fewest calls to those with the most, the middle one among them.
/// Calls of accounts that several practices share are left out.
pub(crate) async fn draw(server: &Server, month: &Month, csv: &Path) -> Result<Sample, Fault> {
    let wanted = std::env::var("CALLGAUGE_BENCH_COMPARE_ROWS").map_or(Ok(ROWS), |text| text.parse())?.max(1);
    let every = usize::try_from(month.records.div_ceil(wanted))?.max(1);
    println!("reading back all calls of one practice in {every}");
    let days = (month.days.0.to_string(), month.days.1.to_string());
    let mut records = 0;
    let mut file = std::io::BufWriter::new(std::fs::File::create(csv)?);
    let number = (0..).zip(&month.practices);
    let middle = month.practices.len() / 2;
    let kept = number.filter(|(number, _)| number % every == middle % every).map(|(_, code)| code.clone());
    let mut practices: Vec<_> = kept.collect();
    practices.sort_unstable();
    for code in &practices {
        for stored in client::calls_of(&server.channel, code, &days).await? {
            let Some(record) = stored.record.filter(|_| stored.source_id != FRESH) else { continue };
            writeln!(file, "{}", as_csv(code, &record))?;
            records += 1;
        }
    }
    file.flush()?;
    println!("{records} records of {} practices", practices.len());
    Ok(Sample { records, practices, csv: csv.to_path_buf() })
}

/// Measures all three and puts them side by side.
pub(crate) async fn run(
    folder: &Path,
    sample: &Sample,
    month: &Month,
    report: &mut Report,
) -> Result<(), Fault> {
    let ours = callgauge(folder, sample, month).await?;
    let mut theirs = Vec::new();
    for system in ["postgresql", "duckdb"] {
        println!("measuring {system}");
        let measured = other(system, folder, sample, month)?;
        if measured.missing.is_none() && measured.answer != ours.answer {
            return Err(format!("{system} answers {:?}, callgauge {:?}", measured.answer, ours.answer).into());
        }
        theirs.push(measured);
    }
    report.comparison(Theirs {
        records: sample.records,
        practices: sample.practices.len(),
        questions: month.questions().map(|(name, ..)| name.to_owned()).to_vec(),
        ours,
        theirs,
    });
    Ok(())
}

async fn callgauge(folder: &Path, sample: &Sample, month: &Month) -> Result<Measured, Fault> {
    println!("measuring callgauge on the same records");
    let mut loads = Vec::new();
    let server = loop {
        let server = Server::start(&folder.join(format!("sample-{}", loads.len()))).await?;
        for part in sample.practices.chunks(5_000) {
            client::import(&server.channel, part).await?;
        }
        let lines = std::io::BufReader::new(std::fs::File::open(&sample.csv)?).lines();
        let records = lines.map_while(|line| from_csv(&line.ok()?));
        let streamed = client::stream(&server.channel, "sample", records).await?;
        if streamed.accepted != sample.records {
            return Err(format!("{} of {} accepted", streamed.accepted, sample.records).into());
        }
        loads.push(streamed.took);
        if loads.len() == RUNS || streamed.took > LONG {
            break server;
        }
        server.stop().await?;
    };
    server.settled().await?;
    let (mut question_secs, mut answer) = (Vec::new(), Vec::new());
    for (number, (_, _, question)) in month.questions().iter().enumerate() {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let since = Instant::now();
            let rows = client::ask(&server.channel, question).await?;
            times.push(since.elapsed());
            if times.len() == 1 && number == 0 {
                answer = england(&rows)?;
            } else if times.len() == 1 && number == 1 {
                answer.push(rows.iter().filter(|row| row.calls > 0).count() as i64);
            }
        }
        question_secs.push(median(times).as_secs_f64());
    }
    server.stop().await?;
    let name = format!("callgauge {}", env!("CARGO_PKG_VERSION"));
    Ok(Measured { name, load_secs: median(loads).as_secs_f64(), question_secs, answer, missing: None })
}

fn england(rows: &[v1::MetricRow]) -> Result<Vec<i64>, Fault> {
    let row = rows.first().ok_or("no row for England")?;
    let check = row.outcome_check.ok_or("no sum check")?;
    let waits = row.values.iter().find(|value| value.metric == "call_times_to_answer");
    let Some(v1::metric_value::Value::Distribution(waits)) = waits.and_then(|value| value.value.as_ref())
    else {
        return Err("no distribution of call_times_to_answer".into());
    };
    let mut answer = vec![check.inbound, check.answered];
    for percentile in &waits.percentiles {
        match percentile.at {
            Some(v1::percentile::At::Secs(secs)) => answer.push(secs),
            _ => return Err("a percentile in bands: the records are not measured".into()),
        }
    }
    Ok(answer)
}

fn other(system: &str, folder: &Path, sample: &Sample, month: &Month) -> Result<Measured, Fault> {
    let python = std::env::var("CALLGAUGE_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/compare.py");
    let output = Command::new(python)
        .arg(script)
        .arg(system)
        .arg(&sample.csv)
        .arg(folder.parent().unwrap_or(folder))
        .args([month.middle(), &month.days.0.to_string(), &month.days.1.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{system}: compare.py ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A line: source, call id, practice, inbound, callback made, London's clock time, outcome, wait, talk. The clock time is worked out here, so that the others
/// are spared the time zone.
fn as_csv(practice: &str, record: &v1::CallRecord) -> String {
    let at = record.started_at.map_or(0, |at| at.seconds);
    let clock = london(Moment::from_millis(at * 1_000));
    let (hour, minute, second) = (clock.second / 3_600, clock.second / 60 % 60, clock.second % 60);
    let made = matches!(
        record.callback.as_ref().and_then(|callback| callback.kind.as_ref()),
        Some(v1::callback::Kind::Made(made)) if made.automatic != Some(false)
    );
    let mut line = format!(
        "sample,{},{practice},{},{},{} {hour:02}:{minute:02}:{second:02},{},",
        record.call_id,
        u8::from(record.direction() == v1::Direction::Inbound),
        u8::from(made),
        clock.day,
        record.outcome,
    );
    for (duration, end) in [(record.wait, ","), (record.talk, "")] {
        if let Some(duration) = duration {
            let _ = write!(line, "{}", duration.seconds);
        }
        line.push_str(end);
    }
    line
}

/// A record of such a line; its instant is taken from the clock time, which in October's repeated hour may be an hour off.
fn from_csv(line: &str) -> Option<v1::CallRecord> {
    let fields: Vec<&str> = line.split(',').collect();
    let [_, call_id, practice, inbound, made, clock, outcome, wait, talk] = fields[..] else { return None };
    let (day, time) = clock.split_once(' ')?;
    let mut seconds = start_of(day.parse().ok()?).secs();
    for (part, length) in time.split(':').zip([3_600, 60, 1]) {
        seconds += part.parse::<i64>().ok()? * length;
    }
    let duration = |text: &str| text.parse().ok().map(|seconds| prost_types::Duration { seconds, nanos: 0 });
    let direction = if inbound == "1" { v1::Direction::Inbound } else { v1::Direction::Outbound };
    let callback = (made == "1")
        .then(|| v1::Callback { kind: Some(v1::callback::Kind::Made(v1::CallbackMade::default())) });
    Some(v1::CallRecord {
        call_id: call_id.to_owned(),
        attribution: Some(v1::call_record::Attribution::PracticeCode(practice.to_owned())),
        direction: direction as i32,
        started_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        outcome: outcome.parse().ok()?,
        wait: duration(wait),
        talk: duration(talk),
        callback,
        ..Default::default()
    })
}
