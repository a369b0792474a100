//! The adapter passes every check of the conformance kit, against its own scripted vendor.

use callgauge_adapter::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_passes_every_check() {
    let vendor = callgauge_adapter_genesys_cloud::vendor();
    let report = conformance::run(vendor.as_ref(), callgauge_adapter_genesys_cloud::SCRIPT).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_passes_them_by_jobs_too() {
    let vendor = callgauge_adapter_genesys_cloud::vendor();
    let report = conformance::run(vendor.as_ref(), include_str!("../testdata/jobs.toml")).await;
    assert!(report.passed(), "{report}");
}
