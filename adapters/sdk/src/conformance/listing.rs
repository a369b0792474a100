//! The rows of a list as a request sees them: those of a round, within a window, cut into pages.

use std::collections::BTreeMap;

use super::http::Request;
use super::script::{ListRoute, Order, PagesBy, Row, Script, WindowAsked};
use super::select::{Captures, field, instant, zone};

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// A row that is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) at: Option<Millis>,
    pub(crate) body: &'a str,
}

/// A place in a list: which stretch of it, and how many rows lie before.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlaceIn {
    pub(crate) list: String,
    pub(crate) from: Option<Millis>,
    pub(crate) until: Option<Millis>,
    pub(crate) skip: usize,
}

impl PlaceIn {
    /// As opaque text, of letters only.
    pub(crate) fn text(&self) -> String {
        let bound = |at: Option<Millis>| at.map(|at| at.to_string()).unwrap_or_default();
        let plain = format!("{}~{}~{}~{}", self.list, bound(self.from), bound(self.until), self.skip);
        plain.bytes().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'a' + half)).collect()
    }

    /// Back from its text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let halves: Vec<u8> =
            text.bytes().map(|b| b.checked_sub(b'a').filter(|half| *half < 16)).collect::<Option<_>>()?;
        let bytes =
            halves.chunks(2).map(|two| Some(two.first()? << 4 | two.get(1)?)).collect::<Option<_>>()?;
        let plain = String::from_utf8(bytes).ok()?;
        let mut parts = plain.split('~');
        let list = parts.next()?.to_owned();
        let mut bound = || -> Option<Option<Millis>> {
            let part = parts.next()?;
            if part.is_empty() { Some(None) } else { part.parse().ok().map(Some) }
        };
        let (from, until) = (bound()?, bound()?);
        Some(Self { list, from, until, skip: parts.next()?.parse().ok()? })
    }
}

/// What a request asks of a list.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) place: PlaceIn,
    /// Whether it goes on from a page before.
    pub(crate) later: bool,
}

/// Reads what a request asks of a list.
pub(crate) fn asking(list: &ListRoute, request: &Request, captures: &Captures) -> Asking {
    let pages = list.pages.as_ref();
    let said = pages.and_then(|pages| pages.ask.iter().find_map(|spec| field(spec, request, captures)));
    let window = || match &list.window {
        Some(window) => bounds(window, request, captures),
        None => (None, None),
    };
    let fresh = |skip: usize| {
        let (from, until) = window();
        PlaceIn { list: list.name.clone(), from, until, skip }
    };
    let place = match (pages, said) {
        (None, _) | (_, None) => fresh(0),
        (Some(pages), Some(said)) => match pages.by {
            PagesBy::Place => {
                PlaceIn::parse(&said).filter(|place| place.list == list.name).unwrap_or_else(|| fresh(0))
            }
            PagesBy::Page => {
                let number: usize = said.parse().unwrap_or(0);
                fresh(number.saturating_sub(pages.first.unwrap_or(1)) * pages.size)
            }
            PagesBy::Offset => fresh(said.parse().unwrap_or(0)),
        },
    };
    let later = place.skip > 0;
    Asking { place, later }
}

/// The window that a request names.
pub(crate) fn bounds(
    window: &WindowAsked,
    request: &Request,
    captures: &Captures,
) -> (Option<Millis>, Option<Millis>) {
    let named = match &window.zone {
        Some(spec) if spec.contains(':') => field(spec, request, captures),
        other => other.clone(),
    };
    let zone = zone(named.as_deref().unwrap_or("UTC"));
    let (from, until) = (field(&window.from, request, captures), field(&window.until, request, captures));
    // One field with both: "A/B".
    let (from, until) = if window.from == window.until {
        let both = from.unwrap_or_default();
        let (a, b) = both.split_once('/').unwrap_or((&both, ""));
        (Some(a.to_owned()), Some(b.to_owned()))
    } else {
        (from, until)
    };
    let from = from.and_then(|text| instant(&text, &zone)).map(|(at, _)| at);
    let until = until
        .and_then(|text| instant(&text, &zone))
        .map(|(at, lasts)| if window.until_included { at + lasts } else { at });
    (from, until)
}

/// The rows of a list in a round, in the list's order.
pub(crate) fn standing<'a>(script: &'a Script, list: &str, order: Order, round: usize) -> Vec<Standing<'a>> {
    let first = script.list.first().map_or("", |list| list.name.as_str());
    let mine = |row: &&Row| row.list.as_deref().unwrap_or(first) == list && row.round <= round;
    // A later row with the same id takes the place of the earlier.
    let mut rows: Vec<&Row> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_round: Vec<&Row> = script.row.iter().filter(mine).collect();
    by_round.sort_by_key(|row| row.round);
    for row in by_round {
        match row.id.as_deref().and_then(|id| places.get(id)) {
            Some(place) => rows[*place] = row,
            None => {
                if let Some(id) = row.id.as_deref() {
                    places.insert(id, rows.len());
                }
                rows.push(row);
            }
        }
    }
    let utc = zone("UTC");
    let mut standing: Vec<Standing<'_>> = rows
        .into_iter()
        .filter(|row| !row.deleted)
        .map(|row| Standing {
            id: row.id.as_deref(),
            at: row.at.as_deref().and_then(|at| instant(at, &utc)).map(|(at, _)| at),
            body: &row.body,
        })
        .collect();
    match order {
        Order::Oldest => standing.sort_by_key(|row| row.at),
        Order::Newest => standing.sort_by_key(|row| std::cmp::Reverse(row.at)),
        Order::Written => {}
    }
    standing
}

/// Only those within a stretch of time; rows without a time are always in.
pub(crate) fn within<'a>(
    rows: Vec<Standing<'a>>,
    from: Option<Millis>,
    until: Option<Millis>,
) -> Vec<Standing<'a>> {
    let inside = |at: Millis| from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until);
    rows.into_iter().filter(|row| row.at.is_none_or(inside)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_being_text() {
        let place = PlaceIn { list: "calls".to_owned(), from: Some(-5), until: None, skip: 12 };
        let text = place.text();
        assert!(text.bytes().all(|b| b.is_ascii_lowercase()), "{text}");
        assert_eq!(PlaceIn::parse(&text), Some(place));
        assert_eq!(PlaceIn::parse("3"), None);
    }
}
