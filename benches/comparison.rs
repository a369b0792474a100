//! How long a funnel, a ranking and a control chart take over gRPC: 6,200 made-up practices over 24 months, few calls a practice and month.
//!
//! `cargo bench --bench comparison` prints medians; CALLGAUGE_BENCH_PRACTICES and CALLGAUGE_BENCH_ASKED make it smaller.

use std::sync::Arc;
use std::time::{Duration, Instant};

use callgauge::calendar::Day;
use callgauge::proto::v1;
use callgauge::proto::v1::comparison_service_client::ComparisonServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::service::{Settings, bind};
use callgauge::store::sqlite::{Limits, SqliteStore};
use callgauge::store::{Item, Store, Submission};
use callgauge_schema::{
    Direction, Draft, DraftAttribution, DraftDuration, Moment, Outcome, UnknownDurations,
};
use tonic::transport::Channel;

type Fault = Box<dyn std::error::Error>;

/// Calls of a practice in a month.
const CALLS: usize = 8;
const MONTHS: i32 = 24;
/// 2024-03-01.
const FIRST: i32 = 19_783;

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn code(practice: usize) -> String {
    format!("{}{:05}", char::from(b'A' + (practice / 90_000) as u8), 10_000 + practice)
}

fn main() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), Fault> {
    let practices = setting("CALLGAUGE_BENCH_PRACTICES", 6_200);
    let asked = setting("CALLGAUGE_BENCH_ASKED", 50);
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path(), Limits::default())?);
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        metrics_listen: None,
        clock: Arc::new(|| Moment::from_millis(1_772_409_600_000)),
        ..Settings::default()
    };
    let bound = bind(settings, Arc::clone(&store)).await?;
    let url = format!("http://{}", bound.address);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(bound.serve(async {
        let _ = stopped.await;
    }));
    let channel = Channel::from_shared(url)?.connect().await?;
    let mut organisations = OrganisationServiceClient::new(channel.clone());
    let mut csv = "code,name,level,parents,from_date,until_date\nQHG,Example ICB,icb,,,\n".to_owned();
    (0..practices).for_each(|practice| csv += &format!("{},Surgery,practice,QHG,,\n", code(practice)));
    let import = v1::ImportOrganisationsRequest { csv, validate_only: false };
    organisations.import_organisations(import).await?;

    let since = Instant::now();
    let calls = fill(store.as_ref(), practices).await?;
    println!(
        "{calls} calls of {practices} practices in {MONTHS} months stored in {:.1} s",
        since.elapsed().as_secs_f64()
    );
    let since = Instant::now();
    while store.status().unsettled > 0 && since.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("settled after {:.1} s", since.elapsed().as_secs_f64());

    let mut client = ComparisonServiceClient::new(channel).max_decoding_message_size(16 << 20);
    let peers = || Some(v1::PeerGroup { organisation_codes: vec!["QHG".into()], ..Default::default() });
    let funnel = v1::CompareOrganisationsRequest {
        peers: peers(),
        first_month: "2024-03".into(),
        last_month: "2026-02".into(),
        metrics: vec!["missed_share_of_inbound".into()],
        page_size: 10_000,
        ..Default::default()
    };
    let plain =
        v1::CompareOrganisationsRequest { expected_by: v1::ExpectedBy::Target.into(), ..funnel.clone() };
    let ranks = v1::RankOrganisationsRequest {
        peers: peers(),
        first_month: "2024-03".into(),
        last_month: "2026-02".into(),
        metric: "missed_share_of_inbound".into(),
        worst: v1::Worst::Highest.into(),
        page_size: 10_000,
        ..Default::default()
    };
    let chart = v1::GetControlChartRequest {
        organisation_code: code(7),
        metric: "missed_share_of_inbound".into(),
        first_month: "2024-03".into(),
        last_month: "2026-02".into(),
        ..Default::default()
    };
    let mut times: [(&str, Vec<f64>); 4] =
        ["funnel, like for like", "funnel, by the target", "ranking", "control chart"]
            .map(|name| (name, Vec::new()));
    for _ in 0..asked {
        let since = Instant::now();
        let found = client.compare_organisations(funnel.clone()).await?.into_inner();
        assert_eq!(found.organisations.len(), practices);
        times[0].1.push(since.elapsed().as_secs_f64() * 1e3);
        let since = Instant::now();
        client.compare_organisations(plain.clone()).await?;
        times[1].1.push(since.elapsed().as_secs_f64() * 1e3);
        let since = Instant::now();
        // Few calls may be refused as a ranking; what it takes to say so is nearly all of the work.
        let ranked = client.rank_organisations(ranks.clone()).await;
        times[2].1.push(since.elapsed().as_secs_f64() * 1e3);
        if times[2].1.len() == 1 {
            println!("the ranking is {}", if ranked.is_ok() { "given" } else { "refused" });
        }
        let since = Instant::now();
        client.get_control_chart(chart.clone()).await?;
        times[3].1.push(since.elapsed().as_secs_f64() * 1e3);
    }
    for (name, mut times) in times {
        let first = times[0];
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: median {:.1} ms of {asked} (first {first:.1}, least {:.1})",
            times[times.len() / 2],
            times[0]
        );
    }
    let _ = stop.send(());
    serving.await??;
    Ok(())
}

/// Puts calls in: later practices miss more.
async fn fill(store: &dyn Store, practices: usize) -> Result<usize, Fault> {
    let mut state = 7_u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let now = Moment::from_millis(1_772_409_600_000);
    let mut sent = 0;
    let mut first = Day::from_number(FIRST);
    for _ in 0..MONTHS {
        let mut items = Vec::with_capacity(10_000);
        for practice in 0..practices {
            for _ in 0..CALLS {
                let missed = chance() < 0.05 + 0.3 * practice as f64 / practices as f64;
                let day = first.plus((chance() * 28.0) as i32);
                let secs = i64::from(day.number()) * 86_400 + 28_800 + (chance() * 36_000.0) as i64;
                let draft = Draft {
                    call_id: format!("c-{sent}"),
                    attribution: Some(DraftAttribution::Practice(code(practice))),
                    direction: Some(Direction::Inbound),
                    started_at: Some(Moment::from_millis(secs * 1_000)),
                    outcome: Some(if missed { Outcome::Missed } else { Outcome::Answered }),
                    wait: Some(DraftDuration::from_secs(30)),
                    talk: (!missed).then(|| DraftDuration::from_secs(120)),
                    ..Draft::default()
                };
                let record =
                    draft.check(now, UnknownDurations::default()).map_err(|fault| format!("{fault:?}"))?;
                items.push(Item::Record(record));
                sent += 1;
                if items.len() == 10_000 {
                    commit(store, std::mem::take(&mut items)).await?;
                }
            }
        }
        commit(store, items).await?;
        first = first.first_of_next_month();
    }
    Ok(sent)
}

async fn commit(store: &dyn Store, items: Vec<Item>) -> Result<(), Fault> {
    store.commit(Submission::new("made-up".parse()?, items)).await?;
    Ok(())
}
