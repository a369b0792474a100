//! What a UK telephone number looks like, so that none gets in where labels and ids are taken.

/// Whether a label holds something shaped like a UK telephone number: `+44` or `0044` with 9 or 10 digits behind it, or `0` and 9 or 10 digits of
/// which the first is that of a UK area or mobile code (1, 2, 3, 5, 7, 8, 9). Spaces, dots, hyphens and brackets between digits do not hide it, and neither
/// do other digits that a space or bracket sets apart from it, as in `07700 900123 4`.
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
        let run = Run::read(bytes, at, across);
        if run.holds_number(bytes, across) {
            return true;
        }
        at = run.next.max(at + 1);
    }
    false
}

/// As many digits as a telephone number could have and two more.
const MOST: usize = 18;

/// Digits that stand together.
struct Run {
    digits: [u8; MOST],
    len: usize,
    plus: bool,
    /// Bit n is set where a space or bracket stands after n digits.
    gaps: u32,
    /// Where the last digit ends.
    end: usize,
    /// Where to read on: behind the first gap, or behind the run where there is none.
    next: usize,
}

impl Run {
    /// The run that begins at `at`. `across`: over what people put between digits.
    fn read(bytes: &[u8], at: usize, across: bool) -> Self {
        let mut run = Self { digits: [0; MOST], len: 0, plus: false, gaps: 0, end: at, next: at };
        let mut here = at;
        let mut behind_gap = None;
        while here < bytes.len() {
            match bytes[here] {
                digit if digit.is_ascii_digit() => {
                    if run.len < MOST {
                        run.digits[run.len] = digit;
                        run.len += 1;
                    } else if run.gaps != 0 {
                        break;
                    }
                    run.end = here + 1;
                }
                b'+' if run.len == 0 => run.plus = true,
                b' ' | b'(' | b')' if across => {
                    if run.len > 0 {
                        run.gaps |= 1 << run.len;
                        behind_gap.get_or_insert(here + 1);
                    }
                }
                b'-' | b'.' if across => {}
                _ => break,
            }
            here += 1;
        }
        run.next = behind_gap.unwrap_or(here);
        run
    }

    /// Whether the run is shaped like a number as far as its end, or as far as one of its gaps.
    fn holds_number(&self, bytes: &[u8], label: bool) -> bool {
        let ends = bytes.get(self.end).is_none_or(|next| !next.is_ascii_alphanumeric());
        (ends && self.number_shaped(self.len, label))
            || (10..self.len).any(|len| self.gaps & (1 << len) != 0 && self.number_shaped(len, label))
    }

    fn number_shaped(&self, len: usize, label: bool) -> bool {
        let digits = &self.digits[..len];
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
            "07700 900123 4",
            "4 07700 900123",
            "queue 2 (07700 900123) 15",
            "+44 7700 900123 201",
            "0117 496 0123 2026-02-02",
            "2026 02 02 08 15 30 07700 900123",
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
            "3f2a0711-0123-4567-8901-447700900123",
            "01.02.2026 08.15.30",
            "01/02/2026 08:15:30",
            "2026-02-02 08:15 201 202 203",
            "1 2 3 4 5 6 7 8 9 10 11 12",
            "ext 201",
            "",
        ] {
            assert!(!looks(text), "{text}");
        }
    }
}
