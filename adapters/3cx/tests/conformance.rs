//! What every adapter is held to: the conformance kit's checks against its scripted vendor, saved payloads with what must come of them, and speed.

use std::fmt::Write;

use callgauge_adapter::conformance::speed::{self, Load};
use callgauge_adapter::conformance::{self, golden};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{Settings, Vendor};
use callgauge_adapter_3cx::{CDR_SCRIPT, CDROUTPUT_SCRIPT, SCRIPT, cdr_vendor, cdroutput_vendor, vendor};

/// 2026-03-03T01:06:40Z, after all payloads.
const NOW: Moment = Moment::from_millis(1_772_500_000_000);

async fn passes(vendor: Box<dyn Vendor>, script: &str) {
    let report = conformance::run(vendor.as_ref(), script).await;
    assert!(report.passed(), "\n{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_log_over_xapi_passes_every_check_of_the_kit() {
    passes(vendor(), SCRIPT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_cdroutput_pass_every_check_of_the_kit() {
    passes(cdroutput_vendor(), CDROUTPUT_SCRIPT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cdr_files_pass_every_check_of_the_kit() {
    passes(cdr_vendor(), CDR_SCRIPT).await;
}

#[test]
fn payloads_become_the_records_that_were_written_down() {
    for (vendor, folder) in [
        (vendor(), "testdata/calllog"),
        (cdroutput_vendor(), "testdata/cdroutput"),
        (cdr_vendor(), "testdata/cdr"),
    ] {
        golden::check(vendor.as_ref(), folder, NOW).unwrap_or_else(|faults| panic!("{faults}"));
    }
}

#[test]
#[ignore = "measures: in release, with --nocapture"]
fn pages_are_mapped_fast_enough() {
    const CALLS: usize = 1_000;
    let header = "cdr_id,main_call_history_id,source_entity_type,source_participant_is_incoming,source_participant_name,source_participant_phone_number,source_participant_trunk_did,destination_entity_type,destination_dn_number,destination_dn_type,destination_dn_name,termination_reason,termination_reason_details,continued_in_cdr_id,cdr_started_at,cdr_answered_at,cdr_ended_at\n";
    let (mut segments, mut cdr) = (header.to_owned(), String::new());
    for n in 0..CALLS {
        writeln!(segments, "s-{n}-a,call-{n},external_line,true,Zephyrine,+447700900701,+441632960100,queue,800,queue,Reception,continued_in,none,s-{n}-b,2026-03-02 08:00:00.000 +0000,2026-03-02 08:00:00.100 +0000,2026-03-02 08:00:12.000 +0000\ns-{n}-b,call-{n},external_line,true,Zephyrine,+447700900701,+441632960100,extension,101,extension,Zephyrine,src_participant_terminated,none,,2026-03-02 08:00:09.000 +0000,2026-03-02 08:00:12.000 +0000,2026-03-02 08:01:00.000 +0000")
            .expect("is text");
        writeln!(cdr, "Call {n},0001_{n},00:05:15,2026/03/02 08:00:05,2026/03/02 08:00:05,2026/03/02 08:05:20,TerminatedByDst,07700900701,Ext.800,10000,800,800,ReplacedDst,Ext.101,101,,,,,\"Chain: 07700900701,Ext.800,Ext.101,\",External,Internal,Internal,Zephyrine,Reception,Zephyrine,")
            .expect("is text");
    }
    let log = Load::json(
        &["testdata/calllog/calllog.json"],
        "/value",
        &["/CdrId", "/CallHistoryId", "/MainCallHistoryId"],
        2 * CALLS,
    );
    for (vendor, load) in [
        (vendor(), log.expect("has rows")),
        (cdroutput_vendor(), Load::file("calls.csv", segments, 2 * CALLS, Settings::default())),
        (cdr_vendor(), Load::file("calls.csv", cdr, CALLS, Settings::default())),
    ] {
        let pace = speed::measure(vendor.as_ref(), &load, NOW).expect("maps");
        println!("{pace}");
        assert!(pace.is_enough(), "{pace}");
    }
}
