//! The wish to stop, as the operating system tells it: SIGTERM or Ctrl-C.

use std::io;
use std::pin::Pin;

use super::Failure;

/// A future that ends at the first SIGTERM or Ctrl-C after this call, and says so with its name.
#[cfg(unix)]
pub(super) fn stop() -> Result<Pin<Box<dyn Future<Output = &'static str> + Send>>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "Ctrl-C",
        }
    }))
}

/// A future that ends at the first Ctrl-C, and says so with its name.
#[cfg(not(unix))]
pub(super) fn stop() -> Result<Pin<Box<dyn Future<Output = &'static str> + Send>>, Failure> {
    Ok(Box::pin(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }))
}

#[cfg(unix)]
fn no_signals(error: io::Error) -> Failure {
    Failure::Refused(format!("cannot listen for signals: {error}"))
}
