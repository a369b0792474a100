//! Codes and labels: each a type of its own with one way in.

use std::fmt;
use std::str::FromStr;

use crate::phone::{id_holds_uk_number, looks_like_uk_number};

/// Text that is no code of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Nothing there.
    #[error("must not be empty")]
    Empty,
    /// Longer than the kind allows.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// A character that the kind does not allow.
    #[error("must be made of {0}")]
    Character(&'static str),
    /// A word that stands for "no code".
    #[error("stands for no organisation and is no code")]
    Sentinel,
    /// Shaped like a telephone number.
    #[error("is shaped like a telephone number; give a label or a keyed hash instead")]
    TelephoneNumber,
}

/// A code of the Organisation Data Service (practice, PCN, sub-ICB location, ICB or region), 2 to 12 of `A-Z` and `0-9`.
///
/// Parsing trims space and upper-cases. `U`, `Unassigned`, `Unmapped`, `Unallocated` and `England` are words, not codes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OdsCode([u8; OdsCode::MAX_LEN]);

impl OdsCode {
    /// The longest code.
    pub const MAX_LEN: usize = 12;

    /// The code, upper case.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(Self::MAX_LEN);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl FromStr for OdsCode {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidCode::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(InvalidCode::TooLong(Self::MAX_LEN));
        }
        let mut code = [0; Self::MAX_LEN];
        for (to, from) in code.iter_mut().zip(text.bytes()) {
            if !from.is_ascii_alphanumeric() {
                return Err(InvalidCode::Character("letters A to Z and digits"));
            }
            *to = from.to_ascii_uppercase();
        }
        if text.len() >= 10 && looks_like_uk_number(text) {
            return Err(InvalidCode::TelephoneNumber);
        }
        let code = Self(code);
        match code.as_str() {
            "U" | "UNASSIGNED" | "UNMAPPED" | "UNALLOCATED" | "UNKNOWN" | "ENGLAND" | "NATIONAL"
            | "TOTAL" => Err(InvalidCode::Sentinel),
            short if short.len() < 2 => Err(InvalidCode::Character("at least two letters or digits")),
            _ => Ok(code),
        }
    }
}

impl fmt::Display for OdsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for OdsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OdsCode({})", self.as_str())
    }
}

/// A text type with a checked way in and a borrowed way out.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidCode;

            fn try_from(text: String) -> Result<Self, InvalidCode> {
                let check: fn(&str) -> Result<(), InvalidCode> = $check;
                check(&text)?;
                Ok(Self(text.into_boxed_str()))
            }
        }

        impl FromStr for $name {
            type Err = InvalidCode;

            fn from_str(text: &str) -> Result<Self, InvalidCode> {
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text!(
    /// Who submits calls: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`.
    SourceId,
    |text| {
        length(text, 64)?;
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        if text.bytes().all(fits) { Ok(()) } else { Err(InvalidCode::Character("a to z, 0 to 9, \".\", \"_\" and \"-\"")) }
    }
);

text!(
    /// A source's own id of a call: 1 to 128 characters, no control characters, not a telephone number.
    CallId,
    |text| label(text, 128, id_holds_uk_number)
);

text!(
    /// A source's own id of a telephone account: 1 to 64 characters, no control characters, not a telephone number.
    AccountId,
    |text| label(text, 64, id_holds_uk_number)
);

text!(
    /// A queue or number label as the practice calls it: 1 to 64 characters, no control characters, not a telephone number.
    Line,
    |text| label(text, 64, looks_like_uk_number)
);

fn length(text: &str, max: usize) -> Result<(), InvalidCode> {
    if text.is_empty() {
        return Err(InvalidCode::Empty);
    }
    if text.len() > max && text.chars().count() > max {
        return Err(InvalidCode::TooLong(max));
    }
    Ok(())
}

fn label(text: &str, max: usize, holds_number: fn(&str) -> bool) -> Result<(), InvalidCode> {
    length(text, max)?;
    let plain = text.is_ascii();
    if (plain && text.bytes().any(|b| b.is_ascii_control())) || (!plain && text.chars().any(char::is_control))
    {
        return Err(InvalidCode::Character("printable characters"));
    }
    if holds_number(text) {
        return Err(InvalidCode::TelephoneNumber);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ods_codes_are_trimmed_and_upper_cased() {
        assert_eq!(" e81050 ".parse::<OdsCode>().map(|c| c.to_string()), Ok("E81050".to_owned()));
        assert_eq!("11x".parse::<OdsCode>().map(|c| c.to_string()), Ok("11X".to_owned()));
    }

    #[test]
    fn words_for_nothing_are_no_codes() {
        for word in ["U", "unassigned", "Unmapped", "England"] {
            assert_eq!(word.parse::<OdsCode>(), Err(InvalidCode::Sentinel), "{word}");
        }
    }

    #[test]
    fn a_telephone_number_is_no_code() {
        for number in ["07700900123", "0117496012", "447700900123"] {
            assert_eq!(number.parse::<OdsCode>(), Err(InvalidCode::TelephoneNumber), "{number}");
        }
        assert!("A81001".parse::<OdsCode>().is_ok() && "9912003E".parse::<OdsCode>().is_ok());
    }

    #[test]
    fn ids_hold_128_characters_and_no_more() {
        assert!("x".repeat(128).parse::<CallId>().is_ok());
        assert_eq!("x".repeat(129).parse::<CallId>(), Err(InvalidCode::TooLong(128)));
        assert!("é".repeat(128).parse::<CallId>().is_ok(), "characters, not bytes");
        assert_eq!("a\nb".parse::<CallId>(), Err(InvalidCode::Character("printable characters")));
        assert_eq!("07700900123".parse::<CallId>(), Err(InvalidCode::TelephoneNumber));
        assert_eq!("reception 0117 496 0123".parse::<Line>(), Err(InvalidCode::TelephoneNumber));
    }
}
