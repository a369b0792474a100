//! The conformance kit: whether an adapter is right, found out by playing its vendor and everything that goes wrong with vendors.
//!
//! [`run`] takes an adapter and a script ([`script`] is its format) and gives a [`Report`], a line a check. It plays the vendor on a real HTTP server
//! on loopback (or in a temporary folder, for adapters that read files), and a host in small that keeps the law of the store, is killed at every page
//! and between fetch and commit, and re-reads what it has read. Every fault that vendors have is done to every adapter, at requests all over the
//! reading; whatever the adapter gives back or logs is looked through for planted secrets and callers' data.
//!
//! What an adapter makes of saved payloads is held by [`golden`], how fast it does so is measured by [`speed`].
//!
//! No time is lost: while it runs an adapter, [`crate::clock::current`] is a clock on which waiting takes no time, so that minutes of a rate budget
//! are counted exactly. Nothing reaches beyond loopback.

mod checks;
mod expect;
mod fast_clock;
mod fault;
pub mod golden;
mod host;
mod http;
mod listing;
mod logs;
mod marks;
mod report;
pub mod script;
mod select;
pub mod speed;
#[cfg(test)]
mod tests;
mod trial;
mod world;

use std::pin::Pin;
use std::sync::Arc;

use crate::Vendor;
pub use fast_clock::FastClock;
pub use report::{Line, Report, Verdict, matrix};
use script::Script;
use trial::Trial;

/// At how many requests each fault is tried, spread over all of them.
const PLACES: usize = 8;
/// The same where waiting takes time.
const FEW: usize = 2;

/// A report being made. Boxed, so that the kit is compiled here once and not in every package that runs it.
pub type Playing<'a> = Pin<Box<dyn Future<Output = Report> + 'a>>;

/// Makes every check of an adapter, with its script.
///
/// Needs a tokio runtime with I/O and time. A script that cannot be read or played is a failed line of the report.
pub fn run<'a>(vendor: &'a dyn Vendor, script: &'a str) -> Playing<'a> {
    Box::pin(play(vendor, script, false, PLACES))
}

/// The same for an adapter that knows only the machine's clock, because it is a program of its own: what it is told to wait it waits, so that there are fewer
/// and shorter waits, and its budget is not tried. Takes about half a minute.
pub fn run_in_real_time<'a>(vendor: &'a dyn Vendor, script: &'a str) -> Playing<'a> {
    Box::pin(play(vendor, script, true, FEW))
}

async fn play(vendor: &dyn Vendor, script: &str, real: bool, places: usize) -> Report {
    const CHECK: &str = "the script can be read";
    const TO_DO: &str = "mend the script; its format is in the documentation of conformance::script";
    let mut report = Report::new(vendor.description().vendor.clone());
    // By way of a table, which says as much of what is wrong and takes half as much code to compile.
    let script: Script = match script.parse().and_then(toml::Table::try_into) {
        Ok(script) => script,
        Err(error) => {
            report.add(CHECK, Verdict::Failed, error.to_string(), TO_DO);
            return report;
        }
    };
    let trial = Trial { vendor, script: Arc::new(script), real, places };
    if let Err(why) = checks::all(&trial, &mut report).await {
        report.add(CHECK, Verdict::Failed, why, TO_DO);
    }
    report
}
