//! The conformance kit: plays Acme from testdata/script.toml, with everything that goes wrong with vendors.

#[tokio::test]
async fn the_adapter_passes_the_conformance_kit() {
    let vendor = callgauge_adapter_acme::vendor();
    let report = callgauge_adapter::conformance::run(vendor.as_ref(), callgauge_adapter_acme::SCRIPT).await;
    assert!(report.passed(), "\n{report}");
}
