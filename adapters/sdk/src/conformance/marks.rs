//! What the kit plants in a vendor's world (secrets, callers' numbers, names, recordings), and finding it again in what came out.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Planted texts of one run. Secrets differ from run to run.
#[derive(Debug)]
pub(crate) struct Marks {
    run: u64,
    base: String,
    folder: String,
    secrets: Mutex<Vec<String>>,
    personal: Vec<String>,
}

/// The first digits of every planted number after the country's: of the range that Ofcom keeps for drama.
const NUMBERS: &str = "77009000";
/// Of the whole range, 07700 900000 to 07700 900999.
const DRAMA: &str = "7700900";
/// Of every planted name and address.
const NAMES: [&str; 2] = ["zephyrine", "quillfeather"];
/// Of every planted recording.
const RECORDINGS: [&str; 2] = ["kit-recording", "recordings.invalid"];

static RUNS: AtomicU64 = AtomicU64::new(1);

impl Marks {
    /// Marks for a vendor at an address with a folder, and further texts that must never come out.
    pub(crate) fn new(base: String, folder: String, secrets: &[String], personal: &[String]) -> Self {
        Self {
            run: RUNS.fetch_add(1, Ordering::Relaxed),
            base,
            folder,
            secrets: Mutex::new(secrets.to_vec()),
            personal: personal.iter().map(|text| text.to_lowercase()).collect(),
        }
    }

    /// A secret that is always the same within the run.
    pub(crate) fn secret(&self, name: &str) -> String {
        let mut letters = String::from("kit");
        for part in 0_u8..3 {
            let mut hash = DefaultHasher::new();
            (self.run, name, part, std::process::id()).hash(&mut hash);
            let mut rest = hash.finish();
            for _ in 0..13 {
                // Digits would one day look like a telephone number.
                letters.push(char::from(b'a' + (rest % 26) as u8));
                rest /= 26;
            }
        }
        letters.truncate(40);
        self.keep(letters.clone());
        letters
    }

    /// Remembers a text as secret.
    pub(crate) fn keep(&self, text: String) {
        let mut secrets = self.secrets.lock().expect("nobody panics while holding it");
        if !text.is_empty() && !secrets.contains(&text) {
            secrets.push(text);
        }
    }

    /// Puts in everything that does not depend on a request. What is left in `{{}}` is named.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        self.fill_with(text, |_| None)
    }

    /// The same, asking `own` first.
    pub(crate) fn fill_with(
        &self,
        text: &str,
        own: impl Fn(&str) -> Option<String>,
    ) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once("}}") else {
                return Err("a placeholder without an end: \"{{\" needs \"}}\"".to_owned());
            };
            let name = name.trim();
            match own(name).or_else(|| self.mark(name)) {
                Some(value) => filled.push_str(&value),
                None => return Err(format!("there is no placeholder {{{{{name}}}}} here")),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn mark(&self, name: &str) -> Option<String> {
        match name {
            "base" => return Some(self.base.clone()),
            "folder" => return Some(self.folder.clone()),
            "secret" => return Some(self.secret("")),
            _ => {}
        }
        let (kind, which) = name.split_once('.')?;
        if kind == "secret" {
            return Some(self.secret(which));
        }
        let number: u8 = which.parse().ok().filter(|n| (1..=99).contains(n))?;
        match kind {
            "caller" => Some(format!("+44{NUMBERS}{number:02}")),
            "caller_national" => Some(format!("0{NUMBERS}{number:02}")),
            "name" => Some(format!("Zephyrine Quillfeather{}", letter(number))),
            "email" => Some(format!("zephyrine.quillfeather{}@example.invalid", letter(number))),
            "recording" => Some(format!("https://recordings.invalid/kit-recording-{number}?signature=abc")),
            _ => None,
        }
    }

    /// What of the planted is in a text: "a secret", "a caller's number" and so on; never the text itself.
    pub(crate) fn secrets_in(&self, text: &str) -> bool {
        let secrets = self.secrets.lock().expect("nobody panics while holding it");
        secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// Which planted personal datum is in a text.
    pub(crate) fn personal_in(&self, text: &str) -> Option<&'static str> {
        planted(text).or_else(|| {
            let lower = text.to_lowercase();
            let called = self.personal.iter().any(|part| lower.contains(part));
            called.then_some("a text that the script calls personal")
        })
    }
}

/// What of a caller, as everything that the kit plants has it, is in a text.
pub(crate) fn planted(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    if NAMES.iter().any(|name| lower.contains(name)) {
        return Some("a caller's name or e-mail address");
    }
    if RECORDINGS.iter().any(|part| lower.contains(part)) {
        return Some("the address of a recording");
    }
    let digits: String = lower.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
    digits.contains(DRAMA).then_some("a caller's number")
}

fn letter(number: u8) -> String {
    format!("{}{}", char::from(b'a' + number / 26), char::from(b'a' + number % 26))
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn what_is_planted_is_found_however_it_is_written() {
        let marks = Marks::new(String::new(), String::new(), &[], &["Ward 7".to_owned()]);
        let number = marks.fill("{{caller.7}}").expect("is one");
        assert_eq!(number, "+447700900007");
        for text in ["07700 900 007", "tel:+44-7700-900-007", "+447700900007"] {
            assert_eq!(marks.personal_in(text), Some("a caller's number"), "{text}");
        }
        for planted in ["{{name.1}}", "{{email.2}}", "{{recording.3}}", "{{caller_national.4}}"] {
            let text = marks.fill(planted).expect("is one").to_uppercase();
            assert!(marks.personal_in(&text).is_some(), "{text}");
        }
        assert_eq!(marks.personal_in("on ward 7"), Some("a text that the script calls personal"));
        assert_eq!(marks.personal_in("queue 7700, 01632 960100"), None);
        let secret = marks.fill("x {{secret.client}}").expect("is one");
        assert!(marks.secrets_in(&secret) && !marks.secrets_in("kit"));
    }

    #[test]
    fn a_placeholder_that_does_not_exist_is_named() {
        let marks = Marks::new(String::new(), String::new(), &[], &[]);
        assert_eq!(marks.fill("{{caler.1}}"), Err("there is no placeholder {{caler.1}} here".to_owned()));
        assert_eq!(marks.fill("{{caller.0}}"), Err("there is no placeholder {{caller.0}} here".to_owned()));
    }
}
