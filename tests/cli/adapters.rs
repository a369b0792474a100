//! `callgauge adapter`, and settings files with sources: no account, no network.

use crate::{callgauge, run, text};

#[test]
fn saved_payloads_are_mapped_to_the_lines_that_their_adapter_promises() {
    let folder = format!("{}/adapters/ringcentral/testdata", env!("CARGO_MANIFEST_DIR"));
    let done =
        run(&format!("adapter map ringcentral {folder}/answered.json --settings {folder}/settings.toml"));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let promised = std::fs::read_to_string(format!("{folder}/answered.expected.jsonl")).expect("is there");
    assert_eq!(text(&done.stdout), promised);
    let done = run(&format!("adapter map ringcentral {folder}/script.toml"));
    assert_eq!(done.status.code(), Some(1), "it is no payload");
    assert_eq!(text(&done.stderr).lines().count(), 1);
}

#[test]
fn what_the_schema_would_refuse_is_no_call_of_a_mapped_file_and_each_file_is_summed_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("can be written");
        path.display().to_string()
    };
    let settings = file(
        "settings.toml",
        "map = { call_id = 'id', started_at = 'at', outcome = 'was', wait = 'wait', talk = 'talk' }\noutcomes = { yes = 'answered' }\n",
    );
    let calls = file(
        "calls.csv",
        "id,at,was,wait,talk\nfine,2026-02-02 08:00:00,yes,10,60\nno-wait,2026-02-02 08:00:00,yes,,60\n\
         a-day,2026-02-02 08:00:00,yes,90000,60\nold,1996-02-02 08:00:00,yes,10,60\nlater,2096-02-02 08:00:00,yes,10,60\n",
    );
    let empty = file("empty.csv", "");
    let done = run(&format!("adapter map delimited {calls} {empty} --settings {settings}"));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let lines: Vec<serde_json::Value> =
        text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(lines[0]["call_id"], "fine");
    let refused: Vec<_> = lines[1..]
        .iter()
        .map(|line| (line["reject"]["id"].as_str(), line["reject"]["field"].as_str()))
        .collect();
    let wait = Some("wait");
    let started = Some("started_at");
    let wanted = [("no-wait", wait), ("a-day", wait), ("old", started), ("later", started)];
    assert_eq!(refused, wanted.map(|(id, field)| (Some(id), field)));
    let told = text(&done.stderr).lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(told[0].ends_with("calls.csv: 1 calls, 4 rejects"), "{told:?}");
    assert!(
        told[1].contains("empty.csv: nothing: "),
        "a file of nothing is not passed over in silence: {told:?}"
    );
}

#[test]
fn adapters_are_listed_and_described() {
    let list = text(&run("adapter list").stdout);
    for name in ["ringcentral", "8x8", "zoom", "webex"] {
        assert!(list.contains(name), "{list}");
        let told = text(&run(&format!("adapter describe {name}")).stdout);
        for part in ["Settings\n", "Reach\n", "Metrics\n", "Outcomes\n", "call volumes"] {
            assert!(told.contains(part), "{name}: {part}\n{told}");
        }
        let (_, lines) = told.split_once("\nMetrics\n").expect("is there");
        let lines = lines.split("\nNot confirmed").next().unwrap_or_default();
        for line in lines.lines().filter(|line| line.starts_with("  ")) {
            assert!(
                line.trim_start().contains("  "),
                "{name}: two columns, and nothing between them: {line}"
            );
        }
    }
    let done = run("adapter describe acme");
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("ringcentral"), "it says which there are");
}

#[test]
fn a_new_adapter_is_a_package_with_places_to_fill_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path().display();
    let done = run(&format!("adapter new acme --into {into}"));
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("To fill in:") && folder.path().join("acme/src/map.rs").exists());
    let again = run(&format!("adapter new acme --into {into}"));
    assert_eq!((again.status.code(), text(&again.stderr).lines().count()), (Some(1), 1));
}

#[test]
fn a_settings_file_with_faults_in_its_sources_gets_a_line_for_each_and_shows_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("callgauge.toml");
    let settings = "[[source]]\nid = 'acme'\nvendor = 'zoom'\npol = 1\nsettings = { client_secret = 's3cret', nothing = 1 }\n\
        [[source.mapping]]\nnumber = 'desk'\npractice = 'A81001'\n";
    std::fs::write(&file, settings).expect("can be written");
    let done = callgauge(&format!("--config {} serve", file.display())).output().expect("was built");
    let told = text(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{told}");
    for start in ["pol: ", "mapping 1: number: ", "settings.nothing: ", "settings.client_id: "] {
        assert_eq!(told.lines().filter(|line| line.contains(start)).count(), 1, "{start}\n{told}");
    }
    assert!(!told.contains("s3cret") && told.lines().all(|line| line.starts_with("callgauge: ")), "{told}");
}
