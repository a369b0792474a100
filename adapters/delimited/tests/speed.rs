//! How fast rows become calls. Ignored, because it says something in release alone: `cargo test --release -p callgauge-adapter-delimited --test speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::Instant;

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings};

/// Rows a second and core that every adapter has to reach.
const WANTED: f64 = 50_000.0;
const ROWS: usize = 300_000;

#[test]
#[ignore = "measures; run it in release"]
fn rows_are_mapped_fast_enough() {
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/supplier.toml");
    let table: toml::Table = std::fs::read_to_string(case).expect("is there").parse().expect("is TOML");
    let settings = Settings::from(table);
    let mut text = String::from("Call ID,Date,Time,Direction,From,DDI,Queue,Result,Queue time,Talk time\n");
    for n in 0..ROWS {
        let (minute, second) = (n / 60 % 60, n % 60);
        writeln!(text, "c-{n},02/03/2026,08:{minute:02}:{second:02},In,07700 900123,01632 960100,\"Reception, main\",Answered,00:00:12,00:03:07")
            .expect("is text");
    }
    let vendor = callgauge_adapter_delimited::vendor();
    let now = Moment::from_millis(1_772_500_000_000);
    let begun = Instant::now();
    let request = MapRequest { name: "calls.csv", payload: text.as_bytes(), settings: &settings, now };
    let calls = vendor.map(request).expect("maps").calls.len();
    let a_second = ROWS as f64 / begun.elapsed().as_secs_f64();
    println!("{a_second:.0} rows a second");
    assert_eq!(calls, ROWS);
    assert!(a_second >= WANTED, "{a_second:.0} rows a second");
}
