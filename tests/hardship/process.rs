//! The program as a process: started, signalled by its id, waited for, and never left behind.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// `callgauge serve`, listening.
pub(crate) struct Service {
    child: Child,
    /// 127.0.0.1 and the port.
    pub(crate) address: String,
}

/// The program, with nothing of this process's environment that could change what it does.
pub(crate) fn callgauge() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callgauge"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CALLGAUGE_")) {
        command.env_remove(name);
    }
    command
}

/// The words of `serve` on a free port and this folder.
pub(crate) fn serve_words(data: &Path) -> Vec<String> {
    let words = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"];
    words.into_iter().map(str::to_owned).chain([data.display().to_string()]).collect()
}

/// `callgauge serve` on a free port and this folder, sorting after so many records.
pub(crate) fn serve(data: &Path, settle_rows: usize) -> Command {
    let mut command = callgauge();
    command.args(serve_words(data)).env("CALLGAUGE_SETTLE_ROWS", settle_rows.to_string());
    command
}

/// Runs a command that has to end by itself.
pub(crate) fn run(command: &mut Command) -> Output {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program was built");
    let patience = Instant::now() + Duration::from_secs(60);
    while child.try_wait().expect("it can be waited for").is_none() {
        if Instant::now() > patience {
            child.kill().expect("it can be ended");
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("its output can be read")
}

/// Holds `callgauge verify` to finding nothing.
pub(crate) fn assert_sound(data: &Path) {
    let told = run(callgauge().args(["verify", "--data"]).arg(data));
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && said.contains("faults 0"), "{told:?}");
}

impl Service {
    /// On this folder, sorting after so many records.
    pub(crate) fn start(data: &Path, settle_rows: usize) -> Self {
        Self::of(serve(data, settle_rows))
    }

    /// As this command says; waits until it listens.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program was built");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let (told, hears) = mpsc::sync_channel(1_024);
        std::thread::spawn(move || {
            // Read to the end, so that it never waits for a reader.
            for line in lines.map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        let mut said = Vec::new();
        while let Ok(line) = hears.recv_timeout(Duration::from_secs(30)) {
            if let Some((_, rest)) = line.split_once(" listening on ") {
                let address = rest.split(',').next().unwrap_or(rest).to_owned();
                return Self { child, address };
            }
            said.push(line);
        }
        child.kill().expect("it can be ended");
        child.wait().expect("it can be waited for");
        panic!("it does not listen: {said:#?}");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it gets to do nothing more.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it can be waited for");
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// A signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let told = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(told.expect("kill is there").success());
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self, within: Duration) -> ExitStatus {
        let patience = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < patience, "it does not end within {within:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM, and holds it to ending well.
    pub(crate) fn stop(self) {
        self.terminate();
        let status = self.ended(Duration::from_secs(12));
        assert!(status.success(), "{status:?}");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Fails only where it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
