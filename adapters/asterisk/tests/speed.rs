//! How fast rows become calls. Ignored, because it says something in release alone: `cargo test --release -p callgauge-adapter-asterisk --test speed -- --ignored --nocapture`.

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
    let mut text = String::new();
    for n in 0..CALLS {
        let at = 1_772_400_000 + n / 2;
        writeln!(text, "{at}|{at}.{n}|recep|NONE|ENTERQUEUE||x|1\n{}|{at}.{n}|recep|PJSIP/102|CONNECT|45|1.2|6\n{}|{at}.{n}|recep|PJSIP/102|COMPLETECALLER|45|300|1", at + 45, at + 345)
            .expect("is text");
    }
    let vendor = callgauge_adapter_asterisk::vendor();
    let settings = Settings::default();
    let now = Moment::from_millis(1_772_500_000_000);
    let rows = text.lines().count();
    let begun = Instant::now();
    let request = MapRequest { name: "queue_log", payload: text.as_bytes(), settings: &settings, now };
    let calls = vendor.map(request).expect("maps").calls.len();
    let a_second = rows as f64 / begun.elapsed().as_secs_f64();
    println!("{a_second:.0} rows a second");
    assert_eq!(calls, CALLS);
    assert!(a_second >= WANTED, "{a_second:.0} rows a second");
}
