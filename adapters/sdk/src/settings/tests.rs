//! Settings: every fault at once, each with what would be right, and no secret in any of them.

use super::*;
use crate::time::Zone;

fn settings(text: &str) -> Settings {
    Settings::from(text.parse::<toml::Table>().expect("is TOML"))
}

#[test]
fn a_file_with_ten_faults_gets_ten_lines() {
    let settings = settings(
        r#"
        client_id = 7
        client_secret = ["s3cret-one"]
        token = { env = "CALLGAUGE_TEST_NOT_SET" }
        page_size = 0
        verbose = "yes"
        queues = ["a", 2]
        time_zone = "London"
        base_url = "http://api.example.com"
        color = "mauve"
        page_sise = 10
        "#,
    );
    let mut read = SettingsReader::new(&settings);
    read.text("client_id");
    read.secret("client_secret");
    read.secret("token");
    read.number("page_size", 1..=300);
    read.switch_or("verbose", false);
    read.list("queues");
    read.zone_or("time_zone", Zone::london());
    #[cfg(feature = "http")]
    read.url_or("base_url", "https://api.example.com");
    #[cfg(not(feature = "http"))]
    read.fault("base_url", "stands in");
    #[cfg(not(feature = "http"))]
    read.optional_text("base_url");
    read.choice("color", &["red", "green"]);
    let faults = read.finish().expect_err("ten things are wrong").to_string();
    let lines: Vec<&str> = faults.lines().collect();
    assert_eq!(lines.len(), 10, "{faults}");
    assert_eq!(lines[0], "client_id: must be text in quotes, not a number");
    assert_eq!(lines[1], "client_secret: must be text, { env = \"NAME\" } or { file = \"PATH\" }");
    assert!(lines[2].contains("CALLGAUGE_TEST_NOT_SET, which is not set"), "{}", lines[2]);
    assert_eq!(lines[3], "page_size: must be a whole number from 1 to 300");
    assert_eq!(lines[8], "color: must be one of red, green");
    assert_eq!(lines[9], "page_sise: is no setting here; did you mean page_size?");
    assert!(!faults.contains("s3cret"), "{faults}");
}

#[test]
fn what_is_right_is_read() {
    let settings = settings(
        r#"
        client_id = " abc "
        mode = "CDR"
        page_size = 10
        queues = "one"
        time_zone = "Europe/Dublin"
        [columns]
        started_at = "Call start"
        [site]
        name = "Main"
        "#,
    );
    let mut read = SettingsReader::new(&settings);
    assert_eq!(read.text("client_id"), "abc");
    assert_eq!(read.choice("mode", &["cdr", "xapi"]), "cdr");
    assert_eq!(read.number("page_size", 1..=10), 10);
    assert_eq!(read.number_or("size", 1..=10, 5), 5);
    assert_eq!(read.list("queues"), ["one"]);
    assert_eq!(read.zone_or("time_zone", Zone::london()).to_string(), "Europe/Dublin");
    assert_eq!(read.names("columns"), [("started_at".to_owned(), "Call start".to_owned())]);
    assert_eq!(read.table("site", |site| site.text("name")), Some("Main".to_owned()));
    assert_eq!(read.optional_secret("password"), None);
    assert!(read.switch_or("on", true));
    assert_eq!(read.finish(), Ok(()));
}

#[test]
fn missing_keys_say_what_to_give() {
    let settings = settings("[site]\nnam = \"x\"");
    let mut read = SettingsReader::new(&settings);
    read.text("client_id");
    read.number("page_size", 1..=300);
    read.table("site", |site| site.text("name"));
    let faults = read.finish().expect_err("is incomplete");
    let lines: Vec<String> = faults.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "client_id: is missing: give text in quotes",
            "page_size: is missing: give a whole number from 1 to 300",
            "site.name: is missing: give text in quotes",
            "site.nam: is no setting here; did you mean name?",
        ]
    );
}

#[test]
fn an_unknown_key_that_is_like_none_names_them_all() {
    let settings = settings("colour = 1");
    let mut read = SettingsReader::new(&settings);
    read.optional_text("client_id");
    read.optional_text("base_url");
    let faults = read.finish().expect_err("one key is not known");
    assert_eq!(faults.to_string(), "colour: is no setting here; there are client_id, base_url");
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_break() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    std::fs::write(&path, "s3cret \r\n").expect("is written");
    let missing = folder.path().join("none");
    let settings = settings(&format!(
        "key = {{ file = {path:?} }}\nother = {{ file = {missing:?} }}\nboth = {{ file = \"a\", env = \"b\" }}\nempty = \" \""
    ));
    let mut read = SettingsReader::new(&settings);
    assert_eq!(read.secret("key").expose(), "s3cret ");
    assert!(read.secret("other").is_empty());
    read.secret("both");
    read.secret("empty");
    let faults = read.finish().expect_err("three are wrong").to_string();
    assert_eq!(faults.lines().count(), 3, "{faults}");
    assert!(faults.contains("cannot be read"), "{faults}");
}

#[test]
fn neither_a_secret_nor_settings_can_be_printed() {
    let settings = settings("token = \"s3cret\"");
    let secret = Secret::from("s3cret");
    for shown in [
        format!("{settings:?}"),
        format!("{settings:#?}"),
        format!("{secret:?}"),
        format!("{secret}"),
        format!("{:?}", SettingsReader::new(&settings)),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[cfg(feature = "http")]
#[test]
fn credentials_are_sent_to_https_or_to_this_machine_only() {
    for (text, good) in [
        ("https://api.example.com", true),
        ("https://api.example.com:8443/v2/", true),
        ("http://127.0.0.1:8080", true),
        ("http://localhost:1", true),
        ("http://[::1]:80/x", true),
        ("http://localhost.example.com", false),
        ("http://10.0.0.1", false),
        ("ftp://api.example.com", false),
        ("https://user:pass@api.example.com", false),
        ("https://api.example.com/?key=1", false),
        ("api.example.com", false),
        ("file:///etc/passwd", false),
    ] {
        let settings = settings(&format!("base_url = {text:?}"));
        let mut read = SettingsReader::new(&settings);
        let url = read.url("base_url");
        assert_eq!(read.finish().is_ok(), good, "{text}");
        assert_eq!(url.host_str() != Some("nowhere.invalid"), good, "{text}");
    }
    let none = settings("");
    let mut read = SettingsReader::new(&none);
    read.url("base_url");
    assert!(read.finish().is_err());
}
