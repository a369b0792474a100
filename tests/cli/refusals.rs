//! What goes wrong: one clear line on standard error, nothing on standard output, and the promised exit code.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Stdio;

use crate::server::Server;
use crate::{callgauge, run, text};

#[test]
fn a_refusal_of_the_server_is_one_line_with_its_reason_and_exit_1() {
    let server = Server::start();
    for format in ["table", "csv", "json"] {
        let done =
            run(&format!("query --org X99 --month 2026-02 --format {format} --server {}", server.url()));
        assert_eq!(done.status.code(), Some(1));
        assert_eq!(
            text(&done.stderr),
            "callgauge: query refused (UNKNOWN_ORGANISATION): no organisation has the code X99 (field organisation_codes)\n"
        );
        assert!(done.stdout.is_empty(), "{format}");
    }
}

#[test]
fn a_server_that_is_not_there_is_one_line_and_exit_1() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let url = format!("http://127.0.0.1:{port}");
    for command in
        ["query --org A81001 --month 2026-02", "calls --org A81001 --month 2026-02", "status", "org list"]
    {
        let done = run(&format!("{command} --server {url}"));
        assert_eq!(done.status.code(), Some(1), "{command}");
        assert_eq!(
            text(&done.stderr),
            format!("callgauge: cannot reach {url}: is `callgauge serve` running there?\n")
        );
    }
}

#[test]
fn wrong_usage_is_exit_2() {
    for words in [
        "",
        "nonsense",
        "query --org A81001",
        "query --month 2026-02",
        "query --org A81001 --month 2026-13",
        "query --org A81001 --month 2026-02 --from 2026-02-01 --to 2026-02-02",
        "query --org A81001 --from 2026-02-01",
        "query --org A81001 --month 2026-02 --granularity fortnight",
        "query --org A81001 --month 2026-02 --percentile 0",
        "query --org A81001 --month 2026-02 --threshold -1",
        "query --org A81001 --month 2026-02 --server ftp://here",
        "query --org A81001 --month 2026-02 --server http://127.0.0.1:1 --data x",
        "calls --org A81001 --month 2026-02 --min-wait 90000",
        "serve --listen nowhere",
        "serve --listen 0.0.0.0:50051",
        "serve --drain-secs 11",
        "status --config no-such-file.toml",
    ] {
        let done = run(words);
        assert_eq!(done.status.code(), Some(2), "{words}: {}", text(&done.stderr));
        assert!(done.stdout.is_empty(), "{words}");
        assert!(!done.stderr.is_empty(), "{words}");
    }
}

#[test]
fn every_fault_of_a_settings_file_has_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callgauge.toml");
    std::fs::write(&file, "listen = '0.0.0.0'\nlisten_on = 'x'\ndrain_secs = 60\nlog_level = 'loud'\n")
        .expect("written");
    let done = callgauge("serve --config").arg(&file).output().expect("the program was built");
    assert_eq!(done.status.code(), Some(2));
    let said = text(&done.stderr);
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(
        said.lines().all(|line| line.starts_with("callgauge: ") && line.contains("callgauge.toml: ")),
        "{said}"
    );
}

#[test]
fn the_server_can_be_named_in_the_environment_and_in_the_file() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callgauge.toml");
    std::fs::write(&file, format!("server = '{}'\n", server.url())).expect("written");
    let by_file = callgauge("status --config").arg(&file).output().expect("the program was built");
    assert!(by_file.status.success(), "{}", text(&by_file.stderr));
    let by_environment = callgauge("status").env("CALLGAUGE_SERVER", server.url()).output().expect("built");
    assert!(by_environment.status.success(), "{}", text(&by_environment.stderr));
    assert_eq!(by_file.stdout, by_environment.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let server = Server::start();
    let mut child =
        callgauge(&format!("calls --org MANY --month 2026-02 --format csv --server {}", server.url()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
    let mut first = [0; 10];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("some output");
    let done = child.wait_with_output().expect("ends");
    assert_eq!(text(&done.stderr), "");
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn more_rows_than_a_table_can_hold_are_refused_with_a_way_out() {
    let server = Server::start();
    let done = run(&format!("calls --org MANY --month 2026-02 --server {}", server.url()));
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("--format csv"));
    let done = run(&format!("calls --org MANY --month 2026-02 --format csv --server {}", server.url()));
    assert_eq!(text(&done.stdout).lines().count(), 20_001);
}
