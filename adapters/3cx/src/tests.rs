//! Saved payloads and what must come of them.

use std::path::Path;

use callgauge_adapter::schema::{Draft, DraftAttribution, Moment, UnknownDurations};
use callgauge_adapter::{MapRequest, Page, Settings, Vendor};

/// 2026-03-03T01:06:40Z, after all the payloads of March 2nd.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

fn mapped(vendor: &dyn Vendor, payload: &[u8], settings: &str) -> Page {
    let settings = Settings::from(settings.parse::<toml::Table>().expect("is TOML"));
    vendor.map(MapRequest { name: "payload", payload, settings: &settings, now: NOW }).expect("maps")
}

/// Compares each payload with the lines beside it; CALLGAUGE_REWRITE_GOLDEN=1 writes the latter.
#[test]
fn every_payload_gives_the_calls_that_were_written_down() {
    let told = "queues = [\"800-809\"]\nextensions = [\"100-199\"]\nvoicemail = [\"999\"]";
    for (payload, expected, vendor, settings) in [
        ("calllog.json", "calllog", super::vendor(), ""),
        ("segments.csv", "segments", super::cdroutput_vendor(), ""),
        ("cdr.csv", "cdr", super::cdr_vendor(), told),
        ("cdr.csv", "cdr_untold", super::cdr_vendor(), ""),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let bytes = std::fs::read(folder.join(payload)).expect("can be read");
        let page = mapped(vendor.as_ref(), &bytes, settings);
        let lines = page.to_lines();
        for personal in ["Example", "0770", "4477", "recordings.invalid"] {
            assert!(!lines.contains(personal), "{payload}: {personal} is left");
        }
        let expected = folder.join(expected).with_extension("expected.jsonl");
        if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some() {
            std::fs::write(&expected, &lines).expect("can be written");
        }
        assert_eq!(lines, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", expected.display());
        let unknown = vendor.description();
        let unknown = UnknownDurations { wait: unknown.unknown_wait, talk: unknown.unknown_talk };
        for call in page.calls {
            let whose = Some(DraftAttribution::Practice("A81001".into()));
            let id = call.draft.call_id.clone();
            let checked = Draft { attribution: whose, ..call.draft }.check(NOW, unknown);
            assert!(checked.is_ok(), "{payload}: {id}: {checked:?}");
        }
    }
}

#[test]
fn a_payload_of_another_kind_names_the_adapter_that_reads_it() {
    let settings = Settings::default();
    let told = |vendor: Box<dyn Vendor>, payload: &[u8]| {
        let request = MapRequest { name: "x", payload, settings: &settings, now: NOW };
        vendor.map(request).expect_err("is of another kind").message
    };
    let (json, header) = (br#"{"value": []}"#, crate::wire::segment::NEEDED.join(",") + "\n");
    assert!(told(super::vendor(), b"Call 1,x,").contains("3cx_cdr"));
    assert!(told(super::cdr_vendor(), json).contains("adapter 3cx "));
    assert!(told(super::cdroutput_vendor(), json).contains("adapter 3cx "));
    assert!(told(super::cdr_vendor(), header.as_bytes()).contains("3cx_cdroutput"));
    assert!(told(super::cdroutput_vendor(), b"a,b\n1,2\n").contains("cdroutput"));
}

#[test]
fn only_what_is_asked_over_the_network_makes_absence_a_true_zero() {
    let [asked, cdr, exported] = [super::vendor(), super::cdr_vendor(), super::cdroutput_vendor()];
    assert!(asked.delivers() && !cdr.delivers() && !exported.delivers());
}

#[test]
fn faults_of_the_settings_are_told_all_at_once() {
    let settings = "folder = \"/x\"\ncolumns = [\"historyid\", \"colour\"]\nqueues = [\"eight\"]\nextensions = [\"199-100\"]\ntime_zone = \"London\"\nmailbox = 1";
    let settings = Settings::from(settings.parse::<toml::Table>().expect("is TOML"));
    let Err(faults) = super::cdr_vendor().open(&settings) else { panic!("is refused") };
    let told = faults.to_string();
    for part in ["lacks time-start", "\"colour\"", "queues", "extensions", "time_zone", "mailbox"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
