//! How fast pages become calls. Ignored, because it says something in release alone: `cargo test --release -p callgauge-adapter-genesys_cloud --test speed -- --ignored --nocapture`.

use std::time::Instant;

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings};
use serde_json::Value;

/// Rows a second and core that every adapter has to reach.
const WANTED: f64 = 50_000.0;

#[test]
#[ignore = "measures; run it in release"]
fn pages_are_mapped_fast_enough() {
    let case = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/conversations.json"))
        .expect("is there");
    let case: Value = serde_json::from_str(&case).expect("is JSON");
    let rows = case["conversations"].as_array().expect("has rows").len();
    let text = case.to_string();
    // Pages of a few hundred rows, each with ids of its own.
    let pages: Vec<String> = (0..2_000)
        .map(|n| text.replace("c0de0000-0000-4000-8000-", &format!("c0de{n:04}-0000-4000-8000-")))
        .collect();
    let settings = Settings::default();
    let vendor = callgauge_adapter_genesys_cloud::vendor();
    let begun = Instant::now();
    let mut calls = 0;
    for page in &pages {
        let now = Moment::from_millis(1_772_500_000_000);
        let request = MapRequest { name: "page.json", payload: page.as_bytes(), settings: &settings, now };
        calls += vendor.map(request).expect("maps").calls.len();
    }
    let a_second = (rows * pages.len()) as f64 / begun.elapsed().as_secs_f64();
    println!("{a_second:.0} rows a second ({} rows, {calls} calls)", rows * pages.len());
    assert!(a_second >= WANTED, "{a_second:.0} rows a second");
}
