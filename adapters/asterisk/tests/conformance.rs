//! The adapter passes every check of the conformance kit, against its own scripted folder.

use callgauge_adapter::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_passes_every_check() {
    let vendor = callgauge_adapter_asterisk::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_asterisk::SCRIPT).await;
    assert!(report.passed(), "{report}");
}
