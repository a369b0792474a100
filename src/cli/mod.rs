//! The command line: one file a subcommand, all of them clients of a running server except `serve` and what works on a stopped folder.
//!
//! Standard output carries data only, everything else goes to standard error. Exit codes: 0 done, 1 refused or differences found, 2 usage
//! (settings included). A reader that goes away early, as in `| head`, is no fault.

mod adapters;
mod backup;
mod calls;
mod compare;
mod connect;
mod definitions;
mod demo;
mod failure;
mod host;
mod in_process;
mod indicators;
mod organisations;
pub mod output;
mod paging;
mod progress;
mod query;
pub mod replay;
mod serve;
mod signals;
mod sources;
mod status;
mod stretch;
mod words;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{Parser, Subcommand};

pub use failure::Failure;
pub use progress::Progress;

use self::in_process::InProcess;
use crate::config::{Config, Given, SettingsFile};

/// Telephone call metrics of GP practices that people can trust.
///
/// Call records go in over gRPC, durably and once; the eight call metrics of the GP contract come out, exactly, for a practice, a PCN,
/// a sub-ICB location, an ICB, a region or England. `serve` runs the service; the other commands ask a running one.
#[derive(Debug, Parser)]
#[command(name = "callgauge", version, max_term_width = 100, after_help = AFTER)]
struct Line {
    /// Settings file (TOML). Also CALLGAUGE_CONFIG
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Exit codes: 0 done; 1 refused, or differences found; 2 usage.\n\
    Every setting can be given on the command line, in the environment (CALLGAUGE_LISTEN, CALLGAUGE_SERVER, ...) or in the \
    settings file, and counts in that order.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Replay(replay::ReplayArgs),
    Query(query::QueryArgs),
    Compare(compare::CompareArgs),
    Rank(compare::RankArgs),
    Periods(compare::PeriodsArgs),
    Control(compare::ControlArgs),
    Lists(compare::ListsArgs),
    Chart(compare::ChartArgs),
    Calls(calls::CallsArgs),
    Org(organisations::OrgArgs),
    Indicator(indicators::IndicatorArgs),
    Definitions(definitions::DefinitionsArgs),
    Status(status::StatusArgs),
    Source(sources::SourceArgs),
    Adapter(adapters::AdapterArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Verify(backup::VerifyArgs),
}

/// Where the settings of this run come from, beside its own arguments.
struct Surroundings {
    environment: fn(&str) -> Option<String>,
    file: Option<(String, String)>,
    /// The server that this run began in this process.
    begun: Mutex<Option<InProcess>>,
}

/// Does what the process was asked to do.
pub fn main() -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    finish(begin(std::env::args_os(), environment))
}

fn begin(
    arguments: impl IntoIterator<Item = OsString>,
    environment: fn(&str) -> Option<String>,
) -> Result<(), Failure> {
    let line = Line::try_parse_from(arguments).map_err(Failure::Parse)?;
    let surroundings = Surroundings::read(line.config, environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Refused(format!("cannot start: {error}")))?;
    let mut out = io::BufWriter::new(io::stdout());
    let done = runtime.block_on(async {
        let done = run(line.command, &surroundings, &mut out).await;
        done.and(surroundings.end().await)
    });
    let flushed = out.flush().map_err(Failure::from);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done.and(flushed)
}

async fn run(command: Command, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args, around).await,
        Command::Serve(args) => serve::run(args, around).await,
        Command::Replay(args) => replay::run(args, around).await,
        Command::Query(args) => query::run(args, around, out).await,
        Command::Compare(args) => compare::compare(args, around, out).await,
        Command::Rank(args) => compare::rank(args, around, out).await,
        Command::Periods(args) => compare::periods(args, around, out).await,
        Command::Control(args) => compare::control(args, around, out).await,
        Command::Lists(args) => compare::lists(args, around, out).await,
        Command::Chart(args) => compare::chart(args, around, out).await,
        Command::Calls(args) => calls::run(args, around, out).await,
        Command::Org(args) => organisations::run(args, around, out).await,
        Command::Indicator(args) => indicators::run(args, around, out).await,
        Command::Definitions(args) => definitions::run(args, around, out).await,
        Command::Status(args) => status::run(args, around, out).await,
        Command::Source(args) => sources::run(args, around, out).await,
        Command::Adapter(args) => adapters::run(args, around, out).await,
        Command::Backup(args) => backup::run(args, around, out).await,
        Command::Restore(args) => backup::restore(&args, out),
        Command::Verify(args) => backup::verify(&args, out),
    }
}

/// Says what went wrong, if anything, and turns it into the exit code.
fn finish(done: Result<(), Failure>) -> ExitCode {
    let Err(failure) = done else { return ExitCode::SUCCESS };
    if let Failure::Parse(told) = &failure {
        // Help and version go to standard output, faults of usage to standard error; clap knows which. Nobody is left to tell if that fails.
        let _ = told.print();
    }
    for line in failure.lines() {
        eprintln!("callgauge: {line}");
    }
    ExitCode::from(failure.code())
}

impl Surroundings {
    fn read(named: Option<PathBuf>, environment: fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let from_environment = || environment("CALLGAUGE_CONFIG").filter(|name| !name.is_empty());
        let Some(path) = named.or_else(|| from_environment().map(PathBuf::from)) else {
            return Ok(Self { environment, file: None, begun: Mutex::default() });
        };
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("cannot read the settings file {name}: {error}")))?;
        Ok(Self { environment, file: Some((name, text)), begun: Mutex::default() })
    }

    /// Keeps a server of this process to the end of the run; gives its URL.
    fn keep(&self, begun: InProcess) -> String {
        let url = begun.url.clone();
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
        url
    }

    async fn end(&self) -> Result<(), Failure> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        match begun {
            Some(begun) => begun.end().await,
            None => Ok(()),
        }
    }

    fn config(&self, line: Given) -> Result<Config, Failure> {
        Config::assemble(line, &self.environment, self.file()).map_err(|faults| Failure::Usage(faults.0))
    }

    /// The settings for a server that reads sources, which are opened to see whether they can be.
    fn config_to_serve(&self, line: Given) -> Result<Config, Failure> {
        Config::assemble_to_serve(line, &self.environment, self.file())
            .map_err(|faults| Failure::Usage(faults.0))
    }

    fn file(&self) -> Option<SettingsFile<'_>> {
        self.file.as_ref().map(|(name, text)| SettingsFile { name, text })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_does_not_contradict_itself() {
        Line::command().debug_assert();
    }
}
