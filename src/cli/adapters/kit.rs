//! `callgauge adapter test`: holds an adapter of this build, or one that is a program of its own, to the conformance kit.

use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;

use callgauge_adapter::conformance::{Report, run as play, run_in_real_time};
use callgauge_adapter::{
    Adapter, AdapterError, Description, MapRequest, Page, SettingFaults, Settings, Vendor,
};

use super::{known, read};
use crate::cli::Failure;
use crate::config::server_url;
use crate::ingest::host::{ANSWER, Program, Reached};

#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Name of the adapter, as `adapter list` has it
    #[arg(required_unless_present_any = ["program", "connect"])]
    vendor: Option<String>,

    /// Script for its vendor: another than its own, or that of a program
    #[arg(long, value_name = "FILE", required_unless_present = "vendor")]
    script: Option<PathBuf>,

    /// Instead of a name: URL of a running program that serves AdapterService
    #[arg(long, value_name = "URL", value_parser = server_url, conflicts_with = "vendor")]
    connect: Option<String>,

    /// Instead of a name: a program that serves AdapterService, with its arguments; the rest of the line
    #[arg(long, value_name = "WORD", num_args = 1.., allow_hyphen_values = true, conflicts_with_all = ["vendor", "connect"])]
    program: Vec<String>,
}

/// Makes every check and writes the report.
pub(super) async fn run(args: TestArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let TestArgs { vendor, script, connect, program } = args;
    let text = script.as_deref().map(read).transpose()?;
    let report = match (vendor, connect) {
        (Some(name), _) => {
            let known = known(&name)?;
            play(&*known.vendor, text.as_deref().unwrap_or(known.script)).await
        }
        (None, Some(url)) => of_program(Reached::At(url), &text.unwrap_or_default()).await?,
        (None, None) => of_program(Reached::Started(program), &text.unwrap_or_default()).await?,
    };
    writeln!(out, "{report}")?;
    if report.passed() {
        Ok(())
    } else {
        Err(Failure::Refused(format!("{} does not pass the conformance kit", report.vendor)))
    }
}

async fn of_program(reached: Reached, script: &str) -> Result<Report, Failure> {
    let program = Program::new(reached, ANSWER);
    program.prepare().await.map_err(|fault| Failure::Refused(fault.to_string()))?;
    Ok(run_in_real_time(&StartedAnew(program), script).await)
}

/// A program that is started anew for each adapter that is opened: where the kit kills the host, nothing that the program kept in memory is left.
struct StartedAnew(Program);

impl Vendor for StartedAnew {
    fn description(&self) -> &Description {
        self.0.description()
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        self.0.anew().open(settings)
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        self.0.map(request)
    }

    fn delivers(&self) -> bool {
        self.0.delivers()
    }

    fn prepare(&self) -> Pin<Box<dyn Future<Output = Result<(), AdapterError>> + Send + '_>> {
        self.0.prepare()
    }
}
