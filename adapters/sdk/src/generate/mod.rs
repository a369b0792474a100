//! Writes a new adapter package: one that builds and passes the conformance kit against its own scripted vendor, with the places to fill in marked.
//!
//! The template beside this file is a whole adapter of a vendor called Acme, held to the kit like any other; a new package is the template with
//! Acme's name replaced. Every place to fill in says `FILL IN:`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The files of a package: where they go, and the template.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("template/package.toml")),
    ("src/lib.rs", include_str!("template/src/lib.rs")),
    ("src/wire.rs", include_str!("template/src/wire.rs")),
    ("src/map.rs", include_str!("template/src/map.rs")),
    ("testdata/script.toml", include_str!("template/testdata/script.toml")),
    ("testdata/calls.json", include_str!("template/testdata/calls.json")),
    ("testdata/calls.expected.jsonl", include_str!("template/testdata/calls.expected.jsonl")),
    ("tests/conformance.rs", include_str!("template/tests/conformance.rs")),
];

/// The longest name.
const NAME: usize = 32;

/// Why no package was written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The name is none for a package.
    #[error("an adapter's name is 2 to {NAME} of a to z, 0 to 9 and \"_\", and begins with a letter")]
    Name,
    /// Something is there already.
    #[error("{} is there already; give a name that is free, or move it away", .0.display())]
    Taken(PathBuf),
    /// A file cannot be written.
    #[error("{} cannot be written: {why}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
}

/// Writes a package called `callgauge-adapter-NAME` into the folder `into/NAME`, which must not be there yet. It finds the SDK at `../sdk`, as a folder
/// beside it does; use [`generate_with`] elsewhere.
///
/// Gives the files written, in the order in which they are best read.
///
/// # Errors
/// [`GenerateError`]; files written before the failure stay.
pub fn generate(name: &str, into: &Path) -> Result<Vec<PathBuf>, GenerateError> {
    generate_with(name, into, Path::new("../sdk"))
}

/// The same with the path of the SDK, as the package's Cargo.toml shall have it.
///
/// # Errors
/// [`GenerateError`].
pub fn generate_with(name: &str, into: &Path, sdk: &Path) -> Result<Vec<PathBuf>, GenerateError> {
    let named = name.len() >= 2
        && name.len() <= NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !named {
        return Err(GenerateError::Name);
    }
    let folder = into.join(name);
    if folder.exists() {
        return Err(GenerateError::Taken(folder));
    }
    let mut written = Vec::new();
    for (path, template) in FILES {
        let path = folder.join(path);
        let text = filled(template, name, sdk);
        write(&path, &text).map_err(|why| GenerateError::Write { path: path.clone(), why })?;
        written.push(path);
    }
    Ok(written)
}

/// Where a package has something to fill in: file, line from 1, and what.
pub fn to_fill_in(files: &[PathBuf]) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            if let Some((_, what)) = line.split_once("FILL IN: ") {
                found.push((path.clone(), at + 1, what.to_owned()));
            }
        }
    }
    found
}

/// A template with the name in Acme's place.
fn filled(template: &str, name: &str, sdk: &Path) -> String {
    let title: String = name.split('_').map(capitalised).collect();
    template
        .replace("SDK_PATH", &sdk.display().to_string().replace('\\', "/"))
        .replace("acme.example", "VENDOR.example")
        .replace("acme", name)
        .replace("Acme", &title)
        .replace("VENDOR.example", "vendor.example")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}
