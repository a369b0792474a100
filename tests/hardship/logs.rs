//! The log for machines: one JSON object a line and nothing else, with the id of the request that a line is about.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use callgauge::proto::v1;
use callgauge::proto::v1::metrics_service_client::MetricsServiceClient;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{callgauge, serve_words};

/// Ended when this is dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Fails only where it has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines so far, the one that is being written left out.
fn lines(log: &Path) -> Vec<Value> {
    let text = fs::read_to_string(log).expect("it is there");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}"));
    whole.lines().map(line).collect()
}

/// Waits for a line.
async fn await_line(log: &Path, is: impl Fn(&Value) -> bool) -> Value {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = lines(log).into_iter().find(|line| is(line)) {
            return found;
        }
        assert!(Instant::now() < patience, "there is no such line in {:#?}", lines(log));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_line_of_a_json_log_is_an_object_and_those_of_a_request_have_its_id() {
    let folder = TempDir::new().expect("a folder");
    let log = folder.path().join("log");
    let mut command = callgauge();
    command.args(serve_words(&folder.path().join("data"))).args(["--log-format", "json"]);
    let mut service =
        Ended(command.stderr(File::create(&log).expect("a file")).spawn().expect("the program was built"));
    let said = |line: &Value, what: &str| line["fields"]["message"] == what;
    let listening = await_line(&log, |line| said(line, "listening")).await;
    let address = listening["fields"]["at"].as_str().expect("it says where").to_owned();
    let mut metrics = MetricsServiceClient::connect(format!("http://{address}")).await.expect("it listens");
    let mut request = tonic::Request::new(v1::QueryMetricsRequest::default());
    request.metadata_mut().insert("x-request-id", "mine-1".parse().expect("is a value"));
    metrics.query_metrics(request).await.expect_err("asks for nothing");
    let told = await_line(&log, |line| line["span"]["request_id"] == "mine-1").await;
    assert_eq!(told["span"]["method"], "/callgauge.v1.MetricsService/QueryMetrics");
    assert_eq!(told["fields"]["code"], "InvalidArgument");
    assert_eq!(told["level"], "INFO");
    assert!(told["fields"]["latency_ms"].is_number(), "{told}");

    let id = service.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill is there").success());
    assert!(service.0.wait().expect("it ends").success());
    let all = lines(&log);
    assert!(all.iter().all(Value::is_object) && all.iter().any(|line| said(line, "stopped")), "{all:#?}");
}
