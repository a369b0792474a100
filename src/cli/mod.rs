//! The command line: one file a subcommand.

pub mod demo;
pub mod replay;

/// How a command ends: its exit code, or one line for standard error (exit 1).
pub type CliResult = Result<u8, String>;
