//! All settings of `callgauge serve`, and the one of its clients: where each may be stated, which statement wins, and every fault at once.
//!
//! A setting has one name three ways: `listen` in a settings file, `CALLGAUGE_LISTEN` in the environment, `--listen` on the command line. The
//! command line wins over the environment, that over the file, that over the default. What is overridden still has to be well-formed:
//! a fault in a file is told on the day it is written, not on the day it is needed. The environment and the text of the file are arguments.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The most seconds that draining may take.
pub const MOST_DRAIN_SECS: u64 = 10;

/// Everything that can be set, made of each part's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How the service is reached and left.
    pub service: ServiceConfig,
    /// Where calls are kept.
    pub store: StoreConfig,
    /// Where Prometheus reads.
    pub metrics_listen: MetricsListen,
    /// A file that replaces the built-in calendar of core hours and bank holidays.
    pub calendar: Option<PathBuf>,
    /// What the log looks like.
    pub log: LogConfig,
    /// Which server the other subcommands talk to.
    pub client: ClientConfig,
}

/// How the service is reached and left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Address of gRPC; a loopback one.
    pub listen: SocketAddr,
    /// How long a drain may take: 1 to 10 s.
    pub drain: Duration,
}

/// Where calls are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The data folder.
    pub data: PathBuf,
    /// Rejects kept of one source before nothing more is taken from it; at least 1.
    pub reject_limit: u64,
    /// Records that may have arrived before they are sorted into their days; at least 1. Fewer take less memory and more work.
    pub settle_rows: usize,
}

/// What the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Its form.
    pub format: LogFormat,
    /// From which level on.
    pub level: LogLevel,
}

/// Which server the other subcommands talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// URL of a running server, for example `http://127.0.0.1:50051`.
    pub server: String,
}

/// Where Prometheus reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsListen {
    /// Nowhere.
    Off,
    /// On this address; a loopback one.
    At(SocketAddr),
}

/// Form of the log on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Lines for people.
    Text,
}

/// The least grave lines that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what needs somebody.
    Error,
    /// And what may soon.
    Warn,
    /// And what happened.
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

/// Settings as one place states them: the command line, the environment or a file. Absent where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// See [`ServiceConfig::listen`].
    pub listen: Option<SocketAddr>,
    /// See [`StoreConfig::data`].
    pub data: Option<PathBuf>,
    /// See [`Config::metrics_listen`].
    pub metrics_listen: Option<MetricsListen>,
    /// See [`Config::calendar`].
    pub calendar: Option<PathBuf>,
    /// See [`LogConfig::format`].
    pub log_format: Option<LogFormat>,
    /// See [`LogConfig::level`].
    pub log_level: Option<LogLevel>,
    /// See [`ServiceConfig::drain`], in seconds.
    pub drain_secs: Option<u64>,
    /// See [`StoreConfig::reject_limit`].
    pub reject_limit: Option<u64>,
    /// See [`StoreConfig::settle_rows`].
    pub settle_rows: Option<usize>,
    /// See [`ClientConfig::server`].
    pub server: Option<String>,
}

/// A settings file: its name, for faults, and its text.
#[derive(Clone, Copy, Debug)]
pub struct SettingsFile<'a> {
    /// Name as the user gave it.
    pub name: &'a str,
    /// TOML.
    pub text: &'a str,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults(pub Vec<String>);

/// Why the text of a setting is refused: what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSetting(&'static str);

impl Config {
    /// Puts the settings together: `line` over the environment over `file` over the defaults.
    ///
    /// `environment` is asked for names like `CALLGAUGE_LISTEN`; an empty text counts as none.
    ///
    /// # Errors
    /// Every fault of every place, one line each.
    pub fn assemble(
        line: Given,
        environment: &dyn Fn(&str) -> Option<String>,
        file: Option<SettingsFile<'_>>,
    ) -> Result<Self, ConfigFaults> {
        let mut faults = Vec::new();
        let from_file = file.map(|file| Given::from_file(file, &mut faults)).unwrap_or_default();
        let from_environment = Given::from_environment(environment, &mut faults);
        let config = Self::of(line.or(from_environment).or(from_file));
        config.refuse_open_doors(&mut faults);
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults(faults)) }
    }

    fn of(given: Given) -> Self {
        let Given {
            listen,
            data,
            metrics_listen,
            calendar,
            log_format,
            log_level,
            drain_secs,
            reject_limit,
            settle_rows,
            server,
        } = given;
        Self {
            service: ServiceConfig {
                listen: listen.unwrap_or(loopback(50051)),
                drain: Duration::from_secs(drain_secs.unwrap_or(MOST_DRAIN_SECS)),
            },
            store: StoreConfig {
                data: data.unwrap_or_else(|| PathBuf::from("./callgauge-data")),
                reject_limit: reject_limit.unwrap_or(100_000),
                settle_rows: settle_rows.unwrap_or(1_000_000),
            },
            metrics_listen: metrics_listen.unwrap_or(MetricsListen::At(loopback(50052))),
            calendar,
            log: LogConfig {
                format: log_format.unwrap_or(LogFormat::Text),
                level: log_level.unwrap_or(LogLevel::Info),
            },
            client: ClientConfig { server: server.unwrap_or_else(|| "http://127.0.0.1:50051".to_owned()) },
        }
    }

    /// Without authentication nobody outside this machine may reach the service.
    fn refuse_open_doors(&self, faults: &mut Vec<String>) {
        let metrics = match self.metrics_listen {
            MetricsListen::Off => None,
            MetricsListen::At(at) => Some(at),
        };
        for (key, at) in [("listen", Some(self.service.listen)), ("metrics_listen", metrics)] {
            if let Some(at) = at.filter(|at| !at.ip().is_loopback()) {
                faults.push(format!(
                    "{key}: {at} can be reached from other machines, and callgauge has no authentication yet: listen on \
                     127.0.0.1 or [::1]"
                ));
            }
        }
    }
}

impl Given {
    /// The names of all settings, as files have them.
    pub const KEYS: [&'static str; 10] = [
        "listen",
        "data",
        "metrics_listen",
        "calendar",
        "log_format",
        "log_level",
        "drain_secs",
        "reject_limit",
        "settle_rows",
        "server",
    ];

    fn from_environment(environment: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> Self {
        let name = |key: &str| format!("CALLGAUGE_{}", key.to_ascii_uppercase());
        let text = |key: &str| Ok(environment(&name(key)).filter(|text| !text.is_empty()));
        Self::read(Place { name: &name, text: &text, faults })
    }

    fn from_file(file: SettingsFile<'_>, faults: &mut Vec<String>) -> Self {
        let table = match file.text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| file.text[..span.start].matches('\n').count() + 1);
                faults.push(format!("{}: line {line}: {}", file.name, error.message()));
                return Self::default();
            }
        };
        for key in table.keys().filter(|key| !Self::KEYS.contains(&key.as_str())) {
            let known = Self::KEYS.join(", ");
            faults.push(format!("{}: {key}: there is no such setting; there are {known}", file.name));
        }
        let name = |key: &str| format!("{}: {key}", file.name);
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(toml::Value::Integer(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(BadSetting("must be a text or a whole number")),
        };
        Self::read(Place { name: &name, text: &text, faults })
    }

    fn read(mut place: Place<'_>) -> Self {
        Self {
            listen: place.take("listen", address),
            data: place.take("data", folder),
            metrics_listen: place.take("metrics_listen", str::parse),
            calendar: place.take("calendar", folder),
            log_format: place.take("log_format", str::parse),
            log_level: place.take("log_level", str::parse),
            drain_secs: place.take("drain_secs", drain_secs),
            reject_limit: place.take("reject_limit", reject_limit),
            settle_rows: place.take("settle_rows", settle_rows),
            server: place.take("server", server_url),
        }
    }

    fn or(self, lower: Self) -> Self {
        Self {
            listen: self.listen.or(lower.listen),
            data: self.data.or(lower.data),
            metrics_listen: self.metrics_listen.or(lower.metrics_listen),
            calendar: self.calendar.or(lower.calendar),
            log_format: self.log_format.or(lower.log_format),
            log_level: self.log_level.or(lower.log_level),
            drain_secs: self.drain_secs.or(lower.drain_secs),
            reject_limit: self.reject_limit.or(lower.reject_limit),
            settle_rows: self.settle_rows.or(lower.settle_rows),
            server: self.server.or(lower.server),
        }
    }
}

/// An address to listen on.
///
/// # Errors
/// What it has to be.
pub fn address(text: &str) -> Result<SocketAddr, BadSetting> {
    let text = text.trim();
    let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    numeric
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| BadSetting("must be an IP address and a port, for example 127.0.0.1:50051"))
}

/// How long a drain may take, in seconds.
///
/// # Errors
/// What it has to be.
pub fn drain_secs(text: &str) -> Result<u64, BadSetting> {
    let secs = text.trim().parse().ok().filter(|secs| (1..=MOST_DRAIN_SECS).contains(secs));
    secs.ok_or(BadSetting("must be a whole number of seconds from 1 to 10"))
}

/// How many rejects of a source are kept.
///
/// # Errors
/// What it has to be.
pub fn reject_limit(text: &str) -> Result<u64, BadSetting> {
    let limit = text.trim().parse().ok().filter(|limit| (1..=10_000_000).contains(limit));
    limit.ok_or(BadSetting("must be a whole number from 1 to 10,000,000, without separators"))
}

/// How many records may arrive before they are sorted into their days.
///
/// # Errors
/// What it has to be.
pub fn settle_rows(text: &str) -> Result<usize, BadSetting> {
    let rows = text.trim().parse().ok().filter(|rows| (1..=10_000_000).contains(rows));
    rows.ok_or(BadSetting("must be a whole number from 1 to 10,000,000, without separators"))
}

/// URL of a server.
///
/// # Errors
/// What it has to be.
pub fn server_url(text: &str) -> Result<String, BadSetting> {
    let text = text.trim();
    let told = text.parse::<http::Uri>().ok();
    let fits = told.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
    if fits {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(BadSetting("must be a URL like http://127.0.0.1:50051"))
    }
}

fn folder(text: &str) -> Result<PathBuf, BadSetting> {
    if text.is_empty() { Err(BadSetting("must be a path")) } else { Ok(PathBuf::from(text)) }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// A place that states settings: how it calls them and what it says.
struct Place<'a> {
    name: &'a dyn Fn(&str) -> String,
    text: &'a dyn Fn(&str) -> Result<Option<String>, BadSetting>,
    faults: &'a mut Vec<String>,
}

impl Place<'_> {
    fn take<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, BadSetting>) -> Option<T> {
        let text = (self.text)(key).transpose()?;
        match text.and_then(|text| parse(&text)) {
            Ok(value) => Some(value),
            Err(BadSetting(what)) => {
                self.faults.push(format!("{}: {what}", (self.name)(key)));
                None
            }
        }
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl FromStr for MetricsListen {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        if text.trim() == "off" {
            return Ok(Self::Off);
        }
        let wrong = "must be an IP address and a port, for example 127.0.0.1:50052, or off";
        address(text).map(Self::At).map_err(|_| BadSetting(wrong))
    }
}

impl FromStr for LogFormat {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        match text.trim() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(BadSetting("must be json or text")),
        }
    }
}

impl FromStr for LogLevel {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        match text.trim() {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(BadSetting("must be error, warn, info, debug or trace")),
        }
    }
}

impl LogLevel {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

#[cfg(test)]
mod tests {
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
}
