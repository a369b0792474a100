//! A server in this process, for commands that work on the data folder of a stopped one: on a loopback port of its own, closed in good order.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Failure, host};
use crate::config::{Config, MetricsListen, ServiceConfig, StoreConfig};

/// A server in this process; it goes on until [`InProcess::end`].
pub(super) struct InProcess {
    /// Where it listens.
    pub(super) url: String,
    /// The same as an address.
    pub(super) at: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
}

impl InProcess {
    /// Opens the folder of a stopped server and serves it on any free port; other settings as in `config`.
    pub(super) async fn begin(config: Config, data: &Path) -> Result<Self, Failure> {
        if !data.is_dir() {
            return Err(Failure::Refused(format!("there is no data folder {}", data.display())));
        }
        Self::begin_at(config, data, 0).await
    }

    /// Opens a folder, made if it is not there, and serves it on a loopback port, 0 for any free one.
    pub(super) async fn begin_at(config: Config, data: &Path, port: u16) -> Result<Self, Failure> {
        let config = Config {
            service: ServiceConfig {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                ..config.service
            },
            store: StoreConfig { data: data.to_owned(), ..config.store },
            metrics_listen: MetricsListen::Off,
            ..config
        };
        let (ready, listening) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let shutdown = Box::pin(async {
            // Told to stop, or nobody is left to tell.
            let _ = stopped.await;
        });
        let served = tokio::spawn(host::serve(config, false, ready, shutdown));
        match listening.await {
            Ok(at) => Ok(Self { url: format!("http://{at}"), at, stop, served }),
            Err(_) => Err(ended(served).await.err().unwrap_or_else(|| {
                Failure::Refused(format!("{} was closed before it was served", data.display()))
            })),
        }
    }

    /// Finishes and closes the folder.
    pub(super) async fn end(self) -> Result<(), Failure> {
        // Where it has ended by itself, `served` says why.
        let _ = self.stop.send(());
        ended(self.served).await
    }
}

async fn ended(served: JoinHandle<Result<(), String>>) -> Result<(), Failure> {
    match served.await {
        Ok(done) => done.map_err(Failure::Refused),
        Err(error) => Err(Failure::Refused(format!("the server in this process failed: {error}"))),
    }
}
