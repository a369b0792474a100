//! The service in this process: its settings become an open store, a calendar and open ports.

use std::pin::Pin;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::oneshot;

use crate::calendar::Calendar;
use crate::config::{Config, MetricsListen, SourceConfig};
use crate::ingest::host::Rereading;
use crate::service::{Settings, open_ports};
use crate::store::sqlite::{Limits, SqliteStore};

/// Opens the folder of `config` and serves it until `shutdown`, then drains and closes it; its sources are read by themselves where `scheduled`, and
/// its mappings may be read again by `rereading`. Says on `ready` when it listens, and where. An error is one line.
pub(super) async fn serve(
    config: Config,
    scheduled: bool,
    rereading: Option<Rereading>,
    ready: oneshot::Sender<std::net::SocketAddr>,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> Result<(), String> {
    let calendar = match &config.calendar {
        None => Calendar::england().clone(),
        Some(file) => {
            let shown = file.display();
            let text = std::fs::read_to_string(file)
                .map_err(|fault| format!("cannot read the calendar {shown}: {fault}"))?;
            Calendar::parse(&text)
                .map_err(|faults| format!("the calendar {shown} cannot be used: {faults}"))?
        }
    };
    let settings = Settings {
        listen: config.service.listen,
        metrics_listen: match config.metrics_listen {
            MetricsListen::Off => None,
            MetricsListen::At(address) => Some(address),
        },
        drain: config.service.drain,
        calendar: Arc::new(calendar),
        sources: config.sources.sources.iter().filter_map(SourceConfig::setup).collect(),
        scheduled,
        tokens: Some(config.store.data.join("tokens")),
        sources_of_record: config.sources.of_record,
        rereading,
        ..Settings::default()
    };
    let limits = Limits {
        rejects_per_source: config.store.reject_limit,
        settle_rows: config.store.settle_rows,
        ..Limits::default()
    };
    let data = config.store.data;
    let _ = open_more_files();
    let opening = open_ports(settings).await.map_err(|fault| fault.to_string())?;
    let store = tokio::task::spawn_blocking(move || SqliteStore::open(&data, limits))
        .await
        .map_err(|fault| format!("the data folder could not be opened: {fault}"))?
        .map_err(|fault| fault.to_string())?;
    let bound = opening.ready(Arc::new(store)).await.map_err(|fault| fault.to_string())?;
    // Where nobody waits for it, nobody is told.
    let _ = ready.send(bound.address);
    bound.serve(shutdown).await.map_err(|fault| fault.to_string())
}

/// Files that the process may have open, where the machine lets it: connections and the files of settled days are soon more than the usual 1,024.
const OPEN_FILES: u64 = 65_536;

/// Asks for as many open files as are allowed; without them it does with what it has.
fn open_more_files() -> std::io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(OPEN_FILES);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit })?)
}
