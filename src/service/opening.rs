//! The time between opening the ports and having the store: health answers that the service is not serving yet, everybody else is told to come back.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::errors::Fault;
use super::health::Health;
use super::server::{Bound, LISTEN, METRICS_LISTEN, ServeError, Settings, listen, take_over};
use crate::store::Store;

/// Open ports of a service that has no store yet.
pub struct Opening {
    settings: Settings,
    listener: std::net::TcpListener,
    metrics_listener: Option<TcpListener>,
    stop: oneshot::Sender<()>,
    answering: JoinHandle<()>,
}

/// Opens the ports and answers on them that the service is not ready, until [`Opening::ready`].
///
/// # Errors
/// Where a port is in use.
pub async fn open_ports(settings: Settings) -> Result<Opening, ServeError> {
    let failed = |cause| ServeError::Listen { setting: LISTEN, address: settings.listen, cause };
    let (listener, _) = listen(LISTEN, settings.listen).await?;
    let metrics_listener = match settings.metrics_listen {
        None => None,
        Some(wanted) => Some(listen(METRICS_LISTEN, wanted).await?.0),
    };
    let listener = listener.into_std().map_err(failed)?;
    let meanwhile = TcpListener::from_std(listener.try_clone().map_err(failed)?).map_err(failed)?;
    let (reporter, health) = tonic_health::server::health_reporter();
    let said = Health::starting(reporter).await;
    let router = Routes::new(health).prepare().into_axum_router().fallback(not_yet);
    let (stop, stopped) = oneshot::channel::<()>();
    let answering = tokio::spawn(async move {
        let served = Server::builder().add_routes(Routes::from(router)).serve_with_incoming_shutdown(
            TcpIncoming::from(meanwhile),
            async {
                // Told to stop, or nobody is left to tell.
                let _ = stopped.await;
                said.end_watches().await;
            },
        );
        if let Err(fault) = served.await {
            tracing::warn!(%fault, "health could not be answered while the store was opened");
        }
    });
    Ok(Opening { settings, listener, metrics_listener, stop, answering })
}

impl Opening {
    /// Goes on with a store.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn ready(self, store: Arc<dyn Store>) -> Result<Bound, ServeError> {
        let Self { settings, listener, metrics_listener, stop, mut answering } = self;
        // Where it has ended by itself, there is nobody to tell.
        let _ = stop.send(());
        if tokio::time::timeout(std::time::Duration::from_secs(1), &mut answering).await.is_err() {
            answering.abort();
        }
        let failed = |cause| ServeError::Listen { setting: LISTEN, address: settings.listen, cause };
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        take_over(settings, store, listener, metrics_listener).await
    }
}

async fn not_yet() -> http::Response<tonic::body::Body> {
    Status::from(Fault::NotServing).into_http()
}
