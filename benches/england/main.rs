//! How fast and how large callgauge is with a month of England, beside PostgreSQL and DuckDB; writes docs/benchmarks.md.
//!
//! `CALLGAUGE_WORKBOOK=FILE cargo bench --bench england` replays NHS England's workbook with `--as-measured`. Without a workbook it makes up a month of
//! 500 practices and says so. Client and server share the machine, as they do in the figures. The release binary runs as a process of its own on a
//! folder below `CALLGAUGE_BENCH_DIR` (or the system's folder for temporary files), which goes away at the end.
//!
//! `CALLGAUGE_BENCH_COMPARE_ROWS` (3,000,000) says about how many of the records the others get: all calls of as many practices, which stand evenly between
//! the smallest and the largest; a large number means everything. Those records also go into an empty callgauge, so that ratios compare like with like. `CALLGAUGE_BENCH_PYTHON` (python3) is the Python that has duckdb.
//! `CALLGAUGE_BENCH_ONLY=england` or `=compare` leaves the other part out.

mod client;
mod compare;
mod made_up;
mod month;
mod report;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use crate::server::Server;

/// What went wrong; the bench ends with it.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Where the calls come from.
pub(crate) enum Calls {
    /// NHS England's workbook.
    Workbook(PathBuf),
    /// Made up here.
    MadeUp,
}

/// As in the program, whose command line is such a client.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Fault> {
    // `cargo test --benches` runs this too, with --test; a bench has nothing to say there.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Fault> {
    let calls = match std::env::var_os("CALLGAUGE_WORKBOOK") {
        Some(path) => Calls::Workbook(PathBuf::from(path).canonicalize()?),
        None => Calls::MadeUp,
    };
    let only = std::env::var("CALLGAUGE_BENCH_ONLY").unwrap_or_default();
    let base = std::env::var_os("CALLGAUGE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::Builder::new().prefix("callgauge-bench-").tempdir_in(base)?;
    let mut report = report::Report::new(&calls);

    let mut server = Server::start(&folder.path().join("england")).await?;
    let month = month::load(&server, &calls, &mut report).await?;
    if only != "compare" {
        month::questions(&server, &month, &mut report).await?;
        month::load_again(&server, &calls, &month, &mut report).await?;
        server = month::restarts(server, &month, &mut report).await?;
    }
    if only != "england" {
        let sample = compare::draw(&server, &month, &folder.path().join("sample.csv")).await?;
        server.stop().await?;
        compare::run(folder.path(), &sample, &month, &mut report).await?;
    } else {
        server.stop().await?;
    }
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    // What the bench of comparisons wrote stays.
    let page = std::fs::read_to_string(&place).unwrap_or_default();
    let kept = page.find("\n## Comparisons\n").map_or("", |at| &page[at..]);
    std::fs::write(&place, report.markdown() + kept)?;
    println!("\n{}\nwritten to {}", report.markdown(), place.display());
    Ok(())
}

/// The middle one; of an even number the later of the two in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
