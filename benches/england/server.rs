//! The release binary as a process: started, watched for its memory, stopped, killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use callgauge::proto::v1;
use callgauge::proto::v1::admin_service_client::AdminServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::Fault;

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A running server.
pub(crate) struct Server {
    process: Child,
    data: PathBuf,
    address: String,
    peak: Arc<AtomicU64>,
    watching: Arc<AtomicBool>,
    /// A connection to it.
    pub(crate) channel: Channel,
    /// From starting the process to the first SERVING.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts it on a folder and waits until health says SERVING.
    pub(crate) async fn start(data: &Path) -> Result<Self, Fault> {
        let since = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_callgauge"))
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = process.stderr.take().ok_or("no standard error to read")?;
        let mut lines = BufReader::new(log).lines();
        let mut said = String::new();
        let address = loop {
            let Some(line) = lines.next().transpose()? else {
                return Err(format!("the server ended before it listened:\n{said}").into());
            };
            if let Some(at) = line.find("listening on 127.0.0.1:").filter(|_| line.starts_with("callgauge "))
            {
                let rest = &line[at + "listening on ".len()..];
                let end =
                    rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
                break format!("http://{}", &rest[..end]);
            }
            said.push_str(&line);
            said.push('\n');
        };
        // Whoever does not read a pipe stops whoever writes to it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let channel = Endpoint::from_shared(address.clone())?.connect().await?;
        let mut health = HealthClient::new(channel.clone());
        while health.check(HealthCheckRequest::default()).await.map_or(0, |answer| answer.into_inner().status)
            != 1
        {
            if since.elapsed() > Duration::from_secs(600) {
                return Err("not SERVING after 10 minutes".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ready_after = since.elapsed();
        let (peak, watching) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
        watch(process.id(), Arc::clone(&peak), Arc::clone(&watching));
        Ok(Self { process, data: data.to_path_buf(), address, peak, watching, channel, ready_after })
    }

    /// Where it listens, as a URL.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// How its store is doing.
    pub(crate) async fn status(&self) -> Result<v1::GetStatusResponse, Fault> {
        let mut admin = AdminServiceClient::new(self.channel.clone());
        Ok(admin.get_status(v1::GetStatusRequest {}).await?.into_inner())
    }

    /// Returns when no record is unsettled any more.
    pub(crate) async fn settled(&self) -> Result<(), Fault> {
        let since = Instant::now();
        while self.status().await?.unsettled > 0 {
            if since.elapsed() > Duration::from_secs(1_800) {
                return Err("not settled after 30 minutes".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The most anonymous memory that it had so far, in bytes (RssAnon of /proc, every 25 ms).
    pub(crate) fn peak_anonymous_bytes(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Bytes of the data folder, as the disk gives them out.
    pub(crate) fn disk_bytes(&self) -> Result<u64, Fault> {
        folder_bytes(&self.data)
    }

    /// SIGTERM, and waits; anything but exit code 0 is a fault.
    pub(crate) async fn stop(mut self) -> Result<Duration, Fault> {
        let since = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        let code = tokio::task::block_in_place(|| self.process.wait())?;
        if sent.success() && code.success() {
            Ok(since.elapsed())
        } else {
            Err(format!("the server ended with {code}").into())
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) -> Result<(), Fault> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.watching.store(false, Ordering::Relaxed);
        // Ended already where it was stopped or killed; then there is nothing to do and nothing to say.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn watch(id: u32, peak: Arc<AtomicU64>, watching: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let place = format!("/proc/{id}/status");
        while watching.load(Ordering::Relaxed) {
            let Ok(text) = std::fs::read_to_string(&place) else { return };
            let kilobytes: Option<u64> = text
                .lines()
                .find_map(|line| line.strip_prefix("RssAnon:"))
                .and_then(|rest| rest.trim().strip_suffix("kB"))
                .and_then(|number| number.trim().parse().ok());
            peak.fetch_max(kilobytes.unwrap_or(0) * 1024, Ordering::Relaxed);
            std::thread::sleep(LOOK_EVERY);
        }
    });
}

/// What the files of a folder take on the disk.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64, Fault> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { folder_bytes(&entry.path())? } else { about.blocks() * 512 };
    }
    Ok(bytes)
}
