//! `callgauge conform push`: a client that is right passes, and one that is wrong in one way fails in the line that says so.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use callgauge::proto::v1::organisation_service_client::OrganisationServiceClient;
use callgauge::proto::v1::{GetOrganisationRequest, ListOrganisationsRequest};
use tempfile::TempDir;

use crate::process::{Service, callgauge};
use crate::push_client::{By, Client, Planted};
use crate::wire;

/// A service with the made-up practices, and a folder for everything.
struct Behind {
    folder: TempDir,
    service: Service,
}

impl Behind {
    async fn begin() -> Self {
        let folder = TempDir::new().expect("a folder");
        let service = Service::start(&folder.path().join("data"), 1_000_000);
        wire::Client::of(&service).await;
        Self { folder, service }
    }

    /// The command, with its claims at [`Behind::claims`].
    fn conform(&self, words: &str) -> Command {
        let mut command = callgauge();
        command.args([
            "conform",
            "push",
            "--listen",
            "127.0.0.1:0",
            "--to",
            &self.service.url(),
            "--expected",
        ]);
        command.arg(self.claims()).args(words.split_whitespace());
        command
    }

    fn claims(&self) -> std::path::PathBuf {
        self.folder.path().join("claims.jsonl")
    }
}

/// Lets a client push through the command; its exit code and report.
async fn tried(by: By, planted: Planted, words: &str) -> (Option<i32>, String) {
    let behind = Behind::begin().await;
    let mut child = behind
        .conform(&format!("--quiet-secs 2 {words}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let url = address(&mut child);
    let mut client = Client::new(&url, by, planted);
    client.run().await;
    std::fs::write(behind.claims(), client.claims()).expect("can be written");
    ended(child).await
}

/// Where it says that it listens.
fn address(child: &mut Child) -> String {
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped"));
    lines.read_line(&mut said).expect("it says something");
    // What else it says is in the way of nothing.
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let url = said.split_once("push to ").and_then(|(_, rest)| rest.split(';').next());
    url.unwrap_or_else(|| panic!("it does not listen: {said}")).to_owned()
}

async fn ended(mut child: Child) -> (Option<i32>, String) {
    tokio::task::spawn_blocking(move || {
        let mut report = String::new();
        child.stdout.take().expect("it is piped").read_to_string(&mut report).expect("is text");
        (child.wait().expect("it can be waited for").code(), report)
    })
    .await
    .expect("waits")
}

/// Holds a report to failing in these lines, and in no others.
fn assert_fails_in(report: &str, lines: &[&str]) {
    let failed: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("FAILED     ")).collect();
    let expected = lines.len() == failed.len();
    assert!(expected && lines.iter().zip(&failed).all(|(line, failed)| failed.starts_with(line)), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_streams_and_does_all_that_is_asked_passes() {
    let (code, report) = tried(By::Streams, Planted::Nothing, "").await;
    assert_eq!(code, Some(0), "{report}");
    let shown = report.lines().filter(|line| line.starts_with("passed")).count();
    assert_eq!(shown, 14, "all but being killed: {report}");
    assert!(
        report.contains("78 calls that the client claims") || report.contains("77 calls that"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_submits_and_does_all_that_is_asked_passes() {
    let (code, report) = tried(By::Submissions, Planted::Nothing, "").await;
    assert_eq!(code, Some(0), "{report}");
    assert!(report.contains("the client uses no streams"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_command_has_nothing_to_do_with_goes_through_as_it_is() {
    let behind = Behind::begin().await;
    let mut child =
        behind.conform("").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("was built");
    let url = address(&mut child);
    let mut client = OrganisationServiceClient::connect(url).await.expect("listens");
    let listed = client.list_organisations(ListOrganisationsRequest::default()).await;
    let refused = client.get_organisation(GetOrganisationRequest { code: "?".to_owned() }).await;
    child.kill().expect("is there");
    child.wait().expect("ends");
    assert!(!listed.expect("goes through").into_inner().organisations.is_empty());
    let refused = refused.expect_err("is no code");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_send_again_loses_calls() {
    let words = "--without lost-ack,reject,slow-down,drain,conflict,early-end,restart";
    let (code, report) = tried(By::Streams, Planted::DoesNotResend, words).await;
    assert_eq!(code, Some(1), "{report}");
    assert_fails_in(&report, &["the connection breaks", "the service cannot write", "nothing is lost"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_again_under_another_id_has_calls_twice() {
    let words = "--without cut,reject,slow-down,drain,conflict,early-end,unavailable,restart";
    let (code, report) = tried(By::Submissions, Planted::OtherId, words).await;
    assert_eq!(code, Some(1), "{report}");
    assert_fails_in(&report, &["an acknowledgement is lost", "nothing is there twice"]);
    assert!(report.contains("came again as another call, c-3-again"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_wait_is_told() {
    let words = "--without lost-ack,cut,reject,conflict,early-end,unavailable,restart";
    let (code, report) = tried(By::Streams, Planted::DoesNotWait, words).await;
    assert_eq!(code, Some(1), "{report}");
    assert_fails_in(&report, &["the service asks for a pause", "the service stops in good order"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_changes_what_it_sends_again_is_told() {
    let words = "--without cut,reject,slow-down,drain,conflict,early-end,unavailable,restart";
    let (code, report) = tried(By::Submissions, Planted::ChangesContent, words).await;
    assert_eq!(code, Some(1), "{report}");
    // What was on disk stays, and the changed one is in conflict with it.
    assert_fails_in(
        &report,
        &["the service takes what it sends", "what is sent again is what it was", "nothing is there twice"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_a_refusal_for_an_acknowledgement_is_told() {
    let words = "--without lost-ack,cut,slow-down,drain,early-end,unavailable,restart";
    let (code, report) = tried(By::Streams, Planted::RejectIsAck, words).await;
    assert_eq!(code, Some(1), "{report}");
    assert_fails_in(&report, &["a record is refused (REJECTED)", "a record is in conflict (CONFLICT)"]);
    assert!(report.contains("is taken for delivered"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_a_refused_record_over_and_over_is_told() {
    let words = "--without lost-ack,cut,slow-down,drain,conflict,early-end,unavailable,restart";
    let (code, report) = tried(By::Streams, Planted::SendsRefusedAgain, words).await;
    assert_eq!(code, Some(1), "{report}");
    assert_fails_in(&report, &["a record is refused (REJECTED)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_started_by_the_command_is_killed_and_started_again() {
    let behind = Behind::begin().await;
    let program = std::env::current_exe().expect("this test has a file");
    let words = "--quiet-secs 20 --without slow-down,drain,conflict,reject,restart --client";
    let mut command = behind.conform(words);
    command.arg(program).args(["--exact", "push::as_a_program", "--ignored", "--nocapture"]);
    command.env("PUSH_CLAIMS", behind.claims());
    let done = command.output().expect("the program was built");
    let report = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{report}{}", String::from_utf8_lossy(&done.stderr));
    assert!(report.contains("passed     the client is killed and started again"), "{report}");
    assert!(report.contains("passed     the client ends well"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is the client of another test"]
async fn as_a_program() {
    let (Ok(url), Ok(claims)) = (std::env::var("CALLGAUGE_SERVER"), std::env::var("PUSH_CLAIMS")) else {
        return;
    };
    let mut client = Client::new(&url, By::Streams, Planted::Nothing);
    client.run().await;
    std::fs::write(Path::new(&claims), client.claims()).expect("can be written");
}

#[test]
fn nobody_behind_and_nobody_who_comes_are_told_in_one_line() {
    let done =
        callgauge().args(["conform", "push", "--to", "http://127.0.0.1:1"]).output().expect("was built");
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    let done = callgauge().args(["conform", "push", "--to", "somewhere"]).output().expect("was built");
    assert_eq!(done.status.code(), Some(2));
}
