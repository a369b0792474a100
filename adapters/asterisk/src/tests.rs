//! Saved files and what must come of them.

use std::path::Path;

use callgauge_adapter::schema::{Draft, DraftAttribution, Moment, UnknownDurations};
use callgauge_adapter::{MapRequest, Settings};

const NOW: Moment = Moment::from_millis(1_772_500_000_000);

/// Compares each file of `testdata` with its `.expected.jsonl`; CALLGAUGE_REWRITE_GOLDEN=1 writes the latter.
#[test]
fn every_file_gives_the_calls_that_were_written_down() {
    let settings = Settings::from("callback_keys = [\"2\"]".parse::<toml::Table>().expect("is TOML"));
    for name in ["queue_log", "Master.csv"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
        let payload = std::fs::read(&path).expect("can be read");
        let page = super::vendor()
            .map(MapRequest { name, payload: &payload, settings: &settings, now: NOW })
            .expect("maps");
        let expected = path.with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, page.to_lines()).expect("can be written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(page.to_lines(), wanted, "{name}");
        for call in page.calls {
            let whose = Some(DraftAttribution::Practice("A81001".into()));
            Draft { attribution: whose, ..call.draft }
                .check(NOW, UnknownDurations::default())
                .expect("is a call that the schema takes");
        }
    }
}

#[test]
fn a_file_of_another_name_is_said_to_be_none_of_these() {
    let settings = Settings::default();
    let request = MapRequest { name: "x.csv", payload: b"a", settings: &settings, now: NOW };
    let fault = super::vendor().map(request).expect_err("is none");
    assert!(fault.message.contains("queue_log"), "{}", fault.message);
}
