//! Genesys Cloud's jobs: a window that is asked for first and fetched when it is ready.

use std::time::Duration;

use callgauge_adapter::http::Request;
use callgauge_adapter::schema::Moment;
use callgauge_adapter::{AdapterError, Fault, Next, Page, Window, clock, rows, time};
use serde::{Deserialize, Serialize};

use crate::account::{Account, EXPECTED, filters, map_window};
use crate::wire::{Details, JobState, JobSubmitted};

/// Where jobs are.
const PATH: &str = "api/v2/analytics/conversations/details/jobs";
/// Conversations a page of results.
const PAGE_SIZE: u64 = 500;
/// Between two looks at a job.
const PAUSE: Duration = Duration::from_secs(3);
/// Looks at a job in one fetch.
const LOOKS: u32 = 10;
/// How long a job is waited for in all.
const PATIENCE_MILLIS: i64 = 3_600_000;

/// A job, and how far it was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    id: String,
    /// When it was submitted, Unix milliseconds.
    submitted: i64,
    /// It is ready.
    ready: bool,
    /// Where to go on in its results.
    place: Option<String>,
}

impl Job {
    /// Asks for a window.
    pub(crate) async fn submit(account: &Account, window: Window, now: Moment) -> Result<Self, AdapterError> {
        // A job submitted twice is read once: the first one is forgotten by Genesys Cloud in time.
        let request = Request::post_json(PATH, &filters(window)).search();
        let (JobSubmitted { job_id }, _) = account.client.json(&request).await?;
        let plain = !job_id.is_empty() && job_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain {
            return Err(account
                .client
                .protocol("sent a job id of another form: expected letters, digits and hyphens"));
        }
        Ok(Self { id: job_id, submitted: now.millis(), ready: false, place: None })
    }

    /// Waits for it, or reads a page of it. Gives the page and where to go on.
    pub(crate) async fn go_on(
        mut self,
        account: &Account,
        window: Window,
        now: Moment,
    ) -> Result<(Page, Option<Self>), AdapterError> {
        if !self.ready {
            self.ready = self.wait(account, now).await?;
            return if self.ready {
                self.read(account, window).await
            } else {
                Ok((Page::empty(Next::Done), Some(self)))
            };
        }
        self.read(account, window).await
    }

    /// Looks at it a few times; whether it is ready.
    async fn wait(&self, account: &Account, now: Moment) -> Result<bool, AdapterError> {
        let lost = |why: &str| {
            AdapterError::new(
                Fault::CursorLost,
                format!("Genesys Cloud's job {why}: the window is read again from its start"),
            )
        };
        for look in 0..LOOKS {
            if look > 0 {
                clock::current().sleep(PAUSE).await;
            }
            let request = Request::get(format!("{PATH}/{}", self.id)).accept(404);
            let reply = account.client.send(&request).await?;
            if reply.status == 404 {
                return Err(lost("is gone"));
            }
            let JobState { state } = account.client.read(&reply)?;
            match state.as_str() {
                "FULFILLED" => return Ok(true),
                "QUEUED" | "PENDING" => {}
                "FAILED" | "CANCELLED" | "EXPIRED" => return Err(lost(&format!("ended as {state}"))),
                _ => {
                    let expected =
                        "a job's state of QUEUED, PENDING, FULFILLED, FAILED, CANCELLED or EXPIRED";
                    return Err(account
                        .client
                        .protocol(&format!("sent an unknown state: expected {expected}")));
                }
            }
        }
        if now.millis() - self.submitted > PATIENCE_MILLIS {
            return Err(lost("was not ready after an hour"));
        }
        Ok(false)
    }

    async fn read(mut self, account: &Account, window: Window) -> Result<(Page, Option<Self>), AdapterError> {
        let request = Request::get(format!("{PATH}/{}/results", self.id))
            .query("pageSize", PAGE_SIZE)
            .query_opt("cursor", self.place.as_ref())
            .accept(404);
        let reply = account.client.send(&request).await?;
        if reply.status == 404 {
            let message = "Genesys Cloud's job is gone: the window is read again from its start";
            return Err(AdapterError::new(Fault::CursorLost, message));
        }
        let list: Details<'_> = rows::answer(&reply.body, EXPECTED)?;
        if let Some(until) = list.available_until.filter(|until| *until < window.until.millis()) {
            let until = time::to_iso(Moment::from_millis(until));
            let message = format!(
                "Genesys Cloud's jobs have data up to {until} only: the window is read again from its start when they are there"
            );
            return Err(AdapterError::new(Fault::CursorLost, message));
        }
        let mut page = Page::empty(Next::Done);
        map_window(&list, window, &mut page);
        let next = list.cursor.filter(|place| !place.is_empty());
        if next.is_some() && next == self.place {
            return Err(account
                .client
                .protocol("named the same page again as the next one: expected another or none"));
        }
        self.place = next;
        let more = self.place.is_some();
        Ok((page, more.then_some(self)))
    }
}
