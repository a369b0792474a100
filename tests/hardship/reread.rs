//! A settings file that changes while the service runs.

use std::time::{Duration, Instant};

use callgauge::proto::v1::ListSourcesOfRecordRequest;
use callgauge::proto::v1::admin_service_client::AdminServiceClient;
use tempfile::TempDir;

use crate::process::{Service, callgauge, run, serve};

const GOOD: &str = "[[source_of_record]]\npractice = 'A81001'\nsource = 'one'\n";

async fn of_record(service: &Service) -> Vec<String> {
    let mut admin = AdminServiceClient::connect(service.url()).await.expect("it listens");
    let told = admin.list_sources_of_record(ListSourcesOfRecordRequest::default()).await.expect("it answers");
    told.into_inner().sources_of_record.into_iter().map(|stated| stated.source_id).collect()
}

#[tokio::test]
async fn a_hangup_reads_the_settings_file_again_and_a_faulty_one_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("callgauge.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("can be written");
    write(GOOD);
    let mut command = serve(&folder.path().join("data"), 1_000_000);
    command.arg("--config").arg(&file);
    let service = Service::of(command);
    assert_eq!(of_record(&service).await, ["one"]);

    write(&GOOD.replace("one", "two"));
    service.signal("HUP");
    let patience = Instant::now() + Duration::from_secs(20);
    while of_record(&service).await != ["two"] {
        assert!(Instant::now() < patience, "it does not read the file again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    write("[[source_of_record]]\npractice = 'no body'\n[[source]]\nid = 'acme'\n");
    let mut redrive = callgauge();
    redrive.args(["source", "redrive", "--server", &service.url()]);
    let done = run(&mut redrive);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    for fault in
        ["source_of_record 1: practice: ", "source_of_record 1: source: ", "source 1 (acme): vendor: "]
    {
        assert!(said.contains(fault), "{fault}{said}");
    }
    service.signal("HUP");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(of_record(&service).await, ["two"], "it stays as it was, and the service goes on");

    write(GOOD);
    assert!(run(&mut redrive).status.success());
    assert_eq!(of_record(&service).await, ["one"]);
    service.stop();
}
