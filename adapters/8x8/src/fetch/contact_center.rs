//! An open tenant of the 8x8 Contact Center: has a detailed report made for each step, and reads it to its end.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, OAuth, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::steps::{Listing, Room, StepPlan};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, FetchRequest, Next, Page, Settings, SettingsReader, Span, Window,
    clock, time,
};

use super::ERRORS;
use crate::map::contact_center as map;
use crate::wire::contact_center::{Interaction, Report, ReportId, Rows};

/// Rows a page; the vendor gives no more.
const PER_PAGE: usize = 1_000;
/// Requests a minute: not documented for this interface.
const A_MINUTE: u32 = 30;
/// Interactions of one call are created within this of each other.
const MARGIN: Span = Span::hours(1);
/// With two pages of interactions a step is full.
const STEPS: StepPlan = StepPlan {
    first: Span::hours(6),
    longest: Span::hours(48),
    shortest: Span::minutes(1),
    rows: 2 * PER_PAGE,
};
/// How often a report is asked whether it is done, and how long between.
const POLLS: u32 = 60;
const POLL_PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// A tenant.
pub(crate) struct ContactCenter {
    client: Client,
    time_zone: String,
}

impl ContactCenter {
    /// Reads the settings.
    pub(crate) fn open(read: &mut SettingsReader<'_>, settings: &Settings) -> Self {
        let api_key = read.secret("api_key");
        let api_secret = read.secret("api_secret");
        let region = read.optional_choice("region", &["us", "eu", "au", "ca"]).unwrap_or_else(|| "eu".into());
        let prefix = if region == "us" { String::new() } else { format!("{region}/") };
        let base = read
            .url_or("base_url", &format!("https://api.8x8.com/{prefix}analytics/cc/v8/historical-metrics"));
        let token_url = read.url_or("token_url", "https://api.8x8.com/oauth/v2/token");
        let tenant = read.optional_text("tenant");
        let time_zone = read.text_or("time_zone", "Europe/London");
        let sign_in =
            OAuth::client_credentials(token_url).client_basic(api_key.expose(), api_secret).errors(ERRORS);
        let budget = Budget::new(settings, "8x8-contact-center").rate("", Rate::per_minute(A_MINUTE));
        let mut client = Client::builder("8x8 Contact Center", base)
            .auth(Auth::oauth(sign_in))
            .budget(budget)
            .errors(ERRORS);
        if let Some(tenant) = tenant {
            client = client.header("x-tenant-info", tenant);
        }
        Self { client: client.build(), time_zone }
    }

    /// Has a report made of what was created in a stretch, and waits until it is done.
    async fn report(&self, window: Window) -> Result<ReportId, AdapterError> {
        let wanted = serde_json::json!({
            "type": "detailed-reports-interaction-details",
            "title": "callgauge",
            "dateRange": { "start": time::to_iso_millis(window.from), "end": time::to_iso_millis(window.until) },
            "timezone": self.time_zone,
            "reportSettings": { "showOngoingInteractions": false },
        });
        let (mut report, _) =
            self.client.json::<Report>(&Request::post_json("detailed-reports", &wanted).search()).await?;
        for _ in 0..POLLS {
            match report.status.as_str() {
                "DONE" => return Ok(report.id),
                "FAILED" => {
                    return Err(self
                        .client
                        .protocol("failed to make the report: expected its status to become DONE"));
                }
                _ => clock::current().sleep(POLL_PAUSE).await,
            }
            let again = Request::get(format!("detailed-reports/{}", report.id));
            report = self.client.json::<Report>(&again).await?.0;
        }
        Err(AdapterError::new(
            callgauge_adapter::Fault::Unavailable,
            "8x8 Contact Center did not finish the report in two minutes",
        ))
    }
}

#[async_trait]
impl Listing for ContactCenter {
    type Part = Interaction;

    async fn list(
        &self,
        window: Window,
        room: &mut Room<Interaction>,
        page: &mut Page,
    ) -> Result<bool, AdapterError> {
        let id = self.report(window).await?;
        let mut last: Option<String> = None;
        loop {
            let request = Request::get(format!("detailed-reports/{id}/data"))
                .query("size", PER_PAGE)
                .query_opt("lastDocumentId", last.as_deref());
            let (_, reply) = self.client.json::<serde::de::IgnoredAny>(&request).await?;
            let rows = Rows::parse(&reply.body)?;
            room.add(rows.interactions(page));
            let next = reply.header("last-document-id").filter(|id| !id.is_empty()).map(str::to_owned);
            let more = reply.link("next").is_some();
            match next {
                _ if rows.len() == 0 || !more => return Ok(true),
                None => {
                    return Err(self.client.protocol(
                        "says there is another page and not how to ask for it: expected Last-Document-Id",
                    ));
                }
                next if next == last => {
                    return Err(self
                        .client
                        .protocol("named the same page again as the next one: expected another or none"));
                }
                Some(_) if room.is_full() => return Ok(false),
                next => last = next,
            }
        }
    }

    fn call_of(interaction: &Interaction) -> String {
        map::call_id(interaction).to_owned()
    }
}

#[async_trait]
impl Adapter for ContactCenter {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut page = Page::empty(Next::Done);
        let (back, interactions) = STEPS.latest(self, now, Span::days(1), &mut page).await?;
        let listed = interactions.len();
        map::calls(interactions, None, &mut page);
        Ok(CheckReport {
            works: vec![
                "signed in".into(),
                format!("may have detailed reports made: {listed} interactions, looking back {back}"),
            ],
            warnings: self.client.skew_warning().into_iter().collect(),
            sample: CheckReport::newest(page.calls),
        })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let step = STEPS.step(&request)?;
        let window = step.read(MARGIN, MARGIN, request.now);
        let mut page = Page::empty(Next::Done);
        let Some(interactions) = STEPS.parts(self, &step, window, &mut page).await? else {
            return Ok(STEPS.halved(&step));
        };
        page.next = STEPS.next(&step, interactions.len(), request.window);
        map::calls(interactions, Some(step.core), &mut page);
        Ok(page)
    }
}
