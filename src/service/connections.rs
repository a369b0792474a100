//! A limit on connections: beyond it clients wait in the machine's queue until another one closes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

/// Connections at once.
pub(super) const CONNECTIONS: usize = 1_024;

/// A connection that counts until it is dropped.
pub(super) struct Counted {
    stream: TcpStream,
    _counts: OwnedSemaphorePermit,
}

/// Accepts connections as long as fewer than `most` are open.
pub(super) fn limited(incoming: TcpIncoming, most: usize) -> impl Stream<Item = io::Result<Counted>> {
    let free = Arc::new(Semaphore::new(most));
    incoming.then(move |accepted| {
        let free = Arc::clone(&free);
        async move {
            let counts = free.acquire_owned().await.map_err(io::Error::other)?;
            Ok(Counted { stream: accepted?, _counts: counts })
        }
    })
}

impl Connected for Counted {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio_stream::StreamExt as _;
    use tonic::transport::server::TcpIncoming;

    #[tokio::test]
    async fn a_connection_over_the_limit_waits_until_another_one_closes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let mut accepted = Box::pin(super::limited(TcpIncoming::from(listener), 2));
        let _clients = [
            TcpStream::connect(address).await.expect("connects"),
            TcpStream::connect(address).await.expect("connects"),
            TcpStream::connect(address).await.expect("waits in the queue"),
        ];
        let first = accepted.next().await.expect("one comes").expect("is accepted");
        let _second = accepted.next().await.expect("one comes").expect("is accepted");
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, accepted.next()).await.is_err(), "two are the most");
        drop(first);
        assert!(tokio::time::timeout(Duration::from_secs(5), accepted.next()).await.is_ok());
    }
}
