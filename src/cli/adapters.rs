//! `callgauge adapter`: what this build can read, without an account and without a network; and the way to a new adapter.

mod kit;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use callgauge_adapter::conformance::{matrix, run as play};
use callgauge_adapter::generate::{generate_with, to_fill_in};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Description, How, MapRequest, OutcomeSupport, Page, SettingKind, SettingSpec, Settings,
};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::output::table::{Column, Table};
use super::{Failure, Surroundings};
use crate::ingest::vendors::{self, Known};

/// The longest payload file that is mapped, in bytes.
const PAYLOAD_BYTES: u64 = 256 * 1_024 * 1_024;

/// Adapters of this build: what they read, what they make of payloads, whether they are right
#[derive(Debug, clap::Args)]
pub(super) struct AdapterArgs {
    #[command(subcommand)]
    command: AdapterCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AdapterCommand {
    /// List the adapters of this build
    List(ListArgs),
    /// Say what an adapter reads, which settings it takes and what of the eight metrics it can support
    Describe(VendorArgs),
    /// Map saved payloads of a vendor to call records, as JSON lines: no account, no network
    Map(MapArgs),
    /// Hold an adapter to the conformance kit: its scripted vendor, and everything that goes wrong with vendors
    Test(kit::TestArgs),
    /// Write a new adapter package that builds and passes the kit, with the places to fill in marked
    New(NewArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// As the tables of docs/adapters.md, with what the conformance kit says of each; takes a while
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, clap::Args)]
struct VendorArgs {
    /// Name of the adapter, as `adapter list` has it
    vendor: String,
}

#[derive(Debug, clap::Args)]
struct MapArgs {
    /// Name of the adapter, as `adapter list` has it
    vendor: String,

    /// Files with what the vendor answered
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// A TOML file with the adapter's settings, as far as the payloads need them; credentials are not needed
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct NewArgs {
    /// Name: a to z, 0 to 9 and _, for example acme
    name: String,

    /// Folder in which the package's folder is made
    #[arg(long, value_name = "DIR", default_value = "adapters")]
    into: PathBuf,

    /// Path of the SDK from the package's folder
    #[arg(long, value_name = "PATH", default_value = "../sdk")]
    sdk: PathBuf,
}

/// Does it.
pub(super) async fn run(
    args: AdapterArgs,
    _around: &Surroundings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match args.command {
        AdapterCommand::List(ListArgs { markdown: true }) => tables(out).await,
        AdapterCommand::List(ListArgs { markdown: false }) => {
            out.write_all(list().as_bytes())?;
            Ok(())
        }
        AdapterCommand::Describe(VendorArgs { vendor }) => {
            out.write_all(describe(known(&vendor)?.vendor.description()).as_bytes())?;
            Ok(())
        }
        AdapterCommand::Map(args) => map(args, out),
        AdapterCommand::Test(args) => kit::run(args, out).await,
        AdapterCommand::New(NewArgs { name, into, sdk }) => new(&name, &into, &sdk, out),
    }
}

/// What the conformance kit says of all of them, tried at the same time.
async fn tables(out: &mut dyn Write) -> Result<(), Failure> {
    let mut tried = JoinSet::new();
    for (at, Known { vendor, script }) in vendors::all().into_iter().enumerate() {
        tried.spawn_blocking(move || {
            let report = Handle::current().block_on(play(&*vendor, script));
            (at, (vendor.description().clone(), report))
        });
    }
    let mut adapters = tried.join_all().await;
    adapters.sort_by_key(|(at, _)| *at);
    let adapters: Vec<_> = adapters.into_iter().map(|(_, adapter)| adapter).collect();
    out.write_all(matrix(&adapters).as_bytes())?;
    let failed = adapters.iter().filter(|(_, report)| !report.passed());
    match failed.map(|(description, _)| description.vendor.as_str()).collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        failed => Err(Failure::Refused(format!("the conformance kit fails: {}", failed.join(", ")))),
    }
}

fn known(name: &str) -> Result<Known, Failure> {
    vendors::named(name).ok_or_else(|| {
        Failure::usage(format!(
            "{name:?} is no adapter of this build; there are {}",
            vendors::names().join(", ")
        ))
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|fault| Failure::Refused(format!("cannot read {}: {fault}", path.display())))
}

fn list() -> String {
    let rows = vendors::all().into_iter().map(|known| {
        let Description { vendor, title, version, reads, .. } = known.vendor.description();
        vec![vendor.clone(), title.clone(), version.clone(), reads.clone()]
    });
    Table {
        heading: Vec::new(),
        columns: vec![
            Column::text("Adapter"),
            Column::text("Vendor"),
            Column::text("Version"),
            Column::flexible("Reads", 20),
        ],
        rows: rows.collect(),
        notes: vec!["`callgauge adapter describe ADAPTER` has the settings of one.".to_owned()],
    }
    .render()
}

fn describe(description: &Description) -> String {
    let Description {
        vendor,
        title,
        version,
        reads,
        settings,
        reaches_back,
        late_by,
        longest_window,
        metrics,
        outcomes,
        sees_corrections,
        sees_deletions,
        unknown_wait,
        unknown_talk,
        unconfirmed,
    } = description;
    let mut text = format!("{title} ({vendor} {version})\n{reads}\n\nSettings\n");
    for SettingSpec { key, kind, required, help } in settings {
        let needed = if *required { ", required" } else { "" };
        text.push_str(&format!("  {key} ({}{needed})\n      {help}\n", kind_name(*kind)));
    }
    text.push_str("\nReach\n");
    let keeps = reaches_back.map_or_else(|| "without end".to_owned(), |span| span.to_string());
    text.push_str(&format!("  the vendor keeps calls       {keeps}\n"));
    text.push_str(&format!("  records come late by         {late_by}\n"));
    text.push_str(&format!("  longest stretch of one read  {longest_window}\n"));
    let seen = |seen: bool| if seen { "seen" } else { "not seen" };
    text.push_str(&format!("  corrections                  {}\n", seen(*sees_corrections)));
    text.push_str(&format!("  deletions                    {}\n", seen(*sees_deletions)));
    for (unknown, name) in [(*unknown_wait, "waits"), (*unknown_talk, "talk times")] {
        if unknown {
            text.push_str(&format!(
                "  the vendor cannot know       {name}: absent in records, NOT_AVAILABLE in answers\n"
            ));
        }
    }
    let metrics = metrics.iter().map(|(metric, support)| (word(metric), word(support)));
    text.push_str(&section("Metrics", metrics.collect()));
    let outcomes = outcomes.iter().map(|OutcomeSupport { outcome, reason, how }| {
        let reason = reason.map(|reason| format!(", {}", reason.name())).unwrap_or_default();
        let how = match how {
            How::Native => "the vendor's own word",
            How::Derived => "derived",
        };
        (format!("{}{reason}", outcome.name()).replace('_', " "), how.to_owned())
    });
    text.push_str(&section("Outcomes", outcomes.collect()));
    if !unconfirmed.is_empty() {
        text.push_str("\nNot confirmed by the vendor's documentation\n");
    }
    for line in unconfirmed {
        text.push_str(&format!("  - {line}\n"));
    }
    text
}

/// A heading, and under it what is said of each.
fn section(heading: &str, lines: Vec<(String, String)>) -> String {
    let widest = lines.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
    let lines = lines.into_iter().map(|(what, said)| format!("  {what:<widest$}  {said}\n"));
    format!("\n{heading}\n{}", lines.collect::<String>())
}

/// The name that a choice has in files, with spaces.
fn word(choice: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(choice).unwrap_or_default();
    json.as_str().unwrap_or_default().replace('_', " ")
}

const fn kind_name(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "text",
        SettingKind::Secret => "secret",
        SettingKind::Number => "number",
        SettingKind::Switch => "true or false",
        SettingKind::List => "list of text",
        SettingKind::Table => "table",
    }
}

fn map(args: MapArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let MapArgs { vendor, files, settings } = args;
    let known = known(&vendor)?;
    let table = match settings {
        None => toml::Table::new(),
        Some(path) => read(&path)?.parse().map_err(|fault: toml::de::Error| {
            Failure::usage(format!("{}: {}", path.display(), fault.message()))
        })?,
    };
    let settings = Settings::from(table);
    for path in files {
        let shown = path.display();
        let refused = |why: String| Failure::Refused(format!("{shown}: {why}"));
        let length = std::fs::metadata(&path).map_err(|fault| refused(fault.to_string()))?.len();
        if length > PAYLOAD_BYTES {
            return Err(refused(format!("is longer than {} MiB: cut it", PAYLOAD_BYTES >> 20)));
        }
        let payload = std::fs::read(&path).map_err(|fault| refused(fault.to_string()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let request = MapRequest { name: &name, payload: &payload, settings: &settings, now: now() };
        let now = request.now;
        let page = known.vendor.map(request).map_err(|fault| refused(fault.to_string()))?;
        let page = page.checked(now, known.vendor.unknown_durations(&settings));
        out.write_all(page.to_lines().as_bytes())?;
        eprintln!("callgauge: {shown}: {}", summary(&page));
    }
    Ok(())
}

/// What came of a payload, in a line.
fn summary(page: &Page) -> String {
    let Page { calls, rejects, tallies, unknown_words: _, in_progress, next: _ } = page;
    let counts = [
        (calls.len() as u64, "calls"),
        (*in_progress, "in progress"),
        (tallies.len() as u64, "counts"),
        (rejects.len() as u64, "rejects"),
    ];
    let there: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| format!("{count} {of}")).collect();
    if there.is_empty() {
        return "nothing: it has no row of a call with somebody outside".to_owned();
    }
    there.join(", ")
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn new(name: &str, into: &Path, sdk: &Path, out: &mut dyn Write) -> Result<(), Failure> {
    let written = generate_with(name, into, sdk).map_err(|fault| Failure::Refused(fault.to_string()))?;
    for path in &written {
        writeln!(out, "{}", path.display())?;
    }
    writeln!(out, "\nTo fill in:")?;
    for (path, line, what) in to_fill_in(&written) {
        writeln!(out, "{}:{line}: {what}", path.display())?;
    }
    writeln!(
        out,
        "\nThen: put \"{}\" into members of Cargo.toml, and cargo test -p callgauge-adapter-{name}: it passes as it is, against a vendor of its own making.",
        into.join(name).display()
    )?;
    Ok(())
}
