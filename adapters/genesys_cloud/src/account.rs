//! One Genesys Cloud organisation, open: its pages of conversations by query, and its check.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, OAuth, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Window, rows, time,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jobs::Job;
use crate::wire::{Conversation, Details};

pub(crate) const EXPECTED: &str =
    "conversation details with \"conversations\", or a conversation with \"conversationId\"";

/// Conversations a page of a query, the most there can be.
const PAGE_SIZE: u64 = 100;

const WRONG_CLIENT: &str = "the client's id or secret is wrong, the client was switched off, or the organisation lives in another region; check client_id, client_secret and region";
const NO_PERMISSION: &str = "the client's role lacks the permission Analytics > Conversation Detail > View (analytics:conversationDetail:view) in the divisions of the queues; add it under Admin > Roles";

const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/code"), CodeAt::Body("/error")],
    rules: &[
        ErrorRule::of_code("invalid_client", Fault::Credentials, WRONG_CLIENT),
        ErrorRule::of_code("bad.credentials", Fault::Credentials, WRONG_CLIENT),
        ErrorRule::of_code("authentication.required", Fault::Credentials, WRONG_CLIENT),
        ErrorRule::of_code("authentication.failed", Fault::Credentials, WRONG_CLIENT),
        ErrorRule::of_code(
            "unauthorized_client",
            Fault::Disabled,
            "the client was not made with the grant Client Credentials; make one that is",
        ),
        ErrorRule::of_code("missing.permissions", Fault::Permission, NO_PERMISSION),
        ErrorRule::of_code("missing.any.permissions", Fault::Permission, NO_PERMISSION),
        ErrorRule::of_code("not.authorized", Fault::Permission, NO_PERMISSION),
        ErrorRule::of_code(
            "invalid.org",
            Fault::Region,
            "the organisation does not live in this region; set region to the end of its address",
        ),
        ErrorRule::of_code("org.disabled", Fault::Plan, "the organisation is switched off; ask Genesys"),
        ErrorRule::of_status(
            402,
            Fault::Plan,
            "the organisation's licence does not include this; ask Genesys",
        ),
        ErrorRule::of_status(403, Fault::Permission, NO_PERMISSION),
        ErrorRule::of_status(401, Fault::Credentials, WRONG_CLIENT),
    ],
};

/// An organisation.
pub(crate) struct Account {
    pub(crate) client: Client,
    jobs_after_millis: i64,
    page_size: u64,
}

/// A place in a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// Of a query: the page, from 1.
    Query { page: u64 },
    /// Of a job.
    Job(Job),
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let id = read.text("client_id");
        let secret = read.secret("client_secret");
        let region = read.text_or("region", "euw2.pure.cloud");
        let plain = region.contains('.')
            && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        if !plain {
            read.fault(
                "region",
                "must be the end of the organisation's address, such as \"euw2.pure.cloud\"",
            );
        }
        let hours = read.number_or("jobs_after_hours", 0..=8_760, 72);
        let per_minute = read.number_or("requests_per_minute", 1..=300, 150);
        let page_size = read.number_or("page_size", 1..=PAGE_SIZE, PAGE_SIZE);
        let region = if plain { region.as_str() } else { "euw2.pure.cloud" };
        let base = read.url_or("base_url", &format!("https://api.{region}"));
        let token = read.url_or("token_url", &format!("https://login.{region}/oauth/token"));
        read.finish()?;
        let rate = Rate::per_minute(u32::try_from(per_minute).unwrap_or(150));
        let sign_in = OAuth::client_credentials(token).client_basic(&id, secret).errors(ERRORS);
        let client = Client::builder("Genesys Cloud", base)
            .auth(Auth::oauth(sign_in))
            .budget(Budget::new(settings, "genesys_cloud").rate("", rate))
            .errors(ERRORS)
            .build();
        Ok(Self { client, jobs_after_millis: i64::try_from(hours).unwrap_or(72) * 3_600_000, page_size })
    }

    async fn query(&self, window: Window, number: u64, order: &str) -> Result<bytes::Bytes, AdapterError> {
        let mut body = filters(window);
        body["order"] = json!(order);
        body["orderBy"] = json!("conversationStart");
        body["paging"] = json!({ "pageSize": self.page_size, "pageNumber": number });
        let path = "api/v2/analytics/conversations/details/query";
        Ok(self.client.send(&Request::post_json(path, &body).search()).await?.body)
    }

    async fn queried(&self, window: Window, number: u64) -> Result<Page, AdapterError> {
        let body = self.query(window, number, "asc").await?;
        let list: Details<'_> = rows::answer(&body, EXPECTED)?;
        let rows = list.conversations.len() as u64;
        let mut page = Page::empty(Next::Done);
        map_window(&list, window, &mut page);
        let full = number * self.page_size;
        let more = match list.total_hits {
            Some(total) if rows == 0 && full < total => {
                let what =
                    format!("sent page {number} of {total} conversations without any: expected all of them");
                return Err(self.client.protocol(&what));
            }
            Some(total) => full < total,
            // A page has a fixed size: a short one is the last.
            None => rows >= self.page_size,
        };
        if more {
            page.next = Next::More(Cursor::write(&At::Query { page: number + 1 }));
        }
        Ok(page)
    }
}

/// What is asked for: conversations with voice or a callback that began in a window.
pub(crate) fn filters(window: Window) -> Value {
    let interval = format!("{}/{}", time::to_iso_millis(window.from), time::to_iso_millis(window.until));
    let medium = |name: &str| json!({ "type": "dimension", "dimension": "mediaType", "operator": "matches", "value": name });
    json!({
        "interval": interval,
        "segmentFilters": [{ "type": "or", "predicates": [medium("voice"), medium("callback")] }],
    })
}

/// Maps the conversations of an answer that began in the window.
pub(crate) fn map_window(list: &Details<'_>, window: Window, page: &mut Page) {
    for conversation in rows::rows::<Conversation>(&list.conversations, &["conversationId"], page) {
        let began = conversation.conversation_start.map(Moment::from_millis);
        if began.is_none_or(|began| window.contains(began)) {
            crate::map::map(&conversation, page);
        }
    }
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        let window = Window { from: now.plus_millis(-24 * 3_600_000), until: now };
        let body = self.query(window, 1, "desc").await?;
        report.works.push("signed in with the client's credentials".into());
        let list: Details<'_> = rows::answer(&body, EXPECTED)?;
        let mut page = Page::empty(Next::Done);
        map_window(&list, window, &mut page);
        let hits = list.total_hits.map_or_else(String::new, |hits| format!(": {hits} in the last 24 hours"));
        report.works.push(format!("may read conversation details{hits}"));
        if list.conversations.is_empty() {
            let seen = "no conversation in the last 24 hours: if there were calls, the client's role does not reach the division of their queues";
            report.warnings.push(seen.into());
        }
        report.sample = CheckReport::newest(page.calls);
        report.warnings.extend(self.client.skew_warning());
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        let old = window.until.millis() <= now.millis() - self.jobs_after_millis;
        let at = match cursor {
            Some(cursor) => cursor.read()?,
            None if old => At::Job(Job::submit(self, window, now).await?),
            None => At::Query { page: 1 },
        };
        match at {
            At::Query { page } => self.queried(window, page).await,
            At::Job(job) => {
                let (mut page, next) = job.go_on(self, window, now).await?;
                page.next = next.map_or(Next::Done, |job| Next::More(Cursor::write(&At::Job(job))));
                Ok(page)
            }
        }
    }
}
