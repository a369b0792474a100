//! Both adapters pass every check of the conformance kit, each against its own scripted folder.

use callgauge_adapter::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_segments_passes_every_check() {
    let vendor = callgauge_adapter_3cx::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_3cx::SCRIPT).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_of_cdr_files_passes_every_check() {
    let vendor = callgauge_adapter_3cx::cdr_vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_3cx::CDR_SCRIPT).await;
    assert!(report.passed(), "{report}");
}
