//! What a settings file may say of sources, and that every fault of it is a line of its own.

use super::*;
use crate::config::{Config, ConfigFaults, Given, SettingsFile};

const EMPTY: &dyn Fn(&str) -> Option<String> = &|_| None;

const WHOLE: &str = r#"
data = "/srv/calls"

[[source]]
id = "acme"
vendor = "ringcentral"
poll_interval_secs = 60
start = "2026-01-01"
settings = { client_id = "abc", client_secret = "s3cret", jwt = { env = "NOT_SET_ANYWHERE" } }

[[source.mapping]]
number = "01632 960001"
practice = "A81001"
until = "2026-03-01"

[[source.mapping]]
number = "+44 1632 960001"
practice = "A81002"
from = "2026-03-01"

[[source.mapping]]
rest = true
account = { id = "shared", pcn = "U12345" }

[[source_of_record]]
practice = "A81001"
source = "acme"
from = "2026-02-15"
"#;

fn lines(text: &str, open: bool) -> Vec<String> {
    let file = Some(SettingsFile { name: "f", text });
    let read = if open {
        Config::assemble_to_serve(Given::default(), EMPTY, file)
    } else {
        Config::assemble(Given::default(), EMPTY, file)
    };
    read.err().map(|ConfigFaults(lines)| lines).unwrap_or_default()
}

#[test]
fn a_source_has_a_vendor_settings_and_a_dated_mapping() {
    let file = Some(SettingsFile { name: "f", text: WHOLE });
    let config = Config::assemble(Given::default(), EMPTY, file).unwrap().sources;
    let source = &config.sources[0];
    assert_eq!(
        (source.id.as_str(), &source.reader),
        ("acme", &SourceReader::Built("ringcentral".to_owned()))
    );
    assert_eq!(source.poll_interval.as_secs(), 60);
    let number = Place::number("01632960001").unwrap();
    let whose = |places: &[Place], day: &str| {
        let began = start_of(day.parse().unwrap());
        source.mapping.whose(places, began).map(|whose| Whose::of(whose).to_string())
    };
    let number = [number];
    assert_eq!(whose(&number, "2026-02-28").as_deref(), Some("A81001"));
    assert_eq!(whose(&number, "2026-03-01").as_deref(), Some("A81002"));
    assert_eq!(whose(&[Place::queue("Lobby")], "2026-02-28").as_deref(), Some("account:shared"));
    assert_eq!(config.of_record.unwrap().len(), 1);
}

#[test]
fn a_program_has_ten_minutes_for_an_answer_unless_another_time_is_set() {
    let own = |more: &str| {
        let text = format!("[[source]]\nid = \"own\"\nprogram = [\"python3\", \"adapter.py\"]\n{more}");
        let file = Some(SettingsFile { name: "f", text: &text });
        Config::assemble(Given::default(), EMPTY, file).map(|config| config.sources.sources[0].reader.clone())
    };
    let of = |secs| SourceReader::Program {
        reached: Reached::Started(vec!["python3".to_owned(), "adapter.py".to_owned()]),
        answer_within: Duration::from_secs(secs),
    };
    assert_eq!(own(""), Ok(of(600)));
    assert_eq!(own("answer_within_secs = 5"), Ok(of(5)));
    assert!(own("answer_within_secs = 0").is_err());
}

#[test]
fn secrets_are_read_by_who_serves_alone_and_are_never_shown() {
    assert_eq!(lines(WHOLE, false), Vec::<String>::new());
    let told = lines(WHOLE, true);
    assert!(told.iter().any(|line| line.starts_with("f: source 1 (acme): settings.jwt: ")), "{told:?}");
    let file = Some(SettingsFile { name: "f", text: WHOLE });
    let shown = format!("{:?}", Config::assemble(Given::default(), EMPTY, file));
    assert!(!shown.contains("s3cret") && !shown.contains("960001"), "{shown}");
}

#[test]
fn ten_faults_are_ten_lines() {
    let text = r#"
lisen = 1
[[source]]
id = "two words"
vendor = "ringcentrl"
poll_interval_secs = 1
pol = 3
setings = { product = "work" }
maping = 1
[[source.mapping]]
number = "reception"
practice = "A81001"
[[source.mapping]]
queue = "Desk"
[[source.mapping]]
queue = "Desk"
site = "Main"
practice = "A81001"
[[source.mapping]]
queue = "Desk"
practice = "A81001"
from = "1.3.2026"
[[source.mapping]]
site = "Main"
practice = "A8!"
from = "2026-04-01"
until = "2026-03-01"
[[source]]
vendor = "zoom"
answer_within_secs = 5
[[source]]
id = "own"
program = []
[[source_of_record]]
practice = "A81001"
"#;
    let told = lines(text, false);
    let starts = [
        "f: lisen: ",
        "f: source 1 (two words): id: ",
        "f: source 1 (two words): vendor: ",
        "f: source 1 (two words): poll_interval_secs: ",
        "f: source 1 (two words): pol: is no setting here",
        "f: source 1 (two words): setings: is no setting here; did you mean settings?",
        "f: source 1 (two words): maping: is no setting here; did you mean mapping?",
        "f: source 1 (two words): mapping 1: number: ",
        "f: source 1 (two words): mapping 2: practice: ",
        "f: source 1 (two words): mapping 3: number: give one of",
        "f: source 1 (two words): mapping 4: from: ",
        "f: source 1 (two words): mapping 5: practice: ",
        "f: source 1 (two words): mapping 5: until: must be after from",
        "f: source 2: id: is missing",
        "f: source 2: answer_within_secs: goes with program or connect",
        "f: source 3 (own): program: must name a program",
        "f: source_of_record 1: source: is missing",
    ];
    for start in starts {
        assert_eq!(
            told.iter().filter(|line| line.starts_with(start)).count(),
            1,
            "{start}\n{}",
            told.join("\n")
        );
    }
    assert_eq!(told.len(), starts.len(), "{}", told.join("\n"));
}

#[test]
fn two_that_claim_the_same_are_told_of() {
    let twice = "[[source]]\nid = 'a'\nvendor = 'zoom'\n[[source]]\nid = 'a'\nvendor = 'zoom'\n";
    assert!(lines(twice, false)[0].contains("id: is that of source 1 as well"));
    let overlap = "[[source]]\nid = 'a'\nvendor = 'zoom'\n\
        [[source.mapping]]\nqueue = 'q'\npractice = 'A81001'\n[[source.mapping]]\nqueue = 'q'\npractice = 'A81002'\n";
    assert!(lines(overlap, false)[0].contains("mapping 2: names a place that mapping 1 names"));
    let again = format!("{overlap}[[source.mapping]]\nrest = true\npractice = 'A81001'\n").repeat(2);
    let again = again.replacen("[[source]]\nid = 'a'\nvendor = 'zoom'\n", "", 2);
    let told = lines(&format!("[[source]]\nid = 'a'\nvendor = 'zoom'\n{again}"), false);
    assert_eq!(told.len(), 4, "each that names what another names: {told:?}");
    let record = "[[source_of_record]]\npractice = 'A81001'\nsource = 'a'\n[[source_of_record]]\npractice = 'A81001'\nsource = 'b'\n";
    assert!(lines(record, false)[0].contains("share days"));
}
