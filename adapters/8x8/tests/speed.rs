//! How fast a page becomes calls, from its bytes: at least 50,000 rows a second on one core.
//!
//! `cargo test --release -p callgauge-adapter-8x8 --test speed -- --ignored --nocapture`

use std::io::Write;
use std::time::{Duration, Instant};

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings};
use serde_json::Value;

/// 2026-02-04T00:00:00Z.
const NOW: Moment = Moment::from_millis(1_770_163_200_000);
const CASES: &[&str] = &["work_calls.json"];
/// Where a page has its rows, and what makes one another one.
const ROWS: &str = "/data";
const IDS: [&str; 2] = ["callId", "callId"];
const WANTED: f64 = 50_000.0;

/// A page of the test cases over and over, each time with other ids.
fn page(rows: usize) -> (Vec<u8>, usize) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut whole = Value::Null;
    let mut some = Vec::new();
    for case in CASES {
        let text = std::fs::read_to_string(folder.join(case)).expect("can be read");
        whole = serde_json::from_str(&text).expect("is JSON");
        some.extend(whole.pointer(ROWS).and_then(Value::as_array).cloned().unwrap_or_default());
    }
    let mut many = Vec::with_capacity(rows);
    for n in 0.. {
        for row in &some {
            let mut row = row.clone();
            for id in IDS {
                if let Some(Value::String(text)) = row.get_mut(id) {
                    text.push_str(&format!("x{n}"));
                }
            }
            many.push(row);
        }
        if many.len() >= rows {
            break;
        }
    }
    let count = many.len();
    *whole.pointer_mut(ROWS).expect("a page has rows") = many.into();
    (serde_json::to_vec(&whole).expect("is JSON"), count)
}

#[test]
#[ignore = "measures: only in release, on a quiet machine"]
fn a_page_becomes_calls_at_50_000_rows_a_second() {
    let vendor = callgauge_adapter_8x8::vendor();
    let settings = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/settings.toml"));
    let settings = Settings::from(settings.unwrap_or_default().parse::<toml::Table>().expect("is TOML"));
    let (payload, rows) = page(5_000);
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begun = Instant::now();
        let request = MapRequest { name: "page.json", payload: &payload, settings: &settings, now: NOW };
        let page = vendor.map(request).expect("is a page");
        best = best.min(begun.elapsed());
        assert!(page.calls.len() * 5 > rows, "{} calls of {rows} rows", page.calls.len());
    }
    let rate = rows as f64 / best.as_secs_f64();
    let _ = writeln!(std::io::stderr(), "{rate:.0} rows/s, {} bytes a row", payload.len() / rows);
    assert!(rate >= WANTED, "{rate:.0} rows a second are fewer than {WANTED}");
}
