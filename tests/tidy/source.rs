//! Source text, as the rules look at it: without comments and literals, and without tests where a rule leaves those alone.
//!
//! This is no parser. It knows strings, characters, comments and braces, which is enough to tell a name that is used from one that is talked about.

use std::path::{Path, PathBuf};

/// What stands before an item that is compiled for tests only.
const TEST_MARK: &str = "#[cfg(test)]";

/// A file of the project.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Path from the project's root, with `/`.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// With comments and literals blanked out; lines stay where they are.
    pub(crate) code: String,
    /// `code` with `#[cfg(test)]` items blanked out; empty where the whole file is test code.
    pub(crate) production: String,
}

impl Source {
    /// From a path and a text; the planted faults of the tests are made with it.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { without_comments_and_literals(text) } else { text.to_owned() };
        let production = if is_test_file(path) { String::new() } else { without_tests(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, production }
    }

    /// Whether it lies in a folder.
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }

    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is a proto.
    pub(crate) fn is_proto(&self) -> bool {
        self.path.ends_with(".proto")
    }
}

/// Every Rust source and proto of the project that is at `root`, in order of path.
pub(crate) fn project(root: &Path) -> Vec<Source> {
    let mut paths = vec![root.join("build.rs")];
    for folder in ["src", "adapters", "tests", "benches", "proto"] {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let mut sources: Vec<Source> = paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("source files are readable UTF-8");
            let relative = path.strip_prefix(root).expect("found below the root");
            Source::new(&relative.to_string_lossy().replace('\\', "/"), &text)
        })
        .collect();
    blank_test_modules(&mut sources);
    sources
}

/// Files that are modules under `#[cfg(test)]` are test code as a whole.
pub(crate) fn blank_test_modules(sources: &mut [Source]) {
    let modules: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in sources {
        if modules.iter().any(|module| source.is_in(module)) {
            source.production.clear();
        }
    }
}

/// Paths, without ending, of the modules that a file declares under `#[cfg(test)]`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder,
        _ => source.path.trim_end_matches(".rs"),
    };
    source
        .code
        .split(TEST_MARK)
        .skip(1)
        .filter_map(|item| {
            item.split(';').next()?.split_once("mod ").filter(|(before, _)| !before.contains('{'))
        })
        .filter(|(_, name)| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .map(|(_, name)| format!("{folder}/{name}"))
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("folders can be listed").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "proto") {
            found.push(path);
        }
    }
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
}

/// Where a word stands in code, as lines from 1. A word may be a path such as `std::fs`; it has to end where a name ends.
pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
    offsets_of(code, word).into_iter().map(|at| line_of(code, at)).collect()
}

/// Where a word stands in code, as byte offsets.
pub(crate) fn offsets_of(code: &str, word: &str) -> Vec<usize> {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let bytes = code.as_bytes();
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| {
            let open_start = word.starts_with(|c: char| !c.is_alphanumeric()) || at == 0;
            let open_end = word.ends_with(|c: char| !c.is_alphanumeric());
            (open_start || !is_name(bytes.get(at - 1))) && (open_end || !is_name(bytes.get(at + word.len())))
        })
        .collect()
}

/// The line, from 1, that a byte offset is in.
pub(crate) fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

fn without_comments_and_literals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let skipped = comment_or_literal(rest, out.chars().next_back());
        if skipped == 0 {
            let next = rest.chars().next().expect("not empty");
            out.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    out
}

/// How many bytes a comment or literal at the start of `rest` takes; 0 where there is none.
fn comment_or_literal(rest: &str, before: Option<char>) -> usize {
    let within_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if !within_name && rest.starts_with('r') {
        let hashes = rest[1..].bytes().take_while(|&b| b == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            return rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len());
        }
    }
    if let Some(after) = rest.strip_prefix('\'') {
        // A lifetime has no closing quote after one character.
        let mut characters = after.chars();
        let first = characters.next();
        if first == Some('\\') {
            return quoted(rest, '\'');
        }
        if characters.next() == Some('\'') {
            return 2 + first.map_or(0, char::len_utf8);
        }
    }
    0
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}

fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(TEST_MARK) {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let length = item_length(item);
        out.extend(item[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &item[length..];
    }
    out.push_str(rest);
    out
}

/// From an attribute to the end of the item under it: the `;` or the closing brace.
fn item_length(item: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}
