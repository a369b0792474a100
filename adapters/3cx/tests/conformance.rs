//! Each of the adapters passes every check of the conformance kit, against its own scripted vendor.

use callgauge_adapter::{Vendor, conformance};

async fn passes(vendor: Box<dyn Vendor>, script: &str) {
    let report = conformance::run(vendor.as_ref(), script).await;
    assert!(report.passed(), "\n{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_log_over_xapi_passes_every_check() {
    passes(callgauge_adapter_3cx::vendor(), callgauge_adapter_3cx::SCRIPT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_cdroutput_pass_every_check() {
    passes(callgauge_adapter_3cx::cdroutput_vendor(), callgauge_adapter_3cx::CDROUTPUT_SCRIPT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cdr_files_pass_every_check() {
    passes(callgauge_adapter_3cx::cdr_vendor(), callgauge_adapter_3cx::CDR_SCRIPT).await;
}
