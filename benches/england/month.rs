//! A month in, questions about it, the month again, and restarts.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use callgauge::calendar::{Day, start_of};
use callgauge::proto::v1;

use crate::report::{Report, megabytes, rate, time};
use crate::server::Server;
use crate::{Calls, Fault, client, made_up, median};

/// The source of records that the bench adds to the month.
pub(crate) const FRESH: &str = "bench-fresh";
/// Records that are on disk, but not settled, when the server is killed: just under what makes it settle.
const UNSETTLED: u64 = 900_000;
/// Runs of each question.
const RUNS: u64 = 50;

/// What is in the server.
pub(crate) struct Month {
    /// First day and the day after the last one.
    pub(crate) days: (Day, Day),
    /// Practices with calls, from the fewest calls to the most.
    pub(crate) practices: Vec<String>,
    /// Records of the month.
    pub(crate) records: u64,
}

impl Month {
    /// The practice in the middle.
    pub(crate) fn middle(&self) -> &str {
        &self.practices[self.practices.len() / 2]
    }

    /// The four questions, each with a name and the milliseconds that it may take.
    pub(crate) fn questions(&self) -> [(&'static str, u64, v1::QueryMetricsRequest); 4] {
        let question =
            |code: &str, granularity: v1::Granularity, group_by: v1::Level| v1::QueryMetricsRequest {
                organisation_codes: vec![code.to_owned()],
                start_date: self.days.0.to_string(),
                end_date: self.days.1.to_string(),
                granularity: granularity as i32,
                group_by: group_by as i32,
                page_size: 5_000,
                ..Default::default()
            };
        let (total, nothing) = (v1::Granularity::Total, v1::Level::Unspecified);
        [
            ("England, the month, eight metrics with p50 and p90", 10, question("ENGLAND", total, nothing)),
            ("a row for each practice", 80, question("ENGLAND", total, v1::Level::Practice)),
            ("one practice by day", 3, question(self.middle(), v1::Granularity::Day, nothing)),
            (
                "one practice by quarter hour",
                20,
                question(self.middle(), v1::Granularity::QuarterHour, nothing),
            ),
        ]
    }
}

/// Sends the month and says how fast it went.
pub(crate) async fn load(server: &Server, calls: &Calls, report: &mut Report) -> Result<Month, Fault> {
    println!("sending the month");
    if matches!(calls, Calls::MadeUp) {
        client::import(&server.channel, &made_up::practices()).await?;
    }
    let took = send(server, calls).await?;
    let sent = Instant::now();
    let records = server.status().await?.calls as u64;
    println!("{records} records in {}; waiting until they are settled", time(took));
    server.settled().await?;
    let settled = took + sent.elapsed();
    let disk = server.disk_bytes()? as f64 / records as f64;
    report.target("records", format!("{records}"), "");
    report.target("taken through StreamCallRecords, on disk", rate(records, took), "500,000/s");
    report.target("settled after the first record", time(settled), "180 s");
    report.target("disk, once settled", format!("{disk:.1} bytes a call"), "150 bytes");
    report.target("most anonymous memory by then", megabytes(server.peak_anonymous_bytes()), "1,024 MiB");
    let (days, practices) = about(server).await?;
    Ok(Month { days, practices, records })
}

/// Asks each question 50 times, each time right after a record of the practice was acknowledged; the answers have to count it.
pub(crate) async fn questions(server: &Server, month: &Month, report: &mut Report) -> Result<(), Fault> {
    let fresh_day = month.days.1.plus(-1);
    let mut number = 0;
    for (name, limit, question) in month.questions() {
        println!("asking: {name}");
        let count = |rows: &[v1::MetricRow]| rows.iter().map(|row| row.calls).sum::<i64>();
        let before = count(&client::ask(&server.channel, &question).await?);
        let (mut times, mut rows) = (Vec::new(), 0);
        for run in 1..=RUNS {
            let record = made_up::fresh(vec![month.middle().to_owned()], fresh_day, number, 1).next();
            number += 1;
            client::submit(&server.channel, FRESH, record.ok_or("no fresh record")?).await?;
            let since = Instant::now();
            let answer = client::ask(&server.channel, &question).await?;
            times.push(since.elapsed());
            rows = answer.len();
            if count(&answer) != before + run as i64 {
                return Err(format!("{name}: an acknowledged record is not in the answer").into());
            }
        }
        let slowest = times.iter().max().copied().unwrap_or_default();
        report.target(
            &format!("{name} ({rows} rows)"),
            format!("{} (slowest {})", time(median(times)), time(slowest)),
            &format!("{limit} ms"),
        );
    }
    Ok(())
}

/// Sends the same month again: nothing may be accepted.
pub(crate) async fn load_again(
    server: &Server,
    calls: &Calls,
    month: &Month,
    report: &mut Report,
) -> Result<(), Fault> {
    println!("sending the month again");
    let before = server.status().await?.calls;
    let took = send(server, calls).await?;
    let added = server.status().await?.calls - before;
    if added != 0 {
        return Err(format!("the month sent again added {added} calls").into());
    }
    report.target("the month again, accepting none", rate(month.records, took), "no slower");
    report.target("most anonymous memory, all of it", megabytes(server.peak_anonymous_bytes()), "1,024 MiB");
    Ok(())
}

/// A clean restart, and one after SIGKILL with records on disk that are not settled.
pub(crate) async fn restarts(server: Server, month: &Month, report: &mut Report) -> Result<Server, Fault> {
    println!("restarting");
    let data = server.data().to_path_buf();
    server.settled().await?;
    let drained = server.stop().await?;
    let server = Server::start(&data).await?;
    report.target("drained and ended on SIGTERM", time(drained), "10 s");
    report.target("ready after a clean restart", time(server.ready_after), "2 s");
    let fresh = made_up::fresh(month.practices.clone(), month.days.1.plus(-1), 1_000, UNSETTLED);
    let streamed = client::stream(&server.channel, FRESH, fresh).await?;
    let (status, peak) = (server.status().await?, server.peak_anonymous_bytes());
    if streamed.accepted != UNSETTLED {
        return Err(format!("{} of {UNSETTLED} fresh records were accepted", streamed.accepted).into());
    }
    server.kill()?;
    let server = Server::start(&data).await?;
    let after = server.status().await?.calls;
    if after != status.calls {
        return Err(format!("{} calls before SIGKILL, {after} after", status.calls).into());
    }
    report.target(
        &format!("ready after SIGKILL with {} records unsettled", status.unsettled),
        time(server.ready_after),
        "10 s",
    );
    let peak = peak.max(server.peak_anonymous_bytes());
    report.target("most anonymous memory around restarts", megabytes(peak), "1,024 MiB");
    Ok(server)
}

/// Sends the month; gives the time from the first record to the last acknowledgement.
async fn send(server: &Server, calls: &Calls) -> Result<Duration, Fault> {
    let Calls::Workbook(workbook) = calls else {
        return Ok(client::stream(&server.channel, "made-up", made_up::month()).await?.took);
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_callgauge"));
    command.arg("replay").arg(workbook).args(["--as-measured", "--to", server.url()]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&output.stderr);
    let sent = said.lines().find(|line| line.starts_with("sent ")).unwrap_or_default();
    println!("  replay: {sent}");
    if !output.status.success() {
        return Err(format!("replay ended with {}:\n{said}", output.status).into());
    }
    // "sent N records of MONTH in S s (R a second): ..."
    let secs = sent
        .split_once(" in ")
        .and_then(|(_, rest)| rest.split_once(" s ("))
        .map(|(secs, _)| secs.parse::<f64>());
    let secs = secs.ok_or("replay does not say how long it took")??;
    Ok(Duration::from_secs_f64(secs))
}

/// Which month it is, and who has calls in it.
async fn about(server: &Server) -> Result<((Day, Day), Vec<String>), Fault> {
    let england = v1::QueryMetricsRequest {
        organisation_codes: vec!["ENGLAND".to_owned()],
        start_date: "2018-01-01".to_owned(),
        end_date: "2028-01-01".to_owned(),
        granularity: v1::Granularity::Month as i32,
        metrics: vec!["call_volumes".to_owned()],
        ..Default::default()
    };
    let months = client::ask(&server.channel, &england).await?;
    let fullest = months.into_iter().max_by_key(|row| row.calls).and_then(|row| row.bucket);
    let first: Day = fullest.ok_or("no month has calls")?.start.get(..10).unwrap_or_default().parse()?;
    let days = (first, first.first_of_next_month());
    let by_practice = v1::QueryMetricsRequest {
        start_date: days.0.to_string(),
        end_date: days.1.to_string(),
        granularity: v1::Granularity::Total as i32,
        group_by: v1::Level::Practice as i32,
        page_size: 5_000,
        ..england
    };
    let mut rows = client::ask(&server.channel, &by_practice).await?;
    rows.retain(|row| row.calls > 0);
    rows.sort_by_key(|row| row.calls);
    let practices: Vec<String> = rows
        .into_iter()
        .filter_map(|row| row.organisation)
        .filter(|organisation| !["Unassigned", "Unmapped"].contains(&organisation.code.as_str()))
        .map(|organisation| organisation.code)
        .collect();
    if practices.is_empty() {
        return Err(format!("no practice has calls in the month from {}", start_of(days.0).millis()).into());
    }
    Ok((days, practices))
}
