//! ListCallRecords: the calls of one practice or account in a stretch of time, page by page of one snapshot.

use std::sync::Arc;

use callgauge_schema::{AccountId, Attribution, Direction, Line, Moment, OdsCode, Outcome, Reason};

use super::stored;
use crate::access::{Ask, Asks, Principal, Purpose};
use crate::calendar::{Days, london, start_of};
use crate::proto::v1;
use crate::service::errors::Fault;
use crate::service::fields;
use crate::service::house::House;
use crate::service::pages::{Paging, Rows};
use crate::store::{AttributionKey, Attributions, CallFilter, CallsAsk, Span};

/// Most calls of an answer, on all its pages.
const CALLS: usize = 200_000;
const ADVICE: &str = "ask for fewer days or for fewer outcomes";
const EXAMPLE: &str = r#"{"organisation_code":"A81001","start_date":"2026-02-02","end_date":"2026-02-03"}"#;

/// Whose calls are asked for.
enum Whose {
    Practice(OdsCode),
    Account(AccountId),
}

/// What is asked.
struct Question {
    code: String,
    whose: Whose,
    from: Moment,
    until: Moment,
    filter: CallFilter,
}

impl Asks for Question {
    fn ask(&self) -> Ask<'_> {
        Ask {
            organisations: vec![&self.code],
            source: self.filter.source.as_ref().map(|source| source.as_str()),
            ..Ask::about(Purpose::Calls)
        }
    }
}

/// Answers.
pub(super) async fn list(
    house: &House,
    caller: &Principal,
    mut request: v1::ListCallRecordsRequest,
) -> Result<v1::ListCallRecordsResponse, Fault> {
    let page_size = std::mem::take(&mut request.page_size);
    let page_token = std::mem::take(&mut request.page_token);
    let paging = Paging::new(page_size, 1_000, 10_000, house.pages.query(&request))?;
    let admitted = house.admit(caller, parse(request)?)?;
    let question = admitted.question();
    if !page_token.is_empty() {
        let (page, next_page_token) =
            house.pages.page::<v1::ListCallRecordsResponse>(&page_token, paging, house.now())?;
        return Ok(v1::ListCallRecordsResponse { next_page_token, ..page });
    }
    let snapshot = house.store.open(&admitted).snapshot().await?;
    let keys = keys(&snapshot.attributions(), &question.whose);
    if keys.is_empty() {
        let known = match &question.whose {
            Whose::Practice(code) => house.directory.open(&admitted).now().knows_practice(*code),
            Whose::Account(_) => false,
        };
        if !known {
            return Err(Fault::UnknownOrganisation {
                field: "organisation_code".to_owned(),
                code: fields::shown(&question.code),
            });
        }
    }
    let days = Days::new(london(question.from).day, london(question.until.plus_millis(-1)).day.plus(1));
    let ask = CallsAsk {
        spans: keys.into_iter().map(|whose| Span { whose, days }).collect(),
        from: question.from,
        until: question.until,
        filter: question.filter.clone(),
        limit: CALLS,
    };
    let calls = Arc::clone(&snapshot).calls(ask).await?;
    let mut made = house
        .compute(move |waiting| {
            let mut rows = Rows::new(paging, ADVICE);
            for (at, call) in calls.iter().enumerate() {
                if at % 1_024 == 0 {
                    waiting.check()?;
                }
                rows.push(stored(call))?;
            }
            Ok(rows.made())
        })
        .await?;
    let head = v1::ListCallRecordsResponse {
        records: Vec::new(),
        next_page_token: String::new(),
        total_size: made.total,
    };
    let next_page_token = house.pages.keep(&mut made, &head, house.now());
    Ok(v1::ListCallRecordsResponse { records: made.first, next_page_token, ..head })
}

/// Everybody of that code or account id who has calls.
fn keys(attributions: &Attributions, whose: &Whose) -> Vec<AttributionKey> {
    let is = |attribution: &Attribution| match (attribution, whose) {
        (Attribution::Practice(code), Whose::Practice(asked)) => code == asked,
        (Attribution::Account(account), Whose::Account(asked)) => account.id == *asked,
        (Attribution::Practice(_), Whose::Account(_)) | (Attribution::Account(_), Whose::Practice(_)) => {
            false
        }
    };
    (0..)
        .zip(&attributions.list)
        .filter(|(_, attribution)| is(attribution))
        .map(|(key, _)| AttributionKey(key))
        .collect()
}

fn parse(request: v1::ListCallRecordsRequest) -> Result<Question, Fault> {
    let v1::ListCallRecordsRequest {
        organisation_code,
        start_date,
        end_date,
        start_time,
        end_time,
        direction,
        outcomes,
        outcome_reasons,
        lines,
        min_wait,
        max_wait,
        source_id,
        page_size: _,
        page_token: _,
    } = request;
    let (from, until) = stretch(&start_date, &end_date, start_time, end_time)?;
    let filter = CallFilter {
        source: if source_id.is_empty() { None } else { Some(fields::source(source_id)?) },
        direction: fields::numbered("direction", direction, Direction::from_number)?,
        outcomes: all("outcomes", &outcomes, Outcome::from_number)?,
        reasons: all("outcome_reasons", &outcome_reasons, Reason::from_number)?,
        lines: lines
            .into_iter()
            .map(|line| Line::try_from(line).map_err(|fault| Fault::field("lines", fault.to_string())))
            .collect::<Result<_, _>>()?,
        min_wait: min_wait.map(|wait| fields::whole_seconds("min_wait", wait)).transpose()?,
        max_wait: max_wait.map(|wait| fields::whole_seconds("max_wait", wait)).transpose()?,
    };
    if filter.min_wait > filter.max_wait && filter.max_wait.is_some() {
        return Err(Fault::field("max_wait", "must be at least min_wait"));
    }
    let whose = whose(&organisation_code)?;
    Ok(Question { code: organisation_code, whose, from, until, filter })
}

fn whose(code: &str) -> Result<Whose, Fault> {
    let wrong = |fault: callgauge_schema::InvalidCode| {
        Fault::field(
            "organisation_code",
            format!(
                "{fault}; the code of a practice, or \"account:\" and the id of an account; for example {EXAMPLE}"
            ),
        )
    };
    match code.strip_prefix("account:") {
        Some(id) => id.parse().map(Whose::Account).map_err(wrong),
        None => code.parse().map(Whose::Practice).map_err(wrong),
    }
}

pub(super) fn stretch(
    start_date: &str,
    end_date: &str,
    start_time: Option<prost_types::Timestamp>,
    end_time: Option<prost_types::Timestamp>,
) -> Result<(Moment, Moment), Fault> {
    let dates = !start_date.is_empty() || !end_date.is_empty();
    match (dates, start_time, end_time) {
        (true, None, None) => {
            let days = fields::days(start_date, end_date)?;
            Ok((start_of(days.first), start_of(days.end)))
        }
        (false, Some(from), Some(until)) => {
            let (from, until) = (fields::instant("start_time", from)?, fields::instant("end_time", until)?);
            if until <= from {
                return Err(Fault::field("end_time", "must be after start_time; it is excluded"));
            }
            Ok((from, until))
        }
        (false, Some(_), None) => Err(Fault::field("end_time", "must be given with start_time")),
        (false, None, Some(_)) => Err(Fault::field("start_time", "must be given with end_time")),
        (true, _, _) => Err(Fault::field("start_time", "give either dates or times, not both")),
        (false, None, None) => Err(Fault::field(
            "start_date",
            format!("must be given with end_date, or start_time with end_time; for example {EXAMPLE}"),
        )),
    }
}

fn all<T>(field: &'static str, numbers: &[i32], known: fn(u8) -> Option<T>) -> Result<Vec<T>, Fault> {
    numbers
        .iter()
        .map(|&number| {
            fields::numbered(field, number, known)?.ok_or_else(|| {
                Fault::field(field, "must not have an unspecified value; leave the field out for all")
            })
        })
        .collect()
}
