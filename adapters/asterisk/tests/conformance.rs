//! What every adapter is held to: the conformance kit's checks against its scripted vendor, saved payloads with what must come of them, and speed.

use std::fmt::Write;

use callgauge_adapter::Settings;
use callgauge_adapter::conformance::speed::{self, Load};
use callgauge_adapter::conformance::{self, golden};
use callgauge_adapter::schema::Moment;
use callgauge_adapter_asterisk::{SCRIPT, vendor};

/// 2026-03-03T01:06:40Z, after all payloads.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_every_check_of_the_kit() {
    let report = conformance::run(vendor().as_ref(), SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}

#[test]
fn files_become_the_records_that_were_written_down() {
    golden::check(vendor().as_ref(), "testdata/files", NOW).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
#[ignore = "measures: in release, with --nocapture"]
fn files_are_mapped_fast_enough() {
    const CALLS: usize = 1_000;
    let (mut log, mut rows) = (String::new(), String::new());
    for n in 0..CALLS {
        // Two hundred are in a queue at a time.
        let at = 1_772_400_000 + n;
        writeln!(log, "{at}|{at}.{n}|recep|NONE|ENTERQUEUE||07700900701|1").expect("is text");
        if let Some(before) = n.checked_sub(200) {
            let of = 1_772_400_000 + before;
            writeln!(log, "{at}|{of}.{before}|recep|PJSIP/102|CONNECT|200|1.2|6\n{at}|{of}.{before}|recep|PJSIP/102|COMPLETECALLER|200|300|1")
                .expect("is text");
        }
        writeln!(rows, r#""","07700900701","01632960100","from-pstn","""Zephyrine"" <07700900701>","PJSIP/trunk-1","PJSIP/101-1","Dial","PJSIP/101,30","2026-03-02 08:00:00","2026-03-02 08:00:12","2026-03-02 08:03:12",192,180,"ANSWERED","DOCUMENTATION","1772438400.{n}","""#)
            .expect("is text");
    }
    for (name, text) in [("queue_log", log), ("Master.csv", rows)] {
        let lines = text.lines().count();
        let load = Load::file(name, text, lines, Settings::default());
        let pace = speed::measure(vendor().as_ref(), &load, NOW).expect("maps");
        println!("{name}: {pace}");
        assert!(pace.is_enough(), "{name}: {pace}");
    }
}
