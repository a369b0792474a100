//! Pages of lists, rows by id, and what was announced and never asked for.

use callgauge_schema::Moment;

use super::response::timestamp;
use super::{State, World, said_in};
use crate::Window;
use crate::conformance::http::{Request, Response};
use crate::conformance::listing::{Asking, PlaceIn, Standing, standing, within};
use crate::conformance::script::{ItemRoute, ListRoute, Order};
use crate::conformance::select::{Captures, field, json_text};

impl World {
    pub(super) fn list(
        &self,
        state: &mut State,
        list: &ListRoute,
        ask: &Asking,
        captures: &Captures,
        request: &Request,
    ) -> Response {
        let place = &ask.place;
        let rows = self.rows(state, list, place);
        let size = list.pages.as_ref().map_or(usize::MAX, |pages| pages.size.max(1));
        let end = place.skip.saturating_add(size).min(rows.len());
        let slice = rows.get(place.skip..end).unwrap_or_default();
        let trailing = list.pages.as_ref().is_some_and(|pages| pages.ends_with_empty_page);
        let more = end < rows.len() || (trailing && !slice.is_empty());
        let next = PlaceIn { skip: end, ..place.clone() };
        state.open.remove(place);
        if more {
            state.open.insert(next.clone());
        }
        let answer = match (&list.empty, &list.last) {
            (Some(empty), _) if slice.is_empty() => empty,
            (_, Some(last)) if !more => last,
            _ => &list.answer,
        };
        let next_text = if more {
            let template = list.pages.as_ref().and_then(|pages| pages.next.as_deref()).unwrap_or("{{place}}");
            self.fill(state, template, |name| (name == "place").then(|| next.text()))
        } else {
            String::new()
        };
        let bodies: Vec<String> = slice.iter().map(|row| self.fill(state, row.body, |_| None)).collect();
        let first = list.pages.as_ref().and_then(|pages| pages.first).unwrap_or(1);
        let count = slice.len();
        let page = if size == usize::MAX { first } else { place.skip / size + first };
        let pages = if size == usize::MAX { 1 } else { rows.len().div_ceil(size) };
        let iso =
            |at: Option<i64>| at.map(|at| timestamp(Moment::from_millis(at)).to_string()).unwrap_or_default();
        let last_id = slice.last().and_then(|row| row.id).unwrap_or_default().to_owned();
        let own = |name: &str| {
            Some(match name {
                "rows" => format!("[{}]", bodies.join(",")),
                "rows_text" => bodies.iter().map(|row| format!("{row}\n")).collect(),
                "next" if next_text.is_empty() => "null".to_owned(),
                "next" => serde_json::Value::from(next_text.as_str()).to_string(),
                "next_text" => next_text.clone(),
                "place" => next.text(),
                "last_id" => last_id.clone(),
                "page" => page.to_string(),
                "pages" => pages.to_string(),
                "offset" => place.skip.to_string(),
                "size" => size.to_string(),
                "count" => count.to_string(),
                "total" => rows.len().to_string(),
                "from" => iso(place.from),
                "until" => iso(place.until),
                other => return said_in(other, captures, request),
            })
        };
        self.respond(state, 200, answer, own)
    }

    /// The rows of a place's list and window, with those that come twice.
    pub(super) fn rows(&self, state: &State, list: &ListRoute, place: &PlaceIn) -> Vec<Standing<'_>> {
        let rows = standing(&self.script, &list.name, list.order, state.round);
        let mut rows = within(rows, place.from, place.until);
        let size = list.pages.as_ref().map_or(0, |pages| pages.size);
        for again in state
            .repeated
            .iter()
            .filter(|again| PlaceIn { skip: 0, ..(*again).clone() } == PlaceIn { skip: 0, ..place.clone() })
        {
            let (from, at) = (again.skip.saturating_sub(size), again.skip.min(rows.len()));
            let twice = rows[from.min(at)..at].to_vec();
            rows.splice(at..at, twice);
        }
        rows
    }

    pub(super) fn item(
        &self,
        state: &mut State,
        item: &ItemRoute,
        captures: &Captures,
        request: &Request,
    ) -> Response {
        let list = item.of.as_deref().or(item.name.as_deref()).unwrap_or_default();
        let id = field(item.id.as_deref().unwrap_or("path:id"), request, captures);
        let rows = standing(&self.script, list, Order::Written, state.round);
        let row = rows.iter().find(|row| row.id.is_some() && row.id == id.as_deref());
        match (row, &item.missing) {
            (Some(row), _) => {
                let body = self.fill(state, row.body, |_| None);
                self.respond(state, 200, &item.answer, |name| match name {
                    "row" => Some(body.clone()),
                    other => said_in(other, captures, request),
                })
            }
            (None, Some(missing)) => {
                self.respond(state, 404, missing, |name| said_in(name, captures, request))
            }
            (None, None) => self.error(state, 404),
        }
    }

    /// The rows that hold a value somewhere, all on one page.
    pub(super) fn only(
        &self,
        state: &mut State,
        list: &ListRoute,
        pointer: &str,
        value: &str,
        (captures, request): (&Captures, &Request),
    ) -> Response {
        let bodies: Vec<String> = standing(&self.script, &list.name, list.order, state.round)
            .iter()
            .map(|row| self.fill(state, row.body, |_| None))
            .filter(|body| json_text(body, pointer).as_deref() == Some(value))
            .collect();
        let answer = list.last.as_ref().unwrap_or(&list.answer);
        self.respond(state, 200, answer, |name| {
            Some(match name {
                "rows" => format!("[{}]", bodies.join(",")),
                "rows_text" => bodies.iter().map(|row| format!("{row}\n")).collect(),
                "next" => "null".to_owned(),
                "next_text" | "from" | "until" => String::new(),
                "page" | "pages" => "1".to_owned(),
                "offset" => "0".to_owned(),
                "size" | "count" | "total" => bodies.len().to_string(),
                other => return said_in(other, captures, request),
            })
        })
    }

    /// How many rows of a window lie behind pages that were announced and never asked for.
    pub(crate) fn left_of(&self, window: Window) -> usize {
        let state = self.state();
        let inside = |at: i64| window.from.millis() <= at && at < window.until.millis();
        let mut left = 0;
        for place in &state.open {
            let Some(list) = self.script.list.iter().find(|list| list.name == place.list) else { continue };
            let rows = self.rows(&state, list, place);
            left += rows.iter().skip(place.skip).filter(|row| row.at.is_none_or(inside)).count();
        }
        left
    }
}
