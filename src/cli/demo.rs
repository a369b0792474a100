//! `callgauge demo`: the whole way in a minute, without network or file: a service of its own, a made-up month in, the eight metrics out.

mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::in_process::InProcess;
use super::replay::{Style, check, connect, deliver, import};
use super::{Failure, Surroundings, signals};
use crate::config::Given;
use crate::proto::v1;
use crate::proto::v1::metrics_service_client::MetricsServiceClient;
use crate::replay::{Column, Plan, made_up};

/// Seed of the month: everybody sees the same one.
const SEED: u64 = 202_602;

/// See the eight metrics of a made-up month, without network or file
///
/// Starts the service on a fresh temporary store, sends the month of a made-up ICB of about 40 practices to it and shows what it answers. Shares, bands, days and
/// spread follow England's published figures (NHS England, Cloud Based Telephony data in general practice, February 2026, Open Government Licence v3.0).
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// Stop after that; without it the service goes on until Ctrl-C, so that it can be asked
    #[arg(long)]
    pub exit: bool,
}

/// Port of a server that is told none.
const DEFAULT_PORT: u16 = 50_051;

/// Shows it all.
pub(super) async fn run(args: DemoArgs, around: &Surroundings) -> Result<(), Failure> {
    let folder = Folder::new().map_err(Failure::Refused)?;
    let config = around.config(Given::default())?;
    let mut steps = Steps(Instant::now());
    let started = match InProcess::begin_at(config.clone(), folder.path(), DEFAULT_PORT).await {
        Ok(started) => started,
        Err(_) => InProcess::begin_at(config, folder.path(), 0).await?,
    };
    let (url, address) = (started.url.clone(), started.at);
    steps.done(&format!("service ready on {address}, store in {}", folder.path().display()));
    let shown = show(&url, &address.to_string(), &mut steps).await;
    if shown.is_ok() && !args.exit {
        println!("\nServing on {address} until Ctrl-C.");
        if let Ok(told) = signals::stop() {
            told.await;
        }
    }
    let stopped = started.end().await;
    shown.map_err(Failure::Refused).and(stopped)
}

async fn show(url: &str, address: &str, steps: &mut Steps) -> Result<(), String> {
    let plan = Arc::new(Plan::new(made_up::month(SEED)).map_err(|error| error.to_string())?);
    let month = plan.month();
    let inbound: u64 = month.rows.iter().map(|row| row.counts[Column::Inbound]).sum();
    steps.done(&format!(
        "made up {} of {} ({}): {inbound} inbound calls of {} practices and a shared account",
        month.name(),
        made_up::ICB_NAME,
        made_up::ICB,
        made_up::PRACTICES
    ));
    let channel = connect(url).await?;
    import(channel.clone(), month).await?;
    steps.done("imported its organisations");
    let delivered =
        deliver(url, &plan, vec![true; month.rows.len()], Style { as_measured: true, revision: None })
            .await?;
    steps.done(&delivered.summary(month));

    let mut client = MetricsServiceClient::new(channel).max_decoding_message_size(16 * 1024 * 1024);
    let question = |group_by: v1::Level| v1::QueryMetricsRequest {
        organisation_codes: vec![made_up::ICB.to_owned()],
        group_by: group_by as i32,
        month: month.name(),
        ..v1::QueryMetricsRequest::default()
    };
    let mut rows = check::pages(&mut client, question(v1::Level::Unspecified)).await?;
    steps.done("asked for the eight metrics of the ICB");
    rows.extend(check::pages(&mut client, question(v1::Level::Practice)).await?);
    steps.done("asked for those of each practice");

    println!(
        "\nThe eight call metrics of {}, {} (s: seconds; p50, p90: percentiles)\n",
        made_up::ICB,
        month.name()
    );
    print!("{}", table::table(&rows));
    println!(
        "\nEverybody in it is made up. Its shares, bands, days and spread follow: NHS England, Cloud Based Telephony data in general practice, \
         February 2026, Open Government Licence v3.0."
    );
    println!("\nThe same numbers with grpcurl:\n");
    for line in grpcurl_lines(address, &month.name()) {
        println!("  {line}");
    }
    Ok(())
}

/// What to type next: the ICB, its practices, one practice by day in core hours, what the metrics mean.
fn grpcurl_lines(address: &str, month: &str) -> [String; 4] {
    let ask = |body: String, method: &str| {
        format!("grpcurl -plaintext -d '{body}' {address} callgauge.v1.MetricsService/{method}")
    };
    let icb = made_up::ICB;
    [
        ask(format!(r#"{{"organisation_codes":["{icb}"],"month":"{month}"}}"#), "QueryMetrics"),
        ask(
            format!(r#"{{"organisation_codes":["{icb}"],"group_by":"LEVEL_PRACTICE","month":"{month}"}}"#),
            "QueryMetrics",
        ),
        ask(
            format!(
                r#"{{"organisation_codes":["ZZ0001"],"month":"{month}","granularity":"GRANULARITY_DAY","hours":"HOURS_CORE"}}"#
            ),
            "QueryMetrics",
        ),
        ask("{}".to_owned(), "ListMetricDefinitions"),
    ]
}

/// Says how long each step took.
struct Steps(Instant);

impl Steps {
    fn done(&mut self, what: &str) {
        println!("{:>7.0} ms  {what}", self.0.elapsed().as_secs_f64() * 1_000.0);
        self.0 = Instant::now();
    }
}

/// A fresh folder that goes with the demo.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let within = std::env::temp_dir();
        for attempt in 0..100_u32 {
            let path = within.join(format!("callgauge-demo-{}-{attempt}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("cannot make a folder in {}: {error}", within.display())),
            }
        }
        Err(format!("{} is full of folders of earlier demos: remove callgauge-demo-*", within.display()))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder for temporary files: nobody misses it, and what stays is removed by whoever cleans that up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_to_type_hold_json() {
        for line in grpcurl_lines("127.0.0.1:50051", "2026-02") {
            let body = line.split('\'').nth(1).expect("a body");
            assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{line}");
        }
    }

    #[test]
    fn the_folder_goes_with_the_demo() {
        let folder = Folder::new().expect("a folder");
        let path = folder.path().to_owned();
        std::fs::write(path.join("file"), "x").expect("written");
        drop(folder);
        assert!(!path.exists());
    }
}
