//! What every adapter is held to: the conformance kit's checks against its scripted vendor, saved payloads with what must come of them, and speed.

use callgauge_adapter::conformance::speed::{self, Load};
use callgauge_adapter::conformance::{self, golden};
use callgauge_adapter::schema::Moment;
use callgauge_adapter_twilio::{SCRIPT, vendor};

/// 2026-03-03, after all payloads.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

#[tokio::test]
async fn it_passes_every_check_of_the_kit() {
    let report = conformance::run(vendor().as_ref(), SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}

#[test]
fn payloads_become_the_records_that_were_written_down() {
    golden::check(vendor().as_ref(), "testdata", NOW).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
#[ignore = "measures: in release, with --nocapture"]
fn pages_are_mapped_fast_enough() {
    let load = Load::json(&["testdata/calls.json"], "/calls", &["/sid", "/parent_call_sid"], 1_000);
    let pace = speed::measure(vendor().as_ref(), &load.expect("has rows"), NOW).expect("maps");
    println!("{pace}");
    assert!(pace.is_enough(), "{pace}");
}
