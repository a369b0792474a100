//! HTTP/1.1 as far as a scripted vendor speaks it, by hand: a body can be cut short, a connection dropped, an answer held back.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The longest request that is read.
const REQUEST_BYTES: usize = 1024 * 1024;
/// Connections at a time.
const CONNECTIONS: usize = 64;

/// A request, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Without the query, percent-decoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field of the query.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field of a form.
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        pairs(&self.body).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It is answered.
    Whole(Response),
    /// The connection ends after half of the body; its length was said.
    Cut(Response),
    /// The connection ends before anything was said.
    Drop,
    /// Nothing comes, ever.
    Hang,
}

/// What answers.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Answers a request.
    fn answer(&self, request: Request) -> Reply;
}

/// A server on loopback; ends when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A port that answers once [`Listening::serve`] is called.
    pub(crate) async fn bind() -> std::io::Result<Listening> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        Ok(Listening { listener, base })
    }
}

/// A port that nobody answers yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    pub(crate) base: String,
}

impl Listening {
    /// Answers from now on.
    pub(crate) fn serve(self, answers: Arc<dyn Answers>) -> Server {
        let Self { listener, base: _ } = self;
        let task = tokio::spawn(async move {
            let room = Arc::new(Semaphore::new(CONNECTIONS));
            // Connections end with the server.
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while open.try_join_next().is_some() {}
                let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
                let answers = Arc::clone(&answers);
                open.spawn(async move {
                    // A connection that breaks is the client's affair.
                    let _ = converse(stream, answers.as_ref()).await;
                    drop(place);
                });
            }
        });
        Server { task }
    }
}

async fn converse(mut stream: TcpStream, answers: &dyn Answers) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut waiting = Vec::new();
    while let Some(request) = read(&mut stream, &mut waiting).await? {
        match answers.answer(request) {
            Reply::Whole(response) => stream.write_all(&written(&response, response.body.len())).await?,
            Reply::Cut(response) => {
                stream.write_all(&written(&response, response.body.len() / 2)).await?;
                return stream.shutdown().await;
            }
            Reply::Drop => return Ok(()),
            Reply::Hang => {
                // Until the client goes away.
                let mut rest = [0; 1024];
                while stream.read(&mut rest).await? > 0 {}
                return Ok(());
            }
        }
    }
    Ok(())
}

/// An answer as bytes, of its body only so many.
fn written(response: &Response, keep: usize) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {} Scripted\r\ncontent-length: {}\r\n", response.status, response.body.len());
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&response.body.as_bytes()[..keep]);
    bytes
}

/// The next request of a connection; `None` where it ended.
async fn read(stream: &mut TcpStream, waiting: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let refused = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
    loop {
        if let Some(end) = waiting.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&waiting[..end]).into_owned();
            let mut request = parse_head(&head).ok_or_else(|| refused("no request"))?;
            let length: usize = request.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            let whole = end + 4 + length;
            if whole > REQUEST_BYTES {
                return Err(refused("a request that is too long"));
            }
            while waiting.len() < whole {
                if stream.read_buf(waiting).await? == 0 {
                    return Ok(None);
                }
            }
            request.body = String::from_utf8_lossy(&waiting[end + 4..whole]).into_owned();
            waiting.drain(..whole);
            return Ok(Some(request));
        }
        if waiting.len() > REQUEST_BYTES {
            return Err(refused("a head that is too long"));
        }
        if stream.read_buf(waiting).await? == 0 {
            return Ok(None);
        }
    }
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?, first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Request {
        method: method.to_owned(),
        path: decoded(path, false),
        query: pairs(query),
        headers,
        body: String::new(),
    })
}

fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name, true), decoded(value, true)))
        .collect()
}

fn decoded(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
        match bytes[at] {
            b'%' => match (hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
                (Some(high), Some(low)) => {
                    out.push((high * 16 + low) as u8);
                    at += 2;
                }
                _ => out.push(b'%'),
            },
            b'+' if plus => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_apart() {
        let head =
            "GET /v1/a%20b?StartTime%3E=2026-03-02T08%3A00&x=a+b&y HTTP/1.1\r\nAuthorization: Bearer t";
        let request = parse_head(head).expect("is one");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/v1/a b"));
        assert_eq!(request.asked("StartTime>"), Some("2026-03-02T08:00"));
        assert_eq!((request.asked("x"), request.asked("y")), (Some("a b"), Some("")));
        assert_eq!(request.header("authorization"), Some("Bearer t"));
    }
}
