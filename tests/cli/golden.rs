//! Answers as they are written, held to files. CALLGAUGE_REWRITE_GOLDEN=1 rewrites the files.

use std::path::Path;

use crate::server::Server;
use crate::{run, text};

/// Compares with a file of tests/golden, or rewrites it.
pub(crate) fn hold(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("CALLGAUGE_REWRITE_GOLDEN").is_some_and(|set| set == "1") {
        std::fs::write(&path, got).expect("tests/golden can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, expected, "{name} differs: look, then rewrite it with CALLGAUGE_REWRITE_GOLDEN=1");
}

const QUESTIONS: [(&str, &str); 9] = [
    ("query-practices", "query --org QXX --by practice --month 2026-02"),
    ("query-banded", "query --org ENGLAND --month 2026-02"),
    ("query-days", "query --org A81001 --from 2026-02-02 --to 2026-02-05 --granularity day"),
    (
        "query-breakdown",
        "query --org A81001 --month 2026-02 --breakdown outcome_reason --metric call_volumes",
    ),
    (
        "query-contact-centre",
        "query --org A81001 --month 2026-02 --set contact-centre --percentile 50,99.5 --threshold 20",
    ),
    ("calls", "calls --org A81001 --from 2026-02-02 --to 2026-02-03"),
    ("org-list", "org list --level practice --parent QXX"),
    ("org-get", "org get A81002"),
    ("status", "status"),
];

#[test]
fn answers_are_written_as_the_golden_files_have_them() {
    let server = Server::start();
    for (name, question) in QUESTIONS {
        for (format, ending) in [("table", "txt"), ("csv", "csv"), ("json", "jsonl")] {
            let done = run(&format!("{question} --format {format} --server {}", server.url()));
            assert!(done.status.success(), "{name}: {}", text(&done.stderr));
            hold(&format!("{name}.{ending}"), &text(&done.stdout));
        }
    }
}

#[test]
fn tables_are_readable_in_120_columns() {
    let server = Server::start();
    for (name, question) in QUESTIONS {
        let done = run(&format!("{question} --server {}", server.url()));
        for line in text(&done.stdout).lines() {
            assert!(line.chars().count() <= 120, "{name}: {line}");
        }
    }
}

#[test]
fn csv_and_json_say_the_same_under_the_same_names() {
    let server = Server::start();
    for (name, question) in QUESTIONS {
        let ask =
            |format| text(&run(&format!("{question} --format {format} --server {}", server.url())).stdout);
        let csv = ask("csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let columns = reader.headers().expect("a header").clone();
        let json = ask("json");
        let mut objects = json.lines();
        for row in reader.records() {
            let row = row.expect("a row");
            let object = objects.next().expect("as many objects as rows");
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(object).expect("JSON");
            assert_eq!(object.len(), columns.len(), "{name}");
            for (column, field) in columns.iter().zip(&row) {
                let value = match &object[column] {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(value, field, "{name}: {column}");
            }
        }
        assert_eq!(objects.next(), None, "{name}");
    }
}

#[test]
fn the_columns_begin_as_scripts_were_promised() {
    let server = Server::start();
    let done = run(&format!("query --org ENGLAND --month 2026-02 --format csv --server {}", server.url()));
    let csv = text(&done.stdout);
    let promised = "organisation_code,organisation_name,level,bucket_start,bucket_end,definition_set,practices,call_volumes,\
        inbound_answered,calls_abandoned,missed_call_volumes,call_backs_requested,call_backs_made,unclassified,\
        call_times_to_answer_mean_secs,call_times_to_answer_p50_secs,call_times_to_answer_p90_secs,\
        call_times_to_answer_band_0_60,";
    assert!(csv.starts_with(promised), "{csv}");
    for column in csv::Reader::from_reader(csv.as_bytes()).headers().expect("a header") {
        let document = include_str!("../../docs/csv.md");
        let general = ["call_times_to_answer", "wait_before_abandoned", "call_length"]
            .iter()
            .find_map(|prefix| column.strip_prefix(prefix))
            .map(|rest| format!("`<duration>{rest}`"));
        let known = |name: &str| document.contains(name);
        let absence = column.ends_with("_absence") && known("`<column>_absence`");
        let named = known(&format!("`{column}`")) || general.is_some_and(|name| known(&name)) || absence;
        assert!(named, "docs/csv.md does not name {column}");
    }
}

#[test]
fn days_and_notes_go_to_standard_error_where_the_answer_is_for_scripts() {
    let server = Server::start();
    let done = run(&format!("query --org ENGLAND --month 2026-02 --format csv --server {}", server.url()));
    let said = text(&done.stderr);
    assert!(said.contains("2026-02-01 to 2026-02-28, both included"), "{said}");
}

#[test]
fn questions_reach_the_server_as_they_were_put() {
    let server = Server::start();
    let words = "query --org A81001,A81002 --org QXX --by pcn --from 2026-02-02 --to 2026-02-09 --granularity quarter_hour \
        --profile weekday,time_of_day --hours core_0800_to_1000 --breakdown line --metric call_volumes \
        --percentile 50,99.5 --threshold 60 --format json";
    let done = run(&format!("{words} --server {}", server.url()));
    assert!(done.status.success(), "{}", text(&done.stderr));
    let asked = server.last_query();
    assert_eq!(asked.organisation_codes, ["A81001", "A81002", "QXX"]);
    assert_eq!(asked.group_by().as_str_name(), "LEVEL_PCN");
    assert_eq!(
        (asked.month.as_str(), asked.start_date.as_str(), asked.end_date.as_str()),
        ("", "2026-02-02", "2026-02-09")
    );
    assert_eq!(asked.granularity().as_str_name(), "GRANULARITY_QUARTER_HOUR");
    let profile: Vec<_> = asked.profile().map(|profile| profile.as_str_name()).collect();
    assert_eq!(profile, ["PROFILE_WEEKDAY", "PROFILE_TIME_OF_DAY"]);
    assert_eq!(asked.hours().as_str_name(), "HOURS_CORE_0800_TO_1000");
    assert_eq!(asked.breakdown().as_str_name(), "BREAKDOWN_LINE");
    assert_eq!(asked.metrics, ["call_volumes"]);
    assert_eq!(asked.percentiles, [50.0, 99.5]);
    assert_eq!(asked.thresholds.len(), 1);
    assert_eq!(asked.thresholds[0].seconds, 60);
}

#[test]
fn an_import_says_what_changed_and_a_dry_run_asks_for_no_change() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("organisations.csv");
    std::fs::write(&file, "code,name,level,parents,from_date,until_date\nQXX,Made up,icb,,,\n")
        .expect("written");
    for (option, added) in [("", 1), ("--dry-run", 0)] {
        let done = run(&format!("org import {} {option} --server {}", file.display(), server.url()));
        assert!(done.status.success(), "{}", text(&done.stderr));
        let said = text(&done.stdout);
        assert!(said.starts_with(&format!("rows 1\norganisations_added {added}\n")), "{said}");
    }
}

#[test]
fn a_backup_is_asked_for_by_its_absolute_path() {
    let server = Server::start();
    let done = run(&format!("backup some/folder --server {}", server.url()));
    assert!(done.status.success(), "{}", text(&done.stderr));
    let expected = std::path::absolute("some/folder").expect("a path");
    assert_eq!(text(&done.stdout).trim_end(), expected.to_string_lossy());
}
