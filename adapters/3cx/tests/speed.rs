//! How fast rows become calls, from their bytes: at least 50,000 a second on one core.
//!
//! `cargo test --release -p callgauge-adapter-3cx --test speed -- --ignored --nocapture`

use std::fmt::Write;
use std::time::{Duration, Instant};

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings, Vendor};

/// 2026-03-03T01:06:40Z.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);
const WANTED: f64 = 50_000.0;
const CALLS: usize = 10_000;

fn measure(vendor: &dyn Vendor, payload: &str, rows: usize) {
    let settings = Settings::default();
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begun = Instant::now();
        let request = MapRequest { name: "calls", payload: payload.as_bytes(), settings: &settings, now: NOW };
        let calls = vendor.map(request).expect("maps").calls.len();
        best = best.min(begun.elapsed());
        assert_eq!(calls, CALLS);
    }
    let rate = rows as f64 / best.as_secs_f64();
    let name = &vendor.description().vendor;
    println!("{name}: {rate:.0} rows a second, {} bytes a row", payload.len() / rows);
    assert!(rate >= WANTED, "{name}: {rate:.0} rows a second are fewer than {WANTED}");
}

#[test]
#[ignore = "measures: only in release, on a quiet machine"]
fn rows_become_calls_fast_enough() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("can be read");

    let header = read("segments.csv").lines().next().expect("has a header").to_owned();
    let mut segments = header + "\n";
    let mut cdr = String::new();
    let mut log = Vec::new();
    for n in 0..CALLS {
        writeln!(segments, "s-{n}-a,call-{n},external_line,true,Ann Example,+447700900701,+441632960100,queue,800,queue,Reception,continued_in,none,s-{n}-b,2026-03-02 08:00:00.000 +0000,2026-03-02 08:00:00.100 +0000,2026-03-02 08:00:12.000 +0000,,10004\ns-{n}-b,call-{n},external_line,true,Ann Example,+447700900701,+441632960100,extension,101,extension,Bob Example,src_participant_terminated,none,,2026-03-02 08:00:09.000 +0000,2026-03-02 08:00:12.000 +0000,2026-03-02 08:01:00.000 +0000,s-{n}-a,10004")
            .expect("is text");
        writeln!(cdr, "Call {n},0001_{n},00:05:15,2026/03/02 08:00:05,2026/03/02 08:00:05,2026/03/02 08:05:20,TerminatedByDst,07700900701,Ext.800,10000,800,800,ReplacedDst,Ext.101,101,,,,,\"Chain: 07700900701,Ext.800,Ext.101,\",External,Internal,Internal,Ann Example,Reception,Bob Example,")
            .expect("is text");
        for (row, to, kind, answered) in [("a", "800", 4, false), ("b", "101", 0, true)] {
            log.push(format!(
                r#"{{"CdrId":"c-{n}-{row}","CallHistoryId":"x-{n}","MainCallHistoryId":"x-{n}","CallId":1,"SegmentId":1,"Indent":1,"StartTime":"2026-03-02T08:00:05.000Z","SourceType":1,"SourceDn":"10000","SourceCallerId":"07700900701","SourceDisplayName":"Ann Example","DestinationType":{kind},"DestinationDn":"{to}","DestinationCallerId":"","DestinationDisplayName":"Reception","ActionType":0,"RingingDuration":"PT45.5S","TalkingDuration":"PT1M54.5S","CallCost":0,"Answered":{answered},"RecordingUrl":"","Reason":"Terminated by Ann Example","Direction":"Inbound","CallType":"External","Status":"Answered","Recordings":[]}}"#
            ));
        }
    }
    let log = format!(r#"{{"@odata.count":{},"value":[{}]}}"#, log.len(), log.join(","));
    measure(callgauge_adapter_3cx::vendor().as_ref(), &log, 2 * CALLS);
    measure(callgauge_adapter_3cx::cdroutput_vendor().as_ref(), &segments, 2 * CALLS);
    measure(callgauge_adapter_3cx::cdr_vendor().as_ref(), &cdr, CALLS);
}
