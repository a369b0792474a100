//! Pages of one snapshot: an answer that does not fit one page is computed once; the rest of it waits here, encoded, until it is asked for.
//!
//! Bounded by bytes and age: the oldest answers go first, and a token of an answer that is gone is told so.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use callgauge_schema::Moment;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

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
    /// Its rows from the second page on, encoded as field 1 of the response.
    rows: Arc<[u8]>,
    /// Where in `rows` each ends.
    ends: Arc<[u32]>,
}

/// Rows of an answer as they are made: those of the first page as they are, the others encoded.
#[derive(Debug)]
pub(crate) struct Rows<T> {
    paging: Paging,
    first: Vec<T>,
    first_bytes: usize,
    full: bool,
    rows: Vec<u8>,
    ends: Vec<u32>,
    advice: &'static str,
}

/// The first page, and the rest.
#[derive(Debug)]
pub(crate) struct Made<T> {
    /// Rows of the first page.
    pub(crate) first: Vec<T>,
    /// Rows on all pages.
    pub(crate) total: i64,
    rest: Option<(Vec<u8>, Vec<u32>)>,
    paging: Paging,
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
                return Err(Fault::field("page_size", format!("must be from 1 to {most}, or 0 for {default}")));
            }
        };
        Ok(Self { size, query })
    }
}

impl<T: Message> Rows<T> {
    /// None yet. `advice` tells how to ask for less where the answer grows too large.
    pub(crate) fn new(paging: Paging, advice: &'static str) -> Self {
        Self {
            paging,
            first: Vec::with_capacity(paging.size.min(5_000)),
            first_bytes: 0,
            full: false,
            rows: Vec::new(),
            ends: Vec::new(),
            advice,
        }
    }

    /// One more.
    ///
    /// # Errors
    /// [`Fault::AnswerTooLarge`] beyond the limits.
    pub(crate) fn push(&mut self, row: T) -> Result<(), Fault> {
        let bytes = row.encoded_len();
        let tagged = 1 + encoded_len_varint(bytes as u64) + bytes;
        if !self.full {
            let fits =
                self.first.is_empty() || self.first_bytes + tagged <= PAGE_BYTES && self.first.len() < self.paging.size;
            if fits {
                self.first_bytes += tagged;
                self.first.push(row);
                return Ok(());
            }
            self.full = true;
        }
        if self.first.len() + self.ends.len() >= ANSWER_ROWS
            || self.first_bytes + self.rows.len() + tagged > ANSWER_BYTES
        {
            return Err(Fault::AnswerTooLarge(format!(
                "the answer would have more than {ANSWER_ROWS} rows or {} MiB: {}",
                ANSWER_BYTES >> 20,
                self.advice
            )));
        }
        encode_key(1, WireType::LengthDelimited, &mut self.rows);
        encode_varint(bytes as u64, &mut self.rows);
        row.encode_raw(&mut self.rows);
        self.ends.push(self.rows.len() as u32);
        Ok(())
    }

    /// All there are.
    pub(crate) fn made(self) -> Made<T> {
        let Self { paging, first, first_bytes: _, full: _, rows, ends, advice: _ } = self;
        let total = (first.len() + ends.len()) as i64;
        Made { first, total, rest: (!ends.is_empty()).then_some((rows, ends)), paging }
    }
}

impl Pages {
    /// The query behind a request whose page fields were cleared, as a number.
    pub(crate) fn query(&self, request: &impl Message) -> u64 {
        self.random.hash_one(request.encode_to_vec())
    }

    /// Keeps the rest of an answer; gives the token of its second page, empty where the first was all. `head` is what every page has.
    pub(crate) fn keep<T>(&self, made: &mut Made<T>, head: &impl Message, now: Moment) -> String {
        let Some((rows, ends)) = made.rest.take() else { return String::new() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.made += 1;
        let id = self.random.hash_one(("answer", kept.made));
        let answer = Answer {
            id,
            query: made.paging.query,
            at: now,
            head: head.encode_to_vec().into(),
            rows: rows.into(),
            ends: ends.into(),
        };
        kept.bytes += answer.bytes();
        kept.answers.push_back(answer);
        kept.forget(now);
        token(id, 0, made.paging.query)
    }

    /// A further page: the response without its token, and that token, empty on the last page.
    ///
    /// # Errors
    /// A token of another query, or of an answer that is gone.
    pub(crate) fn page<R: Message + Default>(
        &self,
        asked: &str,
        paging: Paging,
        now: Moment,
    ) -> Result<(R, String), Fault> {
        let (id, from, query) = read_token(asked).ok_or(Fault::PageTokenMismatch)?;
        if query != paging.query {
            return Err(Fault::PageTokenMismatch);
        }
        let answer = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.forget(now);
            let found = kept.answers.iter().find(|answer| answer.id == id && answer.query == query);
            found.cloned().ok_or(Fault::PageTokenExpired)?
        };
        let start = match from.checked_sub(1) {
            None => 0,
            Some(before) => *answer.ends.get(before).ok_or(Fault::PageTokenMismatch)? as usize,
        };
        let fits = answer.ends[from..]
            .iter()
            .take(paging.size)
            .take_while(|&&end| end as usize - start <= PAGE_BYTES)
            .count()
            .max(1);
        let until = (from + fits).min(answer.ends.len());
        let Some(&end) = until.checked_sub(1).and_then(|last| answer.ends.get(last)) else {
            return Err(Fault::PageTokenMismatch);
        };
        let next = if until < answer.ends.len() { token(id, until, query) } else { String::new() };
        let mut response = R::default();
        let damaged = |fault: prost::DecodeError| Fault::Internal(format!("a kept page is damaged: {fault}"));
        response.merge(&*answer.head).map_err(damaged)?;
        response.merge(&answer.rows[start..end as usize]).map_err(damaged)?;
        Ok((response, next))
    }
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
        Organisation { code: format!("A{number:05}"), name: "n".repeat(name_bytes), ..Organisation::default() }
    }

    fn answer(pages: &Pages, rows: usize, size: usize, name_bytes: usize) -> (Vec<Organisation>, String, Paging) {
        let query = pages.query(&ListOrganisationsRequest::default());
        let paging = Paging { size, query };
        let mut made = Rows::new(paging, "ask for less");
        for number in 0..rows {
            made.push(organisation(number, name_bytes)).expect("fits");
        }
        let mut made = made.made();
        let head = ListOrganisationsResponse { total_size: made.total, ..Default::default() };
        let token = pages.keep(&mut made, &head, NOW);
        (made.first, token, paging)
    }

    #[test]
    fn pages_give_every_row_once_and_in_order_with_the_same_head() {
        for (rows, size) in [(0, 3), (3, 3), (4, 3), (7, 3), (100, 1), (100, 99)] {
            let pages = Pages::default();
            let (mut all, mut token, paging) = answer(&pages, rows, size, 10);
            while !token.is_empty() {
                let (page, next) =
                    pages.page::<ListOrganisationsResponse>(&token, paging, NOW).expect("is kept");
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
        let (page, next) = pages.page::<ListOrganisationsResponse>(&token, paging, NOW).expect("is kept");
        assert_eq!(page.organisations.len(), 1);
        assert!(!next.is_empty());
    }

    #[test]
    fn tokens_of_other_queries_and_of_answers_that_are_gone_are_told_apart() {
        let pages = Pages::default();
        let (_, token, paging) = answer(&pages, 5, 2, 10);
        let other = Paging { query: paging.query ^ 1, ..paging };
        let page = |token: &str, paging, now| pages.page::<ListOrganisationsResponse>(token, paging, now);
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
        let page = pages.page::<ListOrganisationsResponse>(&oldest, paging, NOW);
        assert!(matches!(page, Err(Fault::PageTokenExpired)));
        assert!(pages.kept.lock().expect("whole").bytes <= KEPT_BYTES);
    }

    #[test]
    fn an_answer_beyond_the_limit_is_refused_with_advice() {
        let mut rows = Rows::new(Paging { size: 1, query: 0 }, "ask for fewer days");
        let refused = (0..60).find_map(|number| rows.push(organisation(number, 1_000_000)).err());
        assert!(refused.is_some_and(|fault| fault.to_string().contains("ask for fewer days")));
    }
}
