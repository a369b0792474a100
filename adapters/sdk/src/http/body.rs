//! Reading an answer's body: bounded, and into a wire type; what is wrong with it is said without quoting any of it.

use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Why a body cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Cut short or no JSON at all: a repeat may help.
    Broken(String),
    /// JSON of another shape than documented: a repeat will not help.
    Shape(String),
}

/// The body, as long as it stays below a limit. It takes memory once where its length was said, and else twice for a moment.
pub(super) async fn read(response: reqwest::Response, limit: usize) -> Result<Bytes, BodyFault> {
    let mut response = response;
    let declared = response.content_length();
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(BodyFault::TooLong);
    }
    let said = declared.and_then(|length| usize::try_from(length).ok());
    let mut body = BytesMut::with_capacity(said.unwrap_or(0));
    let (mut parts, mut length) = (Vec::new(), 0);
    while let Some(chunk) = response.chunk().await.map_err(|_| BodyFault::Cut)? {
        length += chunk.len();
        if length > limit {
            return Err(BodyFault::TooLong);
        }
        match said {
            Some(_) => body.extend_from_slice(&chunk),
            None => parts.push(chunk),
        }
    }
    body.reserve(length - body.len());
    for part in parts {
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    Cut,
    TooLong,
}

/// A body as a wire type.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|fault| {
        let place = place(fault.path());
        unreadable(fault.inner(), &place)
    })?;
    json.end().map_err(|fault| unreadable(&fault, ""))?;
    Ok(value)
}

fn unreadable(fault: &serde_json::Error, place: &str) -> Unreadable {
    let position = format!("line {}, column {}", fault.line(), fault.column());
    match fault.classify() {
        serde_json::error::Category::Data => {
            let at = if place.is_empty() { "the top".to_owned() } else { place.to_owned() };
            Unreadable::Shape(format!("{} at {at} ({position})", expectation(&fault.to_string())))
        }
        serde_json::error::Category::Eof => Unreadable::Broken(format!("ends early, at {position}")),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            Unreadable::Broken(format!("is no JSON, at {position}"))
        }
    }
}

/// What serde expected. Its messages quote what it found first and then what was expected; only the latter, and names of fields, come from our own types.
fn expectation(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(head, _)| head);
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if !expected.contains('"') => format!("expected {expected}"),
        _ => "expected another value".to_owned(),
    }
}

/// `calls[3].duration`. Keys that are no plain names may be data and are left out.
fn place(path: &Path) -> String {
    let mut text = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let plain = key.len() <= 48
                    && key.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == ' ' || c == '-');
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if plain { key } else { "…" });
            }
            Segment::Unknown => text.push('?'),
        }
    }
    text
}
