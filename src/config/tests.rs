//! Which statement of a setting wins, and that every fault is told.

use super::*;

const EMPTY: &dyn Fn(&str) -> Option<String> = &|_| None;

fn file(text: &str) -> Option<SettingsFile<'_>> {
    Some(SettingsFile { name: "callgauge.toml", text })
}

#[test]
fn the_defaults_listen_on_loopback_only() {
    let config = Config::assemble(Given::default(), EMPTY, None).unwrap();
    assert_eq!(config.service.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.metrics_listen, MetricsListen::At(loopback(50052)));
    assert_eq!(config.store.data, PathBuf::from("./callgauge-data"));
    assert_eq!(config.store.reject_limit, 100_000);
    assert_eq!(config.store.settle_rows, 1_000_000);
    assert_eq!(config.service.drain, Duration::from_secs(10));
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file() {
    let environment = |name: &str| match name {
        "CALLGAUGE_LISTEN" => Some("127.0.0.1:2".to_owned()),
        "CALLGAUGE_DRAIN_SECS" => Some("2".to_owned()),
        _ => None,
    };
    let text = "listen = '127.0.0.1:3'\ndrain_secs = 3\nreject_limit = 3\nlog_level = 'debug'";
    let line = Given { listen: Some(loopback(1)), ..Given::default() };
    let config = Config::assemble(line, &environment, file(text)).unwrap();
    assert_eq!(config.service.listen.port(), 1);
    assert_eq!(config.service.drain.as_secs(), 2);
    assert_eq!(config.store.reject_limit, 3);
    assert_eq!(config.log.level, LogLevel::Debug);
}

#[test]
fn every_setting_can_be_stated_in_every_place() {
    let values = [
        ("listen", "127.0.0.1:7"),
        ("data", "/srv/calls"),
        ("metrics_listen", "off"),
        ("calendar", "calendar.toml"),
        ("log_format", "json"),
        ("log_level", "trace"),
        ("drain_secs", "4"),
        ("reject_limit", "5"),
        ("settle_rows", "6"),
        ("server", "http://127.0.0.1:8"),
    ];
    assert_eq!(values.map(|(key, _)| key), Given::KEYS);
    let text = values.map(|(key, value)| format!("{key} = \"{value}\"\n")).concat();
    let by_file = Config::assemble(Given::default(), EMPTY, file(&text)).unwrap();
    let environment = |name: &str| {
        let key = name.strip_prefix("CALLGAUGE_")?.to_ascii_lowercase();
        values.iter().find(|(known, _)| *known == key).map(|(_, value)| (*value).to_owned())
    };
    let by_environment = Config::assemble(Given::default(), &environment, None).unwrap();
    assert_eq!(by_file, by_environment);
    let default = Config::assemble(Given::default(), EMPTY, None).unwrap();
    assert_ne!(by_file.service.listen, default.service.listen);
    assert_ne!(by_file.store, default.store);
    assert_eq!(by_file.metrics_listen, MetricsListen::Off);
    assert_eq!(by_file.calendar, Some(PathBuf::from("calendar.toml")));
    assert_eq!(by_file.log, LogConfig { format: LogFormat::Json, level: LogLevel::Trace });
    assert_eq!(by_file.client.server, "http://127.0.0.1:8");
}

#[test]
fn every_fault_is_a_line() {
    let text = "listen = 'here'\ndata = ''\nmetrics_listen = 'on'\ncalendar = ['a']\nlog_format = 'xml'\n\
                log_level = 'loud'\ndrain_secs = 11\nreject_limit = -1\nsettle_rows = 0\nserver = 'localhost'\nlisen = 1\n";
    let ConfigFaults(lines) = Config::assemble(Given::default(), EMPTY, file(text)).unwrap_err();
    assert_eq!(lines.len(), 11, "{lines:#?}");
    for key in Given::KEYS.iter().chain(&["lisen"]) {
        let start = format!("callgauge.toml: {key}: ");
        assert_eq!(lines.iter().filter(|line| line.starts_with(&start)).count(), 1, "{key}");
    }
}

#[test]
fn a_fault_that_is_overridden_is_still_told() {
    let line = Given { drain_secs: Some(3), ..Given::default() };
    let environment = |name: &str| (name == "CALLGAUGE_DRAIN_SECS").then(|| "0".to_owned());
    let ConfigFaults(lines) = Config::assemble(line, &environment, file("drain_secs = 99")).unwrap_err();
    assert_eq!(
        lines,
        [
            "callgauge.toml: drain_secs: must be a whole number of seconds from 1 to 10",
            "CALLGAUGE_DRAIN_SECS: must be a whole number of seconds from 1 to 10",
        ]
    );
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    let ConfigFaults(lines) =
        Config::assemble(Given::default(), EMPTY, file("data = 'x'\nlisten = \n")).unwrap_err();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("callgauge.toml: line 2: "), "{}", lines[0]);
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    for (text, refused) in [
        ("listen = '0.0.0.0:50051'", true),
        ("listen = '[::]:50051'", true),
        ("listen = '192.168.1.4:50051'", true),
        ("listen = '127.0.0.9:50051'", false),
        ("listen = '[::1]:50051'", false),
        ("listen = 'localhost:50051'", false),
        ("metrics_listen = '0.0.0.0:50052'", true),
    ] {
        let told = Config::assemble(Given::default(), EMPTY, file(text));
        assert_eq!(told.is_err(), refused, "{text}");
        if let Err(ConfigFaults(lines)) = told {
            assert_eq!(lines.len(), 1);
            assert!(lines[0].contains("no authentication"), "{}", lines[0]);
        }
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let config = Config::assemble(Given::default(), &|_| Some(String::new()), None).unwrap();
    assert_eq!(config, Config::assemble(Given::default(), EMPTY, None).unwrap());
}
