//! Payloads of another kind, faults of the settings, and what absence means.

use callgauge_adapter::schema::Moment;
use callgauge_adapter::{MapRequest, Settings, Vendor};

/// 2026-03-03T01:06:40Z.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

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
