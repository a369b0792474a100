//! One Aircall company, open: its pages of calls and its check.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, ErrorRule, ErrorTable, LimitHeaders, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Window, rows,
};
use serde::{Deserialize, Serialize};

use crate::description::KEEPS;
use crate::map::{TagWords, map};
use crate::wire::{Call, CallsPage, TagsPage};

/// The most rows a page.
const PER_PAGE: u64 = 50;
/// The most rows that a query gives.
const QUERY_LIMIT: u64 = 10_000;

const ERRORS: ErrorTable = ErrorTable {
    code_at: &[],
    rules: &[
        ErrorRule::of_status(401, Fault::Credentials, WRONG_KEY),
        ErrorRule::of_status(403, Fault::Credentials, WRONG_KEY),
        ErrorRule::of_status(
            402,
            Fault::Plan,
            "the company's Aircall plan has ended or has no API; ask Aircall",
        ),
    ],
};

const WRONG_KEY: &str = "the API key is wrong, was deleted or belongs to another company; make one under Integrations & API > API keys and put its ID and token into api_id and api_token";

const LIMITS: LimitHeaders = LimitHeaders {
    limit: &["x-aircallapi-limit"],
    remaining: &["x-aircallapi-remaining"],
    reset: &["x-aircallapi-reset"],
    ..LimitHeaders::USUAL
};

/// An account.
pub(crate) struct Account {
    client: Client,
    words: TagWords,
}

/// A place in a window: the part of it that is being read, in Unix milliseconds, and the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct At {
    from: i64,
    until: i64,
    page: u64,
    /// Rows that the pages before had.
    seen: u64,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let id = read.text("api_id");
        let token = read.secret("api_token");
        let words = words(&mut read);
        let per_minute = read.number_or("requests_per_minute", 1..=120, 60);
        let base = read.url_or("base_url", "https://api.aircall.io");
        read.finish()?;
        let rate = Rate::per_minute(u32::try_from(per_minute).unwrap_or(60));
        let client = Client::builder("Aircall", base)
            .auth(Auth::basic(&id, &token))
            .budget(Budget::new(settings, "aircall").rate("", rate))
            .limits(LIMITS)
            .errors(ERRORS)
            .build();
        Ok(Self { client, words })
    }

    /// One page of calls that began in a stretch of time, as it was sent.
    async fn calls(
        &self,
        from: i64,
        until: i64,
        order: &str,
        page: u64,
    ) -> Result<bytes::Bytes, AdapterError> {
        let list = Request::get("v1/calls")
            .query("from", from.div_euclid(1_000))
            .query("to", until.div_euclid(1_000) + i64::from(until.rem_euclid(1_000) > 0))
            .query("order", order)
            .query("per_page", PER_PAGE)
            .query("page", page);
        Ok(self.client.send(&list).await?.body)
    }

    fn map_rows(&self, list: &CallsPage<'_>, window: Window, page: &mut Page) {
        for call in rows::rows::<Call>(&list.calls, &["id"], page) {
            if window.contains(Moment::from_millis(call.started_at.saturating_mul(1_000))) {
                map(&call, &self.words, page);
            }
        }
    }
}

/// Tag names, from settings or as Aircall has them.
fn words(read: &mut SettingsReader<'_>) -> TagWords {
    let or = |names: Vec<String>, usual: &str| if names.is_empty() { vec![usual.to_owned()] } else { names };
    TagWords {
        requested: or(read.list("callback_requested_tags"), "Callback Request"),
        made: or(read.list("callback_made_tags"), "Called Back"),
    }
}

/// The same, for payloads that are mapped without an account.
pub(crate) fn tag_words(settings: &Settings) -> TagWords {
    words(&mut SettingsReader::new(settings))
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        self.client.send(&Request::get("v1/ping")).await?;
        report.works.push("signed in with the API key".into());
        let from = now.plus_millis(-24 * 3_600_000);
        let body = self.calls(from.millis(), now.millis(), "desc", 1).await?;
        let list: CallsPage<'_> = rows::answer(&body, EXPECTED)?;
        let mut page = Page::empty(Next::Done);
        self.map_rows(&list, Window { from, until: now }, &mut page);
        report.works.push(format!("may read calls: {} in the last 24 hours", list.meta.total));
        report.sample = CheckReport::newest(page.calls);
        let tags: TagsPage = self.client.json(&Request::get("v1/tags").query("per_page", PER_PAGE)).await?.0;
        for (mark, ours, setting) in [
            ("queue_callback", &self.words.requested, "callback_requested_tags"),
            ("queue_called_back", &self.words.made, "callback_made_tags"),
        ] {
            let theirs = tags.tags.iter().find(|tag| tag.description.as_deref() == Some(mark));
            if let Some(tag) =
                theirs.filter(|tag| !ours.iter().any(|name| name.eq_ignore_ascii_case(&tag.name)))
            {
                let name = &tag.name;
                report.warnings.push(format!("Aircall's {mark} tag is called \"{name}\" here: put that name into {setting}, or callbacks are not seen"));
            }
        }
        report.warnings.extend(self.client.skew_warning());
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        window.kept("Aircall", KEEPS, now)?;
        let first = At { from: window.from.millis(), until: window.until.millis(), page: 1, seen: 0 };
        let at: At = cursor.as_ref().map_or(Ok(first), Cursor::read)?;
        let body = self.calls(at.from, at.until, "asc", at.page).await?;
        let list: CallsPage<'_> = rows::answer(&body, EXPECTED)?;
        let next = self.after(&at, &list, window)?;
        let mut page = Page::empty(next.map_or(Next::Done, |at| Next::More(Cursor::write(&at))));
        if list.meta.total <= QUERY_LIMIT {
            let part = Window { from: Moment::from_millis(at.from), until: Moment::from_millis(at.until) };
            self.map_rows(&list, part, &mut page);
        }
        Ok(page)
    }
}

const EXPECTED: &str = "a page of GET /v1/calls with \"meta\" and \"calls\"";

impl Account {
    /// Where to go on after this page; `None` at the end of the window.
    fn after(&self, at: &At, list: &CallsPage<'_>, window: Window) -> Result<Option<At>, AdapterError> {
        let rows = list.calls.len() as u64;
        let meta = &list.meta;
        if meta.current_page != at.page || meta.count != rows {
            return Err(self.client.protocol(&format!(
                "was asked for page {} and sent page {} with {rows} of {} rows: expected that page, whole",
                at.page, meta.current_page, meta.count
            )));
        }
        if meta.total > QUERY_LIMIT {
            let half = (at.until - at.from) / 2;
            if half < 1_000 {
                return Err(self
                    .client
                    .protocol("has more than 10,000 calls in two seconds: expected fewer"));
            }
            return Ok(Some(At { until: at.from + half, page: 1, seen: 0, ..*at }));
        }
        let seen = at.seen + rows;
        if meta.next_page_link {
            return Ok(Some(At { page: at.page + 1, seen, ..*at }));
        }
        if seen < meta.total {
            return Err(self.client.protocol(&format!(
                "ended its pages after {seen} of {} calls: expected all of them",
                meta.total
            )));
        }
        let done = at.until >= window.until.millis();
        Ok((!done).then(|| At { from: at.until, until: window.until.millis(), page: 1, seen: 0 }))
    }
}
