//! Records of delimited text: found byte by byte in a piece of a file, split into fields, decoded.
//!
//! A field may stand in double quotes, which then hold delimiters, line breaks and doubled quotes. A quote that is never closed would swallow the rest of
//! the file: where a record grows over [`RECORD_LIMIT`], or where what closes the quote on a later line stands in the middle of a field, the first line is
//! given up as broken and reading goes on with the next line.

use std::borrow::Cow;

/// The longest record, in bytes.
pub const RECORD_LIMIT: usize = 64 * 1024;
/// Records of a piece that are read for one page.
const RECORDS: usize = 10_000;
/// The most fields that are kept of a record; further ones are counted only.
const FIELDS: usize = 1_000;

/// How text is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Between fields.
    pub delimiter: u8,
    /// Whether double quotes are quotes.
    pub quotes: bool,
}

/// A record as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number of its first line, from 1.
    pub number: u64,
    /// Without the line break.
    pub bytes: &'a [u8],
}

/// Why a record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Over [`RECORD_LIMIT`].
    #[error("is longer than 64 KiB: a line break is missing")]
    TooLong,
    /// A quote is opened and not closed.
    #[error("opens a double quote that is not closed: it was read as far as the end of its line")]
    OpenQuote,
}

/// What comes of reading on.
pub type Item<'a> = Result<Line<'a>, (u64, Broken)>;

/// The records of a piece, in order; those without anything in them are passed over.
#[derive(Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    shape: Shape,
    last: bool,
    quiet: bool,
    skipping: bool,
    given: usize,
    stopped: bool,
}

/// Where a record ends.
enum End {
    /// Its length without the break, with it, and how many lines it has.
    At(usize, usize, u64),
    /// Not within the piece; whether a quote is open.
    Beyond { quoted: bool },
    /// Nowhere: the quote that seems to close one of an earlier line is itself the beginning of a field's text.
    Unclosed,
}

impl<'a> Records<'a> {
    /// Of bytes that begin at a line. `last`: the file has no more of them. `quiet`: what has no line break at its end will get none.
    pub const fn new(bytes: &'a [u8], line: u64, shape: Shape, last: bool, quiet: bool) -> Self {
        Self { bytes, at: 0, line, shape, last, quiet, skipping: false, given: 0, stopped: false }
    }

    /// Of a whole file that will not grow.
    pub const fn whole(bytes: &'a [u8], shape: Shape) -> Self {
        Self::new(bytes, 1, shape, true, true)
    }

    pub(super) const fn skipping(self, skipping: bool) -> Self {
        Self { skipping, ..self }
    }

    /// How many bytes were read.
    pub const fn taken(&self) -> usize {
        self.at
    }

    /// The number of the line after them.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Whether everything was read that can be read by now.
    pub const fn exhausted(&self) -> bool {
        self.stopped
    }

    pub(super) const fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Passes over the rest of a line that is too long.
    fn skip(&mut self) {
        match self.bytes[self.at..].iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.at += end + 1;
                self.line += 1;
                self.skipping = false;
            }
            None => self.at = self.bytes.len(),
        }
    }

    fn end(&self) -> End {
        let rest = &self.bytes[self.at..];
        let (mut quoted, mut field_begins, mut lines) = (false, true, 1);
        // Where a quote closed; another one right behind it opens it again.
        let mut closed = None;
        // The line on which a quote opened, and whether the last that closed did so on a later one.
        let (mut opened, mut over_lines) = (1, false);
        for (at, &byte) in rest.iter().enumerate() {
            let behind_quote = at > 0 && closed == Some(at - 1);
            if behind_quote && over_lines && !self.may_follow_quote(byte) {
                return End::Unclosed;
            }
            match byte {
                b'\n' if !quoted => {
                    let len = if at > 0 && rest[at - 1] == b'\r' { at - 1 } else { at };
                    return End::At(len, at + 1, lines);
                }
                b'\n' => lines += 1,
                b'"' if self.shape.quotes && quoted => {
                    quoted = false;
                    closed = Some(at);
                    over_lines = lines > opened;
                }
                b'"' if self.shape.quotes && field_begins => (quoted, opened) = (true, lines),
                b'"' if self.shape.quotes && behind_quote => quoted = true,
                _ => {}
            }
            field_begins = !quoted && byte == self.shape.delimiter;
            if at >= RECORD_LIMIT {
                break;
            }
        }
        End::Beyond { quoted }
    }

    fn may_follow_quote(&self, byte: u8) -> bool {
        byte == self.shape.delimiter || matches!(byte, b'"' | b'\r' | b'\n' | b' ')
    }

    /// The first line of what is left is given up.
    fn give_up(&mut self, why: Broken) -> Option<Item<'a>> {
        let line = self.line;
        self.skipping = true;
        self.skip();
        if self.at >= self.bytes.len() && self.last && self.quiet {
            self.skipping = false;
        }
        Some(Err((line, why)))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            if self.skipping {
                self.skip();
            }
            let rest = &self.bytes[self.at..];
            if rest.is_empty() || self.skipping {
                self.stopped = true;
                return None;
            }
            if self.given >= RECORDS {
                return None;
            }
            match self.end() {
                End::At(len, with_break, lines) => {
                    let found = Line { number: self.line, bytes: &rest[..len] };
                    self.at += with_break;
                    self.line += lines;
                    if found.bytes.iter().all(|byte| byte.is_ascii_whitespace()) {
                        continue;
                    }
                    self.given += 1;
                    return Some(Ok(found));
                }
                End::Beyond { quoted } if rest.len() > RECORD_LIMIT => {
                    self.given += 1;
                    return self.give_up(if quoted { Broken::OpenQuote } else { Broken::TooLong });
                }
                End::Beyond { quoted: true } if self.last && self.quiet => {
                    self.given += 1;
                    return self.give_up(Broken::OpenQuote);
                }
                End::Unclosed => {
                    self.given += 1;
                    return self.give_up(Broken::OpenQuote);
                }
                End::Beyond { .. } if self.last && self.quiet => {
                    let found = Line { number: self.line, bytes: rest };
                    self.at = self.bytes.len();
                    self.line += 1;
                    if found.bytes.iter().all(|byte| byte.is_ascii_whitespace()) {
                        continue;
                    }
                    self.given += 1;
                    return Some(Ok(found));
                }
                End::Beyond { .. } => {
                    self.stopped = true;
                    return None;
                }
            }
        }
    }
}

/// The fields of a record, decoded. One is used for all records of a page, so that nothing is allocated for each.
#[derive(Debug, Default)]
pub struct Fields {
    text: String,
    ends: Vec<usize>,
    count: usize,
    latin1: bool,
}

impl Fields {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Splits a record. What is not UTF-8 is read as Latin-1 (as Windows writes it where the two differ); see [`Self::was_latin1`].
    pub fn split(&mut self, record: &[u8], shape: Shape) {
        let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
        self.text.clear();
        self.ends.clear();
        self.count = 0;
        let text = match std::str::from_utf8(record) {
            Ok(text) => {
                self.latin1 = false;
                Cow::Borrowed(text)
            }
            Err(_) => {
                self.latin1 = true;
                Cow::Owned(record.iter().map(|byte| windows_1252(*byte)).collect())
            }
        };
        let mut rest = text.as_ref();
        loop {
            let (after, more) = self.field(rest, shape);
            self.count += 1;
            if self.count <= FIELDS {
                self.ends.push(self.text.len());
            }
            if !more {
                break;
            }
            rest = after;
        }
    }

    /// Takes one field; what follows it, and whether a field does.
    fn field<'t>(&mut self, text: &'t str, shape: Shape) -> (&'t str, bool) {
        let delimiter = char::from(shape.delimiter);
        let mut rest = text;
        if let Some(quoted) = text.strip_prefix('"').filter(|_| shape.quotes) {
            rest = quoted;
            while let Some(end) = rest.find('"') {
                self.text.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(after) => {
                        self.text.push('"');
                        rest = after;
                    }
                    None => break,
                }
            }
        }
        let end = rest.find(delimiter);
        self.text.push_str(&rest[..end.unwrap_or(rest.len())]);
        end.map_or(("", false), |end| (&rest[end + 1..], true))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One of them, without space at its ends; empty where there is none.
    pub fn get(&self, at: usize) -> &str {
        let Some(&end) = self.ends.get(at) else { return "" };
        let begin = if at == 0 { 0 } else { self.ends[at - 1] };
        self.text[begin..end].trim()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.get(at))
    }

    /// Whether the record was no UTF-8.
    pub const fn was_latin1(&self) -> bool {
        self.latin1
    }
}

/// A byte as Windows' western code page has it: Latin-1, with quotes, dashes and the euro sign where that has controls.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
