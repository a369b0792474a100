//! Reading what a request asks for: fields of query, form, JSON, path or text, and times in any of the shapes that vendors take.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::http::Request;
use super::script::Asked;

/// What a path template captured.
pub(crate) type Captures = BTreeMap<String, String>;

/// Whether a route takes a request, and what its path captured.
pub(crate) fn takes(asked: &Asked<'_>, request: &Request, fill: impl Fn(&str) -> String) -> Option<Captures> {
    let Asked { method, path, query, form, json, header } = asked;
    if request.method != *method {
        return None;
    }
    let mut captures = Captures::new();
    if !path_matches(&fill(path), &request.path, &mut captures) {
        return None;
    }
    let fits = query.iter().all(|(name, value)| request.asked(name) == Some(fill(value).as_str()))
        && form.iter().all(|(name, value)| request.form(name).is_some_and(|said| said == fill(value)))
        && header
            .iter()
            .all(|(name, value)| request.header(&name.to_ascii_lowercase()) == Some(fill(value).as_str()))
        && json.iter().all(|(pointer, value)| {
            let wanted = match value {
                toml::Value::String(text) => fill(text),
                other => other.to_string(),
            };
            json_text(&request.body, pointer).is_some_and(|said| said == wanted)
        });
    fits.then_some(captures)
}

/// Whether a path is of a template in which `{name}` stands for any text without "/".
fn path_matches(template: &str, path: &str, captures: &mut Captures) -> bool {
    let Some((before, rest)) = template.split_once('{') else { return template == path };
    let Some((name, after)) = rest.split_once('}') else { return template == path };
    let Some(path) = path.strip_prefix(before) else { return false };
    let longest = path.find('/').unwrap_or(path.len());
    for end in (0..=longest).filter(|end| path.is_char_boundary(*end)) {
        if path_matches(after, &path[end..], captures) {
            captures.insert(name.to_owned(), path[..end].to_owned());
            return true;
        }
    }
    false
}

/// A field of a request: `query:NAME`, `form:NAME`, `json:/POINTER`, `path:NAME`, `header:NAME`, `after:TEXT`.
pub(crate) fn field(spec: &str, request: &Request, captures: &Captures) -> Option<String> {
    let (kind, name) = spec.split_once(':')?;
    match kind {
        "query" => request.asked(name).map(str::to_owned),
        "form" => request.form(name),
        "json" => json_text(&request.body, name),
        "path" => captures.get(name).cloned(),
        "header" => request.header(&name.to_ascii_lowercase()).map(str::to_owned),
        "after" => {
            let query: String = request.query.iter().map(|(key, value)| format!("{key}={value}&")).collect();
            let text = format!("{}\n{query}", request.body);
            let (_, rest) = text.split_once(name)?;
            let ends = |c: char| matches!(c, '"' | '\\' | '\'' | ',' | ')' | '}' | '&' | '\n');
            Some(rest.split(ends).next().unwrap_or_default().trim().to_owned())
        }
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

/// A place in a JSON text, as text.
pub(crate) fn json_text(body: &str, pointer: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    match value.pointer(pointer)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A time in milliseconds since 1970, and how long it lasts (a date a day, everything else 1 ms).
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Option<(i64, i64)> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        // Seconds until the year 5138, milliseconds above.
        let millis = if number.abs() > 100_000_000_000.0 { number } else { number * 1_000.0 };
        return Some((millis.floor() as i64, 1));
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some((stamp.as_millisecond(), 1));
    }
    let in_zone = |at: DateTime| Some(zone.to_zoned(at).ok()?.timestamp().as_millisecond());
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        let from = in_zone(date.at(0, 0, 0, 0))?;
        let until = in_zone(date.checked_add(Span::new().days(1)).ok()?.at(0, 0, 0, 0))?;
        return Some((from, until - from));
    }
    // "2026-03-02 08:00:05+0000", RFC 2822, and local times.
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%a, %d %b %Y %H:%M:%S %z"] {
        if let Ok(stamp) = Timestamp::strptime(format, text) {
            return Some((stamp.as_millisecond(), 1));
        }
    }
    let at: DateTime = text.replace('/', "-").parse().ok()?;
    Some((in_zone(at)?, 1))
}

/// A zone by its IANA name; UTC where there is none of that name.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_shape() {
        let london = zone("Europe/London");
        for (text, millis) in [
            ("2026-07-02T08:00:05Z", 1_782_979_205_000),
            ("2026-07-02T09:00:05.250+01:00", 1_782_979_205_250),
            ("2026-07-02 09:00:05", 1_782_979_205_000),
            ("2026/07/02 09:00:05", 1_782_979_205_000),
            ("1782979205", 1_782_979_205_000),
            ("1782979205.5", 1_782_979_205_500),
            ("1782979205000", 1_782_979_205_000),
            ("Thu, 02 Jul 2026 08:00:05 +0000", 1_782_979_205_000),
            ("2026-07-02 08:00:05+0000", 1_782_979_205_000),
        ] {
            assert_eq!(instant(text, &london), Some((millis, 1)), "{text}");
        }
        assert_eq!(instant("2026-03-29", &london), Some((1_774_742_400_000, 23 * 3_600_000)));
        assert_eq!(instant("soon", &london), None);
    }

    #[test]
    fn paths_capture_what_is_named() {
        let mut captures = Captures::new();
        assert!(path_matches(
            "/x/Get(from={a},to={b})",
            "/x/Get(from=2026-01-01T00:00Z,to=1)",
            &mut captures
        ));
        assert_eq!((captures["a"].as_str(), captures["b"].as_str()), ("2026-01-01T00:00Z", "1"));
        assert!(!path_matches("/v1/calls/{id}", "/v1/calls/1/recordings", &mut captures));
    }

    #[test]
    fn a_field_is_found_wherever_it_is() {
        let request = Request {
            body: r#"{"query":"{all(startDate:\"2026-03-02\",first:5)}","paging":{"number":2}}"#.to_owned(),
            ..Request::default()
        };
        let none = Captures::new();
        assert_eq!(field("json:/paging/number", &request, &none).as_deref(), Some("2"));
        assert_eq!(field("after:startDate:\\\"", &request, &none).as_deref(), Some("2026-03-02"));
        assert_eq!(field("query:x", &request, &none), None);
    }
}
