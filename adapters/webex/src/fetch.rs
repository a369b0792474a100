//! An open Webex organisation: signs in with a refresh token, keeps the vendor's limits, reads the call history step by step.

use async_trait::async_trait;
use callgauge_adapter::http::{
    Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, Found, OAuth, PageMark, Pager, Rate, Request,
};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::steps::{Listing, Room, StepPlan};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Span, Window, time,
};

use crate::map;
use crate::wire::{Feed, Leg};

/// Items a page; the vendor gives no more, and fewer where that is too many.
const PER_PAGE: usize = 5_000;
/// Legs of one call are reported within this of the last one.
const BEFORE: Span = Span::minutes(90);
/// A leg reported this long after another makes its call be given with the later step.
const AFTER: Span = Span::minutes(30);
/// With two pages of legs a step is full. The vendor takes 12 hours at most, margins included.
const STEPS: StepPlan =
    StepPlan { first: Span::hours(10), longest: Span::hours(10), shortest: Span::minutes(1), rows: PER_PAGE };
/// How long the history is kept.
pub(crate) const KEEPS: Span = Span::days(30);
/// Only what is older than this can be asked for, in milliseconds: five minutes, and ten seconds for clocks.
const FRESH_MS: i64 = 310_000;
const PAGES: Pager = Pager::Link;

/// What the vendor's refusals mean.
const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/error")],
    rules: &[
        ErrorRule::of_status(
            451,
            Fault::Region,
            "the organisation lives in another region: set base_url to https://analytics-calling-eu.webexapis.com/v1, or -in, -au or -gov",
        ),
        ErrorRule::of_status(
            401,
            Fault::Credentials,
            "the token was refused: authorise the integration again and put the new refresh_token into the settings",
        ),
        ErrorRule::of_status(
            403,
            Fault::Permission,
            "the scope spark-admin:calling_cdr_read is missing, the administrator lacks the role Webex Calling Detailed Call History API access, or the organisation's plan has no Webex Calling",
        ),
        ErrorRule::of_code(
            "invalid_grant",
            Fault::Credentials,
            "refresh_token is wrong, was used up or has ended: authorise the integration again",
        ),
        ErrorRule::of_code("invalid_client", Fault::Credentials, "client_id or client_secret is wrong"),
        ErrorRule::of_code(
            "invalid_request",
            Fault::Credentials,
            "client_id, client_secret or refresh_token is wrong",
        ),
        ErrorRule::of_status(
            423,
            Fault::Disabled,
            "the interface is locked for this organisation: ask Cisco",
        ),
        ErrorRule::of_status(410, Fault::Region, "the address is no longer served: check base_url"),
    ],
};

/// An organisation.
pub(crate) struct Account {
    client: Client,
    org_id: Option<String>,
    locations: Vec<String>,
}

impl Account {
    /// Reads the settings.
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let client_id = read.text("client_id");
        let client_secret = read.secret("client_secret");
        let refresh_token = read.secret("refresh_token");
        let org_id = read.optional_text("org_id");
        let locations = read.list("locations");
        if locations.len() > 10 {
            read.fault("locations", "must name 10 at most: make a source for each ten");
        }
        let base = read.url_or("base_url", "https://analytics-calling.webexapis.com/v1");
        let token_url = read.url_or("token_url", "https://webexapis.com/v1/access_token");
        read.finish()?;
        let sign_in = OAuth::refresh_token(token_url, refresh_token, settings.keeper())
            .client_in_form(client_id, client_secret)
            .errors(ERRORS);
        let budget =
            Budget::new(settings, "webex").rate("", Rate::per_minute(1)).rate("pages", Rate::per_minute(10));
        let client =
            Client::builder("Webex", base).auth(Auth::oauth(sign_in)).budget(budget).errors(ERRORS).build();
        Ok(Self { client, org_id, locations })
    }
}

#[async_trait]
impl Listing for Account {
    type Part = Leg;

    async fn list(
        &self,
        window: Window,
        room: &mut Room<Leg>,
        page: &mut Page,
    ) -> Result<bool, AdapterError> {
        let first = Request::get("cdr_feed")
            .query("startTime", time::to_iso_millis(window.from))
            .query("endTime", time::to_iso_millis(window.until))
            .query("max", PER_PAGE)
            .query_opt("orgId", self.org_id.as_deref())
            .query_opt("locations", (!self.locations.is_empty()).then(|| self.locations.join(",")))
            .accept(404);
        let mut mark = PageMark::First;
        loop {
            let request = PAGES.apply(&self.client, first.clone(), &mark)?;
            let request = if mark == PageMark::First { request } else { request.group("pages") };
            let reply = self.client.send(&request).await?;
            if reply.status == 404 {
                // Nothing in the window is answered so; anything else that is not found is a wrong address.
                return if String::from_utf8_lossy(&reply.body).contains("No CDRs") {
                    Ok(true)
                } else {
                    Err(self.client.protocol("has nothing at this address: check base_url"))
                };
            }
            let feed = Feed::parse(&reply.body)?;
            room.add(feed.legs(page));
            let found = Found { rows: feed.len(), ..Found::new(&reply) };
            match PAGES.next(&self.client, &mark, found)? {
                None => return Ok(true),
                Some(_) if room.is_full() => return Ok(false),
                Some(next) => mark = next,
            }
        }
    }

    fn call_of(leg: &Leg) -> String {
        map::call_id(leg)
    }
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let until = now.plus_millis(-FRESH_MS);
        let (back, legs) = STEPS.latest(self, until, Span::hours(12), &mut page).await?;
        let listed = legs.len();
        map::calls(legs, None, &mut page);
        Ok(CheckReport {
            works: vec![
                "signed in".into(),
                format!("may read the detailed call history: {listed} legs, looking back {back}"),
            ],
            warnings: self.client.skew_warning().into_iter().collect(),
            sample: CheckReport::newest(page.calls),
        })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let step = STEPS.step(&request)?;
        // A minute less, since it is asked for later than now.
        let oldest = step.core.kept("Webex", KEEPS, request.now)?.plus_millis(60_000);
        let read = step.read(BEFORE, AFTER, request.now);
        let until = read.until.min(request.now.plus_millis(-FRESH_MS));
        let window = Window { from: read.from.max(oldest), until };
        let mut page = Page::empty(Next::Done);
        if window.from >= window.until {
            page.next = STEPS.next(&step, 0, request.window);
            return Ok(page);
        }
        let Some(legs) = STEPS.parts(self, &step, window, &mut page).await? else {
            return Ok(STEPS.halved(&step));
        };
        page.next = STEPS.next(&step, legs.len(), request.window);
        map::calls(legs, Some(step.core), &mut page);
        Ok(page)
    }
}
