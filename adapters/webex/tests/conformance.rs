//! The conformance kit: plays the vendor from testdata/script.toml, with everything that goes wrong with vendors.

#[tokio::test]
async fn the_adapter_passes_the_conformance_kit() {
    let vendor = callgauge_adapter_webex::vendor();
    let report = callgauge_adapter::conformance::run(vendor.as_ref(), callgauge_adapter_webex::SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}
