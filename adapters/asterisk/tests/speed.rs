//! How fast lines become calls, from their bytes: at least 50,000 a second on one core.
//!
//! `cargo test --release -p callgauge-adapter-asterisk --test speed -- --ignored --nocapture`

use std::fmt::Write;
use std::time::{Duration, Instant};

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings};

/// 2026-03-03T01:06:40Z.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);
const WANTED: f64 = 50_000.0;
const CALLS: usize = 10_000;

#[test]
#[ignore = "measures: only in release, on a quiet machine"]
fn lines_become_calls_fast_enough() {
    let (mut log, mut rows) = (String::new(), String::new());
    for n in 0..CALLS {
        let at = 1_772_400_000 + n / 2;
        writeln!(log, "{at}|{at}.{n}|recep|NONE|ENTERQUEUE||07700900701|1\n{}|{at}.{n}|recep|PJSIP/102|CONNECT|45|1.2|6\n{}|{at}.{n}|recep|PJSIP/102|COMPLETECALLER|45|300|1", at + 45, at + 345)
            .expect("is text");
        writeln!(rows, r#""","07700900701","01632960100","from-pstn","""Ann Example"" <07700900701>","PJSIP/trunk-1","PJSIP/101-1","Dial","PJSIP/101,30","2026-03-02 08:00:00","2026-03-02 08:00:12","2026-03-02 08:03:12",192,180,"ANSWERED","DOCUMENTATION","1772438400.{n}","""#)
            .expect("is text");
    }
    let vendor = callgauge_adapter_asterisk::vendor();
    let settings = Settings::default();
    for (name, text) in [("queue_log", &log), ("Master.csv", &rows)] {
        let lines = text.lines().count();
        let mut best = Duration::MAX;
        for _ in 0..10 {
            let begun = Instant::now();
            let request = MapRequest { name, payload: text.as_bytes(), settings: &settings, now: NOW };
            let calls = vendor.map(request).expect("maps").calls.len();
            best = best.min(begun.elapsed());
            assert_eq!(calls, CALLS);
        }
        let rate = lines as f64 / best.as_secs_f64();
        println!("{name}: {rate:.0} lines a second, {} bytes a line", text.len() / lines);
        assert!(rate >= WANTED, "{name}: {rate:.0} lines a second are fewer than {WANTED}");
    }
}
