//! An open RingCentral account: signs in, keeps the vendor's limits, reads the call log step by step.

use std::time::Duration;

use async_trait::async_trait;
use callgauge_adapter::http::{
    Assertion, Auth, Budget, Client, CodeAt, ErrorRule, ErrorTable, LimitHeaders, OAuth, Rate, Request,
};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::steps::{Listing, Room, StepPlan};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Span, Window, time,
};

use crate::map::{self, Rules};
use crate::wire::{CallLog, Record};

/// Requests for the call log count as heavy ones, ten a minute, and a request too many costs a minute's pause that each further one begins anew: one
/// is left unused.
const HEAVY: u32 = 9;
/// Signing in: five a minute.
const SIGN_IN: u32 = 4;
/// Records a page; the vendor gives no more.
const PER_PAGE: usize = 1_000;
/// Records of one call begin within this of each other.
const MARGIN: Span = Span::hours(1);
/// With two pages of records a step is full.
const STEPS: StepPlan = StepPlan {
    first: Span::hours(6),
    longest: Span::hours(48),
    shortest: Span::minutes(1),
    rows: 2 * PER_PAGE,
};

/// What the vendor's refusals mean.
const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Body("/errors/0/errorCode"), CodeAt::Body("/errorCode"), CodeAt::Body("/error")],
    rules: &[
        ErrorRule::of_code(
            "CMN-401",
            Fault::Permission,
            "the app lacks the scope ReadCallLog: add it in the developer console",
        ),
        ErrorRule::of_code(
            "CMN-408",
            Fault::Permission,
            "the user of the JWT may not see the company's call log: give their role the permission Full Company Call Log",
        ),
        ErrorRule::of_code(
            "InsufficientPermissions",
            Fault::Permission,
            "a permission is missing: the app needs ReadCallLog, the user of the JWT the company's call log",
        ),
        ErrorRule::of_code(
            "CMN-301",
            Fault::RateLimited { retry_after: None },
            "too many requests; it is tried again later",
        ),
        ErrorRule::of_code(
            "CMN-302",
            Fault::RateLimited { retry_after: None },
            "too many requests; it is tried again later",
        ),
        ErrorRule::of_code(
            "CMN-304",
            Fault::RateLimited { retry_after: None },
            "the same request is under way twice; it is tried again later",
        ),
        ErrorRule::of_code(
            "CMN-310",
            Fault::RateLimited { retry_after: None },
            "too many requests of all of RingCentral's users; it is tried again later",
        ),
        ErrorRule::of_code(
            "CMN-303",
            Fault::Plan,
            "the account has no rate plan for this interface: ask RingCentral to assign one to the app",
        ),
        ErrorRule::of_code(
            "OAU-165",
            Fault::Region,
            "the app lives in the sandbox: set base_url to https://platform.devtest.ringcentral.com, or use a production app",
        ),
        ErrorRule::of_code(
            "OAU-*",
            Fault::Credentials,
            "client_id, client_secret or jwt is wrong or has ended, or the JWT was made for another app",
        ),
        ErrorRule::of_code(
            "invalid_grant",
            Fault::Credentials,
            "the jwt is wrong or has ended: make a new JWT credential for this app",
        ),
        ErrorRule::of_code("invalid_client", Fault::Credentials, "client_id or client_secret is wrong"),
        ErrorRule::of_code(
            "unauthorized_client",
            Fault::Disabled,
            "the app does not allow JWT: switch on the JWT auth flow in the developer console",
        ),
    ],
};

/// An account.
pub(crate) struct Account {
    client: Client,
    rules: Rules,
}

impl Account {
    /// Reads the settings.
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let client_id = read.text("client_id");
        let client_secret = read.secret("client_secret");
        let jwt = read.secret("jwt");
        let base = read.url_or("base_url", "https://platform.ringcentral.com");
        let rules = crate::rules(&mut read);
        read.finish()?;
        let mut token_url = base.clone();
        token_url.set_path("/restapi/oauth/token");
        let sign_in = OAuth::jwt_bearer(token_url, Assertion::Given(jwt))
            .client_basic(client_id, client_secret)
            .errors(ERRORS);
        let budget = Budget::new(settings, "ringcentral")
            .rate("", Rate::per_minute(HEAVY))
            .rate("auth", Rate::per_minute(SIGN_IN));
        let limits = LimitHeaders { silent_pause: Duration::from_secs(60), ..LimitHeaders::USUAL };
        let client = Client::builder("RingCentral", base)
            .auth(Auth::oauth(sign_in))
            .budget(budget)
            .limits(limits)
            .errors(ERRORS)
            .build();
        Ok(Self { client, rules })
    }
}

#[async_trait]
impl Listing for Account {
    type Part = Record;

    async fn list(
        &self,
        window: Window,
        room: &mut Room<Record>,
        page: &mut Page,
    ) -> Result<bool, AdapterError> {
        for number in 1_u32.. {
            let request = Request::get("/restapi/v1.0/account/~/call-log")
                .query("view", "Detailed")
                .query("type", "Voice")
                .query("dateFrom", time::to_iso_millis(window.from))
                .query("dateTo", time::to_iso_millis(window.until))
                .query("perPage", PER_PAGE)
                .query("page", number);
            let (_, reply) = self.client.json::<serde::de::IgnoredAny>(&request).await?;
            let log = CallLog::parse(&reply.body)?;
            if log.number().is_some_and(|given| given != number) {
                return Err(self.client.protocol(
                    "gave another page than it was asked for: expected paging.page to be the one asked for",
                ));
            }
            room.add(log.records(page));
            if !log.has_more() {
                return Ok(true);
            }
            if room.is_full() {
                return Ok(false);
            }
        }
        Err(self.client.protocol("gives pages without end: expected a last one, without navigation.nextPage"))
    }

    fn call_of(record: &Record) -> String {
        map::call_id(record)
    }
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let (back, records) = STEPS.latest(self, now, Span::days(1), &mut page).await?;
        let listed = records.len();
        map::calls(records, &self.rules, None, &mut page);
        let mut report = CheckReport {
            works: vec![
                "signed in".into(),
                format!("may read the company's call log: {listed} records, looking back {back}"),
            ],
            ..CheckReport::default()
        };
        if self.rules.queues.is_empty() {
            report.warnings.push(
                "no queues are named: the wait begins with the call, greeting and menu included; name them under queues".into(),
            );
        }
        report.warnings.extend(self.client.skew_warning());
        report.sample = CheckReport::newest(page.calls);
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let step = STEPS.step(&request)?;
        let window = step.read(MARGIN, MARGIN, request.now);
        let mut page = Page::empty(Next::Done);
        let Some(records) = STEPS.parts(self, &step, window, &mut page).await? else {
            return Ok(STEPS.halved(&step));
        };
        page.next = STEPS.next(&step, records.len(), request.window);
        map::calls(records, &self.rules, Some(step.core), &mut page);
        Ok(page)
    }
}
