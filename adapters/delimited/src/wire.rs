//! A row, as far as it is read: the mapped columns and no other, so that a caller's number has no place here. The practice's own number becomes a
//! fingerprint at once; ids that hold a number are hashed.

use callgauge_adapter::folder::Fields;
use callgauge_adapter::schema::OdsCode;
use callgauge_adapter::{Place, call_id_of, line_of, schema};
use serde::Serialize;
use serde_json::Value;

use crate::mapping::{Columns, Field};

/// A row of a file of calls.
#[derive(Clone, Debug)]
pub(crate) struct CallRow<'a> {
    pub(crate) call_id: String,
    pub(crate) started_at: &'a str,
    pub(crate) started_time: &'a str,
    pub(crate) queued_at: &'a str,
    pub(crate) answered_at: &'a str,
    pub(crate) ended_at: &'a str,
    pub(crate) direction: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) ivr: &'a str,
    pub(crate) wait: &'a str,
    pub(crate) talk: &'a str,
    pub(crate) line: String,
    pub(crate) places: Vec<Place>,
    pub(crate) practice: &'a str,
    pub(crate) account: &'a str,
    pub(crate) callback_for: String,
    pub(crate) revision: &'a str,
}

impl<'a> CallRow<'a> {
    /// The mapped columns of a row.
    pub(crate) fn read(fields: &'a Fields, columns: &Columns) -> Self {
        let get = |field| columns.get(fields, field);
        Self {
            call_id: id(get(Field::CallId)),
            started_at: get(Field::StartedAt),
            started_time: get(Field::StartedTime),
            queued_at: get(Field::QueuedAt),
            answered_at: get(Field::AnsweredAt),
            ended_at: get(Field::EndedAt),
            direction: get(Field::Direction),
            outcome: get(Field::Outcome),
            ivr: get(Field::Ivr),
            wait: get(Field::Wait),
            talk: get(Field::Talk),
            line: line_of(get(Field::Line)),
            places: places(fields, columns),
            practice: get(Field::Practice),
            account: get(Field::Account),
            callback_for: id(get(Field::CallbackFor)),
            revision: get(Field::Revision),
        }
    }

    /// The row for a reject: of times and durations only what has their shape, because in a row whose columns slipped anything can stand anywhere.
    pub(crate) fn kept(&self) -> Value {
        #[derive(Serialize)]
        struct Kept<'a> {
            call_id: &'a str,
            started_at: &'a str,
            started_time: &'a str,
            queued_at: &'a str,
            answered_at: &'a str,
            ended_at: &'a str,
            ivr: &'a str,
            wait: &'a str,
            talk: &'a str,
            practice: &'a str,
        }
        let practice = if self.practice.parse::<OdsCode>().is_ok() { self.practice } else { "" };
        let kept = Kept {
            call_id: &self.call_id,
            started_at: clock_shaped(self.started_at),
            started_time: clock_shaped(self.started_time),
            queued_at: clock_shaped(self.queued_at),
            answered_at: clock_shaped(self.answered_at),
            ended_at: clock_shaped(self.ended_at),
            ivr: clock_shaped(self.ivr),
            wait: clock_shaped(self.wait),
            talk: clock_shaped(self.talk),
            practice,
        };
        let mut row = serde_json::to_value(kept).unwrap_or_default();
        if let Value::Object(row) = &mut row {
            row.retain(|_, value| value != "");
        }
        row
    }
}

/// Number, queue, site.
pub(crate) fn places(fields: &Fields, columns: &Columns) -> Vec<Place> {
    let get = |field| Some(columns.get(fields, field)).filter(|text: &&str| !text.is_empty());
    let number = get(Field::Number).and_then(Place::number);
    number
        .into_iter()
        .chain(get(Field::Queue).map(Place::queue))
        .chain(get(Field::Site).map(Place::site))
        .collect()
}

fn id(text: &str) -> String {
    if text.is_empty() { String::new() } else { call_id_of(&[text]) }
}

/// A time or duration by its looks, empty text otherwise.
fn clock_shaped(text: &str) -> &str {
    let plain = text.len() <= 32 && text.chars().all(|c| c.is_ascii_digit() || " :-/.+TZPHMS".contains(c));
    let divided = text.contains(':') || text.matches(['-', '/']).count() == 2 || text.len() <= 6;
    if plain && divided && !schema::looks_like_uk_number(text) && !text.starts_with('+') { text } else { "" }
}
