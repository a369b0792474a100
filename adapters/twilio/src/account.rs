//! One Twilio account, open: its pages of calls with their tasks, and its check.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Window, rows, time,
};
use serde::{Deserialize, Serialize};

use crate::description::KEEPS;
use crate::legs::{Carry, Joined};
use crate::map::{Reading, TasksSince, WithoutLeg, map};
use crate::protocol;
use crate::tasks::{Event, EventsPage, Tasks};
use crate::wire::{CallsPage, Leg};

pub(crate) const EXPECTED: &str = "a page of Calls.json with \"calls\" and \"next_page_uri\"";

/// Legs a page.
const PAGE_SIZE: usize = 500;
/// How long after a call its legs may begin.
const LEGS_AFTER_MILLIS: i64 = 4 * 3_600_000;
/// How long after the end of a call an event about it may come.
const EVENTS_AFTER_MILLIS: i64 = 5 * 60_000;
/// How long TaskRouter keeps events.
const EVENTS_KEPT_MILLIS: i64 = 30 * 86_400_000;
/// The most pages of events for one page of calls.
const EVENT_PAGES: usize = 40;

const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/code")],
    rules: &[
        ErrorRule::new(
            403,
            "20003",
            Fault::Permission,
            "the API key may not read this account's calls; a restricted key needs Voice > Calls > List, or use a standard key",
        ),
        ErrorRule::of_code(
            "20003",
            Fault::Credentials,
            "user or secret is wrong, or the API key was deleted; make one under Account > API keys & tokens",
        ),
        ErrorRule::of_code(
            "20005",
            Fault::Plan,
            "the account is suspended or closed; open the Twilio console and see to its balance",
        ),
        ErrorRule::of_code(
            "20006",
            Fault::Permission,
            "the account may not be read with this key; use a key of the account or of its parent",
        ),
        ErrorRule::new(
            404,
            "20404",
            Fault::Region,
            "there is no such account or workspace here; check account_sid and workspace_sid, and base_url if the account lives in another region",
        ),
        ErrorRule::of_code(
            "20429",
            Fault::RateLimited { retry_after: None },
            "too many requests at once; it is tried again later",
        ),
        ErrorRule::of_status(
            401,
            Fault::Credentials,
            "user or secret is wrong, or the API key was deleted; make one under Account > API keys & tokens",
        ),
    ],
};

/// An account.
pub(crate) struct Account {
    calls: Client,
    events: Client,
    account_sid: String,
    workspace: Option<String>,
    exact_times: bool,
    reading: Reading,
    callback_types: Vec<String>,
}

/// A place in a window: the next page, and what is carried to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    /// Path and query of the page; nothing for the first.
    next: Option<String>,
    carry: Carry,
}

/// What mapping depends on, for an account or for saved payloads.
pub(crate) fn reading(settings: &Settings) -> (Reading, Vec<String>) {
    read_reading(&mut SettingsReader::new(settings))
}

fn read_reading(read: &mut SettingsReader<'_>) -> (Reading, Vec<String>) {
    let types = read.list("callback_task_types");
    let without_leg = match read.optional_choice("without_leg", &["unclassified", "ivr"]).as_deref() {
        Some("ivr") => WithoutLeg::EndedInIvr,
        _ => WithoutLeg::Unclassified,
    };
    let types = if types.is_empty() { vec!["callback".to_owned()] } else { types };
    (Reading { without_leg, tasks: None }, types)
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let account_sid = sid(&mut read, "account_sid", "AC");
        let user = read.optional_text("user").unwrap_or_else(|| account_sid.clone());
        let secret = read.secret("secret");
        let workspace = if read.has("workspace_sid") {
            Some(sid(&mut read, "workspace_sid", "WS"))
        } else {
            read.optional_text("workspace_sid")
        };
        let (reading, callback_types) = read_reading(&mut read);
        let exact_times = read.switch_or("exact_times", false);
        let base = read.url_or("base_url", "https://api.twilio.com");
        let taskrouter = read.url_or("taskrouter_url", "https://taskrouter.twilio.com");
        read.finish()?;
        // Twilio limits how many requests run at once, not how many a minute: one after the other is always within it.
        let budget = Budget::new(settings, "twilio").rate("", Rate::per_second(20));
        let client = |base| {
            Client::builder("Twilio", base)
                .auth(Auth::basic(&user, &secret))
                .budget(budget.clone())
                .errors(ERRORS)
                .build()
        };
        let (calls, events) = (client(base), client(taskrouter));
        Ok(Self { calls, events, account_sid, workspace, exact_times, reading, callback_types })
    }

    /// The first page of the legs that began in a stretch of time. Days are UTC's.
    fn first_page(&self, from: Moment, until: Moment) -> Request {
        let bound = |at: Moment| if self.exact_times { time::to_iso(at) } else { day(at) };
        // "Before" is strictly before: the day after the last, or the next whole second.
        let past = if self.exact_times { 999 } else { 86_400_000 - 1 };
        Request::get(format!("2010-04-01/Accounts/{}/Calls.json", self.account_sid))
            .query("StartTime>", bound(from))
            .query("StartTime<", bound(until.plus_millis(past)))
            .query("PageSize", PAGE_SIZE)
    }

    /// The tasks of these calls.
    async fn tasks(&self, joined: &[Joined], now: Moment) -> Result<Tasks, AdapterError> {
        let Some(workspace) = &self.workspace else { return Ok(Tasks::default()) };
        let kept = now.millis() - EVENTS_KEPT_MILLIS;
        let starts = joined.iter().filter_map(|joined| joined.call.start_time).min();
        let ends = joined.iter().filter_map(|joined| joined.call.end_time).max();
        let (Some(from), Some(until)) = (starts, ends) else { return Ok(Tasks::default()) };
        let from = (from * 1_000).max(kept);
        let until = (until * 1_000 + EVENTS_AFTER_MILLIS).min(now.millis());
        if until <= from {
            return Ok(Tasks::default());
        }
        let mut request = Request::get(format!("v1/Workspaces/{workspace}/Events"))
            .query("StartDate", time::to_iso(Moment::from_millis(from)))
            .query("EndDate", time::to_iso(Moment::from_millis(until)))
            .query("PageSize", PAGE_SIZE);
        let mut events: Vec<Event> = Vec::new();
        for _ in 0..EVENT_PAGES {
            let (page, _) = self.events.json::<EventsPage>(&request).await?;
            events.extend(page.events.into_iter().filter(Event::is_of_a_task));
            let Some(next) = page.meta.next_page_url else {
                return Ok(Tasks::of(events, &self.callback_types));
            };
            request = self.events.follow(Request::get(""), &next)?;
        }
        Err(protocol(format!(
            "expected at most {EVENT_PAGES} pages of TaskRouter events for a page of calls; read shorter windows"
        )))
    }

    /// Reads a page on from a place, and maps the calls of `window` that are whole.
    async fn page(&self, window: Window, at: At, now: Moment) -> Result<Page, AdapterError> {
        let At { next, mut carry } = at;
        let until = window.until.plus_millis(LEGS_AFTER_MILLIS).min(now.plus_millis(1)).max(window.until);
        let first = self.first_page(window.from, until);
        let request = match &next {
            Some(path) => self.calls.follow(first, path)?,
            None => first,
        };
        let body = self.calls.send(&request).await?.body;
        let list: CallsPage<'_> = rows::answer(&body, EXPECTED)?;
        let following = list.next_page_uri.filter(|next| !next.is_empty());
        if following.is_some() && following == next {
            return Err(protocol(
                "Twilio named the same page again as the next one: expected another or none",
            ));
        }
        let mut page = Page::empty(Next::Done);
        let legs: Vec<Leg> = rows::rows(&list.calls, &["sid"], &mut page);
        let mut joined = carry.page(legs, following.is_none())?;
        joined.retain(|joined| {
            let start = joined.call.start_time.map(|secs| Moment::from_millis(secs.saturating_mul(1_000)));
            start.is_none_or(|start| window.contains(start))
        });
        let tasks = self.tasks(&joined, now).await?;
        let since = now.millis() - EVENTS_KEPT_MILLIS;
        let reading =
            Reading { tasks: self.workspace.as_ref().map(|_| TasksSince(since)), ..self.reading.clone() };
        for joined in &joined {
            map(joined, &tasks, &reading, &mut page);
        }
        if following.is_some() {
            let cursor = Cursor::write(&At { next: following, carry });
            if cursor.0.len() > Cursor::LIMIT {
                return Err(protocol(
                    "more calls lie open at the end of a page than a cursor can hold; read shorter windows",
                ));
            }
            page.next = Next::More(cursor);
        }
        Ok(page)
    }
}

/// A SID of a kind.
fn sid(read: &mut SettingsReader<'_>, key: &str, kind: &str) -> String {
    let sid = read.text(key);
    let plain = sid.len() == 34 && sid.starts_with(kind) && sid.bytes().all(|b| b.is_ascii_alphanumeric());
    if !sid.is_empty() && !plain {
        read.fault(key, &format!("must be {kind} and 32 letters and digits, as the Twilio console shows it"));
    }
    sid
}

fn day(at: Moment) -> String {
    time::to_iso(at).chars().take(10).collect()
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        self.calls.send(&Request::get(format!("2010-04-01/Accounts/{}.json", self.account_sid))).await?;
        report.works.push("signed in, and the account is there".into());
        let window = Window { from: now.plus_millis(-24 * 3_600_000), until: now };
        let page = self.page(window, At::default(), now).await?;
        report.works.push("may read the account's calls".into());
        if self.workspace.is_some() {
            report.works.push("may read the workspace's events".into());
        } else {
            let lost = "no workspace_sid: calls that wait in a queue cannot be told from calls that the menu served, and are UNCLASSIFIED where nobody answered";
            report.warnings.push(lost.into());
        }
        report.sample = CheckReport::newest(page.calls);
        report.warnings.extend(self.calls.skew_warning());
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        window.kept("Twilio", KEEPS, now)?;
        let at: At = cursor.as_ref().map_or(Ok(At::default()), Cursor::read)?;
        self.page(window, at, now).await
    }
}
