//! The rules: each takes the project's sources and gives the places where it is broken.

use super::source::{Source, line_of, lines_with, offsets_of};

/// A rule: sources in, faults out, each "path:line: what is wrong".
pub(crate) type Rule = fn(&[Source]) -> Vec<String>;

/// The pure rooms, and what each may import of the others.
const PURE_ROOMS: [(&str, &[&str]); 6] = [
    ("calendar", &[]),
    ("compare", &["calendar"]),
    ("definitions", &["calendar"]),
    ("metrics", &["calendar", "definitions"]),
    ("organisations", &["calendar"]),
    ("pictures", &[]),
];

/// What a pure room knows nothing of: the outside world, its clock, the wire, the disk.
const OUTSIDE_WORLD: [&str; 19] = [
    "tonic",
    "prost",
    "prost_types",
    "serde_json",
    "rusqlite",
    "reqwest",
    "tokio",
    "tracing",
    "axum",
    "rand",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// Parts of field names that would make room for a caller.
const CALLERS: [&str; 7] = ["caller", "phone", "msisdn", "recording", "dialled_number", "cli_number", "ani"];

/// Pure rooms import each other downwards only, and none of the other rooms.
pub(crate) fn pure_rooms_import_downwards(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for (room, below) in PURE_ROOMS {
        for source in sources.iter().filter(|s| s.is_in(&format!("src/{room}"))) {
            for (at, other) in rooms_named(source) {
                if other != room && !below.contains(&other.as_str()) {
                    faults.push(fault(
                        source,
                        line_of(&source.production, at),
                        &format!("{room} may not import {other}"),
                    ));
                }
            }
        }
    }
    faults
}

/// Pure rooms know no I/O, no clock and no wire; neither does the schema.
pub(crate) fn pure_rooms_know_no_outside_world(sources: &[Source]) -> Vec<String> {
    let pure = |source: &&Source| {
        source.is_in("adapters/schema/src")
            || PURE_ROOMS.iter().any(|(room, _)| source.is_in(&format!("src/{room}")))
    };
    named(
        sources.iter().filter(pure),
        &OUTSIDE_WORLD,
        "is of the outside world: take what it gives as an argument",
    )
}

/// The store and what is below it know nothing of who asks; ingest and service come after them.
pub(crate) fn the_store_looks_down_only(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| s.is_in("src/store")) {
        for (at, other) in rooms_named(source) {
            if ["ingest", "access", "service", "cli", "replay", "proto"].contains(&other.as_str()) {
                faults.push(fault(
                    source,
                    line_of(&source.production, at),
                    &format!("store may not import {other}"),
                ));
            }
        }
    }
    faults
}

/// One folder names the database driver.
pub(crate) fn only_the_sqlite_store_names_rusqlite(sources: &[Source]) -> Vec<String> {
    let others =
        sources.iter().filter(|s| (s.is_in("src") || s.is_in("adapters")) && !s.is_in("src/store/sqlite"));
    named(others, &["rusqlite"], "is for src/store/sqlite alone")
}

/// The wire is named where requests are served and where the command line asks.
pub(crate) fn only_service_and_cli_name_tonic(sources: &[Source]) -> Vec<String> {
    let rooms = ["src/service", "src/cli", "src/ingest/host", "src/proto"];
    let others = sources
        .iter()
        .filter(|s| (s.is_in("src") || s.is_in("adapters")) && !rooms.iter().any(|room| s.is_in(room)));
    named(
        others,
        &["tonic", "tonic_health", "tonic_reflection"],
        "is for src/service, src/ingest/host and src/cli alone",
    )
}

/// HTTP towards vendors is an adapter's business.
pub(crate) fn only_adapters_name_reqwest(sources: &[Source]) -> Vec<String> {
    let others = sources.iter().filter(|s| s.is_in("src") || s.is_in("adapters/schema"));
    named(others, &["reqwest"], "is for adapters alone")
}

/// Every Rust file opens with what it knows and why it is there.
pub(crate) fn every_file_says_what_it_is(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|s| s.is_rust() && !s.text.starts_with("//! "))
        .map(|s| fault(s, 1, "does not open with //! and what it knows"))
        .collect()
}

/// No Rust file over 500 lines.
pub(crate) fn no_file_is_over_500_lines(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|s| s.is_rust() && s.text.lines().count() > 500)
        .map(|s| fault(s, 501, &format!("has {} lines: 500 are the most", s.text.lines().count())))
        .collect()
}

/// No `unsafe`, anywhere.
pub(crate) fn nothing_is_unsafe(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|s| s.is_rust())
        .flat_map(|s| lines_with(&s.code, "unsafe").into_iter().map(|line| fault(s, line, "unsafe")))
        .collect()
}

/// No module is named for being useful.
pub(crate) fn names_say_what_is_inside(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        let inner = |name: &str| EMPTY_NAMES.contains(&name.trim_end_matches(".rs"));
        if source.path.split('/').any(inner) {
            faults.push(fault(source, 1, "is named for being useful, not for what it is"));
        }
        for name in EMPTY_NAMES {
            for line in lines_with(&source.code, &format!("mod {name}")) {
                faults.push(fault(
                    source,
                    line,
                    &format!("mod {name} is named for being useful, not for what it is"),
                ));
            }
        }
    }
    faults
}

/// Nothing that was left behind: dbg!, todo!, unimplemented!, and unwrap outside tests.
pub(crate) fn nothing_is_left_behind(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        for word in ["dbg!", "todo!", "unimplemented!"] {
            faults.extend(lines_with(&source.code, word).into_iter().map(|line| fault(source, line, word)));
        }
        for line in lines_with(&source.production, ".unwrap()") {
            faults.push(fault(
                source,
                line,
                "unwrap outside tests: expect with the reason why it cannot fail, or an error",
            ));
        }
    }
    faults
}

/// What the service says to people it says through `cli`; the rest logs.
pub(crate) fn only_the_command_line_prints(sources: &[Source]) -> Vec<String> {
    let others = sources
        .iter()
        .filter(|s| (s.is_in("src") || s.is_in("adapters")) && !s.is_in("src/cli") && !s.is_in("src/main"));
    named(others, &["println!", "eprintln!", "print!", "eprint!"], "is for src/cli: log it, or return it")
}

/// The zero value of every enum in the protos says that nothing was said.
pub(crate) fn enum_zero_values_are_unspecified(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| s.is_proto()) {
        for (number, line) in source.text.lines().enumerate() {
            let line = line.trim();
            let zero = line.strip_suffix("= 0;").map(str::trim);
            if zero.is_some_and(|name| !name.starts_with("//") && !name.ends_with("_UNSPECIFIED")) {
                faults.push(fault(source, number + 1, "the zero value of an enum ends in _UNSPECIFIED"));
            }
        }
    }
    faults
}

/// There is no field for a caller's number or name or for a recording: not in the protos, not in the schema, not in the store's contract.
pub(crate) fn there_is_no_room_for_a_caller(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let fields: Vec<(usize, &str)> = if source.is_proto() {
            source
                .text
                .lines()
                .enumerate()
                .filter_map(|(n, line)| Some((n + 1, proto_field(line)?)))
                .collect()
        } else if source.is_in("adapters/schema/src") || source.is_in("src/store") {
            source
                .production
                .lines()
                .enumerate()
                .filter_map(|(n, line)| Some((n + 1, rust_field(line)?)))
                .collect()
        } else {
            Vec::new()
        };
        for (line, field) in fields {
            let parts: Vec<&str> = field.split('_').collect();
            if CALLERS.iter().any(|word| {
                field == *word || parts.contains(word) || (word.contains('_') && field.contains(word))
            }) {
                faults.push(fault(
                    source,
                    line,
                    &format!("a field called {field}: nothing of a caller is kept"),
                ));
            }
        }
    }
    faults
}

fn fault(source: &Source, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", source.path)
}

fn named<'a>(sources: impl Iterator<Item = &'a Source>, words: &[&str], why: &str) -> Vec<String> {
    sources
        .filter(|source| source.is_rust())
        .flat_map(|source| {
            words.iter().flat_map(move |word| {
                lines_with(&source.production, word)
                    .into_iter()
                    .map(move |line| fault(source, line, &format!("{word} {why}")))
            })
        })
        .collect()
}

/// The rooms that a file names: `crate::room`, each of `crate::{room, ..}`, and `super::` that climbs out of its own room.
fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let code = &source.production;
    let mut found = Vec::new();
    for at in offsets_of(code, "crate::") {
        for room in heads(&code[at + "crate::".len()..]) {
            found.push((at, room));
        }
    }
    // A file of a room is a module of depth 1 (mod.rs) or more; as many `super::` lead to the crate.
    let inside = source.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let climb = "super::".repeat(inside.split('/').count());
    for at in offsets_of(code, &climb) {
        if !code[..at].ends_with("super::") {
            for room in heads(code[at + climb.len()..].trim_start_matches("super::")) {
                found.push((at, room));
            }
        }
    }
    found
}

/// The first names of what follows `crate::`: one, or those of a group in braces.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut found = vec![name(group)];
    let mut depth = 0usize;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The name of the field that a line of a proto declares.
fn proto_field(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with("//") || line.starts_with("option ") {
        return None;
    }
    let (declaration, number) = line.strip_suffix(';')?.split_once(" = ")?;
    number.split(' ').next()?.parse::<u32>().ok()?;
    let (kind, name) = declaration.rsplit_once(' ')?;
    (!kind.is_empty()).then_some(name)
}

/// The name of the field that a line of Rust declares.
fn rust_field(line: &str) -> Option<&str> {
    let (name, kind) = line.trim().split_once(": ")?;
    let name = name.rsplit(' ').next()?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    (is_name && kind.ends_with(',')).then_some(name)
}
