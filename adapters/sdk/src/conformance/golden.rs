//! Saved payloads of a vendor and the lines that must come of them, file beside file: what an adapter makes of each word and each shape of call, to be read
//! by a person, and held from then on.
//!
//! A folder holds payloads (`calls.json`, `queue_log`) and beside each what comes of it (`calls.expected.jsonl`, `queue_log.expected.jsonl`), as
//! [`Page::to_lines`] writes it. A payload is mapped with the settings of `<its name>.toml`, or else with those of `settings.toml`, or with none.
//! Other `.toml` files are scripts, folders in it are left alone.
//!
//! Payloads carry what the kit's scripts plant as a caller's: numbers from 07700 900000 to 07700 900999, the name Zephyrine Quillfeather, recordings at
//! recordings.invalid. None of it may come out, and it has to go in: a folder without it shows nothing.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use callgauge_schema::{Moment, UnknownDurations};

use super::marks::planted;
use crate::{AdapterError, Fault, MapRequest, Page, Settings, Vendor};

/// Set to anything, what comes is written down instead of compared.
const REWRITE: &str = "CALLGAUGE_REWRITE_GOLDEN";
/// How files are called that hold what has to come.
const EXPECTED: &str = "expected.jsonl";

/// An answer of nobody's.
const ANOTHER: &[u8] = b"{\"unheard_of\": [{\"number\": \"07700 900077\"}]}";

/// What is wrong, a line each, file first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct GoldenFaults(pub Vec<String>);

impl fmt::Display for GoldenFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.join("\n"))
    }
}

/// Maps every payload of a folder at `now` and compares; says how many there were. Every call has to pass the schema as well, and what is cut short or
/// somebody else's JSON has to be refused.
///
/// # Errors
/// Every difference, and a folder without payloads. With CALLGAUGE_REWRITE_GOLDEN in the environment what comes is written down as what has to come.
pub fn check(vendor: &dyn Vendor, folder: impl AsRef<Path>, now: Moment) -> Result<usize, GoldenFaults> {
    compare(vendor, folder.as_ref(), now, std::env::var_os(REWRITE).is_some())
}

fn compare(vendor: &dyn Vendor, folder: &Path, now: Moment, rewrite: bool) -> Result<usize, GoldenFaults> {
    let mut faults = Vec::new();
    let mut personal = false;
    let payloads = payloads(folder).map_err(|why| GoldenFaults(vec![why]))?;
    for path in &payloads {
        match one(vendor, path, now, rewrite) {
            Ok((planted, found)) => {
                personal |= planted;
                faults.extend(found.into_iter().map(|what| format!("{}: {what}", path.display())));
            }
            Err(what) => faults.push(format!("{}: {what}", path.display())),
        }
    }
    let folder = folder.display();
    if payloads.is_empty() {
        faults.push(format!("{folder}: holds no payload: save one as calls.json"));
    } else if !personal {
        faults.push(format!(
            "{folder}: no payload holds a caller's number such as 07700 900077, so that nothing shows that it is dropped: put one in"
        ));
    }
    if faults.is_empty() { Ok(payloads.len()) } else { Err(GoldenFaults(faults)) }
}

/// One payload: whether something personal is in it, and what is wrong with what comes of it.
fn one(vendor: &dyn Vendor, path: &Path, now: Moment, rewrite: bool) -> Result<(bool, Vec<String>), String> {
    let payload = fs::read(path).map_err(|why| format!("cannot be read: {why}"))?;
    let page = mapped(vendor, path, &payload, now)?.map_err(|fault| fault.to_string())?;
    let lines = page.to_lines();
    let mut faults = Vec::new();
    if let Some(what) = planted(&lines).or_else(|| planted(&format!("{page:?}"))) {
        faults.push(format!("{what} comes out: drop it in wire.rs"));
    }
    faults.extend(refused(vendor, &page, now));
    if path.extension().is_some_and(|kind| kind == "json") {
        faults.extend(taken(vendor, path, &payload, now));
    }
    let expected = path.with_extension(EXPECTED);
    if rewrite {
        fs::write(&expected, &lines).map_err(|why| format!("{}: {why}", expected.display()))?;
    } else if let Some(difference) = difference(&fs::read_to_string(&expected).unwrap_or_default(), &lines) {
        faults.push(difference);
    }
    Ok((planted(&String::from_utf8_lossy(&payload)).is_some(), faults))
}

/// Maps a payload with the settings beside it.
fn mapped(
    vendor: &dyn Vendor,
    path: &Path,
    payload: &[u8],
    now: Moment,
) -> Result<Result<Page, AdapterError>, String> {
    let settings = settings_of(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Ok(vendor.map(MapRequest { name: &name, payload, settings: &settings, now }))
}

/// Whether it takes for a payload what is none: one that was cut, somebody else's, nothing at all.
fn taken(vendor: &dyn Vendor, path: &Path, payload: &[u8], now: Moment) -> Option<String> {
    let cut = &payload[..payload.len() / 2];
    let others = [("half of it", cut), ("an answer of another vendor", ANOTHER), ("an empty answer", b"")];
    others.into_iter().find_map(|(what, payload)| match mapped(vendor, path, payload, now).ok()? {
        Err(fault) if fault.fault != Fault::Protocol => {
            Some(format!("{what} is refused as {:?}: it is a Fault::Protocol", fault.fault))
        }
        Err(fault) => planted(&fault.message).map(|of| format!("{what} is refused with {of} in the words")),
        Ok(_) => Some(format!("{what} is taken for a payload: refuse it with a Fault::Protocol")),
    })
}

/// The settings that a payload is mapped with.
pub(crate) fn settings_of(path: &Path) -> Result<Settings, String> {
    let own = path.with_extension("toml");
    let shared = path.with_file_name("settings.toml");
    let Some(file) = [own, shared].into_iter().find(|file| file.is_file()) else {
        return Ok(Settings::default());
    };
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    let table =
        text.parse::<toml::Table>().map_err(|why| format!("{}: {}", file.display(), why.message()))?;
    Ok(Settings::from(table))
}

/// Payloads of a folder, in order of name.
fn payloads(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |why: std::io::Error| format!("{}: {why}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && !name.ends_with(".toml") && !name.ends_with(EXPECTED) && !name.starts_with('.') {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Calls that the schema refuses.
fn refused(vendor: &dyn Vendor, page: &Page, now: Moment) -> Vec<String> {
    let description = vendor.description();
    let unknown = UnknownDurations { wait: description.unknown_wait, talk: description.unknown_talk };
    let faults = page.calls.iter().filter_map(|call| call.fault(now, unknown).map(|fault| (call, fault)));
    faults.map(|(call, fault)| format!("the schema refuses call {}: {fault}", call.draft.call_id)).collect()
}

/// The first line that differs.
fn difference(wanted: &str, came: &str) -> Option<String> {
    if wanted == came {
        return None;
    }
    let (wanted, came): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), came.lines().collect());
    let at = wanted.iter().zip(&came).take_while(|(one, other)| one == other).count();
    let line = |lines: &[&str]| lines.get(at).map_or("nothing", |line| line).to_owned();
    Some(format!(
        "line {} of what comes is\n  {}\nand has to be\n  {}\n{REWRITE}=1 writes down what comes",
        at + 1,
        line(&came),
        line(&wanted)
    ))
}

#[cfg(test)]
mod tests;
