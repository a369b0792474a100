//! Pages of one snapshot: an answer that does not fit one page is computed once; the rest of it waits here, encoded, until it is asked for.
//!
//! Bounded by bytes and age: the oldest answers go first, and a token of an answer that is gone is told so.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BufMut, Bytes};
use callgauge_schema::Moment;
use prost::encoding::{DecodeContext, WireType, encode_key, encode_varint};
use prost::{DecodeError, Message};

use super::errors::Fault;

/// Most bytes of rows on a page.
pub(crate) const PAGE_BYTES: usize = 3 * 1_024 * 1_024 - 64 * 1_024;
/// Most rows of an answer, on all its pages.
pub(crate) const ANSWER_ROWS: usize = 400_000;
/// Most bytes of an answer, on all its pages.
pub(crate) const ANSWER_BYTES: usize = 48 * 1_024 * 1_024;
/// Most bytes of all answers that wait.
const KEPT_BYTES: usize = 64 * 1_024 * 1_024;
/// How long an answer waits.
const KEPT_MILLIS: i64 = 10 * 60 * 1_000;

/// Which page is asked for, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    /// Most rows on a page.
    pub(crate) size: usize,
    /// The query, as a number that is another one for every other query.
    pub(crate) query: u64,
}

/// Answers that wait for their next pages to be asked for.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    kept: Mutex<Kept>,
    random: RandomState,
}

#[derive(Debug, Default)]
struct Kept {
    answers: VecDeque<Answer>,
    bytes: usize,
    made: u64,
}

#[derive(Clone, Debug)]
struct Answer {
    id: u64,
    query: u64,
    at: Moment,
    /// What every page of it has, encoded: a response without rows.
    head: Arc<[u8]>,
    /// Its rows, encoded as field 1 of the response.
    rows: Bytes,
    /// Where in `rows` each ends.
    ends: Arc<[u32]>,
}

/// Rows, encoded one after the other as the first field of a response.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<u32>,
}

/// Rows of an answer as they are made.
#[derive(Debug)]
pub(crate) struct Rows {
    paging: Paging,
    rows: Encoded,
    advice: &'static str,
}

/// All rows of an answer.
#[derive(Debug)]
pub(crate) struct Made {
    paging: Paging,
    rows: Encoded,
}

/// A response whose rows are pages of an answer; they are its first field.
pub(crate) trait Paged: Message + Default {
    /// Where it says how to ask for the next page.
    fn next_page_token(&mut self) -> &mut String;
}

/// One page, as it goes out: on the wire it is an `R`, whose rows were encoded where they were made.
#[derive(Clone, Debug, Default)]
pub struct Page<R> {
    rows: Bytes,
    head: R,
}

/// Responses whose rows come in pages.
macro_rules! paged {
    ($($response:ident),+) => {$(
        impl Paged for crate::proto::v1::$response {
            fn next_page_token(&mut self) -> &mut String {
                &mut self.next_page_token
            }
        }
    )+};
}

paged!(
    CompareOrganisationsResponse,
    ListCallRecordsResponse,
    ListIndicatorsResponse,
    ListOrganisationsResponse,
    QueryMetricsResponse,
    RankOrganisationsResponse
);

impl<R> From<R> for Page<R> {
    /// A whole response, rows and all.
    fn from(head: R) -> Self {
        Self { rows: Bytes::new(), head }
    }
}

impl<R: Message> Message for Page<R> {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.rows);
        self.head.encode_raw(buf);
    }

    fn encoded_len(&self) -> usize {
        self.rows.len() + self.head.encoded_len()
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.head.merge_field(tag, wire_type, buf, ctx)
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.head.clear();
    }
}

impl Paging {
    /// Reads a page size, of which 0 means `default`.
    ///
    /// # Errors
    /// Where it is negative or over `most`.
    pub(crate) fn new(size: i32, default: usize, most: usize, query: u64) -> Result<Self, Fault> {
        let size = match usize::try_from(size) {
            Ok(0) => default,
            Ok(size) if size <= most => size,
            Ok(_) | Err(_) => {
                return Err(Fault::field(
                    "page_size",
                    format!("must be from 1 to {most}, or 0 for {default}"),
                ));
            }
        };
        Ok(Self { size, query })
    }
}

impl Encoded {
    /// One more.
    pub(crate) fn push(&mut self, row: &impl Message) {
        encode_key(1, WireType::LengthDelimited, &mut self.bytes);
        encode_varint(row.encoded_len() as u64, &mut self.bytes);
        row.encode_raw(&mut self.bytes);
        self.ends.push(self.bytes.len() as u32);
    }

    /// One more, whose fields were encoded apart.
    pub(crate) fn push_parts(&mut self, parts: &[&[u8]]) {
        encode_key(1, WireType::LengthDelimited, &mut self.bytes);
        encode_varint(parts.iter().map(|part| part.len() as u64).sum(), &mut self.bytes);
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.ends.push(self.bytes.len() as u32);
    }

    /// Makes room for so many more bytes.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// Moves all rows of another one behind its own.
    pub(crate) fn append(&mut self, other: &mut Self) {
        if self.ends.is_empty() {
            std::mem::swap(self, other);
            return;
        }
        let before = self.bytes.len() as u32;
        self.bytes.append(&mut other.bytes);
        self.ends.extend(other.ends.drain(..).map(|end| before + end));
    }
}

impl Rows {
    /// None yet. `advice` tells how to ask for less where the answer grows too large.
    pub(crate) fn new(paging: Paging, advice: &'static str) -> Self {
        Self { paging, rows: Encoded::default(), advice }
    }

    /// One more.
    ///
    /// # Errors
    /// [`Fault::AnswerTooLarge`] beyond the limits.
    pub(crate) fn push(&mut self, row: &impl Message) -> Result<(), Fault> {
        self.rows.push(row);
        self.within_limits()
    }

    /// Some more; there are none left in `rows` afterwards.
    ///
    /// # Errors
    /// [`Fault::AnswerTooLarge`] beyond the limits.
    pub(crate) fn append(&mut self, rows: &mut Encoded) -> Result<(), Fault> {
        self.rows.append(rows);
        self.within_limits()
    }

    fn within_limits(&self) -> Result<(), Fault> {
        if self.rows.ends.len() <= ANSWER_ROWS && self.rows.bytes.len() <= ANSWER_BYTES {
            return Ok(());
        }
        Err(Fault::AnswerTooLarge(format!(
            "the answer would have more than {ANSWER_ROWS} rows or {} MiB: {}",
            ANSWER_BYTES >> 20,
            self.advice
        )))
    }

    /// All there are.
    pub(crate) fn made(self) -> Made {
        let Self { paging, rows, advice: _ } = self;
        Made { paging, rows }
    }
}

impl Made {
    /// Rows on all pages.
    pub(crate) fn total(&self) -> i64 {
        self.rows.ends.len() as i64
    }
}

impl Pages {
    /// The query behind a request whose page fields were cleared, as a number.
    pub(crate) fn query(&self, request: &impl Message) -> u64 {
        self.random.hash_one(request.encode_to_vec())
    }

    /// The first page; where there are more, the answer waits for them to be asked for. `head` is what every page has.
    pub(crate) fn first<R: Paged>(&self, made: Made, mut head: R, now: Moment) -> Page<R> {
        let Made { paging, rows: Encoded { bytes, ends } } = made;
        let (rows, all) = (Bytes::from(bytes), ends.len());
        let until = page_end(&ends, 0, paging.size);
        let end = until.checked_sub(1).map_or(0, |last| ends[last] as usize);
        let first = rows.slice(..end);
        if until < all {
            *head.next_page_token() = self.keep((rows, ends), until, paging, &head, now);
        }
        Page { rows: first, head }
    }

    /// Keeps an answer; gives the token of the page that begins at a row.
    fn keep(
        &self,
        (rows, ends): (Bytes, Vec<u32>),
        from: usize,
        paging: Paging,
        head: &impl Message,
        now: Moment,
    ) -> String {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.made += 1;
        let id = self.random.hash_one(("answer", kept.made));
        let head = head.encode_to_vec().into();
        let answer = Answer { id, query: paging.query, at: now, head, rows, ends: ends.into() };
        kept.bytes += answer.bytes();
        kept.answers.push_back(answer);
        kept.forget(now);
        token(id, from, paging.query)
    }

    /// A further page; none where `asked` is empty, which asks for the first.
    ///
    /// # Errors
    /// A token of another query, or of an answer that is gone.
    pub(crate) fn further<R: Paged>(
        &self,
        asked: &str,
        paging: Paging,
        now: Moment,
    ) -> Result<Option<Page<R>>, Fault> {
        if asked.is_empty() {
            return Ok(None);
        }
        let (id, from, query) = read_token(asked).ok_or(Fault::PageTokenMismatch)?;
        if query != paging.query {
            return Err(Fault::PageTokenMismatch);
        }
        let Answer { head, rows, ends, .. } = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.forget(now);
            let found = kept.answers.iter().find(|answer| answer.id == id && answer.query == query);
            found.cloned().ok_or(Fault::PageTokenExpired)?
        };
        let row_end = |row: usize| ends.get(row).map(|&end| end as usize).ok_or(Fault::PageTokenMismatch);
        let until = page_end(&ends, from, paging.size);
        let start = from.checked_sub(1).map_or(Ok(0), row_end)?;
        let end =
            row_end(until.checked_sub(1).filter(|last| *last >= from).ok_or(Fault::PageTokenMismatch)?)?;
        let mut head = R::decode(&*head)
            .map_err(|fault| Fault::Internal(format!("a kept answer is damaged: {fault}")))?;
        if until < ends.len() {
            *head.next_page_token() = token(id, until, query);
        }
        Ok(Some(Page { rows: rows.slice(start..end), head }))
    }
}

/// Where the page that begins with a row ends: as many rows as were asked for, fewer where they are large, one at least.
fn page_end(ends: &[u32], from: usize, size: usize) -> usize {
    let start = from.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |&end| end as usize);
    let rest = ends.get(from..).unwrap_or_default();
    let fits = rest.iter().take(size).take_while(|&&end| end as usize - start <= PAGE_BYTES).count();
    (from + fits.max(1)).min(ends.len())
}

impl Answer {
    fn bytes(&self) -> usize {
        self.head.len() + self.rows.len() + self.ends.len() * 4
    }
}

impl Kept {
    /// Lets go of what is too old, and of the oldest where all is too much; never of the newest.
    fn forget(&mut self, now: Moment) {
        while let Some(oldest) = self.answers.front() {
            let old = oldest.at.plus_millis(KEPT_MILLIS) < now;
            if !old && (self.bytes <= KEPT_BYTES || self.answers.len() == 1) {
                break;
            }
            self.bytes -= oldest.bytes();
            self.answers.pop_front();
        }
    }
}

fn token(id: u64, from: usize, query: u64) -> String {
    format!("{id:016x}{from:08x}{query:016x}")
}

fn read_token(token: &str) -> Option<(u64, usize, u64)> {
    if token.len() != 40 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let id = u64::from_str_radix(&token[..16], 16).ok()?;
    let from = usize::from_str_radix(&token[16..24], 16).ok()?;
    let query = u64::from_str_radix(&token[24..], 16).ok()?;
    Some((id, from, query))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{ListOrganisationsRequest, ListOrganisationsResponse, Organisation};

    const NOW: Moment = Moment::from_millis(1_770_000_000_000);

    fn organisation(number: usize, name_bytes: usize) -> Organisation {
        Organisation {
            code: format!("A{number:05}"),
            name: "n".repeat(name_bytes),
            ..Organisation::default()
        }
    }

    fn answer(
        pages: &Pages,
        rows: usize,
        size: usize,
        name_bytes: usize,
    ) -> (Vec<Organisation>, String, Paging) {
        let query = pages.query(&ListOrganisationsRequest::default());
        let paging = Paging { size, query };
        let mut made = Rows::new(paging, "ask for less");
        for number in 0..rows {
            made.push(&organisation(number, name_bytes)).expect("fits");
        }
        let made = made.made();
        let head = ListOrganisationsResponse { total_size: made.total(), ..Default::default() };
        let (first, token) = read(pages.first(made, head, NOW));
        (first.organisations, token, paging)
    }

    /// What a client reads: the response, and its token.
    fn read(page: Page<ListOrganisationsResponse>) -> (ListOrganisationsResponse, String) {
        let bytes = page.encode_to_vec();
        assert_eq!(bytes.len(), page.encoded_len());
        let mut read = ListOrganisationsResponse::decode(&*bytes).expect("is a response");
        let token = std::mem::take(&mut read.next_page_token);
        (read, token)
    }

    fn further(
        pages: &Pages,
        token: &str,
        paging: Paging,
        now: Moment,
    ) -> Result<(ListOrganisationsResponse, String), Fault> {
        Ok(read(pages.further(token, paging, now)?.ok_or(Fault::PageTokenMismatch)?))
    }

    #[test]
    fn pages_give_every_row_once_and_in_order_with_the_same_head() {
        for (rows, size) in [(0, 3), (3, 3), (4, 3), (7, 3), (100, 1), (100, 99)] {
            let pages = Pages::default();
            let (mut all, mut token, paging) = answer(&pages, rows, size, 10);
            while !token.is_empty() {
                let (page, next) = further(&pages, &token, paging, NOW).expect("is kept");
                assert!(page.organisations.len() <= size);
                assert_eq!(page.total_size, rows as i64);
                all.extend(page.organisations);
                token = next;
            }
            let expected: Vec<_> = (0..rows).map(|number| organisation(number, 10)).collect();
            assert_eq!(all, expected, "{rows} rows by {size}");
        }
    }

    #[test]
    fn a_page_stays_under_its_bytes_and_holds_one_row_at_least() {
        let pages = Pages::default();
        let (first, token, paging) = answer(&pages, 8, 100, PAGE_BYTES / 2);
        assert_eq!(first.len(), 1, "two are over by their tags");
        let (page, next) = further(&pages, &token, paging, NOW).expect("is kept");
        assert_eq!(page.organisations.len(), 1);
        assert!(!next.is_empty());
    }

    #[test]
    fn tokens_of_other_queries_and_of_answers_that_are_gone_are_told_apart() {
        let pages = Pages::default();
        let (_, token, paging) = answer(&pages, 5, 2, 10);
        let other = Paging { query: paging.query ^ 1, ..paging };
        let page = |token: &str, paging, now| further(&pages, token, paging, now);
        assert!(matches!(page(&token, other, NOW), Err(Fault::PageTokenMismatch)));
        let beyond = super::token(u64::from_str_radix(&token[..16], 16).expect("hex"), 99, paging.query);
        for wrong in ["x", "", &token[1..], &beyond] {
            assert!(matches!(page(wrong, paging, NOW), Err(Fault::PageTokenMismatch)), "{wrong}");
        }
        let late = NOW.plus_millis(KEPT_MILLIS + 1);
        assert!(matches!(page(&token, paging, late), Err(Fault::PageTokenExpired)));
    }

    #[test]
    fn the_oldest_answers_make_room_for_new_ones() {
        let pages = Pages::default();
        let (_, oldest, paging) = answer(&pages, 20, 1, 1_000_000);
        for _ in 0..3 {
            answer(&pages, 20, 1, 1_000_000);
        }
        let page = further(&pages, &oldest, paging, NOW);
        assert!(matches!(page, Err(Fault::PageTokenExpired)));
        assert!(pages.kept.lock().expect("whole").bytes <= KEPT_BYTES);
    }

    #[test]
    fn an_answer_beyond_the_limit_is_refused_with_advice() {
        let mut rows = Rows::new(Paging { size: 1, query: 0 }, "ask for fewer days");
        let refused = (0..60).find_map(|number| rows.push(&organisation(number, 1_000_000)).err());
        assert!(refused.is_some_and(|fault| fault.to_string().contains("ask for fewer days")));
    }
}
