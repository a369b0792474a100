//! An open account of 8x8 Work: signs in as a user of Work Analytics and scrolls through the call records.

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, Budget, Client, OAuth, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::time::{self, Zone};
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, FetchRequest, Next, Page, Settings, SettingsReader, Span,
    Window,
};

use super::ERRORS;
use crate::map::work as map;
use crate::wire::work::Records;

/// Records a page; the vendor gives up to 7,000, which is more than is wanted at a time.
const PER_PAGE: usize = 1_000;
/// Requests a minute: not documented here, ten for another interface of the same product.
const A_MINUTE: u32 = 10;
/// How long records are kept, in days: two years.
pub(crate) const KEEPS: Span = Span::days(730);

/// An account.
pub(crate) struct Work {
    client: Client,
    pbx_id: String,
}

impl Work {
    /// Reads the settings.
    pub(crate) fn open(read: &mut SettingsReader<'_>, settings: &Settings) -> Self {
        let api_key = read.secret("api_key");
        let username = read.text("username");
        let password = read.secret("password");
        let pbx_id = read.text_or("pbx_id", "allpbxes");
        let base = read.url_or("base_url", "https://api.8x8.com/analytics/work");
        let mut token_url = base.clone();
        token_url.set_path(&format!("{}/v1/oauth/token", base.path().trim_end_matches('/')));
        let sign_in = OAuth::client_credentials(token_url)
            .grant_type("")
            .field("username", callgauge_adapter::Secret::new(username))
            .field("password", password)
            .header("8x8-apikey", api_key.clone())
            .errors(ERRORS);
        let budget = Budget::new(settings, "8x8-work").rate("", Rate::per_minute(A_MINUTE));
        let client = Client::builder("8x8 Work", base)
            .auth(Auth::oauth(sign_in).also("8x8-apikey", api_key))
            .budget(budget)
            .errors(ERRORS)
            .build();
        Self { client, pbx_id }
    }

    async fn page(&self, window: Window, scroll: Option<&str>) -> Result<Page, AdapterError> {
        let local = |at: Moment| time::to_local(at, &Zone::utc(), "%Y-%m-%d %H:%M:%S");
        let request = Request::get("v2/call-records")
            .query("pbxId", &self.pbx_id)
            .query("startTime", local(window.from))
            // Whole seconds: the last one is read to its end.
            .query("endTime", local(window.until.plus_millis(999)))
            .query("timeZone", "UTC")
            .query("pageSize", PER_PAGE)
            .query_opt("scrollId", scroll);
        let (_, reply) = self.client.json::<serde::de::IgnoredAny>(&request).await?;
        let records = Records::parse(&reply.body)?;
        let next = match records.next() {
            None => Next::Done,
            Some(next) => Next::More(Cursor(next.to_owned())),
        };
        let mut page = Page::empty(next);
        let records = records.records(&mut page);
        // Text, rows and calls are never all there at once: two pages at most.
        drop(reply);
        map::calls(records, &mut page);
        Ok(page)
    }
}

#[async_trait]
impl Adapter for Work {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let day = Window { from: now.plus_millis(-86_400_000), until: now };
        let page = self.page(day, None).await?;
        let listed = page.calls.len();
        Ok(CheckReport {
            works: vec![
                "signed in".into(),
                format!(
                    "may read the call records of {}: {listed} calls on a first page of the last 24 hours",
                    self.pbx_id
                ),
            ],
            warnings: self.client.skew_warning().into_iter().collect(),
            sample: CheckReport::newest(page.calls),
        })
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        request.window.kept("8x8", KEEPS, request.now)?;
        self.page(request.window, request.cursor.as_ref().map(|cursor| cursor.0.as_str())).await
    }
}
