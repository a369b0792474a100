//! An open 3CX system, version 20, asked over XAPI: signs in and reads the call log step by step.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, OAuth, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::steps::{Listing, Room, StepPlan};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Fault, FetchRequest, Next, Page, RejectedRow, SettingFaults,
    Settings, SettingsReader, Span, Window, time,
};
use serde::de::IgnoredAny;

use crate::map::xapi;
use crate::wire::xapi::{Log, Row};

/// Rows that are asked for at a time.
const PER_PAGE: usize = 5_000;
/// With so many rows a step is full.
const STEPS: StepPlan = StepPlan {
    first: Span::hours(6),
    longest: Span::hours(24),
    shortest: Span::minutes(1),
    rows: 2 * PER_PAGE,
};
/// Rows of one call begin within this of its first one.
const MARGIN: Span = Span::hours(2);
/// Pages of one step, so that an answer that never ends is one that is wrong.
const PAGES: usize = 1_000;
/// How many calls a check shows.
const SAMPLE: usize = 10;

/// What the vendor's refusals mean.
const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/error"), CodeAt::Body("/error/code")],
    rules: &[
        rule(
            0,
            "invalid_client",
            Fault::Credentials,
            "client_id or client_secret is wrong: take both from 3CX's admin console, Integrations, API; a new key ends the old one",
        ),
        rule(
            0,
            "unauthorized_client",
            Fault::Disabled,
            "the client may not sign in this way: tick the Configuration API for it in 3CX's admin console, Integrations, API",
        ),
        rule(
            401,
            "",
            Fault::Credentials,
            "the access token was refused: check client_id and client_secret, and that no other program signs in with them, because a client has one token at a time",
        ),
        rule(
            402,
            "",
            Fault::Plan,
            "the licence does not include the Configuration API: it needs Enterprise with 8 or more simultaneous calls",
        ),
        rule(
            403,
            "",
            Fault::Permission,
            "signed in, but the client may not read reports: give it the role System Owner in 3CX's admin console, Integrations, API",
        ),
        rule(
            404,
            "",
            Fault::Disabled,
            "there is no call log at this address: check base_url, that 3CX is version 20 with update 6 or later, and that its licence includes the Configuration API",
        ),
    ],
};

const fn rule(status: u16, code: &'static str, fault: Fault, advice: &'static str) -> ErrorRule {
    ErrorRule { status, code, fault, advice }
}

/// A system.
pub(crate) struct Account {
    client: Client,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let base = read.url("base_url");
        let token_url =
            read.url_or("token_url", &format!("{}/connect/token", base.as_str().trim_end_matches('/')));
        let (id, secret) = (read.text("client_id"), read.secret("client_secret"));
        read.finish()?;
        let sign_in = OAuth::client_credentials(token_url).client_in_form(id, secret).errors(ERRORS);
        // No limit is documented; the telephones come first.
        let budget = Budget::new(settings, "3cx").rate("", Rate::per_second(2));
        let client =
            Client::builder("3CX", base).auth(Auth::oauth(sign_in)).budget(budget).errors(ERRORS).build();
        Ok(Self { client })
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
        let mut read = 0;
        for _ in 0..PAGES {
            let request = Request::get(path(window))
                .query("$top", PER_PAGE)
                .query("$skip", read)
                .query("$count", "true")
                .query("$orderby", "StartTime");
            // What breaks off is asked for again; what is of another shape is told as such.
            let (_, reply) = self.client.json::<IgnoredAny>(&request).await?;
            let log = Log::parse(&reply.body)?;
            let Some(count) = log.count else {
                return Err(self
                    .client
                    .protocol("does not say how many rows there are: expected @odata.count"));
            };
            if !room.holds(count) {
                return Ok(false);
            }
            read += log.len();
            room.add(log.rows(page));
            if read >= count {
                return Ok(true);
            }
            if log.len() == 0 {
                return Err(self.client.protocol(&format!(
                    "gave {read} rows of the {count} that it says there are: expected all of them"
                )));
            }
        }
        Err(self.client.protocol("gives pages without end: expected as many rows as @odata.count says"))
    }

    fn call_of(row: &Row) -> String {
        row.call.clone()
    }
}

/// The call log of a stretch. All parameters are needed; those after the period leave nothing out.
fn path(window: Window) -> String {
    let (from, until) = (time::to_iso_millis(window.from), time::to_iso_millis(window.until));
    format!(
        "xapi/v1/ReportCallLogData/Pbx.GetCallLogData(periodFrom={from},periodTo={until},sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=false)"
    )
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let (back, rows) = STEPS.latest(self, now, Span::days(1), &mut page).await?;
        let works = vec![
            "signed in".into(),
            format!("may read the call log: {} rows, looking back {back}", rows.len()),
        ];
        xapi::calls(rows, None, now, &mut page);
        let mut warnings: Vec<String> = self.client.skew_warning().into_iter().collect();
        if let Some(RejectedRow { id, message, .. }) = page.rejects.first() {
            warnings.push(format!("{} rows cannot be mapped, the first {id}: {message}", page.rejects.len()));
        }
        if let Some(word) = page.unknown_words.first() {
            warnings.push(format!(
                "{} is {:?}, which the adapter does not know: such calls are UNCLASSIFIED",
                word.field, word.word
            ));
        }
        page.calls.reverse();
        page.calls.truncate(SAMPLE);
        Ok(CheckReport { works, warnings, sample: page.calls })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let step = STEPS.step(&request)?;
        let window = step.read(MARGIN, MARGIN, request.now);
        let mut page = Page::empty(Next::Done);
        let Some(rows) = STEPS.parts(self, &step, window, &mut page).await? else {
            return Ok(STEPS.halved(&step));
        };
        page.next = STEPS.next(&step, rows.len(), request.window);
        xapi::calls(rows, Some(step.core), request.now, &mut page);
        Ok(page)
    }
}
