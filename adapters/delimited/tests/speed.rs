//! How fast rows become calls, and rows of counts days. Ignored, because it says something in release alone:
//! `cargo test --release -p callgauge-adapter-delimited --test speed -- --ignored --nocapture`.

use std::fmt::Write;

use callgauge_adapter::Settings;
use callgauge_adapter::conformance::speed::{Load, measure};
use callgauge_adapter::schema::Moment;
use callgauge_adapter_delimited::vendor;

/// 2026-03-03, after all rows.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn is_fast_enough(settings: &str, text: String, rows: usize) {
    let settings = Settings::from(settings.parse::<toml::Table>().expect("is TOML"));
    let pace = measure(vendor().as_ref(), &Load::file("file.csv", text, rows, settings), NOW).expect("maps");
    println!("{pace}");
    assert_eq!(pace.calls, rows);
    assert!(pace.is_enough(), "{pace}");
}

#[test]
#[ignore = "measures: in release, with --nocapture"]
fn rows_are_mapped_fast_enough() {
    let mut text = String::from("Call ID,Date,Time,Direction,From,DDI,Queue,Result,Queue time,Talk time\n");
    for n in 0..10_000 {
        let (minute, second) = (n / 60 % 60, n % 60);
        writeln!(text, "c-{n},02/03/2026,08:{minute:02}:{second:02},In,07700 900123,01632 960100,\"Reception, main\",Answered,00:00:12,00:03:07")
            .expect("is text");
    }
    is_fast_enough(include_str!("../testdata/supplier.toml"), text, 10_000);
}

/// A month of a region with a thousand practices: the file is read once for each of its dates.
#[test]
#[ignore = "measures: in release, with --nocapture"]
fn rows_of_counts_are_gathered_fast_enough() {
    let mut text = String::from(
        "Date,REGION_CODE,ICB_CODE,SUB_ICB_LOCATION_CODE,PCN_CODE,PRACTICE_CODE,Indicator,Time_Category,Value\n",
    );
    let mut rows = 0;
    for day in 1..=28 {
        for practice in 0..1_000 {
            for indicator in 1..=5 {
                for band in ["08:00-09:59", "10:00-11:59"] {
                    writeln!(
                        text,
                        "2026-02-{day:02},Y60,QHG,06K,U12345,A8{practice:04},CBT00{indicator},{band},7"
                    )
                    .expect("is text");
                    rows += 1;
                }
            }
        }
    }
    is_fast_enough("holds = \"tallies\"", text, rows);
}
