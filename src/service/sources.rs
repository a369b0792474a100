//! SourceService: how the vendor accounts that are read are doing, and what an operator does about them.

mod render;

use std::pin::Pin;
use std::sync::Arc;

use callgauge_adapter::{Fault as AdapterFault, VendorCall};
use callgauge_schema::{Moment, RejectReason, SourceId};
use tokio_stream::Stream;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::errors::Fault;
use super::fields;
use super::house::{House, principal};
use crate::access::{Admitted, Ask, Asks, Behind, Purpose};
use crate::ingest::host::{CheckFault, Host, NoSource, SourceSetup, to_message};
use crate::ingest::{RedriveFilter, Redriven};
use crate::proto::v1;
use crate::proto::v1::source_service_server::SourceService;
use crate::store::{KeptReject, RejectsAsk};

/// Rejects on a page: unless said, and at most.
const PAGE: usize = 100;
const MOST: usize = 1_000;
/// Bytes of rejects on a page.
const PAGE_BYTES: usize = 3 * 1_024 * 1_024;

/// The service.
pub(crate) struct Sources {
    house: Arc<House>,
    host: Behind<Arc<Host>>,
}

impl Sources {
    pub(crate) const fn new(house: Arc<House>, host: Behind<Arc<Host>>) -> Self {
        Self { house, host }
    }
}

/// To look after sources: one, or all.
struct LookAfter(Option<SourceId>);

impl Asks for LookAfter {
    fn ask(&self) -> Ask<'_> {
        Ask { source: self.0.as_ref().map(SourceId::as_str), ..Ask::about(Purpose::Administration) }
    }
}

impl From<NoSource> for Fault {
    fn from(fault: NoSource) -> Self {
        let message = fault.to_string();
        match fault {
            NoSource::Unknown(source_id) => Self::UnknownSource { source_id },
            NoSource::Stopped(_) | NoSource::Busy(_) => Self::SourceStopped(message),
        }
    }
}

#[tonic::async_trait]
impl SourceService for Sources {
    type SyncSourceStream = Pin<Box<dyn Stream<Item = Result<v1::SyncSourceResponse, Status>> + Send>>;

    async fn list_sources(
        &self,
        request: Request<v1::ListSourcesRequest>,
    ) -> Result<Response<v1::ListSourcesResponse>, Status> {
        let caller = principal(&request);
        let v1::ListSourcesRequest {} = request.into_inner();
        let admitted = self.house.admit(&caller, LookAfter(None))?;
        let today = render::today(&self.house, &admitted).await?;
        let mut sources = Vec::new();
        for (setup, seen) in self.host.open(&admitted).sources() {
            let kept = self.kept(&admitted, &setup.id).await?;
            sources.push(render::source(&setup, seen.now(), &today, kept, self.house.now()));
        }
        Ok(Response::new(v1::ListSourcesResponse { sources }))
    }

    async fn get_source(
        &self,
        request: Request<v1::GetSourceRequest>,
    ) -> Result<Response<v1::GetSourceResponse>, Status> {
        let caller = principal(&request);
        let v1::GetSourceRequest { source_id } = request.into_inner();
        let id = fields::source(source_id)?;
        let admitted = self.house.admit(&caller, LookAfter(Some(id.clone())))?;
        let (setup, seen) = self.host.open(&admitted).source(&id).map_err(Fault::from)?;
        let today = render::today(&self.house, &admitted).await?;
        let kept = self.kept(&admitted, &id).await?;
        let source = render::source(&setup, seen.now(), &today, kept, self.house.now());
        Ok(Response::new(v1::GetSourceResponse { source: Some(source) }))
    }

    async fn check_source(
        &self,
        request: Request<v1::CheckSourceRequest>,
    ) -> Result<Response<v1::CheckSourceResponse>, Status> {
        let caller = principal(&request);
        let v1::CheckSourceRequest { source_id } = request.into_inner();
        let id = fields::source(source_id)?;
        let admitted = self.house.admit(&caller, LookAfter(Some(id.clone())))?;
        let host = self.host.open(&admitted);
        let (setup, _) = host.source(&id).map_err(Fault::from)?;
        let told = match host.check(&setup).await {
            Ok(report) => {
                let sample = report.sample.into_iter().take(10).map(|call| sample(&setup, call)).collect();
                v1::CheckSourceResponse {
                    works: report.works,
                    warnings: report.warnings,
                    sample,
                    ..Default::default()
                }
            }
            Err(fault) => v1::CheckSourceResponse {
                problem: fault.to_string(),
                problem_kind: problem_kind(&fault).to_owned(),
                ..Default::default()
            },
        };
        Ok(Response::new(told))
    }

    async fn sync_source(
        &self,
        request: Request<v1::SyncSourceRequest>,
    ) -> Result<Response<Self::SyncSourceStream>, Status> {
        let caller = principal(&request);
        let v1::SyncSourceRequest { source_id, start_time } = request.into_inner();
        let id = fields::source(source_id)?;
        let start = start_time.map(|at| fields::instant("start_time", at)).transpose()?;
        if start.is_some_and(|start| start >= self.house.now()) {
            return Err(Fault::field("start_time", "must be in the past").into());
        }
        let admitted = self.house.admit(&caller, LookAfter(Some(id.clone())))?;
        let events = self.host.open(&admitted).sync(&id, start).map_err(Fault::from)?;
        let stream = ReceiverStream::new(events).map(|event| Ok(render::event(event)));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn list_rejected_records(
        &self,
        request: Request<v1::ListRejectedRecordsRequest>,
    ) -> Result<Response<v1::ListRejectedRecordsResponse>, Status> {
        let caller = principal(&request);
        let v1::ListRejectedRecordsRequest { source_id, reason, page_size, page_token } =
            request.into_inner();
        let source = optional_source(source_id)?;
        let reason = fields::numbered("reason", reason, RejectReason::from_number)?;
        let size = match usize::try_from(page_size) {
            Ok(0) => PAGE,
            Ok(size) if size <= MOST => size,
            Ok(_) | Err(_) => {
                return Err(
                    Fault::field("page_size", format!("must be from 1 to {MOST}, or 0 for {PAGE}")).into()
                );
            }
        };
        // The token says which query it is of, and where to go on.
        let query =
            format!("{}.{}", source.as_ref().map_or("", SourceId::as_str), reason.map_or(0, |r| r as u8));
        let after = match page_token.as_str() {
            "" => 0,
            token => token
                .strip_suffix(&query)
                .and_then(|token| token.strip_suffix('/'))
                .and_then(|after| after.parse().ok())
                .ok_or(Fault::PageTokenMismatch)?,
        };
        let admitted = self.house.admit(&caller, LookAfter(source.clone()))?;
        let ask = RejectsAsk { source, reason, after, limit: size + 1 };
        let page = self.house.store.open(&admitted).rejects(ask).await.map_err(Fault::from)?;
        let (mut rejected_records, mut bytes, mut next_page_token) = (Vec::new(), 0, String::new());
        for reject in page {
            bytes += 2 * reject.reject.payload.len() + reject.reject.message.len() + 256;
            if rejected_records.len() == size || bytes > PAGE_BYTES && !rejected_records.is_empty() {
                let last = rejected_records.last().map_or(0, |last: &v1::RejectedRecord| last.reject_id);
                next_page_token = format!("{last}/{query}");
                break;
            }
            rejected_records.push(render::reject(reject));
        }
        Ok(Response::new(v1::ListRejectedRecordsResponse { rejected_records, next_page_token }))
    }

    async fn redrive_rejected_records(
        &self,
        request: Request<v1::RedriveRejectedRecordsRequest>,
    ) -> Result<Response<v1::RedriveRejectedRecordsResponse>, Status> {
        let caller = principal(&request);
        let v1::RedriveRejectedRecordsRequest { source_id, reason } = request.into_inner();
        let source = optional_source(source_id)?;
        let reason = fields::numbered("reason", reason, RejectReason::from_number)?;
        let admitted = self.house.admit(&caller, LookAfter(source.clone()))?;
        let (mut looked_at, mut taken) = (0, 0);
        let host = self.host.open(&admitted);
        let (changed, settings_faults) = match host.reread().await {
            Ok(changed) => (changed, Vec::new()),
            Err(faults) => (Vec::new(), faults),
        };
        let placed = [RejectReason::Unmapped, RejectReason::UnknownPractice];
        if reason.is_none_or(|reason| placed.contains(&reason)) {
            let done = host.redrive(source.as_ref()).await;
            host.tell(&changed);
            let Redriven { looked_at: looked, taken: through } = done.map_err(Fault::from)?;
            (looked_at, taken) = (looked, through);
        } else {
            host.tell(&changed);
        }
        if reason != Some(RejectReason::Unmapped) {
            let filter = RedriveFilter { source, reason };
            let done = self.house.ingest.open(&admitted).redrive(filter).await.map_err(Fault::from)?;
            let Redriven { looked_at: more, taken: through } = done;
            // Those that nobody maps were looked at twice.
            (looked_at, taken) = (more.max(looked_at), taken + through);
        }
        let (looked_at, taken) = (looked_at as i64, taken as i64);
        Ok(Response::new(v1::RedriveRejectedRecordsResponse { looked_at, taken, settings_faults }))
    }
}

/// Kept rejects of a source.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    all: u64,
    unmapped: u64,
}

impl Sources {
    async fn kept(&self, admitted: &Admitted<LookAfter>, source: &SourceId) -> Result<Kept, Fault> {
        let store = self.house.store.open(admitted);
        let mut kept = Kept::default();
        if store.status().rejects == 0 {
            return Ok(kept);
        }
        let mut after = 0;
        loop {
            let ask = RejectsAsk { source: Some(source.clone()), reason: None, after, limit: 10_000 };
            let page = store.rejects(ask).await?;
            let unmapped = |reject: &&KeptReject| reject.reject.reason == RejectReason::Unmapped;
            kept.all += page.len() as u64;
            kept.unmapped += page.iter().filter(unmapped).count() as u64;
            match page.last() {
                Some(last) if page.len() == 10_000 => after = last.id,
                Some(_) | None => return Ok(kept),
            }
        }
    }
}

fn optional_source(text: String) -> Result<Option<SourceId>, Fault> {
    if text.is_empty() { Ok(None) } else { fields::source(text).map(Some) }
}

fn sample(setup: &SourceSetup, call: VendorCall) -> v1::SampleCall {
    let VendorCall { draft, places } = call;
    let began = draft.started_at.unwrap_or(Moment::from_millis(0));
    let mut record = to_message(draft);
    if record.attribution.is_none() {
        record.attribution = setup.mapping.whose(&places, began).map(render::attribution);
    }
    v1::SampleCall { record: Some(record), places: places.iter().map(ToString::to_string).collect() }
}

const fn problem_kind(fault: &CheckFault) -> &'static str {
    let fault = match fault {
        CheckFault::Settings(_) => return "settings",
        CheckFault::Adapter(fault) => fault.fault,
    };
    match fault {
        AdapterFault::Credentials => "credentials",
        AdapterFault::Permission => "permission",
        AdapterFault::Region => "region",
        AdapterFault::Disabled => "disabled",
        AdapterFault::Plan => "plan",
        AdapterFault::RateLimited { .. } => "rate_limited",
        AdapterFault::Unavailable => "unavailable",
        AdapterFault::Protocol | AdapterFault::CursorLost => "protocol",
        AdapterFault::TooFarBack => "too_far_back",
        AdapterFault::File => "file",
    }
}
