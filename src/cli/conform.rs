//! `callgauge conform push`: holds a supplier's pushing client to what CallRecordService asks of its callers.
//!
//! The command stands between the client and a callgauge: it listens, and hands what comes through to the service at `--to`, but for what it makes go
//! wrong on the way. In the end it asks that service call by call whether exactly what the client delivered is there.

mod between;
mod claims;
mod client;
mod faults;
mod ledger;
mod play;
mod port;
mod store;
mod through;
mod verdicts;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use callgauge_adapter::conformance::Verdict;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::Server;

use self::between::Between;
use self::faults::{Fault, Plan};
use self::ledger::Key;
use self::play::Play;
use self::port::Port;
use self::verdicts::Outcome;
use super::connect::{Reached, ServerArgs, reach};
use super::{Failure, Surroundings, signals};
use crate::config::{address, server_url};
use crate::proto::DESCRIPTORS;
use crate::proto::v1::call_record_service_server::CallRecordServiceServer;

/// The service that the client sees, as health names it.
const SERVICE: &str = "callgauge.v1.CallRecordService";
/// Most bytes of a message, as the service has it.
const MESSAGE: usize = 4 * 1_024 * 1_024;
/// How long a play may take.
const LONGEST: Duration = Duration::from_secs(900);
/// How often it is looked whether something still comes.
const LOOK: Duration = Duration::from_millis(50);

/// Hold programs that work with callgauge to what they have to do
#[derive(Debug, clap::Args)]
pub(super) struct ConformArgs {
    #[command(subcommand)]
    command: ConformCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConformCommand {
    /// Test a client that pushes call records: lost acknowledgements, restarts, conflicts, drain
    Push(PushArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
struct PushArgs {
    /// URL of a callgauge into which everything goes in the end; not one that holds real calls
    #[arg(long, value_name = "URL", value_parser = server_url)]
    to: String,

    /// Address to listen on: there the client under test pushes to
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:50061")]
    listen: SocketAddr,

    /// JSON lines of what the client claims to have delivered, read at the end: a CallRecord each, as protobuf libraries write it
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,

    /// Faults to leave out
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    without: Vec<Fault>,

    /// Seconds without a batch after which the client is taken to be done
    #[arg(long, value_name = "SECS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=300))]
    quiet_secs: u64,

    /// The client's command line, the rest of the line: {url} in it is where to push to, as is CALLGAUGE_SERVER in its environment
    #[arg(long, value_name = "WORD", num_args = 1.., allow_hyphen_values = true)]
    client: Vec<String>,
}

const AFTER: &str = "The client pushes a test set to the address that --listen names, in 25 batches or more. Without --client start it yourself; the command waits \
    for it, and ends when nothing came for --quiet-secs (or at Ctrl-C).\n\
    Exit codes: 0 nothing failed; 1 something did; 2 usage.";

/// Plays, asks, reports.
pub(super) async fn run(
    args: ConformArgs,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ConformArgs { command: ConformCommand::Push(args) } = args;
    let server = ServerArgs { server: Some(args.to.clone()), data: None };
    let behind = reach(&server, around).await?;
    let played = Arc::new(Mutex::new(Play::new(Plan::new(&args.without, !args.client.is_empty()))));
    let (kills, address) = serve(&args, &behind, &played).await?;
    let url = format!("http://{address}");
    eprintln!("callgauge: push to {url}; what comes goes on to {}", behind.url);
    let ended = play(&args, &url, &kills, &played).await?;
    // What still comes after the client's end does not count.
    let ledger = std::mem::take(&mut played.lock().unwrap_or_else(PoisonError::into_inner).ledger);
    let ledger = &ledger;
    if ledger.batches == 0 {
        let mut report = verdicts::report_of(ledger);
        let seen = format!("nothing came to {url}");
        report.add(
            "the client comes",
            Verdict::Failed,
            seen,
            "let it push to that address, over gRPC without TLS",
        );
        writeln!(out, "{report}")?;
        return Err(Failure::Refused("no client came".to_owned()));
    }
    let source = ledger.sources.first().cloned().unwrap_or_default();
    let read = args.expected.as_deref().map(|path| claims::read(path, &source)).transpose();
    // A client that ended early left no claims: what was seen of it is told all the same.
    let (claims, unread) = read.map_or_else(|fault| (None, Some(fault)), |claims| (claims, None));
    let mut keys: BTreeSet<Key> = ledger.calls().map(|(key, _)| key.clone()).collect();
    keys.extend(claims.iter().flatten().map(|(key, _)| key.clone()));
    let stored = store::look_up(&behind.channel, keys).await.map_err(behind.refusal("looking up"))?;
    let report = verdicts::write(&Outcome { ledger, without: &args.without, claims, stored, ended });
    writeln!(out, "{report}")?;
    if let Some(fault) = unread {
        return Err(fault);
    }
    if report.passed() { Ok(()) } else { Err(Failure::Refused("the client does not pass".to_owned())) }
}

/// Opens the port and serves on it; gives what tells the client's end, and the address.
async fn serve(
    args: &PushArgs,
    behind: &Reached,
    played: &Arc<Mutex<Play>>,
) -> Result<(Arc<watch::Sender<u32>>, SocketAddr), Failure> {
    let failed = |fault: &dyn std::fmt::Display| {
        Failure::Refused(format!(
            "cannot listen on {}: {fault}; choose another address with --listen",
            args.listen
        ))
    };
    if !args.listen.ip().is_loopback() {
        return Err(Failure::usage(
            "--listen: must be on 127.0.0.1 or [::1]: there is no authentication yet",
        ));
    }
    let (port, address, incoming) = Port::open(args.listen).await.map_err(|fault| failed(&fault))?;
    let kills = Arc::new(watch::Sender::new(0));
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(SERVICE, tonic_health::ServingStatus::Serving).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let between =
        Between::new(Arc::clone(played), behind.channel.clone(), port, reporter, Arc::clone(&kills));
    let service = CallRecordServiceServer::new(between)
        .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
        .max_decoding_message_size(MESSAGE)
        .max_encoding_message_size(MESSAGE);
    let channel = behind.channel.clone();
    let router = Routes::new(service)
        .add_service(health)
        .add_service(reflection().build_v1().map_err(|fault| failed(&fault))?)
        .add_service(reflection().build_v1alpha().map_err(|fault| failed(&fault))?)
        .prepare()
        .into_axum_router()
        .fallback(move |request| through::through(channel.clone(), request));
    tokio::spawn(Server::builder().add_routes(Routes::from(router)).serve_with_incoming(incoming));
    Ok((kills, address))
}

/// Waits until the client is done: it ended, or nothing came for a while, or the user says so.
async fn play(
    args: &PushArgs,
    url: &str,
    kills: &Arc<watch::Sender<u32>>,
    played: &Arc<Mutex<Play>>,
) -> Result<Option<Option<ExitStatus>>, Failure> {
    let quiet = Duration::from_secs(args.quiet_secs);
    let silence = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let played = played.lock().unwrap_or_else(PoisonError::into_inner);
            // Who starts the client by hand may take their time.
            let began = played.ledger.batches > 0 || !args.client.is_empty();
            if began && Instant::now().saturating_duration_since(played.last) > quiet {
                return;
            }
        }
    };
    let done = async {
        tokio::select! {
            () = silence => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let stop = signals::stop()?;
    if args.client.is_empty() {
        tokio::select! {
            () = done => {}
            _ = stop => {}
        }
        return Ok(None);
    }
    let client = client::Client::new(&args.client, url, kills);
    tokio::select! {
        ended = client.run() => Ok(Some(Some(ended?))),
        () = done => Ok(Some(None)),
        _ = stop => Ok(Some(None)),
    }
}
