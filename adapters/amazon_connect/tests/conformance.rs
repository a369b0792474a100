//! The adapter passes every check of the conformance kit, against its own scripted vendor.

use callgauge_adapter::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_passes_every_check() {
    let vendor = callgauge_adapter_amazon_connect::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_amazon_connect::SCRIPT).await;
    assert!(report.passed(), "{report}");
}
