//! Acme: reads the call log of an account with Acme, a page at a time.
//!
//! FILL IN: which product this is, where its documentation is, what an operator has to switch on, and the endpoints that are read.
//!
//! | their word | ours |
//! |---|---|
//! | result "answered" | ANSWERED; wait from start to answer, talk from answer to end |
//! | result "abandoned" | MISSED, abandoned in queue |
//! | result "voicemail" | MISSED, voicemail |
//! | result "menu" | ENDED_IN_IVR, hung up in menu |
//! | no `ended_at` | in progress: left for later |
//! | `deleted` | retracted |
//! | anything else | UNCLASSIFIED, and counted |
//!
//! FILL IN: what is derived, and what could not be confirmed.

mod map;
mod wire;

use std::sync::LazyLock;

use async_trait::async_trait;
use callgauge_adapter::http::{
    Auth, Budget, Client, ErrorTable, Found, OAuth, PageMark, Pager, Rate, Request,
};
use callgauge_adapter::schema::{Moment, Outcome, Reason};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Description, FetchRequest, How, MapRequest, Metric, MetricSupport,
    Next, OutcomeSupport, Page, SettingFaults, SettingKind, SettingSpec, Settings, SettingsReader, Span,
    Vendor, Window, rows, time,
};

/// The scripted vendor that the conformance kit plays.
pub const SCRIPT: &str = include_str!("../testdata/script.toml");

/// FILL IN: how their list goes on. Others are Pager::Link, Pager::Url, Pager::Number and Pager::Offset.
const PAGES: Pager = Pager::token("page_token");
/// FILL IN: rows a page, as many as they give.
const ROWS: u32 = 100;
/// FILL IN: requests a minute, as their documentation says.
const REQUESTS: u32 = 60;
/// FILL IN: what their errors mean, where the status alone does not tell.
const ERRORS: ErrorTable = ErrorTable::STANDARD;

/// The adapter.
pub fn vendor() -> Box<dyn Vendor> {
    Box::new(Acme)
}

struct Acme;

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let setting = SettingSpec::new;
    let outcome = |outcome, reason, how| OutcomeSupport { outcome, reason, how };
    Description {
        vendor: "acme".to_owned(),
        title: "Acme".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        reads: "The call log of an account with Acme.".to_owned(),
        // FILL IN: the settings that open() reads, in the same order.
        settings: vec![
            setting(
                "base_url",
                SettingKind::Text,
                false,
                "Address of the interface; https://api.acme.example without it.",
            ),
            setting(
                "token_url",
                SettingKind::Text,
                false,
                "Where tokens are had; https://api.acme.example/oauth/token without it.",
            ),
            setting(
                "client_id",
                SettingKind::Text,
                true,
                "The client's id, from the account's page of interfaces.",
            ),
            setting("client_secret", SettingKind::Secret, true, "The client's secret, from the same page."),
        ],
        // FILL IN: how long they keep calls, how late calls come or change, and the longest stretch of one request.
        reaches_back: Some(Span::days(180)),
        late_by: Span::hours(24),
        longest_window: Span::hours(24),
        // FILL IN: what they can know. What they cannot is No here and absent in the records, never 0.
        metrics: vec![
            (Metric::CallVolumes, MetricSupport::Native),
            (Metric::CallsAbandoned, MetricSupport::Native),
            (Metric::CallTimesToAnswer, MetricSupport::Derived),
            (Metric::MissedCallVolumes, MetricSupport::Native),
            (Metric::WaitTimeBeforeCallAbandoned, MetricSupport::Derived),
            (Metric::CallBacksRequested, MetricSupport::No),
            (Metric::CallBacksMade, MetricSupport::No),
            (Metric::AverageCallLength, MetricSupport::Derived),
        ],
        outcomes: vec![
            outcome(Outcome::Answered, None, How::Native),
            outcome(Outcome::Missed, Some(Reason::AbandonedInQueue), How::Native),
            outcome(Outcome::Missed, Some(Reason::Voicemail), How::Native),
            outcome(Outcome::EndedInIvr, Some(Reason::HungUpInMenu), How::Native),
        ],
        sees_corrections: true,
        sees_deletions: true,
        unknown_wait: false,
        unknown_talk: false,
        unconfirmed: vec![
            "FILL IN: a sentence for each thing that their documentation leaves open".to_owned(),
        ],
    }
});

impl Vendor for Acme {
    fn description(&self) -> &Description {
        &DESCRIPTION
    }

    fn open(&self, settings: &Settings) -> Result<Box<dyn Adapter>, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let base = read.url_or("base_url", "https://api.acme.example");
        let token_url = read.url_or("token_url", "https://api.acme.example/oauth/token");
        // FILL IN: how requests are let in. Others are Auth::basic, Auth::header and Auth::aws.
        let oauth = OAuth::client_credentials(token_url)
            .client_basic(read.text("client_id"), read.secret("client_secret"))
            .errors(ERRORS);
        read.finish()?;
        let client = Client::builder("Acme", base)
            .auth(Auth::oauth(oauth))
            .budget(Budget::new(settings, "acme").rate("", Rate::per_minute(REQUESTS)))
            .errors(ERRORS)
            .build();
        Ok(Box::new(Account { client }))
    }

    fn map(&self, request: MapRequest<'_>) -> Result<Page, AdapterError> {
        let list: wire::CallList = rows::answer(request.payload, "a page of the call log with \"calls\"")?;
        let mut page = Page::empty(Next::Done);
        map::calls(&list.calls, request.now, &mut page);
        Ok(page)
    }
}

/// An account, open.
struct Account {
    client: Client,
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let window = Window { from: now.plus_millis(-3_600_000), until: now };
        let page = self.fetch(FetchRequest { window, cursor: None, now }).await?;
        Ok(CheckReport {
            works: vec!["signed in".to_owned(), "may read the account's call log".to_owned()],
            warnings: Vec::new(),
            sample: CheckReport::newest(page.calls),
        })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        let mark = PageMark::from_cursor(cursor.as_ref())?;
        // FILL IN: their list, and how it is asked for a stretch of time.
        let list = Request::get("v1/calls")
            .query("from", time::to_iso(window.from))
            .query("until", time::to_iso(window.until))
            .query("limit", ROWS);
        let list = PAGES.apply(&self.client, list, &mark)?;
        let (answer, reply) = self.client.json::<wire::CallList>(&list).await?;
        let token = answer.next_page_token.as_deref();
        let found = Found { rows: answer.calls.len(), token, ..Found::new(&reply) };
        let next = match PAGES.next(&self.client, &mark, found)? {
            Some(mark) => Next::More(mark.to_cursor()),
            None => Next::Done,
        };
        let mut page = Page::empty(next);
        map::calls(&answer.calls, now, &mut page);
        Ok(page)
    }
}
