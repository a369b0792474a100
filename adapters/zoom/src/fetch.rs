//! An open Zoom account: signs in, keeps the vendor's limits, reads the call history step by step and the elements of each inbound call.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, OAuth, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::steps::{Listing, Room, StepPlan};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Fault, FetchRequest, Next, Page, Secret, SettingFaults, Settings,
    SettingsReader, Span, Window, time,
};

use crate::map::{self, Joined};
use crate::wire::{History, Row};

/// Rows a page; the vendor gives no more.
const PER_PAGE: usize = 300;
/// Rows of one call begin within this of each other.
const MARGIN: Span = Span::hours(1);
/// With two pages of rows a step is full.
const STEPS: StepPlan = StepPlan {
    first: Span::hours(6),
    longest: Span::hours(48),
    shortest: Span::minutes(1),
    rows: 2 * PER_PAGE,
};
/// So long after a call its elements are there, or never come, in milliseconds: an hour.
const SETTLED_MS: i64 = 3_600_000;
/// How long the history is kept, in days: six months, less a day for the shortest six.
pub(crate) const KEEPS: Span = Span::days(180);

/// What the vendor's refusals mean.
const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/code"), CodeAt::Body("/error"), CodeAt::Body("/reason")],
    rules: &[
        ErrorRule::of_code(
            "4711",
            Fault::Permission,
            "the app lacks a scope: add phone:read:list_call_logs:admin and phone:read:call_log:admin and activate it again",
        ),
        ErrorRule::of_code(
            "4700",
            Fault::Credentials,
            "the access token was refused: check client_id, client_secret and account_id",
        ),
        ErrorRule::of_code(
            "124",
            Fault::Credentials,
            "the access token was refused: check client_id, client_secret and account_id",
        ),
        ErrorRule::of_code(
            "200",
            Fault::Permission,
            "the app's owner may not read the account's phone data: give their role Zoom Phone, view",
        ),
        ErrorRule::of_code(
            "104",
            Fault::Permission,
            "the app lacks a scope: add phone:read:list_call_logs:admin and phone:read:call_log:admin and activate it again",
        ),
        ErrorRule::of_code("7008", Fault::Plan, "the account has no Zoom Phone plan, or it has ended"),
        ErrorRule::of_code("invalid_client", Fault::Credentials, "client_id or client_secret is wrong"),
        ErrorRule::of_code(
            "invalid_grant",
            Fault::Credentials,
            "account_id is wrong, or the app is of another account",
        ),
        ErrorRule::of_code(
            "unsupported_grant_type",
            Fault::Disabled,
            "the app is of another kind: it must be a server-to-server OAuth app",
        ),
        ErrorRule::of_code(
            "invalid_request",
            Fault::Disabled,
            "the app is not activated, or account_id is wrong: activate it in the Zoom app marketplace",
        ),
        ErrorRule::of_code(
            "300",
            Fault::Protocol,
            "the request was refused as wrong; the vendor's interface may have changed",
        ),
    ],
};

/// An account.
pub(crate) struct Account {
    client: Client,
    elements: bool,
}

impl Account {
    /// Reads the settings.
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let account_id = read.text("account_id");
        let client_id = read.text("client_id");
        let client_secret = read.secret("client_secret");
        let base = read.url_or("base_url", "https://api.zoom.us/v2");
        let token_url = read.url_or("token_url", "https://zoom.us/oauth/token");
        let plan = read.optional_choice("plan", &["pro", "business"]);
        let elements = read.switch_or("call_elements", true);
        read.finish()?;
        let sign_in = OAuth::client_credentials(token_url)
            .grant_type("account_credentials")
            .field("account_id", Secret::new(account_id))
            .client_basic(client_id, client_secret)
            .errors(ERRORS);
        let (a_second, a_day) = if plan.as_deref() == Some("business") { (10, 30_000) } else { (5, 15_000) };
        let budget = Budget::new(settings, "zoom")
            .rate("", Rate::per_second(a_second))
            .rate("", Rate::per_day(a_day).burst(a_day / 2))
            .rate("light", Rate::per_second(20));
        let client =
            Client::builder("Zoom", base).auth(Auth::oauth(sign_in)).budget(budget).errors(ERRORS).build();
        Ok(Self { client, elements })
    }

    /// Puts the elements into the calls that have some. What is not there yet counts as in progress; of a call that ended long ago they do not come
    /// any more, and the row has to do.
    async fn add_elements(
        &self,
        calls: &mut Vec<Joined>,
        now: Moment,
        page: &mut Page,
    ) -> Result<(), AdapterError> {
        let mut ready = Vec::with_capacity(calls.len());
        for mut call in calls.drain(..) {
            let mut whole = true;
            if call.wants_elements() {
                for row in &mut call.rows {
                    let Some(uuid) = row.call_history_uuid.as_deref() else { continue };
                    let request = Request::get(format!("phone/call_history/{}", encoded(uuid)))
                        .group("light")
                        .accept(404);
                    let reply = self.client.send(&request).await?;
                    if reply.status == 404 {
                        whole = row.ended_before(now.plus_millis(-SETTLED_MS));
                        if whole {
                            continue;
                        }
                        break;
                    }
                    row.take_elements(Row::parse(&reply.body)?);
                }
            }
            if whole {
                ready.push(call);
            } else {
                page.in_progress += 1;
            }
        }
        *calls = ready;
        Ok(())
    }
}

#[async_trait]
impl Listing for Account {
    type Part = Row;

    async fn list(
        &self,
        window: Window,
        room: &mut Room<Row>,
        page: &mut Page,
    ) -> Result<bool, AdapterError> {
        let mut token: Option<String> = None;
        loop {
            let request = Request::get("phone/call_history")
                .query("from", time::to_iso(window.from))
                // Whole seconds; the end's own second is read too, and dropped when calls are joined.
                .query("to", time::to_iso(window.until.plus_millis(999)))
                .query("time_type", "start_time")
                .query("page_size", PER_PAGE)
                .query_opt("next_page_token", token.as_deref());
            let (_, reply) = self.client.json::<serde::de::IgnoredAny>(&request).await?;
            let history = History::parse(&reply.body)?;
            room.add(history.rows(page));
            let Some(next) = history.next().map(str::to_owned) else {
                return Err(self.client.protocol(
                    "does not say whether there is another page: expected next_page_token, empty on the last",
                ));
            };
            match Some(next).filter(|token| !token.is_empty()) {
                None => return Ok(true),
                next if next == token => {
                    return Err(self
                        .client
                        .protocol("named the same page again as the next one: expected another or none"));
                }
                Some(_) if history.len() == 0 => {
                    return Err(self
                        .client
                        .protocol("gave a page without rows that says there is another: expected rows"));
                }
                Some(_) if room.is_full() => return Ok(false),
                next => token = next,
            }
        }
    }

    fn call_of(row: &Row) -> String {
        map::call_id(row)
    }
}

/// An id as a part of a path.
fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let (back, rows) = STEPS.latest(self, now, Span::days(1), &mut page).await?;
        let listed = rows.len();
        let mut calls = map::join(rows, None);
        calls.sort_by(|a, b| b.rows[0].start_time.cmp(&a.rows[0].start_time));
        calls.truncate(CheckReport::SAMPLE);
        let mut works = vec![
            "signed in".into(),
            format!("may read the account's call history: {listed} rows, looking back {back}"),
        ];
        let mut warnings = Vec::new();
        if self.elements {
            self.add_elements(&mut calls, now, &mut page).await?;
            works.push("may read the elements of a call".into());
        } else {
            warnings.push(
                "call_elements is off: who answered a queue, and how long callers waited in it, is not known"
                    .into(),
            );
        }
        map::calls(&calls, &mut page);
        warnings.extend(self.client.skew_warning());
        Ok(CheckReport { works, warnings, sample: page.calls })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let step = STEPS.step(&request)?;
        let oldest = step.core.kept("Zoom", KEEPS, request.now)?;
        let read = step.read(MARGIN, MARGIN, request.now);
        let window = Window { from: read.from.max(oldest), until: read.until };
        let mut page = Page::empty(Next::Done);
        let Some(rows) = STEPS.parts(self, &step, window, &mut page).await? else {
            return Ok(STEPS.halved(&step));
        };
        page.next = STEPS.next(&step, rows.len(), request.window);
        let mut calls = map::join(rows, Some(step.core));
        if self.elements {
            self.add_elements(&mut calls, request.now, &mut page).await?;
        }
        map::calls(&calls, &mut page);
        Ok(page)
    }
}
