//! What the operating system tells: the wish to stop (SIGTERM or Ctrl-C), and that settings changed (SIGHUP).

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

/// Calls `tell` at each SIGHUP from now on.
#[cfg(unix)]
pub(super) fn at_hangup(tell: impl Fn() + Send + 'static) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangups = signal(SignalKind::hangup()).map_err(no_signals)?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tell();
        }
    });
    Ok(())
}

/// There is no such signal here.
#[cfg(not(unix))]
pub(super) fn at_hangup(_: impl Fn() + Send + 'static) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn no_signals(error: io::Error) -> Failure {
    Failure::Refused(format!("cannot listen for signals: {error}"))
}
