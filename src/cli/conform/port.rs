//! The port that the client under test connects to: its connections can be cut, and it can be gone for a while.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// Connections that wait to be served.
const WAITING: usize = 16;
/// How often a port that is to be had again is tried, and how long to wait in between.
const TRIES: u32 = 50;
const BETWEEN: Duration = Duration::from_millis(100);

/// The port, for whoever makes things go wrong.
#[derive(Clone, Debug)]
pub(super) struct Port {
    /// Counts the cuts; a connection ends when it changes.
    cuts: Arc<watch::Sender<u64>>,
    /// How long to be gone, told to whoever listens.
    gone: mpsc::Sender<Duration>,
}

impl Port {
    /// Opens it; gives its connections, and the address.
    pub(super) async fn open(
        listen: SocketAddr,
    ) -> io::Result<(Self, SocketAddr, ReceiverStream<io::Result<Line>>)> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (lines, incoming) = mpsc::channel(WAITING);
        let (gone, told) = mpsc::channel(1);
        let port = Self { cuts: Arc::new(watch::Sender::new(0)), gone };
        tokio::spawn(accept(listener, address, Arc::clone(&port.cuts), told, lines));
        Ok((port, address, ReceiverStream::new(incoming)))
    }

    /// Ends all connections at once, in the middle of whatever they carry.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Ends all connections, and takes no new ones for a while.
    pub(super) fn be_gone(&self, length: Duration) {
        // Where it is gone already, once is enough.
        let _ = self.gone.try_send(length);
        self.cut();
    }
}

async fn accept(
    mut listener: TcpListener,
    address: SocketAddr,
    cuts: Arc<watch::Sender<u64>>,
    mut told: mpsc::Receiver<Duration>,
    lines: mpsc::Sender<io::Result<Line>>,
) {
    loop {
        tokio::select! {
            biased;
            gone = told.recv() => {
                let Some(length) = gone else { return };
                drop(listener);
                cuts.send_modify(|cuts| *cuts += 1);
                tokio::time::sleep(length).await;
                let Some(again) = bind_again(address).await else { return };
                listener = again;
            }
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Fails only where the option is not known, and then it is slower.
                let _ = stream.set_nodelay(true);
                if lines.send(Ok(Line::new(stream, &cuts))).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn bind_again(address: SocketAddr) -> Option<TcpListener> {
    for _ in 0..TRIES {
        if let Ok(listener) = TcpListener::bind(address).await {
            return Some(listener);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    None
}

/// A connection that ends when it is cut.
pub(super) struct Line {
    stream: TcpStream,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    ended: bool,
}

impl Line {
    fn new(stream: TcpStream, cuts: &watch::Sender<u64>) -> Self {
        let mut cuts = cuts.subscribe();
        let cut = Box::pin(async move {
            // Where nobody is left to cut it, the play is over.
            let _ = cuts.changed().await;
        });
        Self { stream, cut, ended: false }
    }

    fn whole(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.ended = self.ended || self.cut.as_mut().poll(cx).is_ready();
        if self.ended { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Connected for Line {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio_stream::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_port_that_was_gone_is_there_again_and_its_connections_are_not() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (port, address, mut incoming) = Port::open(any).await.expect("a port is free");
        let mut client = TcpStream::connect(address).await.expect("it listens");
        let mut served = incoming.next().await.expect("one comes").expect("is accepted");
        port.be_gone(Duration::from_millis(300));
        let mut byte = [0; 1];
        assert!(served.read(&mut byte).await.is_err(), "it is cut");
        drop(served);
        assert_eq!(client.read(&mut byte).await.unwrap_or(0), 0, "the client sees its end");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(TcpStream::connect(address).await.is_ok(), "it is back");
    }
}
