//! How fast rows become calls. Ignored, because it says something in release alone: `cargo test --release -p callgauge-adapter-3cx --test speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::Instant;

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings};

/// Rows a second and core that every adapter has to reach.
const WANTED: f64 = 50_000.0;
const CALLS: usize = 100_000;

#[test]
#[ignore = "measures; run it in release"]
fn rows_are_mapped_fast_enough() {
    let mut text = String::from(
        "cdr_id,main_call_history_id,source_entity_type,source_participant_is_incoming,source_participant_trunk_did,destination_entity_type,destination_dn_number,destination_dn_type,destination_dn_name,termination_reason,termination_reason_details,continued_in_cdr_id,cdr_started_at,cdr_answered_at,cdr_ended_at\n",
    );
    for n in 0..CALLS {
        writeln!(text, "s-{n}-a,call-{n},external_line,true,+441632960100,queue,800,queue,Reception,continued_in,none,s-{n}-b,2026-03-02 08:00:00.000 +0000,2026-03-02 08:00:00.100 +0000,2026-03-02 08:00:12.000 +0000\ns-{n}-b,call-{n},external_line,true,,extension,101,extension,,src_participant_terminated,none,,2026-03-02 08:00:09.000 +0000,2026-03-02 08:00:12.000 +0000,2026-03-02 08:01:00.000 +0000")
            .expect("is text");
    }
    let vendor = callgauge_adapter_3cx::vendor();
    let settings = Settings::default();
    let now = Moment::from_millis(1_772_500_000_000);
    let rows = text.lines().count();
    let begun = Instant::now();
    let request = MapRequest { name: "calls.csv", payload: text.as_bytes(), settings: &settings, now };
    let calls = vendor.map(request).expect("maps").calls.len();
    let a_second = rows as f64 / begun.elapsed().as_secs_f64();
    println!("{a_second:.0} rows a second");
    assert_eq!(calls, CALLS);
    assert!(a_second >= WANTED, "{a_second:.0} rows a second");
}
