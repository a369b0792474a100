//! `callgauge backup`, of a running server; `restore` and `verify`, on stopped folders.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::connect::{ServerArgs, reach};
use super::output::grouped;
use super::{Failure, Surroundings};
use crate::proto::v1::BackupRequest;
use crate::proto::v1::admin_service_client::AdminServiceClient;
use crate::store::BackupReport;
use crate::store::sqlite;

/// Write a backup of a running server's data folder
///
/// The backup holds everything acknowledged before it began; the server goes on serving. The folder is made on the server's machine.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// Folder for the backup: a new or an empty one
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    server: ServerArgs,
}

/// Make a data folder of a backup
///
/// The data folder has to be new or empty; the backup is only read.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// Folder that `callgauge backup` wrote
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,

    /// The data folder to make: a new or an empty one
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Read a stopped server's data folder, or a backup, through and say whether it is sound
///
/// Prints what was found. Exits 1 if anything is wrong, with a line for each fault.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// The data folder; no server may be running on it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Asks the server for a backup.
pub(super) async fn run(args: BackupArgs, around: &Surroundings, out: &mut dyn Write) -> Result<(), Failure> {
    let directory = std::path::absolute(&args.directory)
        .map_err(|error| Failure::usage(format!("{} is no path: {error}", args.directory.display())))?;
    let server = reach(&args.server, around).await?;
    let request = BackupRequest { directory: directory.display().to_string() };
    let mut client = AdminServiceClient::new(server.channel.clone());
    let told = client.backup(request).await.map_err(server.refusal("backup"))?.into_inner();
    report(
        out,
        &directory,
        &BackupReport { files: told.files.unsigned_abs(), bytes: told.bytes.unsigned_abs() },
    )
}

/// Makes a data folder of a backup.
pub(super) fn restore(args: &RestoreArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let told = sqlite::restore(&args.backup, &args.data).map_err(|e| Failure::Refused(e.to_string()))?;
    report(out, &args.data, &told)
}

/// Reads a folder through.
pub(super) fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let told = sqlite::verify(&args.data).map_err(|e| Failure::Refused(e.to_string()))?;
    writeln!(out, "calls {}", told.calls)?;
    writeln!(out, "unsettled {}", told.unsettled)?;
    writeln!(out, "runs {}", told.runs)?;
    writeln!(out, "faults {}", told.faults.len())?;
    for fault in &told.faults {
        writeln!(out, "fault {fault}")?;
    }
    match told.faults.len() {
        0 => Ok(()),
        faults => Err(Failure::Refused(format!(
            "{} is damaged: {faults} fault{}, listed on standard output; restore a backup",
            args.data.display(),
            if faults == 1 { "" } else { "s" }
        ))),
    }
}

fn report(out: &mut dyn Write, folder: &Path, told: &BackupReport) -> Result<(), Failure> {
    writeln!(out, "{}", folder.display())?;
    let files = i64::try_from(told.files).unwrap_or(i64::MAX);
    let bytes = i64::try_from(told.bytes).unwrap_or(i64::MAX);
    let many = if files == 1 { "" } else { "s" };
    eprintln!("callgauge: {} file{many}, {} bytes", grouped(files), grouped(bytes));
    Ok(())
}
