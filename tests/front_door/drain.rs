//! What happens when the service is told to stop.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::door::{Door, answered, reason};
use crate::stream::batch;

#[tokio::test]
async fn a_stream_gets_the_acks_of_what_it_sent_before_the_service_stops() {
    let mut door = Door::open().await;
    let mut health = HealthClient::new(door.channel.clone())
        .watch(HealthCheckRequest::default())
        .await
        .expect("is told")
        .into_inner();
    assert_eq!(health.message().await.expect("is told").expect("first").status(), ServingStatus::Serving);
    let (batches, outgoing) = mpsc::channel(16);
    batches.send(batch(1, vec![answered("c-1", 0)])).await.expect("is read");
    let mut acks =
        door.calls().stream_call_records(ReceiverStream::new(outgoing)).await.expect("opens").into_inner();
    assert_eq!(acks.next().await.expect("an ack").expect("is good").batch_number, 1);
    for number in 2..=4 {
        batches.send(batch(number, vec![answered(&format!("c-{number}"), 0)])).await.expect("is read");
    }
    let began = Instant::now();
    door.stop();
    for number in 2..=4 {
        assert_eq!(acks.next().await.expect("an ack").expect("is good").batch_number, number);
    }
    let end = acks.next().await.expect("says why it ends").expect_err("no ack");
    assert_eq!((end.code(), reason(&end).0.as_str()), (Code::Unavailable, "NOT_SERVING"));
    assert_eq!(health.message().await.expect("is told").expect("flips").status(), ServingStatus::NotServing);
    let address = door.address;
    door.stopped().await.expect("stops cleanly");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}: nobody waits for a watch", began.elapsed());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn an_idle_service_stops_at_once() {
    let mut door = Door::open().await;
    let began = Instant::now();
    door.stop();
    door.stopped().await.expect("stops cleanly");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_stream_that_never_ends_does_not_hold_up_the_service() {
    let mut door = Door::open().await;
    let (batches, outgoing) = mpsc::channel(1);
    let mut acks =
        door.calls().stream_call_records(ReceiverStream::new(outgoing)).await.expect("opens").into_inner();
    let flood = tokio::spawn(async move {
        for number in 1.. {
            let records = (0..100).map(|call| answered(&format!("{number}-{call}"), 0)).collect();
            if batches.send(batch(number, records)).await.is_err() {
                return;
            }
        }
    });
    acks.next().await.expect("an ack").expect("is good");
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = acks.next().await {} });
    let began = Instant::now();
    door.stop();
    door.stopped().await.expect("stops cleanly");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    reading.await.expect("ends");
    flood.await.expect("ends");
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line() {
    use callgauge::service::{Settings, bind};
    use callgauge::store::memory::MemoryStore;
    let door = Door::empty().await;
    let settings = Settings { listen: door.address, ..Settings::default() };
    let refused = bind(settings, std::sync::Arc::new(MemoryStore::new())).await.err().expect("is in use");
    let line = refused.to_string();
    assert!(line.contains(&door.address.to_string()) && !line.contains('\n'), "{line}");
}
