//! All settings of `callgauge serve`, and the one of its clients: where each may be stated, which statement wins, and every fault at once.
//!
//! A setting has one name three ways: `listen` in a settings file, `CALLGAUGE_LISTEN` in the environment, `--listen` on the command line. The
//! command line wins over the environment, that over the file, that over the default. What is overridden still has to be well-formed:
//! a fault in a file is told on the day it is written, not on the day it is needed. The environment and the text of the file are arguments.

mod sources;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use sources::{AccountSettings, SourceConfig, SourceReader, SourcesConfig};

/// The most seconds that draining may take.
pub const MOST_DRAIN_SECS: u64 = 10;

/// Everything that can be set, made of each part's own settings.
#[derive(Clone, Debug, PartialEq)]
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
    /// The vendor accounts that are read; a settings file alone can say.
    pub sources: SourcesConfig,
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
        Self::put_together(line, environment, file, false)
    }

    /// The same for whoever serves: sources are opened as well, which reads their secrets and tells their adapters' faults.
    ///
    /// # Errors
    /// Every fault of every place, one line each.
    pub fn assemble_to_serve(
        line: Given,
        environment: &dyn Fn(&str) -> Option<String>,
        file: Option<SettingsFile<'_>>,
    ) -> Result<Self, ConfigFaults> {
        Self::put_together(line, environment, file, true)
    }

    fn put_together(
        line: Given,
        environment: &dyn Fn(&str) -> Option<String>,
        file: Option<SettingsFile<'_>>,
        open: bool,
    ) -> Result<Self, ConfigFaults> {
        let mut faults = Vec::new();
        let table = file.and_then(|file| file.table(&mut faults));
        let stated = file.zip(table.as_ref());
        let from_file = stated.map(|(file, table)| Given::from_file(file.name, table, &mut faults));
        let sources = stated.map(|(file, table)| sources::read(file.name, table, open, &mut faults));
        let from_environment = Given::from_environment(environment, &mut faults);
        let mut config = Self::of(line.or(from_environment).or(from_file.unwrap_or_default()));
        config.sources = sources.unwrap_or_default();
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
            sources: SourcesConfig::default(),
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

impl SettingsFile<'_> {
    fn table(self, faults: &mut Vec<String>) -> Option<toml::Table> {
        match self.text.parse() {
            Ok(table) => Some(table),
            Err(error) => {
                let line = error.span().map_or(1, |span| self.text[..span.start].matches('\n').count() + 1);
                faults.push(format!("{}: line {line}: {}", self.name, error.message()));
                None
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

    fn from_file(file: &str, table: &toml::Table, faults: &mut Vec<String>) -> Self {
        let tables = ["source", "source_of_record"];
        let known = |key: &str| Self::KEYS.contains(&key) || tables.contains(&key);
        for key in table.keys().filter(|key| !known(key)) {
            let known = Self::KEYS.join(", ");
            faults.push(format!(
                "{file}: {key}: there is no such setting; there are {known}, and the tables [[{}]]",
                tables.join("]] and [[")
            ));
        }
        let name = |key: &str| format!("{file}: {key}");
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
mod tests;
