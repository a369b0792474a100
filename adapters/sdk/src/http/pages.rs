//! Walking through a vendor's pages: by token, cursor, offset, number, Link header or next URL, with a mark that survives a restart.

use serde::{Deserialize, Serialize};

use super::{Client, Reply, Request};
use crate::{AdapterError, Cursor, Fault};

/// How an endpoint pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pager {
    /// The answer names a token or cursor; it goes into a parameter of the next request. Missing or empty: the end.
    Token {
        /// The parameter.
        param: &'static str,
    },
    /// The request says how many rows to skip and how many to give. A page shorter than asked for, or the stated total: the end.
    Offset {
        /// The parameter for how many to skip.
        skip: &'static str,
        /// The parameter for how many to give.
        size: &'static str,
        /// How many.
        rows: usize,
    },
    /// The request says which page. A page shorter than asked for, or the stated total: the end.
    Number {
        /// The parameter for which page.
        page: &'static str,
        /// The parameter for how many rows.
        size: &'static str,
        /// How many.
        rows: usize,
        /// The number of the first page.
        first: u64,
    },
    /// The `Link` header names the address of the next page with `rel="next"`; none: the end.
    Link,
    /// The body names the address of the next page, absolute or relative; none or empty: the end.
    Url,
}

/// A place in a paged list, for a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageMark {
    /// Before the first page.
    #[default]
    First,
    /// A token of the vendor's.
    Token(String),
    /// So many rows were read.
    Offset(u64),
    /// The page of this number is next.
    Number(u64),
    /// Path and query of the next page, without the host.
    Path(String),
}

/// What a page told about the next one. Fill in what the vendor gives.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Rows on this page, the ones left out included.
    pub rows: usize,
    /// The stated number of rows in all.
    pub total: Option<u64>,
    /// The token for the next page.
    pub token: Option<&'a str>,
    /// The address of the next page.
    pub url: Option<&'a str>,
    /// The answer, for its headers.
    pub reply: &'a Reply,
}

impl<'a> Found<'a> {
    /// Nothing yet but the answer.
    pub const fn new(reply: &'a Reply) -> Self {
        Self { rows: 0, total: None, token: None, url: None, reply }
    }
}

/// The longest token or address that fits into a cursor, in bytes.
const MARK_LIMIT: usize = 16 * 1024;

impl Pager {
    /// By token or cursor in a parameter.
    pub const fn token(param: &'static str) -> Self {
        Self::Token { param }
    }

    /// The request for the page at a mark: `first` is the request for the first one.
    ///
    /// # Errors
    /// [`Fault::CursorLost`] where the mark is of another way of paging.
    pub fn apply(&self, client: &Client, first: Request, mark: &PageMark) -> Result<Request, AdapterError> {
        match (*self, mark) {
            (Self::Offset { skip, size, rows }, PageMark::First) => {
                Ok(first.query(skip, 0).query(size, rows))
            }
            (Self::Offset { skip, size, rows }, PageMark::Offset(read)) => {
                Ok(first.query(skip, read).query(size, rows))
            }
            (Self::Number { page, size, rows, first: number }, PageMark::First) => {
                Ok(first.query(page, number).query(size, rows))
            }
            (Self::Number { page, size, rows, .. }, PageMark::Number(number)) => {
                Ok(first.query(page, number).query(size, rows))
            }
            (Self::Token { .. } | Self::Link | Self::Url, PageMark::First) => Ok(first),
            (Self::Token { param }, PageMark::Token(token)) => Ok(first.query(param, token)),
            (Self::Link | Self::Url, PageMark::Path(path)) => client.follow(first, path),
            _ => Err(AdapterError::new(
                Fault::CursorLost,
                "the cursor is of another way of paging: the window is read again from its start",
            )),
        }
    }

    /// The mark of the page after this one; `None` at the end.
    ///
    /// # Errors
    /// [`Fault::Protocol`] where the vendor names the page it has just given, an address elsewhere, or a token too long to keep.
    pub fn next(
        &self,
        client: &Client,
        mark: &PageMark,
        found: Found<'_>,
    ) -> Result<Option<PageMark>, AdapterError> {
        let Found { rows, total, token, url, reply } = found;
        let next = match *self {
            Self::Token { .. } => {
                token.filter(|token| !token.is_empty()).map(|token| PageMark::Token(token.to_owned()))
            }
            Self::Offset { rows: full, .. } => {
                let read = offset(mark).saturating_add(rows as u64);
                counted(rows, full, read, total).then_some(PageMark::Offset(read))
            }
            Self::Number { rows: full, first, .. } => {
                let number = if let PageMark::Number(number) = mark { *number } else { first };
                let read = (number - first.min(number)) * full as u64 + rows as u64;
                counted(rows, full, read, total).then_some(PageMark::Number(number + 1))
            }
            Self::Link => self.address(client, reply.link("next").as_deref())?,
            Self::Url => self.address(client, url)?,
        };
        match &next {
            Some(next) if next == mark => {
                Err(client.protocol("named the same page again as the next one: expected another or none"))
            }
            Some(PageMark::Token(text) | PageMark::Path(text)) if text.len() > MARK_LIMIT => {
                Err(client
                    .protocol("named a next page of more than 16 KiB: expected a short token or address"))
            }
            _ => Ok(next),
        }
    }

    fn address(&self, client: &Client, url: Option<&str>) -> Result<Option<PageMark>, AdapterError> {
        match url.filter(|url| !url.trim().is_empty()) {
            Some(url) => client.checked_path(url).map(|path| Some(PageMark::Path(path))),
            None => Ok(None),
        }
    }
}

fn offset(mark: &PageMark) -> u64 {
    if let PageMark::Offset(read) = mark { *read } else { 0 }
}

/// Whether more is to come, where pages are counted: an empty page is the end whatever total was stated.
fn counted(rows: usize, full: usize, read: u64, total: Option<u64>) -> bool {
    rows > 0 && total.map_or(rows >= full, |total| read < total)
}

impl PageMark {
    /// The mark in a cursor made by [`Self::to_cursor`]; before the first page where there is none.
    ///
    /// # Errors
    /// [`Fault::CursorLost`].
    pub fn from_cursor(cursor: Option<&Cursor>) -> Result<Self, AdapterError> {
        cursor.map_or(Ok(Self::First), Cursor::read)
    }

    /// As a cursor of its own. Adapters that have more to remember put a mark into a type of theirs and use [`Cursor::write`].
    pub fn to_cursor(&self) -> Cursor {
        Cursor::write(self)
    }
}

/// The address of a relation in `Link` headers (RFC 8288).
pub(super) fn link<'a>(headers: impl Iterator<Item = &'a str>, relation: &str) -> Option<String> {
    for header in headers {
        let mut rest = header;
        while let Some((_, tail)) = rest.split_once('<') {
            let (target, tail) = tail.split_once('>')?;
            let end = outside_quotes(tail, ',').unwrap_or(tail.len());
            let (mut params, after) = tail.split_at(end);
            let mut is_it = false;
            while let Some(start) = outside_quotes(params, ';') {
                params = &params[start + 1..];
                let param = &params[..outside_quotes(params, ';').unwrap_or(params.len())];
                let (name, value) = param.split_once('=').unwrap_or((param, ""));
                is_it |= name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split(' ')
                        .any(|word| word.eq_ignore_ascii_case(relation));
            }
            if is_it {
                return Some(target.trim().to_owned());
            }
            rest = after;
        }
    }
    None
}

/// Where a character stands for the first time that is not between quotation marks.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.find(|c| {
        quoted ^= c == '"';
        c == wanted && !quoted
    })
}
