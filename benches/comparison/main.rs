//! How long a funnel, a ranking and a control chart take over gRPC, and how much memory they add: made-up practices over 24 months, of all outcomes and at all hours.
//!
//! `cargo bench --bench comparison` writes the section "Comparisons" of docs/benchmarks.md. CALLGAUGE_BENCH_PRACTICES, CALLGAUGE_BENCH_CALLS (of a practice
//! in a month) and CALLGAUGE_BENCH_ASKED change its size; then nothing is written. Client and server are one process: processor time and memory are of both.

mod watch;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callgauge::calendar::Day;
use callgauge::proto::v1;
use callgauge::proto::v1::comparison_service_client::ComparisonServiceClient;
use callgauge::proto::v1::indicator_service_client::IndicatorServiceClient;
use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::service::{Settings, bind};
use callgauge::store::sqlite::{Limits, SqliteStore};
use callgauge::store::{Item, Store, Submission};
use callgauge_schema::{
    Direction, Draft, DraftAttribution, DraftDuration, Moment, Outcome, Reason, UnknownDurations,
};
use tonic::transport::Channel;

use watch::Watch;

type Fault = Box<dyn std::error::Error>;

/// Practices, calls of each in a month, and how often each question is asked.
const USUAL: [usize; 3] = [6_200, 60, 50];
/// Values of indicators that are submitted.
const INDICATORS: usize = 100_000;
const MONTHS: i32 = 24;
/// Memory is looked at in the first question of its kind, and in each so many.
const LOOKED_AT: usize = 10;
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
    let practices = setting("CALLGAUGE_BENCH_PRACTICES", USUAL[0]);
    let many = setting("CALLGAUGE_BENCH_CALLS", USUAL[1]);
    let asked = setting("CALLGAUGE_BENCH_ASKED", USUAL[2]);
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
    let calls = fill(store.as_ref(), practices, many).await?;
    println!(
        "{calls} calls of {practices} practices in {MONTHS} months stored in {:.1} s",
        since.elapsed().as_secs_f64()
    );
    let since = Instant::now();
    while store.status().unsettled > 0 && since.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("settled after {:.1} s", since.elapsed().as_secs_f64());

    let mut client = ComparisonServiceClient::new(channel.clone()).max_decoding_message_size(16 << 20);
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
        metric: "missed_share_of_inbound".into(),
        first_month: "2024-03".into(),
        last_month: "2026-02".into(),
        ..Default::default()
    };
    let picture = v1::RenderChartRequest {
        chart: Some(v1::render_chart_request::Chart::Funnel(funnel.clone())),
        format: v1::PictureFormat::Png.into(),
        width: 1_600,
    };
    let mut lines = Lines::default();
    // A practice after the other, so that none is asked about twice.
    let charts = (0..).map(|at| v1::GetControlChartRequest {
        organisation_code: code(at * 61 % practices),
        ..chart.clone()
    });
    let mut ask = lines.asking("control chart, before any other question", "5 ms", asked);
    for chart in charts.clone() {
        let Some(watch) = ask.next() else { break };
        client.get_control_chart(chart).await?;
        ask.done(watch);
    }
    let mut ask = lines.asking("funnel, like for like", "150 ms", asked);
    while let Some(watch) = ask.next() {
        let found = client.compare_organisations(funnel.clone()).await?.into_inner();
        assert_eq!(found.organisations.len(), practices);
        ask.done(watch);
    }
    let mut ask = lines.asking("funnel, by the target", "150 ms", asked);
    while let Some(watch) = ask.next() {
        client.compare_organisations(plain.clone()).await?;
        ask.done(watch);
    }
    let mut ask = lines.asking("ranking", "250 ms", asked);
    while let Some(watch) = ask.next() {
        let found = client.rank_organisations(ranks.clone()).await?.into_inner();
        assert_eq!(found.organisations.len(), practices);
        ask.done(watch);
    }
    let mut ask = lines.asking("control chart, after them", "5 ms", asked);
    for chart in charts {
        let Some(watch) = ask.next() else { break };
        client.get_control_chart(chart).await?;
        ask.done(watch);
    }
    let mut ask = lines.asking("the funnel as PNG, 1,600 pixels wide", "", asked.min(10));
    while let Some(watch) = ask.next() {
        client.render_chart(picture.clone()).await?;
        ask.done(watch);
    }
    let rows = indicators(channel, practices).await?;
    if [practices, many, asked] == USUAL {
        write(&lines, calls, rows)?;
    }
    let _ = stop.send(());
    serving.await??;
    Ok(())
}

/// Puts calls in: later practices miss more.
async fn fill(store: &dyn Store, practices: usize, many: usize) -> Result<usize, Fault> {
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
            for _ in 0..many {
                let day = first.plus(
                    (chance() * f64::from(first.first_of_next_month().number() - first.number())) as i32,
                );
                // Most by day, some at any hour.
                let at = if chance() < 0.92 { 28_800.0 + chance() * 37_800.0 } else { chance() * 86_400.0 };
                let secs = i64::from(day.number()) * 86_400 + at as i64;
                let draft = Draft {
                    call_id: format!("c-{sent}"),
                    attribution: Some(DraftAttribution::Practice(code(practice))),
                    started_at: Some(Moment::from_millis(secs * 1_000)),
                    ..kind(chance(), 0.02 + 0.18 * practice as f64 / practices as f64)
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

/// A call of a kind that `chance` picks: missed as often as `missed` says, the others about as often as in England.
fn kind(chance: f64, missed: f64) -> Draft {
    let inbound = |outcome| Draft {
        direction: Some(Direction::Inbound),
        outcome: Some(outcome),
        wait: Some(DraftDuration::from_secs((chance * 1e6) as i64 % 600)),
        ..Draft::default()
    };
    match chance {
        chance if chance < missed => {
            Draft { reason: Some(Reason::AbandonedInQueue), ..inbound(Outcome::Missed) }
        }
        chance if chance < missed + 0.24 => Draft { wait: None, ..inbound(Outcome::EndedInIvr) },
        chance if chance < missed + 0.31 => {
            Draft { callback_requested: Some(None), ..inbound(Outcome::CallbackRequested) }
        }
        chance if chance < missed + 0.38 => Draft {
            wait: None,
            direction: Some(Direction::Outbound),
            callback_made: Some((String::new(), 0, None)),
            talk: Some(DraftDuration::from_secs(60)),
            ..inbound(Outcome::Answered)
        },
        _ => Draft {
            talk: Some(DraftDuration::from_secs((chance * 1e7) as i64 % 900)),
            ..inbound(Outcome::Answered)
        },
    }
}

async fn commit(store: &dyn Store, items: Vec<Item>) -> Result<(), Fault> {
    store.commit(Submission::new("made-up".parse()?, items)).await?;
    Ok(())
}

/// Submits values of indicators, a thousand a request: how many a second.
async fn indicators(channel: Channel, practices: usize) -> Result<f64, Fault> {
    let mut client = IndicatorServiceClient::new(channel);
    let since = Instant::now();
    let mut sent = 0;
    while sent < INDICATORS {
        let value = |at: usize| v1::Indicator {
            name: format!("local:made_up_{}", at / practices),
            organisation_code: code(at % practices),
            start_date: "2026-02-01".into(),
            end_date: "2026-03-01".into(),
            numerator: Some(at as f64),
            denominator: Some(1e6),
            ..Default::default()
        };
        let indicators: Vec<_> = (sent..sent + 1_000).map(value).collect();
        let request =
            v1::SubmitIndicatorsRequest { source_id: "made-up".into(), indicators, validate_only: false };
        let told = client.submit_indicators(request).await?.into_inner();
        assert_eq!(told.added, 1_000);
        sent += 1_000;
    }
    let rows = INDICATORS as f64 / since.elapsed().as_secs_f64();
    println!("indicators: {rows:.0} values/s");
    Ok(rows)
}

/// What was measured, as lines of a table.
#[derive(Default)]
struct Lines(String);

/// One question that is being asked again and again.
struct Asking<'a> {
    lines: &'a mut Lines,
    what: &'static str,
    target: &'static str,
    left: usize,
    begun_ms: f64,
    seen: Vec<watch::Seen>,
}

impl Lines {
    fn asking(&mut self, what: &'static str, target: &'static str, many: usize) -> Asking<'_> {
        Asking { lines: self, what, target, left: many, begun_ms: watch::processor_ms(), seen: Vec::new() }
    }
}

impl Asking<'_> {
    /// The next time of asking.
    fn next(&mut self) -> Option<Watch> {
        if self.left == 0 {
            self.tell();
        }
        self.left = self.left.checked_sub(1)?;
        Some(Watch::begin(self.seen.len().is_multiple_of(LOOKED_AT)))
    }

    fn done(&mut self, watch: Watch) {
        self.seen.push(watch.end());
    }

    fn tell(&mut self) {
        let median = |of: fn(&watch::Seen) -> f64| {
            let mut all: Vec<f64> = self.seen.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        let most = self.seen.iter().filter_map(|seen| seen.added_mib).fold(0.0, f64::max);
        let wall = median(|seen| seen.wall_ms);
        let processor = (watch::processor_ms() - self.begun_ms) / self.seen.len().max(1) as f64;
        let first = self.seen.first().map_or(0.0, |seen| seen.wall_ms);
        let line = format!(
            "| {} | {wall:.1} ms | {} | {first:.0} ms | {processor:.0} ms | {most:.0} MiB |",
            self.what, self.target
        );
        println!("{line}");
        let _ = writeln!(self.lines.0, "{line}");
    }
}

/// Puts the section into docs/benchmarks.md, in place of the one that is there.
fn write(lines: &Lines, calls: usize, rows: f64) -> Result<(), Fault> {
    const HEADING: &str = "\n## Comparisons\n";
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/benchmarks.md");
    let page = std::fs::read_to_string(place)?;
    let (before, own) = page.split_at(page.find(HEADING).unwrap_or(page.len()));
    // Sections behind it are written by others and stay.
    let behind = own.get(1..).and_then(|own| own.find("\n## ").map(|at| &own[at..])).unwrap_or_default();
    let [practices, many, asked] = USUAL;
    let section = format!(
        "{HEADING}\nWritten by `cargo bench --bench comparison`: {practices} made-up practices with {many} calls each in each of {MONTHS} months ({calls} calls, settled). Medians of {asked} \
         (of the picture 10), and the first, for which months are added up from stored tallies; processor time (the mean) and anonymous memory are those of client and server together, memory at most \
         of any question in which it was looked at, the first and each tenth (64 MiB are asked for). Each control chart is of another practice.\n\n\
         | what | median | asked for | first | processor | memory added |\n|---|---|---|---|---|---|\n{}\n\
         Values of indicators, submitted a thousand a request and on disk: {rows:.0}/s.\n",
        lines.0
    );
    std::fs::write(place, format!("{before}{section}{behind}"))?;
    Ok(())
}
