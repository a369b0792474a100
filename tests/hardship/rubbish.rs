//! What is no gRPC, sent to the port.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::made_up;
use crate::process::Service;
use crate::wire::Client;

/// What every HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_on_the_port_disturbs_nobody() {
    let folder = TempDir::new().expect("a folder");
    let service = Service::start(folder.path(), 10_000);
    let mut client = Client::of(&service).await;
    let mut noise = 7_u64;
    let random: Vec<u8> = (0..100_000)
        .map(|_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (noise >> 56) as u8
        })
        .collect();
    let with_preface = |bytes: &[u8]| [PREFACE, bytes].concat();
    let rubbish: [(&str, Vec<u8>); 8] = [
        ("silence", Vec::new()),
        ("random bytes", random.clone()),
        ("HTTP/1", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("half a preface", PREFACE[..9].to_vec()),
        ("random frames", with_preface(&random)),
        // A SETTINGS frame that says 6 bytes and has 2.
        ("half a frame", with_preface(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3])),
        // DATA of 16 MB on a stream that nobody opened.
        ("an enormous frame", with_preface(&[0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1, 1, 2, 3])),
        // HEADERS with a broken header block.
        ("broken headers", with_preface(&[0, 0, 4, 1, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])),
    ];
    let mut open = Vec::new();
    let mut batch = 0;
    for (name, bytes) in &rubbish {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(&service.address).expect("it listens");
            stream.set_write_timeout(Some(Duration::from_secs(5))).expect("a socket");
            // It may well be hung up on.
            let _ = stream.write_all(bytes);
            open.push(stream);
        }
        batch += 1;
        let began = Instant::now();
        let verdicts = client.submit(made_up::batch(batch)).await;
        assert!(verdicts.is_ok(), "after {name}: {verdicts:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "after {name}: {:?}", began.elapsed());
        let mut other = Client::of(&service).await;
        assert_eq!(other.calls_by_day().await, made_up::calls_by_day(batch), "after {name}");
    }
    // Those who still hold a connection do not hold up the end.
    service.stop();
    drop(open);
}
