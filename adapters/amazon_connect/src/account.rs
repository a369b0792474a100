//! One Amazon Connect instance, open: its pages of contacts, their details, and its check.

use std::time::Duration;

use async_trait::async_trait;
use callgauge_adapter::http::{Auth, AwsKeys, Budget, Client, CodeAt, ErrorRule, ErrorTable, Rate, Request};
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{
    Adapter, AdapterError, CheckReport, Cursor, Fault, FetchRequest, Next, Page, SettingFaults, Settings,
    SettingsReader, Window, rows,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::chain::{Carry, Part};
use crate::description::KEEPS;
use crate::map::map;
use crate::wire::{Contact, Described, Found};

const EXPECTED: &str = "an answer of SearchContacts with \"Contacts\"";

/// Contacts a page, the most there can be.
const PAGE_SIZE: u32 = 100;
/// How long after a contact its transfers may begin.
const FOLLOWS_AFTER_MILLIS: i64 = 4 * 3_600_000;

/// The group of requests for details, which AWS counts apart.
const DETAILS: &str = "details";

const WRONG_KEYS: &str =
    "the access key is wrong, was deleted or switched off; check access_key_id and secret_access_key";

const ERRORS: ErrorTable = ErrorTable {
    code_at: &[CodeAt::Header("x-amzn-errortype"), CodeAt::Body("/__type"), CodeAt::Body("/code")],
    rules: &[
        ErrorRule::of_code("UnrecognizedClientException", Fault::Credentials, WRONG_KEYS),
        ErrorRule::of_code("InvalidClientTokenId", Fault::Credentials, WRONG_KEYS),
        ErrorRule::of_code(
            "InvalidSignatureException",
            Fault::Credentials,
            "the signature does not hold: secret_access_key is wrong, or this machine's clock is minutes off",
        ),
        ErrorRule::of_code(
            "SignatureDoesNotMatch",
            Fault::Credentials,
            "the signature does not hold: secret_access_key is wrong",
        ),
        ErrorRule::of_code("IncompleteSignature", Fault::Credentials, WRONG_KEYS),
        ErrorRule::of_code(
            "ExpiredTokenException",
            Fault::Credentials,
            "the temporary keys have ended; give new ones, or keys that last",
        ),
        ErrorRule::of_code(
            "AccessDeniedException",
            Fault::Permission,
            "the keys may not search contacts; allow connect:SearchContacts and connect:DescribeContact on the instance",
        ),
        ErrorRule::of_code(
            "ResourceNotFoundException",
            Fault::Region,
            "there is no such instance in this region; check instance_id and region",
        ),
        ErrorRule::of_code(
            "OptInRequired",
            Fault::Disabled,
            "the account has not switched this region on; switch it on in the AWS account's settings",
        ),
        ErrorRule::of_code(
            "SubscriptionRequiredException",
            Fault::Plan,
            "the AWS account has no Amazon Connect or is suspended; open the AWS console",
        ),
        ErrorRule::of_code(
            "ThrottlingException",
            Fault::RateLimited { retry_after: None },
            "too many requests in this account and region; it is tried again later",
        ),
        ErrorRule::of_code(
            "TooManyRequestsException",
            Fault::RateLimited { retry_after: None },
            "too many requests in this account and region; it is tried again later",
        ),
        ErrorRule::of_status(
            403,
            Fault::Permission,
            "the keys may not search contacts; allow connect:SearchContacts and connect:DescribeContact on the instance",
        ),
    ],
};

/// An instance.
pub(crate) struct Account {
    client: Client,
    instance: String,
    details: bool,
}

/// A place in a window: the next page, and what is carried to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct At {
    /// Nothing for the first page.
    token: Option<String>,
    carry: Carry,
}

impl Account {
    pub(crate) fn open(settings: &Settings) -> Result<Self, SettingFaults> {
        let mut read = SettingsReader::new(settings);
        let instance = read.text("instance_id");
        if !instance.is_empty() && !is_id(&instance) {
            read.fault("instance_id", "must be the last part of the instance's ARN, a UUID");
        }
        let access_key_id = read.text("access_key_id");
        let secret_access_key = read.secret("secret_access_key");
        let session_token = read.optional_secret("session_token");
        let mut region = read.text_or("region", "eu-west-2");
        if !region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            read.fault("region", "must be an AWS region such as \"eu-west-2\"");
            region = "eu-west-2".into();
        }
        let details = read.switch_or("details", false);
        let base = read.url_or("base_url", &format!("https://connect.{region}.amazonaws.com"));
        read.finish()?;
        // By default an account may search once in two seconds, without a burst, and ask for details 10 times a second.
        let budget = Budget::new(settings, "amazon_connect")
            .rate("", Rate::one_in(Duration::from_secs(2)))
            .rate(DETAILS, Rate::per_second(10));
        let keys =
            AwsKeys { access_key_id, secret_access_key, session_token, region, service: "connect".into() };
        let client = Client::builder("Amazon Connect", base)
            .auth(Auth::aws(keys))
            .budget(budget)
            .errors(ERRORS)
            .build();
        Ok(Self { client, instance, details })
    }

    async fn search(
        &self,
        from: Moment,
        until: Moment,
        token: Option<&str>,
    ) -> Result<bytes::Bytes, AdapterError> {
        let secs = |at: Moment| at.millis() as f64 / 1_000.0;
        let mut body = json!({
            "InstanceId": self.instance,
            "TimeRange": { "Type": "INITIATION_TIMESTAMP", "StartTime": secs(from), "EndTime": secs(until) },
            "SearchCriteria": { "Channels": ["VOICE"] },
            "MaxResults": PAGE_SIZE,
            "Sort": { "FieldName": "INITIATION_TIMESTAMP", "Order": "DESCENDING" },
        });
        if let Some(token) = token {
            body["NextToken"] = json!(token);
        }
        Ok(self.client.send(&Request::post_json("search-contacts", &body).search()).await?.body)
    }

    /// A contact's details; as it was found where there are none any more.
    async fn described(&self, contact: Contact) -> Result<Contact, AdapterError> {
        if !is_id(&contact.id) {
            return Ok(contact);
        }
        let request =
            Request::get(format!("contacts/{}/{}", self.instance, contact.id)).group(DETAILS).accept(404);
        let reply = self.client.send(&request).await?;
        if reply.status == 404 {
            return Ok(contact);
        }
        let Described { contact: described } = self.client.read(&reply)?;
        if described.id != contact.id {
            return Err(self
                .client
                .protocol("sent the details of another contact: expected the one asked for"));
        }
        Ok(described)
    }

    /// Reads a page on from a place, and maps the calls of `window` that are whole.
    async fn page(&self, window: Window, at: At, now: Moment) -> Result<Page, AdapterError> {
        let At { token, mut carry } = at;
        let until = window.until.plus_millis(FOLLOWS_AFTER_MILLIS).min(now).max(window.until);
        let body = self.search(window.from, until, token.as_deref()).await?;
        let found: Found<'_> = rows::answer(&body, EXPECTED)?;
        let following = found.next_token.filter(|token| !token.is_empty());
        if following.is_some() && following == token {
            return Err(self
                .client
                .protocol("named the same page again as the next one: expected another or none"));
        }
        let mut page = Page::empty(Next::Done);
        let contacts: Vec<Contact> = rows::rows(&found.contacts, &["Id"], &mut page);
        for mut joined in carry.page(contacts, following.is_none()) {
            let began = joined.contact.initiation_timestamp.map(Moment::from_millis);
            if began.is_some_and(|began| !window.contains(began)) {
                continue;
            }
            if self.details && joined.part != Part::Unknown {
                joined.contact = self.described(joined.contact).await?;
            }
            map(&joined, Some(&self.instance), &mut page);
        }
        if following.is_some() {
            let cursor = Cursor::write(&At { token: following, carry });
            if cursor.0.len() > Cursor::LIMIT {
                return Err(self.client.protocol(
                    "has more calls open at the end of a page than a cursor can hold; read shorter windows",
                ));
            }
            page.next = Next::More(cursor);
        }
        Ok(page)
    }
}

fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[async_trait]
impl Adapter for Account {
    async fn check(&self, now: Moment) -> Result<CheckReport, AdapterError> {
        let mut report = CheckReport::default();
        let window = Window { from: now.plus_millis(-24 * 3_600_000), until: now };
        let page = self.page(window, At::default(), now).await?;
        report.works.push("signed in, and the instance is there".into());
        report.works.push("may search contacts".into());
        if self.details {
            if !page.calls.is_empty() {
                report.works.push("may read contacts' details".into());
            }
        } else {
            let lost = "details = false: calls carry no called number and are told apart by queue, and whether a callback was picked up is not known";
            report.warnings.push(lost.into());
        }
        report.sample = CheckReport::newest(page.calls);
        report.warnings.extend(self.client.skew_warning());
        Ok(report)
    }

    async fn fetch(&self, request: FetchRequest) -> Result<Page, AdapterError> {
        let FetchRequest { window, cursor, now } = request;
        window.kept("Amazon Connect", KEEPS, now)?;
        let at: At = cursor.as_ref().map_or(Ok(At::default()), Cursor::read)?;
        self.page(window, at, now).await
    }
}
