//! The secrets of a source, by which everything that it says of itself is cleaned before it is shown or logged: an adapter that is somebody else's program
//! may repeat what it was given.

use std::fmt;

use callgauge_schema::looks_like_uk_number;

use super::{Secret, SettingKind, SettingSpec, Settings};

/// Text shorter than that is no secret, and would be found everywhere.
const SHORTEST: usize = 4;

/// What must not come out.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// The secrets among settings: what stands in an environment variable or a file, and text of settings that are described as secret.
    pub fn of(settings: &Settings, described: &[SettingSpec]) -> Self {
        let mut found = Vec::new();
        // What cannot be read is nowhere to come out of.
        super::json_of(&settings.table, "", &mut Vec::new(), &mut found);
        let secret = described.iter().filter(|setting| setting.kind == SettingKind::Secret);
        let texts = secret.filter_map(|setting| settings.table.get(&setting.key)?.as_str());
        found.extend(texts.map(|text| Secret::from(text.trim())));
        found.retain(|secret| secret.expose().len() >= SHORTEST);
        Self(found)
    }

    /// Text without any of them, and without the digits of what is shaped like a telephone number.
    pub fn cleaned(&self, text: &str) -> String {
        let mut text =
            self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(secret)"));
        if looks_like_uk_number(&text) {
            text = text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        }
        text
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_secret_nor_a_number_comes_out() {
        let file = std::env::temp_dir().join(format!("callgauge-secrets-{}", std::process::id()));
        std::fs::write(&file, "from-a-file\n").expect("can be written");
        let table = format!(
            "url = \"https://pbx.example\"\npassword = \"in plain\"\npin = \"12\"\n[deep]\ntoken = {{ file = \"{}\" }}",
            file.display()
        );
        let settings = Settings::from(table.parse::<toml::Table>().expect("is TOML"));
        let secret = |key: &str| SettingSpec {
            key: key.into(),
            kind: SettingKind::Secret,
            required: true,
            help: String::new(),
        };
        let secrets = Secrets::of(&settings, &[secret("password"), secret("pin"), secret("missing")]);
        std::fs::remove_file(&file).expect("is there");
        let told = "https://pbx.example: \"from-a-file\" and in plain are wrong, 12 times";
        assert_eq!(
            secrets.cleaned(told),
            "https://pbx.example: \"(secret)\" and (secret) are wrong, 12 times"
        );
        assert_eq!(secrets.cleaned("07700 900123 is no id"), "##### ###### is no id");
        assert_eq!(format!("{secrets:?}"), "2 secrets");
    }
}
