//! Rows of a vendor's page, parsed one by one, so that one bad row is a reject and not the end of the page.
//!
//! What serde says of a bad value quotes the value, which may be somebody's number. Nothing here repeats it: the path of the field is said, and no more.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{AdapterError, Fault, Page, RejectedRow, RowReason, UnknownWord};

/// The longest word kept in [`UnknownWord`], in characters.
const WORD_CHARS: usize = 64;
/// Different unknown words kept for a page; further ones are counted under "(other)".
const WORDS: usize = 32;

/// Parses a whole answer; `what` says in plain words what was expected ("a page of the call log with \"records\"").
///
/// # Errors
/// [`Fault::Protocol`] with the path of the field at fault, and nothing of the answer.
pub fn answer<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, AdapterError> {
    serde_json::from_slice(body).map_err(|fault| {
        let how = if fault.is_eof() {
            "it was cut short"
        } else if fault.is_syntax() {
            "it is not JSON"
        } else {
            "a field is missing or of another kind"
        };
        let (line, column) = (fault.line(), fault.column());
        AdapterError::new(
            Fault::Protocol,
            format!("expected {what}, but {how} (line {line}, column {column} of the answer)"),
        )
    })
}

/// Parses rows one by one; a row that does not parse becomes a reject of `page`, with its id from the first of `id_keys` that it has.
pub fn rows<T: DeserializeOwned>(raw: &[&RawValue], id_keys: &[&str], page: &mut Page) -> Vec<T> {
    let mut good = Vec::with_capacity(raw.len());
    for row in raw {
        match serde_json::from_str(row.get()) {
            Ok(parsed) => good.push(parsed),
            Err(_) => page.rejects.push(malformed::<T>(row, id_keys)),
        }
    }
    good
}

fn malformed<T: DeserializeOwned>(row: &RawValue, id_keys: &[&str]) -> RejectedRow {
    let field = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(row.get()))
        .err()
        .map(|fault| fault.path().to_string())
        .filter(|path| path != ".")
        .unwrap_or_default();
    let values: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(row.get()).unwrap_or_default();
    let (key, id) = id_keys
        .iter()
        .find_map(|key| match values.get(*key)? {
            serde_json::Value::String(text) => Some((*key, text.clone())),
            serde_json::Value::Number(number) => Some((*key, number.to_string())),
            _ => None,
        })
        .filter(|(_, id)| !crate::schema::looks_like_uk_number(id))
        .unwrap_or_default();
    let mut kept = serde_json::Map::new();
    if !key.is_empty() {
        kept.insert(key.to_owned(), id.clone().into());
    }
    RejectedRow {
        id,
        field,
        reason: RowReason::Malformed,
        message: "a field is missing or not of the documented shape; only the id of the row was kept".into(),
        row: kept.into(),
    }
}

impl Page {
    /// Counts a word for an outcome that the adapter does not know.
    pub fn unknown_word(&mut self, field: &str, word: &str) {
        let mut word: String = word.chars().take(WORD_CHARS).collect();
        if crate::schema::looks_like_uk_number(&word) {
            word = word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        }
        if let Some(known) = self.unknown_words.iter_mut().find(|w| w.field == field && w.word == word) {
            known.times += 1;
        } else if self.unknown_words.len() < WORDS {
            self.unknown_words.push(UnknownWord { field: field.into(), word, times: 1 });
        } else if let Some(last) = self.unknown_words.last_mut() {
            last.word = "(other)".into();
            last.times += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Next;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[allow(dead_code, reason = "only its kind matters")]
        duration: u32,
    }

    #[test]
    fn a_bad_row_says_its_field_and_nothing_of_its_value() {
        let body = br#"[{"id": "a1", "duration": 3}, {"id": 17, "duration": "07700900123"}]"#;
        let raw: Vec<&RawValue> = answer(body, "rows").expect("is an array");
        let mut page = Page::empty(Next::Done);
        assert_eq!(rows::<Row>(&raw, &["id"], &mut page).len(), 1);
        let [reject] = &page.rejects[..] else { panic!("one reject: {:?}", page.rejects) };
        assert_eq!((reject.id.as_str(), reject.field.as_str()), ("17", "duration"));
        assert!(!format!("{reject:?}").contains("07700"), "{reject:?}");
    }

    #[test]
    fn an_answer_cut_short_is_said_to_be() {
        let fault = answer::<Vec<Row>>(br#"[{"duration": "#, "rows").expect_err("is cut short");
        assert_eq!(fault.fault, Fault::Protocol);
        assert!(fault.message.contains("cut short"), "{}", fault.message);
        let fault =
            answer::<Vec<Row>>(br#"[{"duration": "07700900123"}]"#, "rows").expect_err("is no number");
        assert!(!fault.message.contains("07700"), "{}", fault.message);
    }

    #[test]
    fn unknown_words_are_counted_and_bounded() {
        let mut page = Page::empty(Next::Done);
        for n in 0..100 {
            page.unknown_word("result", &format!("word {}", n % 50));
        }
        assert_eq!(page.unknown_words.len(), WORDS);
        assert_eq!(page.unknown_words.iter().map(|w| w.times).sum::<u64>(), 100);
        let mut page = Page::empty(Next::Done);
        page.unknown_word("result", "07700 900123");
        assert_eq!(page.unknown_words[0].word, "##### ######");
    }
}
