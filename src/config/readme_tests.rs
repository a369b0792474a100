//! The README has an example of settings for every adapter, and each is one that its adapter takes.

use std::collections::BTreeSet;

use super::*;
use crate::config::{Config, ConfigFaults, Given, SettingsFile};
use callgauge_adapter::SettingKind;

const README: &str = include_str!("../../README.md");

/// The blocks of TOML under "Connect a telephony system".
fn blocks() -> Vec<&'static str> {
    let (_, section) = README.split_once("\n## Connect a telephony system\n").expect("has the section");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    section.split("\n```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// What serving with a settings file would be told. Secrets that are elsewhere are put in.
fn told(block: &str) -> Vec<String> {
    let mut table: Table = block.parse().expect("is TOML");
    for source in table.get_mut("source").and_then(Value::as_array_mut).expect("names sources") {
        let settings = source.get_mut("settings").and_then(Value::as_table_mut);
        for (_, value) in settings.into_iter().flatten() {
            let elsewhere =
                value.as_table().is_some_and(|of| of.contains_key("env") || of.contains_key("file"));
            if elsewhere {
                *value = "a-secret-of-some-length".into();
            }
        }
    }
    let text = table.to_string();
    let file = Some(SettingsFile { name: "README", text: &text });
    let read = Config::assemble_to_serve(Given::default(), &|_| None, file);
    read.err().map(|ConfigFaults(lines)| lines).unwrap_or_default()
}

#[test]
fn every_example_is_taken_by_the_adapter_that_it_is_for() {
    assert!(blocks().len() >= 3);
    for block in blocks() {
        assert_eq!(told(block), Vec::<String>::new(), "{block}");
    }
}

#[test]
fn an_example_that_its_adapter_does_not_take_is_seen() {
    let block = blocks()[1];
    let other = block.replacen("account_id", "acount_id", 1);
    let lines = told(&other);
    assert!(lines.iter().any(|line| line.contains("account_id: is missing")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("did you mean account_id")), "{lines:?}");
    assert!(told(&block.replace("vendor = \"zoom\"", "vendor = \"zom\""))[0].contains("zom"));
}

#[test]
fn every_adapter_has_an_example_and_no_example_shows_a_secret() {
    let mut shown = BTreeSet::new();
    for block in blocks() {
        let table: Table = block.parse().expect("is TOML");
        for source in table["source"].as_array().expect("names sources") {
            let vendor = source["vendor"].as_str().expect("is text");
            let known = vendors::named(vendor).unwrap_or_else(|| panic!("{vendor} is no adapter"));
            for spec in &known.vendor.description().settings {
                let given = source["settings"].get(&spec.key);
                let plain = given.is_some_and(|value| value.as_table().is_none());
                assert!(spec.kind != SettingKind::Secret || !plain, "{vendor}: {} stands there", spec.key);
            }
            shown.insert(vendor.to_owned());
        }
    }
    let all: BTreeSet<String> = vendors::names().into_iter().collect();
    assert_eq!(shown, all);
}
