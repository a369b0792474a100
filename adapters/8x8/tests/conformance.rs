//! The conformance kit: plays both products from their scripts in testdata, with everything that goes wrong with vendors.

use callgauge_adapter::conformance;

#[tokio::test]
async fn work_passes_the_conformance_kit() {
    let vendor = callgauge_adapter_8x8::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_8x8::SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}

#[tokio::test]
async fn the_contact_center_passes_the_conformance_kit() {
    let vendor = callgauge_adapter_8x8::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_8x8::CONTACT_CENTER_SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}
