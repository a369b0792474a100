use callgauge::calendar::{Day, Days};
use callgauge::metrics::*;
use callgauge::organisations::OrganisationRow;
use callgauge::proto::v1;
use callgauge::service::{Settings, bind};
use callgauge::store::*;
use callgauge_schema::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::watch;
struct Null {
    n: AtomicU64,
    health: watch::Sender<StoreHealth>,
    snap: Arc<Snap>,
}
struct Snap {
    a: Arc<Attributions>,
    tally: Tally,
}
#[async_trait::async_trait]
impl Store for Null {
    async fn commit(&self, s: Submission) -> Result<Committed, StoreError> {
        let verdicts =
            s.items.iter().map(|_| RecordVerdict { verdict: Verdict::Accepted, revision: 1 }).collect();
        std::hint::black_box(&s);
        Ok(Committed {
            receipt: self.n.fetch_add(1, Ordering::Relaxed),
            at: Moment::from_millis(0),
            verdicts,
            hash: [0; 32],
        })
    }
    async fn preview(&self, _: Submission) -> Result<Vec<RecordVerdict>, StoreError> {
        Ok(vec![])
    }
    async fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(self.snap.clone())
    }
    async fn call(&self, _: &SourceId, _: &CallId) -> Result<Option<StoredCall>, StoreError> {
        Ok(None)
    }
    async fn rejects(&self, _: RejectsAsk) -> Result<Vec<KeptReject>, StoreError> {
        Ok(vec![])
    }
    async fn organisations(&self) -> Result<Vec<OrganisationRow>, StoreError> {
        Ok(vec![])
    }
    async fn put_organisations(&self, _: Vec<OrganisationRow>) -> Result<(), StoreError> {
        Ok(())
    }
    async fn backup(&self, _: &Path) -> Result<BackupReport, StoreError> {
        Ok(BackupReport::default())
    }
    fn status(&self) -> StoreStatus {
        StoreStatus::default()
    }
    fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.subscribe()
    }
    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
#[async_trait::async_trait]
impl Snapshot for Snap {
    fn attributions(&self) -> Arc<Attributions> {
        self.a.clone()
    }
    fn source(&self, _: SourceKey) -> SourceId {
        "x".parse().unwrap()
    }
    fn line(&self, _: LineKey) -> Line {
        "x".parse().unwrap()
    }
    async fn tallies(self: Arc<Self>, ask: TallyAsk) -> Result<Rows<TallyRow>, StoreError> {
        let buckets = ask.slots.table.iter().flatten().filter(|&&s| s != u32::MAX).max().unwrap() + 1;
        let n = ask.groups.len();
        Ok(Box::new((0..n).flat_map(move |group| {
            let s = self.clone();
            (0..buckets)
                .map(move |bucket| Ok(TallyRow { group, bucket, source: None, tally: s.tally.clone() }))
        })))
    }
    async fn facts(self: Arc<Self>, _: FactsAsk) -> Result<Rows<FactsChunk>, StoreError> {
        Ok(Box::new(std::iter::empty()))
    }
    async fn days_with_calls(self: Arc<Self>, days: Days) -> Result<DaysWithCalls, StoreError> {
        Ok(DaysWithCalls { days, bits: vec![vec![u64::MAX; 7]; 5000] })
    }
    async fn calls(self: Arc<Self>, _: CallsAsk) -> Result<Vec<StoredCall>, StoreError> {
        Ok(vec![])
    }
}
fn rec(i: u64) -> v1::CallRecord {
    let p = i * 7919 % 5000;
    let d = |s: u64| Some(prost_types::Duration { seconds: s as i64, nanos: 0 });
    v1::CallRecord {
        call_id: format!("202602-{i:010x}"),
        attribution: Some(v1::call_record::Attribution::PracticeCode(format!("A{p:05}"))),
        direction: 1,
        outcome: 1,
        started_at: Some(prost_types::Timestamp {
            seconds: 1_770_019_200 + (i / 30) as i64 % 864000,
            nanos: 0,
        }),
        wait: d(i % 300),
        talk: d(i % 500),
        ..Default::default()
    }
}
#[tokio::main]
async fn main() {
    let bins =
        |n: u32, step: u32| Histogram::from_bins((0..n).map(|s| (s * step, 1 + i64::from(s % 5))).collect());
    // a tally made through the gatherer of real kinds
    let mut g = Gatherer::new(1);
    let mk = |o: i32, wait: Option<u32>, talk: Option<u32>| (o, wait, talk);
    let _ = (bins, mk);
    let kinds: Vec<CallRecord> = (0..4)
        .map(|k| {
            let mut d = Draft {
                call_id: format!("k{k}"),
                attribution: Some(DraftAttribution::Practice("A81001".into())),
                direction: Some(Direction::Inbound),
                started_at: Some(Moment::from_millis(1_770_019_200_000)),
                ..Default::default()
            };
            match k {
                0 => {
                    d.outcome = Some(Outcome::Answered);
                    d.wait = Some(DraftDuration::from_secs(1));
                    d.talk = Some(DraftDuration::from_secs(1));
                }
                1 => {
                    d.outcome = Some(Outcome::Missed);
                    d.wait = Some(DraftDuration::from_secs(1));
                }
                2 => d.outcome = Some(Outcome::EndedInIvr),
                _ => d.outcome = Some(Outcome::CallbackRequested),
            }
            d.check(Moment::from_millis(1_780_000_000_000), UnknownDurations::default()).unwrap()
        })
        .collect();
    for i in 0..5800_u32 {
        let k = &kinds[match i % 20 {
            0..=10 => 0,
            11..=13 => 1,
            14..=18 => 2,
            _ => 3,
        }];
        let s = |x: u32| Seconds::try_from(x % 700).ok();
        g.add(0, (), k.kind(), k.wait().and_then(|_| s(i * 31)), k.talk().and_then(|_| s(i * 17)));
    }
    let tally = g.finish().next().unwrap().2;
    let a = Arc::new(Attributions {
        list: (0..5000).map(|p| Attribution::Practice(format!("A{p:05}").parse().unwrap())).collect(),
    });
    let store = Arc::new(Null {
        n: AtomicU64::new(1),
        health: watch::Sender::new(StoreHealth::Serving),
        snap: Arc::new(Snap { a, tally }),
    });
    let settings = Settings { listen: ([127, 0, 0, 1], 0).into(), ..Settings::default() };
    let bound = bind(settings, store).await.unwrap();
    let addr = bound.address;
    tokio::spawn(bound.serve(std::future::pending()));
    let mut csv = String::from(
        "code,name,level,parents,from_date,until_date\nY60,Midlands,region,,,\nQHG,Example ICB,icb,Y60,,\n",
    );
    for p in 0..5000 {
        csv.push_str(&format!("A{p:05},The Example Surgery Number {p},practice,QHG,,\n"));
    }
    let channel = tonic::transport::Channel::from_shared(format!("http://{addr}"))
        .unwrap()
        .initial_stream_window_size(Some(8 << 20))
        .initial_connection_window_size(Some(16 << 20))
        .connect()
        .await
        .unwrap();
    let t = Instant::now();
    callgauge::proto::v1::organisation_service_client::OrganisationServiceClient::new(channel.clone())
        .import_organisations(v1::ImportOrganisationsRequest { csv, validate_only: false })
        .await
        .unwrap();
    println!("import {:?}", t.elapsed());
    let mut mc = callgauge::proto::v1::metrics_service_client::MetricsServiceClient::new(channel.clone())
        .max_decoding_message_size(8 << 20);
    for (name, codes, by, gran, n) in [
        ("england", vec!["ENGLAND"], 0, 1, 20),
        ("5000 practices", vec!["ENGLAND"], 1, 1, 20),
        ("practice by day", vec!["A00001"], 0, 8, 50),
        ("england by day", vec!["ENGLAND"], 0, 8, 20),
        ("practice by quarter hour", vec!["A00001"], 0, 12, 20),
    ] {
        let mut times = vec![];
        for _ in 0..n {
            let t = Instant::now();
            let mut token = String::new();
            let (mut rows, mut pages) = (0, 0);
            loop {
                let r = mc
                    .query_metrics(v1::QueryMetricsRequest {
                        organisation_codes: codes.iter().map(|c| c.to_string()).collect(),
                        group_by: by,
                        granularity: gran,
                        month: "2026-02".into(),
                        page_size: 5000,
                        page_token: token,
                        ..Default::default()
                    })
                    .await
                    .unwrap()
                    .into_inner();
                rows += r.rows.len();
                pages += 1;
                token = r.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            times.push((t.elapsed(), rows, pages));
        }
        times.sort();
        println!("{name}: median {:?} max {:?}", times[n / 2], times[n - 1].0);
    }
    let n = 300_u64;
    let batches: Vec<v1::StreamCallRecordsRequest> = (0..n)
        .map(|b| v1::StreamCallRecordsRequest {
            source_id: "bench".into(),
            batch_number: b + 1,
            records: (0..10_000).map(|r| rec(b * 10_000 + r)).collect(),
            unknown_durations: vec![],
        })
        .collect();
    for _ in 0..3 {
        let mut cc =
            callgauge::proto::v1::call_record_service_client::CallRecordServiceClient::new(channel.clone());
        let sent = batches.clone();
        let t = Instant::now();
        let mut acks = cc.stream_call_records(tokio_stream::iter(sent)).await.unwrap().into_inner();
        let mut k = 0;
        while let Some(a) = acks.message().await.unwrap() {
            assert_eq!(a.verdicts.len(), 10_000);
            k += 1
        }
        assert_eq!(k, n);
        let e = t.elapsed();
        println!("stream: {:?} {:.0} records/s", e, (n * 10_000) as f64 / e.as_secs_f64());
    }
}
