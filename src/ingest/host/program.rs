//! An adapter that is a program of its own: started or connected to, its version checked, bounded in time and in the size of a message.
//!
//! A program that ends or does not answer is a failure of its source that may pass: the next reading starts it again, after the host's growing pause.

use std::error::Error as _;
use std::process::Stdio;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Description, Fault, FetchRequest, MapRequest, Next, Page,
    Secrets, SettingFaults, Settings, SettingsReader, Span, Vendor,
};
use callgauge_schema::Moment;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

mod messages;
mod said;

use crate::ingest::timestamp;
use crate::proto::adapter::v1;
use crate::proto::adapter::v1::adapter_service_client::AdapterServiceClient;

/// The version of the contract.
const CONTRACT: i32 = 1;
/// How long starting may take.
const START: Duration = Duration::from_secs(60);
/// How long one answer may take where a source does not say.
pub const ANSWER: Duration = Duration::from_secs(600);
/// Most bytes of a message.
const MESSAGE: usize = 4 * 1_024 * 1_024;
/// What a program gets of our environment. Not the rest: other sources' secrets may be in it.
const PASSED_ON: [&str; 17] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// Most bytes of the line that says where a program listens.
const LINE: u64 = 1_024;

/// How a program is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Started: the program and its arguments.
    Started(Vec<String>),
    /// Running already, at this URL.
    At(String),
}

/// A vendor behind a program. Described once the program was reached.
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    reached: Reached,
    /// How long one answer may take.
    answer_within: Duration,
    unknown: Description,
    described: OnceLock<(Description, bool)>,
    running: Mutex<Option<Running>>,
    /// The secrets that it is given with its settings.
    given: said::Given,
}

/// A program that answers.
struct Running {
    client: AdapterServiceClient<Channel>,
    /// Ends when dropped.
    _child: Option<Child>,
}

impl Program {
    /// Nothing is started yet. No answer may take longer than `answer_within`.
    pub fn new(reached: Reached, answer_within: Duration) -> Self {
        let unknown = Description {
            vendor: "program".to_owned(),
            title: "An adapter of its own".to_owned(),
            version: String::new(),
            reads: String::new(),
            settings: Vec::new(),
            reaches_back: None,
            late_by: Span::days(1),
            longest_window: Span::hours(1),
            metrics: Vec::new(),
            outcomes: Vec::new(),
            sees_corrections: false,
            sees_deletions: false,
            unknown_wait: false,
            unknown_talk: false,
            unconfirmed: Vec::new(),
        };
        let (described, running, given) = (OnceLock::new(), Mutex::default(), said::Given::default());
        Self(Arc::new(Inner { reached, answer_within, unknown, described, running, given }))
    }

    /// The same program to be started anew (connected to anew, where it runs by itself), so that nothing is left of what it kept in memory. What it said of
    /// itself stays known.
    #[must_use]
    pub fn anew(&self) -> Self {
        let Inner { reached, answer_within, unknown, described, running: _, given } = &*self.0;
        let (reached, answer_within, unknown) = (reached.clone(), *answer_within, unknown.clone());
        let (described, running, given) = (described.clone(), Mutex::default(), given.clone());
        Self(Arc::new(Inner { reached, answer_within, unknown, described, running, given }))
    }

    /// A client of the program, which is started where it is not running.
    async fn client(&self) -> Result<AdapterServiceClient<Channel>, AdapterError> {
        self.client_within(START).await
    }

    async fn client_within(&self, within: Duration) -> Result<AdapterServiceClient<Channel>, AdapterError> {
        let mut running = self.0.running.lock().await;
        if let Some(running) = &*running {
            return Ok(running.client.clone());
        }
        let begun = tokio::time::timeout(within, self.begin()).await.unwrap_or_else(|_| {
            Err(unavailable(format!("the adapter's program was not ready within {} s", within.as_secs())))
        })?;
        Ok(running.insert(begun).client.clone())
    }

    async fn begin(&self) -> Result<Running, AdapterError> {
        let (url, child) = match &self.0.reached {
            Reached::At(url) => (url.clone(), None),
            Reached::Started(command) => {
                let (address, child) = start(command, &self.0.given).await?;
                (format!("http://{address}"), Some(child))
            }
        };
        let endpoint = Endpoint::from_shared(url.clone()).map_err(|_| {
            AdapterError::new(Fault::Region, format!("{url} is no URL of an adapter's program"))
        })?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|_| unavailable(format!("the adapter's program does not answer at {url}")))?;
        let mut client = AdapterServiceClient::new(channel)
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        let told =
            client.describe(v1::DescribeRequest {}).await.map_err(|status| failed(&status))?.into_inner();
        if told.contract_version != CONTRACT {
            let version = told.contract_version;
            return Err(AdapterError::new(
                Fault::Disabled,
                format!(
                    "the adapter's program speaks version {version} of the contract, callgauge version {CONTRACT}"
                ),
            ));
        }
        let described = messages::description(told)?;
        if self.0.described.get_or_init(|| described.clone()) != &described {
            tracing::warn!(
                "an adapter's program describes itself otherwise than before; that counts after a restart"
            );
        }
        Ok(Running { client, _child: child })
    }

    /// What the program says in time, or that it is to be started anew.
    async fn answered<T>(
        &self,
        answer: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, AdapterError> {
        let within = self.0.answer_within;
        let fault = match tokio::time::timeout(within, answer).await {
            Ok(Ok(told)) => return Ok(told.into_inner()),
            Ok(Err(status)) => failed(&status),
            Err(_) => unavailable(format!(
                "the adapter's program gave no answer within {} s (answer_within_secs)",
                within.as_secs()
            )),
        };
        if fault.fault == Fault::Unavailable {
            *self.0.running.lock().await = None;
        }
        Err(fault)
    }
}

/// Starts a program and reads where it listens.
async fn start(command: &[String], given: &said::Given) -> Result<(String, Child), AdapterError> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| AdapterError::new(Fault::File, "program: must name a program".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|fault| {
            AdapterError::new(
                Fault::File,
                format!("the adapter's program {program} cannot be started: {fault}"),
            )
        })?;
    if let Some(said) = child.stderr.take() {
        tokio::spawn(said::pass_on(said, given.clone(), std::io::stderr()));
    }
    let out =
        child.stdout.take().ok_or_else(|| unavailable("the program has no standard output".to_owned()))?;
    let mut out = BufReader::new(out);
    let mut line = String::new();
    let read = (&mut out).take(LINE).read_line(&mut line).await;
    let address = line.trim().strip_prefix("listening on ").filter(|_| read.is_ok());
    let Some(address) = address.and_then(|text| text.parse::<std::net::SocketAddr>().ok()) else {
        return Err(unavailable(format!(
            "the first line that the adapter's program {program} wrote is not \"listening on ADDRESS:PORT\""
        )));
    };
    // What else it writes there is read and dropped, so that it never waits.
    tokio::spawn(async move {
        let _ = tokio::io::copy(&mut out, &mut tokio::io::sink()).await;
    });
    Ok((address.to_string(), child))
}

fn unavailable(message: String) -> AdapterError {
    AdapterError::new(Fault::Unavailable, message)
}

/// The kind of failure behind a status; see the proto.
fn failed(status: &Status) -> AdapterError {
    let fault = match status.code() {
        Code::Unauthenticated => Fault::Credentials,
        Code::PermissionDenied => Fault::Permission,
        Code::FailedPrecondition | Code::InvalidArgument | Code::Unimplemented => Fault::Disabled,
        Code::OutOfRange if !status.message().contains("message length") => Fault::TooFarBack,
        Code::Aborted => Fault::CursorLost,
        Code::ResourceExhausted => Fault::RateLimited { retry_after: None },
        Code::Internal | Code::DataLoss | Code::OutOfRange => Fault::Protocol,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::Unavailable => Fault::Unavailable,
    };
    let message: String = status.message().chars().take(500).collect();
    AdapterError::new(
        fault,
        if message.contains("message length") {
            format!(
                "the adapter's program gave more than {} MiB at once: it has to make its pages smaller",
                MESSAGE >> 20
            )
        } else if status.source().is_some() {
            "the adapter's program ended, or broke the connection, while it was asked: what it wrote on standard error may say why".to_owned()
        } else if message.is_empty() {
            format!("the adapter's program: {:?}", status.code())
        } else {
            message
        },
    )
}

impl Vendor for Program {
    fn description(&self) -> &Description {
        self.0.described.get().map_or(&self.0.unknown, |(described, _)| described)
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let described = &self.description().settings;
        if !described.is_empty() {
            let mut read = SettingsReader::new(settings);
            read.described(described);
            read.finish()?;
        }
        let settings_json = settings.to_json()?.to_string();
        *self.0.given.write().unwrap_or_else(PoisonError::into_inner) = Secrets::of(settings, described);
        Ok(Box::new(Account { program: self.clone(), settings_json }))
    }

    fn map(&self, _: MapRequest<'_>) -> Result<Page, AdapterError> {
        Err(AdapterError::new(
            Fault::Disabled,
            "an adapter that is a program of its own maps nothing without an account",
        ))
    }

    fn delivers(&self) -> bool {
        self.0.described.get().is_some_and(|(_, delivers)| *delivers)
    }

    fn prepare(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<(), AdapterError>> + Send + '_>> {
        Box::pin(async { self.client().await.map(drop) })
    }
}

/// One account, behind a program.
struct Account {
    program: Program,
    settings_json: String,
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut client = self.program.client().await?;
        let request =
            v1::CheckRequest { settings_json: self.settings_json.clone(), now_time: Some(timestamp(now)) };
        let told = self.program.answered(client.check(request)).await?;
        let v1::CheckResponse { works, warnings, sample } = told;
        let sample = sample.into_iter().take(10).map(messages::call).collect::<Result<_, _>>();
        let sample = sample.map_err(|row| AdapterError::new(Fault::Protocol, row.message))?;
        Ok(CheckReport { works, warnings, sample })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        let mut client = self.program.client().await?;
        let request = v1::FetchCallsRequest {
            settings_json: self.settings_json.clone(),
            window_start_time: Some(timestamp(window.from)),
            window_end_time: Some(timestamp(window.until)),
            cursor: cursor.map(|Cursor(text)| text).unwrap_or_default(),
            now_time: Some(timestamp(now)),
        };
        let told = self.program.answered(client.fetch_calls(request)).await?;
        let next = if told.next_cursor.is_empty() {
            Next::Done
        } else {
            Next::More(Cursor(told.next_cursor.clone()))
        };
        messages::page(told, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_gets_nothing_of_the_environment_but_what_is_listed() {
        // Tests have this in theirs, and PATH.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let script = r#"[ -z "$CARGO_MANIFEST_DIR" ] && [ -n "$PATH" ] && echo "listening on 127.0.0.1:9" && exec cat"#;
        let command = ["sh", "-c", script].map(str::to_owned);
        let (address, mut child) = start(&command, &said::Given::default()).await.expect("it found neither");
        assert_eq!(address, "127.0.0.1:9");
        child.kill().await.expect("ends");
    }

    #[tokio::test]
    async fn a_program_that_never_says_where_it_listens_is_given_up() {
        let silent = ["sleep", "1000"].map(str::to_owned).into();
        let program = Program::new(Reached::Started(silent), ANSWER);
        let fault = program.client_within(Duration::from_secs(1)).await.expect_err("nothing answers");
        assert_eq!(fault.to_string(), "the adapter's program was not ready within 1 s");
    }
}
