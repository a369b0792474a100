//! Holds the lines that ARCHITECTURE.md draws, by reading source text: what a test enforces holds; what a guide only asks for does not.
//!
//! Each rule is run on the project, and on a planted fault that it has to catch.

use std::path::Path;

#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use rules::Rule;
use source::{Source, project};

/// Every rule, with a file that breaks it and one that only looks as if it did.
const RULES: [(&str, Rule, Plant, Plant); 14] = [
    (
        "pure_rooms_import_downwards",
        rules::pure_rooms_import_downwards,
        ("src/calendar/day.rs", "//! x\nuse crate::{calendar::Day, metrics::Tally};"),
        (
            "src/metrics/tally.rs",
            "//! x\nuse crate::calendar::Day;\n#[cfg(test)]\nmod tests { use crate::store::Store; }",
        ),
    ),
    (
        "pure_rooms_know_no_outside_world",
        rules::pure_rooms_know_no_outside_world,
        ("src/metrics/tally.rs", "//! x\nfn now() { std::time::SystemTime::now(); }"),
        (
            "src/metrics/tally.rs",
            "//! x\n// no tonic, no std::fs\nconst PROST: &str = \"tokio\"; fn tonics() {}",
        ),
    ),
    (
        "the_store_looks_down_only",
        rules::the_store_looks_down_only,
        ("src/store/sqlite/hot.rs", "//! x\nuse super::super::super::service::Answer;"),
        ("src/store/sqlite/hot.rs", "//! x\nuse super::super::Store;\nuse crate::metrics::Tally;"),
    ),
    (
        "only_the_sqlite_store_names_rusqlite",
        rules::only_the_sqlite_store_names_rusqlite,
        ("src/store/mod.rs", "//! x\nuse rusqlite::Connection;"),
        ("src/store/sqlite/mod.rs", "//! x\nuse rusqlite::Connection;"),
    ),
    (
        "only_service_and_cli_name_tonic",
        rules::only_service_and_cli_name_tonic,
        ("src/ingest/submit.rs", "//! x\nfn no() -> tonic::Status { x }"),
        ("src/service/errors.rs", "//! x\nfn no() -> tonic::Status { x }"),
    ),
    (
        "only_adapters_name_reqwest",
        rules::only_adapters_name_reqwest,
        ("src/access/keys.rs", "//! x\nuse reqwest::Client;"),
        ("adapters/acme/src/lib.rs", "//! x\nuse reqwest::Client;"),
    ),
    (
        "every_file_says_what_it_is",
        rules::every_file_says_what_it_is,
        ("src/cli/serve.rs", "use std::fmt;\n//! too late"),
        ("src/cli/serve.rs", "//! Serves.\nuse std::fmt;"),
    ),
    (
        "nothing_is_unsafe",
        rules::nothing_is_unsafe,
        ("src/cli/serve.rs", "//! x\nfn f() { unsafe { g() } }"),
        ("src/cli/serve.rs", "//! unsafe\n#![forbid(unsafe_code)]\nconst S: &str = r#\"unsafe \"x\" \"#;"),
    ),
    (
        "names_say_what_is_inside",
        rules::names_say_what_is_inside,
        ("src/service/mod.rs", "//! x\nmod helpers;"),
        ("src/service/mod.rs", "//! x\nmod commons;\nfn helpers() {}"),
    ),
    (
        "nothing_is_left_behind",
        rules::nothing_is_left_behind,
        ("src/service/mod.rs", "//! x\nfn f() { g().unwrap() }"),
        (
            "src/service/mod.rs",
            "//! x\nfn f() { g().unwrap_or(1) }\n#[cfg(test)]\nmod tests { fn f() { g().unwrap() } }",
        ),
    ),
    (
        "only_the_command_line_prints",
        rules::only_the_command_line_prints,
        ("src/store/mod.rs", "//! x\nfn f() { eprintln!(\"{x}\") }"),
        ("src/cli/query.rs", "//! x\nfn f() { println!(\"{x}\") }"),
    ),
    (
        "enum_zero_values_are_unspecified",
        rules::enum_zero_values_are_unspecified,
        ("proto/x.proto", "enum Way {\n  WAY_IN = 0;\n}"),
        ("proto/x.proto", "enum Way {\n  // WAY_IN = 0;\n  WAY_UNSPECIFIED = 0;\n  WAY_IN = 10;\n}"),
    ),
    (
        "there_is_no_room_for_a_caller",
        rules::there_is_no_room_for_a_caller,
        ("proto/x.proto", "message Call {\n  optional string caller_number = 17;\n}"),
        (
            "proto/x.proto",
            "enum T {\n  // string caller = 1;\n  CALLER_TIMED = 2;\n}\nmessage M {\n  string call_id = 1;\n}",
        ),
    ),
    (
        "no_file_is_over_500_lines",
        rules::no_file_is_over_500_lines,
        ("src/cli/long.rs", LONG),
        ("src/cli/serve.rs", "//! x\n"),
    ),
];

/// A path and a text.
type Plant = (&'static str, &'static str);

/// Any text of over 500 lines will do.
const LONG: &str = include_str!("../Cargo.lock");

#[test]
fn the_project_keeps_every_rule() {
    let sources = project(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(sources.len() > 30, "the walk finds the project: {} files", sources.len());
    let faults: Vec<String> = RULES
        .iter()
        .flat_map(|(name, rule, ..)| rule(&sources).into_iter().map(move |fault| format!("{fault} [{name}]")))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_rule_catches_its_planted_fault_and_only_that() {
    for (name, rule, (bad_path, bad), (good_path, good)) in RULES {
        assert_ne!(
            rule(&[Source::new(bad_path, bad)]),
            Vec::<String>::new(),
            "{name} lets {bad_path} pass: {bad}"
        );
        assert_eq!(
            rule(&[Source::new(good_path, good)]),
            Vec::<String>::new(),
            "{name} is wrong about {good_path}"
        );
    }
}

#[test]
fn callers_have_no_room_in_the_schema_either() {
    let faulty = Source::new(
        "adapters/schema/src/call.rs",
        "pub struct Call {\n    pub phone_number: String,\n    pub wait: u32,\n}",
    );
    assert_eq!(rules::there_is_no_room_for_a_caller(&[faulty]).len(), 1);
}

#[test]
fn a_module_that_only_tests_have_is_test_code() {
    let planted = |mark: &str| {
        let room = format!("//! x\n{mark}mod laws;\nmod tally;");
        let mut sources = [
            Source::new("src/metrics/mod.rs", &room),
            Source::new("src/metrics/laws.rs", "//! x\nfn f() { g().unwrap() }"),
        ];
        source::blank_test_modules(&mut sources);
        rules::nothing_is_left_behind(&sources).len()
    };
    assert_eq!((planted("#[cfg(test)]\n"), planted("")), (0, 1));
}

#[test]
fn architecture_names_every_rule_and_no_other() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md"))
        .expect("ARCHITECTURE.md is there");
    let mut named: Vec<&str> =
        text.split("`tidy: ").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    named.sort_unstable();
    named.dedup();
    let mut rules: Vec<&str> = RULES.iter().map(|(name, ..)| *name).collect();
    rules.sort_unstable();
    assert_eq!(named, rules, "an invariant without a rule, or a rule that nobody explains");
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut manifests = vec![root.join("Cargo.toml")];
    for entry in std::fs::read_dir(root.join("adapters")).expect("adapters/ is there") {
        manifests.push(entry.expect("can be listed").path().join("Cargo.toml"));
    }
    for manifest in manifests.iter().filter(|path| path.exists()) {
        let text = std::fs::read_to_string(manifest).expect("can be read");
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{} lacks [lints] workspace = true",
            manifest.display()
        );
    }
}
