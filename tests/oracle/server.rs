//! Starts the service in this process on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use callgauge::service::{ServeError, Settings, bind};
use callgauge::store::Store;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that serves.
pub(crate) struct Running {
    address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// On this store.
pub(crate) async fn start(store: Arc<dyn Store>) -> Running {
    let settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default() };
    let bound = bind(settings, store).await.expect("a free port is found");
    let address = bound.address;
    let (shutdown, told) = oneshot::channel();
    let serving = tokio::spawn(bound.serve(async {
        // Told to stop, or nobody is left to tell.
        let _ = told.await;
    }));
    Running { address, shutdown, serving }
}

impl Running {
    /// Where clients connect.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Drains and stops.
    pub(crate) async fn stop(self) {
        let Self { address: _, shutdown, serving } = self;
        // Fails only where it has stopped already, which the next line shows.
        let _ = shutdown.send(());
        serving.await.expect("the server does not panic").expect("the server stops in order");
    }
}
