//! The client under test as a program that this command starts, kills and starts again.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::cli::Failure;

/// The client's words, with where to push to filled in.
pub(super) struct Client {
    words: Vec<String>,
    url: String,
    kills: watch::Receiver<u32>,
}

impl Client {
    /// Nothing is started yet.
    pub(super) fn new(words: &[String], url: &str, kills: &Arc<watch::Sender<u32>>) -> Self {
        let words = words.iter().map(|word| word.replace("{url}", url)).collect();
        Self { words, url: url.to_owned(), kills: kills.subscribe() }
    }

    /// Runs it to its own end, through kills.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub(super) async fn run(mut self) -> Result<ExitStatus, Failure> {
        loop {
            let mut child = self.start()?;
            tokio::select! {
                ended = child.wait() => return ended.map_err(|fault| self.failed(&fault)),
                told = self.kills.changed() => {
                    // Fails only where it has ended, which is what is wanted.
                    let _ = child.kill().await;
                    if told.is_err() {
                        return child.wait().await.map_err(|fault| self.failed(&fault));
                    }
                }
            }
        }
    }

    /// Its output goes to standard error, because standard output is the report.
    fn start(&self) -> Result<Child, Failure> {
        let (program, arguments) =
            self.words.split_first().ok_or_else(|| Failure::usage("--client: must name a program"))?;
        Command::new(program)
            .args(arguments)
            .env("CALLGAUGE_SERVER", &self.url)
            .stdin(Stdio::null())
            .stdout(Stdio::from(std::io::stderr()))
            .kill_on_drop(true)
            .spawn()
            .map_err(|fault| self.failed(&fault))
    }

    fn failed(&self, fault: &std::io::Error) -> Failure {
        let program = self.words.first().map(String::as_str).unwrap_or_default();
        Failure::Refused(format!("the client {program} cannot be run: {}", fault.kind()))
    }
}
