//! What Prometheus is told, and the port on which it asks.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::Code;

use crate::store::{StoreStatus, Verdict};

/// Upper bounds of latency buckets, in seconds.
const LATENCIES: [f64; 11] = [0.001, 0.003, 0.01, 0.03, 0.08, 0.2, 0.5, 1.0, 3.0, 10.0, 60.0];
/// What a method that does not exist is counted as.
const UNKNOWN_METHOD: &str = "unknown";

/// All counters, gauges and histograms.
pub(crate) struct Meters {
    registry: Registry,
    requests: Family<Request, Counter>,
    latencies: Family<Method, Histogram, fn() -> Histogram>,
    records: Family<VerdictLabel, Counter>,
    commits: Histogram,
    lag: Gauge<f64, AtomicU64>,
    store: StoreGauges,
    under_way: watch::Sender<usize>,
}

#[derive(Default)]
struct StoreGauges {
    calls: Gauge,
    unsettled: Gauge,
    rejects: Gauge,
    disk: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

fn latency() -> Histogram {
    Histogram::new(LATENCIES)
}

impl Meters {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("callgauge");
        let requests = Family::default();
        let latencies = Family::new_with_constructor(latency as fn() -> Histogram);
        let records = Family::default();
        let commits = latency();
        let lag = Gauge::default();
        let store = StoreGauges::default();
        registry.register("requests", "Requests that ended, by method and gRPC code", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the first byte of a request to the end of its answer",
            Unit::Seconds,
            latencies.clone(),
        );
        registry.register("records", "Call records by verdict", records.clone());
        registry.register_with_unit(
            "commit_duration",
            "From a batch that is checked to a batch that is on disk",
            Unit::Seconds,
            commits.clone(),
        );
        registry.register_with_unit(
            "ingest_lag",
            "Between the latest start of a call in the last batch and the moment that it was on disk",
            Unit::Seconds,
            lag.clone(),
        );
        registry.register("calls_kept", "Calls kept, retracted ones included", store.calls.clone());
        registry.register("unsettled", "Committed records not yet sorted into their days", store.unsettled.clone());
        registry.register("rejects_kept", "Rejects kept", store.rejects.clone());
        registry.register_with_unit("disk", "Size of the data folder", Unit::Bytes, store.disk.clone());
        Self {
            registry,
            requests,
            latencies,
            records,
            commits,
            lag,
            store,
            under_way: watch::Sender::new(0),
        }
    }

    /// A request begins.
    pub(super) fn began(&self, method: &str) {
        if counts_as_work(method) {
            self.under_way.send_modify(|requests| *requests += 1);
        }
    }

    /// It ended. `unrouted`: nothing was there to take it.
    pub(super) fn ended(&self, method: &str, code: Code, unrouted: bool, took: Duration) {
        if counts_as_work(method) {
            self.under_way.send_modify(|requests| *requests = requests.saturating_sub(1));
        }
        let method = if unrouted || code == Code::Unimplemented { UNKNOWN_METHOD } else { method };
        self.requests
            .get_or_create(&Request { method: method.to_owned(), code: format!("{code:?}") })
            .inc();
        self.latencies.get_or_create(&Method { method: method.to_owned() }).observe(took.as_secs_f64());
    }

    /// A batch is on disk.
    pub(crate) fn committed(&self, counts: &[(Verdict, i64)], took: Duration, lag_millis: Option<i64>) {
        for &(verdict, count) in counts {
            let label = VerdictLabel { verdict: verdict_name(verdict) };
            self.records.get_or_create(&label).inc_by(count.unsigned_abs());
        }
        self.commits.observe(took.as_secs_f64());
        if let Some(millis) = lag_millis {
            self.lag.set(millis as f64 / 1_000.0);
        }
    }

    /// How many requests are under way, health and reflection left out.
    pub(crate) fn under_way(&self) -> watch::Receiver<usize> {
        self.under_way.subscribe()
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, status: StoreStatus) -> String {
        let StoreStatus { calls, unsettled, rejects, disk_bytes } = status;
        let gauges = [
            (&self.store.calls, calls),
            (&self.store.unsettled, unsettled),
            (&self.store.rejects, rejects),
            (&self.store.disk, disk_bytes),
        ];
        for (gauge, value) in gauges {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        text
    }
}

/// What a draining service waits for.
fn counts_as_work(method: &str) -> bool {
    method.starts_with("/callgauge.")
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Duplicate => "duplicate",
        Verdict::Revised => "revised",
        Verdict::Stale => "stale",
        Verdict::Conflict => "conflict",
        Verdict::Retracted => "retracted",
        Verdict::Rejected => "rejected",
    }
}

/// Serves `/metrics` until `end` resolves.
pub(crate) async fn serve(
    listener: TcpListener,
    meters: Arc<Meters>,
    status: impl Fn() -> StoreStatus + Clone + Send + Sync + 'static,
    end: impl Future<Output = ()> + Send + 'static,
) {
    async fn metrics<F: Fn() -> StoreStatus>(State((meters, status)): State<(Arc<Meters>, F)>) -> impl IntoResponse {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        ([(CONTENT_TYPE, kind)], meters.text(status()))
    }
    let router = Router::new().route("/metrics", get(metrics)).with_state((meters, status));
    if let Err(fault) = axum::serve(listener, router).with_graceful_shutdown(end).await {
        tracing::error!(%fault, "metrics are no longer served");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_requests_records_and_the_store() {
        let meters = Meters::new();
        meters.began("/callgauge.v1.MetricsService/QueryMetrics");
        meters.ended("/callgauge.v1.MetricsService/QueryMetrics", Code::Ok, false, Duration::from_millis(2));
        meters.ended("/no/such", Code::Unimplemented, false, Duration::ZERO);
        meters.committed(&[(Verdict::Accepted, 3)], Duration::from_millis(4), Some(1_500));
        let text = meters.text(StoreStatus { calls: 3, unsettled: 2, rejects: 1, disk_bytes: 4_096 });
        for line in [
            "callgauge_requests_total{method=\"/callgauge.v1.MetricsService/QueryMetrics\",code=\"Ok\"} 1",
            "callgauge_requests_total{method=\"unknown\",code=\"Unimplemented\"} 1",
            "callgauge_records_total{verdict=\"accepted\"} 3",
            "callgauge_ingest_lag_seconds 1.5",
            "callgauge_unsettled 2",
            "callgauge_rejects_kept 1",
            "callgauge_disk_bytes 4096",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
