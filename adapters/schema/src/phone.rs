//! What a UK telephone number looks like, so that none gets in where labels and ids are taken.

/// Whether a label holds something shaped like a UK telephone number: `+44` or `0044` with 9 or 10 digits behind it, or `0` and 9 or 10 digits of
/// which the first is that of a UK area or mobile code (1, 2, 3, 5, 7, 8, 9). Spaces, dots, hyphens and brackets between digits do not hide it.
/// Digits that touch a letter or a further digit are part of a longer word and do not count, so `c0123456789` passes.
pub fn looks_like_uk_number(label: &str) -> bool {
    scan(label.as_bytes(), true)
}

/// The same for an id, where digits have to stand together: hyphens and dots divide the parts of an id, and a UUID is no number.
pub(crate) fn id_holds_uk_number(id: &str) -> bool {
    scan(id.as_bytes(), false)
}

fn scan(bytes: &[u8], across: bool) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let begins = bytes[at].is_ascii_digit() || bytes[at] == b'+' || (across && bytes[at] == b'(');
        let inside_word = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        if !begins || inside_word {
            at += 1;
            continue;
        }
        let (run, end, next) = Run::read(bytes, at, across);
        if bytes.get(end).is_none_or(|next| !next.is_ascii_alphanumeric()) && run.number_shaped(across) {
            return true;
        }
        at = next.max(at + 1);
    }
    false
}

/// Digits that stand together, as many of them as a telephone number could have and two more.
struct Run {
    digits: [u8; 18],
    len: usize,
    plus: bool,
}

impl Run {
    /// The run that begins at `at`, where its last digit ends, and where to read on. `across`: over what people put between digits.
    fn read(bytes: &[u8], at: usize, across: bool) -> (Self, usize, usize) {
        let mut run = Self { digits: [0; 18], len: 0, plus: false };
        let (mut next, mut end) = (at, at);
        while next < bytes.len() {
            match bytes[next] {
                digit if digit.is_ascii_digit() => {
                    if run.len < run.digits.len() {
                        run.digits[run.len] = digit;
                        run.len += 1;
                    }
                    end = next + 1;
                }
                b'+' if run.len == 0 => run.plus = true,
                b' ' | b'(' | b')' | b'-' | b'.' if across => {}
                _ => break,
            }
            next += 1;
        }
        (run, end, next)
    }

    fn number_shaped(&self, label: bool) -> bool {
        let digits = &self.digits[..self.len];
        let national = |rest: &[u8]| {
            (9..=10).contains(&rest.len())
                && matches!(rest[0], b'1' | b'2' | b'3' | b'5' | b'7' | b'8' | b'9')
        };
        let abroad =
            |prefix: &[u8]| digits.strip_prefix(prefix).map(|rest| rest.strip_prefix(b"0").unwrap_or(rest));
        if self.plus {
            return abroad(b"44").is_some_and(national);
        }
        abroad(b"0044").is_some_and(national)
            || digits.strip_prefix(b"0").is_some_and(national)
            || (label && digits.len() == 12 && digits.starts_with(b"447"))
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_uk_number as looks;

    #[test]
    fn telephone_numbers_are_seen_however_they_are_written() {
        for text in [
            "07700900123",
            "07700 900123",
            "(0117) 496 0123",
            "+447700900123",
            "+44 (0)117 496 0123",
            "00441174960123",
            "447700900123",
            "reception 0117-496-0123",
            "01632 960001 desk",
            "07700900123 (mobile)",
            "(0117) 496 0123, reception",
            "ext:020.7946.0123",
            "2026 +44 20 7946 0123",
            "0169772123",
        ] {
            assert!(looks(text), "{text}");
        }
    }

    #[test]
    fn the_parts_of_an_id_are_read_one_by_one() {
        for id in ["07700900123", "+447700900123:1", "call/0117496012", "00447700900123"] {
            assert!(super::id_holds_uk_number(id), "{id}");
        }
        for id in ["3f2a0711-0123-4567-8901-447700900123", "2026-02-02-0800-01-117", "0117-496-0123"] {
            assert!(!super::id_holds_uk_number(id), "{id}");
        }
    }

    #[test]
    fn labels_dates_and_ids_are_not_telephone_numbers() {
        for text in [
            "reception",
            "Queue 1",
            "queue 12345",
            "2026-02-01",
            "2026-02-01T08:00:00",
            "0000000001",
            "r202602-000000123",
            "0123-4567-89ab",
            "1700000000.12",
            "c0123456789",
            "12345678901234567890",
            "3f2a-0711",
            "ext 201",
            "",
        ] {
            assert!(!looks(text), "{text}");
        }
    }
}
