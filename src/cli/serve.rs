//! `callgauge serve`: settings, log, signals; the service itself is `service`.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use super::{Failure, Surroundings, host, signals};
use crate::config::{
    Given, LogConfig, LogFormat, LogLevel, MetricsListen, address, drain_secs, reject_limit, settle_rows,
};

/// Run the service
///
/// Takes call records and answers questions over gRPC, with health and reflection, until SIGTERM or Ctrl-C; then it stops taking new work,
/// finishes what it received, and ends. Without authentication, which this version does not have, it listens on loopback addresses only.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(super) struct ServeArgs {
    /// Address and port of gRPC [default: 127.0.0.1:50051]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,

    /// Folder that keeps the calls; made if it is not there [default: ./callgauge-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Address and port of /metrics for Prometheus, or "off" [default: 127.0.0.1:50052]
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<MetricsListen>,

    /// A TOML file that replaces the built-in core hours and bank holidays
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,

    /// Form of the log on standard error: json or text [default: text]
    #[arg(long, value_name = "FORM")]
    log_format: Option<LogFormat>,

    /// Least grave lines that are logged: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogLevel>,

    /// Seconds that finishing what was received may take, 1 to 10 [default: 10]
    #[arg(long, value_name = "SECS", value_parser = drain_secs)]
    drain_secs: Option<u64>,

    /// Refused records kept of one source before nothing more is taken from it [default: 100000]
    #[arg(long, value_name = "COUNT", value_parser = reject_limit)]
    reject_limit: Option<u64>,

    /// Records that may have arrived before they are sorted into their days; fewer take less memory and more work [default: 1000000]
    #[arg(long, value_name = "COUNT", value_parser = settle_rows)]
    settle_rows: Option<usize>,
}

const AFTER: &str = "Each option is also an environment variable, CALLGAUGE_ and its name (CALLGAUGE_METRICS_LISTEN), and a key of the \
    settings file (metrics_listen).";

impl From<ServeArgs> for Given {
    fn from(args: ServeArgs) -> Self {
        let ServeArgs {
            listen,
            data,
            metrics_listen,
            calendar,
            log_format,
            log_level,
            drain_secs,
            reject_limit,
            settle_rows,
        } = args;
        Self {
            listen,
            data,
            metrics_listen,
            calendar,
            log_format,
            log_level,
            drain_secs,
            reject_limit,
            settle_rows,
            server: None,
        }
    }
}

/// Serves until told to stop.
pub(super) async fn run(args: ServeArgs, around: &Surroundings) -> Result<(), Failure> {
    let config = around.config_to_serve(args.into())?;
    log_to_stderr(config.log)?;
    // Where the log is for machines, every line of standard error is one of its lines.
    let form = config.log.format;
    let drain = config.service.drain.as_secs();
    let told = signals::stop()?;
    let stop = Box::pin(async move {
        let name = told.await;
        match form {
            LogFormat::Json => {
                tracing::info!(signal = name, drain_secs = drain, "finishing what was received")
            }
            LogFormat::Text => eprintln!("callgauge: {name}: finishing what was received, at most {drain} s"),
        }
    });
    let data = config.store.data.display().to_string();
    let (ready, listening) = oneshot::channel();
    let announce = tokio::spawn(async move {
        if let Ok(at) = listening.await {
            let version = env!("CARGO_PKG_VERSION");
            match form {
                LogFormat::Json => tracing::info!(version, %at, data, "listening"),
                LogFormat::Text => {
                    eprintln!("callgauge {version} listening on {at}, data in {data}; stop with Ctrl-C")
                }
            }
        }
    });
    let served = host::serve(config, true, ready, stop).await;
    announce.abort();
    served.map_err(Failure::Refused)
}

fn log_to_stderr(log: LogConfig) -> Result<(), Failure> {
    let filter = EnvFilter::new(format!("warn,callgauge={}", log.level.name()));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match log.format {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    begun.map_err(|error| Failure::Refused(format!("cannot start the log: {error}")))
}
