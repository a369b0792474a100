//! What answers look like on standard output: pure functions from the API's messages to text, one file a form and one a kind of answer.

pub mod calls;
pub mod csv;
pub mod definitions;
pub mod indicators;
pub mod json;
mod layout;
pub mod metrics;
pub mod metrics_table;
mod names;
pub mod organisations;
pub mod table;

use clap::ValueEnum;

pub use layout::{Asked, Layout};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned, with a heading
    Table,
    /// For scripts and spreadsheets: one header line, plain numbers, empty where there is no value
    Csv,
    /// For programs: one object a line, the same keys as CSV, null where there is no value
    Json,
}

/// One value of a row for scripts.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value: empty in CSV, null in JSON.
    None,
    /// Text.
    Text(String),
    /// A whole number.
    Count(i64),
    /// A number.
    Number(f64),
    /// Yes or no: `true` or `false`.
    Flag(bool),
}

impl Cell {
    /// Text, or no value where it is empty.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::None } else { Self::Text(text) }
    }
}

/// A whole number with thousands separators, as tables have it.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds as minutes and seconds, as tables have them: "4:10".
pub(super) fn clock(secs: i64) -> String {
    format!("{}:{:02}", secs / 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (29_211_036, "29,211,036"), (-1_234, "-1,234")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
