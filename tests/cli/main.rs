//! The command line through its front door: the real program, against a server that gives known answers, held to the files in tests/golden.

mod adapters;
mod answers;
mod golden;
mod help;
mod indicators;
mod refusals;
mod server;
#[path = "../support/workbook.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod workbook;

use std::process::{Command, Output};

/// The program with these words, spaces between them, and nothing of this process's environment that could change what it says.
fn callgauge(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callgauge"));
    command.args(words.split_whitespace());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CALLGAUGE_")) {
        command.env_remove(name);
    }
    command.env_remove("COLUMNS");
    command
}

/// Runs it to its end.
fn run(words: &str) -> Output {
    callgauge(words).output().expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}
